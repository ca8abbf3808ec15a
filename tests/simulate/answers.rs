//! What comes of attempts and checks in a scripted world.

use std::rc::Rc;

use super::script::{Does, a_no, check_run, claim, failure, finished, own, task_id, tree};
use super::world::{Sim, World, ordinal};
use crate::event::{AttemptOutcome, CheckStatus, Failure, Kind};
use crate::message::ResultStatus;
use crate::run::{Place, Probe};
use crate::time::Span;

impl World {
    pub(super) fn attempted(&mut self, task: usize, attempt: u32, does: Does) -> Sim {
        self.now = self.now.after(self.setup.takes);
        // Letters: digits are taken out of failure signatures.
        let nth = "x".repeat(self.counted(task));
        let head = self.state.head().cloned();
        let rework = self.state.task(ordinal(task)).and_then(|task| task.rework.as_ref());
        let start = rework.map_or(head, |rework| rework.start.clone());
        let made = start.as_ref().map(|start| {
            if self.setup.tasks[task].review { start.clone() } else { tree(&format!("{task}/{does:?}/{nth}/{start}")) }
        });
        let outcome = match does {
            Does::Object | Does::Doubt if self.setup.tasks[task].review => a_no(does),
            Does::Object | Does::Doubt | Does::Succeed | Does::Spoil | Does::Lie => claim(ResultStatus::Done),
            Does::Despair => claim(ResultStatus::Failed),
            Does::Fail(class) => failure(class, &format!("failed for the time number {nth}")),
            Does::Repeat(class) => failure(class, "failed"),
            Does::Later(class, wait) => AttemptOutcome::Failed(
                Failure::new(class, "wait").not_before(self.now.after(Span::from_secs(u64::from(wait)))),
            ),
        };
        let made = made.filter(|_| matches!(outcome, AttemptOutcome::Ok(_)));
        if matches!(outcome, AttemptOutcome::Ok(_)) && !self.setup.tasks[task].review {
            self.claims.insert((task, attempt), does);
            if let Some(made) = &made {
                Rc::make_mut(&mut self.results).insert(made.clone(), does);
            }
        }
        self.append(Some(task_id(task)), Some(attempt), finished(outcome, made))
    }

    pub(super) fn checked(&mut self, task: Option<usize>, probe: &Probe) -> Sim {
        let own = probe.check.run == own().run;
        let green = |green: bool| if green { CheckStatus::Green } else { CheckStatus::Red };
        match &probe.place {
            Place::Base(tree) => {
                let run = check_run(&probe.check, tree.clone(), green(!own || self.setup.green_before), "base");
                self.append(None, None, Kind::BaseChecked(Box::new(run)))
            }
            Place::Result(tree) => {
                let attempt = task.and_then(|task| self.state.task(ordinal(task))).map(|task| task.last_attempt);
                let did = match tree {
                    Some(tree) => self.results.get(tree).copied(),
                    None => task.zip(attempt).or_else(|| self.newest()).map(|of| self.claims[&of]),
                };
                let bad = if own { Does::Lie } else { Does::Spoil };
                let run = check_run(&probe.check, tree.clone(), green(did != Some(bad)), "tail");
                self.append(task.map(task_id), attempt, Kind::CheckFinished(Box::new(run)))
            }
        }
    }

    /// The attempt whose work was the last to be kept.
    fn newest(&self) -> Option<(usize, u32)> {
        let kept = self.state.chain().iter().rev().map(|task| *task as usize);
        let last = kept.into_iter().find(|task| !self.setup.tasks[*task].review)?;
        Some((last, self.state.task(ordinal(last))?.done.as_ref()?.attempt))
    }
}
