//! The task message, `orchestra.message/v1`: everything one attempt is told.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Finding, ReviewVerdict, Score};
use crate::ids::{CheckName, Digest, PlanId, RunId, TaskId};
use crate::plan::{Role, Scope};
use crate::time::Span;

/// The value of a message's `schema` field.
pub const MESSAGE_SCHEMA: &str = "orchestra.message/v1";

/// What an agent is told. Files are named relative to the workspace. `run` is an address and no part of
/// the prompt: a prompt made from the same work is the same text in every run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TaskMessage {
    /// Always [`MESSAGE_SCHEMA`].
    pub schema: String,
    /// The task.
    pub task_id: TaskId,
    /// The plan it is part of.
    pub parent_id: PlanId,
    /// The run it is part of.
    pub run: RunId,
    /// What kind of work it is.
    pub role: Role,
    /// One line for people.
    pub title: String,
    /// What was asked for in the first place. Untrusted text.
    pub ticket: TicketNote,
    /// What the task is to do.
    pub instructions: String,
    /// Sentences that hold for it: the plan's, its own, and those of the tasks it depends on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub constraints: Vec<String>,
    /// How the tasks before it ended.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dependencies: Vec<DependencyNote>,
    /// Where it may look and write.
    #[serde(default)]
    pub scope: Scope,
    /// The checks that will decide over it, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<CheckName>,
    /// Files and globs of files that it is to leave for others, in the folder it is given for that or in the workspace.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub artifacts: Vec<String>,
    /// What it may use.
    pub limits: MessageLimits,
    /// Why the attempt before failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_failure: Option<PreviousFailure>,
    /// The review that sent its work back: that work is still there, and is to be mended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review: Option<ReviewNote>,
}

/// The ticket, as far as a task needs it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TicketNote {
    /// Its key or number in the tracker it came from.
    #[serde(rename = "ref", default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// SHA-256 of its text.
    pub digest: Digest,
    /// One line.
    pub title: String,
    /// The normalised text.
    pub text: String,
    /// What must hold in the end, in the ticket's words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub acceptance: Vec<String>,
    /// Diffs it brings, each as it stands there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub diffs: Vec<String>,
    /// Files it names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub paths: Vec<String>,
    /// Names of code it names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub identifiers: Vec<String>,
}

/// What a task learns of one it depends on: a summary and where its artifacts are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DependencyNote {
    /// The dependency.
    pub task_id: TaskId,
    /// How it ended.
    pub status: DependencyStatus,
    /// Its own words, or why it failed.
    pub summary: String,
    /// What it left.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub artifacts: Vec<ArtifactNote>,
}

/// How a dependency ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum DependencyStatus {
    /// It succeeded.
    Succeeded,
    /// It failed; only a task that runs `always` sees this.
    Failed,
    /// It never ran; only a task that runs `always` sees this.
    Skipped,
}

/// One file a dependency left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ArtifactNote {
    /// Relative to the folder that it is given for the files of others.
    pub path: String,
    /// Bytes.
    pub size: u64,
    /// SHA-256 of the content.
    pub sha256: Digest,
}

/// What an attempt may use.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MessageLimits {
    /// Longest it may take.
    pub time: Span,
    /// Longest it may be silent.
    pub idle: Span,
}

/// Why the attempt before this one failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PreviousFailure {
    /// The failure's class, as in the journal.
    pub class: String,
    /// What was seen: the end of the output, or of the red check's. Untrusted text.
    pub detail: String,
}

/// What a review said of the work that is to be mended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReviewNote {
    /// The review.
    pub by: TaskId,
    /// Its judgement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<ReviewVerdict>,
    /// How good it finds the work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<Score>,
    /// Its own words. Untrusted text.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub summary: String,
    /// What it found. Untrusted text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_from_before_artifacts_were_told_is_read_and_stays_what_it_was() {
        let old = include_str!("../../tests/fixtures/messages/before-artifacts.json");
        let message: TaskMessage = serde_json::from_str(old).unwrap();
        assert!(message.artifacts.is_empty());
        assert_eq!(format!("{}\n", serde_json::to_string_pretty(&message).unwrap()), old);
    }
}
