//! Which checks decide over a task, and what one check's colours before and after prove.

use crate::event::{CheckOutcome, CheckStatus};
use crate::ids::Digest;
use crate::plan::{Check, CheckRef, Expect, Role, Task};

/// The identity of what a check executes: its argv and its time limit. Name and expectation say how the outcome
/// is read, not what runs, so two names for one command share an outcome.
pub fn check_identity(check: &Check) -> Digest {
    let mut text = String::new();
    for arg in &check.run {
        text.push_str(arg);
        text.push('\0');
    }
    if let Some(timeout) = check.timeout {
        text.push('\0');
        text.push_str(&timeout.to_string());
    }
    Digest::of(text.as_bytes())
}

/// The checks that decide over `task`, of its own or of the project's `catalogue`.
///
/// A task that names none is held to the project's: an implement task to all of them as `keep` (what it was asked
/// may need a later task to turn the suite green), a test task as they are declared. Research and review are held to
/// none: a valid result and an unchanged tree decide.
pub fn checks_of(task: &Task, catalogue: &[Check]) -> Vec<Check> {
    match (&task.checks, task.role) {
        (Some(named), _) => named
            .iter()
            .filter_map(|check| match check {
                CheckRef::Own(check) => Some(check.clone()),
                CheckRef::Named(name) => catalogue.iter().find(|check| check.name == *name).cloned(),
            })
            .collect(),
        (None, Role::Research | Role::Review) => Vec::new(),
        (None, Role::Implement) => {
            catalogue.iter().map(|check| Check { expect: Expect::Keep, ..check.clone() }).collect()
        }
        (None, Role::Test) => catalogue.to_vec(),
    }
}

/// What one check proves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// Red before, green after.
    Fixed,
    /// Green before and after.
    Kept,
    /// Meant to prove a change, but green before already.
    Vacuous,
    /// Red before and after, and not seen to be worse.
    StillRed,
    /// It could not run, before and after.
    Silent,
    /// Red where it must not be.
    Broken,
}

/// Holds a check's outcome after the work against the one before it.
pub fn prove(expect: Expect, before: &CheckOutcome, after: &CheckOutcome) -> Proof {
    use CheckStatus::{Empty, Green, Missing, Red};
    match (before.status, after.status, expect) {
        // A missing program may be what the work had to bring; for `keep` that it is there now says little.
        (Red, Green, _) | (Missing, Green, Expect::Change) => Proof::Fixed,
        (Green | Empty | Missing, Green, Expect::Keep) => Proof::Kept,
        // New tests beside new code pass by themselves: no proof that anything was wrong before.
        (Green | Empty, Green, Expect::Change) => Proof::Vacuous,
        (Red, Red, Expect::Keep) if !is_worse(before, after) => Proof::StillRed,
        (Empty | Missing, Empty | Missing, _) => Proof::Silent,
        (_, Red, _) | (Green | Red, Empty | Missing, _) => Proof::Broken,
    }
}

/// Whether a red outcome is seen to be worse than a red one before: a test fails that did not, or fewer tests ran.
fn is_worse(before: &CheckOutcome, after: &CheckOutcome) -> bool {
    let new_failure = match (&before.failing, &after.failing) {
        (Some(before), Some(after)) => after.iter().any(|test| !before.contains(test)),
        // Names were known before and are not now: the suite no longer gets as far.
        (Some(_), None) => true,
        (None, _) => false,
    };
    let fewer = matches!((before.tests, after.tests), (Some(before), Some(after)) if after < before);
    new_failure || fewer
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Ended;

    fn outcome(status: CheckStatus, failing: Option<&[&str]>) -> CheckOutcome {
        CheckOutcome {
            status,
            exit: Some(Ended::Code(i32::from(status != CheckStatus::Green))),
            ms: 1,
            failing: failing.map(|names| names.iter().map(|name| (*name).to_owned()).collect()),
            tests: None,
            tail: String::new(),
        }
    }

    #[test]
    fn colours_before_and_after_prove_what_they_should() {
        use CheckStatus::{Empty, Green, Missing, Red};
        let table = [
            (Expect::Change, Red, Green, Proof::Fixed),
            (Expect::Change, Green, Green, Proof::Vacuous),
            (Expect::Change, Red, Red, Proof::Broken),
            (Expect::Change, Green, Red, Proof::Broken),
            (Expect::Keep, Green, Green, Proof::Kept),
            (Expect::Keep, Red, Green, Proof::Fixed),
            (Expect::Keep, Red, Red, Proof::StillRed),
            (Expect::Keep, Green, Red, Proof::Broken),
            (Expect::Keep, Green, Empty, Proof::Broken),
            (Expect::Keep, Empty, Empty, Proof::Silent),
            (Expect::Keep, Missing, Missing, Proof::Silent),
            (Expect::Change, Empty, Green, Proof::Vacuous),
            (Expect::Keep, Empty, Red, Proof::Broken),
        ];
        for (expect, before, after, proof) in table {
            assert_eq!(
                prove(expect, &outcome(before, None), &outcome(after, None)),
                proof,
                "{expect:?} {before:?} {after:?}"
            );
        }
    }

    #[test]
    fn a_red_suite_with_a_new_failing_test_is_broken() {
        let before = outcome(CheckStatus::Red, Some(&["a"]));
        let same = outcome(CheckStatus::Red, Some(&["a"]));
        let worse = outcome(CheckStatus::Red, Some(&["a", "b"]));
        let silent = outcome(CheckStatus::Red, None);
        assert_eq!(prove(Expect::Keep, &before, &same), Proof::StillRed);
        assert_eq!(prove(Expect::Keep, &before, &worse), Proof::Broken);
        assert_eq!(prove(Expect::Keep, &before, &silent), Proof::Broken);
    }
}
