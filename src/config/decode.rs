//! From a tree to typed values, finding everything that is wrong with it and not only the first thing.

use std::fmt;

use serde::de::value::StrDeserializer;
use serde::de::{
    self, DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, Expected, IntoDeserializer, MapAccess,
    SeqAccess, Unexpected, VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;

use super::fault::{Fault, Spot};
use super::node::{Key, Node, Source, Value};

/// Beyond this many faults of one source, more would not help.
const MOST_FAULTS: usize = 20;

/// The typed value of a tree together with every fault in it. What is faulty is taken out of the tree and the rest read
/// again, so that one mistake does not hide the next.
pub(super) fn decode<T: DeserializeOwned + Default>(tree: &mut Node, source: &Source) -> (T, Vec<Fault>) {
    let mut faults = Vec::new();
    while faults.len() < MOST_FAULTS {
        match T::deserialize(&*tree) {
            Ok(value) => {
                faults.sort_by_key(|fault: &Fault| fault.spot.start);
                return (value, faults);
            }
            Err(mut unfit) => {
                unfit.path.reverse();
                let (key, spot) = place(tree, &unfit.path);
                let spot = unfit.spot.unwrap_or(spot);
                // What is missing may be what was just taken out.
                let known = |fault: &Fault| fault.key.strip_prefix(&key).is_some_and(|rest| rest.starts_with('.'));
                if !(unfit.missing && faults.iter().any(known)) {
                    faults.push(Fault::new(source, spot, unfit.message).under(key).hinting(unfit.hint));
                }
                tree.remove(&unfit.path);
            }
        }
    }
    faults.sort_by_key(|fault| fault.spot.start);
    (T::default(), faults)
}

/// The dotted key and the place of the value at a path of entry numbers.
fn place(tree: &Node, path: &[usize]) -> (String, Spot) {
    let (mut node, mut key) = (tree, String::new());
    for index in path {
        let next = match &node.value {
            Value::Map(entries) => entries.get(*index).map(|(name, node)| {
                let dot = if key.is_empty() { "" } else { "." };
                (format!("{dot}{}", name.name), node)
            }),
            Value::List(items) => items.get(*index).map(|node| (format!("[{index}]"), node)),
            Value::Null | Value::Bool(_) | Value::Int(..) | Value::Float(..) | Value::Text(_) => None,
        };
        let Some((part, inner)) = next else { break };
        key.push_str(&part);
        node = inner;
    }
    (key, node.spot)
}

/// Why a value does not fit its type, and the way to it, innermost first.
#[derive(Debug)]
pub(super) struct Unfit {
    message: String,
    hint: Option<String>,
    path: Vec<usize>,
    /// Set when not the value but its key is at fault.
    spot: Option<Spot>,
    /// Whether something is not there.
    missing: bool,
}

impl Unfit {
    fn new(message: String, hint: Option<String>) -> Self {
        Self { message, hint, path: Vec::new(), spot: None, missing: false }
    }

    fn inside(mut self, index: usize) -> Self {
        self.path.push(index);
        self
    }

    fn at_key(mut self, key: &Key) -> Self {
        self.spot = Some(key.spot);
        self
    }
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Unfit {}

impl de::Error for Unfit {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(message.to_string(), None)
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        let hint = match found {
            Unexpected::Str("yes" | "on" | "no" | "off" | "y" | "n") if expected.to_string().contains("bool") => {
                Some("true and false are the only two".to_owned())
            }
            _ => None,
        };
        Self::new(format!("expected {expected}, found {}", shown(&found)), hint)
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new(format!("expected {expected}, found {}", shown(&found)), None)
    }

    fn unknown_field(field: &str, known: &'static [&'static str]) -> Self {
        let field = crate::text::printable(field, 60);
        Self::new(format!("there is no key `{field}` here"), Some(meant(&field, known)))
    }

    fn unknown_variant(variant: &str, known: &'static [&'static str]) -> Self {
        let variant = crate::text::printable(variant, 60);
        Self::new(format!("`{variant}` is not one of the choices"), Some(meant(&variant, known)))
    }

    fn missing_field(field: &'static str) -> Self {
        Self { missing: true, ..Self::new(format!("the key `{field}` is missing"), None) }
    }
}

fn shown(found: &Unexpected<'_>) -> String {
    match found {
        Unexpected::Unit => "nothing".to_owned(),
        Unexpected::Bool(yes) => format!("`{yes}`"),
        Unexpected::Signed(number) => format!("`{number}`"),
        Unexpected::Unsigned(number) => format!("`{number}`"),
        Unexpected::Float(number) => format!("`{number}`"),
        Unexpected::Str(text) => format!("the text `{}`", crate::text::printable(text, 60)),
        Unexpected::Seq => "a list".to_owned(),
        Unexpected::Map | Unexpected::StructVariant | Unexpected::NewtypeVariant => "a map of keys".to_owned(),
        other => other.to_string(),
    }
}

/// "did you mean", or what there is to choose from.
pub(super) fn meant(given: &str, known: &[&str]) -> String {
    let folded = given.to_lowercase().replace('-', "_");
    let closest = known
        .iter()
        .map(|name| (strsim::damerau_levenshtein(&folded, &name.to_lowercase().replace('-', "_")), *name))
        .min_by_key(|(distance, _)| *distance);
    match closest {
        Some((distance, name)) if distance <= (folded.chars().count() / 3).max(1) => format!("did you mean `{name}`?"),
        _ => format!("known here: {}", known.join(", ")),
    }
}

impl<'de> Deserializer<'de> for &'de Node {
    type Error = Unfit;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        match &self.value {
            Value::Null => visitor.visit_unit(),
            Value::Bool(yes) => visitor.visit_bool(*yes),
            Value::Int(number, _) => match (u64::try_from(*number), i64::try_from(*number)) {
                (Ok(number), _) => visitor.visit_u64(number),
                (Err(_), Ok(number)) => visitor.visit_i64(number),
                (Err(_), Err(_)) => visitor.visit_i128(*number),
            },
            Value::Float(number, _) => visitor.visit_f64(*number),
            Value::Text(text) => visitor.visit_borrowed_str(text),
            Value::List(items) => visitor.visit_seq(Items { items, at: 0 }),
            Value::Map(entries) => visitor.visit_map(Entries { entries, at: 0 }),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        match &self.value {
            // A key without a value says nothing, as when everything under it is commented out.
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        match &self.value {
            // `[tool, 5]` is a list of two words; quotes are not needed where only text can stand.
            Value::Int(_, written) | Value::Float(_, written) => visitor.visit_borrowed_str(written),
            Value::Bool(yes) => visitor.visit_borrowed_str(if *yes { "true" } else { "false" }),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        self.deserialize_str(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Unfit> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        known: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unfit> {
        match &self.value {
            Value::Text(name) => visitor.visit_enum(StrDeserializer::<Unfit>::new(name)),
            Value::Map(entries) => match entries.as_slice() {
                [(key, node)] => visitor.visit_enum(Choice { key, node }),
                several => {
                    let unfit = Unfit::new("exactly one key must stand here".to_owned(), Some(meant("", known)));
                    Err(Unfit { missing: several.is_empty(), ..unfit })
                }
            },
            Value::Bool(_) | Value::Int(..) | Value::Float(..) | Value::Null | Value::List(_) => {
                Err(Unfit::new("this is not one of the choices".to_owned(), Some(meant("", known))))
            }
        }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        match &self.value {
            Value::Map(entries) => visitor.visit_map(Entries { entries, at: 0 }),
            // As for a key without a value.
            Value::Null => visitor.visit_map(Entries { entries: &[], at: 0 }),
            _ => match self.deserialize_any(Mismatch)? {},
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unfit> {
        self.deserialize_map(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char bytes byte_buf unit unit_struct seq tuple tuple_struct
        identifier ignored_any
    }
}

/// Takes nothing: what stands there is not the map that should.
struct Mismatch;

impl Visitor<'_> for Mismatch {
    type Value = std::convert::Infallible;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map of keys")
    }
}

struct Items<'de> {
    items: &'de [Node],
    at: usize,
}

impl<'de> SeqAccess<'de> for Items<'de> {
    type Error = Unfit;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Unfit> {
        let Some(node) = self.items.get(self.at) else { return Ok(None) };
        let index = self.at;
        self.at += 1;
        seed.deserialize(node).map(Some).map_err(|unfit| unfit.inside(index))
    }
}

struct Entries<'de> {
    entries: &'de [(Key, Node)],
    /// How many keys were given out.
    at: usize,
}

impl<'de> MapAccess<'de> for Entries<'de> {
    type Error = Unfit;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Unfit> {
        let Some((key, _)) = self.entries.get(self.at) else { return Ok(None) };
        let index = self.at;
        self.at += 1;
        let name: StrDeserializer<'de, Unfit> = key.name.as_str().into_deserializer();
        seed.deserialize(name).map(Some).map_err(|unfit| unfit.at_key(key).inside(index))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Unfit> {
        let index = self.at.saturating_sub(1);
        let Some((_, node)) = self.entries.get(index) else {
            return Err(Unfit::new("a value without a key".to_owned(), None));
        };
        seed.deserialize(node).map_err(|unfit| unfit.inside(index))
    }
}

/// `command: {…}`: the one key says which variant, the value is its content.
struct Choice<'de> {
    key: &'de Key,
    node: &'de Node,
}

impl<'de> EnumAccess<'de> for Choice<'de> {
    type Error = Unfit;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Unfit> {
        let name: StrDeserializer<'de, Unfit> = self.key.name.as_str().into_deserializer();
        let variant = seed.deserialize(name).map_err(|unfit| unfit.at_key(self.key))?;
        Ok((variant, self))
    }
}

impl<'de> VariantAccess<'de> for Choice<'de> {
    type Error = Unfit;

    fn unit_variant(self) -> Result<(), Unfit> {
        match &self.node.value {
            Value::Null => Ok(()),
            _ => Err(Unfit::new(format!("`{}` takes no settings", self.key.name), None).inside(0)),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Unfit> {
        seed.deserialize(self.node).map_err(|unfit| unfit.inside(0))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Unfit> {
        self.node.deserialize_any(visitor).map_err(|unfit| unfit.inside(0))
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], visitor: V) -> Result<V::Value, Unfit> {
        self.node.deserialize_map(visitor).map_err(|unfit| unfit.inside(0))
    }
}
