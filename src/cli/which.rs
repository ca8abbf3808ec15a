//! Which run is meant: the one that was named, or the newest of this project that fits.

use std::path::PathBuf;

use super::args::RunsDir;
use super::error::CliError;
use super::session::Session;
use crate::config::Loaded;
use crate::store::{self, RunEntry};

/// What is asked of a run that nobody named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fitting {
    /// The newest, however it stands.
    Any,
    /// The newest that `resume` has something to do for.
    Unfinished,
}

impl Fitting {
    fn fits(self, entry: &RunEntry) -> bool {
        match self {
            Self::Any => true,
            Self::Unfinished => entry.standing.is_unfinished(),
        }
    }
}

/// The run that `given` names, by the beginning of its id, as `latest`, or by its folder; without a name the newest
/// fitting one of this project, which is said on stderr.
pub fn which(session: &Session, dir: &RunsDir, given: Option<&str>, fitting: Fitting) -> Result<RunEntry, CliError> {
    let loaded = session.config_of_runs(dir)?;
    let runs = &loaded.config.runs.dir;
    if let Some(given) = given {
        // A path begins where all other names do.
        let path: PathBuf = session.folder.join(given);
        let given = if given.contains('/') { path.to_string_lossy().into_owned() } else { given.to_owned() };
        return Ok(store::resolve(runs, &given)?);
    }
    let newest = store::latest(runs, |entry| is_of_project(entry, &loaded) && fitting.fits(entry))?;
    let Some(entry) = newest else {
        let what = match fitting {
            Fitting::Any => "this project has no run yet",
            Fitting::Unfinished => "this project has no unfinished run",
        };
        let hint = match fitting {
            Fitting::Any => "`orchestra run TICKET` makes one; `-C DIR` or `--config FILE` names another project",
            Fitting::Unfinished => "`orchestra runs list` shows all runs; a finished one can be named",
        };
        return Err(CliError::usage(format!("{what} in {}", runs.display())).hint(hint));
    };
    session.console.note(&format!("run {}", entry.run));
    Ok(entry)
}

/// Whether a run belongs to this project. One whose records cannot be read is counted in: it must not be hidden.
pub fn is_of_project(entry: &RunEntry, loaded: &Loaded) -> bool {
    entry.began.as_ref().is_none_or(|began| *began.project == *loaded.project_root.to_string_lossy())
}
