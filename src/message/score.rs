//! How good a reviewer finds a change.

use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// From 0, nothing of it can stay, to 1, nothing is to be said against it. Kept in thousandths, so that it compares exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Score(u16);

/// Why something is no score.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a score is a number from 0 to 1")]
pub struct NotAScore;

impl Score {
    /// Nothing can stay.
    pub const ZERO: Self = Self(0);
    /// Nothing is to be said against it.
    pub const ONE: Self = Self(1000);

    /// From a number from 0 to 1, rounded to thousandths.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it was held to the range before")]
    pub fn new(number: f64) -> Result<Self, NotAScore> {
        if (0.0..=1.0).contains(&number) { Ok(Self((number * 1000.0).round() as u16)) } else { Err(NotAScore) }
    }

    fn number(self) -> f64 {
        f64::from(self.0) / 1000.0
    }
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.number())
    }
}

impl FromStr for Score {
    type Err = NotAScore;
    fn from_str(text: &str) -> Result<Self, NotAScore> {
        text.parse::<f64>().map_err(|_| NotAScore).and_then(Self::new)
    }
}

impl Serialize for Score {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.number())
    }
}

impl<'de> Deserialize<'de> for Score {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        f64::deserialize(deserializer).and_then(|number| Self::new(number).map_err(de::Error::custom))
    }
}

impl JsonSchema for Score {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Score".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "number", "minimum": 0, "maximum": 1})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_score_is_a_number_from_0_to_1_and_reads_back_as_it_was_written() {
        for text in ["0", "0.5", "0.333", "1", "1.0"] {
            let score: Score = text.parse().unwrap();
            let json = serde_json::to_string(&score).unwrap();
            assert_eq!(serde_json::from_str::<Score>(&json).unwrap(), score);
        }
        for text in ["-0.1", "1.001", "NaN", "inf", "7", ""] {
            assert_eq!(text.parse::<Score>(), Err(NotAScore), "{text}");
        }
    }
}
