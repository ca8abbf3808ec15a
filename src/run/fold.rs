//! The one transition function: what each event makes of the state, and which events cannot follow.

use super::budget::Ledger;
use super::keyed::Keyed;
use super::replan::Replans;
use super::seeded::{Bug, seeded};
use super::state::{Accepted, Illegal, Narrative, Phase, Rejected, RunState};
use super::task::{Consent, Status, TaskState};
use crate::event::{CheckRun, Decision, Event, Kind, PauseCause, PlanAccepted, RunOpened, RunStarted, StopCause};
use crate::graph::Graph;
use crate::time::{Span, Timestamp};

impl RunState {
    /// The state after the first event, which must be `run.started`.
    pub fn begin(event: &Event) -> Result<Self, Illegal> {
        let Kind::RunStarted(started) = &event.kind else {
            return Err(illegal(event, "a journal begins with `run.started`"));
        };
        if event.seq != 1 {
            return Err(illegal(event, "the first event has the number 1"));
        }
        let RunStarted { terms, base, plan_only, identity, .. } = started.as_ref();
        Ok(Self {
            run: event.run.clone(),
            terms: terms.clone(),
            base: base.clone(),
            phase: Phase::Planning { proposed: None, rejected: Vec::new() },
            plan_only: *plan_only,
            seq: 1,
            plan_consent: Consent::NotAsked,
            accepted: None,
            session_start: event.at,
            last_at: event.at,
            earlier: Span::ZERO,
            launches: 0,
            ledger: Ledger::default(),
            paused: None,
            suspended: None,
            stood_still: Span::ZERO,
            pause_due: None,
            keyed: Keyed::by(identity.clone()),
            replans: Replans::default(),
            asks_again: false,
            narrative: None,
        })
    }

    /// The state after a whole journal.
    pub fn fold<'a>(events: impl IntoIterator<Item = &'a Event>) -> Result<Option<Self>, Illegal> {
        let mut state: Option<Self> = None;
        for event in events {
            match &mut state {
                None => state = Some(Self::begin(event)?),
                Some(state) => state.apply(event)?,
            }
        }
        Ok(state)
    }

    /// Takes one event. After an error the state is as it was.
    pub fn apply(&mut self, event: &Event) -> Result<(), Illegal> {
        if event.seq != self.seq + 1 {
            return Err(illegal(event, format!("the number after {} was expected", self.seq)));
        }
        if event.run != self.run {
            return Err(illegal(event, format!("it belongs to run {}", event.run)));
        }
        self.ledger.check(event, &self.terms).map_err(|why| illegal(event, why))?;
        self.transition(event).map_err(|why| illegal(event, why))?;
        self.ledger.take(event);
        self.seq = event.seq;
        // A change is applied hours or days after the run, whose time that does not use.
        if !matches!(event.kind, Kind::ChangeApplied { .. }) {
            self.last_at = self.last_at.max(event.at);
        }
        Ok(())
    }

    fn transition(&mut self, event: &Event) -> Result<(), String> {
        match (&event.kind, &self.phase) {
            (Kind::RunOpened(_) | Kind::ChangeApplied { .. }, _) | (_, Phase::Planning { .. } | Phase::Executing) => {}
            (kind, Phase::Stopped(_) | Phase::Finished(_)) => {
                return Err(format!(
                    "the run has ended; only `run.opened` or `change.applied` can come before `{}`",
                    kind.name()
                ));
            }
        }
        match &event.kind {
            Kind::RunStarted(_) => Err("a run starts once".to_owned()),
            Kind::RunOpened(opened) => {
                self.opened(event, opened);
                Ok(())
            }
            Kind::PlanProposed { round, text, .. } => match &event.task {
                Some(task) => self.patch_proposed(task, *round, text),
                None => self.proposed(*round, text),
            },
            Kind::PlanRejected { faults } => match &event.task {
                Some(task) => self.patch_rejected(task, faults),
                None => self.rejected(faults),
            },
            Kind::PlanRevised(revised) => self.plan_revised(event, revised),
            Kind::PlanAccepted(accepted) => self.accept(accepted),
            Kind::WorkspaceCreated(_) => self.executing().map(|_| ()),
            Kind::BaseChecked(run) => self.base_checked(run, event),
            Kind::CheckFinished(run) => self.check_finished(run, event),
            Kind::AttemptStarted(started) => self.attempt_started(event, started),
            Kind::AttemptFinished(finished) => self.attempt_finished(event, finished),
            Kind::TaskSucceeded(succeeded) => self.task_succeeded(event, succeeded),
            Kind::TaskFailed { class, .. } => self.task_failed(event, *class),
            Kind::TaskSkipped { cause } => self.of_task(event).and_then(|(all, task)| all.task_skipped(task, cause)),
            Kind::TaskCancelled { .. } => self.of_task(event).and_then(|(all, task)| all.task_cancelled(task)),
            Kind::TaskReused(reused) => self.task_reused(event, reused),
            Kind::TaskReopened { sent_back_by, .. } => self.task_reopened(event, sent_back_by.as_ref()),
            Kind::PolicyDenied { .. } => self.of_task(event).and_then(|(all, task)| all.policy_denied(task)),
            Kind::ApprovalRequested {} => self.approval_requested(event),
            Kind::ApprovalDecided { decision, .. } => self.approval_decided(event, *decision),
            // The ledger has looked at them: they are legal wherever the run has not ended.
            Kind::BudgetReserved { .. }
            | Kind::BudgetSettled { .. }
            | Kind::BudgetWarned { .. }
            | Kind::BudgetRaised { .. } => Ok(()),
            Kind::SummaryWritten { text, by } => self.summary_written(text.as_deref(), by),
            Kind::RunPaused { until, cause, .. } => self.pause(event.at, *until, *cause),
            Kind::RunContinued {} => self.go_on(event.at),
            Kind::RunStopped { why } => self.stopped(why),
            Kind::RunFinished { verdict, .. } => self.finished(*verdict),
            Kind::ChangeApplied { .. } => match self.accepted {
                Some(_) => Ok(()),
                None => Err("there is no plan, so there is no change".to_owned()),
            },
        }
    }

    fn opened(&mut self, event: &Event, opened: &RunOpened) {
        if !seeded(Bug::LosesElapsedTime) {
            // Whoever was killed while everything stood still used no time since then.
            self.earlier = self.elapsed(self.last_at);
        }
        (self.suspended, self.stood_still) = (None, Span::ZERO);
        self.session_start = event.at.max(self.last_at);
        self.terms = opened.terms.clone();
        let leaves_unjudged = self.accepted.as_ref().is_some_and(|accepted| !accepted.checking.is_empty());
        self.keyed.taken_over(opened.identity.as_ref(), leaves_unjudged);
        self.plan_only = false;
        // A process that died leaves the run as it was, a pause included. Only where it had ended is there more to open.
        if self.phase.is_over() || seeded(Bug::LosesThePause) {
            self.paused = None;
            self.pause_due = None;
        }
        match &mut self.accepted {
            None => {
                if !matches!(self.phase, Phase::Planning { .. }) {
                    self.phase = Phase::Planning { proposed: None, rejected: Vec::new() };
                }
            }
            Some(accepted) => {
                self.phase = Phase::Executing;
                if !seeded(Bug::LosesWhatWasRunning) {
                    accepted.lost.append(&mut accepted.running.clone());
                }
            }
        }
    }

    fn pause(&mut self, at: Timestamp, until: Option<Timestamp>, cause: PauseCause) -> Result<(), String> {
        self.executing()?;
        match cause {
            PauseCause::Waiting => {
                self.pause_due = None;
                self.paused = Some(until);
            }
            PauseCause::Suspended if self.suspended.is_some() => return Err("the run is suspended already".to_owned()),
            PauseCause::Suspended => self.suspended = Some(at),
        }
        Ok(())
    }

    /// Of two pauses the suspension ends first: nothing else happens during it.
    fn go_on(&mut self, at: Timestamp) -> Result<(), String> {
        self.executing()?;
        match (self.suspended.take(), self.paused) {
            (Some(_), _) if seeded(Bug::CountsASuspension) => {}
            (Some(since), _) => self.stood_still = self.stood_still.plus(at.since(since)),
            (None, Some(_)) => self.paused = None,
            (None, None) => return Err("the run is not paused".to_owned()),
        }
        Ok(())
    }

    fn proposed(&mut self, round: u32, text: &str) -> Result<(), String> {
        match &mut self.phase {
            Phase::Planning { proposed: proposed @ None, rejected } if round == round_after(rejected) => {
                *proposed = Some((round, text.to_owned()));
                Ok(())
            }
            Phase::Planning { proposed: None, rejected } => {
                Err(format!("round {} was expected", round_after(rejected)))
            }
            Phase::Planning { .. } => Err("the proposal before it was neither accepted nor rejected".to_owned()),
            Phase::Executing | Phase::Stopped(_) | Phase::Finished(_) => Err("there is a plan already".to_owned()),
        }
    }

    fn rejected(&mut self, faults: &[String]) -> Result<(), String> {
        match &mut self.phase {
            Phase::Planning { proposed, rejected } => {
                let (_, text) = proposed.take().ok_or("there is no proposal to reject")?;
                rejected.push(Rejected { text, faults: faults.to_vec() });
                Ok(())
            }
            Phase::Executing | Phase::Stopped(_) | Phase::Finished(_) => {
                Err("there is no proposal to reject".to_owned())
            }
        }
    }

    fn accept(&mut self, event: &PlanAccepted) -> Result<(), String> {
        if event.revision != self.revision() + 1 {
            return Err(format!("revision {} was expected", self.revision() + 1));
        }
        let graph = Graph::of(&event.plan).map_err(|error| error.to_string())?;
        let mut fresh = Accepted::new(event.revision, event.plan.clone(), graph, event.checks.clone());
        if let Some(old) = self.accepted.take() {
            if !old.running.is_empty() || !old.checking.is_empty() {
                self.accepted = Some(old);
                return Err("a plan changes only while no task runs".to_owned());
            }
            match fresh.carry_over(old) {
                Ok(()) => {}
                Err((old, why)) => {
                    self.accepted = Some(*old);
                    return Err(why);
                }
            }
        }
        self.accepted = Some(fresh);
        self.replans.proposed = None;
        self.replans.rejected.clear();
        self.keyed.edited();
        self.phase = Phase::Executing;
        Ok(())
    }

    fn base_checked(&mut self, run: &CheckRun, event: &Event) -> Result<(), String> {
        let base = self.base.tree.clone();
        let accepted = self.executing()?;
        match (&run.tree, base) {
            (Some(tree), Some(base)) if *tree == base => {
                accepted.outcomes.insert((run.of.clone(), base), run.outcome.clone());
            }
            (None, None) => {
                accepted.in_place_base.insert(run.of.clone(), run.outcome.clone());
            }
            _ => return Err("it is not about the run's base".to_owned()),
        }
        self.judge_all(event);
        Ok(())
    }

    fn check_finished(&mut self, run: &CheckRun, event: &Event) -> Result<(), String> {
        let accepted = self.executing()?;
        let ordinal = event.task.as_ref().map(|id| accepted.ordinal(id)).transpose()?;
        if let Some(ordinal) = ordinal {
            match &accepted.tasks[ordinal as usize].status {
                Status::Checking { attempt, tree, .. } if event.attempt == Some(*attempt) && *tree == run.tree => {}
                status => return Err(format!("the task is {}, not being checked on that tree", status.word())),
            }
        }
        match (&run.tree, ordinal) {
            (Some(tree), _) => {
                accepted.outcomes.insert((run.of.clone(), tree.clone()), run.outcome.clone());
            }
            (None, Some(ordinal)) => {
                accepted.tasks[ordinal as usize].in_place.insert(run.of.clone(), run.outcome.clone());
            }
            (None, None) => {
                accepted.in_place_final.insert(run.of.clone(), run.outcome.clone());
            }
        }
        self.judge_all(event);
        Ok(())
    }

    fn approval_requested(&mut self, event: &Event) -> Result<(), String> {
        if event.task.is_none() {
            self.executing()?;
            return match self.plan_consent {
                Consent::NotAsked => {
                    self.plan_consent = Consent::Asked;
                    Ok(())
                }
                Consent::Asked | Consent::Given(_) => Err("the plan was asked about before".to_owned()),
            };
        }
        let (accepted, ordinal) = self.of_task(event)?;
        let task = &mut accepted.tasks[ordinal as usize];
        about(event, task)?;
        match (&task.status, task.consent) {
            (Status::Pending { .. }, Consent::NotAsked) => {
                task.consent = Consent::Asked;
                accepted.asking.insert(ordinal);
                accepted.settle_readiness(ordinal);
                Ok(())
            }
            (status, _) => Err(format!("the task is {}, or was asked about before", status.word())),
        }
    }

    fn approval_decided(&mut self, event: &Event, decision: Decision) -> Result<(), String> {
        if event.task.is_none() {
            self.executing()?;
            return match self.plan_consent {
                Consent::Asked => {
                    self.plan_consent = Consent::Given(decision);
                    Ok(())
                }
                Consent::NotAsked | Consent::Given(_) => Err("nobody was asked about the plan".to_owned()),
            };
        }
        let (accepted, ordinal) = self.of_task(event)?;
        let task = &mut accepted.tasks[ordinal as usize];
        if task.consent != Consent::Asked || !matches!(task.status, Status::Pending { .. }) {
            return Err("nobody was asked about the task, or it no longer waits".to_owned());
        }
        about(event, task)?;
        task.consent = Consent::Given(decision);
        accepted.asking.remove(&ordinal);
        if decision == Decision::Approve {
            task.held = false;
            task.interrupted = 0;
        }
        accepted.settle_readiness(ordinal);
        Ok(())
    }

    fn summary_written(&mut self, text: Option<&str>, by: &str) -> Result<(), String> {
        let accepted = self.executing()?;
        if accepted.over as usize != accepted.tasks.len() {
            return Err("some tasks are not over".to_owned());
        }
        if self.narrative.is_some() {
            return Err("it was written before".to_owned());
        }
        self.narrative = Some(Narrative { text: text.map(str::to_owned), by: by.to_owned() });
        Ok(())
    }

    fn stopped(&mut self, why: &StopCause) -> Result<(), String> {
        if self.accepted.as_ref().is_some_and(|accepted| !accepted.running.is_empty()) {
            return Err("an attempt is still running".to_owned());
        }
        self.phase = Phase::Stopped(why.clone());
        Ok(())
    }

    fn finished(&mut self, verdict: crate::event::RunVerdict) -> Result<(), String> {
        let refused = self.plan_consent == Consent::Given(Decision::Reject);
        let plan_only = self.plan_only;
        let accepted = self.executing()?;
        let over = accepted.over as usize == accepted.tasks.len();
        if !over && !refused && !plan_only {
            return Err("some tasks are not over".to_owned());
        }
        self.phase = Phase::Finished(verdict);
        Ok(())
    }

    pub(super) fn executing(&mut self) -> Result<&mut Accepted, String> {
        match (&self.phase, &mut self.accepted) {
            (Phase::Executing, Some(accepted)) => Ok(accepted),
            (Phase::Executing, None) | (Phase::Planning { .. } | Phase::Stopped(_) | Phase::Finished(_), _) => {
                Err("there is no accepted plan".to_owned())
            }
        }
    }

    /// The plan in force, and the place in it of the task that an event is about.
    pub(super) fn of_task(&mut self, event: &Event) -> Result<(&mut Accepted, u32), String> {
        let id = event.task.as_ref().ok_or("it names no task")?;
        let accepted = self.executing()?;
        let ordinal = accepted.ordinal(id)?;
        Ok((accepted, ordinal))
    }
}

/// The round that follows so many proposals.
pub(super) fn round_after(rejected: &[Rejected]) -> u32 {
    u32::try_from(rejected.len()).unwrap_or(u32::MAX).saturating_add(1)
}

/// A decision over an interruption names the attempt, so that it can count for no later one.
fn about(event: &Event, task: &TaskState) -> Result<(), String> {
    match (task.held_attempt(), event.attempt) {
        (held, named) if held == named => Ok(()),
        (Some(held), _) => Err(format!("attempt {held} was interrupted, and the decision is over that")),
        (None, _) => Err("no interrupted attempt of the task waits for a decision".to_owned()),
    }
}

fn illegal(event: &Event, why: impl Into<String>) -> Illegal {
    Illegal { seq: event.seq, kind: event.kind.name(), why: why.into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::samples::{event, every_kind, run_started};

    #[test]
    fn what_is_applied_a_day_later_uses_none_of_the_runs_time() {
        let mut state = RunState::begin(&event(1, run_started())).unwrap();
        let day = Span::from_secs(86_400);
        let began = state.session_start;
        let sample = |wanted: &str| every_kind().into_iter().find(|event| event.kind.name() == wanted).unwrap().kind;
        let mut seq = 1;
        let mut apply = |state: &mut RunState, name: &str, at: Timestamp| {
            seq += 1;
            state.apply(&Event { at, ..event(seq, sample(name)) }).unwrap();
        };
        apply(&mut state, "plan.accepted", began.after(Span::from_secs(1)));
        apply(&mut state, "change.applied", began.after(day));
        apply(&mut state, "run.opened", began.after(day).after(day));
        assert_eq!(state.elapsed(began.after(day).after(day)), Span::from_secs(1));
    }

    #[test]
    fn while_everything_stands_still_no_time_is_used() {
        let mut state = RunState::begin(&event(1, run_started())).unwrap();
        let began = state.session_start;
        let at = |seconds| began.after(Span::from_secs(seconds));
        let accepted = every_kind().into_iter().find(|event| event.kind.name() == "plan.accepted").unwrap().kind;
        let mut seq = 1;
        let mut apply = |state: &mut RunState, kind: Kind, seconds| {
            seq += 1;
            state.apply(&Event { at: at(seconds), ..event(seq, kind) })
        };
        let paused = |cause| Kind::RunPaused { why: "w".to_owned(), until: None, cause };
        apply(&mut state, accepted, 1).unwrap();
        apply(&mut state, paused(PauseCause::Suspended), 2).unwrap();
        assert_eq!(state.elapsed(at(50)), Span::from_secs(2));
        assert!(state.apply(&Event { at: at(3), ..event(4, paused(PauseCause::Suspended)) }).is_err(), "twice");
        apply(&mut state, Kind::RunContinued {}, 100).unwrap();
        assert_eq!(state.elapsed(at(101)), Span::from_secs(3));
        // Waiting takes of the run's time, and goes on beyond a suspension.
        apply(&mut state, paused(PauseCause::Waiting), 102).unwrap();
        apply(&mut state, paused(PauseCause::Suspended), 103).unwrap();
        apply(&mut state, Kind::RunContinued {}, 203).unwrap();
        assert_eq!((state.elapsed(at(204)), state.paused), (Span::from_secs(6), Some(None)));
        // Killed while everything stood still.
        apply(&mut state, paused(PauseCause::Suspended), 205).unwrap();
        let opened = every_kind().into_iter().find(|event| event.kind.name() == "run.opened").unwrap().kind;
        apply(&mut state, opened, 1_000).unwrap();
        assert_eq!(state.elapsed(at(1_001)), Span::from_secs(8));
    }
}
