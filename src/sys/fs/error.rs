//! What went wrong with which file.

use std::io;
use std::path::{Path, PathBuf};

/// A file operation that failed: what was tried, on which path, and why.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action} {}", path.display())]
pub struct FileError {
    pub action: &'static str,
    pub path: PathBuf,
    #[source]
    pub cause: Cause,
}

/// Why a file operation failed.
#[derive(Debug, thiserror::Error)]
pub enum Cause {
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The file is larger than the reader takes.
    #[error("it is larger than {cap} bytes")]
    TooLarge { cap: u64 },
    /// The file is not UTF-8 from byte `valid` on.
    #[error("it is not UTF-8 text (byte {valid})")]
    NotText { valid: usize },
    #[error("it is a folder")]
    IsFolder,
}

impl FileError {
    pub(super) fn new(action: &'static str, path: &Path, cause: impl Into<Cause>) -> Self {
        Self { action, path: path.to_path_buf(), cause: cause.into() }
    }

    /// For whoever writes to a file that this room opened.
    pub fn writing(path: &Path, error: io::Error) -> Self {
        Self::new("write", path, error)
    }

    /// Nothing is there, as opposed to something that cannot be used.
    pub fn is_not_found(&self) -> bool {
        self.kind() == Some(io::ErrorKind::NotFound)
    }

    pub fn is_already_there(&self) -> bool {
        self.kind() == Some(io::ErrorKind::AlreadyExists)
    }

    /// The system's error kind, if the system gave the error.
    pub fn kind(&self) -> Option<io::ErrorKind> {
        match &self.cause {
            Cause::Io(error) => Some(error.kind()),
            Cause::TooLarge { .. } | Cause::NotText { .. } | Cause::IsFolder => None,
        }
    }
}

/// Adds what was tried and on which path to an I/O result.
pub(super) trait At<T> {
    fn at(self, action: &'static str, path: &Path) -> Result<T, FileError>;
}

impl<T> At<T> for io::Result<T> {
    fn at(self, action: &'static str, path: &Path) -> Result<T, FileError> {
        self.map_err(|error| FileError::new(action, path, error))
    }
}
