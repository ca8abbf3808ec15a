//! `bash`: a command in a shell, under a supervisor like every process, so that nothing of it stays alive.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::mpsc;

use super::kit::{Given, Kit, Told};
use super::shown::{head, joined, tail};
use crate::agent::command::{MAX_ARGUMENT, Temps, environment, not_run};
use crate::agent::job::Link;
use crate::agent::roster::Context;
use crate::agent::spec::{ChatSpec, CommandSpec};
use crate::event::{Failure, Straggler};
use crate::model::Delta;
use crate::policy::Limits;
use crate::process::{self, Command, End, Exit, ProcessError, Sink, Stdin, Stopwatch, Supervisors};
use crate::sys::env::Env;
use crate::sys::fs::{self, FileError};
use crate::sys::machine;
use crate::text;

/// The file that takes the beginning of what a command prints.
const OUTPUT: &str = "output";
/// Lines waiting to be shown.
const LINES: usize = 256;
/// Processes that are named in the end.
const NAMED: usize = 5;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    command: String,
    #[serde(default)]
    timeout_seconds: Option<u64>,
}

pub(super) fn parameters() -> Value {
    json!({
        "type": "object",
        "properties": {
            "command": {"type": "string"},
            "timeout_seconds": {"type": "integer", "minimum": 1, "description": "ended after so long; what is usual if left out"},
        },
        "required": ["command"],
        "additionalProperties": false,
    })
}

/// The shell of an agent.
pub(in crate::agent::chat) struct Shell {
    program: PathBuf,
    supervisors: Supervisors,
    env: Env,
    /// What its commands see of the environment.
    sees: CommandSpec,
    timeout: Duration,
    temps: Temps,
}

impl Shell {
    /// Finds bash, or else sh.
    pub(in crate::agent::chat) fn find(spec: &ChatSpec, context: &Context) -> Result<Self, ProcessError> {
        let path = spec.env.get("PATH").map(OsString::from);
        let path = path.or_else(|| context.env.get("PATH").map(OsStr::to_owned));
        let find = |name: &str| process::find(OsStr::new(name), path.clone(), &context.project);
        Ok(Self {
            program: find("bash").or_else(|_| find("sh"))?,
            supervisors: context.supervisors.clone(),
            sees: CommandSpec { env: spec.env.clone(), pass_env: spec.pass_env.clone(), ..CommandSpec::default() },
            timeout: spec.bash.timeout.as_duration(),
            temps: Temps::within(context.env.get("TMPDIR").map_or_else(machine::temp_dir, PathBuf::from)),
            env: context.env.clone(),
        })
    }
}

/// What an attempt's time is measured by.
pub(in crate::agent::chat) struct Clock {
    pub(in crate::agent::chat) watch: Stopwatch,
    pub(in crate::agent::chat) limits: Limits,
}

impl Clock {
    /// What is left of the attempt's time.
    pub(in crate::agent::chat) fn left(&self) -> Duration {
        self.limits.wall.saturating_sub(self.watch.elapsed())
    }
}

/// Why an attempt cannot go on after a command.
pub(in crate::agent::chat) enum Broken {
    Failed(Failure),
    Unwritable(FileError),
}

/// The shell in one attempt.
pub(in crate::agent::chat) struct Bash {
    shell: Arc<Shell>,
    temp: TempDir,
    /// For what is printed: no command knows of it.
    aside: TempDir,
    /// Processes that commands left behind, and the first few of them.
    pub(in crate::agent::chat) leaked: u32,
    pub(in crate::agent::chat) left: Vec<Straggler>,
}

impl Bash {
    pub(in crate::agent::chat) fn open(shell: &Arc<Shell>) -> Result<Self, FileError> {
        let (temp, aside) = (shell.temps.take()?, shell.temps.take()?);
        Ok(Self { shell: Arc::clone(shell), temp, aside, leaked: 0, left: Vec::new() })
    }

    /// Its folder for temporary files.
    pub(in crate::agent::chat) fn temp(&self) -> &std::path::Path {
        self.temp.path()
    }

    /// Gives its folders back once nothing of it is alive.
    pub(in crate::agent::chat) async fn close(self) {
        self.shell.temps.give_back(self.temp).await;
        self.shell.temps.give_back(self.aside).await;
    }

    /// Runs one command to its end.
    pub(in crate::agent::chat) async fn call(
        &mut self,
        kit: &Kit,
        link: &Link,
        clock: &Clock,
        arguments: &str,
    ) -> Result<Given, Broken> {
        let Arguments { command, timeout_seconds } = match super::arguments::read(arguments) {
            Ok(arguments) => arguments,
            Err(why) => return Ok(kit.given(Told::Wrong(why))),
        };
        if command.contains('\0') || command.len() >= MAX_ARGUMENT {
            let why = format!("the argument `command` holds a NUL or is not shorter than {MAX_ARGUMENT} bytes");
            return Ok(kit.given(Told::Wrong(why)));
        }
        let timeout = timeout_seconds.map_or(self.shell.timeout, Duration::from_secs).min(self.shell.timeout);
        let (lines, mut printed) = mpsc::channel(LINES);
        let command = self.command(kit, command, timeout.min(clock.left()), lines);
        let show = async {
            while let Some(bytes) = printed.recv().await {
                let shown = kit.paths.hide(&String::from_utf8_lossy(&bytes)).into_owned();
                drop(link.deltas.try_send(Delta::Aside(shown)));
            }
        };
        let (exit, ()) = tokio::join!(self.shell.supervisors.run(command, &link.cancel), show);
        let exit = exit.map_err(|error| match error {
            ProcessError::File(error) => Broken::Unwritable(error),
            error => Broken::Failed(not_run(&error)),
        })?;
        self.leaked = self.leaked.saturating_add(exit.leaked);
        let named = exit.left.iter().take(NAMED.saturating_sub(self.left.len()));
        self.left.extend(named.map(|it| Straggler { pid: it.pid, name: text::printable(&it.name, 32) }));
        let printed = self.printed(&exit, kit.cap).map_err(Broken::Unwritable)?;
        Ok(kit.given(told(&exit, &printed, timeout)))
    }

    fn command(&self, kit: &Kit, command: String, wall: Duration, lines: mpsc::Sender<Vec<u8>>) -> Command {
        let job = &kit.job;
        // Both streams in one, in the order in which they were written, as on a terminal.
        let argv = ["sh", "-c", "exec \"$@\" 2>&1", "sh"].map(OsString::from);
        let shell = [self.shell.program.clone().into_os_string(), "-c".into(), command.into()];
        let wall = wall.max(Duration::from_millis(1));
        Command {
            argv: argv.into_iter().chain(shell).collect(),
            env: environment(self.shell.env.table(), &self.shell.sees, job, self.temp.path()),
            cwd: job.workspace.clone(),
            stdin: Stdin::Null,
            stdout: Sink::File {
                path: self.aside.path().join(OUTPUT),
                cap: kit.cap as u64 / 2,
                tail: kit.cap,
                lines: Some(lines),
            },
            stderr: Sink::Memory { cap: 0 },
            // A test suite may be silent for long: what ends a command is its own timeout.
            limits: Limits { wall, idle: wall, ..job.limits },
        }
    }

    /// The beginning and the end of what was printed.
    fn printed(&self, exit: &Exit, cap: usize) -> Result<String, FileError> {
        let file = self.aside.path().join(OUTPUT);
        let end = String::from_utf8_lossy(&exit.stdout.bytes);
        let printed = if exit.stdout.total <= cap as u64 {
            plain(&end)
        } else {
            let begin = fs::read(&file, cap as u64)?;
            let begin = String::from_utf8_lossy(&begin);
            joined(&plain(&begin[..head(&begin, cap / 2)]), &plain(&end[tail(&end, cap / 2)..]), exit.stdout.total)
        };
        fs::remove_file(&file)?;
        Ok(printed)
    }
}

/// As a terminal would show it in the end: without colours, and without what was overwritten.
fn plain(output: &str) -> String {
    if !output.contains(['\u{1b}', '\r', '\u{8}']) {
        return output.to_owned();
    }
    let ends = if output.ends_with('\n') { "\n" } else { "" };
    output.lines().map(text::bare).collect::<Vec<_>>().join("\n") + ends
}

fn told(exit: &Exit, printed: &str, timeout: Duration) -> Told {
    let mut said = printed.trim_end().to_owned();
    let mut note = |note: &str| {
        said.push_str(if said.is_empty() { "" } else { "\n" });
        said.push_str(note);
    };
    if exit.leaked > 0 {
        note(&format!("[{} it left running were ended]", text::count(exit.leaked, "process")));
    }
    match exit.end {
        End::Code(0) => {
            if printed.trim_end().is_empty() {
                note("[it printed nothing]");
            }
            return Told::Done(said);
        }
        End::Code(code) => {
            note(&format!("[exit code {code}]"));
            return Told::Done(said);
        }
        End::Signal(signal) => note(&format!("[killed by {signal}]")),
        End::TimedOut | End::Stalled => note(&format!("[it took longer than {} s and was ended]", timeout.as_secs())),
        End::Cancelled => note("[it was asked to stop]"),
        End::OutputCap => note("[it printed more than it may, and was ended]"),
    }
    Told::Failed(said)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_not_show_is_not_sent() {
        assert_eq!(plain("a\tb\n"), "a\tb\n");
        assert_eq!(plain("\u{1b}[31mred\u{1b}[0m\n 10%\r100%\nlast"), "red\n100%\nlast");
    }
}
