//! What is decided where a task has failed for good and is not given up yet: its work goes back, or the plan changes.

use super::action::Action;
use super::decide::{Round, record};
use crate::event::Kind;

impl Round<'_> {
    /// The first review whose no sends work back: what lies on top of that work is opened first, then the work itself.
    pub(super) fn send_back(&self) -> Option<Vec<Action>> {
        let due = |review: &u32| self.state.send_back(*review).map(|back| (*review, back));
        let (review, back) = self.accepted.exhausted.iter().find_map(due)?;
        let by = self.planned(review).id.clone();
        let again = |task: &u32| {
            record(Some(self.planned(*task)), None, Kind::reopened(format!("`{by}` sent back the work before it")))
        };
        let why = format!("`{by}` sent it back");
        let work = Kind::TaskReopened { why, sent_back_by: Some(by.clone()) };
        let work = record(Some(self.planned(back.work)), None, work);
        Some(back.on_top.iter().map(again).chain([work]).collect())
    }

    pub(super) fn replan(&self, task: u32) -> Vec<Action> {
        if self.busy.asking {
            return Vec::new();
        }
        let replans = &self.state.replans;
        let bought = replans.proposed.as_ref().filter(|(id, _)| *id == self.planned(task).id);
        vec![match bought {
            Some((_, text)) => Action::ParsePatch { task, text: text.clone() },
            None => Action::Replan { task, number: replans.used + 1 },
        }]
    }
}
