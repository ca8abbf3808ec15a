//! `run.jobs`: a number, or `auto`.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Most tasks at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Jobs {
    /// So many, 1 to [`Jobs::MOST`].
    Count(u32),
    /// As many as machine and plan have a use for, found out when a run begins or goes on.
    Auto,
}

impl Jobs {
    /// The most there can be.
    pub const MOST: u32 = 64;
    const AUTO: &str = "auto";

    /// Whether this could be more than `other`. Nobody knows beforehand what `auto` comes to.
    pub(super) fn may_exceed(self, other: Self) -> bool {
        match (self, other) {
            (Self::Count(this), Self::Count(other)) => this > other,
            (Self::Count(this), Self::Auto) => this > 1,
            (Self::Auto, Self::Count(other)) => other < Self::MOST,
            (Self::Auto, Self::Auto) => false,
        }
    }
}

impl Serialize for Jobs {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Count(count) => serializer.serialize_u32(*count),
            Self::Auto => serializer.serialize_str(Self::AUTO),
        }
    }
}

impl<'de> Deserialize<'de> for Jobs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Jobs;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "`{}` or a whole number from 1 to {}", Jobs::AUTO, Jobs::MOST)
            }
            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Jobs, E> {
                let fits = u32::try_from(number).ok().filter(|number| (1..=Jobs::MOST).contains(number));
                fits.map(Jobs::Count).ok_or_else(|| E::invalid_value(de::Unexpected::Unsigned(number), &self))
            }
            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Jobs, E> {
                Err(E::invalid_value(de::Unexpected::Signed(number), &self))
            }
            fn visit_i128<E: de::Error>(self, number: i128) -> Result<Jobs, E> {
                Err(E::invalid_value(de::Unexpected::Other(&format!("`{number}`")), &self))
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Jobs, E> {
                match text {
                    Jobs::AUTO => Ok(Jobs::Auto),
                    _ => Err(E::invalid_type(de::Unexpected::Str(text), &self)),
                }
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

impl JsonSchema for Jobs {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Jobs".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        // Bounds say something of numbers alone, and a pattern of texts alone.
        json_schema!({"type": ["integer", "string"], "minimum": 1, "maximum": Self::MOST, "pattern": "^auto$"})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_found_out_later_may_be_more_than_any_number_but_the_greatest() {
        let (one, two, most) = (Jobs::Count(1), Jobs::Count(2), Jobs::Count(Jobs::MOST));
        for (this, other, may) in [
            (two, one, true),
            (one, two, false),
            (two, two, false),
            (Jobs::Auto, two, true),
            (Jobs::Auto, most, false),
            (one, Jobs::Auto, false),
            (two, Jobs::Auto, true),
            (Jobs::Auto, Jobs::Auto, false),
        ] {
            assert_eq!(this.may_exceed(other), may, "{this:?} over {other:?}");
        }
    }
}
