//! What a change of the plan makes of the summary, and what a model writes about the results.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Concern, ConcernKind, Summary, TaskStatus, words};
use crate::event::{Event, Kind, PlanAccepted, PlanRevised, Purpose};
use crate::ids::{Digest, TaskId};
use crate::plan::Caps;
use crate::text;

/// What is kept of a model's words about a run.
const MAX_WORDS: usize = 8 * 1024;

/// What a model wrote about the results: its words, and nothing that was checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Narrative {
    /// Its words.
    pub text: String,
    /// Which model.
    pub by: String,
}

/// What a model is asked for at the moment, beside the work of tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asking {
    /// Another plan.
    Plan,
    /// Words about the results.
    Words,
}

impl Summary {
    /// What a model wrote about the results, if one did.
    pub fn narrative(&self) -> Option<&Narrative> {
        self.narrative.as_ref()
    }

    /// Keeps in mind what a model is asked for.
    pub(super) fn ask(&mut self, event: &Event) {
        match &event.kind {
            Kind::BudgetReserved { r#for: Purpose::Revision(_), .. } => self.asking = Some(Asking::Plan),
            Kind::BudgetReserved { r#for: Purpose::Summary, .. } => self.asking = Some(Asking::Words),
            Kind::PlanProposed { .. } if event.task.is_some() => self.asking = Some(Asking::Plan),
            // What it used is known before what it said.
            Kind::BudgetReserved { r#for: Purpose::Plan(_), .. }
            | Kind::BudgetSettled { .. }
            | Kind::BudgetWarned { .. } => {}
            _ => self.asking = None,
        }
    }

    /// The tasks that the patch names are others from here on; the one for whose sake it is stays as it ended.
    pub(super) fn plan_revised(&mut self, event: &Event, it: &PlanRevised) {
        let (Some(before), Some(given_up)) = (self.in_force.clone(), event.task.clone()) else { return };
        let started = |id: &TaskId| {
            self.task(id).is_none_or(|row| row.status != TaskStatus::Pending || row.attempts > 0) && self.knows(id)
        };
        // Whoever wrote the journal has held it against the plan. A report of a strange one is better than none.
        let Ok(plan) = it.patch.apply(&before, &started, &given_up, &Caps::NONE) else { return };
        let gone = it.patch.replace.iter().map(|task| &task.id).chain(&it.patch.remove);
        for id in gone {
            self.forget(id);
        }
        self.plan_accepted(&PlanAccepted {
            revision: it.revision,
            plan,
            checks: Vec::new(),
            checks_sha: Digest::of(b""),
        });
        let mut why = String::new();
        self.with_task(event, |row| {
            row.status = TaskStatus::Replaced;
            row.ended_at = Some(event.at);
            why = row.error.as_ref().map_or_else(String::new, |(class, _)| format!(" ({class})"));
        });
        let reason = text::printable(words::last_line(&it.reason), 300);
        let text = format!("the plan was changed because it failed{why}: {reason}");
        self.concerns.push(Concern { kind: ConcernKind::Replanned, task: Some(given_up), text });
    }

    fn knows(&self, id: &TaskId) -> bool {
        self.task_index.contains_key(id)
    }

    /// Nothing of a task that had not begun holds of the one in its place.
    fn forget(&mut self, id: &TaskId) {
        let Some(place) = self.task_index.remove(id) else { return };
        self.tasks.remove(place);
        for at in self.task_index.values_mut() {
            *at -= usize::from(*at > place);
        }
    }

    pub(super) fn summary_written(&mut self, text: Option<&str>, by: &str) {
        let text = text.map(|text| text::clip(text.trim(), MAX_WORDS)).filter(|text| !text.is_empty());
        self.narrative = text.map(|text| Narrative { text: text.to_owned(), by: by.to_owned() });
    }
}
