//! A review's no: whose work it sends back, and how that work is taken up again.

use std::collections::BTreeSet;

use super::seeded::{Bug, seeded};
use super::state::{Accepted, RunState};
use super::task::{Rework, Status};
use crate::event::{Event, Failure, FailureClass, ReviewTerms};
use crate::ids::TaskId;
use crate::message::{ReviewVerdict, TaskResult};
use crate::plan::Role;

/// What a review's no takes back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SendBack {
    /// What lies on top of the work, last first: it has to go before the work can.
    pub on_top: Vec<u32>,
    /// The task whose work goes back.
    pub work: u32,
}

/// Whether a review says no by its verdict or its score, whatever its status says. What only calls itself failed does not:
/// there is nothing in it that an author could address.
pub fn says_no(role: Role, claim: &TaskResult, terms: Option<&ReviewTerms>) -> bool {
    let Some(terms) = terms else { return false };
    let poor = claim.score.is_some_and(|score| score < terms.threshold) && !seeded(Bug::TakesAnyScore);
    role == Role::Review && (claim.verdict == Some(ReviewVerdict::RequestChanges) || poor)
}

impl RunState {
    /// The work that the no of a review sends back. Nothing where it gave none, where it has sent back as often as it may,
    /// where no more work is begun, or where the work cannot be taken up again: other work was put on top of it that the
    /// review has no part in.
    pub fn send_back(&self, review: u32) -> Option<SendBack> {
        let terms = self.terms.review?;
        let accepted = self.accepted.as_ref()?;
        let task = self.task(review)?;
        let said_no = matches!(task.status, Status::Exhausted { .. })
            && task.refusal.is_some()
            && task.failure.as_ref().is_some_and(|failure| failure.class == FailureClass::Reported);
        let may = task.reworks < terms.reworks || seeded(Bug::ForgetsTheReworkBound);
        let goes_on = accepted.first_failure.is_none() || self.terms.continue_on_error;
        if !said_no || task.sent_back || !may || !goes_on {
            return None;
        }
        let role = |task: u32| accepted.plan.tasks[task as usize].role;
        let reviewed = accepted.ancestors(review);
        let at = accepted.chain.iter().rposition(|task| reviewed.contains(task) && role(*task) == Role::Implement)?;
        let on_top = &accepted.chain[at + 1..];
        let free = on_top.iter().all(|task| role(*task).is_read_only() || reviewed.contains(task));
        let on_top = on_top.iter().rev().copied().collect();
        (free || seeded(Bug::TakesBackWorkOfOthers)).then(|| SendBack { on_top, work: accepted.chain[at] })
    }

    /// A review's own words stay when its attempt is over: they are what the work it sends back is to address.
    pub(super) fn keep_a_no(&mut self, ordinal: u32, failure: &Failure) {
        let terms = self.terms.review;
        let Some(accepted) = &mut self.accepted else { return };
        let role = accepted.plan.tasks[ordinal as usize].role;
        let task = &mut accepted.tasks[ordinal as usize];
        let Status::Checking { claim, .. } = &task.status else { return };
        let no = failure.class == FailureClass::Reported && says_no(role, claim, terms.as_ref());
        task.refusal = no.then(|| claim.clone());
    }

    /// A task runs again: by itself, or because the review `by` sent its work back.
    pub(super) fn task_reopened(&mut self, event: &Event, by: Option<&TaskId>) -> Result<(), String> {
        let (accepted, ordinal) = self.of_task(event)?;
        let Some(by) = by else { return accepted.task_reopened(ordinal) };
        let review = accepted.ordinal(by)?;
        if !self.is_idle() {
            return Err("work goes back only while no task runs".to_owned());
        }
        match self.send_back(review) {
            Some(due) if due.work == ordinal && due.on_top.is_empty() => {}
            Some(_) => return Err(format!("`{by}` sends back other work, or other work lies on top of it")),
            None => return Err(format!("`{by}` sends nothing back")),
        }
        let (accepted, _) = self.of_task(event)?;
        accepted.task_reopened(ordinal)?;
        let task = &mut accepted.tasks[ordinal as usize];
        let tree = task.done.as_ref().and_then(|done| done.tree.clone());
        let start = tree.filter(|_| !seeded(Bug::RunsAReworkFromScratch));
        task.rework = Some(Rework { start, by: by.clone() });
        // What an attempt before the success failed with is not what this one is to mend.
        task.failure = None;
        let review = &mut accepted.tasks[review as usize];
        review.sent_back = true;
        review.reworks += 1;
        Ok(())
    }
}

impl Accepted {
    /// All that a task depends on, directly or not.
    pub(super) fn ancestors(&self, task: u32) -> BTreeSet<u32> {
        let mut found = BTreeSet::new();
        let mut open = vec![task];
        while let Some(task) = open.pop() {
            open.extend(self.graph.deps(task).iter().copied().filter(|dep| found.insert(*dep)));
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::ResultStatus;

    #[test]
    fn a_no_is_a_verdict_or_a_low_score_of_a_review_and_nothing_else() {
        let terms = ReviewTerms { threshold: "0.7".parse().unwrap(), reworks: 1 };
        let claim = |verdict, score: Option<&str>, status| TaskResult {
            status,
            verdict,
            score: score.map(|score| score.parse().unwrap()),
            ..TaskResult::default()
        };
        let (approve, changes) = (Some(ReviewVerdict::Approve), Some(ReviewVerdict::RequestChanges));
        let table = [
            (claim(changes, None, ResultStatus::Done), true),
            (claim(changes, Some("1"), ResultStatus::Done), true),
            (claim(approve, Some("0.699"), ResultStatus::Done), true),
            (claim(None, Some("0.2"), ResultStatus::Done), true),
            (claim(approve, Some("0.7"), ResultStatus::Done), false),
            (claim(approve, None, ResultStatus::Failed), false),
            (claim(None, None, ResultStatus::Failed), false),
        ];
        for (claim, no) in table {
            assert_eq!(says_no(Role::Review, &claim, Some(&terms)), no, "{claim:?}");
            assert!(!says_no(Role::Review, &claim, None), "a run of before has no such terms");
            assert!(!says_no(Role::Test, &claim, Some(&terms)));
        }
    }
}
