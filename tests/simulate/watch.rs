//! What is seen of a scripted run from outside.

use super::world::World;
use crate::event::{Event, Kind};
use crate::ids::TaskId;
use crate::run::{Phase, Status};

impl World {
    /// How every task ended: status, key, tree and verdict.
    pub fn ends(&self) -> Vec<String> {
        let ends = self.state.tasks().iter().map(|task| {
            let done = task.done.as_ref().filter(|_| task.status == Status::Succeeded);
            let done = done.map(|done| (done.key.short().to_owned(), done.tree.clone(), done.verdict));
            match &task.status {
                Status::Failed { class } => format!("failed {class}"),
                Status::Replaced { class } => format!("replaced {class}"),
                Status::Skipped { cause } => format!("skipped {cause:?}"),
                status => format!("{} {done:?}", status.word()),
            }
        });
        ends.collect()
    }

    /// The journal, a line for each event, for whoever has to find out what went wrong.
    pub fn story(&self) -> String {
        let mut story = format!("{:#?}\n", self.setup);
        for event in &self.journal {
            let task = event.task.as_ref().map_or("", TaskId::as_str);
            let what = match &event.kind {
                Kind::RunStarted(_) | Kind::RunOpened(_) | Kind::PlanAccepted(_) | Kind::AttemptStarted(_) => {
                    String::new()
                }
                Kind::AttemptFinished(finished) => format!("{:?}", finished.outcome),
                kind => format!("{kind:?}"),
            };
            let Event { seq, at, attempt, kind, .. } = &**event;
            story.extend([format!("{seq} {at:?} {} {task} {attempt:?} {what}\n", kind.name())]);
        }
        story
    }

    pub fn is_over(&self) -> bool {
        matches!(self.state.phase, Phase::Finished(_) | Phase::Stopped(_))
    }

    /// In how many ways the run can go on from here.
    pub fn ways(&self) -> usize {
        self.begun.len() + usize::from(self.wake.is_some())
    }
}
