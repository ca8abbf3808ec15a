//! Runs of ours: their configuration, their projects, and what they leave.

use std::error::Error;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::programs::Programs;

/// What an event survives before its effect happens: `journal.sync`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sync {
    Power,
    Process,
}

impl Sync {
    pub fn name(self) -> &'static str {
        match self {
            Self::Power => "power",
            Self::Process => "process",
        }
    }
}

/// How a run is set up.
#[derive(Debug, Clone)]
pub struct Setup {
    /// The agent's program and its arguments.
    pub argv: Vec<String>,
    pub sync: Sync,
    /// After so many launches it ends.
    pub launches: usize,
}

impl Setup {
    /// An agent without arguments, and no limit that matters.
    pub fn of(program: &Path, sync: Sync) -> Self {
        Self { argv: vec![program.display().to_string()], sync, launches: 1_000_000 }
    }

    fn yaml(&self) -> String {
        let argv: Vec<String> = self.argv.iter().map(|arg| format!("{arg:?}")).collect();
        format!(
            "version: 1\n\
             agents: {{it: {{command: {{argv: [{}], parser: text}}}}}}\n\
             roles: {{implement: it}}\n\
             workspace: {{mode: in-place}}\n\
             verify: {{unchecked: allow}}\n\
             journal: {{sync: {}}}\n\
             limits: {{launches: {}, plan_tasks: 1000000, plan_bytes: 1000000000}}\n",
            argv.join(", "),
            self.sync.name(),
            self.launches
        )
    }
}

/// A folder for one run, with its configuration beside the plan.
#[derive(Debug)]
pub struct Project {
    folder: PathBuf,
}

impl Project {
    pub fn new(programs: &Programs, setup: &Setup) -> Result<Self, Box<dyn Error>> {
        let project = Self { folder: programs.new_folder()? };
        std::fs::write(project.config(), setup.yaml())?;
        Ok(project)
    }

    fn config(&self) -> PathBuf {
        self.folder.join("settings.yaml")
    }

    /// A run of `plan`.
    pub fn run(&self, programs: &Programs, plan: &Path, jobs: usize) -> Command {
        let mut command = programs.orchestra();
        command.current_dir(&self.folder).args(["run", "--quiet", "--jobs", &jobs.to_string(), "--plan"]);
        command.arg(plan).arg("--config").arg(self.config()).arg("-C").arg(&self.folder);
        command
    }

    /// Goes on with that run.
    pub fn resume(&self, programs: &Programs) -> Command {
        let mut command = programs.orchestra();
        command.current_dir(&self.folder).args([OsStr::new("resume"), "--quiet".as_ref(), "-C".as_ref()]);
        command.arg(&self.folder);
        command
    }

    /// The journal of its run.
    pub fn journal(&self) -> PathBuf {
        self.folder.join("runs/latest/events.jsonl")
    }
}
