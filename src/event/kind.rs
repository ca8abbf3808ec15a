//! Every kind of event, with what it carries. **S** in a comment: an effect waits for its sync.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Amount, AttemptFinished, AttemptStarted, CheckRun, Failure, FailureClass, Limit, Purpose, RunVerdict, Sandbox,
    Shortage, TaskReused, TaskSucceeded, Terms, Usage,
};
use crate::ids::{Digest, ObjectId, RunId, TaskId, TraceId};
use crate::plan::{Check, Plan, PlanPatch};
use crate::time::Timestamp;

/// What happened. Names are `noun.past-participle`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "data")]
pub enum Kind {
    /// **S** before any child or request. The first event of every journal.
    #[serde(rename = "run.started")]
    RunStarted(Box<RunStarted>),
    /// Every later start of a process on this run.
    #[serde(rename = "run.opened")]
    RunOpened(Box<RunOpened>),
    /// **S** before it is parsed: a paid plan is never bought twice. `usage` is what this answer took, for people; what
    /// counts is the `budget.settled` of the request, which there also is where no answer came.
    #[serde(rename = "plan.proposed")]
    PlanProposed { round: u32, text: String, usage: Usage },
    /// The proposal was unsound.
    #[serde(rename = "plan.rejected")]
    PlanRejected { faults: Vec<String> },
    /// **S** the whole plan, inline, and the checks it will be held to.
    #[serde(rename = "plan.accepted")]
    PlanAccepted(Box<PlanAccepted>),
    /// The plan is changed for the sake of the task in the envelope, which has failed for good.
    #[serde(rename = "plan.revised")]
    PlanRevised(Box<PlanRevised>),
    /// **S** before the folder exists.
    #[serde(rename = "workspace.created")]
    WorkspaceCreated(WorkspaceCreated),
    /// A check's outcome on the base tree, once per (check, tree).
    #[serde(rename = "base.checked")]
    BaseChecked(Box<CheckRun>),
    /// **S** before the workspace is reset and the agent spawned.
    #[serde(rename = "attempt.started")]
    AttemptStarted(Box<AttemptStarted>),
    /// How an attempt ended: the agent's claim, and what was measured of it.
    #[serde(rename = "attempt.finished")]
    AttemptFinished(Box<AttemptFinished>),
    /// A check's outcome on a tree. Without a task: one of the final checks of the run.
    #[serde(rename = "check.finished")]
    CheckFinished(Box<CheckRun>),
    /// **S** before a dependent starts.
    #[serde(rename = "task.succeeded")]
    TaskSucceeded(Box<TaskSucceeded>),
    /// No attempt is left, or none would help.
    #[serde(rename = "task.failed")]
    TaskFailed { class: FailureClass, detail: String },
    /// It will not run.
    #[serde(rename = "task.skipped")]
    TaskSkipped { cause: SkipCause },
    /// A person ended it.
    #[serde(rename = "task.cancelled")]
    TaskCancelled { by: String },
    /// The same inputs had been worked on before: their result is taken.
    #[serde(rename = "task.reused")]
    TaskReused(Box<TaskReused>),
    /// It will run again.
    #[serde(rename = "task.reopened")]
    TaskReopened {
        why: String,
        /// The review that sent its work back: the next attempt goes on from that work.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sent_back_by: Option<TaskId>,
    },
    /// A rule was broken by a task.
    #[serde(rename = "policy.denied")]
    PolicyDenied { rule: String, paths: Vec<String> },
    /// A person must decide: over the task, or without one, over the plan. With an attempt: whether a task runs again
    /// whose attempt was interrupted.
    #[serde(rename = "approval.requested")]
    ApprovalRequested {},
    /// A person decided, over what was asked.
    #[serde(rename = "approval.decided")]
    ApprovalDecided { by: String, decision: Decision },
    /// **S** before a request: this much may be used by something that is no attempt.
    #[serde(rename = "budget.reserved")]
    BudgetReserved { id: u32, r#for: Purpose, amount: Amount },
    /// What that used; where nothing is told, all of it.
    #[serde(rename = "budget.settled")]
    BudgetSettled {
        id: u32,
        #[serde(default, skip_serializing_if = "Usage::is_unknown")]
        used: Usage,
    },
    /// Four fifths of a limit are used. Once for each.
    #[serde(rename = "budget.warned")]
    BudgetWarned { limit: Limit, used: u64, of: u64 },
    /// A later process may use more.
    #[serde(rename = "budget.raised")]
    BudgetRaised { limit: Limit, from: u64, to: u64, by: String },
    /// A model put the results into words; without a text it could not.
    #[serde(rename = "summary.written")]
    SummaryWritten {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<String>,
        by: String,
    },
    /// Nothing runs until then.
    #[serde(rename = "run.paused")]
    RunPaused {
        why: String,
        until: Option<Timestamp>,
        #[serde(default, skip_serializing_if = "PauseCause::is_waiting")]
        cause: PauseCause,
    },
    /// It goes on after a pause.
    #[serde(rename = "run.continued")]
    RunContinued {},
    /// It ended before it was finished.
    #[serde(rename = "run.stopped")]
    RunStopped { why: StopCause },
    /// It ended.
    #[serde(rename = "run.finished")]
    RunFinished { verdict: RunVerdict, exit: u8 },
    /// Its change was brought into the user's tree.
    #[serde(rename = "change.applied")]
    ChangeApplied { onto: AppliedOnto },
}

impl Kind {
    /// A task will run again, for a reason that is no review's.
    pub fn reopened(why: impl Into<String>) -> Self {
        Self::TaskReopened { why: why.into(), sent_back_by: None }
    }

    /// The name as it stands in the journal.
    pub fn name(&self) -> &'static str {
        match self {
            Self::RunStarted(_) => "run.started",
            Self::RunOpened(_) => "run.opened",
            Self::PlanProposed { .. } => "plan.proposed",
            Self::PlanRejected { .. } => "plan.rejected",
            Self::PlanAccepted(_) => "plan.accepted",
            Self::PlanRevised(_) => "plan.revised",
            Self::WorkspaceCreated(_) => "workspace.created",
            Self::BaseChecked(_) => "base.checked",
            Self::AttemptStarted(_) => "attempt.started",
            Self::AttemptFinished(_) => "attempt.finished",
            Self::CheckFinished(_) => "check.finished",
            Self::TaskSucceeded(_) => "task.succeeded",
            Self::TaskFailed { .. } => "task.failed",
            Self::TaskSkipped { .. } => "task.skipped",
            Self::TaskCancelled { .. } => "task.cancelled",
            Self::TaskReused(_) => "task.reused",
            Self::TaskReopened { .. } => "task.reopened",
            Self::PolicyDenied { .. } => "policy.denied",
            Self::ApprovalRequested {} => "approval.requested",
            Self::ApprovalDecided { .. } => "approval.decided",
            Self::BudgetReserved { .. } => "budget.reserved",
            Self::BudgetSettled { .. } => "budget.settled",
            Self::BudgetWarned { .. } => "budget.warned",
            Self::BudgetRaised { .. } => "budget.raised",
            Self::SummaryWritten { .. } => "summary.written",
            Self::RunPaused { .. } => "run.paused",
            Self::RunContinued {} => "run.continued",
            Self::RunStopped { .. } => "run.stopped",
            Self::RunFinished { .. } => "run.finished",
            Self::ChangeApplied { .. } => "change.applied",
        }
    }
}

/// What kind of pause it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PauseCause {
    /// The run waits for something, which takes of its time.
    #[default]
    Waiting,
    /// A person stopped it and all that it runs, as Ctrl-Z does: this time counts towards nothing.
    Suspended,
}

impl PauseCause {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
    fn is_waiting(&self) -> bool {
        *self == Self::Waiting
    }
}

/// What a run began with: enough to tell later why it went as it did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunStarted {
    /// Who wrote this journal.
    pub versions: Versions,
    /// One line for people: the ticket's title, or the plan's.
    pub title: String,
    /// The ticket's key, where it has one.
    #[serde(rename = "ref", default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// SHA-256 of the normalised ticket.
    pub ticket_sha: Digest,
    /// SHA-256 of the effective configuration, `config.yaml` in the run directory.
    pub config_sha: Digest,
    /// Where the values came from, for those that are not defaults: `(key, origin)`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub config_origins: Vec<(String, String)>,
    /// The project's root when it started; an address, never part of a key.
    pub project: String,
    /// What the work starts from.
    pub base: Base,
    /// Which planner makes, or made, the plan.
    pub planned_by: String,
    /// How children are confined.
    pub sandbox: Sandbox,
    /// The rules it runs under.
    pub terms: Terms,
    /// What it runs on.
    pub host: Host,
    /// Ties journal, trace and children together.
    pub trace_id: TraceId,
    /// The process that writes.
    pub pid: u32,
    /// SHA-256 of all that this process puts into the keys of tasks, beside the plan and what the tasks build on. Missing
    /// in a journal of before it was recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<Digest>,
    /// Whether only a plan was asked for.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub plan_only: bool,
}

/// Who wrote a journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Versions {
    /// The program's.
    pub orchestra: String,
    /// The journal format's.
    pub format: u32,
    /// git's, where a shadow repository is used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub git: Option<String>,
}

/// The machine a run started on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Host {
    /// As the compiler names it: `linux`, `macos`.
    pub os: String,
    /// As the compiler names it: `x86_64`, `aarch64`.
    pub arch: String,
    /// How many CPUs this process may use.
    pub cpus: u32,
}

/// What the work starts from. Both are missing for a run in place.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Base {
    /// The user's commit, where the project is in git.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The snapshot in the shadow repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tree: Option<ObjectId>,
}

/// A later process on the same run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunOpened {
    /// The process that writes from here on.
    pub pid: u32,
    /// The machine's boot, so that a pid can be told from another's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub boot: Option<String>,
    /// The program's version.
    pub version: String,
    /// Bytes of a torn last line that were cut off.
    #[serde(default)]
    pub healed_bytes: u64,
    /// As in `run.started`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<Digest>,
    /// The rules from here on.
    pub terms: Terms,
}

/// A sound plan, and the checks that the project has.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlanAccepted {
    /// Counted from 1.
    pub revision: u32,
    /// All of it.
    pub plan: Plan,
    /// Those of the config, else those detected: what tasks that name none are held to.
    pub checks: Vec<Check>,
    /// SHA-256 of `checks`.
    pub checks_sha: Digest,
}

/// A change of the plan in force.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlanRevised {
    /// Counted from 1, on from `plan.accepted`.
    pub revision: u32,
    /// What changes.
    pub patch: PlanPatch,
    /// Why, in the planner's words.
    pub reason: String,
}

impl PlanRevised {
    /// The change that a patch makes; its reason is told once.
    pub fn new(revision: u32, mut patch: PlanPatch) -> Self {
        Self { revision, reason: std::mem::take(&mut patch.reason), patch }
    }
}

/// A folder to work in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkspaceCreated {
    /// Its number in this run.
    pub ws: u32,
    /// How it is filled.
    pub kind: WorkspaceKind,
    /// Where it is; an address, never part of a key.
    pub path: String,
    /// What it was filled with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<ObjectId>,
}

/// How a workspace is filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum WorkspaceKind {
    /// From the user's git repository.
    Worktree,
    /// By copying files; no git repository is needed.
    Copy,
    /// It is the user's own folder: no snapshot, no rollback, no proof.
    InPlace,
}

/// Why a task never ran.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SkipCause {
    /// This dependency did not succeed.
    Dependency(TaskId),
    /// Another task failed and the run does not continue on errors.
    Stopped(TaskId),
    /// A person refused it.
    Rejected,
}

/// A person's decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Decision {
    /// Go on.
    Approve,
    /// Do not.
    Reject,
}

/// Why a run ended early.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StopCause {
    /// A signal, by its number.
    Signal(i32),
    /// A limit, by its name in the config.
    Limit(String),
    /// A person must decide.
    Approval,
    /// An agent or a model cannot be used before this time.
    Quota(Option<Timestamp>),
    /// The planner's model could not be used: why, in words.
    Model(Box<Failure>),
    /// None of the plans that the planner proposed was sound.
    NoPlan,
    /// There is too little left of a budget for the next request.
    Short(Shortage),
}

impl StopCause {
    /// The exit code that says the same.
    pub fn exit(&self) -> u8 {
        match self {
            Self::Signal(number) => u8::try_from(128 + number.clamp(&0, &127)).unwrap_or(u8::MAX),
            Self::Limit(_) | Self::Short(_) => 4,
            Self::Approval => 5,
            Self::Quota(_) | Self::Model(_) => 6,
            Self::NoPlan => 2,
        }
    }
}

/// Where a change was brought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppliedOnto {
    /// The folder.
    pub path: String,
    /// Its tree before.
    pub before: ObjectId,
    /// Its tree after.
    pub after: ObjectId,
    /// The run that was applied, where it is another's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<RunId>,
}
