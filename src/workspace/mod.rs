//! Where work happens. The run's shadow repository holds every tree and commit; workspaces are filled from it and taken
//! back to it; `apply` brings a result home.
//!
//! **Invariant**: nothing in a workspace is trusted. A `.git` in it is never read, no link in it is followed on removal,
//! no hook, filter, monitor or external diff runs, and every list of names is separated by NUL.
//!
//! Deliberately absent: `git worktree`, which would write to the user's `.git` and leave a `.git` file in the workspace
//! that an agent could point elsewhere.

mod apply;
mod diff;
mod environment;
mod error;
mod folders;
mod git;
mod ignores;
mod names;
mod options;
mod origin;
mod patch;
mod prepare;
mod project;
mod scope;
mod setup;
mod shadow;
mod snapshot;
mod sweep;
mod unfinished;

pub use apply::{Applied, ApplyOutcome, ApplyRequest, apply, backup_of, remove_backup, runs_by_itself, settle};
pub use diff::{Change, FileChange, FileStatus, Lines, PatchFile};
pub use environment::tool_environment;
pub use error::WorkspaceError;
pub use folders::Workspaces;
pub use git::{OLDEST_GIT, Tools, git_numbers};
pub use options::{Filled, Options, WorkspaceMode};
pub use origin::{orphans, workspaces_of};
pub use patch::{PatchMode, Patched, apply_patch};
pub use prepare::{Prepared, Space, prepare};
pub use scope::outside_scope;
pub use shadow::{NewCommit, Shadow};
pub use unfinished::remove_unfinished;

/// The project's own folder of this program: never part of a snapshot.
const OWN_FOLDER: &str = ".orchestra";
