//! The plan of a run as a drawing, each task in the colour of how it stands.

use serde::Serialize;

use super::{Facts, Liveness, Summary, TaskRow, TaskStatus};
use crate::graph::{Drawing, Item, Mark, Stand};

/// Most tasks that the report shows one by one: more do not fit a page.
const MOST_TASKS: usize = 60;
/// Most arrows in the report; viewers of Mermaid refuse more than 500.
const MOST_ARROWS: usize = 300;

/// The picture of a report.
#[derive(Debug, Serialize)]
pub(super) struct PlanPicture {
    /// As Mermaid.
    pub(super) mermaid: String,
    /// What it leaves out, where it does.
    pub(super) note: String,
}

impl Summary {
    /// The tasks as a drawing; none before there is a plan.
    pub fn drawing(&self, liveness: Liveness) -> Option<Drawing<'_>> {
        // The fold refuses nothing; a plan that is none has no drawing.
        let graph = self.graph().filter(|graph| !graph.is_empty())?;
        let items = self.tasks.iter().map(|row| Item {
            id: row.id.as_str(),
            title: &row.title,
            role: row.role,
            stand: Some(stand(row, liveness)),
        });
        Some(Drawing::new(graph, items.collect()))
    }

    /// The picture that a page has room for.
    pub(super) fn report_picture(&self, facts: &Facts) -> Option<PlanPicture> {
        let drawing = self.drawing(facts.liveness)?;
        let (tasks, edges) = (drawing.tasks(), drawing.edges());
        if tasks <= MOST_TASKS && edges <= MOST_ARROWS {
            return Some(PlanPicture { mermaid: drawing.picture().mermaid(), note: String::new() });
        }
        let run = self.run.as_ref().map_or_else(String::new, |run| format!(" {run}"));
        Some(PlanPicture {
            mermaid: drawing.picture_of_batches(MOST_TASKS).mermaid(),
            note: format!(
                "{tasks} tasks with {edges} dependencies are too many for one picture: each box is a batch, and arrows \
                 show their order only. All of them: orchestra plan graph{run}{} --format dot.",
                facts.called
            ),
        })
    }
}

fn stand(row: &TaskRow, liveness: Liveness) -> Stand {
    let status = row.seen(liveness);
    let verdict = row.verdict.filter(|_| status == TaskStatus::Succeeded);
    let mark = match (status, verdict) {
        (TaskStatus::Succeeded, Some(verdict)) if !verdict.is_verified() => Mark::Unverified,
        (TaskStatus::Succeeded, Some(_) | None) => Mark::Verified,
        (TaskStatus::Pending, _) => Mark::Pending,
        (TaskStatus::Running | TaskStatus::Checking, _) => Mark::Running,
        (TaskStatus::Interrupted, _) => Mark::Interrupted,
        (TaskStatus::Failed, _) => Mark::Failed,
        (TaskStatus::Skipped | TaskStatus::Replaced, _) => Mark::Skipped,
        (TaskStatus::Cancelled, _) => Mark::Cancelled,
    };
    Stand { status: status.as_str(), verdict: verdict.map(crate::event::Verdict::as_str), mark }
}

#[cfg(test)]
mod tests {
    use super::super::sample::Story;
    use super::*;
    use crate::plan::Role;

    const GONE: Facts = Facts { liveness: Liveness::Gone, diff: None, called: String::new() };

    #[test]
    fn each_task_has_the_colour_of_how_it_stands() {
        let summary = Summary::of(&Story::red_stays().events);
        let picture = summary.report_picture(&GONE).unwrap();
        for line in ["class t1 verified", "class t2 failed", "class t3 skipped"] {
            assert!(picture.mermaid.contains(line), "{line} in\n{}", picture.mermaid);
        }
        assert!(picture.mermaid.contains("research, succeeded, verified"), "{}", picture.mermaid);
        assert_eq!(picture.note, "");
        let mut story = Story::opening("t", &[("a", Role::Test)]);
        story.start("a");
        let summary = Summary::of(&story.events);
        let of = |liveness| summary.drawing(liveness).unwrap().picture().mermaid();
        assert!(of(Liveness::Live).contains("class t1 running"));
        assert!(of(Liveness::Gone).contains("class t1 interrupted"));
        assert!(Summary::default().drawing(Liveness::Gone).is_none());
    }

    #[test]
    fn a_plan_that_is_too_large_is_drawn_by_batches_and_says_so() {
        let names: Vec<String> = (0..61).map(|n| format!("t{n}")).collect();
        let tasks: Vec<(&str, Role)> = names.iter().map(|name| (name.as_str(), Role::Implement)).collect();
        let picture = Summary::of(&Story::opening("t", &tasks).events).report_picture(&GONE).unwrap();
        assert_eq!(picture.mermaid.matches("[\"B").count(), 60);
        assert!(picture.mermaid.contains("B60 to B61"), "{}", picture.mermaid);
        assert!(picture.note.starts_with("61 tasks with 60 dependencies are too many"), "{}", picture.note);
        let fits = Summary::of(&Story::opening("t", &tasks[..60]).events).report_picture(&GONE).unwrap();
        assert_eq!(fits.note, "");
    }
}
