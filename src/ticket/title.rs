//! The title: the one given, else the first heading or the first sentence.

use super::markdown::Block;

const MAX_CHARS: usize = 120;

/// Headings of issue forms; they name a section, never the matter.
const SECTION_NAMES: &[&str] = &[
    "summary",
    "description",
    "describe the bug",
    "bug",
    "bug report",
    "bug description",
    "feature request",
    "problem",
    "motivation",
    "background",
    "context",
    "overview",
    "details",
    "what happened",
    "tasks",
    "todo",
    "changes",
    "steps to reproduce",
    "issue",
    "ticket",
    "goal",
    "goals",
    "introduction",
    "current behavior",
    "expected behavior",
    "environment",
];

/// `text` as a title: one line, single spaces, no control characters, at most 120 characters.
pub(super) fn line(text: &str) -> String {
    let mut out = String::new();
    let mut count = 0;
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()) {
        let length = word.chars().count();
        if count + length > MAX_CHARS {
            let room = MAX_CHARS.saturating_sub(count + 1);
            // A cut inside a word is only worth it where the words are as long as a line.
            if count == 0 {
                out.extend(word.chars().take(room));
            }
            return out.trim_end().to_owned() + "…";
        }
        out.push_str(word);
        out.push(' ');
        count += length + 1;
    }
    out.truncate(out.trim_end().len());
    out
}

/// A title for a text that was given none: the heading or the sentence that comes first. Headings that only
/// name a section, and code, are the last resort.
pub(super) fn find(blocks: &[Block<'_>]) -> String {
    let mut last_resort = String::new();
    for block in blocks {
        let (candidate, says_something) = match block {
            Block::Heading { text, .. } => (line(text), !names_a_section(text)),
            Block::Prose { text } | Block::Item { text, .. } => (line(first_sentence(text)), true),
            Block::Code { text, .. } | Block::Diff { text } => {
                (line(text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default()), false)
            }
        };
        if says_something && !candidate.is_empty() {
            return candidate;
        }
        if last_resort.is_empty() {
            last_resort = candidate;
        }
    }
    last_resort
}

/// Whether a heading only names a section of an issue form.
pub(super) fn names_a_section(heading: &str) -> bool {
    let plain = heading.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
    SECTION_NAMES.contains(&plain.as_str())
}

/// Up to the first full stop, question or exclamation mark that ends a word, mark included only where
/// it is not a stop.
fn first_sentence(text: &str) -> &str {
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let ends = chars.peek().is_none_or(|(_, next)| next.is_whitespace());
        match c {
            '.' | '。' if ends && !ends_in_abbreviation(&text[..at]) => return &text[..at],
            '!' | '?' if ends => return &text[..=at],
            _ => {}
        }
    }
    text
}

fn ends_in_abbreviation(text: &str) -> bool {
    let word = text.rsplit(char::is_whitespace).next().unwrap_or_default().trim_start_matches('(').to_lowercase();
    ["e.g", "i.e", "etc", "vs", "cf", "ca", "approx"].contains(&word.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_one_short_clean_line() {
        assert_eq!(line("  a\tb\r\n\u{7}c "), "a b c");
        assert_eq!(line(&"word ".repeat(60)).chars().count(), 120);
        assert_eq!(line(&"ü".repeat(500)).chars().count(), 120);
    }

    #[test]
    fn a_sentence_ends_at_a_mark_before_a_space() {
        assert_eq!(first_sentence("Bump v1.2.3, e.g. in Cargo.toml. Then run it."), "Bump v1.2.3, e.g. in Cargo.toml");
        assert_eq!(first_sentence("Why does a.b fail? It should not."), "Why does a.b fail?");
        assert_eq!(first_sentence("no mark"), "no mark");
    }
}
