//! The one place that repeats requests: it reserves before each, waits as long as it is told or else a random part of a
//! growing time, and gives up after so many tries.

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::meter::{Meter, Withheld};
use super::{Again, Delta, Known, ModelFailure, Reply, Request};
use crate::event::{FailureClass, Usage};
use crate::sys::{clock, machine};
use crate::time::Span;

/// How long a request is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// Most times that it is sent.
    pub tries: u32,
    /// The wait before the second, at most; it doubles from there.
    pub first: Span,
    /// The longest wait of our own choice.
    pub max: Span,
    /// The longest wait that a provider may ask for; where it asks for more, the request has failed.
    pub asked: Span,
}

impl Default for Patience {
    fn default() -> Self {
        Self { tries: 4, first: Span::from_secs(1), max: Span::from_secs(30), asked: Span::from_secs(60) }
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum AskFailure {
    /// The last try failed.
    #[error(transparent)]
    Model(#[from] ModelFailure),
    /// It may not be sent: the budget does not allow it.
    #[error(transparent)]
    Withheld(#[from] Withheld),
}

/// Sends `request` until there is an answer, with its price in the usage where it is known.
/// `deltas` hears of each try that is repeated.
pub async fn ask(
    known: &Known,
    request: &Request,
    meter: &mut Meter,
    patience: &Patience,
    cancel: &CancellationToken,
    deltas: &mpsc::Sender<Delta>,
) -> Result<Reply, AskFailure> {
    let mut tried = 0;
    loop {
        let reserved = meter.reserve(known.most(request), known.spends()).await?;
        let sent = known.model.send(request.clone(), cancel.clone(), deltas.clone()).await;
        tried += 1;
        let failed = match sent {
            Ok(mut reply) => {
                reply.usage = priced(known, reply.usage);
                // An answer always takes something: where nobody tells how much, it is not nothing.
                reply.usage.partial |= reply.usage.is_unknown();
                meter.settle(&reserved, reply.usage);
                return Ok(reply);
            }
            Err(failed) => failed,
        };
        meter.settle(&reserved, priced(known, failed.usage));
        let wait = match failed.again {
            Again::Never => return Err(failed.into()),
            _ if tried >= patience.tries || cancel.is_cancelled() => return Err(failed.into()),
            Again::Backoff => backoff(patience, tried),
            Again::After(asked) if asked > patience.asked => return Err(come_back(failed, asked).into()),
            Again::After(asked) => asked,
        };
        tracing::warn!(model = %known.name, tried, %wait, error = %failed, "the model is asked again");
        drop(deltas.try_send(Delta::Aside(format!("{failed}; asked again in {wait}"))));
        tokio::select! {
            () = tokio::time::sleep(wait.as_duration()) => {}
            () = cancel.cancelled() => return Err(ModelFailure::cancelled().into()),
        }
    }
}

/// With its price, where that is known.
fn priced(known: &Known, usage: Usage) -> Usage {
    Usage { usd: usage.usd.or_else(|| known.prices?.cost(&usage)), ..usage }
}

/// Who asks for a longer wait than anyone has here says when to come back.
fn come_back(mut failed: ModelFailure, after: Span) -> ModelFailure {
    failed.again = Again::Never;
    failed.failure.retry_at = Some(clock::now().after(after));
    if failed.failure.class == FailureClass::RateLimited {
        failed.failure.class = FailureClass::Quota;
    }
    failed
}

/// Full jitter: from nothing to `first` · 2ⁿ, at most `max`.
/// Source: M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
fn backoff(patience: &Patience, tried: u32) -> Span {
    let factor = 1_u64.checked_shl(tried.saturating_sub(1)).unwrap_or(u64::MAX);
    let ceiling = patience.first.as_millis().saturating_mul(factor).min(patience.max.as_millis());
    // Where there is no chance to be had, the longest wait is the safe one.
    let drawn = machine::random().map_or(ceiling, |bytes| u64::from_le_bytes(bytes) % ceiling.saturating_add(1).max(1));
    Span::from_millis(drawn)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_of_our_own_choice_are_drawn_from_a_time_that_doubles_up_to_a_bound() {
        let patience = Patience { first: Span::from_secs(1), max: Span::from_secs(10), ..Patience::default() };
        for (tried, ceiling) in [(1, 1), (2, 2), (3, 4), (4, 8), (5, 10), (64, 10), (u32::MAX, 10)] {
            let drawn: Vec<Span> = (0..300).map(|_| backoff(&patience, tried)).collect();
            let (least, most) = (drawn.iter().min(), drawn.iter().max());
            assert!(most <= Some(&Span::from_secs(ceiling)), "{tried}: {most:?}");
            // With all of 300 in one half, chance would be none.
            let half = Span::from_millis(ceiling * 500);
            assert!(least < Some(&half) && most > Some(&half), "{tried}: {least:?} to {most:?}");
        }
    }
}
