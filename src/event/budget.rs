//! Amounts that a run may use, and the limits they are held to.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Usage;
use crate::money::Usd;

/// Tokens and money together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Amount {
    /// US dollars.
    #[serde(default)]
    pub usd: Usd,
    /// Tokens of all kinds.
    #[serde(default)]
    pub tokens: u64,
}

impl Amount {
    /// Nothing at all.
    pub const NONE: Self = Self { usd: Usd::ZERO, tokens: 0 };

    /// The sum; it never overflows.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self { usd: self.usd.plus(other.usd), tokens: self.tokens.saturating_add(other.tokens) }
    }

    /// What is left of it; never less than nothing.
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        Self { usd: self.usd.minus(other.usd), tokens: self.tokens.saturating_sub(other.tokens) }
    }

    /// The smaller of each.
    #[must_use]
    pub fn min(self, other: Self) -> Self {
        Self { usd: self.usd.min(other.usd), tokens: self.tokens.min(other.tokens) }
    }

    /// Whether it is nothing.
    pub fn is_none(&self) -> bool {
        *self == Self::NONE
    }

    /// The limit that this usage goes beyond, as far as it is known, and by how much it did: in words.
    pub fn passed_by(&self, usage: &Usage) -> Option<String> {
        if let Some(usd) = usage.usd.filter(|usd| *usd > self.usd) {
            return Some(format!("{usd} USD of {} that were set aside for it", self.usd));
        }
        let tokens = usage.tokens().filter(|tokens| *tokens > self.tokens)?;
        Some(format!("{tokens} tokens of {} that were set aside for it", self.tokens))
    }
}

/// What a run may spend, and an attempt of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Budget {
    /// What the run may spend, over all its processes.
    pub run: Amount,
    /// What one attempt may spend; as much is set aside before it starts.
    pub attempt: Amount,
    /// What money counts that nobody told of.
    pub untold_usd: Untold,
    /// The same of tokens.
    pub untold_tokens: Untold,
}

/// What an attempt counts that did not tell what it used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Untold {
    /// All that was set aside for it: somebody asked for this budget to be kept.
    Counts,
    /// Nothing, and nothing is set aside: the budget is the one that is built in, a net for those that tell.
    Passes,
}

/// The limits that a run is warned of, and stops at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Limit {
    /// Wall time over all processes, in milliseconds.
    #[serde(rename = "limits.run")]
    RunTime,
    /// Launches of agents.
    #[serde(rename = "limits.launches")]
    Launches,
    /// Bytes written to the run directory.
    #[serde(rename = "limits.run_bytes")]
    RunBytes,
    /// Money, in millionths of a US dollar.
    #[serde(rename = "budget.usd")]
    Usd,
    /// Tokens of all kinds.
    #[serde(rename = "budget.tokens")]
    Tokens,
}

impl Limit {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::RunTime, Self::Launches, Self::RunBytes, Self::Usd, Self::Tokens];

    /// Its key in the configuration.
    pub fn key(self) -> &'static str {
        match self {
            Self::RunTime => "limits.run",
            Self::Launches => "limits.launches",
            Self::RunBytes => "limits.run_bytes",
            Self::Usd => "budget.usd",
            Self::Tokens => "budget.tokens",
        }
    }

    /// The one with this key.
    pub fn of_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|limit| limit.key() == key)
    }
}

/// How much of a limit is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Gauge {
    /// Which.
    pub limit: Limit,
    /// In the limit's unit: milliseconds, launches, bytes, millionths of a US dollar, tokens.
    pub used: u64,
    /// The limit, in the same unit.
    pub of: u64,
}

impl Gauge {
    /// Whether nothing is left.
    pub fn is_full(&self) -> bool {
        self.used >= self.of
    }

    /// Whether four fifths are used: a person should hear of it.
    pub fn is_nearly_full(&self) -> bool {
        u128::from(self.used) * 5 >= u128::from(self.of) * 4
    }
}

/// Why nothing can be set aside for a request: all that it could use is more than is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("`{}` does not allow another request: {} are used, and it may need {}", .limit.key(), self.of_all(), self.shown(*.needed))]
pub struct Shortage {
    /// Of what.
    pub limit: Limit,
    /// Used and set aside, in the limit's unit.
    pub used: u64,
    /// The limit.
    pub of: u64,
    /// The most that the request could use.
    pub needed: u64,
}

impl Shortage {
    /// What there is too little of for `needed`, where `left` is left of `of`.
    pub fn of(of: Amount, left: Amount, needed: Amount) -> Option<Self> {
        let short = |limit, of: u64, left: u64, needed: u64| {
            (needed > left).then(|| Self { limit, used: of.saturating_sub(left), of, needed })
        };
        short(Limit::Usd, of.usd.as_micros(), left.usd.as_micros(), needed.usd.as_micros())
            .or_else(|| short(Limit::Tokens, of.tokens, left.tokens, needed.tokens))
    }

    fn of_all(&self) -> String {
        format!("{} of {}", self.shown(self.used), self.shown(self.of))
    }

    fn shown(&self, amount: u64) -> String {
        match self.limit {
            Limit::Usd => format!("${}", Usd::from_micros(amount)),
            Limit::Tokens => format!("{amount} tokens"),
            Limit::RunTime | Limit::Launches | Limit::RunBytes => amount.to_string(),
        }
    }
}

/// What is set aside for something that is no attempt. What an attempt's agent asks for comes out of what is set aside for
/// the attempt, and is told at its end: it must not be counted here as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// A request of the planner, for this round.
    Plan(u32),
    /// A request of the planner for another plan, for the how-manyth.
    Revision(u32),
    /// A request for the words of the report.
    Summary,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_found_by_its_key_and_named_so_in_the_journal() {
        for limit in Limit::ALL {
            assert_eq!(Limit::of_key(limit.key()), Some(limit));
            assert_eq!(serde_json::to_string(&limit).unwrap(), format!("\"{}\"", limit.key()));
        }
        assert_eq!(Limit::of_key("limits.task"), None);
    }

    #[test]
    fn four_fifths_is_nearly_full_whatever_the_numbers() {
        let gauge = |used, of| Gauge { limit: Limit::Tokens, used, of };
        assert!(gauge(80, 100).is_nearly_full() && !gauge(79, 100).is_nearly_full());
        assert!(gauge(u64::MAX, u64::MAX).is_full() && gauge(u64::MAX, u64::MAX).is_nearly_full());
        assert!(!gauge(0, 1).is_nearly_full());
    }

    #[test]
    fn what_passes_an_amount_is_said_with_both_numbers() {
        let cap = Amount { usd: Usd::from_micros(1_000_000), tokens: 10 };
        let usage = |usd, tokens| Usage { usd, input_tokens: tokens, ..Usage::default() };
        assert_eq!(cap.passed_by(&usage(Some(cap.usd), Some(10))), None);
        assert_eq!(cap.passed_by(&Usage::default()), None);
        let money = cap.passed_by(&usage(Some(Usd::from_micros(1_000_001)), None)).unwrap();
        assert_eq!(money, "1.000001 USD of 1.00 that were set aside for it");
        assert_eq!(cap.passed_by(&usage(None, Some(11))).unwrap(), "11 tokens of 10 that were set aside for it");
    }
}
