//! What a change of the plan makes of the summary, and what a model writes about the results.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Concern, ConcernKind, Summary, TaskStatus, words};
use crate::event::{Event, Kind, PlanAccepted, PlanRevised, Purpose};
use crate::ids::{Digest, TaskId};
use crate::plan::{Caps, Plan};
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

    /// The plan in force, with all changes.
    pub fn in_force(&self) -> Option<&Plan> {
        self.in_force.as_ref()
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

#[cfg(test)]
mod tests {
    use super::super::sample::Story;
    use super::super::{Facts, Liveness, Phase, Status};
    use super::*;
    use crate::event::{Amount, FailureClass, RunVerdict, Verdict};
    use crate::plan::{PlanPatch, Role, Task};

    /// `fix` fails, `mend` is done in its place, and `judge` waits for that one.
    fn replanned() -> Story {
        let mut story = Story::opening("t", &[("fix", Role::Implement), ("judge", Role::Review)]);
        story.start("fix").breaks("fix", FailureClass::Exited, "it broke");
        let plan = Summary::of(&story.events).in_force().unwrap().clone();
        let id = |id: &str| TaskId::new(id).unwrap();
        let mut patch = PlanPatch::new("another | way\n# heading");
        patch.add = vec![Task { id: id("mend"), ..plan.tasks[0].clone() }];
        patch.replace = vec![Task { depends_on: vec![id("mend")], title: "Anew".to_owned(), ..plan.tasks[1].clone() }];
        story.add(Some("fix"), Kind::PlanRevised(Box::new(PlanRevised::new(2, patch))));
        story
    }

    fn facts() -> Facts {
        Facts { liveness: Liveness::Gone, diff: None, called: String::new() }
    }

    #[test]
    fn a_plan_that_was_changed_is_shown_as_it_is_and_what_it_was_changed_for_fails_no_run() {
        let mut story = replanned();
        story.start("mend").says("mend", "x").succeed("mend", Verdict::RegressionOnly);
        story.start("judge").says("judge", "x").succeed("judge", Verdict::Verified).end(RunVerdict::Success);
        let summary = Summary::of(&story.events);
        let rows = summary.tasks().iter().map(|row| format!("{} {} {}", row.id, row.title, row.status.as_str()));
        let rows: Vec<String> = rows.collect();
        assert_eq!(rows, ["fix Title of fix replaced", "judge Anew succeeded", "mend Title of fix succeeded"]);
        let census = summary.census();
        assert_eq!((census.planned, census.passed, census.failed, census.replaced), (3, 2, 0, 1));
        let junit = summary.junit(&facts()).unwrap();
        assert!(junit.contains(r#"failures="0" errors="0""#), "{junit}");
        assert!(
            junit.contains(r#"<skipped type="replaced" message="it failed (exited), and the plan was changed"#),
            "{junit}"
        );
        let page = summary.markdown(&facts()).unwrap();
        assert!(page.contains("the plan was changed because it failed (exited)"), "{page}");
        assert!(!page.contains("\n# heading"), "{page}");
        let status = Status::of(&summary, &facts(), summary.last_at());
        assert!(status.failures.is_empty() && status.plan.unwrap().revision == 2);
    }

    #[test]
    fn while_a_model_is_asked_the_phase_says_for_what() {
        let mut story = Story::opening("t", &[("fix", Role::Implement)]);
        let phase = |story: &Story| {
            let summary = Summary::of(&story.events);
            Status::of(&summary, &facts(), summary.last_at()).phase
        };
        assert_eq!(phase(&story), Phase::Executing);
        let asks = |purpose| Kind::BudgetReserved { id: 1, r#for: purpose, amount: Amount::NONE };
        story.add(None, asks(Purpose::Revision(1)));
        assert_eq!(phase(&story), Phase::Replanning);
        story.add(Some("fix"), Kind::PlanRejected { faults: vec!["f".to_owned()] });
        assert_eq!(phase(&story), Phase::Executing);
        story.add(None, asks(Purpose::Summary));
        assert_eq!(phase(&story), Phase::Synthesizing);
    }

    #[test]
    fn a_models_words_stand_below_the_facts_marked_as_its_own_and_cannot_become_structure() {
        let mut story = Story::red_to_green();
        let last = story.events.pop().unwrap();
        let words = "All | done.\n\n# Verdict: failed\n<b>x</b>\u{1b}[2J\n- and more";
        story.add(None, Kind::SummaryWritten { text: Some(words.to_owned()), by: "main".to_owned() });
        story.add(None, last.kind);
        let summary = Summary::of(&story.events);
        let page = summary.markdown(&facts()).unwrap();
        let at = |text: &str| page.find(text).unwrap_or_else(|| panic!("{text} in\n{page}"));
        assert!(at("became a plan") < at("In the words of the model main, which nothing has checked"), "{page}");
        assert!(page.contains("> All \\| done.\n>\n> \\# Verdict: failed\n>\n> &lt;b&gt;x"), "{page}");
        let lines = summary.lines(&facts(), summary.last_at()).join("\n");
        assert!(lines.contains("in the words of the model main, which nothing has checked\n  All | done."), "{lines}");
        let report = serde_json::to_value(super::super::Report::of(&summary, &facts())).unwrap();
        assert_eq!((&report["narrative"]["by"], &report["verdict"]), (&"main".into(), &"success".into()));
        // What comes to nothing leaves the facts alone.
        story.events.pop();
        story.start("fix");
        assert_eq!(Summary::of(&story.events).narrative(), None);
        for text in [None, Some(" \n".to_owned())] {
            story.add(None, Kind::SummaryWritten { text, by: "main".to_owned() });
            assert_eq!(Summary::of(&story.events).narrative(), None);
        }
    }
}
