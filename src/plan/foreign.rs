//! Recognises files of other tools, so that their owner is told what they are rather than what they lack.

use super::fault::Fault;
use super::json::Json;

/// A fault that names the tool a value comes from, if it is known.
pub(super) fn fault(json: &Json) -> Option<Fault> {
    let what = likeness(json)?;
    let fault = Fault::new("$", format!("this looks like {what}; it is not a plan that can be run"));
    Some(fault.hint("a plan has tasks with id, title, role, instructions and depends_on"))
}

fn likeness(json: &Json) -> Option<&'static str> {
    match json {
        Json::List(items) => {
            let first = items.first()?;
            is_bead(first).then_some(BEADS).or_else(|| is_taskmaster(first).then_some(TASKMASTER))
        }
        Json::Object(entries) => {
            if is_bead(json) {
                return Some(BEADS);
            }
            // Plain, or one list per tag.
            let lists = json.get("tasks").into_iter().chain(entries.iter().filter_map(|(_, tag)| tag.get("tasks")));
            lists
                .into_iter()
                .any(|list| match list {
                    Json::List(tasks) => tasks.first().is_some_and(is_taskmaster),
                    Json::Null | Json::Bool(_) | Json::Number(_) | Json::Text(_) | Json::Object(_) => false,
                })
                .then_some(TASKMASTER)
        }
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::Text(_) => None,
    }
}

const TASKMASTER: &str = "a Taskmaster tasks.json";
const BEADS: &str = "a beads issues.jsonl";

/// The marks are fields that our plans have no use for.
fn is_taskmaster(task: &Json) -> bool {
    let has = |key| task.get(key).is_some();
    !has("role") && has("title") && has("status") && (has("testStrategy") || has("subtasks") || has("dependencies"))
}

fn is_bead(issue: &Json) -> bool {
    issue.get("_type").is_some_and(|kind| *kind == Json::Text("issue".to_owned()))
        || (issue.get("issue_type").is_some() && issue.get("status").is_some())
}
