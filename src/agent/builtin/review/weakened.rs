//! PURE: tests that were switched off, narrowed, emptied or removed.

use super::patch::{FilePatch, Line};
use super::verdict::found;
use crate::message::{Finding, Severity};

/// Marks that switch a test off.
const OFF: [&str; 13] = [
    "#[ignore",
    "@pytest.mark.skip",
    "@pytest.mark.xfail",
    "@unittest.skip",
    "pytest.skip(",
    "it.skip(",
    "test.skip(",
    "describe.skip(",
    "xit(",
    "xdescribe(",
    "t.Skip(",
    "t.SkipNow(",
    "@Disabled",
];
/// Marks that leave all other tests out.
const ONLY: [&str; 5] = ["it.only(", "test.only(", "describe.only(", "fit(", "fdescribe("];
/// What a test's claims look like.
const CLAIMS: [&str; 8] =
    ["assert", "expect(", "should.", "require.", "t.Error", "t.Fatal", "#[should_panic", "pytest.raises"];

/// `is_named` says whether the ticket names the file: then removing it was asked for.
pub(super) fn look(file: &FilePatch, is_named: bool) -> Vec<Finding> {
    let mut findings = Vec::new();
    for line in &file.added {
        let mut report = |mark: &str, what: &str| {
            findings.push(found(Severity::Error, file, line.number, format!("`{mark}` {what}")));
        };
        if let Some(mark) = marked(&OFF, &line.text) {
            report(mark, "switches a test off");
        } else if let Some(mark) = marked(&ONLY, &line.text) {
            report(mark, "leaves all other tests out");
        }
    }
    if !is_test(&file.path) {
        return findings;
    }
    if file.deleted {
        if !is_named {
            findings.push(found(Severity::Error, file, None, "a test file was removed".to_owned()));
        }
    } else {
        let (before, after) = (claims(&file.removed), claims(&file.added));
        if before > after {
            let text = format!("it claims less: {before} lines with assertions were removed, {after} added");
            findings.push(found(Severity::Warning, file, file.removed.first().map(|line| line.number), text));
        }
    }
    findings
}

/// The mark that stands in the text as a word of its own.
fn marked<'a>(marks: &[&'a str], text: &str) -> Option<&'a str> {
    let is_word = |at: usize| !text[..at].ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '"'));
    marks.iter().copied().find(|mark| text.match_indices(mark).any(|(at, _)| is_word(at)))
}

fn claims(lines: &[Line]) -> usize {
    lines.iter().filter(|line| CLAIMS.iter().any(|claim| line.text.contains(claim))).count()
}

/// By the names that languages give their test files.
pub(super) fn is_test(path: &str) -> bool {
    let path = path.to_ascii_lowercase();
    let (folders, name) = path.rsplit_once('/').unwrap_or(("", &path));
    let stem = name.split_once('.').map_or(name, |(stem, _)| stem);
    folders.split('/').any(|folder| matches!(folder, "test" | "tests" | "__tests__" | "spec" | "specs"))
        || stem.starts_with("test_")
        || stem.ends_with("_test")
        || stem.ends_with("_tests")
        || matches!(stem, "test" | "tests")
        || name.contains(".test.")
        || name.contains(".spec.")
}

#[cfg(test)]
mod tests {
    use super::super::patch::samples::{added, numbered};
    use super::*;

    #[test]
    fn a_test_that_is_switched_off_or_alone_is_an_error() {
        for line in [
            "#[ignore = \"flaky\"]",
            "    it.skip('x', () => {",
            "@pytest.mark.skip",
            "describe.only('y'",
            "  fit('x')",
        ] {
            assert_eq!(look(&added("a", &[line]), false)[0].severity, Severity::Error, "{line}");
        }
        for line in ["let profit(x)", "exit(1)", "// see `#![ignored]`", "await submit.skip(3)"] {
            assert!(look(&added("a", &[line]), false).is_empty(), "{line}");
        }
    }

    #[test]
    fn a_test_file_that_goes_or_claims_less_is_found() {
        let mut file = added("tests/a_test.py", &["x = 1"]);
        file.removed = numbered(&["assert x == 1", "assert y"]);
        assert_eq!(look(&file, false)[0].severity, Severity::Warning);
        file.deleted = true;
        assert_eq!(look(&file, false)[0].severity, Severity::Error);
        assert!(look(&file, true).is_empty());
    }

    #[test]
    fn test_files_are_known_by_their_names() {
        for path in ["tests/a.rs", "a/test_b.py", "x_test.go", "a.spec.ts", "src/__tests__/b.js", "src/tests.rs"] {
            assert!(is_test(path), "{path}");
        }
        for path in ["src/contest.rs", "latest/a.py", "src/stats.rs"] {
            assert!(!is_test(path), "{path}");
        }
    }
}
