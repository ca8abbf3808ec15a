//! Why a run could not go on; which exit code follows is the caller's.

use std::path::PathBuf;
use std::sync::Arc;

use crate::agent::AgentError;
use crate::ids::ObjectId;
use crate::plan::{Faults, Role};
use crate::process::ProcessError;
use crate::prompt::PromptError;
use crate::run::Illegal;
use crate::store::StoreError;
use crate::verify::VerifyError;
use crate::workspace::WorkspaceError;

/// What stopped the dispatcher itself, as opposed to a task.
#[derive(Debug, thiserror::Error)]
pub enum DispatchError {
    /// The journal or the run directory.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The journal's committer failed while the run went on.
    #[error("the journal can no longer be written")]
    Journal(#[source] Arc<StoreError>),
    /// A folder, a tree or git.
    #[error(transparent)]
    Workspace(#[from] WorkspaceError),
    /// A check could not be run at all.
    #[error(transparent)]
    Verify(#[from] VerifyError),
    /// The supervisors.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// A prompt could not be made.
    #[error(transparent)]
    Prompt(#[from] PromptError),
    /// The agents could not be made.
    #[error(transparent)]
    Agent(#[from] AgentError),
    /// No agent does this kind of work.
    #[error("no agent is configured for {role} tasks")]
    NoAgent { role: Role },
    /// Work that the journal names is gone.
    #[error("object {object} is missing from {}", .path.display())]
    MissingObject { object: ObjectId, path: PathBuf },
    /// What is asked of a resume does not fit the run.
    #[error(transparent)]
    Survey(#[from] super::SurveyError),
    /// The plan became unsound with its base written into it: our own fault.
    #[error("internal error: {0}")]
    Plan(#[from] Faults),
    /// There is no plan, and none can be made without a model.
    #[error("the run has no plan")]
    NoPlan,
    /// We were about to write an event that cannot follow: our own fault.
    #[error("internal error: {0}")]
    Illegal(#[from] Illegal),
    /// A stored journal holds an event that cannot follow: damage, or another program's work.
    #[error("the journal cannot be followed: {0}")]
    Unsound(#[source] Illegal),
    /// A value could not be turned into JSON: our own fault.
    #[error("internal error: a value has no JSON")]
    Encode(#[from] serde_json::Error),
    /// A worker panicked: our own fault.
    #[error("internal error: a worker panicked: {0}")]
    Panic(String),
    /// What a resume would change touches finished work.
    #[error("the plan or the config was changed in a way that would run finished tasks again")]
    Changed(Vec<super::Changed>),
    /// A file in the run directory could not be read or written.
    #[error(transparent)]
    File(#[from] crate::sys::fs::FileError),
    /// What an attempt leaves in the run directory could not be written.
    #[error(transparent)]
    Record(Arc<crate::sys::fs::FileError>),
}
