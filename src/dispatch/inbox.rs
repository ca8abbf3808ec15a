//! What workers tell the loop.

use crate::event::{AttemptFinished, CheckRun, Decision, TaskSucceeded};
use crate::model::{AskFailure, Reply};
use crate::run::Place;

use super::DispatchError;

/// One message to the loop.
#[derive(Debug)]
pub(super) enum Message {
    /// An attempt ended. `denied` names what it wrote and might not.
    AttemptDone { task: u32, attempt: u32, finished: Box<AttemptFinished>, denied: Option<Denied> },
    /// One check ran.
    Checked { task: Option<u32>, attempt: Option<u32>, place: Place, run: Box<CheckRun> },
    /// All checks that were asked for ran, or were cancelled.
    VerifyDone { task: Option<u32> },
    /// A task's result is safe.
    Settled { task: u32, attempt: u32, succeeded: Box<TaskSucceeded> },
    /// A person answered; nobody could be reached when there is no answer.
    Answered { task: Option<u32>, decision: Option<Decision> },
    /// An attempt ended, and the run cannot go on. What is known of the attempt goes on record all the same.
    AttemptBroken { task: u32, attempt: u32, finished: Box<AttemptFinished>, error: Box<DispatchError> },
    /// The planner's model answered, or did not.
    Proposed { round: u32, answer: Answer },
    /// It was asked to change the plan for the sake of this task.
    PatchProposed { task: u32, number: u32, answer: Answer },
    /// It was asked for words about the results.
    Summarized { answer: Answer },
    /// A worker cannot go on.
    Broken(Box<DispatchError>),
}

/// What came of a request to a model.
pub(super) type Answer = Result<Reply, Box<AskFailure>>;

/// What an attempt wrote and might not.
#[derive(Debug)]
pub(super) struct Denied {
    pub rule: String,
    pub paths: Vec<String>,
}
