//! One check on one tree.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::error::VerifyError;
use super::missing;
use super::outcome::{Reader, Reading};
use crate::event::{CheckOutcome, CheckStatus, Ended};
use crate::ids::ObjectId;
use crate::plan::{Check, CheckKind};
use crate::policy::Limits;
use crate::process::{Command, End, Exit, ProcessError, Sink, Stdin};
use crate::text::{self, Redactor};
use crate::time::Span;
use crate::workspace::{Space, Tools, tool_environment};

/// The most of a check's log that is kept on disk, for whoever looks into the cache.
const LOG: u64 = 8 << 20;
/// Kept of each stream, to find what is missing and for the tail.
const KEPT: usize = 16 << 10;
/// The most of an outcome's tail.
const TAIL: usize = 2048;
/// Of that, the most that stderr takes where stdout has something to say as well.
const STDERR: usize = 700;

/// How checks are run.
#[derive(Debug, Clone)]
pub struct Options {
    /// For checks that bring no timeout of their own.
    pub timeout: Span,
    /// From TERM to KILL.
    pub grace: Duration,
    /// Names of environment variables that checks get besides the usual ones.
    pub pass_env: Vec<String>,
    /// Takes secrets out of what is kept of the output.
    pub redactor: Redactor,
}

/// Runs checks, each in a folder of its own for as long as it runs. Clones share the folders.
#[derive(Clone)]
pub struct Checker {
    options: Options,
    space: Space,
    tools: Tools,
    folders: Arc<Mutex<Folders>>,
}

/// Folders are used again, because what a build left in one makes the next check fast.
#[derive(Default)]
struct Folders {
    free: Vec<u32>,
    made: u32,
}

/// A folder's number, for the length of one check.
struct Turn<'a> {
    number: u32,
    folders: &'a Mutex<Folders>,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut folders = self.folders.lock().unwrap_or_else(PoisonError::into_inner);
        folders.free.push(self.number);
        // The lowest is taken first, so that one check after another stays in one folder.
        folders.free.sort_unstable_by(|a, b| b.cmp(a));
    }
}

/// Where a check runs and where its logs go.
struct Place {
    folder: PathBuf,
    logs: PathBuf,
}

impl Checker {
    /// `space` says where work happens; `tools` are what commands are run with.
    pub fn new(options: Options, space: &Space, tools: &Tools) -> Self {
        Self { options, space: space.clone(), tools: tools.clone(), folders: Arc::default() }
    }

    /// Runs a check on a tree, in a folder that holds exactly this tree and what earlier checks built. Without a tree: in the
    /// project's own folder, for work in place.
    pub async fn run(
        &self,
        check: &Check,
        tree: Option<&ObjectId>,
        cancel: &CancellationToken,
    ) -> Result<CheckOutcome, VerifyError> {
        if cancel.is_cancelled() {
            return Err(VerifyError::Cancelled);
        }
        match (&self.space, tree) {
            (Space::Isolated(workspaces), Some(tree)) => {
                let turn = self.turn();
                let folder = workspaces.checkout(turn.number, tree).await?;
                let logs = workspaces.log(&format!("check-{}", turn.number));
                self.run_in(check, &Place { folder, logs }, cancel).await
            }
            (Space::InPlace(project), None) => {
                let logs = tempfile::tempdir().map_err(|source| VerifyError::Process {
                    check: check.name.clone(),
                    source: ProcessError::System { action: "create a folder for logs", source },
                })?;
                let place = Place { folder: project.clone(), logs: logs.path().join("check.log") };
                self.run_in(check, &place, cancel).await
            }
            (Space::Isolated(_), None) | (Space::InPlace(_), Some(_)) => Err(VerifyError::NoFolder(check.name.clone())),
        }
    }

    fn turn(&self) -> Turn<'_> {
        let mut folders = self.folders.lock().unwrap_or_else(PoisonError::into_inner);
        let number = folders.free.pop().unwrap_or_else(|| {
            folders.made += 1;
            folders.made
        });
        Turn { number, folders: &self.folders }
    }

    async fn run_in(
        &self,
        check: &Check,
        place: &Place,
        cancel: &CancellationToken,
    ) -> Result<CheckOutcome, VerifyError> {
        // Bounded: a flood of lines is dropped, never kept. What decides, the exit, is not among them.
        let (sender, mut lines) = mpsc::channel::<Vec<u8>>(8192);
        let command = self.command(check, place, &sender);
        drop(sender);
        let read = async {
            let mut reader = Reader::default();
            while let Some(line) = lines.recv().await {
                reader.line(&String::from_utf8_lossy(&line));
            }
            reader.finish()
        };
        let (exit, reading) = tokio::join!(self.tools.supervisors.run(command, cancel), read);
        match exit {
            Ok(exit) => self.outcome(check, &exit, reading),
            Err(error @ (ProcessError::NotFound { .. } | ProcessError::NotExecutable { .. })) => Ok(CheckOutcome {
                status: CheckStatus::Missing,
                exit: None,
                ms: 0,
                failing: None,
                tests: None,
                tail: text::clean(&error.to_string()).into_owned(),
            }),
            Err(source) => Err(VerifyError::Process { check: check.name.clone(), source }),
        }
    }

    fn command(&self, check: &Check, place: &Place, lines: &mpsc::Sender<Vec<u8>>) -> Command {
        let log = |stream: &str| Sink::File {
            path: place.logs.with_extension(stream),
            cap: LOG,
            tail: KEPT,
            lines: Some(lines.clone()),
        };
        // A compiler may well be silent as long as it runs.
        let wall = check.timeout.unwrap_or(self.options.timeout).as_duration();
        Command {
            argv: check.run.iter().map(OsString::from).collect(),
            env: self.environment(&place.folder),
            cwd: place.folder.clone(),
            stdin: Stdin::Null,
            stdout: log("stdout"),
            stderr: log("stderr"),
            limits: Limits { wall, idle: wall, grace: self.options.grace, ..Limits::default() },
        }
    }

    fn environment(&self, folder: &Path) -> std::collections::BTreeMap<OsString, OsString> {
        tool_environment(&self.tools.env, &self.options.pass_env, folder)
    }

    fn outcome(&self, check: &Check, exit: &Exit, reading: Reading) -> Result<CheckOutcome, VerifyError> {
        let ended = match exit.end {
            End::Code(code) => Ended::Code(code),
            End::Signal(signal) => Ended::Signal(signal.number),
            End::TimedOut => Ended::TimedOut,
            // Printing without end is a way of never ending.
            End::Stalled | End::OutputCap => Ended::Stalled,
            End::Cancelled => return Err(VerifyError::Cancelled),
        };
        let out = String::from_utf8_lossy(&exit.stdout.bytes);
        let err = String::from_utf8_lossy(&exit.stderr.bytes);
        Ok(CheckOutcome {
            status: status(check.kind, ended, &reading, &[&out, &err]),
            exit: Some(ended),
            ms: Span::from(exit.wall).as_millis(),
            failing: reading.failing,
            tests: reading.tests,
            tail: self.tail(&out, &err),
        })
    }

    /// The end of both streams: what a test runner says is on the first, what a compiler says on the second.
    fn tail(&self, out: &str, err: &str) -> String {
        let clean = |text: &str| {
            let plain = super::outcome::without_colours(text);
            text::clean(self.options.redactor.text(plain.trim()).trim()).into_owned()
        };
        let (out, err) = (clean(out), clean(err));
        let err = text::tail(&err, if out.is_empty() { TAIL } else { STDERR });
        let gap = if out.is_empty() || err.is_empty() { "" } else { "\n" };
        let out = text::tail(&out, TAIL - err.len() - gap.len());
        format!("{out}{gap}{err}")
    }
}

/// The colour of an end. Text alone never makes one green.
fn status(kind: CheckKind, ended: Ended, reading: &Reading, said: &[&str]) -> CheckStatus {
    match (ended, kind) {
        (Ended::Code(0), CheckKind::Suite) if reading.ran_nothing() => CheckStatus::Empty,
        (Ended::Code(0), CheckKind::Suite | CheckKind::Build) => CheckStatus::Green,
        (Ended::Code(_), CheckKind::Suite) if reading.says_empty() => CheckStatus::Empty,
        (Ended::Code(code), _) if missing::is_missing(code, said) => CheckStatus::Missing,
        (Ended::Code(_) | Ended::Signal(_) | Ended::TimedOut | Ended::Stalled | Ended::Cancelled, _) => {
            CheckStatus::Red
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(kind: CheckKind, code: i32, said: &str) -> CheckStatus {
        let mut reader = Reader::default();
        said.lines().for_each(|line| reader.line(line));
        status(kind, Ended::Code(code), &reader.finish(), &[said, ""])
    }

    #[test]
    fn exit_zero_with_tests_is_green_and_without_tests_is_empty() {
        let one = "test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out";
        let none = "running 0 tests\ntest result: ok. 0 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out";
        assert_eq!(of(CheckKind::Suite, 0, one), CheckStatus::Green);
        assert_eq!(of(CheckKind::Suite, 0, none), CheckStatus::Empty);
        assert_eq!(of(CheckKind::Suite, 0, "all fine"), CheckStatus::Green);
        assert_eq!(of(CheckKind::Build, 0, none), CheckStatus::Green);
        assert_eq!(of(CheckKind::Suite, 5, "no tests ran in 0.01s"), CheckStatus::Empty);
        assert_eq!(of(CheckKind::Suite, 1, "1 failed in 0.01s"), CheckStatus::Red);
    }

    #[test]
    fn a_missing_tool_is_not_a_failed_test() {
        assert_eq!(of(CheckKind::Suite, 127, "sh: 1: jest: not found"), CheckStatus::Missing);
        assert_eq!(of(CheckKind::Suite, 1, "/usr/bin/python3: No module named pytest"), CheckStatus::Missing);
        assert_eq!(of(CheckKind::Build, 101, "error: no such command: `nextest`"), CheckStatus::Missing);
        assert_eq!(of(CheckKind::Suite, 0, "No module named pytest"), CheckStatus::Green);
    }

    #[test]
    fn what_we_ended_is_red_whatever_it_said() {
        let reading = Reader::default().finish();
        assert_eq!(status(CheckKind::Suite, Ended::TimedOut, &reading, &["ok"]), CheckStatus::Red);
        assert_eq!(status(CheckKind::Suite, Ended::Signal(11), &reading, &["ok"]), CheckStatus::Red);
    }
}
