//! Amounts of money as data: whole millionths of a US dollar, so that sums are exact and nothing is ever a float.

use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// An amount of US dollars, never negative and never more than [`Usd::MAX`], so that every one that is written down reads
/// back. As text and in JSON: a decimal number, `2.5`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Usd(u64);

/// Why a text is no amount of money.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Not a decimal number.
    #[error("`{}` is not an amount of US dollars like 5 or 2.50", crate::text::printable(.0, 40))]
    NotAnAmount(String),
    /// Below what is counted.
    #[error("`{}` has more than six digits behind the point", crate::text::printable(.0, 40))]
    TooFine(String),
    /// More than anyone has.
    #[error("`{}` is more than a billion dollars", crate::text::printable(.0, 40))]
    TooMuch(String),
}

impl Usd {
    /// No money at all.
    pub const ZERO: Self = Self(0);
    /// The most there can be of it: a billion dollars. More is a mistake, or a lie.
    pub const MAX: Self = Self(1_000_000_000 * MILLION);

    /// From millionths of a dollar; more than [`Usd::MAX`] is that.
    pub const fn from_micros(micros: u64) -> Self {
        if micros < Self::MAX.0 { Self(micros) } else { Self::MAX }
    }

    /// Millionths of a dollar.
    pub const fn as_micros(self) -> u64 {
        self.0
    }

    /// A number that somebody told, rounded up to whole millionths: what is spent is never counted as less. Nothing for
    /// what is no amount: negative, not a number, endless, or more than [`Usd::MAX`].
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it was held to the range before, and has no fraction"
    )]
    pub fn told(dollars: f64) -> Option<Self> {
        if !(0.0..=1e9).contains(&dollars) {
            return None;
        }
        let micros = dollars * 1e6;
        // What was meant as a whole number of millionths is one, for all that binary fractions make of it: the larger the
        // amount, the coarser they are. A little of something is no rounding of nothing.
        let near = micros.round();
        let coarse = (micros * f64::EPSILON).max(1e-3);
        let whole = if (micros - near).abs() < coarse && near > 0.0 { near } else { micros.ceil() };
        Some(Self(whole as u64))
    }

    /// The sum, [`Usd::MAX`] at most.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self::from_micros(self.0.saturating_add(other.0))
    }

    /// What is left of it; never less than nothing.
    #[must_use]
    pub const fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// In dollars, for JSON.
    #[expect(clippy::cast_precision_loss, reason = "exact up to nine billion dollars, in millionths")]
    fn dollars(self) -> f64 {
        self.0 as f64 / 1e6
    }
}

const MILLION: u64 = 1_000_000;

impl fmt::Display for Usd {
    /// At least cents, and no more digits than it has: `5.00`, `0.000001`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = format!("{:06}", self.0 % MILLION);
        let cents = digits.trim_end_matches('0');
        f.pad(&format!("{}.{}", self.0 / MILLION, if cents.len() < 2 { &digits[..2] } else { cents }))
    }
}

impl FromStr for Usd {
    type Err = MoneyError;

    fn from_str(text: &str) -> Result<Self, MoneyError> {
        let wrong = || MoneyError::NotAnAmount(text.to_owned());
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !is_number(whole) || !is_number(fraction) {
            return Err(wrong());
        }
        if fraction.trim_end_matches('0').len() > 6 {
            return Err(MoneyError::TooFine(text.to_owned()));
        }
        let fraction: u64 = format!("{fraction:0<6}")[..6].parse().map_err(|_| wrong())?;
        let whole = whole.parse::<u64>().ok().and_then(|whole| whole.checked_mul(MILLION)?.checked_add(fraction));
        match whole.map(Self) {
            Some(amount) if amount <= Self::MAX => Ok(amount),
            Some(_) | None => Err(MoneyError::TooMuch(text.to_owned())),
        }
    }
}

impl Serialize for Usd {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.is_multiple_of(MILLION) {
            serializer.serialize_u64(self.0 / MILLION)
        } else {
            serializer.serialize_f64(self.dollars())
        }
    }
}

impl<'de> Deserialize<'de> for Usd {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Usd;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an amount of US dollars, a number that is not negative")
            }
            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Usd, E> {
                let micros = number.checked_mul(MILLION).map(Usd).filter(|amount| *amount <= Usd::MAX);
                micros.ok_or_else(|| E::invalid_value(de::Unexpected::Unsigned(number), &self))
            }
            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Usd, E> {
                match u64::try_from(number) {
                    Ok(number) => self.visit_u64(number),
                    Err(_) => Err(E::invalid_value(de::Unexpected::Signed(number), &self)),
                }
            }
            fn visit_i128<E: de::Error>(self, number: i128) -> Result<Usd, E> {
                Err(E::invalid_value(de::Unexpected::Other(&format!("`{number}`")), &self))
            }
            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Usd, E> {
                Usd::told(number).ok_or_else(|| E::invalid_value(de::Unexpected::Float(number), &self))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

impl JsonSchema for Usd {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Usd".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "number", "minimum": 0})
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_amount_reads_back_as_it_is_written() {
        for (text, micros, shown) in [
            ("5", 5_000_000, "5.00"),
            ("2.50", 2_500_000, "2.50"),
            ("0.1", 100_000, "0.10"),
            ("0.000001", 1, "0.000001"),
            ("0.125", 125_000, "0.125"),
            ("1.0000000", 1_000_000, "1.00"),
            ("1000000000", Usd::MAX.as_micros(), "1000000000.00"),
        ] {
            let amount: Usd = text.parse().unwrap();
            assert_eq!((amount.as_micros(), amount.to_string().as_str()), (micros, shown), "{text}");
            let json = serde_json::to_string(&amount).unwrap();
            assert_eq!(serde_json::from_str::<Usd>(&json).unwrap(), amount, "{json}");
        }
        assert_eq!(serde_json::to_string(&Usd::from_micros(250_000)).unwrap(), "0.25");
    }

    proptest! {
        /// A budget that came back a millionth larger or smaller than it was recorded would refuse its own journal.
        #[test]
        fn every_amount_reads_back_as_it_was_whatever_its_size(micros in 0..=Usd::MAX.as_micros(), more in any::<u64>()) {
            for amount in [Usd::from_micros(micros), Usd::from_micros(more), Usd::MAX.plus(Usd::from_micros(micros))] {
                let json = serde_json::to_string(&amount).unwrap();
                prop_assert_eq!(serde_json::from_str::<Usd>(&json).unwrap(), amount, "{}", json);
                prop_assert_eq!(amount.to_string().parse(), Ok(amount));
            }
        }
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        for bad in ["", ".", "5.", ".5", "-1", "+1", "NaN", "inf", "1e3", "5 dollars", "$5", "0x1", "1_000", "1,5", "٣"]
        {
            assert_eq!(bad.parse::<Usd>(), Err(MoneyError::NotAnAmount(bad.to_owned())), "{bad}");
        }
        assert!(matches!("0.0000001".parse::<Usd>(), Err(MoneyError::TooFine(_))));
        for bad in ["1000000001", "9223372036854775808", "99999999999999999999999"] {
            assert!(matches!(bad.parse::<Usd>(), Err(MoneyError::TooMuch(_))), "{bad}");
        }
        for bad in ["-1", "-0.5", "1e308", "1e10", "18446744073709551616", "\"5\"", "null", "[1]", "true"] {
            assert!(serde_json::from_str::<Usd>(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_told_number_is_rounded_up_and_a_binary_fraction_is_what_it_was_meant_to_be() {
        let told =
            [(0.1, 100_000), (0.1 + 0.2, 300_000), (1e-7, 1), (1e-300, 1), (0.000_001_4, 2), (0.0, 0), (-0.0, 0)];
        for (told, micros) in told {
            assert_eq!(Usd::told(told), Some(Usd::from_micros(micros)), "{told}");
        }
        for bad in [-0.1, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e308, f64::MIN] {
            assert_eq!(Usd::told(bad), None, "{bad}");
        }
    }
}
