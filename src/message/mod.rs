//! PURE: the hand-off: what a task is told ([`TaskMessage`]), and what it answers ([`TaskResult`]).
//!
//! Nothing else passes between two tasks but the files they leave: no transcript, no environment, no shared memory.

mod answer;
mod handed;
mod score;
mod task;

pub use answer::{Finding, RESULT_SCHEMA, ResultStatus, ReviewVerdict, Severity, TaskResult};
pub use handed::{CodeFile, Handed, HandedError, HandedKind, PlanFile, PlanPath, PlanStep, ReviewFile};
pub use score::{NotAScore, Score};
pub use task::{
    ArtifactNote, DependencyNote, DependencyStatus, MESSAGE_SCHEMA, MessageLimits, PreviousFailure, ReviewNote,
    TaskMessage, TicketNote,
};
