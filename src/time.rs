//! Points in time and spans as data: the pure rooms never ask a clock, they are told.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// A point in time, UTC, whole milliseconds. As text: RFC 3339, `2026-11-21T09:33:12.123Z`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Timestamp(i64);

/// A span of time of whole milliseconds, never negative and never more than [`Span::MAX`], so that every one that is
/// written down reads back. As text: `90s`, `10m`, `1h30m`, `250ms`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Span(u64);

/// Why a text is not a time or a span.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    /// Not RFC 3339.
    #[error("`{}` is not a time like 2026-11-21T09:33:12Z", crate::text::printable(.0, 40))]
    NotATimestamp(String),
    /// Not a span.
    #[error("`{}` is not a duration like 90s, 10m or 1h30m", crate::text::printable(.0, 40))]
    NotASpan(String),
    /// Larger than any run could last.
    #[error("`{}` is longer than 10 years", crate::text::printable(.0, 40))]
    TooLong(String),
}

impl Timestamp {
    /// From milliseconds since 1970-01-01T00:00:00Z; what lies outside the years 0 to 9999 is clamped.
    pub fn from_millis(millis: i64) -> Self {
        Self(millis.clamp(-62_167_219_200_000, 253_402_207_200_000))
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub fn as_millis(self) -> i64 {
        self.0
    }

    /// `YYYYMMDD-HHMMSS`, for names that sort.
    pub fn compact(self) -> String {
        self.jiff().strftime("%Y%m%d-%H%M%S").to_string()
    }

    /// The time `span` later.
    #[must_use]
    pub fn after(self, span: Span) -> Self {
        Self::from_millis(self.0.saturating_add(i64::try_from(span.0).unwrap_or(i64::MAX)))
    }

    /// How long after `earlier` this is; zero when a clock was set back.
    pub fn since(self, earlier: Self) -> Span {
        Span::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    fn jiff(self) -> jiff::Timestamp {
        jiff::Timestamp::from_millisecond(self.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3}", self.jiff())
    }
}

impl FromStr for Timestamp {
    type Err = TimeError;
    fn from_str(text: &str) -> Result<Self, TimeError> {
        text.parse::<jiff::Timestamp>()
            .map(|at| Self::from_millis(at.as_millisecond()))
            .map_err(|_| TimeError::NotATimestamp(text.to_owned()))
    }
}

impl TryFrom<String> for Timestamp {
    type Error = TimeError;
    fn try_from(text: String) -> Result<Self, TimeError> {
        text.parse()
    }
}

impl From<Timestamp> for String {
    fn from(at: Timestamp) -> Self {
        at.to_string()
    }
}

impl JsonSchema for Timestamp {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Timestamp".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "format": "date-time"})
    }
}

impl Span {
    /// No time at all.
    pub const ZERO: Self = Self(0);
    /// The longest there can be: ten years. Nothing lasts longer, and what is meant as endless is no shorter.
    pub const MAX: Self = Self(10 * 366 * 24 * 3_600_000);

    /// From milliseconds; more than [`Span::MAX`] is that.
    pub const fn from_millis(millis: u64) -> Self {
        if millis < Self::MAX.0 { Self(millis) } else { Self::MAX }
    }

    /// From seconds; more than [`Span::MAX`] is that.
    pub const fn from_secs(secs: u64) -> Self {
        Self::from_millis(secs.saturating_mul(1000))
    }

    /// Whole milliseconds.
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// As the standard library has it.
    pub const fn as_duration(self) -> Duration {
        Duration::from_millis(self.0)
    }

    /// The difference, zero at least.
    #[must_use]
    pub const fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// The sum, [`Span::MAX`] at most.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self::from_millis(self.0.saturating_add(other.0))
    }
}

impl From<Duration> for Span {
    fn from(duration: Duration) -> Self {
        Self::from_millis(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (ms, s, m, h) = (self.0 % 1000, self.0 / 1000 % 60, self.0 / 60_000 % 60, self.0 / 3_600_000);
        if self.0 == 0 {
            return f.write_str("0s");
        }
        for (amount, unit) in [(h, "h"), (m, "m"), (s, "s"), (ms, "ms")] {
            if amount > 0 {
                write!(f, "{amount}{unit}")?;
            }
        }
        Ok(())
    }
}

impl FromStr for Span {
    type Err = TimeError;
    fn from_str(text: &str) -> Result<Self, TimeError> {
        let not = || TimeError::NotASpan(text.to_owned());
        let mut rest = text.trim();
        let mut total: u64 = 0;
        if rest.is_empty() {
            return Err(not());
        }
        while !rest.is_empty() {
            let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            let amount: u64 = rest[..digits].parse().map_err(|_| not())?;
            rest = &rest[digits..];
            let letters = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_alphabetic()).len();
            let unit = match &rest[..letters] {
                "ms" => 1,
                "s" => 1000,
                "m" | "min" => 60_000,
                "h" => 3_600_000,
                "d" => 86_400_000,
                _ => return Err(not()),
            };
            rest = rest[letters..].trim_start();
            total = amount
                .checked_mul(unit)
                .and_then(|part| total.checked_add(part))
                .ok_or_else(|| TimeError::TooLong(text.to_owned()))?;
        }
        if total > Self::MAX.0 {
            return Err(TimeError::TooLong(text.to_owned()));
        }
        Ok(Self(total))
    }
}

impl TryFrom<String> for Span {
    type Error = TimeError;
    fn try_from(text: String) -> Result<Self, TimeError> {
        text.parse()
    }
}

impl From<Span> for String {
    fn from(span: Span) -> Self {
        span.to_string()
    }
}

impl JsonSchema for Span {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Span".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "pattern": r"^\s*([0-9]+(ms|s|m|min|h|d)\s*)+$", "description": "a span of time like 90s, 10m or 1h30m"})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_and_written() {
        for (text, millis) in
            [("90s", 90_000), ("10m", 600_000), ("1h30m", 5_400_000), ("250ms", 250), ("2 m", 0), ("0s", 0)]
        {
            match text {
                "2 m" => assert!(text.parse::<Span>().is_err()),
                _ => assert_eq!(text.parse::<Span>().unwrap().as_millis(), millis, "{text}"),
            }
        }
        assert_eq!(Span::from_millis(5_400_250).to_string(), "1h30m250ms");
        for bad in ["", "-1s", "10", "1.5h", "NaN", "inf", "s", "9223372036854775808s", "20000d", "1x"] {
            assert!(bad.parse::<Span>().is_err(), "{bad}");
        }
    }

    #[test]
    fn every_span_reads_back_however_long_it_was_meant_to_be() {
        for millis in [0, 1, Span::MAX.as_millis() - 1, Span::MAX.as_millis(), Span::MAX.as_millis() + 1, u64::MAX] {
            let spans = [
                Span::from_millis(millis),
                Span::from_secs(millis),
                Span::from_millis(millis).plus(Span::MAX),
                Duration::from_millis(millis).into(),
                Timestamp::from_millis(i64::MAX).since(Timestamp::from_millis(i64::MIN)),
            ];
            for span in spans {
                assert_eq!(span.to_string().parse(), Ok(span), "{millis}");
            }
        }
    }

    #[test]
    fn a_timestamp_survives_its_text_to_the_millisecond() {
        let at = Timestamp::from_millis(1_795_253_592_123);
        assert_eq!(at.to_string().parse(), Ok(at));
        assert_eq!(Timestamp::from_millis(0).to_string(), "1970-01-01T00:00:00.000Z");
        assert_eq!(Timestamp::from_millis(0).compact(), "19700101-000000");
    }

    #[test]
    fn a_clock_set_back_gives_no_negative_span() {
        assert_eq!(Timestamp::from_millis(5).since(Timestamp::from_millis(9)), Span::ZERO);
    }
}
