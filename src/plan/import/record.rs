//! Fields of other tools' objects: taken by name, judged by type. What is not asked for is not looked at.

use crate::plan::json::Json;
use crate::plan::walk::{At, Walk};
use crate::text::printable;

/// An object and where it stands.
pub(super) struct Record {
    pub path: String,
    entries: Vec<(String, Json)>,
}

impl Record {
    /// Of an object; of anything else a fault.
    pub fn of(walk: &mut Walk, (path, json): At) -> Option<Self> {
        match json {
            Json::Object(entries) => Some(Self { path, entries }),
            other @ (Json::Null | Json::Bool(_) | Json::Number(_) | Json::Text(_) | Json::List(_)) => {
                walk.expected(&path, "an object", &other);
                None
            }
        }
    }

    /// Takes the first of these fields that is there and not null, with its path.
    pub fn take(&mut self, names: &[&str]) -> Option<At> {
        names.iter().find_map(|wanted| {
            let (key, value) = self.entries.iter_mut().find(|(key, value)| key == wanted && *value != Json::Null)?;
            let path = format!("{}.{}", self.path, printable(key, 80));
            Some((path, std::mem::replace(value, Json::Null)))
        })
    }

    /// A line or more of text; absent when blank.
    pub fn text(&mut self, walk: &mut Walk, names: &[&str]) -> Option<String> {
        let text = walk.text(self.take(names))?;
        (!text.trim().is_empty()).then_some(text)
    }

    /// Text, or a list of texts, which becomes one with a dash before each.
    pub fn prose(&mut self, walk: &mut Walk, names: &[&str]) -> Option<String> {
        match self.take(names)? {
            list @ (_, Json::List(_)) => {
                let items = walk.list(Some(list));
                let lines: Vec<String> =
                    items.into_iter().filter_map(|at| walk.text(Some(at))).map(|line| format!("- {line}")).collect();
                (!lines.is_empty()).then(|| lines.join("\n"))
            }
            at => walk.text(Some(at)).filter(|text| !text.trim().is_empty()).map(|text| text.trim_end().to_owned()),
        }
    }

    /// The item's own id; without one it is a fault.
    pub fn id(&mut self, walk: &mut Walk) -> Option<String> {
        if let Some(at) = self.take(&["id"]) {
            return id(walk, at);
        }
        walk.fault(format!("{}.id", self.path), "it has no id");
        None
    }

    /// Whether a field is `true`.
    pub fn is_set(&mut self, name: &str) -> bool {
        matches!(self.take(&[name]), Some((_, Json::Bool(true))))
    }
}

/// An id: text that is not blank, or a number of digits and dots such as 7 or 1.2.
pub(super) fn id(walk: &mut Walk, (path, json): At) -> Option<String> {
    match json {
        Json::Text(text) if text.trim().is_empty() => walk.fault(path, "the id is empty"),
        Json::Text(text) => return Some(text.trim().to_owned()),
        Json::Number(digits) if digits.bytes().all(|b| b.is_ascii_digit() || b == b'.') => return Some(digits),
        other => walk.expected(&path, "an id as text or whole number", &other),
    }
    None
}
