//! How a run stands: what its journal says, and whether a process still holds its lock.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{DiffStat, Summary};
use crate::event::{RunVerdict, StopCause};

/// Whether a process works on the run: only the lock can tell, never the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Liveness {
    /// Its lock is held.
    Live,
    /// Nobody holds its lock.
    Gone,
}

/// What a report needs beyond the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// Whether a process works on the run.
    pub liveness: Liveness,
    /// What the change does to each file, where there are trees to compare.
    pub diff: Option<DiffStat>,
    /// The flags that led to this project, as in ` --config FILE`: what is to be typed next needs them too.
    pub called: String,
}

/// How a run stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// A process works on it.
    Running,
    /// Its process is gone without a word.
    Interrupted,
    /// It ended before it was finished.
    Stopped(StopCause),
    /// It is finished.
    Finished(RunVerdict),
}

/// How a run stands, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
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
    /// It ended before it was finished.
    Stopped,
    /// Its process is gone without a word.
    Interrupted,
    /// A process works on it.
    Running,
}

impl Outcome {
    /// Its name in the report.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Planned => "planned",
            Self::Unverified => "unverified",
            Self::Failed => "failed",
            Self::Exhausted => "exhausted",
            Self::Denied => "denied",
            Self::Unusable => "unusable",
            Self::Stopped => "stopped",
            Self::Interrupted => "interrupted",
            Self::Running => "running",
        }
    }
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

impl Standing {
    /// The same in one word.
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::Running => Outcome::Running,
            Self::Interrupted => Outcome::Interrupted,
            Self::Stopped(_) => Outcome::Stopped,
            Self::Finished(verdict) => match verdict {
                RunVerdict::Success => Outcome::Success,
                RunVerdict::Planned => Outcome::Planned,
                RunVerdict::Unverified => Outcome::Unverified,
                RunVerdict::Failed => Outcome::Failed,
                RunVerdict::Exhausted => Outcome::Exhausted,
                RunVerdict::Denied => Outcome::Denied,
                RunVerdict::Unusable => Outcome::Unusable,
            },
        }
    }
}

impl Summary {
    /// How the run stands. A journal that ends in `run.finished` or `run.stopped` needs no lock to tell.
    pub fn standing(&self, liveness: Liveness) -> Standing {
        match (&self.finished, &self.stopped, liveness) {
            (Some((verdict, _)), _, _) => Standing::Finished(*verdict),
            (None, Some(cause), _) => Standing::Stopped(cause.clone()),
            (None, None, Liveness::Live) => Standing::Running,
            (None, None, Liveness::Gone) => Standing::Interrupted,
        }
    }

    /// The exit code that the run ended, or stopped, with. None while it runs, and after a kill.
    pub fn exit_code(&self) -> Option<u8> {
        match (&self.finished, &self.stopped) {
            (Some((_, exit)), _) => Some(*exit),
            (None, Some(cause)) => Some(cause.exit()),
            (None, None) => None,
        }
    }
}
