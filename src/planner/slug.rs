//! Task ids from titles: short, readable, unique.

use std::collections::HashSet;

use crate::ids::{InvalidId, TaskId};

/// Most characters of the words; a number may follow.
const LENGTH: usize = 40;

/// Ids that were given out, folded to lower case.
#[derive(Debug, Default)]
pub(super) struct Slugs(HashSet<String>);

impl Slugs {
    /// An id made of the words of `text`, or of `fallback` where it has none that fit; never one given out before.
    pub(super) fn make(&mut self, text: &str, fallback: &str) -> Result<TaskId, InvalidId> {
        let mut slug = slug(text);
        if slug.is_empty() {
            fallback.clone_into(&mut slug);
        }
        let mut id = slug.clone();
        let mut number = 2u32;
        while !self.0.insert(id.to_ascii_lowercase()) {
            id = format!("{slug}-{number}");
            number = number.saturating_add(1);
        }
        TaskId::new(&id)
    }
}

/// The ASCII words of `text` in lower case, joined by `-`, as many as fit.
fn slug(text: &str) -> String {
    let mut slug = String::new();
    for word in text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()) {
        if !slug.is_empty() && slug.len() + 1 + word.len() > LENGTH {
            break;
        }
        if !slug.is_empty() {
            slug.push('-');
        }
        slug.push_str(&word[..word.len().min(LENGTH)].to_ascii_lowercase());
    }
    slug
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_short_readable_and_unique() {
        let mut slugs = Slugs::default();
        let mut make = |text: &str| slugs.make(text, "item").unwrap().to_string();
        assert_eq!(make("Fix the `median()` of an empty list!"), "fix-the-median-of-an-empty-list");
        assert_eq!(make("Fix the median of an empty LIST"), "fix-the-median-of-an-empty-list-2");
        assert_eq!(make("🐛 修正"), "item");
        assert_eq!(make(""), "item-2");
        assert_eq!(make(&"x".repeat(500)).len(), LENGTH);
        assert_eq!(make("../../etc/passwd"), "etc-passwd");
    }
}
