//! The end of a run, read naively: the last checks, and what all tasks came to.

use std::collections::BTreeMap;

use super::naive::Naive;
use super::script::task_id;
use super::tale::{End, Seen};
use crate::event::{CheckStatus, FailureClass, Kind, Narrator, RunVerdict, SkipCause, Verdict};
use crate::ids::ObjectId;

impl Naive<'_> {
    fn succeeded(&self) -> impl Iterator<Item = (usize, Verdict)> {
        let told = self.told;
        self.tasks().filter(|task| self.over(*task) == Some(&End::Succeeded)).filter_map(move |task| {
            let id = task_id(task);
            let own = told.places().filter(|(_, event)| event.task.as_ref() == Some(&id));
            let mut verdicts = own.filter_map(|(_, event)| match &event.kind {
                Kind::TaskSucceeded(done) => Some(done.verdict),
                _ => None,
            });
            verdicts.next_back().map(|verdict| (task, verdict))
        })
    }

    /// The verdict over the run with its exit code, or the last checks.
    pub fn conclude(&self) -> Vec<String> {
        let failed: Vec<FailureClass> = self
            .tasks()
            .filter_map(|task| match self.over(task) {
                Some(End::Failed(class)) => Some(*class),
                _ => None,
            })
            .collect();
        let refused = self
            .tasks()
            .any(|task| matches!(self.over(task), Some(End::Cancelled | End::Skipped(SkipCause::Rejected))));
        let worked = self.succeeded().any(|(task, _)| !self.setup.tasks[task].review);
        let mut whole_is_red = false;
        if self.setup.final_check && failed.is_empty() && !refused && worked {
            let started = self.told.places().filter(|(_, event)| matches!(event.kind, Kind::AttemptStarted(_)));
            let since = started.map(|(place, _)| place).next_back().unwrap_or(0);
            let base = self.told.colour("whole", &Seen::Base, 0);
            let end = self.told.colour("whole", &Seen::Whole(self.head()), since);
            let missing = [base.is_none().then_some(" base whole"), end.is_none().then_some(" result whole")];
            if missing.iter().any(Option::is_some) {
                return vec![format!("verify:{}", missing.into_iter().flatten().collect::<String>())];
            }
            whole_is_red = end.is_some_and(|(_, colour)| colour == CheckStatus::Red);
        }
        if let Some(words) = self.summary() {
            return words;
        }
        let doubtful = self.succeeded().any(|(_, verdict)| verdict == Verdict::Vacuous);
        let any = |classes: &[&str]| failed.iter().any(|class| classes.contains(&class.as_str()));
        let verdict = match () {
            () if any(&["budget-exhausted"]) => RunVerdict::Exhausted,
            () if refused || any(&["policy-denied"]) => RunVerdict::Denied,
            () if any(&["auth", "quota", "unusable", "transient", "rate-limited"]) => RunVerdict::Unusable,
            () if failed.iter().any(|class| class.as_str() != "rejected") => RunVerdict::Failed,
            () if !failed.is_empty() || whole_is_red || doubtful => RunVerdict::Unverified,
            () => RunVerdict::Success,
        };
        let exit = [0, 3, 1, 4, 5, 6][[
            RunVerdict::Success,
            RunVerdict::Unverified,
            RunVerdict::Failed,
            RunVerdict::Exhausted,
            RunVerdict::Denied,
            RunVerdict::Unusable,
        ]
        .iter()
        .position(|one| *one == verdict)
        .unwrap()];
        vec![format!("finish: {} {exit}", verdict.as_str())]
    }

    /// Words about the results, once after the last attempt, while there is time.
    fn summary(&self) -> Option<Vec<String>> {
        if self.setup.summary == Narrator::Template {
            return None;
        }
        if self.busy.asking {
            return Some(Vec::new());
        }
        let last = |wanted: fn(&Kind) -> bool| {
            let places = self.told.places().filter(|(_, event)| wanted(&event.kind));
            places.map(|(place, _)| place).next_back()
        };
        let written = last(|kind| matches!(kind, Kind::SummaryWritten { .. }));
        let is_new = written.is_some_and(|at| last(|kind| matches!(kind, Kind::AttemptStarted(_))) < Some(at));
        (!is_new && self.elapsed() < self.setup.run_time).then(|| vec!["summarize".to_owned()])
    }

    /// What the last success left.
    fn head(&self) -> Option<ObjectId> {
        let mut head = self.setup.base();
        let mut trees = BTreeMap::new();
        for (_, event) in self.told.places() {
            let Some(task) = event.task.as_ref().map(|id| id.as_str()[1..].parse::<usize>().unwrap()) else { continue };
            if let Kind::TaskSucceeded(done) = &event.kind {
                trees.insert(task, done.tree.clone());
            }
            let taken = matches!(event.kind, Kind::TaskSucceeded(_) | Kind::TaskReused(_));
            if taken && self.over(task) == Some(&End::Succeeded) {
                head.clone_from(&trees[&task]);
            }
        }
        head
    }
}
