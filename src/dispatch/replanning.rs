//! What the loop asks a model for while tasks run, and after them: another plan, and words about the results. A run goes on
//! without either.

use super::DispatchError;
use super::dispatcher::Dispatcher;
use super::inbox::{Answer, Message};
use super::planning::{earlier, write_plan};
use crate::event::{CheckStatus, FailureClass, Kind, PlanRevised, Purpose};
use crate::ids::TaskId;
use crate::model::{AskFailure, Withheld};
use crate::planner::Revision;
use crate::prompt::Progress;
use crate::run::{RunState, Status, TaskState};
use crate::text;

/// Most bytes of a summary that are kept.
const SUMMARY: usize = 8 << 10;
/// Most bytes of what is told of one task.
const NOTE: usize = 2 << 10;

impl Dispatcher {
    /// Asks for another plan for the sake of a task.
    pub(super) fn replan(&mut self, task: u32, number: u32) -> Result<(), DispatchError> {
        let planning = self.planning()?;
        let request = with_revision(&self.state, task, |revision| {
            planning.planner.revision_request(revision, &earlier(&self.state.replans.rejected))
        });
        let Some(request) = request.transpose()? else { return Ok(()) };
        self.request(Purpose::Revision(number), request, move |answer| Message::PatchProposed { task, number, answer });
        Ok(())
    }

    /// A patch came, or why there is none. Without one the task is given up as it would have been.
    pub(super) fn patch_proposed(&mut self, task: u32, number: u32, answer: Answer) -> Result<(), DispatchError> {
        self.answered()?;
        let id = self.id(task);
        match answer {
            Ok(reply) => {
                let (text, usage) = (reply.text(), reply.usage);
                self.append(id, None, Kind::PlanProposed { round: number, text, usage })
            }
            Err(failed) => match why_not(&failed) {
                Some(why) => {
                    let faults = vec![format!("the planner could not be asked: {why}")];
                    self.append(id, None, Kind::PlanRejected { faults })
                }
                None => Ok(()),
            },
        }
    }

    /// Changes the plan as was proposed, or says what speaks against it.
    pub(super) fn parse_patch(&mut self, task: u32, text: &str) -> Result<(), DispatchError> {
        let planning = self.planning()?;
        let read = with_revision(&self.state, task, |revision| planning.planner.read_patch(text, revision));
        let Some(id) = self.id(task) else { return Ok(()) };
        let patch = match read {
            None => return Ok(()),
            Some(Ok(revised)) => {
                let sound = self.state.revised(&revised.patch, &id, &planning.caps);
                sound.map(|_| revised.patch)
            }
            Some(Err(faults)) => Err(faults),
        };
        match patch {
            Ok(patch) => {
                let revised = PlanRevised::new(self.state.revision() + 1, patch);
                self.append(Some(id), None, Kind::PlanRevised(Box::new(revised)))?;
                match self.state.plan() {
                    Some(plan) => write_plan(&self.work.dir, plan, self.state.revision()),
                    None => Ok(()),
                }
            }
            Err(faults) => {
                self.keep_rejected(text)?;
                self.append(Some(id), None, Kind::PlanRejected { faults })
            }
        }
    }

    /// Asks for words about the results.
    pub(super) fn summarize(&mut self) -> Result<(), DispatchError> {
        let planning = self.planning()?;
        let request = planning.planner.summary_request(&outcome(&self.state))?;
        self.request(Purpose::Summary, request, |answer| Message::Summarized { answer });
        Ok(())
    }

    /// They came, or the report goes without.
    pub(super) fn summarized(&mut self, answer: Answer) -> Result<(), DispatchError> {
        self.answered()?;
        let text = match answer {
            Ok(reply) => Some(text::clip(reply.text().trim(), SUMMARY).to_owned()).filter(|text| !text.is_empty()),
            Err(failed) => match why_not(&failed) {
                Some(why) => {
                    tracing::warn!(%why, "there are no words about the results");
                    None
                }
                None if self.stopping.is_some() => return Ok(()),
                // There was no time left for them. Asking again would have none either.
                None => None,
            },
        };
        let by = self.planning()?.planned_by();
        self.append(None, None, Kind::SummaryWritten { text, by })
    }
}

/// Why there is no answer; nothing where the run is ending anyway.
fn why_not(failed: &AskFailure) -> Option<String> {
    match failed {
        AskFailure::Withheld(Withheld::Ending) => None,
        AskFailure::Withheld(Withheld::Spent(short)) => Some(short.to_string()),
        AskFailure::Model(model) => match model.failure.class {
            FailureClass::Cancelled | FailureClass::Interrupted => None,
            _ => Some(model.to_string()),
        },
    }
}

/// What a planner is told of a plan under way; nothing for a task that the plan does not have.
fn with_revision<T>(state: &RunState, task: u32, with: impl FnOnce(&Revision<'_>) -> T) -> Option<T> {
    let plan = state.plan()?;
    let given_up = &plan.tasks.get(task as usize)?.id;
    let why = state.task(task)?.failure.as_ref().map_or("", |failure| failure.detail.as_str());
    let progress: Vec<Progress> =
        plan.tasks.iter().zip(state.tasks()).map(|(task, held)| progress(&task.id, held)).collect();
    let started = |id: &TaskId| state.is_started(id);
    Some(with(&Revision { plan, given_up, why, progress: &progress, started: &started }))
}

fn progress(id: &TaskId, task: &TaskState) -> Progress {
    let (state, note) = match &task.status {
        Status::Succeeded => {
            ("succeeded".to_owned(), task.done.as_ref().map_or("", |done| done.result.summary.as_str()))
        }
        Status::Pending { .. } if task.last_attempt == 0 => ("not started".to_owned(), ""),
        status => {
            let detail = task.failure.as_ref().map_or("", |failure| failure.detail.as_str());
            (status.word().to_owned(), detail)
        }
    };
    Progress { id: id.to_string(), state, note: text::clip(note, NOTE).to_owned() }
}

/// All that is known of how a run went, for whoever puts it into words.
fn outcome(state: &RunState) -> String {
    let Some(plan) = state.plan() else { return String::new() };
    let mut lines = Vec::new();
    for (task, held) in plan.tasks.iter().zip(state.tasks()) {
        let Progress { id, state: how, note } = progress(&task.id, held);
        let verdict = held.done.as_ref().map_or(String::new(), |done| format!(", {}", done.verdict.as_str()));
        lines.push(format!("- {id} ({}), {}: {how}{verdict}", task.role, text::printable(&task.title, 200)));
        lines.extend(note.lines().map(|line| format!("  {line}")));
    }
    for check in state.catalogue() {
        if let Some(after) = state.final_outcome(check) {
            let colour = match after.status {
                CheckStatus::Green => "green",
                CheckStatus::Red => "red",
                CheckStatus::Empty => "ran no test",
                CheckStatus::Missing => "could not run",
            };
            lines.push(format!("- check {}: {colour}", check.name));
        }
    }
    lines.join("\n")
}
