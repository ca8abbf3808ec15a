//! What was used, by an agent's or a model's own account. Numbers of strangers: what is no sound amount is unknown.

use std::fmt;

use schemars::JsonSchema;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};

use crate::money::Usd;

/// What an attempt used, by its agent's own account; what is not known is missing, never zero. A number that cannot be
/// (negative, endless, a text) is not known either.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Usage {
    /// Tokens read, without those from a cache where these are told apart.
    #[serde(default, deserialize_with = "tokens", skip_serializing_if = "Option::is_none")]
    pub input_tokens: Option<u64>,
    /// Tokens written.
    #[serde(default, deserialize_with = "tokens", skip_serializing_if = "Option::is_none")]
    pub output_tokens: Option<u64>,
    /// Tokens read from a cache, where they are not among those read.
    #[serde(
        default,
        alias = "cache_read_input_tokens",
        deserialize_with = "tokens",
        skip_serializing_if = "Option::is_none"
    )]
    pub cache_read_tokens: Option<u64>,
    /// Tokens written to a cache, where they are not among those read.
    #[serde(
        default,
        alias = "cache_creation_input_tokens",
        deserialize_with = "tokens",
        skip_serializing_if = "Option::is_none"
    )]
    pub cache_write_tokens: Option<u64>,
    /// US dollars.
    #[serde(default, alias = "cost_usd", deserialize_with = "dollars", skip_serializing_if = "Option::is_none")]
    pub usd: Option<Usd>,
    /// Whether this is only what was told before its end: it used this much or more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub partial: bool,
}

impl Usage {
    /// Known to be nothing, which is not the same as nobody knowing.
    pub const NOTHING: Self = Self {
        input_tokens: Some(0),
        output_tokens: Some(0),
        cache_read_tokens: None,
        cache_write_tokens: None,
        usd: Some(Usd::ZERO),
        partial: false,
    };

    /// Whether nothing is known.
    pub fn is_unknown(&self) -> bool {
        *self == Self { partial: self.partial, ..Self::default() }
    }

    /// Tokens of all kinds together, where any is known.
    pub fn tokens(&self) -> Option<u64> {
        let kinds = [self.input_tokens, self.output_tokens, self.cache_read_tokens, self.cache_write_tokens];
        kinds.into_iter().flatten().reduce(u64::saturating_add)
    }

    /// The same where it can be all of them: both what was read and what was written is known.
    pub fn all_tokens(&self) -> Option<u64> {
        self.input_tokens.and(self.output_tokens).and_then(|_| self.tokens())
    }

    /// The sum of what is known of both.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        self.with(other, u64::saturating_add, Usd::plus)
    }

    /// The larger of each: what was used grows, so an account that tells less than an earlier one takes nothing back.
    #[must_use]
    pub fn max(self, other: Self) -> Self {
        self.with(other, Ord::max, Ord::max)
    }

    /// Both in one; a number that only one of them knows stands.
    fn with(self, other: Self, tokens: fn(u64, u64) -> u64, usd: fn(Usd, Usd) -> Usd) -> Self {
        fn both<T>(a: Option<T>, b: Option<T>, join: fn(T, T) -> T) -> Option<T> {
            match (a, b) {
                (Some(a), Some(b)) => Some(join(a, b)),
                (one, None) | (None, one) => one,
            }
        }
        Self {
            input_tokens: both(self.input_tokens, other.input_tokens, tokens),
            output_tokens: both(self.output_tokens, other.output_tokens, tokens),
            cache_read_tokens: both(self.cache_read_tokens, other.cache_read_tokens, tokens),
            cache_write_tokens: both(self.cache_write_tokens, other.cache_write_tokens, tokens),
            usd: both(self.usd, other.usd, usd),
            partial: self.partial || other.partial,
        }
    }
}

fn tokens<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
    Ok(match from.deserialize_any(Told)? {
        Number::Whole(number) => Some(number),
        // As some languages write whole numbers.
        Number::Float(number) => whole(number),
        Number::None => None,
    })
}

fn dollars<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Usd>, D::Error> {
    Ok(match from.deserialize_any(Told)? {
        Number::Whole(number) => number.checked_mul(1_000_000).map(Usd::from_micros).filter(|usd| *usd <= Usd::MAX),
        Number::Float(number) => Usd::told(number),
        Number::None => None,
    })
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it was held to the range before")]
fn whole(number: f64) -> Option<u64> {
    // Up to here a float holds every whole number.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    ((0.0..=EXACT).contains(&number) && number.fract() == 0.0).then_some(number as u64)
}

/// What stands where a number should.
enum Number {
    Whole(u64),
    Float(f64),
    /// Nothing that counts.
    None,
}

/// Takes whatever stands there, so that a bad number makes an amount unknown and nothing else.
struct Told;

impl<'de> Visitor<'de> for Told {
    type Value = Number;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number")
    }
    fn visit_u64<E>(self, number: u64) -> Result<Number, E> {
        Ok(Number::Whole(number))
    }
    fn visit_i64<E>(self, number: i64) -> Result<Number, E> {
        Ok(u64::try_from(number).map_or(Number::None, Number::Whole))
    }
    fn visit_u128<E>(self, _: u128) -> Result<Number, E> {
        Ok(Number::None)
    }
    fn visit_i128<E>(self, _: i128) -> Result<Number, E> {
        Ok(Number::None)
    }
    fn visit_f64<E>(self, number: f64) -> Result<Number, E> {
        Ok(Number::Float(number))
    }
    fn visit_bool<E>(self, _: bool) -> Result<Number, E> {
        Ok(Number::None)
    }
    fn visit_str<E>(self, _: &str) -> Result<Number, E> {
        Ok(Number::None)
    }
    fn visit_unit<E>(self) -> Result<Number, E> {
        Ok(Number::None)
    }
    fn visit_none<E>(self) -> Result<Number, E> {
        Ok(Number::None)
    }
    fn visit_some<D: Deserializer<'de>>(self, inner: D) -> Result<Number, D::Error> {
        inner.deserialize_any(self)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Number, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Number::None)
    }
    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Number, A::Error> {
        while entries.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Number::None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Usage {
        serde_json::from_str(json).unwrap_or_else(|error| panic!("{json}: {error}"))
    }

    #[test]
    fn numbers_that_cannot_be_are_unknown_and_stop_nothing() {
        for bad in [
            "-1",
            "-0.5",
            "1e308",
            "18446744073709551616",
            "-9223372036854775809",
            "\"12\"",
            "null",
            "[1]",
            "{}",
            "true",
        ] {
            let usage = read(&format!("{{\"input_tokens\":{bad},\"output_tokens\":{bad},\"usd\":{bad}}}"));
            assert!(usage.is_unknown(), "{bad}: {usage:?}");
        }
        let usage = read(r#"{"input_tokens":1.5,"output_tokens":3.0,"usd":2}"#);
        assert_eq!((usage.input_tokens, usage.output_tokens), (None, Some(3)));
        assert_eq!(usage.usd, Some(Usd::from_micros(2_000_000)));
    }

    #[test]
    fn all_tokens_are_known_only_when_both_directions_are() {
        let usage =
            read(r#"{"input_tokens":7,"cache_read_input_tokens":5,"cache_creation_input_tokens":2,"cost_usd":0.25}"#);
        assert_eq!((usage.tokens(), usage.all_tokens()), (Some(14), None));
        assert_eq!(usage.usd, Some(Usd::from_micros(250_000)));
        let both = Usage { output_tokens: Some(1), ..usage };
        assert_eq!(both.all_tokens(), Some(15));
        assert_eq!(Usage { input_tokens: Some(u64::MAX), ..both }.all_tokens(), Some(u64::MAX), "it never overflows");
    }

    #[test]
    fn an_account_that_tells_less_than_one_before_takes_nothing_back() {
        let both =
            read(r#"{"input_tokens":9,"usd":0.1}"#).max(read(r#"{"input_tokens":2,"output_tokens":3,"usd":0.5}"#));
        assert_eq!(serde_json::to_string(&both).unwrap(), r#"{"input_tokens":9,"output_tokens":3,"usd":0.5}"#);
    }

    #[test]
    fn a_sum_holds_what_either_told() {
        let sum = read(r#"{"input_tokens":1,"usd":0.1}"#).plus(read(r#"{"output_tokens":2,"usd":0.2}"#));
        assert_eq!(serde_json::to_string(&sum).unwrap(), r#"{"input_tokens":1,"output_tokens":2,"usd":0.3}"#);
    }
}
