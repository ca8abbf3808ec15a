//! How a setting is laid over a weaker one, and how a section is declared once for all that is made of it.

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, de};

use crate::model::Spec as ModelSpec;
use crate::money::Usd;
use crate::time::Span;

/// A part of a layer.
pub trait Setting: Sized {
    /// What the program gets in the end.
    type Plain;

    /// This, where it says something; else what a weaker layer says.
    #[must_use]
    fn over(self, weaker: Self) -> Self;

    /// The plain value, or the key that no layer sets.
    fn plain(self) -> Result<Self::Plain, Unset>;

    /// What it is when no layer says anything.
    fn unset() -> Result<Self::Plain, Unset> {
        Err(Unset(String::new()))
    }
}

/// The dotted key of what no layer sets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unset(pub String);

impl Unset {
    pub fn inside(self, key: &str) -> Self {
        Self(if self.0.is_empty() { key.to_owned() } else { format!("{key}.{}", self.0) })
    }
}

impl<T: Setting> Setting for Option<T> {
    type Plain = T::Plain;

    fn over(self, weaker: Self) -> Self {
        match (self, weaker) {
            (Some(strong), Some(weak)) => Some(strong.over(weak)),
            (strong, weak) => strong.or(weak),
        }
    }

    fn plain(self) -> Result<T::Plain, Unset> {
        self.map_or_else(T::unset, T::plain)
    }
}

impl<K: Ord + ToString, T: Setting> Setting for BTreeMap<K, T> {
    type Plain = BTreeMap<K, T::Plain>;

    fn over(self, mut weaker: Self) -> Self {
        for (key, strong) in self {
            let value = match weaker.remove(&key) {
                Some(weak) => strong.over(weak),
                None => strong,
            };
            weaker.insert(key, value);
        }
        weaker
    }

    fn plain(self) -> Result<Self::Plain, Unset> {
        let one = |(key, value): (K, T)| {
            let name = key.to_string();
            value.plain().map(|value| (key, value)).map_err(|unset| unset.inside(&name))
        };
        self.into_iter().map(one).collect()
    }
}

/// A setting that may stay unset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Maybe<T>(pub T);

impl<T: JsonSchema> JsonSchema for Maybe<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }
    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }
    fn schema_id() -> Cow<'static, str> {
        T::schema_id()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

impl<T: Setting> Setting for Maybe<T> {
    type Plain = Option<T::Plain>;

    fn over(self, weaker: Self) -> Self {
        Self(self.0.over(weaker.0))
    }
    fn plain(self) -> Result<Self::Plain, Unset> {
        self.0.plain().map(Some)
    }
    fn unset() -> Result<Self::Plain, Unset> {
        Ok(None)
    }
}

/// Settings that are replaced as a whole.
macro_rules! whole {
    ($($type:ty),* $(,)?) => {$(
        impl $crate::config::setting::Setting for $type {
            type Plain = Self;
            fn over(self, _: Self) -> Self {
                self
            }
            fn plain(self) -> Result<Self, $crate::config::setting::Unset> {
                Ok(self)
            }
        }
    )*};
}
pub(super) use whole;

whole!(bool, Span, std::path::PathBuf, Vec<String>, Vec<std::path::PathBuf>, Vec<Vec<String>>);

impl Setting for ModelSpec {
    type Plain = Self;
    fn over(self, weaker: Self) -> Self {
        Self::over(self, &weaker)
    }
    fn plain(self) -> Result<Self, Unset> {
        match self.lacks() {
            None => Ok(self),
            Some(key) => Err(Unset(format!("{}.{key}", self.provider()))),
        }
    }
}

/// A whole number from `MIN` to `MAX`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Count<const MIN: u32, const MAX: u32>(u32);

impl<const MIN: u32, const MAX: u32> Setting for Count<MIN, MAX> {
    type Plain = u32;
    fn over(self, _: Self) -> Self {
        self
    }
    fn plain(self) -> Result<u32, Unset> {
        Ok(self.0)
    }
}

impl<'de, const MIN: u32, const MAX: u32> Deserialize<'de> for Count<MIN, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor<const MIN: u32, const MAX: u32>;
        impl<const MIN: u32, const MAX: u32> de::Visitor<'_> for Visitor<MIN, MAX> {
            type Value = u32;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "a whole number from {MIN} to {MAX}")
            }
            fn visit_u64<E: de::Error>(self, number: u64) -> Result<u32, E> {
                let fits = u32::try_from(number).ok().filter(|number| (MIN..=MAX).contains(number));
                fits.ok_or_else(|| E::invalid_value(de::Unexpected::Unsigned(number), &self))
            }
            fn visit_i64<E: de::Error>(self, number: i64) -> Result<u32, E> {
                Err(E::invalid_value(de::Unexpected::Signed(number), &self))
            }
            fn visit_i128<E: de::Error>(self, number: i128) -> Result<u32, E> {
                Err(E::invalid_value(de::Unexpected::Other(&format!("`{number}`")), &self))
            }
        }
        deserializer.deserialize_any(Visitor::<MIN, MAX>).map(Self)
    }
}

impl<const MIN: u32, const MAX: u32> JsonSchema for Count<MIN, MAX> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        format!("CountFrom{MIN}To{MAX}").into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "integer", "minimum": MIN, "maximum": MAX})
    }
}

/// A whole number from 1 to `MAX`, where more than four thousand millions make sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Large<const MAX: u64>(u64);

impl<const MAX: u64> Setting for Large<MAX> {
    type Plain = u64;
    fn over(self, _: Self) -> Self {
        self
    }
    fn plain(self) -> Result<u64, Unset> {
        Ok(self.0)
    }
}

impl<'de, const MAX: u64> Deserialize<'de> for Large<MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor<const MAX: u64>;
        impl<const MAX: u64> de::Visitor<'_> for Visitor<MAX> {
            type Value = u64;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "a whole number from 1 to {MAX}")
            }
            fn visit_u64<E: de::Error>(self, number: u64) -> Result<u64, E> {
                if (1..=MAX).contains(&number) {
                    Ok(number)
                } else {
                    Err(E::invalid_value(de::Unexpected::Unsigned(number), &self))
                }
            }
            fn visit_i64<E: de::Error>(self, number: i64) -> Result<u64, E> {
                Err(E::invalid_value(de::Unexpected::Signed(number), &self))
            }
            fn visit_i128<E: de::Error>(self, number: i128) -> Result<u64, E> {
                Err(E::invalid_value(de::Unexpected::Other(&format!("`{number}`")), &self))
            }
        }
        deserializer.deserialize_any(Visitor::<MAX>).map(Self)
    }
}

impl<const MAX: u64> JsonSchema for Large<MAX> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        format!("LargeTo{MAX}").into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "integer", "minimum": 1, "maximum": MAX})
    }
}

/// An amount of money that is not nothing, and at most a million dollars.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Money(Usd);

impl Money {
    const MAX: Usd = Usd::from_micros(1_000_000_000_000);
}

impl Setting for Money {
    type Plain = Usd;
    fn over(self, _: Self) -> Self {
        self
    }
    fn plain(self) -> Result<Usd, Unset> {
        Ok(self.0)
    }
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Usd;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an amount of US dollars, a number above 0 and up to 1000000")
            }
            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Usd, E> {
                let usd = number.checked_mul(1_000_000).map(Usd::from_micros);
                let usd = usd.filter(|usd| (Usd::from_micros(1)..=Money::MAX).contains(usd));
                usd.ok_or_else(|| E::invalid_value(de::Unexpected::Unsigned(number), &self))
            }
            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Usd, E> {
                Err(E::invalid_value(de::Unexpected::Signed(number), &self))
            }
            fn visit_i128<E: de::Error>(self, number: i128) -> Result<Usd, E> {
                Err(E::invalid_value(de::Unexpected::Other(&format!("`{number}`")), &self))
            }
            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Usd, E> {
                let usd = Usd::told(number).filter(|usd| (Usd::from_micros(1)..=Money::MAX).contains(usd));
                usd.ok_or_else(|| E::invalid_value(de::Unexpected::Float(number), &self))
            }
        }
        deserializer.deserialize_any(Visitor).map(Self)
    }
}

impl JsonSchema for Money {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Money".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "number", "exclusiveMinimum": 0, "maximum": 1_000_000})
    }
}

/// A span of time that is not zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Lasting(Span);

impl Setting for Lasting {
    type Plain = Span;
    fn over(self, _: Self) -> Self {
        self
    }
    fn plain(self) -> Result<Span, Unset> {
        Ok(self.0)
    }
}

impl<'de> Deserialize<'de> for Lasting {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let span = Span::deserialize(deserializer)?;
        if span == Span::ZERO {
            return Err(de::Error::custom("expected a span of time longer than zero"));
        }
        Ok(Self(span))
    }
}

impl JsonSchema for Lasting {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Lasting".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Span::json_schema(generator)
    }
}

/// Declares a section: the part of a layer in which every key may be left out, the plain values that the layers add up
/// to, and the way from one to the other. One declaration, so the two cannot drift apart.
macro_rules! section {
    ($(#[$doc:meta])* $plain:ident = $layer:ident {
        $($(#[$field_doc:meta])* $field:ident: $type:ty,)*
    }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, serde::Serialize)]
        pub struct $plain {
            $($(#[$field_doc])* pub $field: <$type as $crate::config::setting::Setting>::Plain,)*
        }

        $(#[$doc])*
        #[derive(Debug, Clone, Default, PartialEq, serde::Deserialize, schemars::JsonSchema)]
        #[serde(deny_unknown_fields)]
        pub struct $layer {
            $($(#[$field_doc])* pub $field: Option<$type>,)*
        }

        impl $crate::config::setting::Setting for $layer {
            type Plain = $plain;
            fn over(self, weaker: Self) -> Self {
                Self { $($field: $crate::config::setting::Setting::over(self.$field, weaker.$field),)* }
            }
            fn plain(self) -> Result<$plain, $crate::config::setting::Unset> {
                Ok($plain {
                    $($field: $crate::config::setting::Setting::plain(self.$field)
                        .map_err(|unset| unset.inside(stringify!($field).trim_start_matches("r#")))?,)*
                })
            }
        }
    };
}
pub(super) use section;
