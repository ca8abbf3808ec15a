//! PURE: telling "the tool is not there" from "the tool says no".

/// What shells, package runners and build tools exit with when a program is not found (POSIX, "Command Search").
const NOT_FOUND: i32 = 127;

/// Lines that only a missing tool gives, by their tool's own wording.
const PHRASES: [&str; 12] = [
    "error: no such command: `",
    "error: no such subcommand: `",
    "No module named pytest",
    "No module named unittest",
    "No module named tox",
    "No module named nox",
    "npm error Missing script: ",
    "npm ERR! Missing script: ",
    "npm ERR! missing script: ",
    "make: *** No rule to make target '",
    "rustup could not choose a version of ",
    "is not installed for the toolchain '",
];

/// Whether a check that ended with `code` and printed this failed for want of a tool.
pub(super) fn is_missing(code: i32, said: &[&str]) -> bool {
    code == NOT_FOUND || (code != 0 && said.iter().any(|text| text.lines().any(is_about_a_tool)))
}

fn is_about_a_tool(line: &str) -> bool {
    let line = line.trim();
    // Of make, only the goal itself: a rule missing further down has a "needed by" and is the project's fault.
    PHRASES.iter().any(|phrase| line.contains(phrase)) && !line.contains("needed by")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_goal_is_a_missing_tool_and_a_missing_part_is_not() {
        assert!(is_missing(2, &["make: *** No rule to make target 'test'.  Stop."]));
        assert!(!is_missing(2, &["make: *** No rule to make target 'a.c', needed by 'a.o'.  Stop."]));
        assert!(!is_missing(1, &["assertion failed"]));
    }
}
