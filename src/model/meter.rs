//! Who is asked before a request is sent: what may be spent is set aside first, and what was spent is told after it.

use tokio::sync::{mpsc, oneshot};

use crate::event::{Amount, Purpose, Shortage, Usage};
use crate::money::Usd;
use crate::policy::Spends;

/// What requests are held to.
#[derive(Debug)]
pub enum Meter {
    /// The share of an attempt, which the run has set aside for it as a whole.
    Share(Share),
    /// The run's own ledger: what is set aside is on record, and safe, before the request is sent.
    Ledger { ledger: mpsc::UnboundedSender<Grant>, purpose: Purpose },
}

/// What one attempt may spend on its requests.
#[derive(Debug, Clone, Copy, Default)]
pub struct Share {
    /// All of it; nobody counts where there is none.
    pub cap: Option<Amount>,
    /// What its requests used so far.
    pub used: Usage,
}

/// What is asked of the run's ledger.
#[derive(Debug)]
pub enum Grant {
    /// To set this aside. The answer is the entry's number, once it is safe.
    Reserve { purpose: Purpose, amount: Amount, spends: Spends, answer: oneshot::Sender<Result<u32, Withheld>> },
    /// To count this in its place.
    Settle { id: u32, used: Usage },
}

/// Why nothing was set aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Withheld {
    /// There is too little left.
    #[error(transparent)]
    Spent(Shortage),
    /// The run is ending.
    #[error("the run is ending")]
    Ending,
}

/// What was set aside for one request.
#[derive(Debug)]
pub(super) enum Reserved {
    Share,
    Ledger(u32),
}

impl Meter {
    /// Sets `amount` aside.
    pub(super) async fn reserve(&mut self, amount: Amount, spends: Spends) -> Result<Reserved, Withheld> {
        match self {
            Self::Share(share) => share.reserve(amount).map(|()| Reserved::Share),
            Self::Ledger { ledger, purpose } => {
                let (answer, answered) = oneshot::channel();
                let grant = Grant::Reserve { purpose: *purpose, amount, spends, answer };
                ledger.send(grant).map_err(|_| Withheld::Ending)?;
                answered.await.map_err(|_| Withheld::Ending)?.map(Reserved::Ledger)
            }
        }
    }

    /// Counts what was used in the place of what was set aside.
    pub(super) fn settle(&mut self, reserved: &Reserved, used: Usage) {
        match (self, reserved) {
            (Self::Share(share), _) => share.used = share.used.plus(used),
            // A run that is ending counts what was set aside.
            (Self::Ledger { ledger, .. }, Reserved::Ledger(id)) => drop(ledger.send(Grant::Settle { id: *id, used })),
            (Self::Ledger { .. }, Reserved::Share) => {}
        }
    }
}

impl Share {
    fn reserve(&self, amount: Amount) -> Result<(), Withheld> {
        let Some(cap) = self.cap else { return Ok(()) };
        let used = Amount { usd: self.used.usd.unwrap_or(Usd::ZERO), tokens: self.used.tokens().unwrap_or(0) };
        Shortage::of(cap, cap.minus(used), amount).map_or(Ok(()), |short| Err(Withheld::Spent(short)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Limit;

    fn used(tokens: u64) -> Usage {
        Usage {
            input_tokens: Some(tokens),
            output_tokens: Some(0),
            usd: Some(Usd::from_micros(tokens)),
            ..Usage::default()
        }
    }

    #[tokio::test]
    async fn a_share_is_refused_when_the_next_request_could_pass_it() {
        let cap = Amount { usd: Usd::from_micros(100), tokens: 100 };
        let mut meter = Meter::Share(Share { cap: Some(cap), used: Usage::default() });
        let amount = Amount { usd: Usd::from_micros(60), tokens: 60 };
        let reserved = meter.reserve(amount, Spends::Tells).await.unwrap();
        meter.settle(&reserved, used(40));
        let reserved = meter.reserve(amount, Spends::Tells).await.unwrap();
        meter.settle(&reserved, used(1));
        let withheld = meter.reserve(amount, Spends::Tells).await.unwrap_err();
        assert_eq!(withheld, Withheld::Spent(Shortage { limit: Limit::Usd, used: 41, of: 100, needed: 60 }));
        let said =
            "`budget.usd` does not allow another request: $0.000041 of $0.0001 are used, and it may need $0.00006";
        assert_eq!(withheld.to_string(), said);
    }

    #[tokio::test]
    async fn nothing_is_sent_when_nobody_keeps_the_ledger() {
        let (ledger, _) = mpsc::unbounded_channel();
        let mut meter = Meter::Ledger { ledger, purpose: Purpose::Plan(1) };
        assert_eq!(meter.reserve(Amount::NONE, Spends::Tells).await.unwrap_err(), Withheld::Ending);
    }
}
