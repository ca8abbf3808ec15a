//! What a run has used and set aside of its budget, as a fold over its events.
//!
//! What is begun has its most set aside before it, in the event that is safe before the effect; what it told to have
//! used is settled after it. What was never settled, or settled without a number, counts in full. So a process that
//! dies, however it dies, can only make a run stop too early, never spend too much.

use std::collections::{BTreeMap, BTreeSet};

use crate::event::{Amount, Artifact, Budget, Event, Gauge, Kind, Limit, Shortage, Terms, Untold, Usage};
use crate::ids::TaskId;
use crate::money::Usd;
use crate::policy::Spends;
use crate::time::Span;

/// What is used, and what is set aside.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ledger {
    used: Amount,
    open: BTreeMap<Holder, Amount>,
    /// The sum of `open`.
    aside: Amount,
    /// The number of the newest request.
    requests: u32,
    bytes: u64,
    warned: BTreeSet<Limit>,
}

/// For whom an amount is set aside.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Holder {
    Attempt(TaskId, u32),
    Request(u32),
}

/// What of an event goes into the ledger.
enum Entry<'a> {
    /// An attempt begins, with this set aside.
    Begun(Amount),
    /// It ended, and used this; so many bytes were written for it.
    Ended(&'a Usage, u64),
    /// Files are kept.
    Kept(&'a [Artifact]),
    /// This is set aside for a request.
    Reserved(u32, Amount),
    /// It used this.
    Settled(u32, &'a Usage),
    Warned(Limit),
    /// There is more of it.
    Raised {
        limit: Limit,
        from: u64,
        to: u64,
    },
    /// Another process goes on with the run.
    Opened,
}

impl<'a> Entry<'a> {
    /// Most events have nothing to do with what is spent.
    fn of(kind: &'a Kind) -> Option<Self> {
        Some(match kind {
            Kind::AttemptStarted(started) => Self::Begun(started.budget),
            Kind::AttemptFinished(finished) => Self::Ended(&finished.usage, finished.bytes),
            Kind::TaskSucceeded(succeeded) => Self::Kept(&succeeded.artifacts),
            Kind::BudgetReserved { id, amount, .. } => Self::Reserved(*id, *amount),
            Kind::BudgetSettled { id, used } => Self::Settled(*id, used),
            Kind::BudgetWarned { limit, .. } => Self::Warned(*limit),
            Kind::BudgetRaised { limit, from, to, .. } => Self::Raised { limit: *limit, from: *from, to: *to },
            Kind::RunOpened(_) => Self::Opened,
            // What a planner's answer took is settled for its request, and counts once.
            Kind::PlanProposed { .. }
            | Kind::RunStarted(_)
            | Kind::PlanRejected { .. }
            | Kind::PlanAccepted(_)
            | Kind::PlanRevised(_)
            | Kind::SummaryWritten { .. }
            | Kind::WorkspaceCreated(_)
            | Kind::BaseChecked(_)
            | Kind::CheckFinished(_)
            | Kind::TaskFailed { .. }
            | Kind::TaskSkipped { .. }
            | Kind::TaskCancelled { .. }
            | Kind::TaskReused(_)
            | Kind::TaskReopened { .. }
            | Kind::PolicyDenied { .. }
            | Kind::ApprovalRequested {}
            | Kind::ApprovalDecided { .. }
            | Kind::RunPaused { .. }
            | Kind::RunContinued {}
            | Kind::RunStopped { .. }
            | Kind::RunFinished { .. }
            | Kind::ChangeApplied { .. } => return None,
        })
    }
}

/// What an attempt may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Offer {
    /// Set aside for it before it starts.
    pub aside: Amount,
    /// It is ended when it has told to have used more.
    pub cap: Amount,
}

impl Ledger {
    /// What was used, what nobody told of included.
    pub fn used(&self) -> Amount {
        self.used
    }

    /// What is set aside for what is under way.
    pub fn aside(&self) -> Amount {
        self.aside
    }

    /// Bytes written to the run directory, as far as they were counted.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// What nobody has used, and nothing has set aside.
    pub fn left(&self, budget: &Budget) -> Amount {
        budget.run.minus(self.used).minus(self.aside)
    }

    /// What an attempt may have that is begun beside others that will have `beside` set aside, or the limit that leaves
    /// it nothing.
    pub fn offer(&self, budget: &Budget, spends: Spends, beside: Amount) -> Result<Offer, Limit> {
        if spends == Spends::Nothing {
            return Ok(Offer { aside: Amount::NONE, cap: budget.attempt });
        }
        let left = self.left(budget).minus(beside);
        if left.usd == Usd::ZERO {
            return Err(Limit::Usd);
        }
        if left.tokens == 0 {
            return Err(Limit::Tokens);
        }
        let cap = budget.attempt.min(left);
        let usd = match budget.untold_usd {
            Untold::Counts => cap.usd,
            Untold::Passes => Usd::ZERO,
        };
        let tokens = match budget.untold_tokens {
            Untold::Counts => cap.tokens,
            Untold::Passes => 0,
        };
        Ok(Offer { aside: Amount { usd, tokens }, cap })
    }

    /// What is set aside for a request that could use `most`, or what there is too little of. What nobody would tell of
    /// counts as an attempt's whole share, where a budget was asked for.
    pub fn request(&self, budget: &Budget, spends: Spends, most: Amount) -> Result<Amount, Shortage> {
        let left = self.left(budget);
        let usd = match (spends, budget.untold_usd) {
            // A share of nothing would let everything through.
            (Spends::Untold, Untold::Counts) if left.usd == Usd::ZERO => budget.attempt.usd.max(most.usd),
            (Spends::Untold, Untold::Counts) => budget.attempt.usd.min(left.usd).max(most.usd),
            (Spends::Untold, Untold::Passes) | (Spends::Tells | Spends::Nothing, _) => most.usd,
        };
        let needed = Amount { usd, ..most };
        Shortage::of(budget.run, left, needed).map_or(Ok(needed), Err)
    }

    /// The number of the next request.
    pub fn next_request(&self) -> u32 {
        self.requests + 1
    }

    /// Each limit with what is used of it. What is set aside counts as used: it may be.
    pub fn gauges(&self, terms: &Terms, elapsed: Span, launches: u32) -> Vec<Gauge> {
        let mut gauges = vec![
            Gauge { limit: Limit::RunTime, used: elapsed.as_millis(), of: terms.run_time.as_millis() },
            Gauge { limit: Limit::Launches, used: launches.into(), of: terms.launches.into() },
        ];
        gauges.extend(terms.run_bytes.map(|of| Gauge { limit: Limit::RunBytes, used: self.bytes, of }));
        if let Some(Budget { run, .. }) = &terms.budget {
            let spent = self.used.plus(self.aside);
            let (used, of) = (spent.usd.as_micros(), run.usd.as_micros());
            gauges.push(Gauge { limit: Limit::Usd, used, of });
            gauges.push(Gauge { limit: Limit::Tokens, used: spent.tokens, of: run.tokens });
        }
        gauges
    }

    /// Whether a person heard of it, since it was last raised.
    pub fn has_warned(&self, limit: Limit) -> bool {
        self.warned.contains(&limit)
    }

    /// Why an event cannot follow; most have nothing to do with it.
    pub(super) fn check(&self, event: &Event, terms: &Terms) -> Result<(), String> {
        match Entry::of(&event.kind) {
            Some(Entry::Reserved(id, _)) if id != self.requests + 1 => {
                Err(format!("number {} was expected", self.requests + 1))
            }
            Some(Entry::Begun(amount) | Entry::Reserved(_, amount)) => self.fits(amount, terms),
            Some(Entry::Settled(id, _)) if !self.open.contains_key(&Holder::Request(id)) => {
                Err(format!("nothing is set aside under the number {id}"))
            }
            Some(Entry::Warned(limit)) if self.has_warned(limit) => {
                Err(format!("the warning of `{}` stands there already", limit.key()))
            }
            Some(Entry::Raised { from, to, .. }) if to <= from => Err("it is not more than before".to_owned()),
            Some(
                Entry::Settled(..)
                | Entry::Warned(_)
                | Entry::Raised { .. }
                | Entry::Ended(..)
                | Entry::Kept(_)
                | Entry::Opened,
            )
            | None => Ok(()),
        }
    }

    fn fits(&self, amount: Amount, terms: &Terms) -> Result<(), String> {
        let Some(budget) = terms.budget.as_ref().filter(|_| !amount.is_none()) else { return Ok(()) };
        if amount.min(self.left(budget)) == amount {
            Ok(())
        } else {
            Err("it sets more aside than is left of the budget".to_owned())
        }
    }

    /// Takes one event, which fits.
    pub fn take(&mut self, event: &Event) {
        let attempt = || Some(Holder::Attempt(event.task.clone()?, event.attempt?));
        match Entry::of(&event.kind) {
            Some(Entry::Begun(amount)) if !amount.is_none() => {
                if let Some(holder) = attempt() {
                    self.reserve(holder, amount);
                }
            }
            Some(Entry::Ended(usage, bytes)) => {
                self.bytes = self.bytes.saturating_add(bytes);
                if let Some(holder) = attempt() {
                    self.settle(&holder, usage);
                }
            }
            Some(Entry::Kept(files)) => {
                self.bytes = files.iter().map(|file| file.size).fold(self.bytes, u64::saturating_add);
            }
            Some(Entry::Reserved(id, amount)) => {
                self.requests = id;
                self.reserve(Holder::Request(id), amount);
            }
            Some(Entry::Settled(id, used)) => self.settle(&Holder::Request(id), used),
            Some(Entry::Warned(limit)) => drop(self.warned.insert(limit)),
            Some(Entry::Raised { limit, .. }) => drop(self.warned.remove(&limit)),
            // Nobody will tell what a request used whose process is gone. Attempts get an end of their own.
            Some(Entry::Opened) => self.abandon_requests(),
            Some(Entry::Begun(_)) | None => {}
        }
    }

    fn reserve(&mut self, holder: Holder, amount: Amount) {
        self.aside = self.aside.plus(amount);
        self.open.insert(holder, amount);
    }

    fn settle(&mut self, holder: &Holder, usage: &Usage) {
        let aside = self.open.remove(holder).unwrap_or_default();
        self.aside = self.aside.minus(aside);
        let usd = usage.usd.map_or(aside.usd, |told| if usage.partial { told.max(aside.usd) } else { told });
        let tokens = match (usage.all_tokens(), usage.tokens()) {
            (Some(all), _) if !usage.partial => all,
            // As far as it was told: that is the least it was.
            (_, Some(some)) => some.max(aside.tokens),
            (_, None) => aside.tokens,
        };
        self.used = self.used.plus(Amount { usd, tokens });
    }

    fn abandon_requests(&mut self) {
        let requests: Vec<Holder> =
            self.open.keys().filter(|holder| matches!(holder, Holder::Request(_))).cloned().collect();
        for request in requests {
            self.settle(&request, &Usage::default());
        }
    }
}
