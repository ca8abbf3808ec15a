//! The backups that `apply` left in git repositories for runs that go.

use std::collections::BTreeSet;
use std::path::PathBuf;

use tokio_util::sync::CancellationToken;

use super::choose::Found;
use crate::cli::error::CliError;
use crate::cli::session::Session;
use crate::event::Kind;
use crate::ids::RunId;
use crate::process::{Options, Supervisors};
use crate::store::{Reader, RunEntry};
use crate::sys::machine;
use crate::workspace::{Tools, backup_of, remove_backup};

/// One backup.
pub(super) struct Backup {
    pub(super) run: RunId,
    /// A folder in the repository.
    project: PathBuf,
    /// The ref.
    pub(super) name: String,
}

/// Those of these runs.
pub(super) fn of(session: &Session, runs: &[Found]) -> Result<Vec<Backup>, CliError> {
    let wanted: Vec<(RunId, PathBuf)> = runs
        .iter()
        .flat_map(|found| homes(&found.entry).into_iter().map(|home| (found.entry.run.clone(), home)))
        .collect();
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    with_git(session, async |tools| {
        let mut backups: Vec<Backup> = Vec::new();
        for (run, project) in wanted {
            if let Some(name) = backup_of(&project, &run, tools).await? {
                backups.push(Backup { run, project, name });
            }
        }
        Ok(backups)
    })
}

/// Removes them.
pub(super) fn remove(session: &Session, backups: &[Backup]) -> Result<(), CliError> {
    if backups.is_empty() {
        return Ok(());
    }
    with_git(session, async |tools| {
        for backup in backups {
            remove_backup(&backup.project, &backup.run, tools).await?;
        }
        Ok(())
    })
}

fn with_git<T>(session: &Session, work: impl AsyncFnOnce(&Tools) -> Result<T, CliError>) -> Result<T, CliError> {
    session.block_on(async {
        let program = machine::own_program().map_err(|error| CliError::internal(&error))?;
        let supervisors = Supervisors::start(Options { program, guard: None })?;
        let tools =
            Tools { supervisors: supervisors.clone(), env: session.env.clone(), cancel: CancellationToken::new() };
        let done = work(&tools).await;
        supervisors.shutdown().await;
        done
    })?
}

/// Where a run's change was brought, as far as it can be read.
fn homes(entry: &RunEntry) -> BTreeSet<PathBuf> {
    let events = Reader::open(&entry.dir.journal()).into_iter().flatten();
    let onto = |kind: Kind| match kind {
        Kind::ChangeApplied { onto } => Some(PathBuf::from(onto.path)),
        _ => None,
    };
    events.map_while(Result::ok).filter_map(|event| onto(event.kind)).filter(|path| path.is_absolute()).collect()
}
