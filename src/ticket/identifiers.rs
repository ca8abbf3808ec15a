//! What a text names: paths and code identifiers, found in one pass over its words.

use std::collections::HashSet;

use super::paths;

const MAX_NAMES: usize = 500;
const MIN_CHARS: usize = 3;

/// Names of products and platforms that are written like types.
const PRODUCTS: &[&str] = &[
    "GitHub",
    "GitLab",
    "JavaScript",
    "TypeScript",
    "MacOS",
    "macOS",
    "iOS",
    "iPhone",
    "iPad",
    "YouTube",
    "OpenAI",
    "LinkedIn",
    "MacBook",
    "PowerShell",
    "PostgreSQL",
    "MySQL",
    "MongoDB",
    "BitBucket",
    "VSCode",
    "WebAssembly",
    "CoffeeScript",
    "StackOverflow",
    "OAuth",
    "README",
];
/// Words before a `(` that call nothing.
const KEYWORDS: &[&str] = &[
    "if", "for", "while", "match", "switch", "return", "catch", "and", "or", "not", "fn", "func", "def", "function",
    "in", "else", "elif", "with", "assert", "print", "println", "sizeof", "await", "super", "self", "this", "new",
];
/// First segments of qualified names that belong to a language's own library.
const LIBRARIES: &[&str] = &["std", "core", "alloc"];

/// Whether a text is prose, where code stands in backticks, or code as a whole.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Prose,
    Code,
}

/// Paths and identifiers, in the order they were first named.
#[derive(Default)]
pub(super) struct Named {
    pub(super) paths: Vec<String>,
    pub(super) identifiers: Vec<String>,
    seen_paths: HashSet<String>,
    seen_identifiers: HashSet<String>,
}

impl Named {
    /// Takes in all that `text` names.
    pub(super) fn read(&mut self, text: &str, kind: Kind) {
        if kind == Kind::Code {
            return self.words(text, kind);
        }
        // Odd pieces between backticks are code spans. A longer run of backticks gives empty pieces,
        // and keeps the parity right for runs that match.
        for (index, piece) in text.split('`').enumerate() {
            self.words(piece, Kind::Prose);
            if index % 2 == 1 {
                self.span(piece);
            }
        }
    }

    /// Takes in a path that is known to be one.
    pub(super) fn path(&mut self, path: &str) {
        if self.paths.len() < MAX_NAMES && !path.is_empty() && self.seen_paths.insert(path.to_owned()) {
            self.paths.push(path.to_owned());
        }
    }

    fn identifier(&mut self, name: &str) {
        if self.identifiers.len() < MAX_NAMES && name.len() <= 80 && self.seen_identifiers.insert(name.to_owned()) {
            self.identifiers.push(name.to_owned());
        }
    }

    fn words(&mut self, text: &str, kind: Kind) {
        for chunk in text.split_whitespace() {
            let mut rest = chunk;
            while let Some(start) = rest.find(is_word_char) {
                rest = &rest[start..];
                let end = rest.find(|c| !is_word_char(c)).unwrap_or(rest.len());
                let (word, after) = rest.split_at(end);
                self.word(word, after, kind);
                rest = after;
            }
        }
    }

    fn word(&mut self, word: &str, after: &str, kind: Kind) {
        if word.contains("://") {
            if let Some(path) = paths::in_url(word.trim_end_matches(['.', ':', '?'])) {
                self.path(path);
            }
            return;
        }
        if word.starts_with("www.") {
            return;
        }
        let mut names_a_path = false;
        for part in word.split([':', '=', '#', '?', '&', '%', '$']) {
            if let Some(path) = paths::in_word(part) {
                self.path(path);
                names_a_path = true;
            }
        }
        // An address of a person is no code, and a file is named already.
        if !names_a_path && !word.trim_start_matches('@').contains('@') {
            self.shaped(word, after, kind);
        }
    }

    /// Names that their shape gives away: `snake_case`, `CamelCase`, `a::b`, `call()`.
    fn shaped(&mut self, word: &str, after: &str, kind: Kind) {
        let calls = after.starts_with("()") || (kind == Kind::Code && after.starts_with('('));
        let segments: Vec<&str> = word.split("::").collect();
        let qualified = segments.len() > 1;
        if qualified && LIBRARIES.contains(&segments[0]) {
            return;
        }
        for (index, segment) in segments.iter().enumerate() {
            let last = index + 1 == segments.len();
            let parts: Vec<&str> = segment.split(|c: char| !(c.is_alphanumeric() || c == '_')).collect();
            for (at, part) in parts.iter().enumerate() {
                let called = calls && last && at + 1 == parts.len() && !KEYWORDS.contains(part);
                let named = (qualified && parts.len() == 1 && !is_symbol_hash(part)) || called || is_shaped(part);
                if named && is_identifier(part) && !PRODUCTS.contains(part) {
                    self.identifier(part);
                }
            }
        }
    }

    /// A code span of one word is a name whatever its shape; flags count too.
    fn span(&mut self, span: &str) {
        let span = span.trim();
        let (name, arguments) = span.split_once('(').unwrap_or((span, ""));
        if arguments.contains(char::is_whitespace) && !is_identifier(name) {
            return;
        }
        if let Some(flag) = span.split([' ', '=']).next().filter(|flag| flag.starts_with("--")) {
            if flag.len() > 4 && flag[2..].chars().all(|c| c.is_alphanumeric() || c == '-') {
                self.identifier(flag);
            }
            return;
        }
        if paths::in_word(name).is_none() && is_identifier(name) && !PRODUCTS.contains(&name) {
            self.identifier(name);
        }
    }
}

fn is_word_char(c: char) -> bool {
    c.is_alphanumeric() || "_-./@+~:=#%&?$".contains(c)
}

fn is_identifier(name: &str) -> bool {
    name.len() >= MIN_CHARS
        && name.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_alphanumeric() || c == '_')
        && name.chars().any(char::is_alphabetic)
}

fn is_shaped(name: &str) -> bool {
    let inner = name.trim_matches('_');
    let snake = inner.contains('_');
    let camel = inner.chars().zip(inner.chars().skip(1)).any(|(a, b)| a.is_lowercase() && b.is_uppercase());
    snake || camel
}

/// The hash at the end of a mangled Rust symbol: `h` and 16 hex digits.
fn is_symbol_hash(name: &str) -> bool {
    name.len() == 17 && name.starts_with('h') && name[1..].bytes().all(|b| b.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(text: &str, kind: Kind) -> (Vec<String>, Vec<String>) {
        let mut named = Named::default();
        named.read(text, kind);
        (named.paths, named.identifiers)
    }

    #[test]
    fn prose_names_what_is_shaped_like_code_or_set_as_code() {
        let (paths, names) = named(
            "Call median() in `src/stats.rs:12` with GITHUB_TOKEN; `sort` and `--word-regexp` (see GitHub, me@host_a.io, Foo::bar).",
            Kind::Prose,
        );
        assert_eq!(paths, ["src/stats.rs"]);
        assert_eq!(names, ["median", "GITHUB_TOKEN", "sort", "--word-regexp", "Foo", "bar"]);
    }

    #[test]
    fn logs_name_functions_without_hashes_and_libraries() {
        let (paths, names) = named(
            "12: 0x56 - nu_parser::parser::parse_value::h67d8f1193d506532\n13: std::io::Write::write_fmt::hb61fdf1275c61e1c\n at x/y.rs:7:28",
            Kind::Code,
        );
        assert_eq!(paths, ["x/y.rs"]);
        assert_eq!(names, ["nu_parser", "parser", "parse_value"]);
    }

    #[test]
    fn addresses_name_nothing_but_the_file_they_show() {
        let (paths, names) =
            named("[a](https://x.org/foo_bar/CamelCase) https://github.com/o/r/blob/main/a/b.md.", Kind::Prose);
        assert_eq!(paths, ["a/b.md"]);
        assert!(names.is_empty());
    }
}
