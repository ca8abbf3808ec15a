//! The record of an apply under way: durable before the first file is touched, gone after the last.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::super::error::WorkspaceError;
use crate::ids::{ObjectId, RunId};
use crate::sys::fs;

const FORMAT: u32 = 1;
const LARGEST: u64 = 1 << 20;

/// Which files are to change follows from the two trees, both durable in the shadow repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Intent {
    pub(super) v: u32,
    pub(super) run: RunId,
    pub(super) project: PathBuf,
    /// The project as it was.
    pub(super) before: ObjectId,
    /// The project as it shall be.
    pub(super) after: ObjectId,
}

impl Intent {
    pub(super) fn new(run: &RunId, project: &Path, before: &ObjectId, after: &ObjectId) -> Self {
        Self {
            v: FORMAT,
            run: run.clone(),
            project: project.to_path_buf(),
            before: before.clone(),
            after: after.clone(),
        }
    }

    /// What an apply that was killed left.
    pub(super) fn read(path: &Path) -> Result<Option<Self>, WorkspaceError> {
        #[derive(Deserialize)]
        struct Version {
            v: u32,
        }
        if fs::kind(path)?.is_none() {
            return Ok(None);
        }
        let bytes = fs::read(path, LARGEST)?;
        let unreadable = |source| WorkspaceError::Intent { path: path.to_path_buf(), source };
        let Version { v } = serde_json::from_slice(&bytes).map_err(unreadable)?;
        if v > FORMAT {
            return Err(WorkspaceError::IntentTooNew { path: path.to_path_buf(), found: v });
        }
        serde_json::from_slice(&bytes).map(Some).map_err(unreadable)
    }

    pub(super) fn write(&self, path: &Path) -> Result<(), WorkspaceError> {
        let text =
            serde_json::to_vec(self).map_err(|source| WorkspaceError::Intent { path: path.to_path_buf(), source })?;
        Ok(fs::write_whole(path, &text)?)
    }

    pub(super) fn clear(path: &Path) -> Result<(), WorkspaceError> {
        fs::remove_file(path)?;
        Ok(fs::sync_dir(path.parent().unwrap_or(Path::new(".")))?)
    }
}
