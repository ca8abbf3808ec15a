//! What the checks prove of a task, and what its tasks' ends make of a run.

use super::checks::{Proof, prove};
use super::rework::says_no;
use super::seeded::{Bug, seeded};
use crate::event::{CheckOutcome, Failure, FailureClass, ReviewTerms, RunVerdict, Verdict};
use crate::message::{ResultStatus, Score, TaskResult};
use crate::plan::{Check, Role};

/// What follows for an attempt once all its checks are in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Judgement {
    /// The task succeeds with this verdict.
    Accepted(Verdict),
    /// The attempt failed.
    Refused(Failure),
}

/// Judges an attempt: `claim` is what the agent says, `checks` what we saw as (check, before, after).
///
/// Only a check that went from red to green outweighs an agent that says it failed; an agent that says it is done
/// outweighs nothing. A review that says no is taken at its word, whatever its status says: `review` says what is a no.
pub fn judge(
    role: Role,
    claim: &TaskResult,
    review: Option<&ReviewTerms>,
    checks: &[(&Check, &CheckOutcome, &CheckOutcome)],
) -> Judgement {
    let proofs: Vec<(Proof, &Check, &CheckOutcome)> =
        checks.iter().map(|(check, before, after)| (prove(check.expect, before, after), *check, *after)).collect();
    let broken: Vec<_> = proofs.iter().filter(|(proof, ..)| *proof == Proof::Broken).collect();
    if !broken.is_empty() && !seeded(Bug::BelievesTheAgent) {
        let seen: Vec<String> =
            broken.iter().map(|(_, check, after)| format!("check `{}` is red\n{}", check.name, after.tail)).collect();
        return Judgement::Refused(Failure::new(FailureClass::Rejected, &seen.join("\n")));
    }
    let has = |wanted: Proof| proofs.iter().any(|(proof, ..)| *proof == wanted);
    if says_no(role, claim, review) {
        return Judgement::Refused(Failure::new(FailureClass::Reported, &the_no(claim, review)));
    }
    if claim.status == ResultStatus::Failed && !has(Proof::Fixed) {
        let words = if claim.summary.is_empty() { "the agent says that it failed" } else { &claim.summary };
        return Judgement::Refused(Failure::new(FailureClass::Reported, words));
    }
    Judgement::Accepted(if has(Proof::Fixed) {
        Verdict::Verified
    } else if has(Proof::Vacuous) {
        Verdict::Vacuous
    } else if has(Proof::Kept) {
        Verdict::RegressionOnly
    } else if !proofs.is_empty() {
        Verdict::Inconclusive
    } else if role.is_read_only() {
        Verdict::Verified
    } else {
        Verdict::Unchecked
    })
}

/// A review's no in one sentence or two, for people.
fn the_no(claim: &TaskResult, review: Option<&ReviewTerms>) -> String {
    let least = review.map_or(Score::ZERO, |terms| terms.threshold);
    let no = match claim.score {
        Some(score) if score < least => {
            format!("the review asks for changes: its score is {score}, and {least} is needed")
        }
        Some(score) => format!("the review asks for changes, with a score of {score}"),
        None => "the review asks for changes".to_owned(),
    };
    // Where there is room for one line, it is the last.
    if claim.summary.is_empty() { no } else { format!("{}\n{no}", claim.summary) }
}

/// What the ends of all tasks make of the run, by the order in `docs/exit-codes.md`.
///
/// `failed` holds the classes of failed tasks; `verdicts` those of succeeded ones; `refused` says whether a person
/// refused the plan or a task; `final_broken` whether a final check is red.
pub fn run_verdict(failed: &[FailureClass], verdicts: &[Verdict], ends: RunEnds) -> RunVerdict {
    let any = |wanted: &[FailureClass]| failed.iter().any(|class| wanted.contains(class));
    if any(&[FailureClass::BudgetExhausted]) {
        RunVerdict::Exhausted
    } else if ends.refused || any(&[FailureClass::PolicyDenied]) {
        RunVerdict::Denied
    } else if !seeded(Bug::ForgetsWhoseFault)
        && any(&[
            FailureClass::Auth,
            FailureClass::Quota,
            FailureClass::Unusable,
            FailureClass::Transient,
            FailureClass::RateLimited,
        ])
    {
        RunVerdict::Unusable
    } else if failed.iter().any(|class| *class != FailureClass::Rejected) {
        RunVerdict::Failed
    } else if !failed.is_empty()
        || ends.final_broken
        || verdicts.iter().any(|verdict| !counts(*verdict, ends.allow_unchecked))
    {
        RunVerdict::Unverified
    } else {
        RunVerdict::Success
    }
}

/// What else decides over a run, beside its tasks.
#[derive(Debug, Clone, Copy, Default)]
pub struct RunEnds {
    /// A person refused the plan or a task.
    pub refused: bool,
    /// A final check is red.
    pub final_broken: bool,
    /// `verify.unchecked: allow`.
    pub allow_unchecked: bool,
}

fn counts(verdict: Verdict, allow_unchecked: bool) -> bool {
    verdict.is_verified() || seeded(Bug::TakesDoubtForProof) || allow_unchecked && verdict == Verdict::Unchecked
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::CheckStatus;
    use crate::ids::CheckName;
    use crate::plan::{CheckKind, Expect};

    fn check(expect: Expect) -> Check {
        Check {
            name: CheckName::new("unit").unwrap(),
            run: vec!["true".to_owned()],
            timeout: None,
            expect,
            kind: CheckKind::Suite,
        }
    }

    fn colour(status: CheckStatus) -> CheckOutcome {
        CheckOutcome { status, exit: None, ms: 0, failing: None, tests: None, tail: "tail".to_owned() }
    }

    fn claim(status: ResultStatus) -> TaskResult {
        TaskResult { status, ..TaskResult::default() }
    }

    #[test]
    fn a_done_with_a_red_check_is_refused() {
        let check = check(Expect::Change);
        let (red, after) = (colour(CheckStatus::Red), colour(CheckStatus::Red));
        let judgement = judge(Role::Implement, &claim(ResultStatus::Done), None, &[(&check, &red, &after)]);
        assert!(matches!(judgement, Judgement::Refused(failure) if failure.class == FailureClass::Rejected));
    }

    #[test]
    fn a_failed_with_a_check_turned_green_is_accepted() {
        let check = check(Expect::Change);
        let (red, green) = (colour(CheckStatus::Red), colour(CheckStatus::Green));
        let judgement = judge(Role::Implement, &claim(ResultStatus::Failed), None, &[(&check, &red, &green)]);
        assert_eq!(judgement, Judgement::Accepted(Verdict::Verified));
    }

    #[test]
    fn a_failed_with_nothing_but_an_old_green_stays_failed() {
        let check = check(Expect::Keep);
        let green = colour(CheckStatus::Green);
        let judgement = judge(Role::Implement, &claim(ResultStatus::Failed), None, &[(&check, &green, &green)]);
        assert!(matches!(judgement, Judgement::Refused(failure) if failure.class == FailureClass::Reported));
    }

    #[test]
    fn without_a_check_work_is_unchecked_and_reading_is_verified() {
        assert_eq!(
            judge(Role::Implement, &claim(ResultStatus::Done), None, &[]),
            Judgement::Accepted(Verdict::Unchecked)
        );
        assert_eq!(judge(Role::Review, &claim(ResultStatus::Done), None, &[]), Judgement::Accepted(Verdict::Verified));
    }

    #[test]
    fn the_worst_end_names_the_run() {
        use FailureClass::{Auth, BudgetExhausted, Exited, PolicyDenied, Rejected};
        let ends = RunEnds::default();
        let table: [(&[FailureClass], RunVerdict); 6] = [
            (&[], RunVerdict::Success),
            (&[Rejected], RunVerdict::Unverified),
            (&[Rejected, Exited], RunVerdict::Failed),
            (&[Exited, Auth], RunVerdict::Unusable),
            (&[Auth, PolicyDenied], RunVerdict::Denied),
            (&[PolicyDenied, BudgetExhausted], RunVerdict::Exhausted),
        ];
        for (failed, verdict) in table {
            assert_eq!(run_verdict(failed, &[Verdict::Verified], ends), verdict, "{failed:?}");
        }
        assert_eq!(run_verdict(&[], &[Verdict::Unchecked], ends), RunVerdict::Unverified);
        let allowed = RunEnds { allow_unchecked: true, ..ends };
        assert_eq!(run_verdict(&[], &[Verdict::Unchecked], allowed), RunVerdict::Success);
        assert_eq!(run_verdict(&[], &[Verdict::Vacuous], allowed), RunVerdict::Unverified);
    }
}
