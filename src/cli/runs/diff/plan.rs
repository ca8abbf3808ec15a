//! Two plans compared, task by task and field by field.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value;

use crate::ids::TaskId;
use crate::plan::{Plan, Task};

/// Fields that say which plan it is and where it came from, not what is to be done.
const IDENTITY: [&str; 6] = ["plan_id", "created_at", "base", "planned_by", "repairs", "tasks"];

/// In what two plans differ.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(super) struct PlanDiff {
    /// Fields of the plan itself.
    pub(super) fields: Vec<String>,
    /// Tasks that only the second has.
    pub(super) added: Vec<TaskId>,
    /// Tasks that only the first has.
    pub(super) removed: Vec<TaskId>,
    /// Tasks that both have and that are not the same.
    pub(super) changed: Vec<TaskDiff>,
}

/// A task that is not the same in both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct TaskDiff {
    pub(super) id: TaskId,
    pub(super) fields: Vec<String>,
}

impl PlanDiff {
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A plan that is not there has no task and no field.
pub(super) fn compare(a: Option<&Plan>, b: Option<&Plan>) -> PlanDiff {
    let (first, second) = (tasks(a), tasks(b));
    let others: BTreeMap<&TaskId, &Task> = second.iter().map(|task| (&task.id, task)).collect();
    let mut changed = Vec::new();
    for task in first {
        if let Some(other) = others.get(&task.id) {
            let fields = fields(&serde_json::to_value(task), &serde_json::to_value(other));
            if !fields.is_empty() {
                changed.push(TaskDiff { id: task.id.clone(), fields });
            }
        }
    }
    let only = |these: &[Task], those: &[Task]| -> Vec<TaskId> {
        let known: BTreeSet<&TaskId> = those.iter().map(|task| &task.id).collect();
        these.iter().map(|task| &task.id).filter(|id| !known.contains(id)).cloned().collect()
    };
    let mut of_plan = match (a, b) {
        (Some(a), Some(b)) => fields(&serde_json::to_value(a), &serde_json::to_value(b)),
        (None, _) | (_, None) => Vec::new(),
    };
    of_plan.retain(|field| !IDENTITY.contains(&field.as_str()));
    PlanDiff { fields: of_plan, added: only(second, first), removed: only(first, second), changed }
}

fn tasks(plan: Option<&Plan>) -> &[Task] {
    plan.map_or(&[], |plan| &plan.tasks)
}

/// The fields in which two objects differ. What has no JSON cannot have been read from a journal.
fn fields(a: &serde_json::Result<Value>, b: &serde_json::Result<Value>) -> Vec<String> {
    let (Ok(Value::Object(a)), Ok(Value::Object(b))) = (a, b) else { return Vec::new() };
    let names: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
    names.into_iter().filter(|name| a.get(*name) != b.get(*name)).cloned().collect()
}
