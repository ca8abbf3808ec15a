//! What the user may choose about workspaces.

use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Everything this room is told.
#[derive(Debug, Clone)]
pub struct Options {
    /// How workspaces are filled.
    pub mode: WorkspaceMode,
    /// Commands that make a fresh workspace fit for work, in order; no shell.
    pub setup: Vec<Vec<String>>,
    /// Files of the project, ignored by git, that workspaces need too.
    pub copy: Vec<String>,
    /// The user's folder; absolute, without links.
    pub project: PathBuf,
    /// Where workspaces live: never under the project, because tools search the folders above them.
    pub cache: PathBuf,
    /// Start from this commit instead of the files as they are.
    pub base_rev: Option<String>,
    /// Folders that are no part of the project even if they lie in it: where runs are kept.
    pub exclude: Vec<PathBuf>,
    /// Names of environment variables that set-up commands and checks get as well.
    pub pass_env: Vec<String>,
}

/// How workspaces are filled, as the user says it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum WorkspaceMode {
    /// From git where the project is in git, else by copying.
    #[default]
    Auto,
    /// From the project's git repository, files not committed included.
    Worktree,
    /// By copying the files that are not ignored; no repository is needed.
    Copy,
    /// No workspace: the project's own folder, without rollback and without proof.
    InPlace,
}

/// How workspaces are filled, as it was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filled {
    /// From the user's git repository.
    FromGit,
    /// By copying files.
    ByCopy,
}

impl Options {
    /// Those of `exclude` that lie in the project, relative to it.
    pub(super) fn excluded(&self) -> Vec<PathBuf> {
        let inside = |path: &PathBuf| path.strip_prefix(&self.project).ok().map(Path::to_path_buf);
        let mut paths: Vec<PathBuf> = self.exclude.iter().filter_map(inside).collect();
        paths.retain(|path| !path.as_os_str().is_empty());
        paths.push(PathBuf::from(super::OWN_FOLDER));
        paths
    }
}
