//! Why a project cannot be looked at.

use std::path::PathBuf;

use crate::ids::InvalidId;
use crate::sys::fs::FileError;

/// A project that cannot be looked at.
#[derive(Debug, thiserror::Error)]
pub enum RepoError {
    /// The root is missing or no folder.
    #[error("{}: is not a folder", .0.display())]
    NotAFolder(PathBuf),
    /// The root cannot be walked.
    #[error("{}: cannot be walked", .root.display())]
    Walk {
        /// The project's root.
        root: PathBuf,
        /// What the walker said.
        #[source]
        source: ignore::Error,
    },
    /// A file that decides what the project is cannot be read.
    #[error("the project cannot be recognised")]
    Manifest(#[from] FileError),
    /// A detected check got a name that is none.
    #[error("a detected check has no usable name")]
    Name(#[from] InvalidId),
}
