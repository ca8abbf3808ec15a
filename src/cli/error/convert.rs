//! From each room's error to what a user is told: which exit code, and which advice.

use super::{CliError, Flaw, io};
use crate::cli::exit::Exit;
use crate::plan::{Fault, Faults};
use crate::planner::{FactsError, PlannerError};
use crate::process::ProcessError;
use crate::prompt::PromptError;
use crate::repo::RepoError;
use crate::sys::fs::{Cause, FileError};
use crate::ticket::TicketError;

impl CliError {
    /// A file the user named cannot be read.
    pub fn unreadable(error: &FileError) -> Self {
        let found = Self::of(Exit::Usage, error);
        match &error.cause {
            Cause::IsFolder => found.hint("name a file in it"),
            Cause::NotText { .. } => found.hint("save it as UTF-8, for example with `iconv -t UTF-8`"),
            Cause::Io(_) if error.is_not_found() => found.hint("check its name and the folder it is looked for in"),
            Cause::Io(_) => found.hint("check that it is what was meant, and that you may read it"),
            Cause::TooLarge { .. } => found,
        }
    }

    /// A file that we make cannot be written.
    pub fn unwritable(error: &FileError) -> Self {
        let advice = io::advice(error);
        let found = Self::of(Exit::Records, error);
        advice.into_iter().fold(found, Self::hint)
    }

    /// A plan, called `name`, that was refused.
    pub fn refused_plan(name: &str, faults: &Faults) -> Self {
        let count = faults.as_slice().len();
        let found = if count == 1 { "a fault".to_owned() } else { format!("{count} faults") };
        Self::usage(format!("the plan {name} has {found}"))
            .flaws(faults.as_slice().iter().map(Flaw::from))
            .hint("mend the places that are named; `orchestra plan check FILE` looks again")
    }
}

impl From<&Fault> for Flaw {
    fn from(fault: &Fault) -> Self {
        Self {
            path: fault.path.clone(),
            source: None,
            line: fault.place.map(|place| place.line.into()),
            column: fault.place.map(|place| place.column.into()),
            message: fault.message.clone(),
            hint: fault.hint.clone(),
            excerpt: None,
        }
    }
}

impl From<TicketError> for CliError {
    fn from(error: TicketError) -> Self {
        Self::of(Exit::Usage, &error).hint(error.hint())
    }
}

impl From<PlannerError> for CliError {
    fn from(error: PlannerError) -> Self {
        match &error {
            PlannerError::Engine { .. } => Self::internal(&error),
            PlannerError::Refused { source, .. } => {
                Self::usage(error.to_string()).flaws(source.as_slice().iter().map(Flaw::from))
            }
            PlannerError::Syntax { .. } | PlannerError::Unsound { .. } | PlannerError::Text { .. } => {
                Self::of(Exit::Usage, &error)
            }
        }
    }
}

impl From<PromptError> for CliError {
    fn from(error: PromptError) -> Self {
        match &error {
            PromptError::Engine { .. } => Self::internal(&error),
            PromptError::Syntax { .. }
            | PromptError::Unknown { .. }
            | PromptError::Example { .. }
            | PromptError::Render { .. } => Self::of(Exit::Usage, &error),
            PromptError::NoSuchFile { .. } => {
                let names: Vec<&str> = crate::prompt::Templates::names().collect();
                Self::of(Exit::Usage, &error).hint(format!("prompts are made from: {}", names.join(", ")))
            }
        }
    }
}

impl From<FactsError> for CliError {
    fn from(error: FactsError) -> Self {
        match error {
            FactsError::Repo(error) => error.into(),
            FactsError::TooMuch { .. } => Self::of(Exit::Usage, &error).hint("name fewer files, or shorter ones"),
            FactsError::Secret { .. } => {
                Self::of(Exit::Usage, &error).hint("copy what of it may be known into another file")
            }
        }
    }
}

impl From<RepoError> for CliError {
    fn from(error: RepoError) -> Self {
        match &error {
            RepoError::NotAFolder(_) => Self::of(Exit::Usage, &error).hint("name the project's folder with `-C DIR`"),
            RepoError::Walk { .. } | RepoError::Manifest(_) => Self::of(Exit::Usage, &error),
            RepoError::Name(_) => Self::internal(&error),
        }
    }
}

impl From<ProcessError> for CliError {
    fn from(error: ProcessError) -> Self {
        let exit = match &error {
            ProcessError::Empty => Exit::Usage,
            ProcessError::NotFound { .. }
            | ProcessError::NotExecutable { .. }
            | ProcessError::NoFolder { .. }
            | ProcessError::NotStarted { .. }
            | ProcessError::SupervisorLost { .. } => Exit::Unusable,
            ProcessError::StillAlive { .. } => Exit::State,
            ProcessError::File(_) => Exit::Records,
            ProcessError::NoSupervisor { .. } | ProcessError::ShutDown | ProcessError::System { .. } => Exit::Internal,
        };
        if let ProcessError::File(error) = &error {
            return Self::unwritable(error);
        }
        let found = Self::of(exit, &error);
        match &error {
            ProcessError::NotFound { .. } => found.hint("install it, or put its folder into PATH"),
            ProcessError::StillAlive { .. } => found.hint("wait a moment: they are being ended; then try again"),
            ProcessError::Empty
            | ProcessError::NotExecutable { .. }
            | ProcessError::NoFolder { .. }
            | ProcessError::NotStarted { .. }
            | ProcessError::SupervisorLost { .. }
            | ProcessError::NoSupervisor { .. }
            | ProcessError::ShutDown
            | ProcessError::File(_)
            | ProcessError::System { .. } => found,
        }
    }
}
