//! What the faults of a run directory mean for a user.

use super::{CliError, io};
use crate::cli::exit::Exit;
use crate::store::{StoreError, StoreErrorKind};

impl From<StoreError> for CliError {
    fn from(error: StoreError) -> Self {
        let found = Self::of(exit(&error), &error);
        match hint(&error) {
            Some(hint) => found.hint(hint),
            None => found,
        }
    }
}

fn exit(error: &StoreError) -> Exit {
    match error.kind() {
        StoreErrorKind::Locked | StoreErrorKind::Damaged | StoreErrorKind::Newer | StoreErrorKind::Gone => Exit::State,
        StoreErrorKind::NotFound | StoreErrorKind::Ambiguous => Exit::Usage,
        StoreErrorKind::Unwritable => Exit::Records,
        StoreErrorKind::Internal => Exit::Internal,
    }
}

fn hint(error: &StoreError) -> Option<String> {
    let hint = match error {
        StoreError::Locked { pid: Some(pid), .. } => {
            return Some(format!("wait until it has ended, or end it with `kill {pid}`"));
        }
        StoreError::NoSuchRun { nearest: Some(run), .. } => return Some(format!("did you mean `{run}`?")),
        StoreError::Failed(inner) => return hint(inner),
        StoreError::Locked { pid: None, .. } => "wait until it has ended",
        StoreError::Newer { .. } => "use the version of orchestra that wrote it, or a newer one",
        StoreError::Damaged { .. }
        | StoreError::Empty { .. }
        | StoreError::Missing { .. }
        | StoreError::Malformed { .. } => "bring the file back from a backup, or begin a new run",
        StoreError::Meddled { .. } => "find out which program wrote to it; begin a new run",
        StoreError::Altered { .. } => "put the file back as it was, or begin a new run",
        StoreError::NotALink { .. } => "move it away, and the next run makes the link",
        StoreError::NoSuchRun { nearest: None, .. } | StoreError::NotARun { .. } | StoreError::Gone { .. } => {
            "`orchestra runs list` shows the runs there are; `--runs-dir` looks elsewhere"
        }
        StoreError::Ambiguous { .. } => "type more of its id",
        StoreError::NotAFolder { .. } => "name another folder with `--runs-dir`",
        StoreError::Unwritable(_) => return io::advice(error).map(str::to_owned),
        StoreError::Unreadable(_) => "see that you may read it and the disk is sound; `--runs-dir` looks elsewhere",
        StoreError::Taken { .. }
        | StoreError::Panicked { .. }
        | StoreError::OutOfOrder { .. }
        | StoreError::Encode { .. } => return None,
    };
    Some(hint.to_owned())
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn a_run_in_use_names_its_process_and_ends_with_7() {
        let error = CliError::from(StoreError::Locked { run: PathBuf::from("runs/x"), pid: Some(42), since: None });
        assert_eq!(error.exit(), Exit::State);
        assert!(error.to_string().contains("process 42"), "{error}");
        assert_eq!(error.json()["error"]["hint"], "wait until it has ended, or end it with `kill 42`");
    }
}
