//! Short ways to write lists and to read what became of them.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::ids::PlanId;
use crate::plan::{Caps, Defaults, Plan, PlanCheck, Task, check};
use crate::time::Timestamp;

pub(super) fn defaults() -> Defaults {
    Defaults {
        plan_id: PlanId::new("OP-20261121-093312-A1B2").unwrap(),
        created_at: Timestamp::from_millis(1_795_253_592_123),
    }
}

pub(super) fn read(text: &str) -> (PlanCheck, Option<Plan>) {
    let checked = check(text, &Caps::default(), &defaults());
    (checked.said(), checked.plan)
}

#[track_caller]
pub(super) fn plan(text: &str) -> (Plan, Vec<String>) {
    let (said, plan) = read(text);
    let plan = plan.unwrap_or_else(|| panic!("{:?}", said.faults));
    (plan, said.repairs.iter().map(ToString::to_string).collect())
}

#[track_caller]
pub(super) fn refused(text: &str) -> String {
    let (said, plan) = read(text);
    assert!(plan.is_none(), "it was accepted: {text}");
    said.faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// `id after a b, id2` of a plan's tasks, in order.
pub(super) fn edges(plan: &Plan) -> String {
    let task = |task: &Task| {
        let deps: Vec<&str> = task.depends_on.iter().map(crate::ids::TaskId::as_str).collect();
        if deps.is_empty() { task.id.to_string() } else { format!("{} after {}", task.id, deps.join(" ")) }
    };
    plan.tasks.iter().map(task).collect::<Vec<_>>().join(", ")
}

pub(super) fn task<'a>(plan: &'a Plan, id: &str) -> &'a Task {
    plan.tasks.iter().find(|task| task.id.as_str() == id).unwrap()
}

/// A flat file of tasks that are pending unless they say otherwise.
pub(super) fn flat(tasks: &[Value]) -> String {
    let task = |task: &Value| {
        let mut full = json!({"title": "T", "status": "pending"});
        full.as_object_mut().unwrap().extend(task.as_object().unwrap().clone());
        full
    };
    json!({"tasks": tasks.iter().map(task).collect::<Vec<_>>()}).to_string()
}

/// Issues, one to a line, that are open unless they say otherwise; `blocks` is short for links of that type.
pub(super) fn issues(list: &[Value]) -> String {
    let mut text = String::new();
    for issue in list {
        let mut full = json!({"_type": "issue", "title": "T", "status": "open", "issue_type": "task", "priority": 2});
        full.as_object_mut().unwrap().extend(issue.as_object().unwrap().clone());
        writeln!(text, "{full}").unwrap();
    }
    text
}

pub(super) fn link(on: &str, kind: &str) -> Value {
    json!({"depends_on_id": on, "type": kind})
}
