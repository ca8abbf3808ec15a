//! Recognises files of other tools by fields that our plans have no use for.

use crate::plan::fault::Fault;
use crate::plan::json::{Json, Reader};

/// Lines that are tried before a text is held not to have one issue to a line.
const TRIED: usize = 64;

/// Whose file a value looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::plan) enum Likeness {
    Taskmaster,
    Beads,
}

/// Whose file it looks like, if another tool's.
pub(in crate::plan) fn likeness(json: &Json) -> Option<Likeness> {
    match json {
        Json::List(items) => {
            if items.iter().any(is_issue) {
                return Some(Likeness::Beads);
            }
            are_tasks(items).then_some(Likeness::Taskmaster)
        }
        Json::Object(_) if is_issue(json) => Some(Likeness::Beads),
        Json::Object(entries) => {
            let is_theirs = match json.get("tasks") {
                Some(Json::List(tasks)) => !is_ours(json) && are_tasks(tasks),
                Some(_) => false,
                None => !is_ours(json) && entries.iter().any(|(_, tag)| is_tag(tag)),
            };
            is_theirs.then_some(Likeness::Taskmaster)
        }
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::Text(_) => None,
    }
}

/// For who takes plans of ours only: a fault that names the tool a value comes from.
pub(in crate::plan) fn fault(json: &Json) -> Option<Fault> {
    let what = match likeness(json)? {
        Likeness::Taskmaster => "a Taskmaster tasks.json",
        Likeness::Beads => "beads issues",
    };
    let fault = Fault::new("$", format!("this looks like {what}; it is not a plan that can be run"));
    Some(fault.hint("a plan has tasks with id, title, role, instructions and depends_on"))
}

/// Whether a text has one beads issue to a line. The first line that is a whole object and nothing more tells; the items
/// of a list may stand on lines of their own as well, but with commas after them and a bracket at the end.
pub(in crate::plan) fn is_issue_lines(text: &str) -> bool {
    let lines = || text.trim_start_matches('\u{feff}').lines().map(str::trim).filter(|line| !line.is_empty());
    if lines().next_back().is_none_or(|last| last.starts_with([']', '}'])) {
        return false;
    }
    lines().filter(|line| line.starts_with('{')).take(TRIED).find_map(is_issue_line).unwrap_or(false)
}

/// Of a line that is an object; none of one that tells nothing.
fn is_issue_line(line: &str) -> Option<bool> {
    let mut reader = Reader::new(line, 0, line.len());
    let json = reader.value().ok()?;
    match line[reader.at..].trim_start() {
        "" => Some(is_line(&json)),
        rest => rest.starts_with(',').then_some(false),
    }
}

/// A tag of a Taskmaster file.
pub(super) fn is_tag(json: &Json) -> bool {
    match json.get("tasks") {
        Some(Json::List(tasks)) => are_tasks(tasks) || (tasks.is_empty() && json.get("metadata").is_some()),
        Some(_) => json.get("metadata").is_some(),
        None => false,
    }
}

fn is_ours(json: &Json) -> bool {
    ["schema", "goal", "batches", "subtasks"].iter().any(|key| json.get(key).is_some())
}

/// A role is what only our tasks have, so with one of them none is another's.
fn are_tasks(tasks: &[Json]) -> bool {
    !tasks.iter().any(|task| task.get("role").is_some()) && tasks.iter().any(is_task)
}

fn is_task(task: &Json) -> bool {
    let has = |key| task.get(key).is_some();
    has("title") && ["status", "testStrategy", "details", "subtasks"].into_iter().any(has)
}

fn is_issue(issue: &Json) -> bool {
    let has = |key| issue.get(key).is_some();
    has("_type") || (has("issue_type") && has("status"))
}

/// On a line of its own fewer marks tell enough, for no plan stands so.
fn is_line(json: &Json) -> bool {
    let has = |key| json.get(key).is_some();
    is_issue(json)
        || (has("id") && has("title") && !has("tasks") && !has("role") && (has("status") || has("issue_type")))
}
