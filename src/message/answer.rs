//! The task result, `orchestra.result/v1`: everything one attempt answers. It is a claim, not a proof.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Score;
use crate::text;

/// The value of a result's `schema` field.
pub const RESULT_SCHEMA: &str = "orchestra.result/v1";

/// What an agent says it did. Unknown fields are kept out, not refused: agents add their own.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TaskResult {
    /// Its claim.
    pub status: ResultStatus,
    /// A sentence or two for people and for the tasks that depend on it.
    #[serde(default)]
    pub summary: String,
    /// The full answer.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub output: String,
    /// Files it says it changed, relative to the workspace.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<String>,
    /// Files it wants kept, relative to the workspace.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub artifacts: Vec<String>,
    /// What it noticed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
    /// A reviewer's judgement over the change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<ReviewVerdict>,
    /// How good a reviewer finds the change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<Score>,
}

/// A reviewer's judgement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReviewVerdict {
    /// The change may stay as it is.
    #[serde(alias = "approved")]
    Approve,
    /// Something in it must not stay.
    #[serde(alias = "request-changes", alias = "changes_requested", alias = "reject", alias = "rejected")]
    RequestChanges,
}

/// What an agent claims.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ResultStatus {
    /// The work is done.
    #[default]
    #[serde(alias = "success", alias = "succeeded", alias = "ok", alias = "completed")]
    Done,
    /// It could not be done.
    #[serde(alias = "failure", alias = "error", alias = "blocked")]
    Failed,
}

/// One thing an agent noticed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// The file, relative to the workspace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Counted from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// How bad it is.
    #[serde(default)]
    pub severity: Severity,
    /// What it is.
    pub text: String,
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    #[default]
    Info,
    /// Should be looked at.
    Warning,
    /// Must not stay.
    Error,
}

impl ResultStatus {
    /// Whether it claims that the work is done.
    pub fn is_done(self) -> bool {
        match self {
            Self::Done => true,
            Self::Failed => false,
        }
    }
}

impl Severity {
    /// Its name in results.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

impl TaskResult {
    /// The largest result a journal line carries, in bytes of JSON.
    pub const MAX_BYTES: usize = 16 * 1024;

    /// The same result cut to fit a journal line; the whole of it stays in `result.json`.
    #[must_use]
    pub fn clipped(&self) -> Self {
        let mut small = self.clone();
        text::clip(&self.summary, 2048).clone_into(&mut small.summary);
        text::clip(&self.output, 4096).clone_into(&mut small.output);
        small.files.truncate(100);
        small.artifacts.truncate(100);
        small.findings.truncate(20);
        let fits = |result: &Self| serde_json::to_vec(result).is_ok_and(|bytes| bytes.len() <= Self::MAX_BYTES);
        if !fits(&small) {
            small.output.clear();
            small.findings.truncate(5);
            small.files.truncate(20);
            small.artifacts.truncate(20);
        }
        if !fits(&small) {
            small = Self {
                status: self.status,
                summary: text::clip(&self.summary, 1024).to_owned(),
                verdict: self.verdict,
                score: self.score,
                ..Self::default()
            };
        }
        small
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clipped_result_fits_its_journal_line() {
        // Escaped, it is four times as long; each of the lists alone is too much.
        let long = "\u{1}é".repeat(700);
        let finding =
            Finding { file: Some(long.clone()), line: Some(1), severity: Severity::Error, text: long.clone() };
        let result = TaskResult {
            status: ResultStatus::Failed,
            summary: long.clone(),
            output: long.clone(),
            files: vec![long.clone(); 500],
            artifacts: vec![long; 500],
            findings: vec![finding; 500],
            verdict: Some(ReviewVerdict::Approve),
            score: Some(Score::ONE),
        };
        let small = result.clipped();
        assert!(serde_json::to_vec(&small).unwrap().len() <= TaskResult::MAX_BYTES);
        assert_eq!((small.status, small.score), (ResultStatus::Failed, Some(Score::ONE)));
    }

    #[test]
    fn the_words_agents_use_for_a_status_are_understood() {
        for (word, status) in [("success", ResultStatus::Done), ("error", ResultStatus::Failed)] {
            let result: TaskResult = serde_json::from_str(&format!(r#"{{"status":"{word}","extra":1}}"#)).unwrap();
            assert_eq!(result.status, status);
        }
    }
}
