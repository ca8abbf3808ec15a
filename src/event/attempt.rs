//! What attempts and their ends carry: what they began with, how they ended, and what of their work is kept.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Amount, Ended, Failure, FailureClass, Usage, Verdict};
use crate::ids::{AgentName, Digest, ObjectId};
use crate::message::TaskResult;
use crate::time::Span;

/// What an attempt begins with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AttemptStarted {
    /// The identity of the work.
    pub key: Digest,
    /// The workspace's number.
    pub ws: u32,
    /// What the workspace is reset to; missing in place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_tree: Option<ObjectId>,
    /// Who does it.
    pub agent: AgentRecord,
    /// SHA-256 of the message without its address.
    pub message: Digest,
    /// Wall time set aside for it.
    pub reserved: Span,
    /// Tokens and money set aside for it; missing where none is.
    #[serde(default, skip_serializing_if = "Amount::is_none")]
    pub budget: Amount,
}

/// Who does an attempt, as far as is known before it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AgentRecord {
    /// As the config names it.
    pub name: AgentName,
    /// `builtin`, `command`, `scripted`.
    pub kind: String,
    /// What it says of itself, where it was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The model it uses, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AttemptFinished {
    /// A claim, or a failure.
    pub outcome: AttemptOutcome,
    /// The workspace as it was left; missing in place and after a failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tree: Option<ObjectId>,
    /// What it used, by its own account.
    #[serde(default, skip_serializing_if = "Usage::is_unknown")]
    pub usage: Usage,
    /// How its process ended, where it had one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit: Option<Ended>,
    /// Processes it left behind, which were killed.
    #[serde(default)]
    pub leaked: u32,
    /// The first few of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left: Vec<Straggler>,
    /// Whether output was cut at the cap.
    #[serde(default)]
    pub truncated: bool,
    /// Bytes written to the run directory for it, with the journal's since the attempt that ended before it.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub bytes: u64,
    /// Tests, and settings of checks, that were there before and that it changed or removed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub touched: Vec<String>,
    /// How long it took.
    pub ms: u64,
}

/// A process that an attempt left behind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Straggler {
    /// Its number while it lived.
    pub pid: u32,
    /// What it was called.
    pub name: String,
}

impl AttemptFinished {
    /// An attempt that ended in this failure, of which nothing else is known.
    pub fn failed(failure: Failure) -> Self {
        Self {
            outcome: AttemptOutcome::Failed(failure),
            tree: None,
            usage: Usage::default(),
            exit: None,
            leaked: 0,
            left: Vec::new(),
            truncated: false,
            bytes: 0,
            touched: Vec::new(),
            ms: 0,
        }
    }

    /// One whose process died, and we with it.
    pub fn lost() -> Self {
        Self::failed(Failure::new(FailureClass::Interrupted, "the process that ran it died"))
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// A claim, or a failure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AttemptOutcome {
    /// The agent ended in order; its result, clipped to [`TaskResult::MAX_BYTES`].
    Ok(Box<TaskResult>),
    /// It did not.
    Failed(Failure),
}

/// A file the run keeps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Artifact {
    /// Relative to the run's artifact folder.
    pub path: String,
    /// Bytes.
    pub size: u64,
    /// SHA-256 of what was stored.
    pub sha256: Digest,
}

/// What a task came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TaskSucceeded {
    /// Its result tree; missing in place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tree: Option<ObjectId>,
    /// The commit that holds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<ObjectId>,
    /// What it left.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub artifacts: Vec<Artifact>,
    /// What the checks proved.
    pub verdict: Verdict,
}

/// A result that was taken instead of working again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TaskReused {
    /// The attempt that did the work.
    pub from: u32,
    /// The identity both share.
    pub key: Digest,
}
