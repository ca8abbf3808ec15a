//! What the events of one task make of it, and of those that wait for it.

use super::retry::{Backoff, Chance, chance};
use super::seeded::{Bug, seeded};
use super::state::{Accepted, RunState};
use super::task::{Consent, Done, Status};
use super::verdict::{Judgement, judge};
use crate::event::{
    AttemptFinished, AttemptOutcome, AttemptStarted, Decision, Event, Failure, FailureClass, SkipCause, TaskReused,
    TaskSucceeded,
};
use crate::ids::TaskId;
use crate::plan::OnInterrupt;
use crate::time::{Span, Timestamp};

/// Interruptions in a row after which a person must decide.
const MAX_INTERRUPTIONS: u32 = 5;
/// A rate limit that asks for a longer wait pauses the run.
const LONG_WAIT: Span = Span::from_secs(60);

impl RunState {
    pub(super) fn attempt_started(&mut self, event: &Event, started: &AttemptStarted) -> Result<(), String> {
        let head = self.head().cloned();
        let (accepted, ordinal) = self.of_task(event)?;
        accepted.may_begin(ordinal)?;
        let task = &mut accepted.tasks[ordinal as usize];
        let Status::Pending { next_attempt, .. } = task.status else {
            return Err("the task is not pending".to_owned());
        };
        if event.attempt != Some(next_attempt) {
            return Err(format!("attempt {next_attempt} was expected"));
        }
        if started.input_tree != head {
            return Err("its input is not the tree that the run has come to".to_owned());
        }
        task.status = Status::Running { attempt: next_attempt };
        task.last_attempt = next_attempt;
        task.begun = event.seq;
        task.key = Some(started.key.clone());
        task.input_tree.clone_from(&started.input_tree);
        task.in_place.clear();
        accepted.settle_readiness(ordinal);
        accepted.running.insert(ordinal);
        // In place nothing but time tells what the last checks saw: not what is made from here on.
        if !seeded(Bug::KeepsAnOldLastCheck) {
            accepted.in_place_final.clear();
        }
        self.launches += 1;
        // What was written about the results tells nothing of what is done from here on.
        self.narrative = None;
        self.keyed.begun();
        Ok(())
    }

    pub(super) fn attempt_finished(&mut self, event: &Event, finished: &AttemptFinished) -> Result<(), String> {
        let (accepted, ordinal) = self.of_task(event)?;
        let task = &mut accepted.tasks[ordinal as usize];
        let Status::Running { attempt } = task.status else {
            return Err(format!("the task is {}, not running", task.status.word()));
        };
        if event.attempt != Some(attempt) {
            return Err(format!("attempt {attempt} was running"));
        }
        if finished.tree.is_none() && task.input_tree.is_some() && matches!(finished.outcome, AttemptOutcome::Ok(_)) {
            return Err("a claim needs the tree it is about".to_owned());
        }
        accepted.running.remove(&ordinal);
        accepted.lost.remove(&ordinal);
        match &finished.outcome {
            AttemptOutcome::Ok(claim) => {
                task.status = Status::Checking { attempt, claim: claim.clone(), tree: finished.tree.clone() };
                task.ended_at = Some(event.at);
                task.interrupted = 0;
                accepted.checking.insert(ordinal);
                self.judge_all(event);
            }
            AttemptOutcome::Failed(failure) => self.attempt_failed(ordinal, attempt, failure, event.at),
        }
        Ok(())
    }

    /// Judges every task whose checks are all in; those that are refused go back, or are exhausted.
    pub(super) fn judge_all(&mut self, event: &Event) {
        let Some(accepted) = &self.accepted else { return };
        let refused: Vec<(u32, Failure)> = accepted
            .checking
            .iter()
            .filter_map(|ordinal| match self.judgement(*ordinal) {
                Some(Judgement::Refused(failure)) => Some((*ordinal, failure)),
                Some(Judgement::Accepted(_)) | None => None,
            })
            .collect();
        for (ordinal, failure) in refused {
            let Some(attempt) = self.task(ordinal).map(|task| task.last_attempt) else { continue };
            self.keep_a_no(ordinal, &failure);
            if let Some(accepted) = &mut self.accepted {
                accepted.checking.remove(&ordinal);
            }
            self.attempt_failed(ordinal, attempt, &failure, event.at);
        }
    }

    /// What follows for a task that is being checked; nothing while a check is missing.
    pub fn judgement(&self, ordinal: u32) -> Option<Judgement> {
        let task = self.task(ordinal)?;
        let Status::Checking { claim, .. } = &task.status else { return None };
        let role = self.plan()?.tasks.get(ordinal as usize)?.role;
        let mut seen = Vec::new();
        for check in self.checks(ordinal) {
            if seeded(Bug::SettlesBeforeAllChecks) && self.task_outcome(ordinal, check).is_none() {
                continue;
            }
            seen.push((check, self.base_outcome(check)?, self.task_outcome(ordinal, check)?));
        }
        Some(judge(role, claim, self.terms.review.as_ref(), &seen))
    }

    fn attempt_failed(&mut self, ordinal: u32, attempt: u32, failure: &Failure, at: Timestamp) {
        let terms = self.terms.clone();
        let run = self.run.clone();
        let Some(accepted) = &mut self.accepted else { return };
        let planned = &accepted.plan.tasks[ordinal as usize];
        let (id, on_interrupt) = (planned.id.clone(), planned.on_interrupt);
        let left = chance(planned.role, failure.class);
        let allowance = planned.limits.attempts.map_or(terms.attempts, |own| own.min(terms.attempts)).max(1);
        let task = &mut accepted.tasks[ordinal as usize];
        let next_attempt = if seeded(Bug::ReusesAnAttemptNumber) { attempt } else { attempt + 1 };
        let again = |not_before| Status::Pending { next_attempt, not_before };
        let same = task.counted_for.as_ref() == Some(&failure.signature) && !seeded(Bug::ForgetsTheBreaker);
        let allowance = allowance + u32::from(seeded(Bug::AllowsOneMore));
        let long = failure.class == FailureClass::RateLimited
            && failure.retry_at.is_some_and(|until| until.since(at) > LONG_WAIT);
        match left {
            Chance::Again if long => {
                task.status = again(failure.retry_at);
                self.pause_due = Some((failure.detail.clone(), failure.retry_at));
            }
            Chance::Again => {
                task.counted += 1;
                let wait = Backoff { first: terms.backoff, max: terms.max_backoff };
                let wait = at.after(wait.after(task.counted, &run, &id, attempt));
                // The breaker: the same failure twice in a row will not become another one the third time.
                task.counted_for = Some(failure.signature.clone());
                task.status = if same || task.counted >= allowance {
                    Status::Exhausted { attempt }
                } else {
                    let wait = failure.retry_at.map_or(wait, |until| until.max(wait));
                    again(Some(wait).filter(|_| !seeded(Bug::WakesAtOnce)))
                };
            }
            Chance::Free => {
                task.interrupted += 1;
                task.counted += u32::from(seeded(Bug::CountsInterruptions));
                task.status = again(None);
                let holds = on_interrupt == OnInterrupt::Ask || task.interrupted >= MAX_INTERRUPTIONS;
                if holds && !seeded(Bug::NeverHolds) {
                    task.held = true;
                    task.consent = Consent::NotAsked;
                }
            }
            Chance::Pause => {
                task.status = again(failure.retry_at);
                self.pause_due = Some((failure.detail.clone(), failure.retry_at));
            }
            Chance::Never => task.status = Status::Exhausted { attempt },
        }
        // An interruption says nothing about the work: the failure before it is what the next attempt is told.
        if left != Chance::Free {
            task.interrupted = 0;
            task.failure = Some(failure.clone());
        }
        if matches!(task.status, Status::Exhausted { .. }) {
            accepted.exhausted.insert(ordinal);
        }
        accepted.settle_readiness(ordinal);
    }

    pub(super) fn task_succeeded(&mut self, event: &Event, succeeded: &TaskSucceeded) -> Result<(), String> {
        let (_, ordinal) = self.of_task(event)?;
        let judgement = self.judgement(ordinal);
        let accepted = self.executing()?;
        let task = &mut accepted.tasks[ordinal as usize];
        let Status::Checking { attempt, claim, tree } = &task.status else {
            return Err(format!("the task is {}, not being checked", task.status.word()));
        };
        if event.attempt != Some(*attempt) || succeeded.tree != *tree {
            return Err("it is not about the attempt that was checked".to_owned());
        }
        if judgement != Some(Judgement::Accepted(succeeded.verdict)) {
            return Err("its checks do not say so".to_owned());
        }
        let key = task.key.clone().ok_or("its attempt has no key")?;
        task.done = Some(Done {
            attempt: *attempt,
            key,
            input_tree: task.input_tree.clone(),
            tree: succeeded.tree.clone(),
            commit: succeeded.commit.clone(),
            artifacts: succeeded.artifacts.clone(),
            verdict: succeeded.verdict,
            result: claim.as_ref().clone(),
            begun: task.begun,
            kept: event.seq,
        });
        (task.rework, task.refusal) = (None, None);
        accepted.chain.push(ordinal);
        accepted.end(ordinal, Status::Succeeded);
        Ok(())
    }

    pub(super) fn task_reused(&mut self, event: &Event, reused: &TaskReused) -> Result<(), String> {
        let head = self.head().cloned();
        let (accepted, ordinal) = self.of_task(event)?;
        accepted.may_begin(ordinal)?;
        let task = &accepted.tasks[ordinal as usize];
        if task.rework.is_some() {
            return Err("its work was sent back".to_owned());
        }
        let done = task.done.as_ref().ok_or("the task never succeeded")?;
        if done.key != reused.key || done.attempt != reused.from || done.input_tree != head || head.is_none() {
            return Err("its inputs are not those of its success".to_owned());
        }
        accepted.chain.push(ordinal);
        accepted.end(ordinal, Status::Succeeded);
        Ok(())
    }

    /// No other plan is asked for its sake any more.
    pub(super) fn task_failed(&mut self, event: &Event, class: FailureClass) -> Result<(), String> {
        let (accepted, ordinal) = self.of_task(event)?;
        accepted.task_failed(ordinal, class)?;
        self.replans.proposed.take_if(|(task, _)| event.task.as_ref() == Some(task));
        self.replans.rejected.clear();
        Ok(())
    }
}

impl Accepted {
    /// Whether a task may start, or why not.
    pub(super) fn may_begin(&self, ordinal: u32) -> Result<(), String> {
        let task = &self.tasks[ordinal as usize];
        match &task.status {
            Status::Pending { .. } => {}
            status => return Err(format!("the task is {}, not pending", status.word())),
        }
        if task.waiting > 0 {
            return Err("a task it depends on is not over".to_owned());
        }
        if let Some(dep) = self.blocking_dependency(ordinal) {
            return Err(format!("`{}` did not succeed", self.plan.tasks[dep as usize].id));
        }
        match task.consent {
            Consent::Asked | Consent::Given(Decision::Reject) => Err("no person has agreed to it".to_owned()),
            Consent::NotAsked if task.held => Err("a person must decide over it first".to_owned()),
            Consent::NotAsked | Consent::Given(Decision::Approve) => Ok(()),
        }
    }

    /// The ordinal of a task that an event names.
    pub(super) fn ordinal(&self, id: &TaskId) -> Result<u32, String> {
        self.index.get(id).copied().ok_or_else(|| format!("there is no task `{id}`"))
    }

    pub(super) fn policy_denied(&self, ordinal: u32) -> Result<(), String> {
        match &self.tasks[ordinal as usize].status {
            Status::Running { .. } => Ok(()),
            status => Err(format!("the task is {}, not running", status.word())),
        }
    }

    fn task_failed(&mut self, ordinal: u32, class: FailureClass) -> Result<(), String> {
        let task = &self.tasks[ordinal as usize];
        match (&task.status, &task.failure) {
            (Status::Exhausted { .. }, Some(failure)) if failure.class == class => {
                if !seeded(Bug::ForgetsTheFirstFailure) {
                    self.first_failure.get_or_insert(ordinal);
                }
                self.end(ordinal, Status::Failed { class });
                Ok(())
            }
            (status, _) => Err(format!("the task is {}, or failed otherwise", status.word())),
        }
    }

    pub(super) fn task_skipped(&mut self, ordinal: u32, cause: &SkipCause) -> Result<(), String> {
        let task = &self.tasks[ordinal as usize];
        if !matches!(task.status, Status::Pending { .. }) {
            return Err(format!("the task is {}, not pending", task.status.word()));
        }
        let holds = match cause {
            SkipCause::Dependency(id) => self.index.get(id).is_some_and(|dep| {
                self.graph.deps(ordinal).contains(dep)
                    && matches!(
                        self.tasks[*dep as usize].status,
                        Status::Failed { .. } | Status::Replaced { .. } | Status::Skipped { .. } | Status::Cancelled
                    )
            }),
            SkipCause::Stopped(id) => self.index.get(id).is_some_and(|other| self.first_failure == Some(*other)),
            SkipCause::Rejected => task.consent == Consent::Given(Decision::Reject),
        };
        if !holds {
            return Err("its cause does not hold".to_owned());
        }
        self.end(ordinal, Status::Skipped { cause: cause.clone() });
        Ok(())
    }

    pub(super) fn task_cancelled(&mut self, ordinal: u32) -> Result<(), String> {
        match &self.tasks[ordinal as usize].status {
            Status::Pending { .. } => {
                self.end(ordinal, Status::Cancelled);
                Ok(())
            }
            status => Err(format!("the task is {}, not pending", status.word())),
        }
    }

    pub(super) fn task_reopened(&mut self, ordinal: u32) -> Result<(), String> {
        let task = &self.tasks[ordinal as usize];
        let was_over = task.status.is_over();
        if let Status::Replaced { .. } = task.status {
            return Err("the plan was changed for its sake".to_owned());
        }
        if !was_over && !task.sent_back {
            return Err(format!("the task is {}, not over", task.status.word()));
        }
        if task.status == Status::Succeeded {
            // What leaves the tree as it was has nothing on top of it.
            if self.chain.last() != Some(&ordinal) && !self.plan.tasks[ordinal as usize].role.is_read_only() {
                return Err("later work was put on top of it".to_owned());
            }
            self.chain.retain(|other| *other != ordinal);
        }
        let task = &mut self.tasks[ordinal as usize];
        // Of a review that only runs again, since the work before it does, the bound holds on.
        if was_over && task.status != Status::Succeeded {
            task.reworks = 0;
        }
        (task.sent_back, task.rework) = (false, None);
        task.status = Status::Pending { next_attempt: task.last_attempt + 1, not_before: None };
        if !seeded(Bug::CountsOnAfterReopening) {
            task.counted = 0;
        }
        task.counted_for = None;
        // What an interrupted attempt left is as unknown as before: whether it is held stays, and who refused is asked again.
        task.interrupted = 0;
        task.consent = Consent::NotAsked;
        self.exhausted.remove(&ordinal);
        if self.first_failure == Some(ordinal) {
            self.first_failure = None;
        }
        if was_over {
            self.over -= 1;
            for dependent in self.graph.dependents(ordinal).to_vec() {
                self.tasks[dependent as usize].waiting += u32::from(!seeded(Bug::ForgetsWhoWaits));
                self.settle_readiness(dependent);
            }
        }
        self.settle_readiness(ordinal);
        Ok(())
    }

    /// The plan was changed for its sake.
    pub(super) fn give_up(&mut self, ordinal: u32, class: FailureClass) {
        self.end(ordinal, Status::Replaced { class });
    }

    /// A task is over: those that waited for it wait for one less.
    fn end(&mut self, ordinal: u32, status: Status) {
        self.checking.remove(&ordinal);
        self.exhausted.remove(&ordinal);
        self.asking.remove(&ordinal);
        self.tasks[ordinal as usize].status = status;
        self.settle_readiness(ordinal);
        self.over += 1;
        for dependent in self.graph.dependents(ordinal).to_vec() {
            let task = &mut self.tasks[dependent as usize];
            task.waiting = task.waiting.saturating_sub(1);
            if task.waiting == 0 {
                self.settle_readiness(dependent);
            }
        }
    }

    /// Takes over from the plan before it what is known of the tasks that stay.
    pub(super) fn carry_over(&mut self, mut old: Self) -> Result<(), (Box<Self>, String)> {
        let gone = |old: &Self, new: &Self, ordinal: u32| !new.index.contains_key(&old.plan.tasks[ordinal as usize].id);
        if let Some(lost) = old.chain.iter().find(|ordinal| gone(&old, self, **ordinal)) {
            let why = format!("task `{}` succeeded and is not in the new plan", old.plan.tasks[*lost as usize].id);
            return Err((Box::new(old), why));
        }
        let moved = |new: &Self, old: &Self, ordinal: u32| new.index.get(&old.plan.tasks[ordinal as usize].id).copied();
        self.chain = old.chain.iter().filter_map(|ordinal| moved(self, &old, *ordinal)).collect();
        self.first_failure = old.first_failure.and_then(|ordinal| moved(self, &old, ordinal));
        for (before, planned) in old.tasks.drain(..).zip(&old.plan.tasks) {
            if let Some(ordinal) = self.index.get(&planned.id) {
                self.tasks[*ordinal as usize] = before;
            }
        }
        self.outcomes = old.outcomes;
        self.in_place_base = old.in_place_base;
        self.in_place_final.clear();
        self.rebuild();
        Ok(())
    }

    /// Recomputes every set from the tasks' states.
    fn rebuild(&mut self) {
        self.ready.clear();
        self.wake.clear();
        self.asking.clear();
        self.exhausted.clear();
        self.doomed.clear();
        self.over = 0;
        let count = u32::try_from(self.tasks.len()).unwrap_or(u32::MAX);
        for ordinal in 0..count {
            let open =
                self.graph.deps(ordinal).iter().filter(|dep| !self.tasks[**dep as usize].status.is_over()).count();
            let task = &mut self.tasks[ordinal as usize];
            task.waiting = u32::try_from(open).unwrap_or(u32::MAX);
            task.wakes = None;
            if task.status.is_over() {
                self.over += 1;
            }
            if matches!(task.status, Status::Exhausted { .. }) {
                self.exhausted.insert(ordinal);
            }
            if task.consent == Consent::Asked {
                self.asking.insert(ordinal);
            }
        }
        for ordinal in 0..count {
            self.settle_readiness(ordinal);
        }
    }
}
