//! The shape of a file: how it opens, how long it is, what it may not contain.

use crate::source::{Source, Token, named, tokens};

const MAX_CODE: usize = 400;
const MAX_MOD: usize = 60;

/// Every file opens by saying what it is for.
pub fn opening(source: &Source) -> Option<String> {
    let says = source
        .text
        .lines()
        .next()
        .and_then(|line| line.strip_prefix("//!"))
        .is_some_and(|text| !text.trim().is_empty());
    (!says).then(|| format!("{}:1: the file does not open with `//!` and what it is for", source.path))
}

/// Lines of shipped code; a file that wants more has two subjects in it.
pub fn length(source: &Source) -> Option<String> {
    let is_test = source.shipped.trim().is_empty();
    let counted = if is_test { &source.code } else { &source.shipped };
    let lines = counted.lines().filter(|line| !line.trim().is_empty()).count();
    let limit = if source.path.ends_with("/mod.rs") { MAX_MOD } else { MAX_CODE };
    (lines > limit).then(|| format!("{}: {lines} lines of code, {limit} are allowed", source.path))
}

/// Children are started in one room only, so that every one of them has a supervisor.
pub fn spawns(source: &Source) -> Vec<String> {
    if source.path.starts_with("src/process/") {
        return Vec::new();
    }
    named(&source.shipped)
        .iter()
        .filter(|path| starts_children(&path.segments))
        .map(|path| format!("{}:{}: `{}` outside src/process", source.path, path.line, path.segments.join("::")))
        .collect()
}

fn starts_children(segments: &[String]) -> bool {
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    // A bare `use std::process` would let `process::Command` through unseen.
    matches!(
        segments.as_slice(),
        ["std", "process"] | ["std", "process", "Command" | "*", ..] | ["tokio", "process", ..] | [.., "CommandExt"]
    )
}

/// Lints are expected with a reason, never allowed; nothing is left for later.
pub fn leftovers(source: &Source) -> Vec<String> {
    let tokens: Vec<(usize, Token)> = tokens(&source.code);
    let mut found = Vec::new();
    for (at, (line, token)) in tokens.iter().enumerate() {
        let Token::Word(word) = token else { continue };
        let next = tokens.get(at + 1).map(|t| &t.1);
        let allows = word == "allow" && next == Some(&Token::Mark('(')) && in_attribute(&tokens[..at]);
        let stub = matches!(word.as_str(), "todo" | "unimplemented") && next == Some(&Token::Mark('!'));
        if allows || stub {
            found.push(format!("{}:{line}: `{word}`", source.path));
        }
    }
    let marker = ["FIX", "ME"].concat();
    let hits = source.comments.lines().enumerate().filter(|(_, text)| text.contains(&marker));
    found.extend(hits.map(|(at, _)| format!("{}:{}: `{marker}`", source.path, at + 1)));
    found
}

/// True right after `#[`, `#![` or the condition of a `cfg_attr`.
fn in_attribute(before: &[(usize, Token)]) -> bool {
    let mut back = before.iter().rev().map(|(_, token)| token);
    match (back.next(), back.next()) {
        (Some(Token::Mark('[')), Some(Token::Mark('#' | '!'))) => true,
        (Some(Token::Mark(',')), _) => back.take(20).any(|token| *token == Token::Word("cfg_attr".to_owned())),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(path: &str, text: &str) -> Source {
        Source::new(path, text)
    }

    #[test]
    fn a_file_without_an_opening_is_found() {
        assert!(opening(&source("src/a.rs", "use a::b;")).is_some());
        assert!(opening(&source("src/a.rs", "//!\n")).is_some());
        assert_eq!(opening(&source("src/a.rs", "//! What it is for.\n")), None);
    }

    #[test]
    fn only_shipped_code_counts_towards_the_length() {
        let long = "let a = 1;\n".repeat(MAX_CODE + 1);
        assert!(length(&source("src/a.rs", &long)).is_some());
        assert_eq!(length(&source("src/a.rs", &"// why\n\n".repeat(MAX_CODE))), None);
        let tests = format!("fn f() {{}}\n#[cfg(test)]\nmod tests {{\n{long}}}\n");
        assert_eq!(length(&source("src/a.rs", &tests)), None);
        assert!(length(&source("src/a/tests.rs", &long)).is_some(), "a test file has a length too");
        assert!(length(&source("src/a/mod.rs", &"mod b;\n".repeat(MAX_MOD + 1))).is_some());
    }

    #[test]
    fn a_child_started_elsewhere_is_found_however_it_is_spelled() {
        for code in [
            "use std::process::Command;",
            "use std::{fmt, process::{Command, Stdio}};",
            "use std::process;",
            "use std::process as p;",
            "fn f() { std::process::Command::new(x) }",
            "use tokio::process::Child;",
        ] {
            assert_eq!(spawns(&source("src/repo/git.rs", code)).len(), 1, "{code}");
            assert_eq!(spawns(&source("src/process/spawn.rs", code)).len(), 0, "{code}");
        }
        assert_eq!(spawns(&source("src/main.rs", "use std::process::ExitCode;")), Vec::<String>::new());
        let tests = "#[cfg(test)]\nmod tests { use std::process::Command; }";
        assert_eq!(spawns(&source("src/repo/git.rs", tests)), Vec::<String>::new());
    }

    #[test]
    fn allowed_lints_and_stubs_are_found() {
        let word = "allow";
        for code in [
            format!("#[{word}(dead_code)]"),
            format!("#![{word}(dead_code)]"),
            format!("#[cfg_attr(unix, {word}(dead_code))]"),
            ["to", "do!()"].concat(),
            ["unimpl", "emented!(\"x\")"].concat(),
            ["// FIX", "ME later"].concat(),
        ] {
            assert_eq!(leftovers(&source("src/a.rs", &code)).len(), 1, "{code}");
        }
        let fine = "#[expect(dead_code, reason = \"x\")] fn allow(x: u8) { self.allow(x); f(\"todo!()\", allow(x)) }";
        assert_eq!(leftovers(&source("src/a.rs", fine)), Vec::<String>::new());
    }
}
