//! One attempt by a program, from its files to its answer.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use tempfile::TempDir;
use tokio::sync::mpsc;

use super::super::error::AgentError;
use super::super::job::{Agent, Job, Link, Outcome};
use super::super::parse::{Have, Unusable, parse, told};
use super::super::records::{self, RecordError, chain};
use super::super::roster::Context;
use super::super::spec::{CommandSpec, Parser, StdinSpec};
use super::argv::{Argument, MAX_ARGUMENT, Slot};
use super::temps::Temps;
use super::{ending, environment};
use crate::event::{AgentRecord, AttemptOutcome, Failure, FailureClass, Straggler};
use crate::ids::AgentName;
use crate::model::Delta;
use crate::policy::Spends;
use crate::process::{self, Command, Exit, Output, ProcessError, Sink, Stdin, Supervisors};
use crate::sys::env::Env;
use crate::sys::{fs, machine};
use crate::text;

/// The end of stdout kept in memory: an answer is looked for there.
const ANSWER: usize = 1 << 20;
/// The end of stderr kept in memory, for a failure's detail.
const COMPLAINT: usize = 8 << 10;
/// Characters of the name of a process that was left behind.
const MAX_NAME: usize = 32;
/// Lines waiting to be shown.
const LINES: usize = 256;

/// An agent that is a program.
#[derive(Clone)]
pub(in crate::agent) struct CommandAgent(Arc<Program>);

struct Program {
    name: AgentName,
    spec: CommandSpec,
    argv: Vec<Argument>,
    env: Env,
    temps: Temps,
    supervisors: Supervisors,
}

impl CommandAgent {
    /// Reads the argv, and looks whether the program is there.
    pub(in crate::agent) fn new(name: &AgentName, spec: &CommandSpec, context: &Context) -> Result<Self, AgentError> {
        let agent = || name.clone();
        let argv = spec
            .argv
            .iter()
            .enumerate()
            .map(|(index, text)| {
                let argument = text::printable(text, 80);
                Argument::parse(text).map_err(|why| AgentError::Argument { agent: agent(), index, argument, why })
            })
            .collect::<Result<Vec<_>, _>>()?;
        let program = argv.first().ok_or_else(|| AgentError::NoCommand { agent: agent() })?;
        for name in spec.env.keys().chain(&spec.pass_env) {
            if let Some(why) = environment::refused(name) {
                return Err(AgentError::Variable { agent: agent(), name: text::printable(name, 80), why });
            }
        }
        match program.fixed() {
            Some("") => return Err(AgentError::NoCommand { agent: agent() }),
            Some(program) => {
                let path = spec.env.get("PATH").map(OsString::from);
                let path = path.or_else(|| context.env.get("PATH").map(OsStr::to_owned));
                process::find(OsStr::new(program), path, &context.project)
                    .map_err(|source| AgentError::Program { agent: agent(), source })?;
            }
            // Where it is depends on the attempt.
            None => {}
        }
        Ok(Self(Arc::new(Program {
            name: agent(),
            spec: spec.clone(),
            argv,
            temps: Temps::within(context.env.get("TMPDIR").map_or_else(machine::temp_dir, PathBuf::from)),
            env: context.env.clone(),
            supervisors: context.supervisors.clone(),
        })))
    }
}

impl Agent for CommandAgent {
    fn attempt(&self, job: Job, link: Link) -> BoxFuture<'static, Outcome> {
        let program = Arc::clone(&self.0);
        Box::pin(async move { program.attempt(&job, &link).await })
    }

    fn record(&self) -> AgentRecord {
        AgentRecord { name: self.0.name.clone(), kind: "command".to_owned(), version: None, model: None }
    }

    fn spends(&self) -> Spends {
        self.0.spec.spends()
    }

    fn reads_prompt(&self) -> bool {
        let in_argv = |argument: &Argument| argument.uses(Slot::Prompt) || argument.uses(Slot::PromptFile);
        self.0.spec.stdin == StdinSpec::Prompt || self.0.argv.iter().any(in_argv)
    }

    fn keeps_behind_the_gate(&self) -> bool {
        true
    }
}

impl Program {
    async fn attempt(&self, job: &Job, link: &Link) -> Outcome {
        let (temp, written) = match self.prepare(job) {
            Ok(prepared) => prepared,
            Err(error) => return error.into(),
        };
        let argv: Vec<OsString> = self.argv.iter().map(|argument| argument.fill(job)).collect();
        if argv.iter().any(|argument| argument.len() >= MAX_ARGUMENT) {
            let why =
                "an argument is longer than the system takes; hand the prompt over as `{prompt_file}` or on stdin";
            return Outcome::failed(FailureClass::Unusable, why);
        }
        let (out, out_lines) = mpsc::channel(LINES);
        let (err, err_lines) = mpsc::channel(LINES);
        let command = Command {
            argv,
            env: environment(self.env.table(), &self.spec, job, temp.path()),
            cwd: job.workspace.clone(),
            stdin: self.stdin(job),
            stdout: Sink::File { path: job.files.stdout(), cap: job.limits.kept_bytes, tail: ANSWER, lines: Some(out) },
            stderr: Sink::File {
                path: job.files.stderr(),
                cap: job.limits.kept_bytes,
                tail: COMPLAINT,
                lines: Some(err),
            },
            limits: job.limits,
        };
        let (exit, (), ()) = tokio::join!(
            self.supervisors.run_behind(&job.gate, command, &link.cancel),
            show(out_lines, Delta::Text, link, self.spec.parser),
            show(err_lines, Delta::Aside, link, Parser::Text),
        );
        let mut outcome = match exit {
            Ok(exit) => self.outcome(job, &exit),
            Err(ProcessError::File(error)) => Outcome::unwritable(error),
            Err(error) => Outcome {
                usage: ending::used_by(&error),
                ..Outcome::of(AttemptOutcome::Failed(ending::not_run(&error)))
            },
        };
        outcome.bytes += written;
        self.temps.give_back(temp).await;
        outcome
    }

    /// The files it reads, with the bytes in them, and its own folder for temporary ones.
    fn prepare(&self, job: &Job) -> Result<(TempDir, u64), RecordError> {
        let mut written = records::open(job)?;
        let stdin = self.spec.stdin == StdinSpec::Prompt;
        if stdin || self.argv.iter().any(|argument| argument.uses(Slot::PromptFile)) {
            fs::write(&job.files.prompt(), job.prompt.as_bytes())?;
            written += job.prompt.len() as u64;
        }
        if self.argv.iter().any(|argument| argument.uses(Slot::Change)) {
            fs::write(&job.files.change(), job.change.patch.as_bytes())?;
            written += job.change.patch.len() as u64;
        }
        Ok((self.temps.take()?, written))
    }

    fn stdin(&self, job: &Job) -> Stdin {
        match self.spec.stdin {
            StdinSpec::None => Stdin::Null,
            StdinSpec::Message => Stdin::File(job.files.message()),
            StdinSpec::Prompt => Stdin::File(job.files.prompt()),
        }
    }

    fn outcome(&self, job: &Job, exit: &Exit) -> Outcome {
        let (ended, failure) = ending::judge(exit.end, &seen(exit));
        let mut outcome = match failure {
            Some(failure) => Outcome::of(AttemptOutcome::Failed(failure)),
            None => self.answer(job, exit),
        };
        outcome.exit = ended;
        outcome.leaked = exit.leaked;
        let left = exit.left.iter();
        outcome.left = left.map(|it| Straggler { pid: it.pid, name: text::printable(&it.name, MAX_NAME) }).collect();
        outcome.truncated = exit.stdout.truncated || exit.stderr.truncated;
        outcome.bytes +=
            [&exit.stdout, &exit.stderr].map(|output| output.total.min(job.limits.kept_bytes)).iter().sum::<u64>();
        outcome
    }

    fn answer(&self, job: &Job, exit: &Exit) -> Outcome {
        let have = if exit.stdout.total <= ANSWER as u64 { Have::All } else { Have::End };
        match parse(self.spec.parser, &exit.stdout.bytes, have) {
            Ok(answer) => {
                let mut outcome = records::claim(&job.files, &answer.result);
                outcome.usage = answer.usage;
                outcome
            }
            Err(error) => Outcome::of(AttemptOutcome::Failed(unreadable(&error, exit))),
        }
    }
}

/// Hands lines on as they come; whoever looks on too slowly misses some. What they tell of its usage is heard.
async fn show(mut lines: mpsc::Receiver<Vec<u8>>, delta: fn(String) -> Delta, link: &Link, parser: Parser) {
    while let Some(line) = lines.recv().await {
        if let Some(note) = told(parser, &line) {
            // The receiver outlives the attempt.
            drop(link.notes.send(note));
        }
        drop(link.deltas.try_send(delta(String::from_utf8_lossy(&line).into_owned())));
    }
}

fn unreadable(error: &Unusable, exit: &Exit) -> Failure {
    let (what, seen) = (chain(error), seen(exit));
    let detail = if seen.is_empty() { what } else { format!("{what}\n{seen}") };
    Failure::new(FailureClass::BadOutput, &detail)
}

/// The end of what it complained of, or else of what it said.
fn seen(exit: &Exit) -> String {
    let end = |output: &Output| {
        let all = String::from_utf8_lossy(&output.bytes);
        text::tail(&all, Failure::MAX_DETAIL / 2).trim().to_owned()
    };
    Some(end(&exit.stderr)).filter(|text| !text.is_empty()).unwrap_or_else(|| end(&exit.stdout))
}
