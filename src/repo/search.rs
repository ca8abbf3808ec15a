//! Ranked code search: which files of a project a ticket is about, and why.

use std::cmp::Ordering;
use std::fmt;

use crate::sys::fs;

use super::scan::{Counts, Terms};
use super::score::{self, Corpus, Mention};
use super::{Files, ProjectFile, Query};

/// Longer files are ranked by their path alone.
const MAX_FILE: u64 = 1 << 20;
/// After this much text the rest is ranked by path alone, so that a search ends.
const MAX_TEXT: u64 = 512 << 20;
const MAX_LINES: usize = 5;
const MAX_REASONS: usize = 6;
const MAX_LINE_CHARS: usize = 200;
const SNIFF: usize = 8000;

/// A file that fits, with why and where.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// Relative to the root.
    pub path: String,
    /// Higher fits better; only good for comparing hits of one search.
    pub score: f64,
    /// The strongest first.
    pub reasons: Vec<Reason>,
    /// Its telling lines, in order.
    pub lines: Vec<Line>,
}

/// One reason why a file fits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// Its path, or the end of it, was named.
    Named(String),
    /// It has the name of a file that was named elsewhere.
    Namesake(String),
    /// Its folder was named.
    InFolder(String),
    /// It defines an identifier.
    Defines(String),
    /// It mentions an identifier this often.
    Mentions(String, u32),
    /// It holds words of the text.
    Words(Vec<String>),
    /// Its path holds words of the text.
    PathWords(Vec<String>),
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(path) => write!(f, "named as `{path}`"),
            Self::Namesake(path) => write!(f, "is called like `{path}`"),
            Self::InFolder(path) => write!(f, "lies in `{path}`"),
            Self::Defines(name) => write!(f, "defines `{name}`"),
            Self::Mentions(name, 1) => write!(f, "mentions `{name}`"),
            Self::Mentions(name, times) => write!(f, "mentions `{name}` {times} times"),
            Self::Words(words) => write!(f, "says {}", words.join(", ")),
            Self::PathWords(words) => write!(f, "its path says {}", words.join(", ")),
        }
    }
}

/// A line of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// From 1.
    pub number: usize,
    /// Clipped, without the blanks around it.
    pub text: String,
}

/// What a search found.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// Best first; files of equal score by path.
    pub hits: Vec<Hit>,
    /// Files whose text was read.
    pub read: usize,
    /// Files ranked by path alone: binary, too long, or unreadable.
    pub by_path: usize,
}

/// Ranks the files by how well they fit and gives the best `limit`. Files that do not fit at all are left out.
pub fn search(files: &Files, query: &Query, limit: usize) -> Found {
    let terms = Terms::new(query);
    let mut budget = MAX_TEXT;
    let counts: Vec<Option<Counts>> = files
        .iter()
        .map(|file| {
            let text = read(files, file, &mut budget)?;
            Some(terms.count(&text))
        })
        .collect();
    let read = counts.iter().flatten().count();
    let corpus = Corpus::new(counts.iter().flatten(), terms.names.len(), terms.identifiers);
    let mentions = Mentions::new(files, query);
    let mut hits: Vec<Hit> = files
        .iter()
        .enumerate()
        .filter_map(|(index, file)| {
            hit(&file.path, mentions.best(index), counts[index].as_ref(), &corpus, (&terms, query))
        })
        .collect();
    hits.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.path.cmp(&b.path)));
    hits.truncate(limit);
    for hit in &mut hits {
        let file = ProjectFile { path: hit.path.clone(), size: 0 };
        let mut unlimited = u64::MAX;
        if let Some(text) = self::read(files, &file, &mut unlimited) {
            hit.lines = telling_lines(&text, &terms, &corpus);
        }
    }
    Found { hits, read, by_path: files.len() - read }
}

/// Which path of the query names which file best.
struct Mentions<'q> {
    best: Vec<Option<(f64, &'q str, Mention)>>,
}

impl<'q> Mentions<'q> {
    fn new(files: &Files, query: &'q Query) -> Self {
        let mut best: Vec<Option<(f64, &'q str, Mention)>> = vec![None; files.len()];
        for (order, named) in query.paths.iter().enumerate() {
            let found: Vec<(usize, Mention)> = files
                .iter()
                .enumerate()
                .filter_map(|(index, file)| Some((index, score::mention(named, &file.path)?)))
                .collect();
            let mut sharing: Vec<(Mention, usize)> = Vec::new();
            for (_, mention) in &found {
                match sharing.iter_mut().find(|(known, _)| known == mention) {
                    Some((_, count)) => *count += 1,
                    None => sharing.push((*mention, 1)),
                }
            }
            for (index, mention) in &found {
                let sharing = sharing.iter().find(|(known, _)| known == mention).map_or(1, |(_, count)| *count);
                // What the ticket names first counts a little more among equals.
                let earlier = 0.1 * f64::from(u32::try_from(query.paths.len() - order).unwrap_or(0));
                let score = score::of_mention(*mention, sharing) + earlier;
                if best[*index].as_ref().is_none_or(|(known, ..)| score > *known) {
                    best[*index] = Some((score, named, *mention));
                }
            }
        }
        Self { best }
    }

    fn best(&self, index: usize) -> Option<(f64, &'q str, Mention)> {
        self.best[index]
    }
}

fn hit(
    path: &str,
    mention: Option<(f64, &str, Mention)>,
    counts: Option<&Counts>,
    corpus: &Corpus,
    (terms, query): (&Terms<'_>, &Query),
) -> Option<Hit> {
    let mut reasons = Vec::new();
    let mut score = 0.0;
    if let Some((worth, named, mention)) = mention {
        score += worth;
        let named_as = named.to_owned();
        reasons.push(match mention {
            Mention::Exact | Mention::Suffix => Reason::Named(named_as),
            Mention::FileName if !named.contains('/') => Reason::Named(named_as),
            Mention::FileName | Mention::Partial(_) => Reason::Namesake(named_as),
            Mention::Folder => Reason::InFolder(named_as),
        });
    }
    let mut raw = 0.0;
    let mut words = Vec::new();
    if let Some(counts) = counts {
        let mut found: Vec<_> =
            counts.found.iter().map(|count| (corpus.of_term(*count, counts.tokens), *count)).collect();
        found.sort_by(|(a, left), (b, right)| {
            b.partial_cmp(a).unwrap_or(Ordering::Equal).then(left.term.cmp(&right.term))
        });
        for (worth, count) in found {
            raw += worth;
            let name = terms.names[count.term].to_owned();
            if count.term >= terms.identifiers {
                words.push(name);
            } else if count.defined {
                reasons.push(Reason::Defines(name));
            } else {
                reasons.push(Reason::Mentions(name, count.times));
            }
        }
    }
    let in_path = score::words_in_path(query, path);
    for _ in &in_path {
        raw += score::WORD_IN_PATH;
    }
    reasons.truncate(MAX_REASONS);
    if !in_path.is_empty() {
        reasons.push(Reason::PathWords(in_path.into_iter().map(str::to_owned).collect()));
    }
    if !words.is_empty() {
        words.truncate(MAX_REASONS);
        reasons.push(Reason::Words(words));
    }
    score += score::of_content(raw, path);
    (score > 0.0).then(|| Hit { path: path.to_owned(), score, reasons, lines: Vec::new() })
}

/// The lines that say most, by the same worth that ranks files, each term counted once per line.
fn telling_lines(text: &str, terms: &Terms<'_>, corpus: &Corpus) -> Vec<Line> {
    let mut best: Vec<(f64, usize, &str)> = Vec::new();
    let mut held: Vec<(usize, bool)> = Vec::new();
    for (index, line) in text.lines().enumerate() {
        held.clear();
        terms.line(line, |term, defined| match held.iter_mut().find(|(known, _)| *known == term) {
            Some((_, known)) => *known |= defined,
            None => held.push((term, defined)),
        });
        if !held.is_empty() {
            best.push((held.iter().map(|(term, defined)| corpus.worth(*term, *defined)).sum(), index + 1, line));
        }
    }
    best.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    best.truncate(MAX_LINES);
    best.sort_by_key(|(_, number, _)| *number);
    best.into_iter()
        .map(|(_, number, line)| Line { number, text: line.trim().chars().take(MAX_LINE_CHARS).collect() })
        .collect()
}

/// The text of a file, or nothing if it is too long, binary, or cannot be read.
fn read(files: &Files, file: &ProjectFile, budget: &mut u64) -> Option<String> {
    if file.size > MAX_FILE || file.size > *budget {
        return None;
    }
    *budget -= file.size;
    let bytes = fs::read(&files.root().join(&file.path), MAX_FILE).ok()?;
    if bytes.iter().take(SNIFF).any(|byte| *byte == 0) {
        return None;
    }
    Some(match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(fault) => String::from_utf8_lossy(fault.as_bytes()).into_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::super::files::tests::tree;
    use super::*;

    fn strings(list: &[&str]) -> Vec<String> {
        list.iter().map(|text| (*text).to_owned()).collect()
    }

    fn ranked(files: &[(&str, &str)], query: &Query) -> Vec<String> {
        let root = tree(files);
        let found = search(&Files::list(root.path()).unwrap(), query, 10);
        found.hits.into_iter().map(|hit| hit.path).collect()
    }

    #[test]
    fn named_comes_before_defining_before_mentioning_before_talking() {
        let files = [
            ("src/talks.rs", "// medians of a list: all its medians"),
            ("src/uses.rs", "fn other() { median(); median(); median(); }"),
            ("src/stats.rs", "pub fn median() {}"),
            ("src/named.rs", ""),
            ("src/nothing.rs", "fn x() {}"),
            ("median/README.md", "stats"),
        ];
        let query = Query::new(&strings(&["src/named.rs"]), &strings(&["median"]), "median of a list");
        let found = ranked(&files, &query);
        assert_eq!(found[..3], ["src/named.rs", "src/stats.rs", "src/uses.rs"]);
        assert!(!found.contains(&"src/nothing.rs".to_owned()));
    }

    #[test]
    fn a_hit_says_why_and_where() {
        let root = tree(&[("src/stats.rs", "//! Numbers.\n\npub fn median() {}\n\nfn x() { median() }\n")]);
        let query = Query::new(&strings(&["stats.rs"]), &strings(&["median"]), "stats");
        let found = search(&Files::list(root.path()).unwrap(), &query, 1);
        let reasons: Vec<String> = found.hits[0].reasons.iter().map(ToString::to_string).collect();
        assert_eq!(reasons, ["named as `stats.rs`", "defines `median`", "its path says stats"]);
        let lines: Vec<_> = found.hits[0].lines.iter().map(|line| (line.number, line.text.as_str())).collect();
        assert_eq!(lines, [(3, "pub fn median() {}"), (5, "fn x() { median() }")]);
    }

    #[test]
    fn binary_and_long_files_are_ranked_by_path_alone() {
        let long = "median ".repeat(200_000);
        let files = [("a/long.txt", long.as_str()), ("b.bin", "median\0median"), ("c.rs", "median")];
        let root = tree(&files);
        let query = Query::new(&strings(&["b.bin"]), &strings(&["median"]), "");
        let found = search(&Files::list(root.path()).unwrap(), &query, 10);
        assert_eq!((found.read, found.by_path), (1, 2));
        assert_eq!(found.hits.iter().map(|hit| hit.path.as_str()).collect::<Vec<_>>(), ["b.bin", "c.rs"]);
        assert!(found.hits[0].lines.is_empty());
    }

    #[test]
    fn the_same_tree_gives_the_same_answer() {
        let files: Vec<(String, String)> =
            (0..50).map(|n| (format!("m{n}/same.rs"), "fn same() {}".to_owned())).collect();
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        let root = tree(&files);
        let query = Query::new(&strings(&["same.rs"]), &strings(&["same"]), "same");
        let search = || search(&Files::list(root.path()).unwrap(), &query, 50);
        let first = search();
        assert_eq!(first, search());
        assert!(first.hits.is_sorted_by(|a, b| a.path < b.path), "equal scores stand in the order of their paths");
    }
}
