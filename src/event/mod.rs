//! PURE: the one vocabulary of a run. Journal, live clients and the fold share [`Event`]; there is no
//! second type and no conversion. `docs/events.md` lists every kind.

mod attempt;
mod budget;
mod failure;
mod kind;
mod outcome;
#[cfg(test)]
pub(crate) mod samples;
mod terms;
mod usage;

use serde::{Deserialize, Serialize};

pub use attempt::{
    AgentRecord, Artifact, AttemptFinished, AttemptOutcome, AttemptStarted, Straggler, TaskReused, TaskSucceeded,
};
pub use budget::{Amount, Budget, Gauge, Limit, Purpose, Shortage, Untold};
pub use failure::{Failure, FailureClass};
pub use kind::{
    AppliedOnto, Base, Decision, Host, Kind, PauseCause, PlanAccepted, PlanRevised, RunOpened, RunStarted, SkipCause,
    StopCause, Versions, WorkspaceCreated, WorkspaceKind,
};
pub use outcome::{CheckOutcome, CheckRun, CheckStatus, Ended, RunVerdict, Verdict};
pub use terms::{Ask, Narrator, ReviewTerms, Said, Sandbox, Terms};
pub use usage::Usage;

use crate::ids::{RunId, TaskId};
use crate::time::Timestamp;

/// The version of the journal's format that this build writes, and the newest that it reads.
pub const FORMAT: u32 = 1;

/// One thing that happened. As JSON: `{"v":1,"seq":7,"at":…,"run":…,"task":…,"attempt":2,"kind":"noun.past","data":{…}}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// The format's version.
    pub v: u32,
    /// Counted from 1 without gaps: the order of the run. Never the clock.
    pub seq: u64,
    /// When, UTC. Within one process it never goes back.
    pub at: Timestamp,
    /// The run.
    pub run: RunId,
    /// The task it is about, where it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<TaskId>,
    /// The attempt it is about, counted from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u32>,
    /// What happened.
    #[serde(flatten)]
    pub kind: Kind,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_one_flat_line_that_reads_back() {
        let event = Event {
            v: FORMAT,
            seq: 7,
            at: Timestamp::from_millis(0),
            run: RunId::new("20261121-093312-a1b2").unwrap(),
            task: Some(TaskId::new("t").unwrap()),
            attempt: None,
            kind: Kind::TaskSkipped { cause: SkipCause::Dependency(TaskId::new("a").unwrap()) },
        };
        let line = serde_json::to_string(&event).unwrap();
        assert_eq!(
            line,
            r#"{"v":1,"seq":7,"at":"1970-01-01T00:00:00.000Z","run":"20261121-093312-a1b2","task":"t","kind":"task.skipped","data":{"cause":{"dependency":"a"}}}"#
        );
        assert_eq!(serde_json::from_str::<Event>(&line).unwrap(), event);
    }
}
