//! Why a model cannot be asked, found out before any request.

use std::path::PathBuf;

use super::http::{EndpointError, KeyError};
use super::recording::RecordingError;
use crate::ids::ModelName;
use crate::sys::fs::FileError;

/// Why a model cannot be asked.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// Its key is not there.
    #[error("the model `{model}` needs a key, and the environment variable `{variable}` is not set")]
    NoKey {
        /// Which model.
        model: ModelName,
        /// The variable that should hold the key.
        variable: String,
    },
    /// What is there is no key.
    #[error("the model `{model}` needs a key")]
    Key {
        /// Which model.
        model: ModelName,
        /// What is wrong with it, without what it is.
        #[source]
        source: KeyError,
    },
    /// Its settings do not fit together.
    #[error("the model `{model}` cannot be asked")]
    Endpoint {
        /// Which model.
        model: ModelName,
        /// Why.
        #[source]
        source: EndpointError,
    },
    /// There is nothing to answer from.
    #[error("the model `{model}` cannot answer from recordings")]
    Replay {
        /// Which model.
        model: ModelName,
        /// Why.
        #[source]
        source: RecordingError,
    },
    /// Nothing can be recorded.
    #[error("nothing can be recorded in {}", dir.display())]
    Record {
        /// The folder.
        dir: PathBuf,
        /// Why.
        #[source]
        source: FileError,
    },
}

/// Who has to mend it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blame {
    /// Whoever wrote the configuration.
    Config,
    /// Whoever keeps the keys.
    Keys,
    /// Whoever keeps the disk.
    Disk,
}

impl ModelError {
    /// Who has to mend it.
    pub fn blame(&self) -> Blame {
        match self {
            Self::NoKey { .. } | Self::Key { .. } => Blame::Keys,
            Self::Endpoint { .. } | Self::Replay { .. } => Blame::Config,
            Self::Record { .. } => Blame::Disk,
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> String {
        match self {
            Self::NoKey { model, variable } => format!(
                "set {variable} in the shell that calls orchestra, or name another variable under `api_key_env` of the \
                 model `{model}`"
            ),
            Self::Key { source, .. } => format!("set {} again, to the key alone", source.variable),
            Self::Endpoint { model, .. } => format!("mend `models.{model}` in the configuration"),
            Self::Replay { model, .. } => format!(
                "`models.{model}.replay.dir` must be a folder that `model.record` filled; it is relative to the file \
                 that sets it"
            ),
            Self::Record { .. } => "point `model.record` to a folder that you may write to, or leave it out".to_owned(),
        }
    }
}
