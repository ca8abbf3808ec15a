//! Why a command could not be run. How a command that did run ended is [`End`](super::End), never an error.

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;

use crate::sys::fs::FileError;

#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    #[error("the command is empty")]
    Empty,
    /// No such program: in no folder of `path`, or, with a `/` in its name, not where it says.
    #[error("command not found: {}", program.display())]
    NotFound { program: OsString, path: Option<OsString> },
    #[error("{} is there but cannot be executed", path.display())]
    NotExecutable { path: PathBuf },
    #[error("cannot run {} in the folder {}", program.display(), cwd.display())]
    NoFolder {
        program: OsString,
        cwd: PathBuf,
        #[source]
        source: io::Error,
    },
    /// The kernel refused to start it: too long an argument list, a missing interpreter, no memory.
    #[error("cannot start {}", program.display())]
    NotStarted {
        program: OsString,
        #[source]
        source: io::Error,
    },
    /// The supervisor of a command died or stopped answering. What it left has been killed.
    #[error("the supervisor of {} was lost", program.display())]
    SupervisorLost {
        program: OsString,
        #[source]
        source: io::Error,
    },
    #[error("cannot start a supervisor from {}", program.display())]
    NoSupervisor {
        program: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("the supervisors have been shut down")]
    ShutDown,
    #[error(transparent)]
    File(#[from] FileError),
    #[error("cannot {action}")]
    System {
        action: &'static str,
        #[source]
        source: io::Error,
    },
    /// Processes of an earlier orchestra still hold the guard file.
    #[error("processes of an earlier run are still alive: {} is locked", path.display())]
    StillAlive { path: PathBuf },
}

impl ProcessError {
    pub(super) fn system(action: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::System { action, source }
    }
}
