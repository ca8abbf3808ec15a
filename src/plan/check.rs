//! What `plan check` says of a text, sound or not.

use schemars::JsonSchema;
use serde::Serialize;

use super::accept::{Caps, Plan};
use super::fault::{Fault, Faults};
use super::parse::{Defaults, Parsed};
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

/// A text that was judged.
#[derive(Debug, Clone, PartialEq)]
pub struct Checked {
    /// The plan, if it is sound.
    pub plan: Option<Plan>,
    /// What was mended.
    pub repairs: Vec<Repair>,
    /// What is wrong; nothing exactly when there is a plan.
    pub faults: Vec<Fault>,
}

/// Reads and judges a text.
pub fn check<'a>(source: impl Into<PlanText<'a>>, caps: &Caps, defaults: &Defaults) -> Checked {
    Checked::of(read(source, caps, defaults), caps)
}

impl Checked {
    /// Judges what was read. The text is no longer needed, and a large one may be gone by now.
    pub fn of(read: Result<Parsed, Faults>, caps: &Caps) -> Self {
        match read.and_then(|parsed| parsed.accept(caps)) {
            Ok((plan, repairs)) => Self { plan: Some(plan), repairs, faults: Vec::new() },
            Err(faults) => faults.into(),
        }
    }

    /// The same as it is told to programs.
    pub fn said(&self) -> PlanCheck {
        let checked = |task: &super::Task| CheckedTask { id: task.id.clone(), depends_on: task.depends_on.clone() };
        let tasks = self.plan.iter().flat_map(|plan| &plan.tasks).map(checked).collect();
        PlanCheck { tasks, repairs: self.repairs.clone(), faults: self.faults.clone() }
    }
}

impl From<Faults> for Checked {
    fn from(faults: Faults) -> Self {
        Self { plan: None, repairs: Vec::new(), faults: faults.into_vec() }
    }
}
