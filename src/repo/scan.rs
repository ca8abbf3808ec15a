//! Reads one file's text once and counts what a query looks for. PURE and linear in the text.

use std::collections::HashMap;

use super::Query;
use super::query::stem;

/// Words before a name that define it, over the languages we know.
const DEFINERS: &[&str] = &[
    "fn",
    "def",
    "class",
    "struct",
    "enum",
    "trait",
    "type",
    "func",
    "function",
    "interface",
    "const",
    "static",
    "mod",
    "module",
    "macro_rules",
    "let",
    "var",
    "val",
    "fun",
    "union",
    "object",
    "protocol",
    "record",
    "namespace",
    "package",
    "define",
    "sub",
];

/// The terms of a query, ready to be looked up. Identifiers come first, then words.
pub(super) struct Terms<'q> {
    pub(super) names: Vec<&'q str>,
    pub(super) identifiers: usize,
    exact: HashMap<String, usize>,
    stems: HashMap<&'q str, usize>,
    /// Names that are no single token, such as `--word-regexp`, looked for as they are.
    phrases: Vec<(String, usize)>,
}

/// How often a term stands in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Count {
    pub(super) term: usize,
    pub(super) times: u32,
    pub(super) defined: bool,
}

/// What was found in a file.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    /// Tokens in the file.
    pub(super) tokens: usize,
    /// By term, only those that occur.
    pub(super) found: Vec<Count>,
}

impl<'q> Terms<'q> {
    pub(super) fn new(query: &'q Query) -> Self {
        let mut terms = Self {
            names: query.identifiers.iter().chain(&query.words).map(String::as_str).collect(),
            identifiers: query.identifiers.len(),
            exact: HashMap::new(),
            stems: HashMap::new(),
            phrases: Vec::new(),
        };
        for (index, name) in query.identifiers.iter().enumerate() {
            let bare = name.trim_start_matches('-');
            if bare.contains('-') {
                terms.phrases.push((bare.to_owned(), index));
            }
            // A flag `--word-regexp` is `word_regexp` in code.
            terms.exact.entry(bare.replace('-', "_")).or_insert(index);
        }
        for (index, word) in query.words.iter().enumerate() {
            terms.stems.entry(word).or_insert(query.identifiers.len() + index);
        }
        terms
    }

    /// Counts the terms in `text`.
    pub(super) fn count(&self, text: &str) -> Counts {
        let mut times: Vec<(u32, bool)> = vec![(0, false); self.names.len()];
        let mut tokens = 0;
        for line in text.lines() {
            tokens += self.line(line, |term, defined| {
                times[term].0 = times[term].0.saturating_add(1);
                times[term].1 |= defined;
            });
        }
        let found = times.into_iter().enumerate().filter(|(_, (times, _))| *times > 0);
        Counts { tokens, found: found.map(|(term, (times, defined))| Count { term, times, defined }).collect() }
    }

    /// Calls `found` for every term in `line`, and whether it is defined there; gives the number of tokens.
    pub(super) fn line(&self, line: &str, mut found: impl FnMut(usize, bool)) -> usize {
        let mut count = 0;
        let mut before = "";
        for token in tokens(line) {
            count += 1;
            if let Some(term) = self.exact.get(token) {
                // Go puts the receiver between `func` and the name.
                found(*term, DEFINERS.contains(&before) || line.trim_start().starts_with("func ("));
            }
            if !self.stems.is_empty() {
                for part in parts(token) {
                    if let Some(term) = self.stems.get(stem(part).as_str()) {
                        found(*term, false);
                    }
                }
            }
            before = token;
        }
        for (phrase, term) in &self.phrases {
            for _ in line.matches(phrase.as_str()) {
                found(*term, false);
            }
        }
        count
    }
}

fn tokens(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|token| !token.is_empty() && token.len() <= 200)
}

/// The words in an identifier: `parse_callArgs2` has `parse`, `call`, `Args2`. Too short ones are dropped.
pub(super) fn parts(token: &str) -> impl Iterator<Item = &str> {
    token.split('_').flat_map(camel).filter(|part| part.len() >= 3)
}

fn camel(word: &str) -> impl Iterator<Item = &str> {
    let mut rest = word;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let mut was_lower = false;
        let cut = rest.char_indices().find(|(_, c)| {
            let cut = was_lower && c.is_uppercase();
            was_lower = c.is_lowercase() || c.is_ascii_digit();
            cut
        });
        let (part, after) = rest.split_at(cut.map_or(rest.len(), |(at, _)| at));
        rest = after;
        Some(part)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn definitions_uses_words_and_flags_are_counted() {
        let query =
            Query::new(&[], &["parse_call".to_owned(), "--word-regexp".to_owned(), "Run".to_owned()], "boundary");
        let terms = Terms::new(&query);
        let counts = terms.count("pub fn parse_call() { word_regexp(parse_call) }\nlet wordBoundaries = \"--word-regexp\";\nfunc (r *R) Run() {}\n");
        let find = |term: usize| counts.found.iter().find(|count| count.term == term).copied();
        assert_eq!(find(0), Some(Count { term: 0, times: 2, defined: true }));
        assert_eq!(find(1), Some(Count { term: 1, times: 2, defined: false }));
        assert_eq!(find(2), Some(Count { term: 2, times: 1, defined: true }));
        assert_eq!(find(3), None, "a plural in -ies is another word");
    }

    #[test]
    fn identifiers_fall_into_words() {
        assert_eq!(parts("parse_callArgs2XML").collect::<Vec<_>>(), ["parse", "call", "Args2", "XML"]);
        assert_eq!(parts("HTTPServer").collect::<Vec<_>>(), ["HTTPServer"]);
        assert_eq!(parts("__a__").count(), 0);
    }
}
