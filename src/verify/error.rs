//! Why a check showed nothing.

use crate::ids::CheckName;
use crate::process::ProcessError;
use crate::workspace::WorkspaceError;

/// Why a check could not be run to its end. A check that failed is no error.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// We were told to stop; what it printed until then proves nothing.
    #[error("the check was cancelled")]
    Cancelled,
    /// A tree was given, but work happens in place, or the other way round.
    #[error("the check `{0}` has no folder to run in")]
    NoFolder(CheckName),
    /// The folder for it could not be made.
    #[error(transparent)]
    Workspace(WorkspaceError),
    /// The command could not be run, although its program is there.
    #[error("the check `{check}` could not be run")]
    Process {
        check: CheckName,
        #[source]
        source: ProcessError,
    },
}

impl From<WorkspaceError> for VerifyError {
    fn from(error: WorkspaceError) -> Self {
        match error {
            WorkspaceError::Cancelled => Self::Cancelled,
            other => Self::Workspace(other),
        }
    }
}
