//! PURE: keys and passwords that were written into a file. A finding never repeats what it found.

use std::collections::BTreeMap;

use super::patch::FilePatch;
use super::verdict::found;
use crate::message::{Finding, Severity};

/// How keys of well-known services begin, and how many letters and digits follow at least.
const PREFIXES: [(&str, usize, &str); 14] = [
    ("AKIA", 16, "an AWS access key"),
    ("ghp_", 30, "a GitHub token"),
    ("gho_", 30, "a GitHub token"),
    ("ghs_", 30, "a GitHub token"),
    ("github_pat_", 30, "a GitHub token"),
    ("glpat-", 16, "a GitLab token"),
    ("sk-ant-", 20, "an Anthropic key"),
    ("sk-proj-", 20, "an OpenAI key"),
    ("sk_live_", 16, "a Stripe key"),
    ("xoxb-", 16, "a Slack token"),
    ("xoxp-", 16, "a Slack token"),
    ("AIza", 30, "a Google key"),
    ("npm_", 30, "an npm token"),
    ("pypi-", 40, "a PyPI token"),
];
/// Names of what should not be written down.
const NAMES: [&str; 7] = ["password", "passwd", "secret", "api_key", "apikey", "token", "private_key"];
/// A shorter value is taken for a word.
const MIN_VALUE: usize = 16;
/// Bits per character (Shannon) above which a value looks drawn by lot: English text has about 4 over long texts, but words
/// of this length have under 3.5.
const MIN_ENTROPY: f64 = 3.5;

pub(super) fn look(file: &FilePatch) -> Vec<Finding> {
    let mut findings = Vec::new();
    for line in &file.added {
        if let Some(what) = known(&line.text) {
            let text = format!("{what} seems to be written here; take it out and revoke it");
            findings.push(found(Severity::Error, file, line.number, text));
        } else if looks_secret(&line.text) {
            let text = "a value that looks like a secret is written here".to_owned();
            findings.push(found(Severity::Warning, file, line.number, text));
        }
    }
    findings
}

fn known(text: &str) -> Option<&'static str> {
    if text.contains("-----BEGIN ") && text.contains("PRIVATE KEY-----") {
        return Some("a private key");
    }
    let is_key = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    PREFIXES.iter().find_map(|(prefix, least, what)| {
        let hit = text.match_indices(prefix).any(|(at, _)| {
            let starts = !text[..at].ends_with(|c: char| c.is_ascii_alphanumeric());
            let rest = &text[at + prefix.len()..];
            starts && rest.chars().take_while(|c| is_key(*c)).count() >= *least
        });
        hit.then_some(*what)
    })
}

/// A name of [`NAMES`], then a quoted value that no person would choose.
fn looks_secret(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    if !NAMES.iter().any(|name| lower.contains(name)) {
        return false;
    }
    text.split(['"', '\'']).skip(1).step_by(2).any(|value| {
        value.len() >= MIN_VALUE
            && value.chars().all(|c| c.is_ascii_graphic() && !matches!(c, '$' | '{' | '<' | '(' | '%'))
            && value.chars().any(|c| c.is_ascii_digit())
            && value.chars().any(|c| c.is_ascii_alphabetic())
            && entropy(value) >= MIN_ENTROPY
    })
}

/// Shannon entropy in bits per character.
fn entropy(value: &str) -> f64 {
    let mut counts: BTreeMap<char, u32> = BTreeMap::new();
    for c in value.chars() {
        *counts.entry(c).or_default() += 1;
    }
    let total = f64::from(counts.values().sum::<u32>());
    counts.values().map(|count| f64::from(*count) / total).map(|p| -p * p.log2()).sum()
}

#[cfg(test)]
mod tests {
    use super::super::patch::samples::added;
    use super::*;

    #[test]
    fn a_key_is_found_and_never_repeated() {
        let key = format!("AKIA{}", "Q7".repeat(8));
        let findings = look(&added("a.py", &[&format!("KEY = '{key}'")]));
        assert_eq!(findings[0].severity, Severity::Error);
        assert!(!findings[0].text.contains("Q7"));
        let pem = format!("-----BEGIN RSA {}-----", "PRIVATE KEY");
        assert_eq!(look(&added("id", &[&pem])).len(), 1);
    }

    #[test]
    fn a_random_value_is_doubtful_and_a_placeholder_is_not() {
        let line = "api_key = \"9fK2xQ7vLmZ3tR8wPbN5\"";
        assert_eq!(look(&added("a.py", &[line]))[0].severity, Severity::Warning);
        for line in [
            "api_key = \"${API_KEY_FROM_ENV_01}\"",
            "token = \"aaaaaaaaaaaaaaaaaa11\"",
            "let token = next(\"x\");",
            "hash = \"9fK2xQ7vLmZ3tR8wPbN5\"",
        ] {
            assert!(look(&added("a", &[line])).is_empty(), "{line}");
        }
    }
}
