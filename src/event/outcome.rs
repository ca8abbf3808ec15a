//! What was measured: how processes ended, what checks showed, and what that proves.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::{CheckName, Digest, ObjectId};

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Ended {
    /// By itself, with this code.
    Code(i32),
    /// By this signal, not ours.
    Signal(i32),
    /// By us, because it took too long.
    TimedOut,
    /// By us, because it was silent too long.
    Stalled,
    /// By us, because the run was asked to stop.
    Cancelled,
}

/// One run of one check on one tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckRun {
    /// Its name.
    pub check: CheckName,
    /// SHA-256 of its definition.
    pub of: Digest,
    /// What it ran on; missing in place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tree: Option<ObjectId>,
    /// What it showed.
    pub outcome: CheckOutcome,
}

/// What a check showed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CheckOutcome {
    /// Its colour.
    pub status: CheckStatus,
    /// How its process ended; missing when it could not be started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit: Option<Ended>,
    /// Milliseconds.
    pub ms: u64,
    /// Names of failing tests, sorted, where the tool's output tells them; at most 200.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failing: Option<Vec<String>>,
    /// How many tests ran, where the tool's output tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tests: Option<u32>,
    /// The end of its output, at most 2 KiB.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub tail: String,
}

/// A check's colour on one tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CheckStatus {
    /// Exit 0, and where the tool counts tests, at least one ran.
    Green,
    /// It ran and failed.
    Red,
    /// It ran no test.
    Empty,
    /// Its program, or one it needs, is missing.
    Missing,
}

/// What the checks prove of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// A check that was red before is green now; or for research and review, a valid result and an unchanged tree.
    Verified,
    /// Everything is green that was green before; nothing shows that the work itself was done.
    RegressionOnly,
    /// There was no check.
    Unchecked,
    /// A check meant to prove the change was already green before it.
    Vacuous,
    /// The checks could not run: a tool is missing, no test was found, or all that is red was red before.
    Inconclusive,
}

impl Verdict {
    /// All verdicts, best first.
    pub const ALL: [Self; 5] =
        [Self::Verified, Self::RegressionOnly, Self::Unchecked, Self::Vacuous, Self::Inconclusive];

    /// Its name in the journal.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::RegressionOnly => "regression-only",
            Self::Unchecked => "unchecked",
            Self::Vacuous => "vacuous",
            Self::Inconclusive => "inconclusive",
        }
    }

    /// Whether it counts as verified.
    pub fn is_verified(self) -> bool {
        matches!(self, Self::Verified | Self::RegressionOnly)
    }
}

impl std::fmt::Display for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

/// What a run came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RunVerdict {
    /// Every task succeeded and is verified.
    Success,
    /// Only a plan was asked for, and made.
    Planned,
    /// The work was done, but not all of it is verified.
    Unverified,
    /// Some task failed.
    Failed,
    /// A limit was used up.
    Exhausted,
    /// A policy or a person refused something.
    Denied,
    /// An agent or a model could not be used.
    Unusable,
}

impl RunVerdict {
    /// Its name in the journal.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Planned => "planned",
            Self::Unverified => "unverified",
            Self::Failed => "failed",
            Self::Exhausted => "exhausted",
            Self::Denied => "denied",
            Self::Unusable => "unusable",
        }
    }

    /// The exit code that says the same.
    pub fn exit(self) -> u8 {
        match self {
            Self::Success | Self::Planned => 0,
            Self::Failed => 1,
            Self::Unverified => 3,
            Self::Exhausted => 4,
            Self::Denied => 5,
            Self::Unusable => 6,
        }
    }
}

impl std::fmt::Display for RunVerdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}
