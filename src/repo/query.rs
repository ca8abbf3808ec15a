//! What to look for: names from a ticket, and the words of its text that may mean something.

use std::collections::HashSet;

const MAX_PATHS: usize = 100;
const MAX_IDENTIFIERS: usize = 100;
const MAX_WORDS: usize = 40;

/// English words that say nothing about where in a project something is.
const STOP_WORDS: &[&str] = &[
    "the",
    "and",
    "for",
    "are",
    "but",
    "not",
    "you",
    "all",
    "any",
    "can",
    "had",
    "has",
    "have",
    "her",
    "was",
    "one",
    "our",
    "out",
    "get",
    "gets",
    "how",
    "its",
    "may",
    "new",
    "now",
    "see",
    "two",
    "way",
    "who",
    "did",
    "does",
    "doing",
    "use",
    "used",
    "using",
    "this",
    "that",
    "these",
    "those",
    "with",
    "from",
    "they",
    "them",
    "then",
    "than",
    "there",
    "their",
    "what",
    "when",
    "where",
    "which",
    "while",
    "will",
    "would",
    "should",
    "could",
    "been",
    "being",
    "because",
    "about",
    "above",
    "after",
    "again",
    "also",
    "always",
    "before",
    "both",
    "each",
    "even",
    "ever",
    "every",
    "here",
    "into",
    "just",
    "like",
    "more",
    "most",
    "much",
    "must",
    "only",
    "other",
    "over",
    "same",
    "some",
    "such",
    "until",
    "upon",
    "very",
    "your",
    "don",
    "doesn",
    "isn",
    "won",
    "bug",
    "issue",
    "issues",
    "fix",
    "fixes",
    "error",
    "expected",
    "actual",
    "behavior",
    "behaviour",
    "result",
    "results",
    "version",
    "work",
    "works",
    "working",
    "please",
    "thanks",
    "hello",
    "want",
    "need",
    "needs",
    "seem",
    "seems",
    "make",
    "makes",
    "due",
    "many",
    "instead",
    "between",
    "across",
    "via",
    "per",
    "still",
];

/// What a search looks for. Earlier entries count as more important where scores are equal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    pub(super) paths: Vec<String>,
    pub(super) identifiers: Vec<String>,
    pub(super) words: Vec<Word>,
}

/// A word to look for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    /// What it is compared by.
    pub(super) stem: String,
    /// As it first stood in the text.
    pub(super) written: String,
}

impl Query {
    /// From the paths and identifiers a ticket names, and from its prose, of which the first words that mean
    /// something are taken: give the title first.
    pub fn new(paths: &[String], identifiers: &[String], prose: &str) -> Self {
        let mut seen = HashSet::new();
        let words = prose
            .split(|c: char| !c.is_alphanumeric())
            .filter(|word| word.chars().count() >= 3 && word.len() <= 40 && word.chars().any(char::is_alphabetic))
            .map(|word| Word { stem: stem(word), written: word.to_owned() });
        Self {
            paths: distinct(paths, MAX_PATHS),
            identifiers: distinct(identifiers, MAX_IDENTIFIERS),
            words: words
                .filter(|word| seen.insert(word.stem.clone()) && !is_stop_word(&word.stem))
                .take(MAX_WORDS)
                .collect(),
        }
    }

    /// Whether there is nothing to look for.
    pub fn is_empty(&self) -> bool {
        self.paths.is_empty() && self.identifiers.is_empty() && self.words.is_empty()
    }
}

fn is_stop_word(stemmed: &str) -> bool {
    STOP_WORDS.iter().any(|word| *word == stemmed || stem(word) == stemmed)
}

/// A word in lower case without the endings of English plurals and verbs, so that `subcommands` finds
/// `Subcommand` and `propagated` finds `propagate`.
pub(super) fn stem(word: &str) -> String {
    let mut word = word.to_lowercase();
    for ending in ["ing", "ed", "es", "s"] {
        if word.len() >= ending.len() + 4 && word.ends_with(ending) && !word.ends_with("ss") {
            word.truncate(word.len() - ending.len());
            break;
        }
    }
    if word.len() > 4 && word.ends_with('e') {
        word.pop();
    }
    word
}

fn distinct(list: &[String], max: usize) -> Vec<String> {
    let mut seen = HashSet::new();
    list.iter().filter(|entry| !entry.is_empty() && seen.insert(entry.as_str())).take(max).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_stemmed_distinct_and_mean_something() {
        let query = Query::new(&[], &[], "The subcommands do not get propagated: Subcommand, 42, ä, Größen");
        let stems: Vec<&str> = query.words.iter().map(|word| word.stem.as_str()).collect();
        assert_eq!(stems, ["subcommand", "propagat", "größen"]);
        assert_eq!(query.words[1].written, "propagated");
        assert_eq!(stem("propagate"), stem("propagates"));
        assert_eq!(stem("class"), "class");
        assert!(Query::new(&[], &[], "this is the").is_empty());
    }
}
