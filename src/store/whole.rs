//! A line's event, read in one pass: the content straight as what the name before it says. serde's own ways for a flat
//! envelope keep the content aside first, which for a plan is most of the time it takes to open a run.

use std::fmt;

use serde::Deserialize;
use serde::de::value::{MapAccessDeserializer, StrDeserializer};
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, IntoDeserializer, MapAccess, Visitor};

use crate::event::{Event, Kind};

/// An event as its line has it: the name of its kind before its content, as every line was written.
pub(super) struct Whole(pub Event);

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "lowercase")]
enum Field {
    V,
    Seq,
    At,
    Run,
    Task,
    Attempt,
    Kind,
    Data,
    #[serde(other)]
    Other,
}

impl<'de> Deserialize<'de> for Whole {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Line;
        impl<'de> Visitor<'de> for Line {
            type Value = Whole;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an event")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Whole, A::Error> {
                let (mut v, mut seq, mut at, mut run) = (None, None, None, None);
                let (mut task, mut attempt, mut name, mut kind) = (None, None, None::<&str>, None);
                while let Some(field) = map.next_key()? {
                    match field {
                        Field::V => v = Some(map.next_value()?),
                        Field::Seq => seq = Some(map.next_value()?),
                        Field::At => at = Some(map.next_value()?),
                        Field::Run => run = Some(map.next_value()?),
                        Field::Task => task = map.next_value()?,
                        Field::Attempt => attempt = map.next_value()?,
                        Field::Kind => name = Some(map.next_value()?),
                        Field::Data => {
                            let name = name.ok_or_else(|| A::Error::custom("`data` stands before `kind`"))?;
                            kind = Some(map.next_value_seed(Content(name))?);
                        }
                        Field::Other => drop(map.next_value::<IgnoredAny>()?),
                    }
                }
                let missing = A::Error::missing_field;
                Ok(Whole(Event {
                    v: v.ok_or_else(|| missing("v"))?,
                    seq: seq.ok_or_else(|| missing("seq"))?,
                    at: at.ok_or_else(|| missing("at"))?,
                    run: run.ok_or_else(|| missing("run"))?,
                    task,
                    attempt,
                    kind: kind.ok_or_else(|| missing("data"))?,
                }))
            }
        }
        deserializer.deserialize_map(Line)
    }
}

/// Reads the content of the kind that has this name.
struct Content<'a>(&'a str);

impl<'de> DeserializeSeed<'de> for Content<'_> {
    type Value = Kind;

    fn deserialize<D: Deserializer<'de>>(self, data: D) -> Result<Kind, D::Error> {
        Kind::deserialize(MapAccessDeserializer::new(Tagged { name: Some(self.0), data: Some(data) }))
    }
}

/// Name and content as the map of two entries that [`Kind`] is read from.
struct Tagged<'a, D> {
    name: Option<&'a str>,
    data: Option<D>,
}

impl<'de, D: Deserializer<'de>> MapAccess<'de> for Tagged<'_, D> {
    type Error = D::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, D::Error> {
        let key = match (self.name, &self.data) {
            (Some(_), _) => "kind",
            (None, Some(_)) => "data",
            (None, None) => return Ok(None),
        };
        let key: StrDeserializer<'_, D::Error> = key.into_deserializer();
        seed.deserialize(key).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, D::Error> {
        if let Some(name) = self.name.take() {
            let name: StrDeserializer<'_, D::Error> = name.into_deserializer();
            return seed.deserialize(name);
        }
        match self.data.take() {
            Some(data) => seed.deserialize(data),
            None => Err(D::Error::custom("a key without a value")),
        }
    }
}
