//! Reading the source tree: what is code, what is a comment, what is a string, and which paths the code names.

use std::path::{Path, PathBuf};

/// One file of the project, taken apart far enough for the rules.
pub struct Source {
    /// Relative to the root, with `/`.
    pub path: String,
    pub text: String,
    /// The code alone: comments and the insides of literals are blanked, lines stay where they are.
    pub code: String,
    /// `code` without what is compiled for tests only.
    pub shipped: String,
    /// The comments alone, lines where they are.
    pub comments: String,
    /// String literals with their line.
    pub literals: Vec<(usize, String)>,
}

/// A path as the code spells it (`crate::plan::Task`), groups expanded, with the line of its last segment.
#[derive(Debug, PartialEq, Eq)]
pub struct Named {
    pub line: usize,
    pub segments: Vec<String>,
}

impl Source {
    pub fn new(path: &str, text: &str) -> Self {
        let masked = mask(text);
        let shipped =
            if is_test_file(path) { blank(&masked.code, 0, masked.code.len()) } else { without_tests(&masked.code) };
        Self {
            path: path.to_owned(),
            text: text.to_owned(),
            code: masked.code,
            shipped,
            comments: masked.comments,
            literals: masked.literals,
        }
    }

    /// The module path inside the crate: `src/run/state.rs` is `run::state`, `src/run/mod.rs` is `run`.
    pub fn module(&self) -> Vec<String> {
        let inner = self.path.trim_start_matches("src/").trim_end_matches(".rs");
        let mut parts: Vec<String> = inner.split('/').map(str::to_owned).collect();
        if matches!(parts.last().map(String::as_str), Some("mod" | "lib")) {
            parts.pop();
        }
        parts
    }

    /// True if the line of a literal is shipped code, not a test.
    pub fn ships(&self, line: usize) -> bool {
        self.shipped.lines().nth(line - 1).is_some_and(|text| !text.trim().is_empty())
    }
}

/// Unit tests that outgrew their file live beside it, in `tests.rs`, `…_tests.rs` or `tests/`.
fn is_test_file(path: &str) -> bool {
    path.starts_with("src/") && (path.ends_with("/tests.rs") || path.ends_with("_tests.rs") || path.contains("/tests/"))
}

pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

pub fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

pub fn exists(path: &str) -> bool {
    root().join(path).exists()
}

pub fn has_extension(path: &str, extension: &str) -> bool {
    Path::new(path).extension().is_some_and(|found| found == extension)
}

/// Every Rust file under the given folders, in a stable order.
pub fn sources(folders: &[&str]) -> Vec<Source> {
    let mut found = tracked();
    found.retain(|path| {
        folders.iter().any(|folder| path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/')))
            && has_extension(path, "rs")
    });
    assert!(!found.is_empty(), "no sources under {folders:?}: the rule would hold nothing");
    found.iter().map(|path| Source::new(path, &read(path))).collect()
}

/// Every file of the project that a commit would hold, in a stable order, except the fixtures: strangers wrote those.
pub fn tracked() -> Vec<String> {
    let walk = ignore::WalkBuilder::new(root())
        .hidden(false)
        .require_git(false)
        .parents(false)
        .filter_entry(|entry| entry.file_name() != ".git")
        .build();
    let files = walk.filter_map(Result::ok).filter(|entry| entry.file_type().is_some_and(|kind| kind.is_file()));
    let mut found: Vec<String> = files
        .filter_map(|entry| Some(entry.path().strip_prefix(root()).ok()?.to_string_lossy().replace('\\', "/")))
        .filter(|path| !path.starts_with("tests/fixtures/"))
        .collect();
    found.sort();
    found
}

struct Masked {
    code: String,
    comments: String,
    literals: Vec<(usize, String)>,
}

/// Splits a file into code, comments and literals, keeping every newline in place so that line numbers agree.
fn mask(text: &str) -> Masked {
    let mut masked = Masked { code: String::new(), comments: String::new(), literals: Vec::new() };
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let previous = masked.code.chars().next_back();
        let after_word = previous.is_some_and(|c| c.is_alphanumeric() || c == '_');
        let (kind, length) = if rest.starts_with("//") {
            (Piece::Comment, rest.find('\n').unwrap_or(rest.len()))
        } else if rest.starts_with("/*") {
            (Piece::Comment, block_comment(rest))
        } else if let Some(length) = literal(rest, after_word) {
            (Piece::Literal, length)
        } else {
            (Piece::Code, first.len_utf8())
        };
        let (piece, tail) = rest.split_at(length);
        if kind == Piece::Literal && !piece.trim_start_matches('b').starts_with('\'') {
            let line = masked.code.matches('\n').count() + 1;
            masked.literals.push((line, inside(piece).to_owned()));
        }
        push(&mut masked.code, piece, kind == Piece::Code, if kind == Piece::Literal { '"' } else { ' ' });
        push(&mut masked.comments, piece, kind == Piece::Comment, ' ');
        rest = tail;
    }
    masked
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Piece {
    Code,
    Comment,
    Literal,
}

fn push(into: &mut String, piece: &str, keep: bool, blank: char) {
    if keep {
        into.push_str(piece);
    } else {
        into.extend(piece.chars().map(|c| if c == '\n' { '\n' } else { blank }));
    }
}

/// What stands between the quotes of a string literal, escapes untouched.
fn inside(literal: &str) -> &str {
    let open = literal.find('"').map_or(0, |at| at + 1);
    let close = literal.rfind('"').filter(|&at| at >= open).unwrap_or(literal.len());
    &literal[open..close]
}

fn block_comment(text: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while at < text.len() {
        let rest = &text.as_bytes()[at..];
        if rest.starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if rest.starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    text.len()
}

/// The length of the string or character literal that `text` opens with, if it opens with one.
fn literal(text: &str, after_word: bool) -> Option<usize> {
    if text.starts_with('"') {
        return Some(quoted(text));
    }
    if text.starts_with('\'') {
        return character(text);
    }
    if after_word {
        return None;
    }
    let prefix = ["br", "cr", "r", "b", "c"].into_iter().find(|prefix| {
        text.strip_prefix(prefix).is_some_and(|rest| rest.trim_start_matches('#').starts_with(['"', '\'']))
    })?;
    let rest = &text[prefix.len()..];
    let hashes = rest.len() - rest.trim_start_matches('#').len();
    if prefix.ends_with('r') && rest[hashes..].starts_with('"') {
        let close = format!("\"{}", "#".repeat(hashes));
        let body = prefix.len() + hashes + 1;
        return Some(text[body..].find(&close).map_or(text.len(), |at| body + at + close.len()));
    }
    if hashes > 0 {
        return None;
    }
    literal(rest, false).map(|length| prefix.len() + length)
}

fn quoted(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// A character literal, as opposed to a lifetime.
fn character(text: &str) -> Option<usize> {
    let mut chars = text.char_indices().skip(1);
    let (_, first) = chars.next()?;
    if first == '\\' {
        chars.next();
        return chars.find(|(_, c)| *c == '\'').map(|(at, _)| at + 1);
    }
    chars.next().filter(|(_, c)| *c == '\'').map(|(at, _)| at + 1)
}

/// Blanks every item that stands under `#[cfg(test)]`.
fn without_tests(code: &str) -> String {
    const MARK: &str = "#[cfg(test)]";
    let mut code = code.to_owned();
    while let Some(start) = code.find(MARK) {
        let end = item_end(&code, start + MARK.len());
        code = blank(&code, start, end);
    }
    code
}

/// Where the item that starts at `from` ends: at its `;`, or at the brace that closes its body.
fn item_end(code: &str, from: usize) -> usize {
    let mut depth = 0_usize;
    for (at, c) in code[from..].char_indices() {
        match c {
            '{' | '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            '}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return from + at + 1;
                }
            }
            ';' if depth == 0 => return from + at + 1,
            _ => {}
        }
    }
    code.len()
}

fn blank(code: &str, start: usize, end: usize) -> String {
    let middle: String = code[start..end].chars().map(|c| if c == '\n' { '\n' } else { ' ' }).collect();
    [&code[..start], &middle, &code[end..]].concat()
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Token {
    Word(String),
    Colons,
    Mark(char),
}

/// Words, `::` and single marks, each with its line. `code` holds neither comments nor literals.
pub fn tokens(code: &str) -> Vec<(usize, Token)> {
    let mut found = Vec::new();
    for (number, line) in code.lines().enumerate() {
        let mut rest = line.trim_start();
        while let Some(first) = rest.chars().next() {
            let word = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
            let (token, length) = if word > 0 {
                (Token::Word(rest[..word].to_owned()), word)
            } else if rest.starts_with("::") {
                (Token::Colons, 2)
            } else {
                (Token::Mark(first), first.len_utf8())
            };
            found.push((number + 1, token));
            rest = rest[length..].trim_start();
        }
    }
    found
}

/// Every `a::b` in the code, with groups expanded: `use a::{b, c::d}` names `a::b` and `a::c::d`.
pub fn named(code: &str) -> Vec<Named> {
    let tokens = tokens(code);
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let starts = matches!(tokens[at].1, Token::Word(_)) && tokens.get(at + 1).is_some_and(|t| t.1 == Token::Colons);
        if starts {
            at = expand(&tokens, at, &[], &mut found);
        } else {
            at += 1;
        }
    }
    found
}

/// Reads one path or use tree that starts at `at`; answers where it ends.
fn expand(tokens: &[(usize, Token)], mut at: usize, before: &[String], found: &mut Vec<Named>) -> usize {
    let mut segments = before.to_vec();
    let mut line = tokens[at].0;
    loop {
        match tokens.get(at) {
            Some((here, Token::Word(word))) => {
                // `a::{self}` names `a`.
                if word != "self" || segments.is_empty() {
                    segments.push(word.clone());
                }
                line = *here;
                at += 1;
            }
            Some((here, Token::Mark('*'))) => {
                segments.push("*".to_owned());
                line = *here;
                at += 1;
            }
            Some((_, Token::Mark('{'))) => return group(tokens, at + 1, &segments, found),
            _ => {}
        }
        if !tokens.get(at).is_some_and(|t| t.1 == Token::Colons) {
            break;
        }
        let follows = tokens.get(at + 1).map(|t| &t.1);
        if !matches!(follows, Some(Token::Word(_) | Token::Mark('*' | '{'))) {
            break;
        }
        at += 1;
    }
    found.push(Named { line, segments });
    at
}

fn group(tokens: &[(usize, Token)], mut at: usize, before: &[String], found: &mut Vec<Named>) -> usize {
    while let Some((_, token)) = tokens.get(at) {
        match token {
            Token::Mark('}') => return at + 1,
            // The new name of `b as c` names nothing further.
            Token::Word(word) if word == "as" => at += 2,
            Token::Word(_) | Token::Mark('*' | '{') => at = expand(tokens, at, before, found),
            Token::Colons | Token::Mark(_) => at += 1,
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(code: &str) -> Vec<String> {
        named(&Source::new("src/run/x.rs", code).shipped).into_iter().map(|n| n.segments.join("::")).collect()
    }

    #[test]
    fn groups_are_expanded_and_keep_their_lines() {
        let code = "use crate::{\n    plan::{self, Task as T},\n    event::*,\n};\nfn f(x: crate::run::State) {}\n";
        assert_eq!(paths(code), ["crate::plan", "crate::plan::Task", "crate::event::*", "crate::run::State"]);
        assert_eq!(named(code).iter().map(|n| n.line).collect::<Vec<_>>(), [2, 2, 3, 5]);
    }

    #[test]
    fn a_call_or_a_turbofish_ends_a_path() {
        assert_eq!(
            paths("let a = crate::plan::parse::<u8>(x::y());"),
            ["crate::plan::parse", "x::y"].map(str::to_owned)
        );
    }

    #[test]
    fn comments_and_literals_name_nothing() {
        let code = r##"
            // crate::a
            /* crate::b /* crate::c */ crate::d */
            let s = "crate::e \" crate::f"; let r = r#"crate::g " "#; let c = '"'; let l: &'static str = b"crate::h";
            crate::i();
        "##;
        assert_eq!(paths(code), ["crate::i"]);
    }

    #[test]
    fn test_items_are_not_shipped_and_the_rest_is() {
        let code =
            "#[cfg(test)]\nuse a::b;\nuse c::d;\n#[cfg(test)]\nmod tests {\n    fn f() { g::h(); }\n}\nuse i::j;\n";
        assert_eq!(paths(code), ["c::d", "i::j"]);
        assert!(named(&Source::new("src/run/tests.rs", code).shipped).is_empty());
    }

    #[test]
    fn literals_keep_their_text_and_line() {
        let source = Source::new("src/a.rs", "x(\n\"one\",\n r#\"two \"q\"\"#, '\"', \"\")");
        let expected = [(2, "one"), (3, "two \"q\""), (3, "")].map(|(line, text)| (line, text.to_owned()));
        assert_eq!(source.literals, expected);
    }

    #[test]
    fn a_file_knows_its_module() {
        assert_eq!(Source::new("src/run/state.rs", "").module(), ["run", "state"]);
        assert_eq!(Source::new("src/run/mod.rs", "").module(), ["run"]);
        assert!(Source::new("src/lib.rs", "").module().is_empty());
    }
}
