//! Why an attempt failed: the closed list, and what each class means for trying again.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::text;
use crate::time::Timestamp;

/// One failed attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// What kind of failure.
    pub class: FailureClass,
    /// The detail with numbers, paths and times taken out: the same twice opens the breaker.
    pub signature: String,
    /// What was seen, for people: at most 2 KiB.
    pub detail: String,
    /// Not before this time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_at: Option<Timestamp>,
}

/// What kind of failure it was. Closed: every use matches all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FailureClass {
    /// Network, 5xx, 529.
    Transient,
    /// Too many requests; a time to wait is known.
    RateLimited,
    /// Nothing left to spend with the provider.
    Quota,
    /// Key or login refused.
    Auth,
    /// It took longer than it may.
    Timeout,
    /// It was silent longer than it may be.
    Stalled,
    /// It ended in order but its answer cannot be used.
    BadOutput,
    /// Its process ended with an error.
    Exited,
    /// The agent itself says that it could not do the work, and no check says otherwise.
    Reported,
    /// Our checks are red.
    Rejected,
    /// Orchestra died, or a signal ended the run.
    Interrupted,
    /// It did what it may not: wrote outside its scope, or changed files in a read-only role.
    PolicyDenied,
    /// A limit was used up.
    BudgetExhausted,
    /// A person ended it.
    Cancelled,
    /// The agent cannot be started at all.
    Unusable,
}

impl FailureClass {
    /// All classes.
    pub const ALL: [Self; 15] = [
        Self::Transient,
        Self::RateLimited,
        Self::Quota,
        Self::Auth,
        Self::Timeout,
        Self::Stalled,
        Self::BadOutput,
        Self::Exited,
        Self::Reported,
        Self::Rejected,
        Self::Interrupted,
        Self::PolicyDenied,
        Self::BudgetExhausted,
        Self::Cancelled,
        Self::Unusable,
    ];

    /// Its name in the journal.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Transient => "transient",
            Self::RateLimited => "rate-limited",
            Self::Quota => "quota",
            Self::Auth => "auth",
            Self::Timeout => "timeout",
            Self::Stalled => "stalled",
            Self::BadOutput => "bad-output",
            Self::Exited => "exited",
            Self::Reported => "reported",
            Self::Rejected => "rejected",
            Self::Interrupted => "interrupted",
            Self::PolicyDenied => "policy-denied",
            Self::BudgetExhausted => "budget-exhausted",
            Self::Cancelled => "cancelled",
            Self::Unusable => "unusable",
        }
    }
}

impl std::fmt::Display for FailureClass {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

impl Failure {
    /// The longest detail kept, in bytes.
    pub const MAX_DETAIL: usize = 2048;

    /// A failure of `class`, with what was seen.
    pub fn new(class: FailureClass, detail: &str) -> Self {
        let detail = text::tail(detail.trim(), Self::MAX_DETAIL);
        Self { class, signature: signature(class, detail), detail: detail.to_owned(), retry_at: None }
    }

    /// The same, not to be tried again before `at`.
    #[must_use]
    pub fn not_before(mut self, at: Timestamp) -> Self {
        self.retry_at = Some(at);
        self
    }
}

/// The class and the last words of the detail, with what changes from one try to the next taken out:
/// digits, and words with a slash.
fn signature(class: FailureClass, detail: &str) -> String {
    let mut words = Vec::new();
    for word in text::tail(detail, 400).split_whitespace() {
        if !word.contains('/') {
            words.push(word.chars().filter(|c| !c.is_ascii_digit()).collect::<String>());
        }
    }
    format!("{class}: {}", words.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_the_same_for_the_same_failure_at_another_time_and_place() {
        let a = Failure::new(FailureClass::Exited, "error at /tmp/x1/a.rs:12 after 31 ms");
        let b = Failure::new(FailureClass::Exited, "error at /tmp/y/a.rs:14 after 7 ms");
        assert_eq!(a.signature, b.signature);
        assert_ne!(a.signature, Failure::new(FailureClass::Exited, "another error").signature);
    }

    #[test]
    fn names_in_the_journal_are_the_names_shown() {
        for class in FailureClass::ALL {
            assert_eq!(serde_json::to_string(&class).unwrap(), format!("\"{class}\""));
        }
    }

    #[test]
    fn a_detail_keeps_its_end_and_its_bound() {
        let failure = Failure::new(FailureClass::Exited, &format!("{}end", "é".repeat(5000)));
        assert!(failure.detail.len() <= Failure::MAX_DETAIL && failure.detail.ends_with("end"));
    }
}
