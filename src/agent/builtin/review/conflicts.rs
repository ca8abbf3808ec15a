//! PURE: marks that a merge left behind.

use super::patch::FilePatch;
use super::verdict::found;
use crate::message::{Finding, Severity};

/// Lines that git writes at a conflict. `=======` alone is left out: it also underlines headings.
const MARKS: [&str; 3] = ["<<<<<<< ", "||||||| ", ">>>>>>> "];

pub(super) fn look(file: &FilePatch) -> Vec<Finding> {
    let marked = file.added.iter().filter(|line| MARKS.iter().any(|mark| line.text.starts_with(mark)));
    marked.map(|line| found(Severity::Error, file, line.number, "a conflict mark was left in".to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::super::patch::samples::added;
    use super::*;

    #[test]
    fn a_conflict_mark_is_found_and_a_heading_is_not() {
        let findings = look(&added("a.md", &["Title", "=======", "<<<<<<< HEAD", "x", ">>>>>>> other"]));
        assert_eq!(findings.iter().map(|finding| finding.line).collect::<Vec<_>>(), [Some(3), Some(5)]);
    }
}
