//! Why the records of a run cannot be used or made. Every message names the path it is about.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::ids::RunId;
use crate::sys::fs::{Cause, FileError};
use crate::text::printable;
use crate::time::Timestamp;

/// What went wrong with a run directory.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process owns the run.
    #[error("{} is in use by {}", run.display(), who(*.pid, *.since))]
    Locked {
        /// The run directory.
        run: PathBuf,
        /// Its owner, if it had said by then.
        pid: Option<u32>,
        /// Since when.
        since: Option<Timestamp>,
    },
    /// A record before the last one is not what was written.
    #[error("{}, line {line}, is damaged", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: u64,
        /// What is wrong with it.
        #[source]
        why: Damage,
    },
    /// It was written by a later version of this program.
    #[error("{} has format {found}; this version reads up to format {supported}", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: u32,
        /// The newest format this build reads.
        supported: u32,
    },
    /// A journal without a single whole record.
    #[error("{} holds no whole record", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// A run directory lacks a file that every run has.
    #[error("{} is missing", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// A file of the run that is not JSON of the right shape.
    #[error("{} cannot be understood", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Where and why.
        #[source]
        why: serde_json::Error,
    },
    /// There is no run directory at this path.
    #[error("{} is not a run directory", path.display())]
    NotARun {
        /// What was looked at.
        path: PathBuf,
    },
    /// It was there, and was removed or moved away meanwhile.
    #[error("{} is gone: someone removed the run", run.display())]
    Gone {
        /// The run directory.
        run: PathBuf,
    },
    /// What is called `latest` is none of our links.
    #[error("{} is not a link, and is left as it is", path.display())]
    NotALink {
        /// What stands there.
        path: PathBuf,
    },
    /// The folder of all runs is something else.
    #[error("{} should be the folder for runs, but it is not a folder", path.display())]
    NotAFolder {
        /// What was looked at.
        path: PathBuf,
    },
    /// No run goes by this name.
    #[error("no run in {} begins with `{}`", runs.display(), printable(.given, 80))]
    NoSuchRun {
        /// The folder of all runs.
        runs: PathBuf,
        /// What was asked for.
        given: String,
        /// What was perhaps meant.
        nearest: Option<RunId>,
    },
    /// More than one run goes by this name.
    #[error("`{}` fits more than one run in {}: {}", printable(.given, 80), runs.display(), several(.candidates))]
    Ambiguous {
        /// The folder of all runs.
        runs: PathBuf,
        /// What was asked for.
        given: String,
        /// All that fit, newest first.
        candidates: Vec<RunId>,
    },
    /// The run's name is in use already.
    #[error("{} exists already", path.display())]
    Taken {
        /// The run directory.
        path: PathBuf,
    },
    /// A file of the run cannot be read.
    #[error(transparent)]
    Unreadable(FileError),
    /// A file of the run cannot be written.
    #[error(transparent)]
    Unwritable(FileError),
    /// The journal had failed before, for this reason; nothing is written after that.
    #[error(transparent)]
    Failed(Arc<StoreError>),
    /// Someone else shortened, lengthened or removed the journal under its writer.
    #[error("{} was changed by someone else while the run went on", path.display())]
    Meddled {
        /// The journal.
        path: PathBuf,
    },
    /// A kept file is gone, or is not what was kept.
    #[error("{} is no longer what a task left", path.display())]
    Altered {
        /// The file.
        path: PathBuf,
    },
    /// The thread that writes the journal panicked.
    #[error("the writer of {} panicked", path.display())]
    Panicked {
        /// The journal.
        path: PathBuf,
    },
    /// An event came out of its order.
    #[error("event {found} was to be appended to {} where {expected} is due", path.display())]
    OutOfOrder {
        /// The journal.
        path: PathBuf,
        /// The event's number.
        found: u64,
        /// The number that is due.
        expected: u64,
    },
    /// A value of ours has no JSON.
    #[error("cannot make JSON for {}", path.display())]
    Encode {
        /// The file it was meant for.
        path: PathBuf,
        /// Why.
        #[source]
        why: serde_json::Error,
    },
}

/// What is wrong with a record.
#[derive(Debug, thiserror::Error)]
pub enum Damage {
    /// The checksum at its end is missing, or is that of other bytes.
    #[error("its checksum does not match")]
    Checksum,
    /// A whole record is followed by something that is no line break.
    #[error("bytes follow the end of its record")]
    Trailing,
    /// Longer than any event.
    #[error("it is longer than {cap} bytes")]
    TooLong {
        /// The longest line that is read.
        cap: u64,
    },
    /// The checksum holds, but the content is no event of this format.
    #[error("it is no event of this format")]
    Content(#[source] serde_json::Error),
    /// A record is missing or doubled.
    #[error("it is event {found} where {expected} is due")]
    Sequence {
        /// As read.
        found: u64,
        /// One more than the line before.
        expected: u64,
    },
    /// A record of another run.
    #[error("it belongs to run {found}, not {expected}")]
    Run {
        /// As read.
        found: RunId,
        /// As in the first line.
        expected: RunId,
    },
}

/// What a [`StoreError`] means for the one who asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreErrorKind {
    /// A live process owns the run.
    Locked,
    /// The run's records cannot be used.
    Damaged,
    /// The run's records need a newer version of this program.
    Newer,
    /// There is no such run.
    NotFound,
    /// The run was removed meanwhile.
    Gone,
    /// The name fits several runs.
    Ambiguous,
    /// The run's records cannot be written.
    Unwritable,
    /// A fault of this program.
    Internal,
}

impl StoreError {
    /// What it means for the one who asked.
    pub fn kind(&self) -> StoreErrorKind {
        match self {
            Self::Locked { .. } => StoreErrorKind::Locked,
            Self::Newer { .. } => StoreErrorKind::Newer,
            Self::Gone { .. } => StoreErrorKind::Gone,
            Self::NotARun { .. } | Self::NoSuchRun { .. } => StoreErrorKind::NotFound,
            Self::Ambiguous { .. } => StoreErrorKind::Ambiguous,
            Self::Unreadable(error) if error.is_not_found() => StoreErrorKind::NotFound,
            Self::Damaged { .. }
            | Self::Empty { .. }
            | Self::Missing { .. }
            | Self::Malformed { .. }
            | Self::Meddled { .. }
            | Self::Altered { .. }
            | Self::Unreadable(_) => StoreErrorKind::Damaged,
            Self::NotAFolder { .. } | Self::NotALink { .. } | Self::Unwritable(_) | Self::Taken { .. } => {
                StoreErrorKind::Unwritable
            }
            Self::Failed(error) => error.kind(),
            Self::Panicked { .. } | Self::OutOfOrder { .. } | Self::Encode { .. } => StoreErrorKind::Internal,
        }
    }

    /// The system's own error, where it gave one: `raw_os_error` tells a full disk from a broken one.
    pub fn io(&self) -> Option<&io::Error> {
        match self {
            Self::Unreadable(FileError { cause: Cause::Io(error), .. })
            | Self::Unwritable(FileError { cause: Cause::Io(error), .. }) => Some(error),
            Self::Failed(error) => error.io(),
            Self::Unreadable(_)
            | Self::Unwritable(_)
            | Self::Locked { .. }
            | Self::Damaged { .. }
            | Self::Newer { .. }
            | Self::Empty { .. }
            | Self::Missing { .. }
            | Self::Malformed { .. }
            | Self::NotARun { .. }
            | Self::Gone { .. }
            | Self::NotALink { .. }
            | Self::NotAFolder { .. }
            | Self::NoSuchRun { .. }
            | Self::Ambiguous { .. }
            | Self::Taken { .. }
            | Self::Meddled { .. }
            | Self::Altered { .. }
            | Self::Panicked { .. }
            | Self::OutOfOrder { .. }
            | Self::Encode { .. } => None,
        }
    }

    pub(super) fn read(action: &'static str, path: &Path, error: io::Error) -> Self {
        Self::Unreadable(FileError { action, path: path.to_path_buf(), cause: Cause::Io(error) })
    }

    /// Why a file of a run could not be opened: a run that is no longer there is told from one that lacks a file.
    pub(super) fn opened(run: Option<&Path>, error: FileError) -> Self {
        match run {
            Some(run) if error.is_not_found() && !run.is_dir() => Self::Gone { run: run.to_path_buf() },
            Some(_) if error.is_not_found() => Self::Missing { path: error.path },
            Some(_) | None => Self::Unreadable(error),
        }
    }

    pub(super) fn write(action: &'static str, path: &Path, error: io::Error) -> Self {
        Self::Unwritable(FileError { action, path: path.to_path_buf(), cause: Cause::Io(error) })
    }
}

fn who(pid: Option<u32>, since: Option<Timestamp>) -> String {
    match (pid, since) {
        (Some(pid), Some(since)) => format!("process {pid}, since {since}"),
        (Some(pid), None) => format!("process {pid}"),
        (None, _) => "another process".to_owned(),
    }
}

fn several(candidates: &[RunId]) -> String {
    const SHOWN: usize = 5;
    let mut names: Vec<&str> = candidates.iter().take(SHOWN).map(RunId::as_str).collect();
    if candidates.len() > SHOWN {
        names.push("…");
    }
    names.join(", ")
}
