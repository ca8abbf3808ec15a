//! PURE: lines of cargo test, nextest, pytest, unittest and go test.

use super::outcome::Told;

/// What a line tells.
pub(super) fn tell(line: &str) -> Vec<Told> {
    let told = cargo(line).or_else(|| nextest(line)).or_else(|| go(line)).or_else(|| python(line));
    told.unwrap_or_default()
}

/// A name in cargo's list of failures.
pub(super) fn listed(line: &str) -> Option<&str> {
    line.strip_prefix("    ").filter(|name| !name.starts_with(' '))
}

/// Source: the pretty formatter of libtest, rust-lang/rust `library/test/src/formatters/pretty.rs`.
fn cargo(line: &str) -> Option<Vec<Told>> {
    if line == "failures:" {
        return Some(vec![Told::ListBegins]);
    }
    if let Some(name) = line.strip_prefix("test ").and_then(|rest| rest.strip_suffix(" ... FAILED")) {
        return Some(vec![Told::Failed(name.trim_end_matches(" - should panic").to_owned())]);
    }
    let counts = line.strip_prefix("test result: ")?.split_once(". ")?.1;
    Some(vec![Told::Ran(sum(counts, &[" passed", " failed"]))])
}

fn nextest(line: &str) -> Option<Vec<Told>> {
    let line = line.trim_start();
    if let Some((_, name)) = line.strip_prefix("FAIL [").and_then(|rest| rest.split_once("s] ")) {
        // With a counter: `(3/9) crate test`.
        let name = name.strip_prefix('(').and_then(|rest| rest.split_once(") ")).map_or(name, |(_, name)| name);
        return Some(vec![Told::Failed(name.trim().to_owned())]);
    }
    let (_, counts) = line.strip_prefix("Summary [")?.split_once("] ")?;
    let word = counts.split(' ').next()?;
    // With `3/9 tests run` the run was cut short.
    word.split('/').next()?.parse().ok().map(|count| vec![Told::Total(count)])
}

/// Source: `go help test`; with `-v` every test has a line of its own.
fn go(line: &str) -> Option<Vec<Told>> {
    let trimmed = line.trim_start();
    let without_time = |rest: &str| rest.rsplit_once(" (").map_or(rest, |(name, _)| name).to_owned();
    if let Some(rest) = trimmed.strip_prefix("--- FAIL: ") {
        return Some(vec![Told::Failed(without_time(rest)), Told::Tested]);
    }
    if trimmed.starts_with("--- PASS: ") {
        return Some(vec![Told::Tested]);
    }
    if line.starts_with("?   \t") && line.ends_with("[no test files]") {
        return Some(vec![Told::NoTests]);
    }
    if line.starts_with("ok  \t") {
        return Some(vec![if line.ends_with("[no tests to run]") { Told::NoTests } else { Told::Tested }]);
    }
    line.starts_with("FAIL\t").then(|| vec![Told::Tested])
}

/// Sources: pytest's "short test summary info", and `unittest/runner.py`.
fn python(line: &str) -> Option<Vec<Told>> {
    for mark in ["FAILED ", "ERROR "] {
        let name = line.strip_prefix(mark).map(|rest| rest.split_once(" - ").map_or(rest, |(name, _)| name));
        if let Some(name) = name.filter(|name| name.contains(".py")) {
            return Some(vec![Told::Failed(name.to_owned())]);
        }
    }
    for mark in ["FAIL: ", "ERROR: "] {
        if let Some(name) = line.strip_prefix(mark).filter(|name| name.contains(" (") && name.ends_with(')')) {
            return Some(vec![Told::Failed(name.to_owned())]);
        }
    }
    if let Some(rest) = line.strip_prefix("Ran ") {
        let (count, rest) = rest.split_once(' ')?;
        return (rest.starts_with("test")).then(|| count.parse().ok().map(|count| vec![Told::Total(count)]))?;
    }
    let summary = line.trim_matches(['=', ' ']);
    if summary.starts_with("no tests ran in ") {
        return Some(vec![Told::NoTests]);
    }
    let (counts, _) = summary.split_once(" in ").filter(|(_, time)| time.contains('s'))?;
    let is_summary = counts.split(", ").all(|part| {
        part.split_once(' ').is_some_and(|(count, what)| count.parse::<u32>().is_ok() && !what.contains(' '))
    });
    is_summary.then(|| vec![Told::Total(sum(counts, &[" passed", " failed", " error", " xfailed", " xpassed"]))])
}

/// Adds the numbers that stand before these words: `1 passed; 2 failed`.
pub(super) fn sum(counts: &str, words: &[&str]) -> u32 {
    let number = |part: &str| {
        let end = part.find(' ')?;
        let fits = words.iter().any(|word| part[end..].starts_with(word));
        fits.then(|| part[..end].parse::<u32>().ok()).flatten()
    };
    counts.split([',', ';', '|']).filter_map(|part| number(part.trim())).fold(0, u32::saturating_add)
}
