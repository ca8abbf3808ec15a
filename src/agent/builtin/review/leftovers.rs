//! PURE: what one writes while looking for a fault and forgets.

use super::patch::FilePatch;
use super::verdict::found;
use crate::message::{Finding, Severity};

const DEBUGGING: [&str; 9] = [
    "dbg!(",
    "console.log(",
    "console.debug(",
    "debugger;",
    "breakpoint()",
    "pdb.set_trace(",
    "import pdb",
    "binding.pry",
    "var_dump(",
];

pub(super) fn look(file: &FilePatch) -> Vec<Finding> {
    let mut findings = Vec::new();
    for line in &file.added {
        if let Some(word) = DEBUGGING.iter().find(|word| line.text.contains(*word)) {
            let text = format!("`{word}` looks like a leftover of debugging");
            findings.push(found(Severity::Warning, file, line.number, text));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::super::patch::samples::added;
    use super::*;

    #[test]
    fn a_forgotten_debugger_is_found() {
        assert_eq!(look(&added("a.js", &["x();", "  debugger;"]))[0].line, Some(2));
        assert!(look(&added("a.py", &["print('result')"])).is_empty());
    }
}
