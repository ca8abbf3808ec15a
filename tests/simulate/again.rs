//! What is done again, or otherwise, in the same run, read naively: work that a review sends back, and other plans.

use super::naive::Naive;
use super::script::task_id;
use super::tale::{End, Stand};
use crate::event::Kind;

impl Naive<'_> {
    /// Whether the last no of a review has sent work back.
    pub fn has_sent_back(&self, review: usize) -> bool {
        let no = self.told.no(review);
        no.is_some_and(|no| self.told.reworks(review).last().is_some_and(|back| *back > no))
    }

    /// What lies on top of the work that a review sends back, last first, and that work: the last one it is based on.
    pub fn send_back(&self, review: usize) -> Option<(Vec<usize>, usize)> {
        let most = self.setup.review?.reworks as usize;
        let says_no = matches!(self.stands[review], Stand::Exhausted(_)) && self.told.no(review).is_some();
        if !says_no || self.has_sent_back(review) || self.told.reworks(review).len() >= most || self.halted().is_some()
        {
            return None;
        }
        let mut chain: Vec<usize> = self.tasks().filter(|task| self.over(*task) == Some(&End::Succeeded)).collect();
        chain.sort_by_key(|task| std::cmp::Reverse(self.kept(*task)));
        let mut on_top = Vec::new();
        for task in chain {
            let script = &self.setup.tasks[task];
            let (writes, part) = (!script.review, self.depends(review, task));
            if writes && part && !script.test {
                return Some((on_top, task));
            }
            if writes && !part {
                return None;
            }
            on_top.push(task);
        }
        None
    }

    /// How often the plan was changed, or was to be.
    fn replans(&self) -> usize {
        let asked = self.told.places().filter(|(_, event)| match event.kind {
            Kind::PlanRevised(_) => true,
            Kind::PlanRejected { .. } => event.task.is_some(),
            _ => false,
        });
        asked.count()
    }

    /// Whether another plan is asked for instead of giving a task up.
    pub fn may_replan(&self, task: usize) -> bool {
        let Stand::Exhausted(class) = self.stands[task] else { return false };
        let helps = ["rejected", "reported", "bad-output", "exited", "timeout", "stalled"].contains(&class.as_str());
        let left = self.replans() < self.setup.max_replans as usize;
        helps && left && self.halted().is_none() && !self.has_sent_back(task) && self.send_back(task).is_none()
    }

    /// The task for whose sake the plan is to change.
    pub fn to_replan(&self) -> Option<usize> {
        self.tasks().find(|task| self.may_replan(*task))
    }

    pub fn replan(&self, task: usize) -> Vec<String> {
        if self.busy.asking {
            return Vec::new();
        }
        let id = task_id(task);
        let own = self.told.of(task).into_iter().filter(|(_, event)| event.task.as_ref() == Some(&id));
        let mut last =
            own.filter(|(_, event)| matches!(event.kind, Kind::PlanProposed { .. } | Kind::PlanRejected { .. }));
        match last.next_back().map(|(_, event)| &event.kind) {
            Some(Kind::PlanProposed { text, .. }) => vec![format!("parse t{task}: {text}")],
            _ => vec![format!("replan t{task} number {}", self.replans() + 1)],
        }
    }

    fn depends(&self, task: usize, on: usize) -> bool {
        self.setup.tasks[task].deps.iter().any(|dep| *dep == on || self.depends(*dep, on))
    }
}
