//! The command: looks at everything in turn, and tells of it.

use std::path::Path;

use serde_json::json;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::finding::{Area, Blame, Finding, Status};
use super::probe::Probe;
use super::{agents, environment, folders, models, system, tools};
use crate::cli::listen::Listener;
use crate::cli::{CliError, Exit, Session};
use crate::config::{self, Dir, Loaded, Sources, TO_TRUST};
use crate::process::{self, Supervisors};
use crate::report::words;
use crate::sys::{fs, machine};

/// Looks whether everything is there that a run needs.
pub(in crate::cli) fn doctor(session: &Session) -> Result<Exit, CliError> {
    let Seen { found, loaded } = session.block_on(look(session))??;
    tell(session, loaded.as_ref(), &found)
}

/// What there is to tell.
struct Seen {
    found: Vec<Finding>,
    loaded: Option<Loaded>,
}

async fn look(session: &Session) -> Result<Seen, CliError> {
    let cancel = CancellationToken::new();
    let shown = watch::Sender::default();
    let listener = Listener::start(&session.console, cancel.clone(), shown.subscribe());
    let mut found = Vec::new();
    let configured = configuration(session, &mut found);
    let loaded = configured.as_ref();
    let probe = match probe(session, cancel) {
        Ok(probe) => {
            shown.send_replace(Some(probe.supervisors.clone()));
            Some(probe)
        }
        Err(error) => {
            let (says, hint) = error.in_short();
            let hint = hint.unwrap_or("nothing can be started from here: free memory, processes or files");
            found.push(Finding::problem(Area::System, Blame::Machine, says, hint));
            None
        }
    };
    if let Some(probe) = &probe {
        let (git, programs) = tokio::join!(tools::git(probe, loaded), agents::installed(probe));
        found.extend(git);
        found.extend(programs);
    }
    if let Some(loaded) = loaded {
        found.extend(models::look(session, loaded).await);
        found.extend(tools::checks(session, loaded));
        found.extend(agents::configured(session, loaded, probe.as_ref().map(|probe| &probe.supervisors)));
    }
    if let Some(probe) = probe {
        probe.supervisors.shutdown().await;
    }
    if let Some(signalled) = listener.ended(|| "nothing was changed; call it again".to_owned()) {
        return Err(signalled);
    }
    found.extend(agents::keys(session, loaded));
    found.extend(folders::look(session, loaded));
    found.extend(environment::look(session, loaded));
    found.extend(system::look());
    found.sort_by_key(|finding| finding.area);
    Ok(Seen { found, loaded: configured })
}

/// The configuration, or what stands for it where it cannot be read: without the project's file, or not at all.
fn configuration(session: &Session, found: &mut Vec<Finding>) -> Option<Loaded> {
    let error = match session.config_quietly(Vec::new()) {
        Ok(loaded) => {
            found.extend(read(&loaded));
            return Some(loaded);
        }
        Err(error) => error,
    };
    let (says, hint) = error.in_short();
    let hint = hint.unwrap_or("`orchestra config check` shows it with its place");
    found.push(Finding::problem(Area::Config, Blame::Config, says, hint));
    let dir = Dir::Fresh(session.folder.clone());
    let loaded = config::load(&Sources { named: None, sets: Vec::new(), dir, env: &session.env }).ok();
    if loaded.is_some() {
        found.push(Finding::note(Area::Config, "the rest is looked at as if there were no project file"));
    }
    loaded
}

fn read(loaded: &Loaded) -> Vec<Finding> {
    let file = loaded.file.as_deref().map(|path| path.display().to_string());
    let mut found = vec![match &file {
        Some(file) => Finding::ok(Area::Config, file),
        None => Finding::note(Area::Config, "no orchestra.yaml; the defaults count, and `orchestra init` writes one"),
    }];
    found.extend(loaded.ignored.iter().map(|ignored| {
        Finding::warning(Area::Config, format!("{} does not count: {}", ignored.key, ignored.why), TO_TRUST)
    }));
    found
}

fn probe(session: &Session, cancel: CancellationToken) -> Result<Probe, CliError> {
    let program = machine::own_program().map_err(|error| CliError::internal(&error))?;
    let supervisors = Supervisors::start(process::Options { program, guard: None })?;
    // Where TMPDIR leads nowhere, which is told, the rest is looked at all the same.
    let folder = fs::temp_dir_in(&folders::temporary(session)).or_else(|_| fs::temp_dir_in(Path::new("/tmp")));
    let hint = "point TMPDIR to a folder that you may write to";
    let folder = folder.map_err(|error| CliError::unwritable(&error).hint(hint))?;
    Ok(Probe { supervisors, cancel, folder, env: session.env.clone() })
}

fn tell(session: &Session, loaded: Option<&Loaded>, found: &[Finding]) -> Result<Exit, CliError> {
    let exit = Finding::exit(found);
    let count = |status: Status| found.iter().filter(|finding| finding.status == status).count();
    let (problems, warnings) = (count(Status::Problem), count(Status::Warning));
    if session.is_for_programs() {
        session.document(&json!({
            "orchestra": env!("CARGO_PKG_VERSION"),
            "project": loaded.map(|loaded| &loaded.project_root),
            "sandbox": crate::event::Sandbox::None,
            "findings": found,
            "problems": problems,
            "warnings": warnings,
            "exit": exit.code(),
        }))?;
    } else {
        for line in found.iter().flat_map(Finding::lines) {
            session.console.line(&line);
        }
    }
    if exit == Exit::Success {
        session.console.note(&match warnings {
            0 => "\nready to run".to_owned(),
            n => format!("\nready to run; {}", words::count(n, "warning")),
        });
        return Ok(exit);
    }
    session.console.note("");
    Err(CliError::new(exit, format!("{} must be fixed before a run", words::count(problems, "problem")))
        .hint(format!("fix what is marked `problem`; `orchestra doctor{}` looks again", session.called())))
}
