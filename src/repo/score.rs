//! How well a file fits a query. PURE.
//!
//! Bands, so that a file the ticket names always comes before one that merely talks alike: whole path 1000,
//! end of a path from 900, file name 500, and below 300 all that contents can give. A name that many files
//! share is worth less by the root of their number. Contents are scored by BM25 (Robertson and Zaragoza,
//! "The Probabilistic Relevance Framework", 2009, with k1 = 1.2, b = 0.75), times a weight per kind of term.

use super::Query;
use super::languages;
use super::query::stem;
use super::scan::{Count, Counts, parts};

const EXACT: f64 = 1000.0;
const SUFFIX: f64 = 900.0;
const PARTIAL: f64 = 600.0;
const FILE_NAME: f64 = 500.0;
const FOLDER: f64 = 60.0;
const CONTENT_LIMIT: f64 = 300.0;
const K1: f64 = 1.2;
const B: f64 = 0.75;

/// How a path of the ticket names a file.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Mention {
    Exact,
    /// One path ends with the other, at a `/`.
    Suffix,
    /// The last parts are the same, more than the file name.
    Partial(usize),
    FileName,
    Folder,
}

/// How `named` names `file`.
pub(super) fn mention(named: &str, file: &str) -> Option<Mention> {
    if named == file {
        return Some(Mention::Exact);
    }
    if let Some(folder) = named.strip_suffix('/') {
        return ends_at_part(file, folder).then_some(Mention::Folder);
    }
    let shared = named.rsplit('/').zip(file.rsplit('/')).take_while(|(a, b)| a == b).count();
    let (named_parts, file_parts) = (named.split('/').count(), file.split('/').count());
    match shared {
        0 if ends_at_part(file, named) => Some(Mention::Folder),
        0 => None,
        1 if named_parts == 1 => Some(Mention::FileName),
        // A file at the root has no folder that could agree.
        1 => Some(Mention::FileName),
        _ if shared == named_parts || shared == file_parts => Some(Mention::Suffix),
        _ => Some(Mention::Partial(shared)),
    }
}

/// Whether `file` lies in a folder whose path ends in `folder`.
fn ends_at_part(file: &str, folder: &str) -> bool {
    !folder.is_empty()
        && file.match_indices(folder).any(|(at, _)| {
            (at == 0 || file.as_bytes()[at - 1] == b'/') && file.as_bytes().get(at + folder.len()) == Some(&b'/')
        })
}

/// The worth of a mention that `sharing` files have in the same way.
pub(super) fn of_mention(mention: Mention, sharing: usize) -> f64 {
    let base = match mention {
        Mention::Exact => return EXACT,
        Mention::Suffix => SUFFIX,
        Mention::Partial(parts) => (PARTIAL + 20.0 * as_f64(parts)).min(SUFFIX - 50.0),
        Mention::FileName => FILE_NAME,
        Mention::Folder => return FOLDER,
    };
    base / as_f64(sharing.max(1)).sqrt()
}

/// What all files have in common: how many there are, how long, and in how many each term stands.
pub(super) struct Corpus {
    files: f64,
    average: f64,
    holding: Vec<usize>,
    identifiers: usize,
}

impl Corpus {
    pub(super) fn new<'a>(all: impl Iterator<Item = &'a Counts>, terms: usize, identifiers: usize) -> Self {
        let (mut files, mut tokens, mut holding) = (0, 0, vec![0; terms]);
        for counts in all {
            files += 1;
            tokens += counts.tokens;
            for count in &counts.found {
                holding[count.term] += 1;
            }
        }
        Self { files: as_f64(files), average: (as_f64(tokens) / as_f64(files.max(1))).max(1.0), holding, identifiers }
    }

    /// What one term adds for a file.
    pub(super) fn of_term(&self, count: Count, tokens: usize) -> f64 {
        let times = f64::from(count.times);
        let length = 1.0 - B + B * as_f64(tokens) / self.average;
        self.worth(count.term, count.defined) * times * (K1 + 1.0) / (times + K1 * length)
    }

    /// What a term is worth by itself: more where few files hold it, and most where it is defined.
    pub(super) fn worth(&self, term: usize, defined: bool) -> f64 {
        let holding = as_f64(self.holding[term]);
        let rarity = (1.0 + (self.files - holding + 0.5) / (holding + 0.5)).ln();
        let weight = match (term < self.identifiers, defined) {
            (true, true) => 12.0,
            (true, false) => 5.0,
            (false, _) => 1.5,
        };
        weight * rarity
    }
}

/// The whole worth of what a file holds: grows with `raw` but never reaches the bands of the named.
pub(super) fn of_content(raw: f64, path: &str) -> f64 {
    let kind = match languages::of_path(path) {
        Some(_) if is_test(path) => 0.7,
        Some(_) => 1.0,
        // Change logs, lock files and recorded output mention everything.
        None => 0.4,
    };
    kind * CONTENT_LIMIT * raw / (raw + 100.0)
}

/// The words of the query that stand in a path, worth a little each.
pub(super) fn words_in_path<'q>(query: &'q Query, path: &str) -> Vec<&'q str> {
    let held: Vec<String> =
        path.split(|c: char| !(c.is_alphanumeric() || c == '_')).flat_map(parts).map(stem).collect();
    query.words.iter().filter(|word| held.contains(&word.stem)).map(|word| word.written.as_str()).collect()
}

/// The raw worth of one word in a path.
pub(super) const WORD_IN_PATH: f64 = 6.0;

fn is_test(path: &str) -> bool {
    path.split(['/', '.', '_', '-'])
        .any(|part| matches!(part, "test" | "tests" | "spec" | "specs" | "fixtures" | "__tests__"))
}

#[expect(clippy::cast_precision_loss, reason = "counts of files and words are far below 2^53")]
fn as_f64(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_a_file_more_or_less_closely() {
        for (named, file, expected) in [
            ("src/a.rs", "src/a.rs", Some(Mention::Exact)),
            ("src/a.rs", "core/src/a.rs", Some(Mention::Suffix)),
            ("project/src/a.rs", "src/a.rs", Some(Mention::Suffix)),
            ("x/src/a.rs", "y/src/a.rs", Some(Mention::Partial(2))),
            ("a.rs", "src/a.rs", Some(Mention::FileName)),
            ("lib/a.rs", "src/a.rs", Some(Mention::FileName)),
            ("src/deep/", "x/src/deep/a.rs", Some(Mention::Folder)),
            ("src/deep", "src/deep/er/a.rs", Some(Mention::Folder)),
            ("src/de", "src/deep/a.rs", None),
            ("b.rs", "src/ab.rs", None),
        ] {
            assert_eq!(mention(named, file), expected, "{named} and {file}");
        }
    }

    #[test]
    fn the_bands_do_not_overlap() {
        let best_content = of_content(1e12, "a.rs");
        assert!(of_mention(Mention::FileName, 1) > best_content);
        assert!(of_mention(Mention::Partial(100), 1) < of_mention(Mention::Suffix, 1));
        assert!(of_mention(Mention::Suffix, 1) < of_mention(Mention::Exact, 9));
        assert!(of_mention(Mention::FileName, 1) < of_mention(Mention::Partial(2), 1));
    }
}
