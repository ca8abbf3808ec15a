//! The end of a run: the last checks, then what all its tasks came to.

use super::action::{Action, Place};
use super::checks::{Proof, prove};
use super::decide::{Round, record};
use super::seeded::{Bug, seeded};
use super::task::Status;
use super::verdict::{RunEnds, run_verdict};
use crate::event::{FailureClass, Kind, Narrator, SkipCause, Verdict};
use crate::plan::Check;

impl Round<'_> {
    /// All tasks are over: the last checks, then the verdict.
    pub(super) fn conclude(&self) -> Vec<Action> {
        let failed: Vec<FailureClass> = self
            .accepted
            .tasks
            .iter()
            .filter_map(|task| match task.status {
                Status::Failed { class } => Some(class),
                Status::Replaced { class } if seeded(Bug::CountsAReplacedTask) => Some(class),
                _ => None,
            })
            .collect();
        let refused = self
            .accepted
            .tasks
            .iter()
            .any(|task| matches!(task.status, Status::Cancelled | Status::Skipped { cause: SkipCause::Rejected }));
        let refused = refused && !seeded(Bug::ForgetsARefusal);
        let mut ends = RunEnds { refused, final_broken: false, allow_unchecked: self.state.terms.allow_unchecked };
        let worked = self.accepted.tasks.iter().zip(&self.accepted.plan.tasks);
        let worked =
            worked.into_iter().any(|(task, planned)| task.status == Status::Succeeded && !planned.role.is_read_only());
        let last_checks = worked && self.state.has_change() && !seeded(Bug::SkipsTheLastChecks);
        if failed.is_empty() && !refused && last_checks {
            let result = Place::Result(self.state.head().cloned());
            let catalogue = self.state.catalogue();
            let probes = self.probes(catalogue, &result, |check| self.state.final_outcome(check).is_none());
            if !probes.is_empty() {
                return vec![Action::Verify { task: None, probes }];
            }
            ends.final_broken =
                catalogue.iter().any(|check| match (self.state.base_outcome(check), self.state.final_outcome(check)) {
                    (Some(before), Some(after)) => prove(check.expect, before, after) == Proof::Broken,
                    _ => false,
                });
        }
        let succeeded = (0_u32..).zip(&self.accepted.tasks).filter(|(_, task)| task.status == Status::Succeeded);
        let verdicts: Vec<Verdict> = succeeded
            .filter_map(|(ordinal, task)| task.done.as_ref().map(|done| (ordinal, done.verdict)))
            .map(|(ordinal, verdict)| match verdict {
                Verdict::Inconclusive if self.is_made_good(ordinal) => Verdict::RegressionOnly,
                verdict => verdict,
            })
            .collect();
        let verdict = run_verdict(&failed, &verdicts, ends);
        if let Some(words) = self.summary() {
            return words;
        }
        vec![record(None, None, Kind::RunFinished { verdict, exit: verdict.exit() })]
    }

    /// A model is asked for words about the results, once, while there is time.
    fn summary(&self) -> Option<Vec<Action>> {
        let in_time = self.state.elapsed(self.now) < self.state.terms.run_time;
        let written = self.state.narrative.is_some() && !seeded(Bug::SummarisesTwice);
        match self.state.terms.summary {
            Narrator::Model if self.busy.asking => Some(Vec::new()),
            Narrator::Model if !written && in_time => Some(vec![Action::Summarize]),
            Narrator::Model | Narrator::Template => None,
        }
    }

    /// Whether everything that a task left red is green in the end: the first of two steps need not turn it green.
    fn is_made_good(&self, ordinal: u32) -> bool {
        let checks = self.state.checks(ordinal);
        let in_the_end = |check: &Check| {
            let (before, after) = (self.state.base_outcome(check)?, self.state.final_outcome(check)?);
            Some(prove(check.expect, before, after))
        };
        !checks.is_empty() && checks.iter().all(|check| matches!(in_the_end(check), Some(Proof::Fixed | Proof::Kept)))
    }
}
