//! Which run is meant: the one that was named, or the newest of this project.

use std::path::Path;

use super::args::RunsDir;
use super::error::CliError;
use super::session::Session;
use crate::config::Loaded;
use crate::store::{self, RunEntry};

/// The run that `given` names, by the beginning of its id, as `latest`, or by its folder; without a name the newest
/// of this project, which is said on stderr.
pub fn which(session: &Session, dir: &RunsDir, given: Option<&str>) -> Result<RunEntry, CliError> {
    let loaded = session.config_of_runs(dir)?;
    let runs = &loaded.config.runs.dir;
    if let Some(given) = given {
        return named(session, runs, given);
    }
    let newest = store::latest(runs, |entry| is_of_project(entry, &loaded))?;
    let Some(entry) = newest else {
        return Err(CliError::usage(format!("this project has no run yet in {}", runs.display()))
            .hint("`orchestra run TICKET` makes one; `-C DIR` or `--config FILE` names another project"));
    };
    session.console.note(&format!("run {}", entry.run));
    Ok(entry)
}

/// The run that `given` names, by the beginning of its id, as `latest`, or by its folder.
pub fn named(session: &Session, runs: &Path, given: &str) -> Result<RunEntry, CliError> {
    // A path begins where all other names do.
    let given =
        if given.contains('/') { session.folder.join(given).to_string_lossy().into_owned() } else { given.to_owned() };
    Ok(store::resolve(runs, &given)?)
}

/// Whether a run belongs to this project. One whose records cannot be read is counted in: it must not be hidden.
pub fn is_of_project(entry: &RunEntry, loaded: &Loaded) -> bool {
    entry.began.as_ref().is_none_or(|began| *began.project == *loaded.project_root.to_string_lossy())
}
