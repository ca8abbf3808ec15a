//! The journal as the loop sees it: what was appended, how far it is safe, and who waits for that.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot, watch};

use super::DispatchError;
use super::link::{Link, Question};
use crate::event::Event;
use crate::ids::TaskId;
use crate::model::Withheld;
use crate::process::Gate;
use crate::store::{Durable, Journal, StoreError};
use crate::sys::clock;

/// The longest that an event is written and not yet synced while nobody waits for it: the next one shares its sync.
const LINGER: Duration = Duration::from_millis(5);

/// What waits for an event to be on the disk.
pub(super) enum Waiting {
    /// What is asked about is shown before.
    Question(Question),
    /// A request that may be sent then: what is set aside for it, by its number.
    Grant { id: u32, answer: oneshot::Sender<Result<u32, Withheld>> },
    /// Somebody waits for the record itself, until this is dropped.
    Answer { _sender: oneshot::Sender<Infallible> },
}

/// The record of a run while it grows.
pub(super) struct Record {
    journal: Journal,
    durable: watch::Receiver<Durable>,
    events: mpsc::UnboundedSender<Event>,
    questions: Option<mpsc::UnboundedSender<Question>>,
    /// Events not yet shown.
    unseen: VecDeque<Event>,
    /// Who waits for which event, in order.
    waiting: VecDeque<(u64, Waiting)>,
    /// Whether somebody waits for what was appended.
    urgent: bool,
    /// By when what was written is to be synced.
    sync_at: Option<Instant>,
}

impl Record {
    /// Goes on with a journal. `unseen` are events in it that were not shown yet.
    pub fn new(journal: Journal, link: &Link, unseen: Vec<Event>) -> Self {
        Self {
            durable: journal.durable(),
            journal,
            events: link.events.clone(),
            questions: link.questions.clone(),
            unseen: unseen.into(),
            waiting: VecDeque::new(),
            urgent: false,
            sync_at: None,
        }
    }

    /// Takes an event. It is written with the next [`Record::commit`], and shown once it is safe.
    pub fn append(&mut self, event: Event) -> Result<(), DispatchError> {
        self.journal.append(&event)?;
        tracing::info!(
            seq = event.seq,
            kind = event.kind.name(),
            task = event.task.as_ref().map(TaskId::as_str),
            attempt = event.attempt
        );
        self.unseen.push_back(event);
        Ok(())
    }

    /// Bytes appended since this was last asked.
    pub fn take_written(&mut self) -> u64 {
        self.journal.take_written()
    }

    /// What was appended is synced with the next commit.
    pub fn urge(&mut self) {
        self.urgent = true;
    }

    /// The same, because somebody waits for the event `seq`.
    pub fn urge_for(&mut self, seq: u64, waiting: Waiting) {
        self.waiting.push_back((seq, waiting));
        self.urgent = true;
    }

    /// Writes what was appended, in one piece. Once it is safe, the gates open.
    pub fn commit(&mut self, gates: Vec<Gate>) -> Result<(), DispatchError> {
        if gates.is_empty() && !self.urgent {
            self.journal.write().map_err(failed)?;
            if self.journal.is_behind() {
                self.sync_at.get_or_insert_with(|| clock::monotonic() + LINGER);
            }
        } else {
            let open = move || gates.iter().for_each(Gate::open);
            self.journal.urge_then(open).map_err(failed)?;
            self.urgent = false;
            self.sync_at = None;
        }
        self.release()
    }

    /// Waits until more of it is safe, or has to be. Nothing is lost when the future is dropped.
    pub async fn progress(&mut self) -> Result<(), DispatchError> {
        let linger = async {
            match self.sync_at {
                Some(at) => tokio::time::sleep_until(at.into()).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            changed = self.durable.changed() => {
                changed.map_err(|_| DispatchError::Panic("the journal's committer".to_owned()))?;
                self.release()
            }
            () = linger => {
                self.urgent = true;
                Ok(())
            }
        }
    }

    /// Waits until all of it is safe, and shows what is left.
    pub fn close(mut self) -> Result<(), StoreError> {
        self.journal.close()?;
        for event in self.unseen.drain(..) {
            // Nobody listening is no reason to fail a run that is on disk.
            drop(self.events.send(event));
        }
        Ok(())
    }

    /// Shows events, and asks, as far as the disk has come.
    fn release(&mut self) -> Result<(), DispatchError> {
        let safe = match &*self.durable.borrow_and_update() {
            Durable::Through(seq) => *seq,
            Durable::Failed(error) => return Err(DispatchError::Journal(Arc::clone(error))),
        };
        while self.unseen.front().is_some_and(|event| event.seq <= safe) {
            if let Some(event) = self.unseen.pop_front() {
                // Nobody listening is no reason to fail a run that is on disk.
                drop(self.events.send(event));
            }
        }
        while self.waiting.front().is_some_and(|(seq, _)| *seq <= safe) {
            match self.waiting.pop_front() {
                Some((_, Waiting::Question(question))) => {
                    drop(self.questions.as_ref().map(|questions| questions.send(question)));
                }
                // Whoever asked may have given up by now; what was set aside then counts in full.
                Some((_, Waiting::Grant { id, answer })) => drop(answer.send(Ok(id))),
                Some((_, Waiting::Answer { .. })) | None => {}
            }
        }
        Ok(())
    }
}

/// What failed is told as the journal's failure, whoever learns of it first.
fn failed(error: StoreError) -> DispatchError {
    match error {
        StoreError::Failed(error) => DispatchError::Journal(error),
        other => other.into(),
    }
}
