//! YAML as a tree in which every key and value knows its place, so that a fault can point at it.

use std::fmt;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_yaml::{MergeKeyPolicy, NonFiniteFloatPolicy, Options, Spanned};

use super::fault::{Fault, Origin, Spot};

/// The largest configuration file that is read.
pub(super) const MAX_BYTES: u64 = 1 << 20;

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Node {
    pub value: Value,
    pub spot: Spot,
}

/// A key and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Key {
    pub name: String,
    pub spot: Spot,
}

/// What a value is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Null,
    Bool(bool),
    /// With the text as written, for where a string is wanted: `argv: [tool, 5]`.
    Int(i128, String),
    Float(f64, String),
    Text(String),
    List(Vec<Node>),
    Map(Vec<(Key, Node)>),
}

/// A text with where it came from.
#[derive(Debug, Clone)]
pub(super) struct Source {
    pub origin: Origin,
    pub text: Arc<str>,
}

impl Node {
    /// Reads one YAML document; what is empty is null. Caps, duplicate keys, tags and merge keys are faults.
    /// `yaml` is the source's text, or that with blanks for what is not YAML in it, so that the places are the same.
    pub fn parse(source: &Source, yaml: &str) -> Result<Self, Box<Fault>> {
        if yaml.trim().is_empty() {
            return Ok(Self { value: Value::Null, spot: Spot::default() });
        }
        match serde_yaml::from_str_with_options::<Spanned<Raw>>(yaml, options()) {
            Ok(raw) => Ok(Self::from_raw(raw, yaml)),
            Err(error) => Err(Fault::of_yaml(source, error.without_snippet()).into()),
        }
    }

    fn from_raw(raw: Spanned<Raw>, text: &str) -> Self {
        // Where it is used is what a reader can change; an alias' definition may serve others too.
        let spot = Spot::of(&raw.referenced);
        let written = || Spot::of(&raw.defined).of_text(text).trim().to_owned();
        let value = match raw.value {
            Raw::Null => Value::Null,
            Raw::Bool(yes) => Value::Bool(yes),
            Raw::Int(number) => Value::Int(number, written()),
            Raw::Float(number) => Value::Float(number, written()),
            Raw::Text(text) => Value::Text(text),
            Raw::List(items) => Value::List(items.into_iter().map(|item| Self::from_raw(item, text)).collect()),
            Raw::Map(entries) => Value::Map(
                entries
                    .into_iter()
                    .map(|(key, value)| {
                        let key = Key { spot: Spot::of(&key.referenced), name: key.value };
                        (key, Self::from_raw(value, text))
                    })
                    .collect(),
            ),
        };
        Self { value, spot }
    }

    /// What stands at a path of keys.
    pub fn at(&self, path: &[&str]) -> Option<(&Key, &Self)> {
        let (first, rest) = path.split_first()?;
        let (key, node) = self.entries().iter().find(|(key, _)| key.name == *first)?;
        if rest.is_empty() { Some((key, node)) } else { node.at(rest) }
    }

    /// The entries of a map; nothing of anything else.
    pub fn entries(&self) -> &[(Key, Self)] {
        match &self.value {
            Value::Map(entries) => entries,
            Value::Null | Value::Bool(_) | Value::Int(..) | Value::Float(..) | Value::Text(_) | Value::List(_) => &[],
        }
    }

    /// Takes out what stands at a path of entry numbers. An empty path makes it all null.
    pub fn remove(&mut self, path: &[usize]) {
        let Some((first, rest)) = path.split_first() else {
            self.value = Value::Null;
            return;
        };
        match &mut self.value {
            Value::Map(entries) if rest.is_empty() && *first < entries.len() => drop(entries.remove(*first)),
            Value::List(items) if rest.is_empty() && *first < items.len() => drop(items.remove(*first)),
            Value::Map(entries) => entries.get_mut(*first).map_or((), |(_, node)| node.remove(rest)),
            Value::List(items) => items.get_mut(*first).map_or((), |node| node.remove(rest)),
            Value::Null | Value::Bool(_) | Value::Int(..) | Value::Float(..) | Value::Text(_) => {}
        }
    }
}

/// A document as serde brings it.
#[derive(Debug)]
enum Raw {
    Null,
    Bool(bool),
    Int(i128),
    Float(f64),
    Text(String),
    List(Vec<Spanned<Raw>>),
    Map(Vec<(Spanned<String>, Spanned<Raw>)>),
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a YAML value")
    }
    fn visit_unit<E: de::Error>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }
    fn visit_none<E: de::Error>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }
    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Raw, D::Error> {
        Raw::deserialize(deserializer)
    }
    fn visit_bool<E: de::Error>(self, yes: bool) -> Result<Raw, E> {
        Ok(Raw::Bool(yes))
    }
    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Raw, E> {
        Ok(Raw::Int(number.into()))
    }
    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Raw, E> {
        Ok(Raw::Int(number.into()))
    }
    fn visit_i128<E: de::Error>(self, number: i128) -> Result<Raw, E> {
        Ok(Raw::Int(number))
    }
    fn visit_u128<E: de::Error>(self, number: u128) -> Result<Raw, E> {
        Ok(Raw::Int(i128::try_from(number).unwrap_or(i128::MAX)))
    }
    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Raw, E> {
        Ok(Raw::Float(number))
    }
    fn visit_str<E: de::Error>(self, text: &str) -> Result<Raw, E> {
        Ok(Raw::Text(text.to_owned()))
    }
    fn visit_string<E: de::Error>(self, text: String) -> Result<Raw, E> {
        Ok(Raw::Text(text))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Raw, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element()? {
            items.push(item);
        }
        Ok(Raw::List(items))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Raw, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = access.next_entry()? {
            entries.push(entry);
        }
        Ok(Raw::Map(entries))
    }
}

fn options() -> Options {
    serde_yaml::options! {
        budget: serde_yaml::budget! {
            max_nodes: 20_000,
            max_aliases: 50,
            max_anchors: 50,
            max_depth: 32,
            max_documents: 1,
        },
        strict_booleans: true,
        reject_unsupported_tags: true,
        non_finite_float_policy: NonFiniteFloatPolicy::PassThrough,
        merge_keys: MergeKeyPolicy::Error,
        with_snippet: false,
    }
}
