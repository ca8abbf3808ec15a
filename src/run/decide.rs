//! What to do next: a pure function of the state, of what is already in hand, and of the time.
//!
//! It never looks at all tasks except once, when a failure ends the run for those that have not begun.

use std::ops::Bound;

use super::action::{Action, Busy, Place, Probe};
use super::fold::round_after;
use super::seeded::{Bug, seeded};
use super::state::{Accepted, Phase, Rejected, RunState};
use super::task::{Consent, Status};
use super::verdict::Judgement;
use crate::event::{Amount, Ask, AttemptFinished, Decision, Kind, Limit, PauseCause, RunVerdict, SkipCause, StopCause};
use crate::plan::{Check, Role, Task};
use crate::time::Timestamp;

/// How far past the first startable task one is looked for that can run beside those at work.
const LOOK_AHEAD: usize = 64;

/// What to do next. Equal arguments give equal answers; the cost is that of the answer.
pub fn decide(state: &RunState, busy: &Busy, now: Timestamp) -> Vec<Action> {
    match &state.phase {
        Phase::Stopped(_) | Phase::Finished(_) => Vec::new(),
        Phase::Planning { proposed, rejected } => plan(state, busy, now, proposed.as_ref(), rejected),
        // Whatever became due meanwhile waits for the run to go on.
        Phase::Executing if state.suspended.is_some() => Vec::new(),
        Phase::Executing => match &state.accepted {
            Some(accepted) => Round { state, accepted, busy, now }.decide(),
            None => Vec::new(),
        },
    }
}

/// What leads to a sound plan, or to the end of the run for want of one.
fn plan(
    state: &RunState,
    busy: &Busy,
    now: Timestamp,
    proposed: Option<&(u32, String)>,
    rejected: &[Rejected],
) -> Vec<Action> {
    let late = state.elapsed(now) >= state.terms.run_time && !seeded(Bug::IgnoresTheTime);
    let round = round_after(rejected);
    vec![match proposed {
        Some((_, text)) => Action::Parse { text: text.clone() },
        None if late && busy.asking => Action::CancelAll { limit: Limit::RunTime.key() },
        None if late => stop_at(Limit::RunTime),
        None if busy.asking => return Vec::new(),
        None if state.terms.plan_rounds.is_some_and(|most| round > most) => {
            record(None, None, Kind::RunStopped { why: StopCause::NoPlan })
        }
        None => Action::Propose { round },
    }]
}

pub(super) struct Round<'a> {
    pub(super) state: &'a RunState,
    pub(super) accepted: &'a Accepted,
    pub(super) busy: &'a Busy,
    pub(super) now: Timestamp,
}

pub(super) fn record(task: Option<&Task>, attempt: Option<u32>, kind: Kind) -> Action {
    Action::Record { task: task.map(|task| task.id.clone()), attempt, kind }
}

impl Round<'_> {
    fn decide(&self) -> Vec<Action> {
        let due = self.due_records();
        if !due.is_empty() {
            return due;
        }
        let mut actions = self.finish_checked();
        if let Some(stop) = self.used_up() {
            actions.push(stop);
            return actions;
        }
        if self.state.plan_only && self.state.is_idle() {
            return vec![record(None, None, Kind::RunFinished { verdict: RunVerdict::Planned, exit: 0 })];
        }
        if let Some(consent) = self.plan_consent() {
            actions.extend(consent);
            return actions;
        }
        if let Some(pause) = self.pause() {
            actions.extend(pause);
            return actions;
        }
        actions.extend(self.launches());
        let at_rest = actions.is_empty() && self.state.is_idle() && !self.busy.verifying;
        let wake = self.wake();
        if at_rest {
            actions.extend(self.when_idle(wake.is_some()));
        }
        actions.extend(wake);
        actions
    }

    pub(super) fn planned(&self, ordinal: u32) -> &Task {
        &self.accepted.plan.tasks[ordinal as usize]
    }

    /// Events that follow from the state alone.
    fn due_records(&self) -> Vec<Action> {
        let mut due = Vec::new();
        for (ordinal, attempt) in self.state.lost() {
            let kind = Kind::AttemptFinished(Box::new(AttemptFinished::lost()));
            due.push(record(Some(self.planned(ordinal)), Some(attempt), kind));
        }
        for ordinal in &self.accepted.exhausted {
            let task = &self.accepted.tasks[*ordinal as usize];
            if task.sent_back {
                let kind = Kind::reopened("the work that it refused is done again");
                due.push(record(Some(self.planned(*ordinal)), None, kind));
            } else if self.state.send_back(*ordinal).is_some() {
                // Its work goes back as soon as nothing else is at work.
            } else if self.state.may_replan(*ordinal) {
                // The plan is changed as soon as nothing is at work.
            } else if let Some(failure) = &task.failure {
                let kind = Kind::TaskFailed { class: failure.class, detail: failure.detail.clone() };
                due.push(record(Some(self.planned(*ordinal)), None, kind));
            }
        }
        // One at a time, since each may doom others: their order is that of the plan, wherever a process died among them.
        let mut doomed = self.accepted.doomed.iter();
        if let Some(ordinal) = doomed.find(|ordinal| !self.was_stopped_with_its_dependency(**ordinal)) {
            let blocking = self.accepted.blocking_dependency(*ordinal);
            let cause = match blocking.filter(|_| !seeded(Bug::NamesTheWrongCause)) {
                Some(dep) => SkipCause::Dependency(self.planned(dep).id.clone()),
                None => SkipCause::Rejected,
            };
            due.push(record(Some(self.planned(*ordinal)), None, Kind::TaskSkipped { cause }));
        }
        for gauge in self.state.gauges(self.now) {
            let near = gauge.is_nearly_full() && !seeded(Bug::NeverWarns);
            if near && !self.state.ledger.has_warned(gauge.limit) && self.is_unfinished() {
                let kind = Kind::BudgetWarned { limit: gauge.limit, used: gauge.used, of: gauge.of };
                due.push(record(None, None, kind));
            }
        }
        if let Some((why, until)) = &self.state.pause_due {
            let (why, until, cause) = (why.clone(), *until, PauseCause::Waiting);
            due.push(record(None, None, Kind::RunPaused { why, until, cause }));
        }
        due
    }

    /// Whether a dependency was left out because a failure stopped the run: then so is this task, and for that reason,
    /// however much of it was on record when a process died.
    fn was_stopped_with_its_dependency(&self, ordinal: u32) -> bool {
        let stopped = |dep: &u32| {
            let status = &self.accepted.tasks[*dep as usize].status;
            matches!(status, Status::Skipped { cause: SkipCause::Stopped(_) })
        };
        self.halted().is_some() && self.accepted.graph.deps(ordinal).iter().any(stopped)
    }

    /// Missing checks of tasks whose agents ended, and the end of those whose checks are all in.
    fn finish_checked(&self) -> Vec<Action> {
        let mut actions = Vec::new();
        for ordinal in &self.accepted.checking {
            if self.busy.tasks.contains(ordinal) {
                continue;
            }
            let task = &self.accepted.tasks[*ordinal as usize];
            let Status::Checking { attempt, tree, .. } = &task.status else { continue };
            match self.state.judgement(*ordinal) {
                Some(Judgement::Accepted(verdict)) => {
                    actions.push(Action::Settle { task: *ordinal, attempt: *attempt, verdict });
                }
                Some(Judgement::Refused(_)) => {}
                None => {
                    let result = Place::Result(tree.clone());
                    let probes = self.probes(self.state.checks(*ordinal), &result, |check| {
                        self.state.task_outcome(*ordinal, check).is_none()
                    });
                    actions.push(Action::Verify { task: Some(*ordinal), probes });
                }
            }
        }
        actions
    }

    /// The runs of `checks` that are missing, on the base first.
    pub(super) fn probes(&self, checks: &[Check], result: &Place, missing: impl Fn(&Check) -> bool) -> Vec<Probe> {
        let mut probes: Vec<Probe> = Vec::new();
        let mut add = |check: &Check, place: Place| {
            let known = probes.iter().any(|probe| {
                probe.place == place && super::check_identity(&probe.check) == super::check_identity(check)
            });
            if !known {
                probes.push(Probe { check: check.clone(), place });
            }
        };
        for check in checks {
            if self.state.base_outcome(check).is_none() {
                add(check, Place::Base(self.state.base.tree.clone()));
            }
        }
        let unchanged = *result == Place::Result(self.state.base.tree.clone()) && self.state.base.tree.is_some();
        for check in checks {
            // Where nothing was changed, one run of the check shows both.
            let shown = unchanged && self.state.base_outcome(check).is_none();
            if missing(check) && !shown {
                add(check, result.clone());
            }
        }
        probes
    }

    fn is_unfinished(&self) -> bool {
        (self.accepted.over as usize) < self.accepted.tasks.len()
    }

    fn used_up(&self) -> Option<Action> {
        let in_time = self.state.elapsed(self.now) < self.state.terms.run_time;
        if !(self.is_unfinished() || self.busy.verifying) || in_time || seeded(Bug::IgnoresTheTime) {
            return None;
        }
        let asks = self.busy.asking && self.state.to_replan().is_some();
        Some(if self.state.is_idle() && self.busy.tasks.is_empty() && !self.busy.verifying && !asks {
            stop_at(Limit::RunTime)
        } else {
            Action::CancelAll { limit: Limit::RunTime.key() }
        })
    }

    fn plan_consent(&self) -> Option<Vec<Action>> {
        match self.state.plan_consent {
            Consent::Given(Decision::Approve) => None,
            Consent::NotAsked if self.state.terms.ask < Ask::Plan => None,
            Consent::NotAsked if self.has_begun() && !self.state.asks_again => None,
            Consent::NotAsked => Some(vec![record(None, None, Kind::ApprovalRequested {})]),
            // What was asked is answered, and what was refused stays refused, whatever the terms say by now.
            Consent::Asked => Some(self.ask(None)),
            Consent::Given(Decision::Reject) => {
                let verdict = RunVerdict::Denied;
                Some(vec![record(None, None, Kind::RunFinished { verdict, exit: verdict.exit() })])
            }
        }
    }

    fn has_begun(&self) -> bool {
        self.state.launches > 0
    }

    fn ask(&self, task: Option<u32>) -> Vec<Action> {
        if self.busy.asking {
            Vec::new()
        } else if self.busy.can_ask {
            vec![Action::Ask { task }]
        } else {
            vec![record(None, None, Kind::RunStopped { why: StopCause::Approval })]
        }
    }

    fn pause(&self) -> Option<Vec<Action>> {
        let until = self.state.paused.filter(|_| !seeded(Bug::IgnoresThePause))?;
        Some(match until {
            Some(until) if until <= self.now => vec![record(None, None, Kind::RunContinued {})],
            Some(until) if until.since(self.now) <= self.state.terms.quota_wait => vec![Action::Wait { until }],
            until if self.state.is_idle() && self.busy.tasks.is_empty() => {
                vec![record(None, None, Kind::RunStopped { why: StopCause::Quota(until) })]
            }
            Some(_) | None => Vec::new(),
        })
    }

    /// A failure ends the run for all that have not begun.
    fn halted(&self) -> Option<u32> {
        let goes_on = self.state.terms.continue_on_error && !seeded(Bug::StopsInSpiteOfContinueOnError);
        self.accepted.first_failure.filter(|_| !goes_on)
    }

    /// How many tasks more may be at work.
    fn slots(&self) -> usize {
        let halted = self.halted().is_some() && !seeded(Bug::BeginsAfterAFailure);
        // Work that is about to go back is not built upon, nor a plan that is about to change.
        let goes_back = !self.accepted.exhausted.is_empty();
        if halted || goes_back || self.busy.verifying || self.has_no_room() {
            return 0;
        }
        let active = self.accepted.running.len() + self.accepted.checking.len();
        let active = if seeded(Bug::IgnoresJobs) { 0 } else { active };
        (self.state.terms.jobs.max(1) as usize).saturating_sub(active)
    }

    /// The moment from which another task may begin, whatever is at work until then.
    fn wake(&self) -> Option<Action> {
        let asleep = seeded(Bug::SleepsWhileOthersWork) && !self.state.is_idle();
        if self.slots() == 0 || self.state.terms.launches <= self.state.launches || asleep {
            return None;
        }
        let awake = (self.now, u32::MAX);
        let (until, _) = self.accepted.wake.range((Bound::Excluded(awake), Bound::Unbounded)).next()?;
        Some(Action::Wait { until: *until })
    }

    /// Tasks that can begin now, the one with the most hops below it first, then in plan order.
    fn launches(&self) -> Vec<Action> {
        let slots = self.slots();
        if slots == 0 {
            return Vec::new();
        }
        let base = self.in_place_base();
        if !base.is_empty() {
            return base;
        }
        let mut candidates: Vec<u32> = self.startable().collect();
        let height = |ordinal| if seeded(Bug::IgnoresPriority) { 0 } else { self.accepted.graph.height(ordinal) };
        candidates.sort_by_key(|ordinal| (std::cmp::Reverse(height(*ordinal)), *ordinal));
        let mut begun: Vec<u32> = Vec::new();
        let mut actions = Vec::new();
        let mut left = self.state.terms.launches.saturating_sub(self.state.launches);
        let mut aside = Amount::NONE;
        for ordinal in candidates {
            if begun.len() == slots {
                break;
            }
            let task = &self.accepted.tasks[ordinal as usize];
            let planned = self.planned(ordinal);
            let needs = planned.approval || task.held || self.state.terms.ask == Ask::Task;
            if needs && task.consent == Consent::NotAsked && !seeded(Bug::AsksNobody) {
                actions.push(record(Some(planned), task.held_attempt(), Kind::ApprovalRequested {}));
                continue;
            }
            let Status::Pending { next_attempt, .. } = task.status else { continue };
            let beside = self.accepted.running.iter().chain(&self.accepted.checking).chain(&begun);
            if !self.may_share(planned, beside) {
                continue;
            }
            if left == 0 && !seeded(Bug::IgnoresTheLaunches) {
                break;
            }
            match self.offered(planned.role, aside) {
                Ok(more) => aside = aside.plus(more),
                // What spends nothing goes on, and so does what there is enough for.
                Err(_) => continue,
            }
            left = left.saturating_sub(1);
            begun.push(ordinal);
            actions.push(Action::Launch { task: ordinal, attempt: next_attempt });
        }
        actions
    }

    /// Tasks that could begin now.
    fn startable(&self) -> impl Iterator<Item = u32> {
        // Passed over before they are counted: however many there is not enough for, what spends nothing goes on.
        let paid_for = self.ready().filter(|task| self.offered(self.planned(*task).role, Amount::NONE).is_ok());
        self.awake().chain(paid_for.take(LOOK_AHEAD))
    }

    /// Tasks whose wait is over.
    fn awake(&self) -> impl Iterator<Item = u32> {
        self.accepted.wake.iter().take_while(|(at, _)| *at <= self.now).map(|(_, ordinal)| *ordinal)
    }

    /// Tasks that wait for nothing.
    fn ready(&self) -> impl Iterator<Item = u32> {
        self.accepted.ready.iter().map(|(_, ordinal)| *ordinal)
    }

    /// What would be set aside for an attempt beside others, or the limit that forbids it.
    fn offered(&self, role: Role, beside: Amount) -> Result<Amount, Limit> {
        match &self.state.terms.budget {
            Some(budget) => self.state.ledger.offer(budget, self.busy.spends.of(role), beside).map(|offer| offer.aside),
            None => Ok(Amount::NONE),
        }
    }

    /// Whether the run directory is as large as it may become.
    fn has_no_room(&self) -> bool {
        self.state.terms.run_bytes.is_some_and(|most| self.state.ledger.bytes() >= most)
    }

    /// In place there is no base to go back to: what the checks show before any work is seen before any work.
    fn in_place_base(&self) -> Vec<Action> {
        if self.state.base.tree.is_some() || self.has_begun() {
            return Vec::new();
        }
        let mut needed: Vec<Check> = Vec::new();
        for check in self.accepted.checks.iter().flatten().chain(&self.accepted.catalogue) {
            if !needed.contains(check) {
                needed.push(check.clone());
            }
        }
        let probes = self.probes(&needed, &Place::Base(None), |_| false);
        if probes.is_empty() { Vec::new() } else { vec![Action::Verify { task: None, probes }] }
    }

    /// Whether a task can run beside those at work: alone in a workspace; in place, when what they may write is
    /// declared and apart.
    fn may_share<'b>(&self, task: &Task, mut beside: impl Iterator<Item = &'b u32>) -> bool {
        beside.all(|other| {
            let other = self.planned(*other);
            let apart = are_apart(&task.scope.write, &other.scope.write) || seeded(Bug::SharesAFolder);
            self.state.terms.in_place && apart
        })
    }

    /// Nothing is at work and nothing can begin now; `waits` says whether something can later.
    fn when_idle(&self, waits: bool) -> Vec<Action> {
        let all_over = self.accepted.over as usize == self.accepted.tasks.len();
        if all_over {
            return self.conclude();
        }
        if let Some(back) = self.send_back() {
            return back;
        }
        if let Some(task) = self.state.to_replan() {
            return self.replan(task);
        }
        if let Some(first) = self.halted() {
            let cause = SkipCause::Stopped(self.planned(first).id.clone());
            let pending = self.accepted.tasks.iter().zip(&self.accepted.plan.tasks);
            return pending
                .filter(|(task, _)| matches!(task.status, Status::Pending { .. }))
                .map(|(_, planned)| record(Some(planned), None, Kind::TaskSkipped { cause: cause.clone() }))
                .collect();
        }
        match self.accepted.asking.iter().next() {
            // Where nobody can be asked the run stops, but not before the rest is done.
            Some(_) if waits && !self.busy.can_ask => Vec::new(),
            Some(ordinal) => self.ask(Some(*ordinal)),
            None if waits => Vec::new(),
            None => self.missing().map(stop_at).into_iter().collect(),
        }
    }

    /// The limit for the sake of which nothing can begin.
    fn missing(&self) -> Option<Limit> {
        if self.state.terms.launches <= self.state.launches {
            return Some(Limit::Launches);
        }
        if self.has_no_room() {
            return Some(Limit::RunBytes);
        }
        self.awake().chain(self.ready()).find_map(|task| self.offered(self.planned(task).role, Amount::NONE).err())
    }
}

fn stop_at(limit: Limit) -> Action {
    record(None, None, Kind::RunStopped { why: StopCause::Limit(limit.key().to_owned()) })
}

/// Whether two declared scopes cannot meet: no literal beginning of one lies within one of the other.
fn are_apart(a: &[String], b: &[String]) -> bool {
    !a.is_empty()
        && !b.is_empty()
        && a.iter().all(|a| {
            b.iter().all(|b| {
                let (a, b) = (literal(a), literal(b));
                !a.starts_with(b) && !b.starts_with(a)
            })
        })
}

/// A glob up to its first special character.
fn literal(glob: &str) -> &str {
    glob.find(['*', '?', '[', '{', '\\']).map_or(glob, |end| &glob[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_apart_only_when_declared_and_disjoint() {
        let of = |globs: &[&str]| globs.iter().map(|glob| (*glob).to_owned()).collect::<Vec<_>>();
        assert!(are_apart(&of(&["a/**"]), &of(&["b/**"])));
        assert!(!are_apart(&of(&["a/**"]), &of(&["a/b.rs"])));
        assert!(!are_apart(&of(&["**/*.rs"]), &of(&["b/x"])));
        assert!(!are_apart(&[], &of(&["b"])));
    }
}
