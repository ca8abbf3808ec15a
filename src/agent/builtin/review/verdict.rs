//! PURE: all looks together, and what they come to. Only an error fails the review.

use super::patch::{self, FilePatch};
use super::{account, conflicts, leftovers, scope, secrets, weakened};
use crate::agent::{Change, Extent};
use crate::message::{CodeFile, Finding, ResultStatus, Severity, TaskMessage, TaskResult};
use crate::text::count;

/// Reviews the change for a review task, beside the account that its author left of it.
pub(in super::super) fn review(message: &TaskMessage, change: &Change, code: Option<&CodeFile>) -> TaskResult {
    let files = patch::read(&change.patch);
    let mut findings: Vec<Finding> = account::failed(&message.dependencies).collect();
    for file in &files {
        findings.extend(conflicts::look(file));
        findings.extend(secrets::look(file));
        findings.extend(weakened::look(file, message.ticket.paths.contains(&file.path)));
        findings.extend(leftovers::look(file));
    }
    findings.extend(code.into_iter().flat_map(|code| account::look(&change.paths, code)));
    findings.extend(scope::look(&change.paths, &message.scope));
    if change.paths.is_empty() {
        findings.push(general("there is no change to review"));
    }
    if change.extent == Extent::Cut {
        findings.push(general("the change is too large to be read whole; only its beginning was looked at"));
    }
    // Worst first; within, in the order of the patch.
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    let errors = findings.iter().filter(|finding| finding.severity == Severity::Error).count();
    let status = if errors == 0 { ResultStatus::Done } else { ResultStatus::Failed };
    TaskResult { status, summary: summary(change, &files, &findings, errors), findings, ..TaskResult::default() }
}

/// A finding in a file.
pub(super) fn found(severity: Severity, file: &FilePatch, line: impl Into<Option<u32>>, text: String) -> Finding {
    Finding { file: Some(file.path.clone()), line: line.into(), severity, text }
}

fn general(text: &str) -> Finding {
    Finding { file: None, line: None, severity: Severity::Warning, text: text.to_owned() }
}

fn summary(change: &Change, files: &[FilePatch], findings: &[Finding], errors: usize) -> String {
    let lines = |side: fn(&FilePatch) -> usize| files.iter().map(side).sum::<usize>();
    let (added, removed) = (lines(|file| file.added.len()), lines(|file| file.removed.len()));
    let read = format!("Read a change of {} (+{added} -{removed}).", count(change.paths.len(), "file"));
    let Some(worst) = findings.first() else {
        return format!(
            "{read} No conflict mark, secret, weakened test, file outside the scope or leftover of debugging was found."
        );
    };
    let place = match (&worst.file, worst.line) {
        (Some(file), Some(line)) => format!(" ({file}:{line})"),
        (Some(file), None) => format!(" ({file})"),
        (None, _) => String::new(),
    };
    let warnings = count(findings.len() - errors, "warning");
    format!("{read} Found {} and {warnings}. First: {}{place}.", count(errors, "error"), worst.text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::sample;

    fn change(patch: &str, paths: &[&str]) -> Change {
        let paths = paths.iter().map(|path| (*path).to_owned()).collect();
        Change { patch: patch.to_owned(), paths, extent: Extent::Whole }
    }

    #[test]
    fn a_clean_change_passes_and_says_what_was_looked_at() {
        let patch = "diff --git a/a.rs b/a.rs\n--- a/a.rs\n+++ b/a.rs\n@@ -1 +1 @@\n-a\n+b\n";
        let result = review(&sample::message(), &change(patch, &["a.rs"]), None);
        assert_eq!(result.status, ResultStatus::Done);
        assert!(result.summary.starts_with("Read a change of 1 file (+1 -1). No conflict mark"), "{}", result.summary);
    }

    #[test]
    fn an_error_fails_the_review_and_a_warning_does_not() {
        let patch =
            |line: &str| format!("diff --git a/a.rs b/a.rs\n--- a/a.rs\n+++ b/a.rs\n@@ -1 +1,2 @@\n a\n+{line}\n");
        let bad = review(&sample::message(), &change(&patch("#[ignore]"), &["a.rs"]), None);
        assert_eq!((bad.status, bad.findings[0].line), (ResultStatus::Failed, Some(2)));
        let doubtful = review(&sample::message(), &change(&patch("dbg!(x)"), &["a.rs"]), None);
        assert_eq!((doubtful.status, doubtful.findings.len()), (ResultStatus::Done, 1));
    }

    #[test]
    fn nothing_to_review_is_said() {
        let result = review(&sample::message(), &Change::default(), None);
        assert_eq!(result.status, ResultStatus::Done);
        assert_eq!(result.findings[0].text, "there is no change to review");
        let cut = Change { extent: Extent::Cut, ..change("", &["a"]) };
        assert!(review(&sample::message(), &cut, None).summary.contains("only its beginning"));
    }
}
