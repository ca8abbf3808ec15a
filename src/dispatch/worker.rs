//! The workers: one attempt, one round of checks, the keeping of one result. They touch the world and send messages.

use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::glimpse::{Eye, Sight};
use super::handed::{self, Promised};
use super::inbox::{Denied, Message};
use super::{DispatchError, Work, note};
use crate::agent::{self, Agent, AttemptFiles, Change, Extent, Job};
use crate::event::{
    Amount, AttemptFinished, AttemptOutcome, CheckRun, Failure, FailureClass, TaskSucceeded, Usage, Verdict,
};
use crate::ids::{Digest, ObjectId, TaskId};
use crate::message::{TaskMessage, TaskResult};
use crate::plan::Role;
use crate::policy::Limits;
use crate::process::Gate;
use crate::run::{Place, Probe, RunState, Status, check_identity};
use crate::store::{self, Collect, Collected, RunDir};
use crate::sys::{clock, fs};
use crate::text;
use crate::time::Timestamp;
use crate::verify::{self, VerifyError};
use crate::workspace::{self, FileStatus, NewCommit, Space, WorkspaceError, Workspaces};

type Out = mpsc::UnboundedSender<Message>;

/// What is said of an attempt that we ended.
const STOPPED: &str = "the run was stopped";

/// What one attempt needs, fixed before it is journalled.
pub(super) struct AttemptPlan {
    pub task: u32,
    pub attempt: u32,
    pub agent: Arc<dyn Agent>,
    pub message: TaskMessage,
    pub prompt: String,
    /// What the work is held against.
    pub input_tree: Option<ObjectId>,
    /// What the workspace holds when it begins: the same, or work of its own that was sent back.
    pub start_tree: Option<ObjectId>,
    pub base_tree: Option<ObjectId>,
    pub files: AttemptFiles,
    /// Where its artifacts are when it has left any.
    pub left: PathBuf,
    pub before: Before,
    pub limits: Limits,
    /// What it may spend.
    pub cap: Option<Amount>,
}

/// Whether a task has succeeded before, so that files of its success are kept: nothing else may take their place, for the
/// same inputs find them again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Before {
    Nothing,
    Success,
}

impl AttemptPlan {
    pub fn of(state: &RunState, work: &Work, task: u32, attempt: u32) -> Result<Self, DispatchError> {
        let message = note::message(state, &work.ticket, task)
            .ok_or_else(|| DispatchError::Panic("a launch without a task".to_owned()))?;
        let agent = work.agent(message.role)?;
        let prompt =
            if agent.reads_prompt() { crate::prompt::render(&work.hands.templates, &message)? } else { String::new() };
        let ordinal = task as usize + 1;
        let prefix = RunDir::attempt_prefix(ordinal, &message.task_id, attempt);
        Ok(Self {
            task,
            attempt,
            agent,
            prompt,
            start_tree: match state.task(task).and_then(|task| task.rework.as_ref()) {
                Some(rework) => rework.start.clone(),
                None => state.head().cloned(),
            },
            input_tree: state.head().cloned(),
            base_tree: state.base.tree.clone(),
            files: AttemptFiles::among(work.dir.tasks(), prefix),
            left: work.dir.attempt_artifacts(ordinal, &message.task_id, attempt),
            before: match state.task(task).and_then(|task| task.done.as_ref()) {
                Some(_) => Before::Success,
                None => Before::Nothing,
            },
            limits: Limits {
                wall: message.limits.time.as_duration(),
                idle: message.limits.idle.as_duration(),
                kept_bytes: state.terms.output_bytes.unwrap_or(Limits::default().kept_bytes),
                ..Limits::default()
            },
            cap: None,
            message,
        })
    }

    pub fn message_digest(&self) -> Result<Digest, DispatchError> {
        Ok(note::message_digest(&self.message)?)
    }
}

/// One attempt, from the reset of its workspace to the tree that it leaves.
/// Until the gate opens, its start may be lost to a power cut: nothing is done that could be seen.
pub(super) async fn attempt(work: Arc<Work>, plan: AttemptPlan, gate: Gate, (out, eye): (Out, Eye)) {
    let watch = work.hands.supervisors.stopwatch();
    let (task, attempt) = (plan.task, plan.attempt);
    // Until an agent is asked, nothing is used; from then on what is known of the attempt is kept, whatever comes between.
    let mut finished = Box::new(AttemptFinished { usage: Usage::NOTHING, ..interrupted() });
    let outcome = run_attempt(&work, plan, gate, &eye, &mut finished).await;
    finished.ms = u64::try_from(watch.elapsed().as_millis()).unwrap_or(u64::MAX);
    let message = match outcome {
        Ok(denied) => Message::AttemptDone { task, attempt, finished, denied },
        Err(error) => {
            (finished.outcome, finished.tree) = (interrupted().outcome, None);
            match error {
                DispatchError::Workspace(WorkspaceError::Cancelled) => {
                    Message::AttemptDone { task, attempt, finished, denied: None }
                }
                error => Message::AttemptBroken { task, attempt, finished, error: Box::new(error) },
            }
        }
    };
    // The loop is gone only when it has failed itself; then nobody is left to tell.
    drop(out.send(message));
}

/// Fills in `finished`, which says of an attempt that it was interrupted and used nothing.
async fn run_attempt(
    work: &Arc<Work>,
    mut plan: AttemptPlan,
    gate: Gate,
    eye: &Eye,
    finished: &mut AttemptFinished,
) -> Result<Option<Denied>, DispatchError> {
    let cancel = &work.cancel;
    eye.sees(Sight::Preparing);
    if work.hands.space.isolated().is_some() || !plan.agent.keeps_behind_the_gate() {
        tokio::select! {
            () = gate.opened() => {}
            () = cancel.cancelled() => return Ok(None),
        }
    }
    handed::check_inputs(work, &plan.message).await?;
    if let (Space::Isolated(spaces), Some(start)) = (&work.hands.space, &plan.start_tree) {
        match spaces.reset(0, start).await {
            Ok(_) => {}
            Err(error @ (WorkspaceError::Setup { .. } | WorkspaceError::SetupNotStarted { .. })) => {
                finished.outcome = failed(FailureClass::Unusable, &error.to_string());
                return Ok(None);
            }
            Err(error) => return Err(error.into()),
        }
    }
    let change = match (&work.hands.space, &plan.base_tree, &plan.input_tree) {
        (Space::Isolated(spaces), Some(base), Some(input)) if plan.message.role == Role::Review => {
            change(spaces, base, input).await?
        }
        _ => Change::default(),
    };
    let artifacts = work.lent.take()?;
    let job = Job { gate, change, artifacts: artifacts.clone(), ..job(work, &mut plan) };
    eye.sees(Sight::Working);
    let outcome = agent::attend(plan.agent.as_ref(), job, cancel, |delta| eye.sees_output(delta)).await;
    let unwritable = outcome.unwritable;
    *finished = AttemptFinished {
        outcome: outcome.outcome,
        tree: None,
        usage: outcome.usage,
        exit: outcome.exit,
        leaked: outcome.leaked,
        left: outcome.left,
        truncated: outcome.truncated,
        bytes: outcome.bytes,
        touched: Vec::new(),
        ms: 0,
    };
    work.lent.give_back(artifacts, &plan.left)?;
    if let Some(error) = unwritable {
        return Err(DispatchError::Record(error));
    }
    if cancel.is_cancelled() {
        // Whatever the agent says: it was ended by us, and nothing of it is kept.
        finished.outcome = interrupted().outcome;
        return Ok(None);
    }
    let AttemptOutcome::Ok(claim) = &mut finished.outcome else { return Ok(None) };
    if let (Space::Isolated(spaces), Some(input)) = (&work.hands.space, &plan.input_tree) {
        match examine(spaces, &plan.message, input).await? {
            Examined::Sound { tree, touched, bytes } => {
                finished.tree = Some(tree);
                finished.touched = touched;
                finished.bytes = finished.bytes.saturating_add(bytes);
            }
            Examined::Refused(failure, denied) => {
                finished.outcome = AttemptOutcome::Failed(failure);
                return Ok(denied);
            }
        }
    }
    let promised = Promised { message: &plan.message, attempt: plan.attempt, folder: &plan.left };
    if let Some(failure) = handed::hold_to_promise(work, &promised, claim).await? {
        finished.outcome = AttemptOutcome::Failed(failure);
        finished.tree = None;
    } else if !claim.status.is_done() && plan.before == Before::Nothing {
        handed::keep_for_people(work, &promised, claim, clock::now()).await?;
    }
    Ok(None)
}

/// What the agent is given, as far as the plan says it.
fn job(work: &Work, plan: &mut AttemptPlan) -> Job {
    Job {
        message: plan.message.clone(),
        attempt: plan.attempt,
        prompt: std::mem::take(&mut plan.prompt),
        workspace: work.folder(),
        artifacts: PathBuf::new(),
        inputs: work.dir.artifacts(),
        files: plan.files.clone(),
        trace: work.trace.clone(),
        limits: plan.limits,
        cap: plan.cap,
        gate: Gate::default(),
        change: Change::default(),
    }
}

enum Examined {
    /// `bytes` of its files are new to the shadow repository, before they are compressed there.
    Sound {
        tree: ObjectId,
        touched: Vec<String>,
        bytes: u64,
    },
    Refused(Failure, Option<Denied>),
}

/// What the attempt left: read-only roles leave the tree as it was, others stay within what they may write.
async fn examine(spaces: &Workspaces, message: &TaskMessage, input: &ObjectId) -> Result<Examined, DispatchError> {
    let tree = match spaces.capture(0).await {
        Ok(tree) => tree,
        Err(
            error @ (WorkspaceError::NestedRepository(_) | WorkspaceError::NoRules(_) | WorkspaceError::Replaced(_)),
        ) => {
            return Ok(Examined::Refused(Failure::new(FailureClass::Rejected, &error.to_string()), None));
        }
        Err(error) => return Err(error.into()),
    };
    if tree == *input {
        return Ok(Examined::Sound { tree, touched: Vec::new(), bytes: 0 });
    }
    let changed = spaces.shadow().changed_paths(input, &tree).await?;
    let outside = workspace::outside_scope(message.role, &message.scope, &changed)?;
    if outside.is_empty() {
        let touched = touched(spaces, input, &tree).await?;
        let folder = spaces.path(0);
        // What is gone by now takes no room.
        let bytes = changed.iter().filter_map(|path| fs::size(&folder.join(path)).ok()).fold(0, u64::saturating_add);
        return Ok(Examined::Sound { tree, touched, bytes });
    }
    let paths = named(&outside);
    let shown = paths.iter().take(20).map(String::as_str).collect::<Vec<_>>().join(", ");
    let (rule, detail) = match message.role {
        Role::Research | Role::Review => {
            ("read-only", format!("a {} task must leave every file as it was; it changed: {shown}", message.role))
        }
        Role::Implement | Role::Test => ("scope.write", format!("it wrote outside its scope: {shown}")),
    };
    let failure = Failure::new(FailureClass::Rejected, &detail);
    Ok(Examined::Refused(failure, Some(Denied { rule: rule.to_owned(), paths })))
}

/// Tests and settings of checks that were there before and are changed or gone: a green may come from that.
async fn touched(spaces: &Workspaces, input: &ObjectId, tree: &ObjectId) -> Result<Vec<String>, DispatchError> {
    let files = spaces.shadow().changed_files(input, tree).await?;
    let old: Vec<PathBuf> =
        files.into_iter().filter(|file| file.status != FileStatus::Added).map(|file| file.path).collect();
    let mut touched = verify::touched_tests(&old);
    touched.extend(verify::touched_check_files(&old));
    touched.sort();
    touched.dedup();
    Ok(named(&touched))
}

/// Paths as they are recorded: clean, short, not too many.
fn named(paths: &[PathBuf]) -> Vec<String> {
    paths.iter().take(100).map(|path| text::printable(&path.to_string_lossy(), 200)).collect()
}

async fn change(spaces: &Workspaces, base: &ObjectId, input: &ObjectId) -> Result<Change, DispatchError> {
    let change = spaces.shadow().diff(base, input, Change::MAX).await?;
    Ok(Change {
        paths: change.files.iter().map(|file| file.path.to_string_lossy().into_owned()).collect(),
        extent: if change.truncated { Extent::Cut } else { Extent::Whole },
        patch: change.patch,
    })
}

fn failed(class: FailureClass, detail: &str) -> AttemptOutcome {
    AttemptOutcome::Failed(Failure::new(class, detail))
}

/// An attempt that we ended, of which nothing else is known.
fn interrupted() -> AttemptFinished {
    AttemptFinished::failed(Failure::new(FailureClass::Interrupted, STOPPED))
}

/// A round of checks.
pub(super) struct Verification {
    pub task: Option<u32>,
    pub attempt: Option<u32>,
    pub probes: Vec<Probe>,
    pub eye: Eye,
}

/// Runs checks one after the other; what a cancellation leaves out is missing, never red.
pub(super) async fn verify(work: Arc<Work>, asked: Verification, out: Out, cancel: CancellationToken) {
    let Verification { task, attempt, probes, eye } = asked;
    for probe in probes {
        eye.sees_check(&probe);
        let Probe { check, place } = probe;
        let tree = match &place {
            Place::Base(tree) | Place::Result(tree) => tree.clone(),
        };
        match work.hands.checker.run(&check, tree.as_ref(), &cancel).await {
            Ok(outcome) => {
                let run = Box::new(CheckRun { check: check.name.clone(), of: check_identity(&check), tree, outcome });
                drop(out.send(Message::Checked { task, attempt, place, run }));
            }
            Err(VerifyError::Cancelled) => break,
            Err(error) => {
                drop(out.send(Message::Broken(Box::new(error.into()))));
                return;
            }
        }
    }
    drop(out.send(Message::VerifyDone { task }));
}

/// What keeping a result needs.
pub(super) struct SettlePlan {
    task: u32,
    attempt: u32,
    id: Option<TaskId>,
    verdict: Verdict,
    tree: Option<ObjectId>,
    parent: Option<ObjectId>,
    /// The commit's date, so that the same work makes the same commit.
    at: Timestamp,
    claim: TaskResult,
    globs: Vec<String>,
    position: u32,
}

impl SettlePlan {
    pub fn of(state: &RunState, task: u32, attempt: u32, verdict: Verdict) -> Self {
        let planned = state.plan().and_then(|plan| plan.tasks.get(task as usize));
        let held = state.task(task);
        let (tree, claim) = match held.map(|task| &task.status) {
            Some(Status::Checking { tree, claim, .. }) => (tree.clone(), claim.as_ref().clone()),
            _ => (None, TaskResult::default()),
        };
        Self {
            task,
            attempt,
            id: planned.map(|task| task.id.clone()),
            verdict,
            tree,
            parent: state.head_commit().cloned(),
            at: held.and_then(|task| task.ended_at).unwrap_or_default(),
            claim,
            globs: planned.map(|task| task.artifacts.clone()).unwrap_or_default(),
            position: u32::try_from(state.chain().len() + 1).unwrap_or(u32::MAX),
        }
    }
}

/// Keeps a task's result: artifacts first, then the commit that holds its tree.
pub(super) async fn settle(work: Arc<Work>, plan: SettlePlan, out: Out) {
    let (task, attempt) = (plan.task, plan.attempt);
    let message = match keep(&work, plan).await {
        Ok(succeeded) => Message::Settled { task, attempt, succeeded: Box::new(succeeded) },
        // The checks are on record: a resume makes the same commit.
        Err(DispatchError::Workspace(WorkspaceError::Cancelled)) => return,
        Err(error) => Message::Broken(Box::new(error)),
    };
    drop(out.send(message));
}

/// The success of a task that left nothing to be kept, which is seen at once.
pub(super) fn settled(work: &Work, plan: &SettlePlan) -> Option<TaskSucceeded> {
    let (None, Some(id)) = (work.hands.space.isolated(), &plan.id) else { return None };
    let nothing = store::is_nothing_left(&collect(work, plan, id));
    let succeeded =
        TaskSucceeded { tree: plan.tree.clone(), commit: None, artifacts: Vec::new(), verdict: plan.verdict };
    nothing.then_some(succeeded)
}

/// What there is to keep, and where.
fn collect(work: &Work, plan: &SettlePlan, id: &TaskId) -> Collect {
    Collect {
        dir: work.dir.clone(),
        task: id.clone(),
        attempt: plan.attempt,
        folder: work.dir.attempt_artifacts(plan.task as usize + 1, id, plan.attempt),
        workspace: work.folder(),
        globs: plan.globs.clone(),
        named: plan.claim.artifacts.clone(),
        at: plan.at,
    }
}

async fn keep(work: &Arc<Work>, plan: SettlePlan) -> Result<TaskSucceeded, DispatchError> {
    let id = plan.id.clone().ok_or_else(|| DispatchError::Panic("a result without a task".to_owned()))?;
    let spaces = work.hands.space.isolated();
    if let (Some(spaces), Some(tree), true) =
        (spaces, &plan.tree, !plan.globs.is_empty() || !plan.claim.artifacts.is_empty())
    {
        // After a crash the workspace may hold something else; what is collected is what was checked.
        if spaces.capture(0).await.ok().as_ref() != Some(tree) {
            spaces.reset(0, tree).await?;
        }
    }
    let collect = collect(work, &plan, &id);
    // Most tasks leave nothing, which is seen without a thread that may block.
    let collected = if store::is_nothing_left(&collect) {
        Collected::default()
    } else {
        blocking(move || store::collect(&collect)).await??
    };
    for note in &collected.refused {
        tracing::warn!(task = id.as_str(), %note, "an artifact was not kept");
    }
    let commit = match (spaces, &plan.tree) {
        (Some(spaces), Some(tree)) => {
            let message = format!("{id}\n\nattempt {}\n", plan.attempt);
            let parents: Vec<ObjectId> = plan.parent.into_iter().collect();
            let commit = NewCommit { tree, parents: &parents, at: plan.at, message: &message };
            Some(spaces.shadow().commit(commit, plan.position).await?)
        }
        _ => None,
    };
    Ok(TaskSucceeded { tree: plan.tree, commit, artifacts: collected.artifacts, verdict: plan.verdict })
}

/// Runs what blocks on the disk where it holds up nobody.
pub(super) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, DispatchError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| DispatchError::Panic(error.to_string()))
}
