//! What the faults of a run as a whole mean for a user.

use super::{CliError, Flaw};
use crate::cli::exit::Exit;
use crate::dispatch::{DispatchError, SurveyError};
use crate::store::StoreError;
use crate::sys::fs::FileError;

impl From<FileError> for CliError {
    fn from(error: FileError) -> Self {
        Self::unwritable(&error)
    }
}

impl From<SurveyError> for CliError {
    fn from(error: SurveyError) -> Self {
        match &error {
            SurveyError::Unfit(_) => {
                Self::of(Exit::State, &error).hint("without the change, `orchestra resume` goes on as it was")
            }
            SurveyError::NotAsked(_) => {
                Self::of(Exit::Usage, &error).hint("`orchestra resume --explain` shows what waits")
            }
            SurveyError::NotHeld(_) => Self::of(Exit::Usage, &error).hint(
                "`orchestra resume --explain` shows what waits; `--approve TASK` agrees to a task that was not interrupted",
            ),
            SurveyError::Encode(_) => Self::internal(&error),
        }
    }
}

impl From<DispatchError> for CliError {
    fn from(error: DispatchError) -> Self {
        match error {
            DispatchError::Store(error) => error.into(),
            DispatchError::Journal(error) => Self::from(StoreError::Failed(error)),
            DispatchError::Workspace(error) => error.into(),
            DispatchError::Verify(error) => error.into(),
            DispatchError::Process(error) => error.into(),
            DispatchError::Prompt(error) => error.into(),
            DispatchError::Agent(error) => error.into(),
            DispatchError::Survey(error) => error.into(),
            DispatchError::File(error) => error.into(),
            DispatchError::Record(error) => Self::unwritable(&error),
            DispatchError::NoAgent { .. } => Self::of(Exit::Usage, &error),
            DispatchError::Unsound(_) => {
                Self::of(Exit::State, &error).hint("bring the file back from a backup, or begin a new run")
            }
            DispatchError::MissingObject { .. } => {
                Self::of(Exit::State, &error).hint("what the run made was removed from its directory; begin a new run")
            }
            DispatchError::NoPlan => Self::of(Exit::State, &error).hint("begin a new run from the ticket"),
            DispatchError::Changed(changed) => {
                let flaws = changed.into_iter().map(|changed| Flaw {
                    path: format!("task {}", changed.task),
                    source: None,
                    line: None,
                    column: None,
                    message: format!("changed since it succeeded: {}", changed.cause),
                    hint: None,
                    excerpt: None,
                });
                Self::new(Exit::State, "what was changed would run finished tasks again")
                    .flaws(flaws.collect::<Vec<_>>())
                    .hint("undo the change, or pass --accept-changed to run them again")
            }
            DispatchError::Illegal(_) | DispatchError::Encode(_) | DispatchError::Panic(_) | DispatchError::Plan(_) => {
                Self::internal(&error)
            }
        }
    }
}
