//! The command: makes the job from the message, has the agent do it, and answers.

use std::collections::BTreeSet;
use std::convert::Infallible;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::answer::Answer;
use super::place::Place;
use crate::agent::{Agents, Change, Job, attend};
use crate::cli::args::AgentArgs;
use crate::cli::listen::Listener;
use crate::cli::planner::Planner;
use crate::cli::{CliError, Exit, Session, equip};
use crate::config::Loaded;
use crate::dispatch::{Equipment, Order};
use crate::message::TaskMessage;
use crate::model::Delta;
use crate::plan::Role;
use crate::policy::Limits;
use crate::process::{Gate, Supervisors};
use crate::prompt;
use crate::sys::fs;
use crate::text::printable;

/// Orchestras above one another before one of them must be calling itself.
const MAX_DEPTH: u32 = 3;
/// The most of a patch that is read.
const MAX_PATCH: u64 = 64 << 20;
/// Lines of output that wait to be shown; what comes while there is no room is only in the logs.
const LINES: usize = 1024;

/// Does one attempt for whoever sent the message.
pub(in crate::cli) fn agent(session: &Session, args: &AgentArgs) -> Result<Exit, CliError> {
    refuse_depth(session)?;
    // Before anything listens to signals: while nothing has begun, one ends us as it ends any program.
    let message = super::message::read(session, args.role)?;
    let loaded = session.config(Vec::new())?;
    let equipment = equip::equipment(session, &loaded, &BTreeSet::from([args.role]), &Planner::Template)?;
    let change = change(session, args, &loaded)?;
    let job = Errand { message, loaded, equipment, change };
    let Attempted { answer, losses, what, ended } = session.block_on(attempt(session, args, job))??;
    if let Some(losses) = losses {
        session.console.note(&losses);
    }
    session.answer(&answer)?;
    match (answer.exit(), ended) {
        (_, Some(signalled)) => Err(signalled),
        (Exit::Success, None) => Ok(Exit::Success),
        (exit, None) => {
            let failed = format!("{what} was not done: {}", printable(answer.why(), 400));
            let hint = match &args.logs {
                Some(logs) => format!("what the agent printed is in {}", logs.display()),
                None => "the result on stdout has the details; --logs DIR keeps all that the agent printed".to_owned(),
            };
            Err(CliError::new(exit, failed).hint(hint))
        }
    }
}

/// What there is to say of an attempt, when nothing of it is alive or on the disk any more.
struct Attempted {
    answer: Answer,
    losses: Option<String>,
    /// The task and its role.
    what: String,
    /// That a signal ended it.
    ended: Option<CliError>,
}

/// What an attempt is made from.
struct Errand {
    message: TaskMessage,
    loaded: Loaded,
    equipment: Equipment,
    change: Change,
}

/// A configuration that names `orchestra agent` as the agent of its own role would go on for ever.
fn refuse_depth(session: &Session) -> Result<(), CliError> {
    let depth = session.env.text("ORCHESTRA_DEPTH").and_then(|depth| depth.parse::<u32>().ok()).unwrap_or(0);
    if depth < MAX_DEPTH {
        return Ok(());
    }
    Err(CliError::usage(format!("there are {depth} orchestras above this one already: an agent seems to call itself"))
        .hint("give `orchestra agent` a configuration of its own with --config, whose role is done by another agent"))
}

/// The change that a review is about. Other agents read the workspace; the built-in review reads nothing else.
fn change(session: &Session, args: &AgentArgs, loaded: &Loaded) -> Result<Change, CliError> {
    if let Some(path) = &args.change {
        let path = session.path(path);
        let bytes = fs::read(&path, MAX_PATCH).map_err(|error| CliError::unreadable(&error))?;
        return Ok(Change::of_patch(&String::from_utf8_lossy(&bytes)));
    }
    if args.role == Role::Review && loaded.config.agent_of(Role::Review).as_str() == Agents::BUILTIN {
        return Err(CliError::usage("the built-in review reads a change, and none was given")
            .hint("hand it over as a patch: git diff BASE > change.patch, then --change change.patch"));
    }
    Ok(Change::default())
}

async fn attempt(session: &Session, args: &AgentArgs, errand: Errand) -> Result<Attempted, CliError> {
    let Errand { message, loaded, equipment, change } = errand;
    let cancel = equipment.cancel.clone();
    let listener = Listener::start(&session.console, cancel.clone(), equipment.shown.subscribe());
    let again = || "nothing of the attempt is left running; send the message again".to_owned();
    let place = Place::make(session, args)?;
    let supervisors = equipment.supervisors(None)?;
    let agents = equipment.make_agents(&supervisors)?;
    let agent = agents.get(loaded.config.agent_of(args.role))?.clone();
    let job = Job {
        prompt: prompt::render(&equipment.templates, &message)?,
        attempt: number(session, args, &message),
        workspace: session.folder.clone(),
        files: place.files.clone(),
        artifacts: place.artifacts.clone(),
        inputs: place.inputs.clone(),
        trace: equip::trace_id(session)?,
        limits: limits(&message, &loaded),
        // Whoever sent the message keeps the accounts.
        cap: None,
        gate: Gate::default(),
        change,
        message,
    };
    let what = format!("task `{}` ({})", job.message.task_id, args.role);
    let absences = place.absences(&job.message);
    let orders = listener.attach().orders;
    let (shown, showing) = show(session, absences);
    let outcome = tokio::select! {
        outcome = attend(agent.as_ref(), job, &cancel, |delta| drop(shown.try_send(delta))) => outcome,
        never = obey(orders.clone(), &cancel, &supervisors) => match never {},
    };
    drop(shown);
    // The rest of it is shown before the result, unless nobody waits for it any more.
    tokio::select! {
        _ = showing => {}
        () = cancel.cancelled() => {}
    }
    if let Some(error) = &outcome.unwritable {
        return Err(listener.explain(CliError::unwritable(error), again));
    }
    let answer = Answer::of(outcome, &place.files);
    let losses = place.losses();
    supervisors.shutdown().await;
    Ok(Attempted { answer, losses, what, ended: listener.ended(again) })
}

/// What was said with a flag; within an attempt of a run at this very task, what that run counts; else the first.
fn number(session: &Session, args: &AgentArgs, message: &TaskMessage) -> u32 {
    let is = |name: &str, value: &str| session.env.text(name) == Some(value);
    let same = is("ORCHESTRA_RUN_ID", message.run.as_str()) && is("ORCHESTRA_TASK_ID", message.task_id.as_str());
    let counted = || session.env.text("ORCHESTRA_ATTEMPT").filter(|_| same).and_then(|number| number.parse().ok());
    args.attempt.or_else(counted).unwrap_or(1)
}

/// What the message allows, and no more than the configuration does.
fn limits(message: &TaskMessage, loaded: &Loaded) -> Limits {
    let ours = &loaded.config.limits;
    Limits {
        wall: message.limits.time.min(ours.task).as_duration(),
        idle: message.limits.idle.min(ours.idle).as_duration(),
        kept_bytes: ours.output_bytes.into(),
        ..Limits::default()
    }
}

/// Shows what the agent prints, after this: whoever watches us for silence sees that it works. In a thread of its own, so
/// that whoever does not read it holds up neither limits nor signals.
fn show(session: &Session, first: Option<String>) -> (mpsc::Sender<Delta>, JoinHandle<()>) {
    let (shown, mut lines) = mpsc::channel(LINES);
    let console = session.console.clone();
    let showing = tokio::task::spawn_blocking(move || {
        if let Some(first) = first {
            console.note(&first);
        }
        while let Some(Delta::Text(line) | Delta::Aside(line)) = lines.blocking_recv() {
            console.note(line.trim_end());
        }
    });
    (shown, showing)
}

/// Ends the attempt at the first signal, and without any grace at the second.
async fn obey(mut orders: watch::Receiver<Order>, cancel: &CancellationToken, supervisors: &Supervisors) -> Infallible {
    loop {
        match *orders.borrow_and_update() {
            Order::GoOn => {}
            Order::Stop(_) => cancel.cancel(),
            Order::Kill(_) => {
                cancel.cancel();
                supervisors.hurry();
            }
        }
        if orders.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
