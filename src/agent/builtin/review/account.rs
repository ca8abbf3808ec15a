//! PURE: the change beside what the steps before say of it, and what became of them.

use crate::message::{CodeFile, DependencyNote, DependencyStatus, Finding, Severity};
use crate::text::printable;

/// Most differences that are told one by one.
const MOST: usize = 20;

/// An error for each step before that failed: what it was to bring is not there.
pub(super) fn failed(dependencies: &[DependencyNote]) -> impl Iterator<Item = Finding> {
    let failed = dependencies.iter().filter(|dependency| dependency.status == DependencyStatus::Failed);
    failed.map(|dependency| {
        let why = printable(&dependency.summary, 500);
        finding(None, Severity::Error, format!("the task `{}` before this one failed: {why}", dependency.task_id))
    })
}

/// What differs between the change and the account of it.
pub(super) fn look(paths: &[String], code: &CodeFile) -> Vec<Finding> {
    let untold = paths.iter().filter(|path| !code.files.contains(path));
    let undone = code.files.iter().filter(|path| !paths.contains(path));
    let untold = untold.map(|path| (path, "it was changed, and `code.json` does not name it"));
    let undone = undone.map(|path| (path, "`code.json` says that it was changed, and it was not"));
    let mut findings: Vec<Finding> = untold
        .chain(undone)
        .map(|(path, text)| finding(Some(printable(path, 200)), Severity::Warning, text.to_owned()))
        .collect();
    let departures = code.departures.iter();
    findings
        .extend(departures.map(|text| finding(None, Severity::Info, format!("`code.json`: {}", printable(text, 500)))));
    findings.truncate(MOST);
    findings
}

fn finding(file: Option<String>, severity: Severity, text: String) -> Finding {
    Finding { file, line: None, severity, text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::TaskId;

    #[test]
    fn an_account_that_differs_from_the_change_is_doubted_and_a_failed_step_is_an_error() {
        let files = vec!["a".to_owned(), "b".to_owned()];
        let code = CodeFile::new("Done.".to_owned(), files, Vec::new(), vec!["no tests".to_owned()]);
        let found = look(&["b".to_owned(), "c".to_owned()], &code);
        let told: Vec<_> = found.iter().map(|found| (found.file.as_deref(), found.severity)).collect();
        assert_eq!(told, [(Some("c"), Severity::Warning), (Some("a"), Severity::Warning), (None, Severity::Info)]);
        let note = |status| DependencyNote {
            task_id: TaskId::new("code").unwrap(),
            status,
            summary: "exited: 3".to_owned(),
            artifacts: Vec::new(),
        };
        let notes = [note(DependencyStatus::Succeeded), note(DependencyStatus::Failed)];
        let errors: Vec<Finding> = failed(&notes).collect();
        assert_eq!(errors.len(), 1);
        assert_eq!(errors[0].text, "the task `code` before this one failed: exited: 3");
    }
}
