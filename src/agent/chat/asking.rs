//! One answer of the model, under the attempt's clocks: its time, the longest silence, and the wish to stop.

use std::pin::pin;
use std::time::Duration;

use tokio::sync::mpsc;

use super::tools::Clock;
use crate::agent::job::{Link, Note};
use crate::event::{Failure, FailureClass, Usage};
use crate::model::{self, AskFailure, Delta, Known, Meter, ModelFailure, Patience, Reply, Request, Withheld};

/// Deltas that wait to be heard.
const DELTAS: usize = 64;
/// A line of live output that goes on longer than this is shown in pieces.
const LINE: usize = 4096;

/// Why there is no answer.
#[derive(Debug)]
pub(super) struct Unanswered {
    pub(super) failure: Failure,
    pub(super) cost: Cost,
}

/// What is known of the cost of what was not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cost {
    /// All of it was told, or there was none.
    Told,
    /// It may have cost more than was told.
    Unknown,
}

/// Why an answer was not waited for any longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stop {
    Cancelled,
    Wall,
    Idle,
}

/// Asks once, as often as patience allows.
pub(super) async fn ask(
    known: &Known,
    request: &Request,
    meter: &mut Meter,
    link: &Link,
    clock: &Clock,
    patience: &Patience,
) -> Result<Reply, Unanswered> {
    let ends = link.cancel.child_token();
    let (deltas, mut heard) = mpsc::channel(DELTAS);
    let mut asking = pin!(model::ask(known, request, meter, patience, &ends, &deltas));
    let (mut lines, mut last, mut why) = (Lines::default(), clock.watch.elapsed(), None);
    let answer = loop {
        let silent = clock.watch.elapsed().saturating_sub(last);
        let wait = match why {
            // After that nobody waits for whoever does not hear.
            Some(_) => clock.limits.grace,
            None => clock.left().min(clock.limits.idle.saturating_sub(silent)),
        };
        tokio::select! {
            answer = &mut asking => break Some(answer),
            Some(delta) = heard.recv() => {
                last = clock.watch.elapsed();
                lines.take(delta, link);
            }
            () = link.cancel.cancelled(), if why.is_none() => why = Some(Stop::Cancelled),
            () = tokio::time::sleep(wait) => match why {
                Some(_) => break None,
                // Where everything stood still meanwhile, the clocks did too.
                None if clock.left() == Duration::ZERO => why = Some(Stop::Wall),
                None if clock.watch.elapsed().saturating_sub(last) >= clock.limits.idle => why = Some(Stop::Idle),
                None => {}
            },
        }
        if why.is_some() {
            ends.cancel();
        }
    };
    while let Ok(delta) = heard.try_recv() {
        lines.take(delta, link);
    }
    lines.flush(link);
    match (answer, why) {
        (Some(Ok(reply)), None | Some(Stop::Wall | Stop::Idle)) => Ok(reply),
        (_, Some(stop)) => Err(stop.into()),
        (Some(Err(failure)), None) => Err(unanswered(known, failure)),
        (None, None) => Err(Stop::Cancelled.into()),
    }
}

impl From<Stop> for Unanswered {
    fn from(stop: Stop) -> Self {
        let (class, detail) = match stop {
            Stop::Cancelled => (FailureClass::Cancelled, "it was asked to stop"),
            Stop::Wall => (FailureClass::Timeout, "it took longer than it may"),
            Stop::Idle => (FailureClass::Stalled, "the model was silent longer than it may be"),
        };
        Self { failure: Failure::new(class, detail), cost: Cost::Unknown }
    }
}

fn unanswered(known: &Known, failure: AskFailure) -> Unanswered {
    match failure {
        AskFailure::Model(ModelFailure { failure, usage, status, request_id, .. }) => {
            let request = request_id.map(|id| format!(" (request {id})")).unwrap_or_default();
            let detail = format!("the model `{}`: {}{request}", known.name, failure.detail);
            let told = Failure { retry_at: failure.retry_at, ..Failure::new(failure.class, &detail) };
            Unanswered { failure: told, cost: cost(failure.class, usage, status) }
        }
        AskFailure::Withheld(Withheld::Ending) => Stop::Cancelled.into(),
        AskFailure::Withheld(withheld @ Withheld::Spent { .. }) => {
            let failure = Failure::new(FailureClass::BudgetExhausted, &withheld.to_string());
            Unanswered { failure, cost: Cost::Told }
        }
    }
}

/// Nobody charges for what was refused; what was cut off may be charged for.
fn cost(class: FailureClass, usage: Usage, status: Option<u16>) -> Cost {
    if !usage.is_unknown() || status.is_some_and(|status| status >= 400) {
        return Cost::Told;
    }
    match class {
        FailureClass::Auth
        | FailureClass::Quota
        | FailureClass::RateLimited
        | FailureClass::Unusable
        | FailureClass::PolicyDenied
        | FailureClass::BudgetExhausted => Cost::Told,
        FailureClass::Transient
        | FailureClass::Timeout
        | FailureClass::Stalled
        | FailureClass::BadOutput
        | FailureClass::Exited
        | FailureClass::Reported
        | FailureClass::Rejected
        | FailureClass::Interrupted
        | FailureClass::Cancelled => Cost::Unknown,
    }
}

/// Live text comes in crumbs; who looks on is shown lines.
#[derive(Debug, Default)]
struct Lines(String);

impl Lines {
    fn take(&mut self, delta: Delta, link: &Link) {
        match delta {
            Delta::Text(text) => {
                self.0.push_str(&text);
                while let Some(end) = self.0.find('\n') {
                    let whole: String = self.0.drain(..=end).collect();
                    show(whole.trim_end(), link);
                }
                if self.0.len() > LINE {
                    self.flush(link);
                }
            }
            Delta::Aside(said) => {
                self.flush(link);
                // Between two tries: the run wants to know of it.
                drop(link.notes.send(Note::Retry(said.clone())));
                drop(link.deltas.try_send(Delta::Aside(said)));
            }
        }
    }

    fn flush(&mut self, link: &Link) {
        show(std::mem::take(&mut self.0).trim_end(), link);
    }
}

fn show(text: &str, link: &Link) {
    if !text.is_empty() {
        drop(link.deltas.try_send(Delta::Text(text.to_owned())));
    }
}
