//! What `plan check` says of a text, sound or not.

use schemars::JsonSchema;
use serde::Serialize;

use super::accept::{Caps, Plan};
use super::fault::Fault;
use super::parse::Defaults;
use super::read::{PlanText, read};
use super::repair::Repair;
use crate::ids::TaskId;

/// What a text holds: the tasks of a sound plan, or its faults.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PlanCheck {
    /// The tasks with all they wait for; none when there is a fault, for then nothing of the text is used.
    pub tasks: Vec<CheckedTask>,
    /// What was mended.
    pub repairs: Vec<Repair>,
    /// What is wrong.
    pub faults: Vec<Fault>,
}

/// A task as `plan check` shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CheckedTask {
    /// Its id.
    pub id: TaskId,
    /// What it waits for, batches included.
    pub depends_on: Vec<TaskId>,
}

/// Reads and judges a text; with what is to be said about it comes the plan, if it is sound.
pub fn check<'a>(source: impl Into<PlanText<'a>>, caps: &Caps, defaults: &Defaults) -> (PlanCheck, Option<Plan>) {
    match read(source, caps, defaults).and_then(|parsed| parsed.accept(caps)) {
        Ok((plan, repairs)) => {
            let checked = |task: &super::Task| CheckedTask { id: task.id.clone(), depends_on: task.depends_on.clone() };
            let tasks = plan.tasks.iter().map(checked).collect();
            (PlanCheck { tasks, repairs, faults: Vec::new() }, Some(plan))
        }
        Err(faults) => (PlanCheck { tasks: Vec::new(), repairs: Vec::new(), faults: faults.into_vec() }, None),
    }
}
