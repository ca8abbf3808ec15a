//! The shape of `orchestra.plan/v1`: what `plan.json` holds, field by field.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::{CheckName, Digest, ObjectId, PlanId, TaskId};
use crate::time::{Span, Timestamp};

/// The value of a plan's `schema` field.
pub const PLAN_SCHEMA: &str = "orchestra.plan/v1";

/// A plan as it was read, not yet found sound. Field order is the order in `plan.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Draft {
    /// Always [`PLAN_SCHEMA`].
    pub schema: String,
    /// Made by us when the text brings none.
    pub plan_id: PlanId,
    /// One line for people.
    pub title: String,
    /// What the whole plan is for.
    pub goal: Goal,
    /// When it was made, UTC.
    pub created_at: Timestamp,
    /// What it was made from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<TicketRef>,
    /// What it was made against.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<PlanBase>,
    /// Which planner made it: `template`, `file`, or a model's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub planned_by: Option<String>,
    /// The work, in the plan's own order.
    pub tasks: Vec<Task>,
    /// Groups of tasks; their order is already part of every task's `depends_on`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub batches: Vec<Batch>,
}

/// What a plan is for, and how one sees that it was reached.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Goal {
    /// A sentence or two.
    #[serde(default)]
    pub summary: String,
    /// Each a sentence that can be seen to hold or not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub success_criteria: Vec<String>,
}

/// The ticket a plan was made from. `text` is carried so that the plan can be run by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TicketRef {
    /// Its key or number in the tracker it came from.
    #[serde(rename = "ref", default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// SHA-256 of the normalised text.
    pub digest: Digest,
    /// The normalised text itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// The state of the project a plan was made against.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanBase {
    /// The snapshot's tree.
    pub tree: ObjectId,
    /// The user's commit, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
}

/// One piece of work for one agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Task {
    /// Unique in the plan, also without regard to case.
    pub id: TaskId,
    /// One line for people.
    pub title: String,
    /// What kind of work it is; decides agent, rights and verification.
    pub role: Role,
    /// What the agent is told.
    #[serde(default)]
    pub instructions: String,
    /// Tasks that must have succeeded before this one may start.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub depends_on: Vec<TaskId>,
    /// Where it may look and write.
    #[serde(default, skip_serializing_if = "Scope::is_open")]
    pub scope: Scope,
    /// The checks that decide over it. Left out: those the project has for the role. Empty: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checks: Option<Vec<CheckRef>>,
    /// Files to keep as artifacts, relative to the workspace or to the folder that the agent is given for them: a plain path
    /// must be there when the task is done, a glob keeps what there is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub artifacts: Vec<String>,
    /// Whether a person must agree before it starts.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub approval: bool,
    /// Whether it runs also after a failed dependency.
    #[serde(default, skip_serializing_if = "is_default")]
    pub run_if: RunIf,
    /// What happens to it when orchestra died while it ran.
    #[serde(default, skip_serializing_if = "is_default")]
    pub on_interrupt: OnInterrupt,
    /// Limits tighter than the config's.
    #[serde(default, skip_serializing_if = "is_default")]
    pub limits: TaskLimits,
}

/// What kind of work a task is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Reads, and reports what it found. Leaves the tree as it was.
    Research,
    /// Changes files.
    Implement,
    /// Proves by checks; writes only what its scope names.
    Test,
    /// Judges the change. Leaves the tree as it was.
    Review,
}

impl Role {
    /// All roles, in the order of a usual plan.
    pub const ALL: [Self; 4] = [Self::Research, Self::Implement, Self::Test, Self::Review];

    /// Its name in plans and config.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Research => "research",
            Self::Implement => "implement",
            Self::Test => "test",
            Self::Review => "review",
        }
    }

    /// Whether the tree must be the same after it.
    pub fn is_read_only(self) -> bool {
        matches!(self, Self::Research | Self::Review)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Where a task may look and write: globs relative to the project, `/`-separated, none outside it.
/// An empty list of `write` leaves an implement task free and a test task without any right to write.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scope {
    /// What it should read first; a hint, not a fence.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub read: Vec<String>,
    /// What it may change.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub write: Vec<String>,
    /// Sentences handed down to it and to the tasks that depend on it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub constraints: Vec<String>,
}

impl Scope {
    fn is_open(&self) -> bool {
        *self == Self::default()
    }
}

/// A check as a task names it: one of the project's by name, or its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum CheckRef {
    /// One that the config names or the project is found to have.
    Named(CheckName),
    /// The task's own.
    Own(Check),
}

/// A command whose exit decides. Run by us, in a checkout of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// Its name, unique among the checks that are in play.
    pub name: CheckName,
    /// Program and arguments; no shell.
    pub run: Vec<String>,
    /// Longest it may take; the config's task limit when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Span>,
    /// What it proves.
    #[serde(default)]
    pub expect: Expect,
    /// Whether it builds or tests.
    #[serde(default, skip_serializing_if = "is_default")]
    pub kind: CheckKind,
}

/// What a check proves by being green.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Expect {
    /// Red before the work, green after: the work was done.
    Change,
    /// Green after, and where it was red before, not worse: nothing was broken.
    #[default]
    Keep,
}

/// What a check does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum CheckKind {
    /// Runs tests.
    #[default]
    Suite,
    /// Compiles or type-checks.
    Build,
}

/// When a task with a failed dependency runs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RunIf {
    /// Only when all its dependencies succeeded.
    #[default]
    Success,
    /// Once all its dependencies have ended, however, if the run goes on at all.
    Always,
}

/// What becomes of an attempt whose end nobody saw.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum OnInterrupt {
    /// It is run again from its input tree.
    #[default]
    Rerun,
    /// A person decides.
    Ask,
}

/// Limits of one task; each only tightens the config's.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TaskLimits {
    /// Longest one attempt may take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<Span>,
    /// Longest it may be silent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idle: Option<Span>,
    /// Most attempts, at least 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempts: Option<u32>,
}

/// A named group of tasks, kept for people; the order it asks for is in `depends_on`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Batch {
    /// Unique among the batches.
    pub id: String,
    /// One line for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Whether its tasks follow each other.
    #[serde(rename = "type", default)]
    pub kind: BatchType,
    /// Batches that must end before it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub depends_on: Vec<String>,
    /// Its tasks, in order.
    pub tasks: Vec<TaskId>,
}

/// How the tasks of a batch stand to each other.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum BatchType {
    /// Side by side.
    #[default]
    Parallel,
    /// One after the other.
    Sequential,
}

/// Left out of the text when it says nothing.
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
