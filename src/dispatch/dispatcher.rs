//! The loop: it owns the state, appends, waits for the disk, acts.

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use super::glimpse::Eye;
use super::hands::Work;
use super::inbox::Message;
use super::launch::Begun;
use super::link::{Link, Order, Question, Suspension};
use super::record::{Record, Waiting};
use super::{DispatchError, worker};
use crate::event::{AttemptFinished, Event, FORMAT, Kind, PauseCause, StopCause};
use crate::ids::TaskId;
use crate::model::Grant;
use crate::run::{Action, Busy, Phase, Place, RunState, decide};
use crate::store::{self, Journal};
use crate::sys::clock;
use crate::time::{Span, Timestamp};

/// How the loop ended.
#[derive(Debug)]
pub struct Ending {
    /// The state after the last event.
    pub state: RunState,
}

/// Runs an opened run until it is finished or stopped. The caller keeps the lock.
pub async fn drive(
    state: RunState,
    journal: Journal,
    work: Arc<Work>,
    link: Link,
    unseen: Vec<Event>,
) -> Result<Ending, DispatchError> {
    Dispatcher::new(state, journal, work, link, unseen).run().await
}

pub(super) struct Dispatcher {
    pub(super) state: RunState,
    pub(super) record: Record,
    pub(super) work: Arc<Work>,
    link: Link,
    pub(super) busy: Busy,
    /// Attempts to be begun once what was appended is written.
    pub(super) begun: Vec<Begun>,
    pub(super) workers: JoinSet<()>,
    inbox: mpsc::UnboundedReceiver<Message>,
    pub(super) outbox: mpsc::UnboundedSender<Message>,
    /// What requests ask of the ledger.
    pub(super) grants: mpsc::UnboundedReceiver<Grant>,
    pub(super) ledger: mpsc::UnboundedSender<Grant>,
    /// Nothing more is begun; the run stops for this as soon as what is at work has ended.
    pub(super) stopping: Option<StopCause>,
    wake_at: Option<Timestamp>,
    pub(super) workspace_known: bool,
    listening: bool,
}

impl Dispatcher {
    fn new(state: RunState, journal: Journal, work: Arc<Work>, link: Link, unseen: Vec<Event>) -> Self {
        let (outbox, inbox) = mpsc::unbounded_channel();
        let (ledger, grants) = mpsc::unbounded_channel();
        let busy = Busy { can_ask: link.questions.is_some(), spends: work.spends(), ..Busy::default() };
        Self {
            record: Record::new(journal, &link, unseen),
            state,
            work,
            link,
            busy,
            begun: Vec::new(),
            workers: JoinSet::new(),
            inbox,
            outbox,
            grants,
            ledger,
            stopping: None,
            wake_at: None,
            workspace_known: false,
            listening: true,
        }
    }

    /// Runs until the run is finished or stopped. Everything appended is durable when it returns.
    async fn run(mut self) -> Result<Ending, DispatchError> {
        let outcome = self.turn().await;
        self.work.cancel.cancel();
        while self.workers.join_next().await.is_some() {}
        if outcome.is_err() {
            self.salvage();
        }
        let closed = self.record.close();
        outcome?;
        closed?;
        let dir = self.work.dir.clone();
        worker::blocking(move || store::write_manifest(&dir)).await??;
        Ok(Ending { state: self.state })
    }

    /// What other workers had done when the loop failed goes on record all the same: it was paid for.
    fn salvage(&mut self) {
        while let Ok(message) = self.inbox.try_recv() {
            if let Err(error) = self.handle(message) {
                tracing::warn!(%error, "what a worker did is not on record");
            }
        }
    }

    async fn turn(&mut self) -> Result<(), DispatchError> {
        loop {
            self.step()?;
            self.commit()?;
            let wake = self.next_wake();
            if matches!(self.state.phase, Phase::Stopped(_) | Phase::Finished(_)) {
                return Ok(());
            }
            tokio::select! {
                progress = self.record.progress() => progress?,
                Some(message) = self.inbox.recv() => self.handle(message)?,
                Some(grant) = self.grants.recv() => self.grant(grant)?,
                Some(joined) = self.workers.join_next() => {
                    if let Err(error) = joined && error.is_panic() {
                        return Err(DispatchError::Panic(panic_text(error.into_panic())));
                    }
                }
                () = wait_until(wake) => {}
                Some(suspension) = self.link.suspensions.recv() => self.suspend(suspension)?,
                changed = self.link.orders.changed(), if self.listening => self.ordered(changed.is_ok()),
            }
        }
    }

    /// Decides and acts until nothing more follows from what is known.
    fn step(&mut self) -> Result<(), DispatchError> {
        loop {
            if let Some(why) = self.stopping.clone() {
                let heard_all = self.inbox.is_empty() && self.grants.is_empty();
                if self.workers.is_empty() && heard_all && self.state.is_idle_of_attempts() {
                    self.append(None, None, Kind::RunStopped { why })?;
                }
                return Ok(());
            }
            self.wake_at = None;
            let actions = decide(&self.state, &self.busy, clock::now());
            let mut again = false;
            for action in actions {
                again |= self.act(action)?;
            }
            if !again {
                return Ok(());
            }
        }
    }

    /// Acts; true when the state may have changed.
    fn act(&mut self, action: Action) -> Result<bool, DispatchError> {
        match action {
            Action::Record { task, attempt, kind } => {
                self.append(task, attempt, kind)?;
                return Ok(true);
            }
            Action::Launch { task, attempt } => {
                self.launch(task, attempt)?;
                return Ok(true);
            }
            Action::Verify { task, probes } => {
                match task {
                    Some(task) => drop(self.busy.tasks.insert(task)),
                    None => self.busy.verifying = true,
                }
                let attempt = task.and_then(|task| self.state.task(task)).map(|task| task.last_attempt);
                let eye = self.eye(task.and_then(|task| self.id(task)));
                let verification = worker::Verification { task, attempt, probes, eye };
                let (work, out, cancel) = (Arc::clone(&self.work), self.outbox.clone(), self.work.cancel.clone());
                self.workers.spawn(worker::verify(work, verification, out, cancel));
            }
            Action::Settle { task, attempt, verdict } => {
                let plan = worker::SettlePlan::of(&self.state, task, attempt, verdict);
                if let Some(succeeded) = worker::settled(&self.work, &plan) {
                    self.append(self.id(task), Some(attempt), Kind::TaskSucceeded(Box::new(succeeded)))?;
                    return Ok(true);
                }
                self.busy.tasks.insert(task);
                let (work, out) = (Arc::clone(&self.work), self.outbox.clone());
                self.workers.spawn(worker::settle(work, plan, out));
            }
            Action::Ask { task } => self.ask(task),
            Action::Wait { until } => self.wake_at = Some(until),
            Action::CancelAll { limit } => {
                tracing::warn!(limit, "a limit of the run is used up");
                self.stop(StopCause::Limit(limit.to_owned()));
                return Ok(true);
            }
            Action::Propose { round } => self.propose(round)?,
            Action::Parse { text } => {
                self.parse(&text)?;
                return Ok(true);
            }
            Action::Replan { task, number } => self.replan(task, number)?,
            Action::ParsePatch { task, text } => {
                self.parse_patch(task, &text)?;
                return Ok(true);
            }
            Action::Summarize => self.summarize()?,
        }
        Ok(false)
    }

    fn ask(&mut self, task: Option<u32>) {
        if self.link.questions.is_none() {
            return;
        }
        let id = task.and_then(|task| self.state.plan()?.tasks.get(task as usize)).map(|task| task.id.clone());
        let interrupted = self.held_attempt(task);
        let (answer, answered) = oneshot::channel();
        let out = self.outbox.clone();
        self.busy.asking = true;
        // A closed channel is an answer too: the receiver below sees its sender gone.
        let question = Question { task: id, interrupted, answer };
        self.record.urge_for(self.state.seq, Waiting::Question(question));
        let cancel = self.work.cancel.clone();
        self.workers.spawn(async move {
            // A person may never answer; the run must still be able to stop.
            let decision = tokio::select! {
                decision = answered => decision.ok(),
                () = cancel.cancelled() => return,
            };
            drop(out.send(Message::Answered { task, decision }));
        });
    }

    fn handle(&mut self, message: Message) -> Result<(), DispatchError> {
        match message {
            Message::AttemptDone { task, attempt, finished, denied } => {
                if let Some(denied) = denied {
                    let kind = Kind::PolicyDenied { rule: denied.rule, paths: denied.paths };
                    self.append(self.id(task), Some(attempt), kind)?;
                }
                self.attempt_ended(task, attempt, finished)
            }
            Message::AttemptBroken { task, attempt, finished, error } => {
                if let Err(error) = self.attempt_ended(task, attempt, finished) {
                    tracing::warn!(%error, "the end of an attempt is not on record");
                }
                Err(*error)
            }
            Message::Checked { task, attempt, place, run } => match place {
                Place::Base(_) => self.append(None, None, Kind::BaseChecked(run)),
                Place::Result(_) => {
                    let id = task.and_then(|task| self.id(task));
                    self.append(id, attempt, Kind::CheckFinished(run))
                }
            },
            Message::VerifyDone { task } => {
                match task {
                    Some(task) => drop(self.busy.tasks.remove(&task)),
                    None => self.busy.verifying = false,
                }
                Ok(())
            }
            Message::Settled { task, attempt, succeeded } => {
                self.busy.tasks.remove(&task);
                self.append(self.id(task), Some(attempt), Kind::TaskSucceeded(succeeded))
            }
            Message::Answered { task, decision } => {
                self.busy.asking = false;
                let Some(decision) = decision else {
                    self.busy.can_ask = false;
                    return Ok(());
                };
                let kind = Kind::ApprovalDecided { by: "terminal".to_owned(), decision };
                self.append(task.and_then(|task| self.id(task)), self.held_attempt(task), kind)
            }
            Message::Proposed { round, answer } => self.proposed(round, answer),
            Message::PatchProposed { task, number, answer } => self.patch_proposed(task, number, answer),
            Message::Summarized { answer } => self.summarized(answer),
            Message::Broken(error) => Err(*error),
        }
    }

    fn attempt_ended(
        &mut self,
        task: u32,
        attempt: u32,
        mut finished: Box<AttemptFinished>,
    ) -> Result<(), DispatchError> {
        finished.bytes = finished.bytes.saturating_add(self.record.take_written());
        self.append(self.id(task), Some(attempt), Kind::AttemptFinished(finished))
    }

    pub(super) fn eye(&self, task: Option<TaskId>) -> Eye {
        Eye::new(self.link.glimpses.clone(), task)
    }

    fn held_attempt(&self, task: Option<u32>) -> Option<u32> {
        self.state.task(task?)?.held_attempt()
    }

    pub(super) fn id(&self, task: u32) -> Option<TaskId> {
        self.state.plan().and_then(|plan| plan.tasks.get(task as usize)).map(|task| task.id.clone())
    }

    /// Appends an event and takes it into the state. It is shown, and its effects happen, once it is durable.
    pub(super) fn append(
        &mut self,
        task: Option<TaskId>,
        attempt: Option<u32>,
        kind: Kind,
    ) -> Result<(), DispatchError> {
        let event = next_event(&self.state, task, attempt, kind);
        self.state.apply(&event)?;
        self.record.append(event)
    }

    /// Puts on record that nothing happens from here on, or again. A run that has ended meanwhile has nothing to pause.
    fn suspend(&mut self, suspension: Suspension) -> Result<(), DispatchError> {
        let is_suspended = self.state.suspended.is_some();
        match suspension {
            _ if self.state.phase != Phase::Executing => {}
            Suspension::Begins(waiting) if !is_suspended => {
                let (why, cause) = ("suspended".to_owned(), PauseCause::Suspended);
                self.append(None, None, Kind::RunPaused { why, until: None, cause })?;
                self.record.urge_for(self.state.seq, Waiting::Answer { _sender: waiting });
            }
            Suspension::Ends if is_suspended => {
                self.append(None, None, Kind::RunContinued {})?;
                self.record.urge();
            }
            Suspension::Begins(_) | Suspension::Ends => {}
        }
        Ok(())
    }

    fn ordered(&mut self, open: bool) {
        // When nobody can give orders any more, waiting for them would never wait.
        self.listening = open;
        let order = if open { *self.link.orders.borrow_and_update() } else { Order::GoOn };
        match order {
            Order::GoOn => {}
            Order::Stop(signal) => self.stop(StopCause::Signal(i32::from(signal.number()))),
            Order::Kill(signal) => {
                self.stop(StopCause::Signal(i32::from(signal.number())));
                self.work.hands.supervisors.hurry();
            }
        }
    }

    /// Ends what is at work. From here on nothing is decided: what was cancelled would only be asked for again.
    fn stop(&mut self, why: StopCause) {
        self.stopping = Some(why);
        self.work.cancel.cancel();
    }

    /// The next moment at which something could be due: a retry, most of the run's time, or its end.
    fn next_wake(&self) -> Option<Timestamp> {
        let now = clock::now();
        let left = self.state.time_to_next_mark(now).as_millis();
        let runs = !self.work.cancel.is_cancelled() && self.state.suspended.is_none();
        let deadline = runs.then(|| now.after(Span::from_millis(left.saturating_add(1))));
        match (self.wake_at, deadline) {
            (Some(wake), Some(deadline)) => Some(wake.min(deadline)),
            (wake, deadline) => wake.or(deadline),
        }
    }
}

/// The event that would follow `state`.
pub(super) fn next_event(state: &RunState, task: Option<TaskId>, attempt: Option<u32>, kind: Kind) -> Event {
    Event { v: FORMAT, seq: state.seq + 1, at: clock::now(), run: state.run.clone(), task, attempt, kind }
}

async fn wait_until(at: Option<Timestamp>) {
    match at {
        Some(at) => tokio::time::sleep(at.since(clock::now()).as_duration()).await,
        None => std::future::pending().await,
    }
}

fn panic_text(panic: Box<dyn std::any::Any + Send>) -> String {
    match panic.downcast::<String>() {
        Ok(text) => *text,
        Err(panic) => {
            panic.downcast::<&str>().map_or_else(|_| "without a message".to_owned(), |text| (*text).to_owned())
        }
    }
}
