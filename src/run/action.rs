//! The words in which `decide` is asked and answers: what is in hand, and what is to be done next.

use crate::event::{Kind, Verdict};
use crate::ids::{ObjectId, TaskId};
use crate::plan::{Check, Role};
use crate::policy::Spends;
use crate::time::Timestamp;

/// One thing to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Ask the planner, for this round.
    Propose { round: u32 },
    /// Parse the proposal that was bought.
    Parse { text: String },
    /// Ask the planner to change the plan for the sake of a task that has failed for good, for the how-manyth time.
    Replan { task: u32, number: u32 },
    /// Parse the patch that was bought for this task.
    ParsePatch { task: u32, text: String },
    /// Ask for words about the run's results.
    Summarize,
    /// Append this event; nothing else is to be done for it.
    Record { task: Option<TaskId>, attempt: Option<u32>, kind: Kind },
    /// Begin an attempt, or take the result of an earlier one with the same key.
    Launch { task: u32, attempt: u32 },
    /// Run these checks: for a task, or without one, for the whole result.
    Verify { task: Option<u32>, probes: Vec<Probe> },
    /// Keep the task's result: artifacts, commit, `task.succeeded`.
    Settle { task: u32, attempt: u32, verdict: Verdict },
    /// Ask a person: over a task, or without one, over the plan.
    Ask { task: Option<u32> },
    /// Nothing can be done before then.
    Wait { until: Timestamp },
    /// End what is at work: a limit of the run is used up.
    CancelAll { limit: &'static str },
}

/// One check to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// The check.
    pub check: Check,
    /// On what.
    pub place: Place,
}

/// What a check is run on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// The run's base; without a tree, the project as it is before any work.
    Base(Option<ObjectId>),
    /// The result; without a tree, the project as it is now.
    Result(Option<ObjectId>),
}

/// What the dispatcher has in hand already, and what it is able to do.
#[derive(Debug, Clone, Default)]
pub struct Busy {
    /// Tasks being checked or settled right now.
    pub tasks: std::collections::BTreeSet<u32>,
    /// Base or final checks being run right now.
    pub verifying: bool,
    /// The planner, a parser or a person being waited for right now.
    pub asking: bool,
    /// Whether a person can be asked at all.
    pub can_ask: bool,
    /// What the agents of the roles spend.
    pub spends: RoleSpends,
}

/// What the agent of each role spends.
#[derive(Debug, Clone, Copy, Default)]
pub struct RoleSpends {
    /// Looks at the code.
    pub research: Spends,
    /// Changes it.
    pub implement: Spends,
    /// Writes tests.
    pub test: Spends,
    /// Reads the change.
    pub review: Spends,
}

impl RoleSpends {
    /// That of one role.
    pub fn of(&self, role: Role) -> Spends {
        match role {
            Role::Research => self.research,
            Role::Implement => self.implement,
            Role::Test => self.test,
            Role::Review => self.review,
        }
    }
}
