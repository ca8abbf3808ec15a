//! Where an attempt works, and where it leaves its files: folders that were named, or temporary ones.

use std::path::PathBuf;

use tempfile::TempDir;

use crate::agent::AttemptFiles;
use crate::cli::args::AgentArgs;
use crate::cli::{CliError, Session};
use crate::message::TaskMessage;
use crate::sys::{fs, machine};

/// The folders of one attempt.
pub(super) struct Place {
    /// Its own files.
    pub files: AttemptFiles,
    /// What it leaves for others.
    pub artifacts: PathBuf,
    /// What others left for it.
    pub inputs: PathBuf,
    keeps_artifacts: bool,
    _temp: TempDir,
}

impl Place {
    /// Those that were named. Within an attempt of a run, artifacts go where that run collects them.
    pub(super) fn make(session: &Session, args: &AgentArgs) -> Result<Self, CliError> {
        let env = &session.env;
        let folder = env.get("TMPDIR").map_or_else(machine::temp_dir, PathBuf::from);
        let temp = fs::temp_dir_in(&folder).map_err(|error| CliError::unwritable(&error))?;
        let logs = args.logs.as_ref().map_or_else(|| temp.path().join("attempt"), |logs| session.path(logs));
        let named = args.artifacts.as_ref().map(|artifacts| session.path(artifacts));
        let named =
            named.or_else(|| env.get("ORCHESTRA_ARTIFACTS").map(PathBuf::from).filter(|path| path.is_absolute()));
        let keeps_artifacts = named.is_some();
        let artifacts = named.unwrap_or_else(|| temp.path().join("artifacts"));
        let given = args.inputs.as_ref().map(|inputs| session.path(inputs));
        let given = given.or_else(|| env.get("ORCHESTRA_INPUTS").map(PathBuf::from).filter(|path| path.is_absolute()));
        let inputs = given.unwrap_or_else(|| temp.path().join("inputs"));
        for folder in [&logs, &artifacts] {
            fs::create_dirs(folder).map_err(|error| CliError::unwritable(&error))?;
        }
        let files = AttemptFiles::new(logs);
        // What an earlier attempt left here is not this one's result.
        for file in [files.result(), files.stdout(), files.stderr()] {
            fs::remove_file(&file).map_err(|error| CliError::unwritable(&error))?;
        }
        Ok(Self { files, artifacts, inputs, keeps_artifacts, _temp: temp })
    }

    /// What the message points at and nobody brought: the agent has to do without.
    pub(super) fn absences(&self, message: &TaskMessage) -> Option<String> {
        let named = message.dependencies.iter().flat_map(|dependency| &dependency.artifacts);
        let absent = named.filter(|note| !matches!(fs::kind(&self.inputs.join(&note.path)), Ok(Some(_)))).count();
        let files = if absent == 1 { "a file".to_owned() } else { format!("{absent} files") };
        (absent > 0).then(|| {
            format!("the message names {files} of earlier tasks, and nothing is there; --inputs DIR says where to look")
        })
    }

    /// What is about to be lost, if anything is.
    pub(super) fn losses(&self) -> Option<String> {
        let left = fs::list(&self.artifacts).map_or(0, |left| left.len());
        let lost = if left == 1 { "a file that is".to_owned() } else { format!("{left} files that are") };
        (left > 0 && !self.keeps_artifacts)
            .then(|| format!("the agent left {lost} not kept; --artifacts DIR keeps such files"))
    }
}
