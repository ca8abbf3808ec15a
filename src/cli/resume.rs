//! `resume`: goes on where a run's journal ends, and says beforehand what that means.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use serde::Serialize;

use super::args::{ApprovalTarget, Decided, Raise, ResumeArgs, Settings};
use super::junit::JunitFile;
use super::listen::Listener;
use super::planner::{Planner, Wanted};
use super::{CliError, Exit, Session, asked, drive, equip, is_of_project, jobs, leave, named, planner};
use crate::config::{Loaded, Origin};
use crate::console::Output;
use crate::dispatch::{self, Explained, Held, Over, Survey, Wishes};
use crate::event::{Decision, Event, PlanAccepted, RunVerdict, Said, Terms};
use crate::ids::{Digest, TaskId};
use crate::plan::{Check, Plan};
use crate::report::{Facts, Liveness, Report, Summary, words};
use crate::run::{Consent, Phase, RunState};
use crate::store::{self, RunDir, RunEntry, Standing, StoreError};
use crate::sys::fs;
use crate::ticket::{MAX_BYTES, Source, Ticket};
use crate::workspace;

/// Goes on with a run.
pub(super) async fn resume(session: &Session, args: &ResumeArgs) -> Result<Exit, CliError> {
    let here = session.config_of_runs(&args.runs)?;
    let entry = find(session, &here, args)?;
    let loaded = of_run(session, &entry.dir, args)?;
    if args.explain {
        return explain(session, &loaded, &entry.dir, args);
    }
    let junit = JunitFile::asked(session, args.junit.as_deref())?;
    let held = Held::take(entry.dir.clone(), loaded.config.journal.sync)?;
    tell_of_healing(session, &held);
    mend_latest(session, &entry.dir);
    let ticket = ticket(&entry.dir, &held.events)?;
    has_plan_or_none_yet(&held.state, &held.events)?;
    let planner = planner::choose(session, &loaded.config)?;
    let mut wishes = wishes(session, &loaded, &held.state, args)?;
    if wishes.plan.is_none() {
        wishes.plan = first_plan(&loaded, &held.state, &ticket, &planner)?.map(Box::new);
    }
    if held.state.phase == Phase::Finished(RunVerdict::Success) && wishes.plan.is_none() && !wishes.accept_changed {
        // Nobody is needed for nothing: an agent that is gone by now is no reason to fail.
        return nothing_to_do(session, &held.dir, &held.events, junit.as_ref()).await;
    }
    let plan = wishes.plan.as_ref().map(|accepted| &accepted.plan).or(held.state.plan());
    let plan = plan.cloned();
    equip::someone_implements(&loaded.config, plan.as_deref(), ticket.diffs.iter().any(|diff| !diff.files.is_empty()))?;
    let mut equipment = equip::equipment(session, &loaded, &equip::roles_of(plan.as_deref()), &planner)?;
    let catalogue = catalogue(&loaded, &held.state)?;
    let wanted = Wanted { ticket: &ticket, catalogue: &catalogue, caps: equip::caps(&loaded.config) };
    equipment.facts = planner::facts(session, &loaded, &wanted, &equipment)?;
    equipment.planning = planner::planning(&loaded, &planner, &wanted, &equipment)?;
    let mut terms = terms(&loaded, &entry.dir, (&held.state, &held.events), args)?;
    planner.settle(&loaded.config, &mut terms);
    equip::prices_are_known(&loaded.config, plan.as_deref(), &terms, &equipment.models)?;
    jobs::settle(session, &loaded.config, &mut terms, plan.as_ref());
    let before = Arc::clone(&held.events);
    let listener = Listener::start(&session.console, equipment.cancel.clone(), equipment.shown.subscribe());
    let opened = dispatch::open(held, &ticket, equipment, &wishes, terms)
        .await
        .map_err(|error| listener.explain(error.into(), || format!("go on with `orchestra resume {}`", entry.run)))?;
    match opened {
        Some(opened) => drive::drive(session, opened, before, listener, junit.as_ref()).await,
        None => nothing_to_do(session, &entry.dir, &before, junit.as_ref()).await,
    }
}

/// Says what was cut off the journal when it was opened, whatever becomes of the run after that.
pub(super) fn tell_of_healing(session: &Session, held: &Held) {
    if held.healed_bytes > 0 {
        let torn = words::bytes(held.healed_bytes);
        session.console.note(&format!("a torn last line of {torn} was cut off the journal"));
    }
}

/// `runs/latest` is for people: that it cannot be mended is said, and stops nothing.
fn mend_latest(session: &Session, dir: &RunDir) {
    if let Some(Err(error)) = dir.root().parent().map(store::mend_latest) {
        session.console.note(&format!("`latest` could not be pointed at the newest run: {error}"));
    }
}

/// The run that is meant: named, or the newest that is not finished.
fn find(session: &Session, loaded: &Loaded, args: &ResumeArgs) -> Result<RunEntry, CliError> {
    let runs = &loaded.config.runs.dir;
    if let Some(given) = &args.run {
        return named(session, runs, given);
    }
    // One whose records cannot be read may well be unfinished: it is named, not passed over.
    let open = |entry: &RunEntry| entry.standing.is_unfinished() || matches!(entry.standing, Standing::Unreadable(_));
    let fits = |entry: &RunEntry| open(entry) && is_of_project(entry, loaded);
    let entry = store::latest(runs, fits)?.ok_or_else(|| {
        CliError::new(Exit::State, format!("no run in {} is unfinished", runs.display()))
            .hint("`orchestra runs list` shows all runs; name one to resume it anyway")
    })?;
    session.console.note(&format!("resuming {}", entry.run));
    Ok(entry)
}

/// The configuration the run was started with, unless another one is named; flags and `--set` go over it.
fn of_run(session: &Session, dir: &RunDir, args: &ResumeArgs) -> Result<Loaded, CliError> {
    let named = match &session.globals.config {
        Some(named) => named.clone(),
        None => untouched(dir)?,
    };
    session.config_of(Some(named), args.settings())
}

/// The run's own configuration, which names commands: it counts only as it was written. A task, or a repository that
/// brings a run directory along, could have changed it.
fn untouched(dir: &RunDir) -> Result<PathBuf, CliError> {
    const CAP: u64 = 64 << 20;
    let path = dir.config();
    let first = store::Reader::open(&dir.journal())?.next();
    let first = first.unwrap_or_else(|| Err(StoreError::Empty { path: dir.journal() }))?;
    let read = fs::read(&path, CAP).map_err(|error| {
        CliError::of(Exit::State, &error).hint("name the configuration to go on with, with --config FILE")
    })?;
    if Digest::of(&read) == dispatch::beginning(&[first])?.config_sha {
        return Ok(path);
    }
    Err(CliError::new(Exit::State, format!("{} was changed since the run began", path.display()))
        .hint("if it is to count as it is now, name it with --config"))
}

fn ticket(dir: &RunDir, events: &[Event]) -> Result<Ticket, CliError> {
    let cap = u64::try_from(MAX_BYTES).unwrap_or(u64::MAX).saturating_mul(2);
    let text = fs::read_text(&dir.ticket(), cap)
        .map_err(|error| CliError::of(Exit::State, &error).hint("the run directory is damaged; start a new run"))?;
    let began = dispatch::beginning(events)?;
    // One that is no ticket any more was changed as well.
    let ticket = Ticket::parse(&text, Source::File("ticket.md".to_owned())).ok();
    let Some(ticket) = ticket.filter(|ticket| ticket.digest == began.ticket_sha) else {
        return Err(CliError::new(Exit::State, format!("{} was changed since the run began", dir.ticket().display()))
            .hint("put it back as it was, or start a new run for the new ticket"));
    };
    Ok(match &began.reference {
        Some(key) => ticket.with_key(key),
        None => ticket,
    })
}

fn wishes(session: &Session, loaded: &Loaded, state: &RunState, args: &ResumeArgs) -> Result<Wishes, CliError> {
    let over = |target: &ApprovalTarget| target.task().map_or(Over::Plan, |task| Over::Task(task.clone()));
    let approved = args.approve.iter().map(|target| (over(target), Decision::Approve));
    let rejected = args.reject.iter().map(|target| (over(target), Decision::Reject));
    let decided = args.decide.iter().map(|fate| {
        let decision = match fate.decided {
            Decided::Rerun => Decision::Approve,
            Decided::Skip => Decision::Reject,
        };
        (Over::Interruption(fate.task.clone()), decision)
    });
    let decisions: Vec<(Over, Decision)> = approved.chain(rejected).chain(decided).collect();
    let mut over = BTreeSet::new();
    if let Some((twice, _)) = decisions.iter().find(|(what, _)| !over.insert(what.task())) {
        let what = twice.task().map_or_else(|| "the plan".to_owned(), |task| format!("task `{task}`"));
        return Err(CliError::new(Exit::Usage, format!("{what} is decided over twice"))
            .hint("give one of --approve, --reject and --decide for each"));
    }
    Ok(Wishes {
        plan: edited(session, loaded, state, args)?.map(Box::new),
        accept_changed: args.accept_changed,
        decisions,
    })
}

/// The plan and checks to go on with, where they differ from those in force.
fn edited(
    session: &Session,
    loaded: &Loaded,
    state: &RunState,
    args: &ResumeArgs,
) -> Result<Option<PlanAccepted>, CliError> {
    let Some(old) = state.plan() else { return Ok(None) };
    let plan: Plan = match &args.plan {
        None => old.clone(),
        Some(file) => {
            let caps = equip::caps(&loaded.config);
            let (plan, notes) = asked::read_plan(session, loaded, &file.display().to_string(), &caps)?;
            for note in &notes {
                session.console.note(note);
            }
            let mut draft = plan.into_draft();
            // The run keeps its ticket and its base, whatever the file says of them.
            draft.ticket.clone_from(&old.ticket);
            draft.base.clone_from(&old.base);
            draft.plan_id.clone_from(&old.plan_id);
            draft.created_at = old.created_at;
            draft.planned_by.clone_from(&old.planned_by);
            draft.accept(&caps).map_err(|faults| CliError::refused_plan(&file.display().to_string(), &faults))?
        }
    };
    let configured = loaded.config.checks();
    // Detected checks stay as they were found: the project may have moved on meanwhile.
    let checks = if configured.is_empty() { state.catalogue().to_vec() } else { configured };
    if plan == *old && checks == state.catalogue() {
        return Ok(None);
    }
    equip::known_checks(&plan, &checks)?;
    let checks_sha = Digest::of_json(&checks).map_err(|error| CliError::internal(&error))?;
    Ok(Some(PlanAccepted { revision: state.revision() + 1, plan, checks, checks_sha }))
}

/// A run whose plan is gone is damaged; one whose model was still to make it is not.
fn has_plan_or_none_yet(state: &RunState, events: &[Event]) -> Result<(), CliError> {
    if state.plan().is_some() || dispatch::began_without_plan(dispatch::beginning(events)?) {
        return Ok(());
    }
    Err(dispatch::DispatchError::NoPlan.into())
}

/// The plan of the template, for a run that has none yet and whose planner is no model any more.
fn first_plan(
    loaded: &Loaded,
    state: &RunState,
    ticket: &Ticket,
    planner: &Planner,
) -> Result<Option<PlanAccepted>, CliError> {
    if state.plan().is_some() || *planner != Planner::Template {
        return Ok(None);
    }
    let caps = equip::caps(&loaded.config);
    let plan = asked::of_template(loaded, ticket.clone(), caps)?.plan;
    let mut draft = plan.ok_or(dispatch::DispatchError::NoPlan)?;
    draft.ticket = Some(asked::reference(ticket));
    draft.base = dispatch::plan_base(&state.base);
    let plan = draft.accept(&caps).map_err(|faults| CliError::refused_plan("of the template", &faults))?;
    let checks = equip::catalogue(loaded)?;
    let checks_sha = Digest::of_json(&checks).map_err(|error| CliError::internal(&error))?;
    Ok(Some(PlanAccepted { revision: 1, plan, checks, checks_sha }))
}

/// The project's checks: those that the run has, else those of the configuration or the project.
fn catalogue(loaded: &Loaded, state: &RunState) -> Result<Vec<Check>, CliError> {
    if state.plan().is_some() { Ok(state.catalogue().to_vec()) } else { equip::catalogue(loaded) }
}

/// The rules from here on: those of the configuration, but for limits that an earlier resume was given and this one says
/// nothing of.
fn terms(
    loaded: &Loaded,
    dir: &RunDir,
    (state, events): (&RunState, &[Event]),
    args: &ResumeArgs,
) -> Result<Terms, CliError> {
    let said = |key: &str| is_said_now(loaded, dir, key);
    let mut terms = equip::terms(&loaded.config, said);
    terms.in_place = state.base.tree.is_none();
    terms.keep(&state.terms, &dispatch::beginning(events)?.terms, |limit| match loaded.origins.get(limit.key()) {
        Some(Origin::Env(_)) => Said::Perhaps,
        _ if said(limit.key()) => Said::Now,
        _ => Said::Before,
    });
    for Raise { limit, by } in args.added() {
        terms.raise(limit, by);
    }
    Ok(terms)
}

/// Whether this very call gives `key` a value, by a flag or by a file that it names.
fn is_said_now(loaded: &Loaded, dir: &RunDir, key: &str) -> bool {
    match loaded.origins.get(key) {
        Some(Origin::Flag(_)) => true,
        Some(Origin::Named(file, _)) => *file != dir.config(),
        Some(Origin::Default | Origin::User(..) | Origin::Project(..) | Origin::Env(_)) | None => false,
    }
}

async fn nothing_to_do(
    session: &Session,
    dir: &RunDir,
    events: &[Event],
    junit: Option<&JunitFile>,
) -> Result<Exit, CliError> {
    let run = events.first().map(|event| event.run.to_string()).unwrap_or_default();
    session.console.note(&format!("run {run} is finished and verified: there is nothing to do"));
    dispatch::clear_up(dir).await?;
    leave::complete(session, dir, events).await?;
    // A process that was killed at its very end has not come to that.
    let workspaces = workspace::workspaces_of(&equip::cache_folder(session), dir.root());
    let removed = workspaces.and_then(|folder| Ok(folder.as_deref().map_or(Ok(()), fs::remove_tree)?));
    if let Err(error) = removed {
        tracing::warn!(%error, "the workspaces could not be removed");
    }
    let facts = Facts { liveness: Liveness::Gone, diff: None, called: session.called() };
    let summary = Summary::of(events);
    if session.console.output() == Output::Json {
        session.document(&Report::of(&summary, &facts))?;
    }
    if let Some(file) = junit {
        file.write_of(&summary, &facts)?;
    }
    Ok(Exit::Success)
}

/// One line of `--explain` as JSON.
#[derive(Serialize)]
struct Line<'a> {
    task: &'a TaskId,
    now: &'a str,
    what: &'a str,
}

fn explain(session: &Session, loaded: &Loaded, dir: &RunDir, args: &ResumeArgs) -> Result<Exit, CliError> {
    let events = store::read(&dir.journal())?;
    let state = dispatch::fold(&events)?;
    has_plan_or_none_yet(&state, &events)?;
    let ticket = ticket(dir, &events)?;
    let wishes = wishes(session, loaded, &state, args)?;
    let plan = wishes.plan.as_ref().map(|accepted| &accepted.plan).or(state.plan());
    let roles = equip::roles_of(plan.map(|plan| &**plan));
    let planner = planner::choose(session, &loaded.config)?;
    let equipment = equip::equipment(session, loaded, &roles, &planner)?;
    let mut terms = terms(loaded, dir, (&state, &events), args)?;
    planner.settle(&loaded.config, &mut terms);
    let survey = dispatch::explain(&state, &ticket, &equipment, &wishes, terms)?;
    show(session, &survey, &dispatch::explained(&state, &survey, wishes.accept_changed))?;
    let refused = !survey.changed.is_empty() && !wishes.accept_changed && !survey.nothing_to_do;
    Ok(if refused { Exit::State } else { Exit::Success })
}

fn show(session: &Session, survey: &Survey, explained: &[Explained]) -> Result<(), CliError> {
    let lines: Vec<Line<'_>> =
        explained.iter().map(|line| Line { task: &line.task, now: line.now, what: &line.what }).collect();
    match session.console.output() {
        Output::Json | Output::Jsonl => session.document(&lines)?,
        Output::Text => {
            let widest = lines.iter().map(|line| line.task.as_str().len()).max().unwrap_or(0);
            for line in &lines {
                session.console.line(&format!("{:widest$}  {:9}  {}", line.task.as_str(), line.now, line.what));
            }
            if survey.after.plan_consent == Consent::Asked {
                session.console.line("the plan waits for a decision: --approve plan or --reject plan");
            }
            if survey.after.plan().is_none() {
                session.console.line("there is no plan yet: the planner is asked for one");
            }
            if survey.nothing_to_do {
                session.console.line("the run is finished and verified: nothing would run");
            }
        }
    }
    Ok(())
}
