//! The rules a run goes by, as recorded at its start: the fold and the decisions read these, never a config.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::time::Span;

/// The rules of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// Most tasks at a time.
    pub jobs: u32,
    /// Whether tasks that do not depend on a failed one still run.
    pub continue_on_error: bool,
    /// Most attempts per task.
    pub attempts: u32,
    /// The wait before the second attempt, at most; it doubles from there.
    pub backoff: Span,
    /// The longest such wait.
    pub max_backoff: Span,
    /// When a person is asked, beyond what the plan says.
    pub ask: Ask,
    /// Whether a task without any check may count as done.
    pub allow_unchecked: bool,
    /// Wall time of the run, over all its processes.
    pub run_time: Span,
    /// Wall time of one attempt.
    pub task_time: Span,
    /// Longest silence of one attempt.
    pub idle_time: Span,
    /// Most launches of agents, over all processes of the run.
    pub launches: u32,
    /// How long to wait for a quota to come back.
    pub quota_wait: Span,
    /// Whether attempts can be rolled back: not so in place.
    pub in_place: bool,
}

/// When a person is asked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Ask {
    /// Only where the plan demands it.
    #[default]
    Never,
    /// Before the plan is run.
    Plan,
    /// Before the plan, and before every task.
    Task,
}

/// How children are confined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Sandbox {
    /// Not at all: they run with the user's own rights.
    None,
}
