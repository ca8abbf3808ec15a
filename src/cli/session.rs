//! What every command has at hand: its flags, the environment, the console, the folder it works in.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::args::{Globals, RunsDir, Settings as _};
use super::error::CliError;
use super::trace::Trace;
use crate::config::{self, Dir, Ignored, Loaded, Sources, TO_TRUST};
use crate::console::{Console, Output};
use crate::sys::env::Env;
use crate::sys::{fs, machine, signal};

/// Threads beside the workers: those that write, draw, ask and wait for the disk.
const MORE_THREADS: usize = 4;
/// Files that a runtime has open, and a run before its first child.
const MORE_FILES: usize = 14;

/// One call of the program.
#[derive(Debug)]
pub struct Session {
    /// The flags that every command takes.
    pub globals: Globals,
    /// The environment as it was at the start.
    pub env: Env,
    /// The only way to say anything.
    pub console: Console,
    /// Where relative names begin: `-C`, else the folder it was started in. Absolute.
    pub folder: PathBuf,
    /// Diagnostics, which a run attaches to its directory.
    pub trace: Trace,
    answered: Cell<bool>,
    runs_dir: RefCell<Option<PathBuf>>,
}

impl Session {
    /// Finds out where we are and begins tracing.
    pub fn open(globals: Globals, env: Env, console: Console) -> Result<Self, CliError> {
        let folder = folder(globals.directory.as_deref())?;
        let trace = Trace::install(&globals, &env, &console)?;
        let (answered, runs_dir) = (Cell::new(false), RefCell::new(None));
        Ok(Self { globals, env, console, folder, trace, answered, runs_dir })
    }

    /// `path` as it is meant: relative to the folder we work in.
    pub fn path(&self, path: &Path) -> PathBuf {
        self.folder.join(path)
    }

    /// The configuration in force, with these settings of the command's own flags. What a discovered file said in vain
    /// is told.
    pub fn config(&self, settings: Vec<String>) -> Result<Loaded, CliError> {
        let loaded = self.config_quietly(settings)?;
        self.tell_ignored(&loaded);
        Ok(loaded)
    }

    /// The same for commands that only ask it where the runs are.
    pub fn config_quietly(&self, settings: Vec<String>) -> Result<Loaded, CliError> {
        self.config_of(self.globals.config.clone(), settings)
    }

    /// The same with the flag that says where the runs are; it is kept for what is to be typed next.
    pub fn config_of_runs(&self, dir: &RunsDir) -> Result<Loaded, CliError> {
        self.looks_in(dir);
        self.config_quietly(dir.settings())
    }

    /// The same from another file than the one `--config` names.
    pub fn config_of(&self, named: Option<PathBuf>, settings: Vec<String>) -> Result<Loaded, CliError> {
        let dir = match &self.globals.directory {
            Some(_) => Dir::Given(self.folder.clone()),
            None => Dir::Current(self.folder.clone()),
        };
        let sets = self.globals.set.iter().cloned().chain(settings).collect();
        Ok(config::load(&Sources { named, sets, dir, env: &self.env })?)
    }

    /// The same for commands that start nothing, but keep to limits: agents and checks do not matter to them.
    pub fn config_for_limits(&self, settings: Vec<String>) -> Result<Loaded, CliError> {
        let loaded = self.config_quietly(settings)?;
        self.tell(loaded.ignored.iter().filter(|ignored| ignored.key.starts_with("limits.")));
        Ok(loaded)
    }

    /// Says what a discovered project file said in vain.
    pub fn tell_ignored(&self, loaded: &Loaded) {
        self.tell(&loaded.ignored);
    }

    fn tell<'i>(&self, ignored: impl IntoIterator<Item = &'i Ignored>) {
        for ignored in ignored {
            let line = if ignored.line > 0 { format!(":{}", ignored.line) } else { String::new() };
            let place = format!("{}{line}", ignored.path.display());
            self.console.warn(&format!("{place}: {} ignored: {}; {TO_TRUST}", ignored.key, ignored.why));
        }
    }

    /// Keeps in mind that the runs are elsewhere: a command that is to be typed next must look there, too.
    pub fn looks_in(&self, dir: &RunsDir) {
        self.runs_dir.replace(dir.dir.clone());
    }

    /// The flags that led to this project and its runs, to be put behind a command that is to be typed next.
    pub fn called(&self) -> String {
        let runs = self.runs_dir.borrow();
        let flags = [("-C", &self.globals.directory), ("--config", &self.globals.config), ("--runs-dir", &runs)];
        let given =
            flags.iter().filter_map(|(flag, path)| path.as_ref().map(|path| format!(" {flag} {}", typed(path))));
        given.collect()
    }

    /// The same for a project in another folder than the one we work in.
    pub fn called_in(folder: &Path) -> String {
        format!(" -C {}", typed(folder))
    }

    /// Whether a person can be asked: neither forbidden, nor in CI, nor without a terminal on both ends.
    pub fn can_ask(&self) -> bool {
        !self.globals.no_input
            && self.env.get("CI").is_none()
            && rustix::termios::isatty(rustix::stdio::stdin())
            && rustix::termios::isatty(rustix::stdio::stderr())
    }

    /// The command's one JSON document on stdout, where stdout is for programs.
    pub fn document(&self, document: &impl Serialize) -> Result<(), CliError> {
        self.answered.set(true);
        let written = match self.console.output() {
            Output::Json => self.console.document(document),
            Output::Jsonl => self.console.json_line(document),
            Output::Text => Ok(()),
        };
        written.map_err(|error| CliError::internal(&error))
    }

    /// The same of a command whose words are JSON in any case, as under `--format json`.
    pub fn json(&self, document: &impl Serialize) -> Result<(), CliError> {
        self.answered.set(true);
        let written = match self.console.output() {
            Output::Json | Output::Text => self.console.document(document),
            Output::Jsonl => self.console.json_line(document),
        };
        written.map_err(|error| CliError::internal(&error))
    }

    /// The one object of a command whose stdout is for programs whatever was asked for, on a line of its own.
    pub fn answer(&self, answer: &impl Serialize) -> Result<(), CliError> {
        self.answered.set(true);
        self.console.json_line(answer).map_err(|error| CliError::internal(&error))
    }

    /// Whether stdout is for programs.
    pub fn is_for_programs(&self) -> bool {
        match self.console.output() {
            Output::Json | Output::Jsonl => true,
            Output::Text => false,
        }
    }

    /// Whether stdout has got its document: what fails after that is told on stderr alone.
    pub fn has_answered(&self) -> bool {
        self.answered.get()
    }

    /// Runs `work` on a runtime that is made for it and gone after it.
    pub fn block_on<W: Future>(&self, work: W) -> Result<W::Output, CliError> {
        let workers = machine::cpus().clamp(2, 8);
        // A runtime that cannot start its threads or open its files panics, or waits for ever.
        let short = |what| move |error| CliError::internal(&error).what_for(what);
        machine::try_files(MORE_FILES).map_err(short("cannot open the files that a run needs"))?;
        machine::try_threads(workers + MORE_THREADS).map_err(short("cannot start the threads that a run needs"))?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(workers)
            .enable_all()
            .build()
            .map_err(|error| CliError::internal(&error))?;
        let output = runtime.block_on(async {
            if let Err(error) = signal::survive_file_size_limit() {
                tracing::warn!(%error, "a limit on file sizes would end this process");
            }
            work.await
        });
        // What still blocks in a thread must not keep the process: its work has been judged.
        runtime.shutdown_background();
        // What is left to be said may meet a reader who does not read.
        if let Err(error) = signal::end_at_the_next() {
            tracing::warn!(%error, "no signal ends this process any more");
        }
        Ok(output)
    }
}

/// A path as a shell takes it.
fn typed(path: &Path) -> String {
    let path = crate::text::printable(&path.to_string_lossy(), 4096);
    let is_plain = |c: char| c.is_alphanumeric() || "/._-+,:@%".contains(c);
    if !path.is_empty() && path.chars().all(is_plain) { path } else { format!("'{}'", path.replace('\'', r"'\''")) }
}

fn folder(asked: Option<&Path>) -> Result<PathBuf, CliError> {
    let here = machine::current_dir().map_err(|error| {
        CliError::usage("the folder it was started in cannot be used").because(&error).hint("change to one that exists")
    })?;
    let Some(asked) = asked else { return Ok(here) };
    let folder = here.join(asked);
    let found = fs::canonical(&folder).map_err(|error| CliError::unreadable(&error).hint("-C takes a folder"))?;
    if found.is_dir() {
        Ok(found)
    } else {
        Err(CliError::usage(format!("{} is not a folder", folder.display())).hint("-C takes a folder"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_quoted_where_a_shell_would_split_it() {
        assert_eq!(typed(Path::new("a/b-c.yaml")), "a/b-c.yaml");
        assert_eq!(typed(Path::new("a b/it's")), r"'a b/it'\''s'");
    }
}
