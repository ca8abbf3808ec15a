//! The fields a ticket may bring beside its body: YAML front matter, or a JSON object as `gh` prints it.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::{Source, TicketError};

/// What front matter or JSON said; fields we do not know are passed over.
#[derive(Debug, Default, Deserialize)]
#[serde(expecting = "a ticket: an object with title, body, number or key, url, labels")]
pub(super) struct Fields {
    #[serde(default)]
    pub(super) title: Option<Text>,
    #[serde(default)]
    pub(super) body: Option<Text>,
    #[serde(default)]
    key: Option<Text>,
    #[serde(default, rename = "ref")]
    reference: Option<Text>,
    #[serde(default)]
    id: Option<Text>,
    #[serde(default)]
    number: Option<Text>,
    #[serde(default)]
    url: Option<Text>,
    #[serde(default)]
    labels: Labels,
}

impl Fields {
    /// Key, URL and labels: the key is the first given of `key`, `ref`, `number` and `id`, because the `id`
    /// that trackers print beside a number is not what people call the ticket.
    pub(super) fn into_parts(self) -> (Option<String>, Option<String>, Vec<String>) {
        let key =
            [self.key, self.reference, self.number, self.id].into_iter().flatten().map(|text| text.0.trim().to_owned());
        let mut labels: Vec<String> = Vec::new();
        for label in self.labels.0 {
            let label = label.trim();
            if !label.is_empty() && !labels.iter().any(|known| known == label) {
                labels.push(label.to_owned());
            }
        }
        (
            key.filter(|key| !key.is_empty()).take(1).next(),
            self.url.map(|url| url.0).filter(|url| !url.is_empty()),
            labels,
        )
    }
}

/// Whether `text` is meant as JSON: an object, whose first thing is a key or its end.
pub(super) fn is_json(text: &str, from: &Source) -> bool {
    let named = matches!(from, Source::File(name) if name.to_ascii_lowercase().ends_with(".json"));
    let object = text.trim_start().strip_prefix('{').is_some_and(|rest| rest.trim_start().starts_with(['"', '}']));
    named || object
}

/// Reads a JSON ticket.
pub(super) fn json(text: &str, from: &Source) -> Result<Fields, TicketError> {
    serde_json::from_str(text).map_err(|source| TicketError::Json { from: from.clone(), source })
}

/// Splits off and reads front matter; a text without any comes back whole.
pub(super) fn front_matter<'a>(text: &'a str, from: &Source) -> Result<(Fields, &'a str), TicketError> {
    let none = Ok((Fields::default(), text));
    let Some(inner) = text.strip_prefix("---").and_then(|rest| rest.trim_start_matches([' ', '\t']).strip_prefix('\n'))
    else {
        return none;
    };
    let first = inner.lines().find(|line| !line.trim().is_empty() && !line.starts_with('#'));
    if !first.is_some_and(|line| is_key(line) || ends_front_matter(line)) {
        // A rule above prose.
        return none;
    }
    let mut end = 0;
    for line in inner.split_inclusive('\n') {
        if ends_front_matter(line) {
            let fields = yaml(&inner[..end], from)?;
            return Ok((fields, &inner[end + line.len()..]));
        }
        end += line.len();
    }
    Err(TicketError::FrontMatterOpen { from: from.clone() })
}

fn is_key(line: &str) -> bool {
    line.split_once(':').is_some_and(|(key, rest)| {
        let key = key.trim_matches(['"', '\'']);
        !key.is_empty()
            && key.chars().all(|c| c.is_alphanumeric() || "_-. ".contains(c))
            && (rest.is_empty() || rest.starts_with(' '))
    })
}

fn ends_front_matter(line: &str) -> bool {
    matches!(line.trim_end(), "---" | "...")
}

fn yaml(text: &str, from: &Source) -> Result<Fields, TicketError> {
    if text.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#')) {
        return Ok(Fields::default());
    }
    let options = serde_yaml::options! {
        budget: serde_yaml::budget! { max_nodes: 20_000, max_aliases: 50, max_documents: 1 },
    };
    serde_yaml::from_str_with_options(text, options).map_err(|source| {
        let place = source.location();
        let number = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
        TicketError::FrontMatter {
            from: from.clone(),
            // The opening `---` is line 1 of the ticket.
            line: place.as_ref().map_or(1, |place| number(place.line()).saturating_add(1)),
            column: place.as_ref().map_or(1, |place| number(place.column())),
            source: Box::new(source),
        }
    })
}

/// A value that people write as text or as a number.
#[derive(Debug)]
pub(super) struct Text(pub(super) String);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl Visitor<'_> for Reader {
            type Value = Text;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text or a number")
            }
            fn visit_str<E>(self, text: &str) -> Result<Text, E> {
                Ok(Text(text.to_owned()))
            }
            fn visit_string<E>(self, text: String) -> Result<Text, E> {
                Ok(Text(text))
            }
            fn visit_u64<E>(self, number: u64) -> Result<Text, E> {
                Ok(Text(number.to_string()))
            }
            fn visit_i64<E>(self, number: i64) -> Result<Text, E> {
                Ok(Text(number.to_string()))
            }
            fn visit_f64<E>(self, number: f64) -> Result<Text, E> {
                Ok(Text(number.to_string()))
            }
            fn visit_bool<E>(self, value: bool) -> Result<Text, E> {
                Ok(Text(value.to_string()))
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

/// Labels: a list of names or of objects with a name, or one text with commas.
#[derive(Debug, Default)]
struct Labels(Vec<String>);

impl<'de> Deserialize<'de> for Labels {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Labels;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of labels")
            }
            fn visit_unit<E>(self) -> Result<Labels, E> {
                Ok(Labels::default())
            }
            fn visit_none<E>(self) -> Result<Labels, E> {
                Ok(Labels::default())
            }
            fn visit_str<E>(self, text: &str) -> Result<Labels, E> {
                Ok(Labels(text.split(',').map(str::to_owned).collect()))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Labels, A::Error> {
                let mut labels = Vec::new();
                while let Some(Label(name)) = list.next_element()? {
                    labels.push(name);
                }
                Ok(Labels(labels))
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

struct Label(String);

impl<'de> Deserialize<'de> for Label {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Label;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a label: text, or an object with a name")
            }
            fn visit_str<E>(self, text: &str) -> Result<Label, E> {
                Ok(Label(text.to_owned()))
            }
            fn visit_u64<E>(self, number: u64) -> Result<Label, E> {
                Ok(Label(number.to_string()))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Label, A::Error> {
                let mut name = String::new();
                while let Some(key) = map.next_key::<String>()? {
                    if key == "name" {
                        name = map.next_value()?;
                    } else {
                        map.next_value::<IgnoredAny>()?;
                    }
                }
                Ok(Label(name))
            }
        }
        deserializer.deserialize_any(Reader)
    }
}
