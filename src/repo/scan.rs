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

/// Longer runs are data, not names.
const MAX_TOKEN: usize = 200;

/// The terms of a query, ready to be looked up. Identifiers come first, then words.
pub(super) struct Terms<'q> {
    pub(super) names: Vec<&'q str>,
    pub(super) identifiers: usize,
    exact: HashMap<String, usize>,
    stems: HashMap<&'q str, usize>,
    /// Which first two bytes any term has: most words of a file end here, neither stemmed nor hashed.
    starts: Starts,
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
            names: query
                .identifiers
                .iter()
                .map(String::as_str)
                .chain(query.words.iter().map(|word| word.written.as_str()))
                .collect(),
            identifiers: query.identifiers.len(),
            exact: HashMap::new(),
            stems: HashMap::new(),
            starts: Starts::new(query),
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
            terms.stems.entry(&word.stem).or_insert(query.identifiers.len() + index);
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
            if self.starts.may_begin(token)
                && let Some(term) = self.exact.get(token)
            {
                // Go puts the receiver between `func` and the name.
                found(*term, DEFINERS.contains(&before) || line.trim_start().starts_with("func ("));
            }
            if !self.stems.is_empty() {
                for part in parts(token).filter(|part| self.starts.may_begin(part)) {
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

/// A table of the first two bytes of all terms, in lower case; stemming keeps them.
struct Starts(Vec<bool>);

impl Starts {
    fn new(query: &Query) -> Self {
        let mut table = Self(vec![false; 1 << 16]);
        let stems = query.words.iter().map(|word| word.stem.as_str());
        for term in query.identifiers.iter().map(|name| name.trim_start_matches('-')).chain(stems) {
            if let Some(slot) = Self::slot(term) {
                table.0[slot] = true;
            }
        }
        table
    }

    /// Whether a term may begin as `text` does. Beyond ASCII, lower case is not told by bytes: always.
    fn may_begin(&self, text: &str) -> bool {
        Self::slot(text).is_some_and(|slot| self.0[slot] || !text.as_bytes()[0].is_ascii())
    }

    fn slot(text: &str) -> Option<usize> {
        let [first, second] = text.as_bytes().first_chunk::<2>()?.map(|byte| usize::from(byte.to_ascii_lowercase()));
        Some(first << 8 | second)
    }
}

/// Runs of letters, digits and `_`. Everything beyond ASCII counts as a letter here: telling letters from
/// dashes there costs more than it finds.
fn tokens(text: &str) -> impl Iterator<Item = &str> {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80;
    let bytes = text.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        while at < bytes.len() && !is_token(bytes[at]) {
            at += 1;
        }
        let start = at;
        while at < bytes.len() && is_token(bytes[at]) {
            at += 1;
        }
        (start < at).then(|| &text[start..at])
    })
    .filter(|token| token.len() <= MAX_TOKEN)
}

/// The words in an identifier: `parse_callArgs2` has `parse`, `call`, `Args2`. Too short ones are dropped.
pub(super) fn parts(token: &str) -> impl Iterator<Item = &str> {
    let bytes = token.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        while bytes.get(at) == Some(&b'_') {
            at += 1;
        }
        let start = at;
        while at < bytes.len() && bytes[at] != b'_' {
            at += 1;
            let ends_low = bytes[at - 1].is_ascii_lowercase() || bytes[at - 1].is_ascii_digit();
            if ends_low && bytes.get(at).is_some_and(u8::is_ascii_uppercase) {
                break;
            }
        }
        (start < at).then(|| &token[start..at])
    })
    .filter(|part| part.len() >= 3)
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
