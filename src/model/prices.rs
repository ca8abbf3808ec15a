//! What tokens cost.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::event::Usage;
use crate::money::Usd;

/// US dollars per million tokens of each kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Prices {
    /// Tokens read, those of a cache not among them.
    pub input: Usd,
    /// Tokens written.
    pub output: Usd,
    /// Tokens written to a cache; as `input` where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_write: Option<Usd>,
    /// Tokens read from a cache; as `input` where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_read: Option<Usd>,
}

impl Prices {
    /// What `usage` costs, rounded up to whole millionths; nothing where it does not tell both what was read and what was
    /// written.
    pub fn cost(&self, usage: &Usage) -> Option<Usd> {
        let (input, output) = (usage.input_tokens?, usage.output_tokens?);
        let read = usage.cache_read_tokens.unwrap_or(0);
        let write = usage.cache_write_tokens.unwrap_or(0);
        let parts = [
            (self.input, input),
            (self.output, output),
            (self.cache_write.unwrap_or(self.input), write),
            (self.cache_read.unwrap_or(self.input), read),
        ];
        let sum: u128 = parts.iter().map(|(price, tokens)| u128::from(price.as_micros()) * u128::from(*tokens)).sum();
        Some(Usd::from_micros(u64::try_from(sum.div_ceil(1_000_000)).unwrap_or(u64::MAX)))
    }

    /// The most that so many tokens could cost, whatever a cache takes off or adds.
    pub fn most(&self, input: u64, output: u64) -> Usd {
        let dearest = self.cache_write.map_or(self.input, |write| write.max(self.input));
        let sum = u128::from(dearest.as_micros()) * u128::from(input)
            + u128::from(self.output.as_micros()) * u128::from(output);
        Usd::from_micros(u64::try_from(sum.div_ceil(1_000_000)).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRICES: Prices = Prices {
        input: Usd::from_micros(3_000_000),
        output: Usd::from_micros(15_000_000),
        cache_write: Some(Usd::from_micros(3_750_000)),
        cache_read: Some(Usd::from_micros(300_000)),
    };

    #[test]
    fn every_kind_of_token_has_its_price_and_a_part_of_a_millionth_counts_as_one() {
        let usage = Usage {
            input_tokens: Some(1_000_000),
            output_tokens: Some(1),
            cache_read_tokens: Some(10),
            cache_write_tokens: Some(4),
            ..Usage::default()
        };
        assert_eq!(PRICES.cost(&usage), Some(Usd::from_micros(3_000_000 + 15 + 3 + 15)));
        let one =
            Usage { input_tokens: Some(0), output_tokens: Some(0), cache_read_tokens: Some(1), ..Usage::default() };
        assert_eq!(PRICES.cost(&one), Some(Usd::from_micros(1)));
    }

    #[test]
    fn what_was_told_by_half_has_no_price() {
        assert_eq!(PRICES.cost(&Usage { input_tokens: Some(5), ..Usage::default() }), None);
        assert_eq!(PRICES.cost(&Usage::default()), None);
    }

    #[test]
    fn the_most_takes_all_input_as_written_to_the_cache() {
        assert_eq!(PRICES.most(1_000_000, 1_000_000), Usd::from_micros(18_750_000));
        assert_eq!(PRICES.most(u64::MAX, u64::MAX), Usd::MAX);
    }
}
