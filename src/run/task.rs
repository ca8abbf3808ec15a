//! One task's state. Each status carries what only it has.

use std::collections::HashMap;

use crate::event::{Artifact, CheckOutcome, Decision, Failure, FailureClass, SkipCause, Verdict};
use crate::ids::{Digest, ObjectId, TaskId};
use crate::message::TaskResult;
use crate::time::Timestamp;

/// Where a task stands.
#[derive(Debug, Clone, PartialEq)]
pub enum Status {
    /// It has not begun, or will begin again.
    Pending {
        /// The number its next attempt will have.
        next_attempt: u32,
        /// It waits until then.
        not_before: Option<Timestamp>,
    },
    /// An agent is at work.
    Running { attempt: u32 },
    /// The agent ended in order; the checks decide.
    Checking { attempt: u32, claim: Box<TaskResult>, tree: Option<ObjectId> },
    /// The last attempt failed and no other follows; `task.failed` is due.
    Exhausted { attempt: u32 },
    /// It is done; see [`TaskState::done`].
    Succeeded,
    /// It failed for good.
    Failed { class: FailureClass },
    /// It failed for good, and the plan was changed for its sake: what it was for is done otherwise.
    Replaced { class: FailureClass },
    /// It never ran.
    Skipped { cause: SkipCause },
    /// A person ended it.
    Cancelled,
}

impl Status {
    /// Whether nothing more will happen to it by itself.
    pub fn is_over(&self) -> bool {
        match self {
            Self::Succeeded | Self::Failed { .. } | Self::Replaced { .. } | Self::Skipped { .. } | Self::Cancelled => {
                true
            }
            Self::Pending { .. } | Self::Running { .. } | Self::Checking { .. } | Self::Exhausted { .. } => false,
        }
    }

    /// One word for it.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Pending { .. } => "pending",
            Self::Running { .. } => "running",
            Self::Checking { .. } => "checking",
            Self::Exhausted { .. } => "exhausted",
            Self::Succeeded => "succeeded",
            Self::Failed { .. } => "failed",
            Self::Replaced { .. } => "replaced",
            Self::Skipped { .. } => "skipped",
            Self::Cancelled => "cancelled",
        }
    }
}

/// Whether a person has been asked about a task, and what they said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Consent {
    /// Nobody was asked.
    #[default]
    NotAsked,
    /// Asked, no answer yet: it must not start.
    Asked,
    /// Answered.
    Given(Decision),
}

/// What a task that succeeded left, kept also when it is opened again, so that the same inputs find it.
#[derive(Debug, Clone, PartialEq)]
pub struct Done {
    /// The attempt that did it.
    pub attempt: u32,
    /// The identity of the work.
    pub key: Digest,
    /// What it started from.
    pub input_tree: Option<ObjectId>,
    /// What it came to.
    pub tree: Option<ObjectId>,
    /// The commit that holds the tree.
    pub commit: Option<ObjectId>,
    /// Files it left.
    pub artifacts: Vec<Artifact>,
    /// What the checks proved.
    pub verdict: Verdict,
    /// Its own words.
    pub result: TaskResult,
    /// The number of the event with which its attempt began: what was done after that it has not seen.
    pub begun: u64,
    /// The number of the event that kept it.
    pub kept: u64,
}

/// Work that a review sent back, to be taken up again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rework {
    /// What the next attempt starts from, the task's own earlier result; missing in place, where it lies before it anyway.
    pub start: Option<ObjectId>,
    /// The review.
    pub by: TaskId,
}

/// A task and its history, as far as decisions need it.
#[derive(Debug, Clone)]
pub struct TaskState {
    /// Where it stands.
    pub status: Status,
    /// Dependencies that are not over yet.
    pub(super) waiting: u32,
    /// Attempts that count against the allowance.
    pub(super) counted: u32,
    /// Interruptions in a row.
    pub(super) interrupted: u32,
    /// The number of the newest attempt; 0 before the first.
    pub last_attempt: u32,
    /// The newest failure.
    pub failure: Option<Failure>,
    /// The key of the newest attempt.
    pub key: Option<Digest>,
    /// What the newest attempt started from.
    pub input_tree: Option<ObjectId>,
    /// When the newest attempt ended in order.
    pub ended_at: Option<Timestamp>,
    /// What a person said.
    pub consent: Consent,
    /// The number of the event with which its newest attempt began.
    pub(super) begun: u64,
    /// What its last attempt that counted failed with, since it was opened: the same once more opens the breaker.
    pub(super) counted_for: Option<String>,
    /// Its success, also an older one.
    pub done: Option<Done>,
    /// Check outcomes of the newest attempt where there are no trees to file them under.
    pub(super) in_place: HashMap<Digest, CheckOutcome>,
    /// It was interrupted in a way that only a person may resolve.
    pub held: bool,
    /// Its work was sent back: the next attempt keeps it and mends it.
    pub rework: Option<Rework>,
    /// The claim with which it said no, for a review whose last one did: those whose work goes back are told.
    pub refusal: Option<Box<TaskResult>>,
    /// How often its no sent work back, since it was last opened after a failure.
    pub reworks: u32,
    /// Its no has sent work back, and it is due to run again after that.
    pub(super) sent_back: bool,
    /// Where it stands among the wakings.
    pub(super) wakes: Option<Timestamp>,
}

impl TaskState {
    /// The attempt whose interruption a person must decide over before the task runs again.
    pub fn held_attempt(&self) -> Option<u32> {
        self.held.then_some(self.last_attempt)
    }

    /// A task that has not begun and waits for `waiting` dependencies.
    pub(super) fn new(waiting: u32) -> Self {
        Self {
            status: Status::Pending { next_attempt: 1, not_before: None },
            waiting,
            counted: 0,
            interrupted: 0,
            last_attempt: 0,
            failure: None,
            key: None,
            input_tree: None,
            ended_at: None,
            consent: Consent::NotAsked,
            begun: 0,
            counted_for: None,
            done: None,
            in_place: HashMap::new(),
            held: false,
            rework: None,
            refusal: None,
            reworks: 0,
            sent_back: false,
            wakes: None,
        }
    }
}
