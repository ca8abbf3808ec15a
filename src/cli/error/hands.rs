//! What agents, workspaces and checks cannot do, and whose fault that is.

use super::{CliError, io};
use crate::agent::{AgentError, Fault};
use crate::cli::exit::Exit;
use crate::verify::VerifyError;
use crate::workspace::WorkspaceError;

impl From<AgentError> for CliError {
    fn from(error: AgentError) -> Self {
        let exit = match error.fault() {
            Fault::Config => Exit::Usage,
            Fault::Machine => Exit::Unusable,
        };
        let hint = error.hint();
        let found = Self::of(exit, &error);
        if hint.is_empty() { found } else { found.hint(hint) }
    }
}

impl From<WorkspaceError> for CliError {
    fn from(error: WorkspaceError) -> Self {
        let exit = match error {
            // The machine has to be mended before any work can be judged.
            WorkspaceError::GitMissing
            | WorkspaceError::GitTooOld { .. }
            | WorkspaceError::Setup { .. }
            | WorkspaceError::SetupNotStarted { .. } => Exit::Unusable,
            WorkspaceError::Bare(_)
            | WorkspaceError::Broken { .. }
            | WorkspaceError::NotInGit { .. }
            | WorkspaceError::NoRevision(_)
            | WorkspaceError::NestedRepository(_)
            | WorkspaceError::NoRules(_)
            | WorkspaceError::Copy { .. }
            | WorkspaceError::Glob(_) => Exit::Usage,
            WorkspaceError::NoShadow(_)
            | WorkspaceError::Replaced(_)
            | WorkspaceError::Intent { .. }
            | WorkspaceError::IntentTooNew { .. } => Exit::State,
            WorkspaceError::Git { .. }
            | WorkspaceError::NoRoom { .. }
            | WorkspaceError::File(_)
            | WorkspaceError::System { .. } => Exit::Records,
            WorkspaceError::Cancelled => Exit::Interrupt,
            WorkspaceError::Process(inner) => return inner.into(),
            WorkspaceError::Garbled { .. } | WorkspaceError::TooMuch { .. } | WorkspaceError::Thread(_) => {
                Exit::Internal
            }
        };
        let found = Self::of(exit, &error);
        let refused = (exit == Exit::Records).then(|| io::advice(&error)).flatten();
        match error.hint().or(refused) {
            Some(hint) => found.hint(hint),
            None => found,
        }
    }
}

impl From<VerifyError> for CliError {
    fn from(error: VerifyError) -> Self {
        match error {
            VerifyError::Cancelled => Self::of(Exit::Interrupt, &error),
            VerifyError::NoFolder(_) => Self::internal(&error),
            VerifyError::Workspace(inner) => inner.into(),
            VerifyError::Process { .. } => {
                Self::of(Exit::Unusable, &error).hint("see the check's `run` in the configuration")
            }
        }
    }
}
