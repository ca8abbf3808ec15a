//! A task message for the tests of this room.

use crate::ids::{Digest, PlanId, RunId, TaskId};
use crate::message::{MESSAGE_SCHEMA, MessageLimits, TaskMessage, TicketNote};
use crate::plan::{Role, Scope};

/// A small one, complete.
pub(super) fn message() -> TaskMessage {
    TaskMessage {
        schema: MESSAGE_SCHEMA.to_owned(),
        task_id: TaskId::new("t1").unwrap(),
        parent_id: PlanId::new("OP-20261121-093312-A1B2").unwrap(),
        run: RunId::new("20261121-093312-a1b2").unwrap(),
        role: Role::Review,
        title: "Look".to_owned(),
        ticket: TicketNote {
            reference: None,
            digest: Digest::of(b"x"),
            title: "median() is off by one".to_owned(),
            text: "`median()` in src/stats.rs is off by one.".to_owned(),
            acceptance: Vec::new(),
            diffs: Vec::new(),
            paths: vec!["src/stats.rs".to_owned()],
            identifiers: vec!["median".to_owned()],
        },
        instructions: String::new(),
        constraints: Vec::new(),
        dependencies: Vec::new(),
        scope: Scope::default(),
        checks: Vec::new(),
        artifacts: Vec::new(),
        limits: MessageLimits::default(),
        previous_failure: None,
        review: None,
    }
}
