//! What can go wrong with workspaces, by what the user can do about it.

use std::path::PathBuf;

use crate::process::{End, ProcessError};
use crate::sys::fs::FileError;
use crate::text;

/// Why a workspace, a snapshot or a change could not be had.
#[derive(Debug, thiserror::Error)]
pub enum WorkspaceError {
    /// There is no `git` in `PATH`.
    #[error("git is not installed, or not in PATH")]
    GitMissing,
    /// Its merges in the object database came with 2.38.
    #[error("git {found} is too old; 2.38 or newer is needed")]
    GitTooOld { found: String },
    /// A git command failed.
    #[error("`git {command}` failed in {} ({}): {message}", dir.display(), ended(*.end))]
    Git { command: String, dir: PathBuf, end: End, message: String },
    /// A git command failed, and a disk that it writes to is full.
    #[error("`git {command}` found no room on the disk of {}: {message}", disk.display())]
    NoRoom {
        command: String,
        disk: PathBuf,
        message: String,
        #[source]
        source: std::io::Error,
    },
    /// A git command said something it never should.
    #[error("`git {command}` answered what cannot be understood")]
    Garbled { command: String },
    /// A git command said more than is kept.
    #[error("`git {command}` answered more than {cap} bytes")]
    TooMuch { command: String, cap: usize },
    /// The project has no working tree.
    #[error("{} is a bare git repository: there are no files to work on", .0.display())]
    Bare(PathBuf),
    /// The run's own repository is gone, or is none any more.
    #[error("the run's repository {} is missing or damaged", .0.display())]
    NoShadow(PathBuf),
    /// The project's repository cannot be asked.
    #[error("the git repository {} cannot be used", path.display())]
    Broken {
        path: PathBuf,
        #[source]
        source: Box<WorkspaceError>,
    },
    /// Mode `worktree` or a base revision was asked for outside git.
    #[error("{} is not in a git repository, and {what} needs one", path.display())]
    NotInGit { path: PathBuf, what: &'static str },
    /// The base revision does not exist.
    #[error("`{}` names no commit in this repository", text::printable(.0, 80))]
    NoRevision(String),
    /// Repositories inside the workspace cannot be part of a snapshot.
    #[error("a git repository inside the workspace cannot be part of the result: {}", names(.0))]
    NestedRepository(Vec<PathBuf>),
    /// Ignore rules that are no file: whoever reads a pipe waits for its writer, and git does.
    #[error("{} is a pipe, a socket or a device, and no list of what to ignore", text::printable(&.0.to_string_lossy(), 200))]
    NoRules(PathBuf),
    /// Someone put something else where the workspace was.
    #[error("{} is no longer a folder", .0.display())]
    Replaced(PathBuf),
    /// A set-up command failed.
    #[error("the set-up command `{command}` failed ({}){}", ended(*.end), after_newline(.tail))]
    Setup { command: String, end: End, tail: String },
    /// A set-up command could not be started.
    #[error("the set-up command `{command}` could not be started")]
    SetupNotStarted {
        command: String,
        #[source]
        source: ProcessError,
    },
    /// A file to copy into workspaces is missing, no plain file, or outside the project.
    #[error("cannot copy `{}` into the workspace: {why}", text::printable(.path, 80))]
    Copy { path: String, why: &'static str },
    /// A glob of a scope is malformed.
    #[error(transparent)]
    Glob(#[from] globset::Error),
    /// The record of a half-done apply cannot be read.
    #[error("{} cannot be read", path.display())]
    Intent {
        path: PathBuf,
        #[source]
        source: serde_json::Error,
    },
    /// A newer version left a half-done apply.
    #[error("{} was written by a newer version (format {found})", path.display())]
    IntentTooNew { path: PathBuf, found: u32 },
    /// We were told to stop.
    #[error("cancelled")]
    Cancelled,
    /// The file system refused.
    #[error(transparent)]
    File(#[from] FileError),
    /// A system call refused.
    #[error("cannot {action} {}", path.display())]
    System {
        action: &'static str,
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    /// A command could not be run at all.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// Our own code panicked in a thread.
    #[error("a worker thread was lost")]
    Thread(#[from] tokio::task::JoinError),
}

impl WorkspaceError {
    pub(super) fn system(action: &'static str, path: &std::path::Path, source: impl Into<std::io::Error>) -> Self {
        Self::System { action, path: path.to_path_buf(), source: source.into() }
    }

    /// The user's repository gave `error` instead of an answer; what is not the repository's fault stays as it is.
    pub(super) fn broken(path: &std::path::Path, error: Self) -> Self {
        match error {
            Self::Git { .. } => Self::Broken { path: path.to_path_buf(), source: Box::new(error) },
            other => other,
        }
    }

    /// What the user could do about it, where we know.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::GitMissing | Self::GitTooOld { .. } => {
                Some("install git 2.38 or newer; `workspace.mode: in-place` does without, and without rollback")
            }
            Self::NoShadow(_) => Some("what its tasks changed is in there: restore it, or start a new run"),
            Self::Broken { .. } => Some("mend it: `git status` and `git fsck` say more"),
            Self::NoRevision(_) => Some("`git log --oneline` shows the commits there are"),
            Self::Bare(_) => Some("point -C at a clone with files"),
            Self::NotInGit { .. } => Some("use `workspace.mode: auto` or `copy`"),
            Self::NestedRepository(_) => Some("remove the inner `.git`, or have it ignored"),
            Self::NoRules(_) => Some("remove it"),
            Self::Setup { .. } | Self::SetupNotStarted { .. } => Some("see `workspace.setup` in the configuration"),
            Self::Copy { .. } => Some("see `workspace.copy` in the configuration"),
            Self::IntentTooNew { .. } => Some("use the version of orchestra that began to apply"),
            Self::Intent { .. } => Some("look whether your files are as you want them, then remove that file"),
            Self::Git { .. }
            | Self::NoRoom { .. }
            | Self::Garbled { .. }
            | Self::TooMuch { .. }
            | Self::Replaced(_)
            | Self::Glob(_)
            | Self::Cancelled
            | Self::File(_)
            | Self::System { .. }
            | Self::Process(_)
            | Self::Thread(_) => None,
        }
    }
}

/// An end in words.
pub(super) fn ended(end: End) -> String {
    match end {
        End::Code(code) => format!("exit {code}"),
        End::Signal(signal) => signal.to_string(),
        End::TimedOut => "it took too long".into(),
        End::Stalled => "it was silent too long".into(),
        End::Cancelled => "it was cancelled".into(),
        End::OutputCap => "it printed too much".into(),
    }
}

fn names(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| text::printable(&path.to_string_lossy(), 120)).collect::<Vec<_>>().join(", ")
}

fn after_newline(tail: &str) -> String {
    if tail.is_empty() { String::new() } else { format!(":\n{tail}") }
}
