//! The files that the steps of `plan-code-review` hand on, as this agent writes and reads them: nothing in them is made up.

use std::path::Path;

use serde::Serialize;

use super::super::job::Job;
use super::super::records::{self, RecordError, chain};
use super::research::Research;
use crate::message::{
    CodeFile, Handed, HandedKind, PlanFile, PlanPath, PlanStep, ReviewFile, ReviewVerdict, TaskMessage, TaskResult,
};
use crate::sys::fs;
use crate::text::{clip, printable};

/// Most entries of a list.
const MOST: usize = 50;
/// Longest text of one, in bytes.
const LONGEST: usize = 500;

/// What the steps before left. What cannot be read is said, never passed over.
#[derive(Debug, Default)]
pub(super) struct Before {
    pub(super) plan: Option<PlanFile>,
    pub(super) code: Option<CodeFile>,
    pub(super) unread: Vec<String>,
}

impl Before {
    /// Reads the files that the message names, where the job says they are.
    pub(super) fn read(job: &Job) -> Self {
        let mut before = Self::default();
        for note in job.message.dependencies.iter().flat_map(|dependency| &dependency.artifacts) {
            let name = Path::new(&note.path).file_name();
            let Some(kind) = [HandedKind::Plan, HandedKind::Code].into_iter().find(|kind| {
                // Another task's file of that name is not meant for us: the first step's lies right in its folder.
                name.is_some_and(|name| name == kind.file()) && Path::new(&note.path).components().count() == 2
            }) else {
                continue;
            };
            let read = fs::read(&job.inputs.join(&note.path), HandedKind::MAX_BYTES);
            match read.map_err(|error| chain(&error)).and_then(|bytes| kind.read(&bytes).map_err(|error| chain(&error)))
            {
                Ok(Handed::Plan(plan)) => before.plan = Some(plan),
                Ok(Handed::Code(code)) => before.code = Some(code),
                Ok(Handed::Review(_)) => {}
                Err(why) => before.unread.push(format!("{}: {why}", printable(&note.path, 200))),
            }
        }
        before
    }
}

/// Whether the task is to leave this file.
pub(super) fn is_wanted(message: &TaskMessage, kind: HandedKind) -> bool {
    message.artifacts.iter().any(|path| HandedKind::promised(message.role, path) == Some(kind))
}

/// Leaves a file where the run collects it.
pub(super) fn leave(job: &Job, kind: HandedKind, file: &impl Serialize) -> Result<(), RecordError> {
    Ok(fs::write(&job.artifacts.join(kind.file()), &records::json(file)?)?)
}

/// PURE: the plan that follows from the ticket's own diffs and criteria, and from what the search found.
pub(super) fn plan(message: &TaskMessage, research: &Research) -> PlanFile {
    let ticket = &message.ticket;
    let total = ticket.diffs.len();
    let mut steps: Vec<PlanStep> = (1..)
        .zip(&ticket.diffs)
        .take(MOST)
        .map(|(number, diff)| PlanStep {
            text: format!("Apply diff {number} of {total} of the ticket"),
            files: files_of(diff),
        })
        .collect();
    if steps.is_empty() {
        let text = format!("Make the change that the ticket asks for: {}", printable(&ticket.title, 200));
        steps.push(PlanStep { text, files: Vec::new() });
    }
    let criteria = ticket.acceptance.iter().take(MOST);
    steps.extend(criteria.map(|criterion| PlanStep {
        text: format!("See that this holds: {}", clip(&printable(criterion, LONGEST), LONGEST)),
        files: Vec::new(),
    }));
    let found = research.result.findings.iter();
    let files = found
        .filter_map(|finding| Some(PlanPath { path: finding.file.clone()?, why: finding.text.clone() }))
        .take(MOST)
        .collect();
    let mut risks = Vec::new();
    if research.result.findings.is_empty() {
        risks.push("No file of the project fits what the ticket names.".to_owned());
    }
    if total == 0 {
        risks.push("The ticket brings no diff: the change has yet to be found.".to_owned());
    }
    PlanFile::new(research.result.summary.clone(), steps, files, risks)
}

/// PURE: the account of a change, held against the plan where there is one.
pub(super) fn code(message: &TaskMessage, result: &TaskResult, before: &Before) -> CodeFile {
    let checks: Vec<&str> = message.checks.iter().map(crate::ids::CheckName::as_str).collect();
    let tested = match checks.as_slice() {
        [] => "Nothing was run, and no check decides over this task.".to_owned(),
        checks => format!("Nothing was run here: after this, orchestra runs {}.", checks.join(", ")),
    };
    let mut departures: Vec<String> = before.unread.clone();
    if let Some(plan) = &before.plan {
        let strange = result.files.iter().filter(|path| !plan.names(path));
        departures.extend(strange.map(|path| format!("{path} was changed, and the plan does not name it")));
        let left = plan.steps.iter().flat_map(|step| &step.files).filter(|path| !result.files.contains(path));
        departures.extend(left.map(|path| format!("{path} is in a step of the plan, and was not changed")));
    }
    departures.truncate(MOST);
    CodeFile::new(result.summary.clone(), result.files.clone(), vec![tested], departures)
}

/// PURE: a review's result as its file.
pub(super) fn review(result: &TaskResult) -> ReviewFile {
    let verdict = if result.status.is_done() { ReviewVerdict::Approve } else { ReviewVerdict::RequestChanges };
    ReviewFile::new(verdict, result.summary.clone(), result.findings.clone())
}

/// The files a diff changes, by the pairs of lines that name them.
fn files_of(diff: &str) -> Vec<String> {
    let lines: Vec<&str> = diff.lines().collect();
    let mut files: Vec<String> = lines
        .windows(2)
        .filter_map(|pair| {
            let (old, new) = (pair.first()?.strip_prefix("--- ")?, pair.get(1)?.strip_prefix("+++ ")?);
            let path = |side: &str, mark: &str| {
                let path = side.split('\t').next().unwrap_or(side).trim_end();
                path.strip_prefix(mark).unwrap_or(path).to_owned()
            };
            Some(if new.starts_with("/dev/null") { path(old, "a/") } else { path(new, "b/") })
        })
        .collect();
    files.sort();
    files.dedup();
    files.truncate(MOST);
    files
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::sample;
    use crate::message::{Finding, Severity};

    #[test]
    fn the_files_of_a_diff_are_those_its_headers_name() {
        let diff = "--- a/src/a.rs\t2026\n+++ b/src/a.rs\n@@ -1 +1 @@\n---- x\n-old\n+new\n--- a/gone\n+++ /dev/null\n";
        assert_eq!(files_of(diff), ["gone", "src/a.rs"]);
    }

    #[test]
    fn what_the_change_did_beside_the_plan_is_said() {
        let mut message = sample::message();
        message.ticket.diffs = vec!["--- a/src/a.rs\n+++ b/src/a.rs\n".to_owned()];
        let finding = |path: &str| Finding {
            file: Some(path.to_owned()),
            line: None,
            severity: Severity::Info,
            text: "says median".to_owned(),
        };
        let result = TaskResult { findings: vec![finding("src/b.rs")], ..TaskResult::default() };
        let plan = plan(&message, &Research { result, notes: String::new() });
        assert_eq!(
            (plan.steps[0].files.as_slice(), plan.files[0].path.as_str()),
            (&["src/a.rs".to_owned()][..], "src/b.rs")
        );
        let before = Before { plan: Some(plan), ..Before::default() };
        let files = vec!["src/b.rs".to_owned(), "src/c.rs".to_owned()];
        let code = code(&message, &TaskResult { files, ..TaskResult::default() }, &before);
        assert_eq!(
            code.departures,
            [
                "src/c.rs was changed, and the plan does not name it",
                "src/a.rs is in a step of the plan, and was not changed"
            ]
        );
        assert_eq!(code.tested, ["Nothing was run, and no check decides over this task."]);
    }
}
