//! `apply`: brings a run's change into the user's files.

use serde::Serialize;
use tokio_util::sync::CancellationToken;

use super::args::ApplyArgs;
use super::resume::tell_of_healing;
use super::{CliError, Exit, Session, is_of_project, named};
use crate::config::Loaded;
use crate::console::Output;
use crate::dispatch::{self, Held};
use crate::event::{AppliedOnto, Event, FORMAT, Kind, RunVerdict};
use crate::process::{Options, Supervisors};
use crate::run::{Phase, RunState};
use crate::store::{self, RunEntry, Standing, StoreError, wait_durable};
use crate::sys::{clock, fs, machine};
use crate::workspace::{Applied, ApplyOutcome, ApplyRequest, FileStatus, Shadow, Tools, apply as bring, settle};

/// What is printed as JSON.
#[derive(Serialize)]
struct Document<'a> {
    run: &'a str,
    onto: String,
    applied: bool,
    files: Vec<String>,
    runs_by_itself: Vec<String>,
    backup: Option<&'a str>,
}

/// Brings the change of a run home.
pub(super) async fn apply(session: &Session, args: &ApplyArgs) -> Result<Exit, CliError> {
    let loaded = session.config_of_runs(&args.runs)?;
    let entry = find(session, &loaded, args)?;
    let onto = match &args.onto {
        Some(dir) => fs::canonical(&session.path(dir)).map_err(|error| CliError::unreadable(&error))?,
        None => loaded.project_root.clone(),
    };
    let mut held = Held::take(entry.dir.clone(), loaded.config.journal.sync)?;
    dispatch::clear_up(&held.dir).await?;
    tell_of_healing(session, &held);
    warn(session, &held.state);
    let (Some(base), Some(result)) = (held.state.base.tree.clone(), held.state.head().cloned()) else {
        return Err(CliError::new(Exit::State, "this run worked in place: its change is in your files already"));
    };
    let program = machine::own_program().map_err(|error| CliError::internal(&error))?;
    let supervisors = Supervisors::start(Options { program, guard: None })?;
    let tools = Tools { supervisors, env: session.env.clone(), cancel: CancellationToken::new() };
    let shadow = Shadow::open(&entry.dir.shadow(), &tools)?;
    let request = ApplyRequest {
        shadow: &shadow,
        run: &entry.run,
        base: &base,
        result: &result,
        project: &onto,
        exclude: std::slice::from_ref(&loaded.config.runs.dir),
        record: &entry.dir.apply_record(),
        at: clock::now(),
    };
    match bring(&request).await? {
        ApplyOutcome::Applied(applied) => {
            let onto = AppliedOnto {
                path: onto.display().to_string(),
                before: applied.before.clone(),
                after: applied.after.clone(),
                run: None,
            };
            record(&mut held, Kind::ChangeApplied { onto: onto.clone() }).await?;
            settle(request.record)?;
            show(session, &entry, &onto.path, Some(&applied))
        }
        ApplyOutcome::AlreadyApplied => {
            session.console.note(&format!("the change of {} is in {} already", entry.run, onto.display()));
            show(session, &entry, &onto.display().to_string(), None)
        }
        ApplyOutcome::Empty => {
            session.console.note(&format!("run {} changed no file: there is nothing to apply", entry.run));
            show(session, &entry, &onto.display().to_string(), None)
        }
        ApplyOutcome::Conflicts(paths) => Err(refused("both the run and you changed", &paths).hint(
            "commit or undo your changes to these files and apply again, or use `changes.patch` in the run directory",
        )),
        ApplyOutcome::InTheWay(paths) => {
            Err(refused("these stand where the run's new files are to go", &paths)
                .hint("move them away and apply again"))
        }
    }
}

fn refused(what: &str, paths: &[std::path::PathBuf]) -> CliError {
    let names: Vec<String> = paths.iter().take(20).map(|path| path.display().to_string()).collect();
    CliError::new(Exit::State, format!("nothing was changed: {what}: {}", names.join(", ")))
}

fn find(session: &Session, loaded: &Loaded, args: &ApplyArgs) -> Result<RunEntry, CliError> {
    let runs = &loaded.config.runs.dir;
    if let Some(given) = &args.run {
        return named(session, runs, given);
    }
    let fits = |entry: &RunEntry| match entry.standing {
        Standing::Finished { verdict, .. } => {
            matches!(verdict, RunVerdict::Success | RunVerdict::Unverified) && is_of_project(entry, loaded)
        }
        Standing::Live { .. } | Standing::Stopped { .. } | Standing::Interrupted { .. } | Standing::Unreadable(_) => {
            false
        }
    };
    let entry = store::latest(runs, fits)?.ok_or_else(|| {
        CliError::new(Exit::State, format!("no run of this project in {} is finished", runs.display()))
            .hint("`orchestra runs list` shows all runs; one that is not finished can be named")
    })?;
    session.console.note(&format!("applying {}", entry.run));
    Ok(entry)
}

/// What the user should know of a change before it is in their files.
fn warn(session: &Session, state: &RunState) {
    match &state.phase {
        Phase::Finished(verdict) if verdict.exit() == 0 => {}
        Phase::Finished(verdict) => {
            session.console.warn(&format!("this run ended {verdict}: its change is not verified"));
        }
        Phase::Planning { .. } | Phase::Executing | Phase::Stopped(_) => {
            session.console.warn("this run is not finished: only what its finished tasks changed is applied");
        }
    }
}

async fn record(held: &mut Held, kind: Kind) -> Result<(), CliError> {
    let event = Event {
        v: FORMAT,
        seq: held.state.seq + 1,
        at: clock::now(),
        run: held.state.run.clone(),
        task: None,
        attempt: None,
        kind,
    };
    held.state.apply(&event).map_err(|error| CliError::internal(&error))?;
    held.journal.append(&event)?;
    held.journal.urge()?;
    wait_durable(&mut held.journal.durable(), event.seq)
        .await
        .map_err(|error| CliError::from(StoreError::Failed(error)))
}

fn show(session: &Session, entry: &RunEntry, onto: &str, applied: Option<&Applied>) -> Result<Exit, CliError> {
    let console = &session.console;
    let files = applied.map(|applied| applied.files.as_slice()).unwrap_or_default();
    match console.output() {
        Output::Json | Output::Jsonl => {
            let document = Document {
                run: entry.run.as_str(),
                onto: onto.to_owned(),
                applied: applied.is_some(),
                files: files.iter().map(|file| file.path.display().to_string()).collect(),
                runs_by_itself: applied
                    .map(|applied| applied.running.iter().map(|path| path.display().to_string()).collect())
                    .unwrap_or_default(),
                backup: applied.map(|applied| applied.backup.as_str()),
            };
            session.document(&document)?;
        }
        Output::Text => {
            for file in files {
                let mark = match file.status {
                    FileStatus::Added => "A",
                    FileStatus::Modified => "M",
                    FileStatus::Removed => "D",
                    FileStatus::TypeChanged => "T",
                };
                console.line(&format!("{mark} {}", file.path.display()));
            }
        }
    }
    if let Some(applied) = applied {
        for note in &applied.notes {
            console.note(note);
        }
        for path in &applied.running {
            console.warn(&format!("{} runs by itself: look at it before you go on", path.display()));
        }
        console.note(&format!("applied to {onto}"));
    }
    Ok(Exit::Success)
}
