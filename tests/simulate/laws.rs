//! What holds of every journal, whatever was scripted and whatever went wrong, and how a run must end that nothing disturbed.

use std::collections::BTreeSet;

use super::plans::in_force;
use super::script::{Does, Setup, task_id};
use super::tale::{Fate, Luck, Stand, Told, is_long, luck};
use super::world::{Sim, World};
use crate::event::{Event, FailureClass, Kind};
use crate::ids::TaskId;
use crate::run::RunState;

/// Holds a run against all of them.
pub fn keep(world: &World) -> Sim {
    replays(world)?;
    let mut seen = Seen::default();
    let mut setup = Setup::clone(&world.first);
    for (place, event) in world.journal.iter().enumerate() {
        if let Kind::PlanRevised(_) = event.kind {
            setup = in_force(&world.first, world.journal[..=place].iter().map(|event| &**event));
        }
        seen.take(Told { setup: &setup, events: &world.journal[..=place] }, event)?;
    }
    Ok(())
}

/// The state that was lived is the state that is read.
fn replays(world: &World) -> Sim {
    let read = RunState::fold(world.journal.iter().map(|event| &**event)).map_err(|error| error.to_string())?.unwrap();
    let (read, lived) = (format!("{:?}", read.tasks()), format!("{:?}", world.state.tasks()));
    if read == lived { Ok(()) } else { Err(format!("lived {lived}\nread {read}")) }
}

#[derive(Default)]
struct Seen {
    numbers: BTreeSet<(TaskId, Option<u32>)>,
    succeeded: BTreeSet<TaskId>,
    over: BTreeSet<TaskId>,
    sent_back: BTreeSet<TaskId>,
    failures: u32,
    replans: u32,
    ended: bool,
    launches: u32,
}

impl Seen {
    fn take(&mut self, told: Told, event: &Event) -> Sim {
        let setup = told.setup;
        let hold = |holds: bool, law: &str| if holds { Ok(()) } else { Err(format!("event {}: {law}", event.seq)) };
        hold(!self.ended || matches!(event.kind, Kind::RunOpened(_)), "nothing follows the end but another process")?;
        if let Kind::RunOpened(_) = event.kind {
            self.ended = false;
        }
        match &event.kind {
            Kind::RunStopped { .. } | Kind::RunFinished { .. } => self.ended = true,
            _ => {}
        }
        let Some(task) = event.task.clone() else { return Ok(()) };
        match &event.kind {
            Kind::AttemptStarted(_) => {
                hold(self.numbers.insert((task.clone(), event.attempt)), "an attempt's number is used once")?;
                hold(!self.succeeded.contains(&task), "what succeeded is not run again")?;
                let pauses = told.pauses();
                hold(pauses.waiting.is_none() && pauses.suspended.is_none(), "nothing begins in a pause")?;
                hold(setup.continue_on_error || self.failures == 0, "nothing begins after a failure")?;
                hold(self.deps(setup, &task), "what a task depends on is over before it")?;
                let active = (0..setup.tasks.len()).filter(|task| at_work(&told.stand(*task))).count();
                hold(active <= setup.jobs as usize, "no more at a time than jobs")?;
                hold(setup.in_place || active == 1, "one at a time in a workspace")?;
                hold(counted(told, number(&task)) < setup.attempts as usize, "no more attempts than allowed")?;
                self.launches += 1;
                hold(self.launches <= setup.launches, "no more launches than allowed")?;
            }
            Kind::TaskSucceeded(_) | Kind::TaskReused(_) => {
                let reused = matches!(event.kind, Kind::TaskReused(_));
                hold(!(self.sent_back.remove(&task) && reused), "what was sent back is not taken as it was")?;
                hold(self.succeeded.insert(task.clone()), "a task succeeds once")?;
                self.over.insert(task);
            }
            Kind::TaskFailed { .. } => {
                self.failures += 1;
                self.over.insert(task);
            }
            Kind::PlanRevised(revised) => {
                let named = revised.patch.replace.iter().map(|task| &task.id).chain(&revised.patch.remove);
                let fresh = |id: &TaskId| self.numbers.iter().all(|(begun, _)| begun != id) && !self.over.contains(id);
                hold(named.into_iter().all(fresh), "what was begun is not planned anew")?;
                self.replans += 1;
                hold(self.replans <= setup.max_replans, "no more plans than allowed")?;
                self.over.insert(task);
            }
            Kind::PlanRejected { .. } => {
                self.replans += 1;
                hold(self.replans <= setup.max_replans, "no more plans than allowed")?;
            }
            Kind::TaskSkipped { .. } | Kind::TaskCancelled { .. } => drop(self.over.insert(task)),
            Kind::TaskReopened { why, sent_back_by } => {
                if let Some(by) = sent_back_by {
                    let most = setup.review.map_or(0, |terms| terms.reworks as usize);
                    hold(told.reworks(number(by)).len() <= most, "no more reworks than allowed")?;
                    self.sent_back.insert(task.clone());
                }
                self.failures -= u32::from(why.starts_with("failed"));
                self.succeeded.remove(&task);
                self.over.remove(&task);
            }
            _ => {}
        }
        Ok(())
    }

    fn deps(&self, setup: &Setup, task: &TaskId) -> bool {
        let script = &setup.tasks[number(task)];
        let mut deps = script.deps.iter().map(|dep| task_id(*dep));
        deps.all(|dep| if script.always { self.over.contains(&dep) } else { self.succeeded.contains(&dep) })
    }
}

fn number(task: &TaskId) -> usize {
    task.as_str()[1..].parse().unwrap()
}

fn at_work(stand: &Stand) -> bool {
    match stand {
        Stand::Running | Stand::Lost(_) | Stand::Unproved(_) | Stand::Proved(..) => true,
        Stand::Over(_) | Stand::Exhausted(_) | Stand::Pending(_) => false,
    }
}

/// Failures of a task that count, since it was last opened.
fn counted(told: Told, task: usize) -> usize {
    let tries = told.tries(task);
    let fates = tries.iter().map(|one| told.fate(task, one));
    let counts = fates.filter(|fate| match fate {
        Fate::Bad(bad) => luck(bad.class, false) == Luck::Counted && !is_long(bad, told.events[bad.known].at),
        Fate::Running | Fate::Lost | Fate::Unproved | Fate::Good(_) => false,
    });
    counts.count()
}

/// How each task ends in a run that continues on errors, that nothing disturbs, and whose person agrees to everything:
/// then the order of things makes no difference.
pub fn foretold(setup: &Setup) -> Vec<String> {
    let mut ends: Vec<String> = Vec::new();
    for script in &setup.tasks {
        let blocked = script.deps.iter().find(|dep| match ends[**dep].split(' ').next() {
            Some("succeeded") => false,
            Some("skipped") => true,
            _ => !script.always,
        });
        ends.push(match blocked {
            Some(dep) => format!("skipped Dependency({:?})", task_id(*dep)),
            None => outcome(setup, &script.does, script.review),
        });
    }
    ends
}

fn outcome(setup: &Setup, does: &[Does], review: bool) -> String {
    let (mut counted, mut before) = (0, None);
    for nth in 0.. {
        let did = match (does.get(nth), does[does.len() - 1]) {
            (Some(did), _) => *did,
            (None, Does::Later(..)) => Does::Succeed,
            (None, last) => last,
        };
        let class = match did {
            Does::Object | Does::Doubt if review && setup.review.is_some() => return "failed reported".to_owned(),
            Does::Succeed | Does::Spoil | Does::Object | Does::Doubt => return "succeeded".to_owned(),
            Does::Lie if review => return "succeeded".to_owned(),
            Does::Despair if !review && !setup.green_before => return "succeeded".to_owned(),
            Does::Lie => FailureClass::Rejected,
            Does::Despair => FailureClass::Reported,
            Does::Later(FailureClass::RateLimited, wait) if wait > 60 => continue,
            Does::Fail(class) | Does::Repeat(class) | Does::Later(class, _) => class,
        };
        match luck(class, review) {
            Luck::Free | Luck::Wait => continue,
            Luck::None => return format!("failed {class}"),
            Luck::Counted => counted += 1,
        }
        // In other words each time, only `Fail`.
        let words = if let Does::Fail(_) = did { nth } else { usize::MAX };
        if counted == setup.attempts || before == Some((class, words)) {
            return format!("failed {class}");
        }
        before = Some((class, words));
    }
    unreachable!("scripts end")
}
