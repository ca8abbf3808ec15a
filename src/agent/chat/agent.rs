//! The agent: what it is made from, and one attempt from its files to its outcome.

use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::asking::Cost;
use super::conversation::Conversation;
use super::habits::Habits;
use super::opening::{self, Opening, opening};
use super::talk::{End, Talk};
use super::tools::{Bash, Clock, Kit, Paths, Shell, Shells, Tool};
use super::transcript::{Step, Transcript};
use crate::agent::command::refused;
use crate::agent::error::AgentError;
use crate::agent::job::{Agent, Job, Link, Outcome};
use crate::agent::records::{self, RecordError, chain};
use crate::agent::roster::Context;
use crate::agent::spec::{BashUse, ChatSpec};
use crate::event::{AgentRecord, AttemptOutcome, FailureClass, Usage};
use crate::ids::{AgentName, Digest};
use crate::model::{Known, Meter, Patience, Share};
use crate::plan::Role;
use crate::policy::Spends;
use crate::process::Supervisors;
use crate::prompt::{Facts, Templates};
use crate::sys::fs::{self, FileError};
use crate::text;

/// An agent that is a language model with tools.
#[derive(Clone)]
pub(in crate::agent) struct ChatAgent(Arc<Inner>);

struct Inner {
    name: AgentName,
    spec: ChatSpec,
    known: Known,
    shell: Option<Arc<Shell>>,
    supervisors: Supervisors,
    templates: Templates,
    patience: Patience,
    facts: Facts,
}

impl ChatAgent {
    /// Finds its model and its shell.
    pub(in crate::agent) fn new(name: &AgentName, spec: &ChatSpec, context: &Context) -> Result<Self, AgentError> {
        let agent = || name.clone();
        if let Some(why) = spec.unfit() {
            return Err(AgentError::Setting { agent: agent(), why });
        }
        for variable in spec.env.keys().chain(&spec.pass_env) {
            if let Some(why) = refused(variable) {
                return Err(AgentError::Variable { agent: agent(), name: text::printable(variable, 80), why });
            }
        }
        let known = context.models.get(&spec.model);
        let known = known.map_err(|source| AgentError::NoModel { agent: agent(), source })?.clone();
        let shell = match spec.bash.r#use {
            BashUse::Never => None,
            BashUse::Writers => {
                let shell = Shell::find(spec, context);
                Some(Arc::new(shell.map_err(|source| AgentError::Shell { agent: agent(), source })?))
            }
        };
        Ok(Self(Arc::new(Inner {
            name: agent(),
            spec: spec.clone(),
            known,
            shell,
            supervisors: context.supervisors.clone(),
            templates: context.templates.clone(),
            patience: context.patience,
            facts: context.facts.clone(),
        })))
    }

    /// What identifies its work beside its settings: the model, and what it is told of the tools.
    pub(in crate::agent) fn digest(&self) -> Result<Digest, AgentError> {
        let tools = Role::ALL.map(|role| self.0.tools(role).into_iter().map(Tool::told).collect::<Vec<_>>());
        Ok(Digest::of_json(&(&self.0.known.digest, opening::version(), tools))?)
    }
}

impl Agent for ChatAgent {
    fn attempt(&self, job: Job, link: Link) -> BoxFuture<'static, Outcome> {
        let inner = Arc::clone(&self.0);
        Box::pin(async move { inner.attempt(Arc::new(job), &link).await })
    }

    fn record(&self) -> AgentRecord {
        let model = Some(self.0.known.name.as_str().to_owned());
        AgentRecord { name: self.0.name.clone(), kind: "chat".to_owned(), version: None, model }
    }

    fn spends(&self) -> Spends {
        match self.0.known.prices {
            Some(_) => Spends::Tells,
            None => Spends::Untold,
        }
    }

    /// It makes its own, in parts.
    fn reads_prompt(&self) -> bool {
        false
    }
}

impl Inner {
    fn tools(&self, role: Role) -> Vec<Tool> {
        Tool::of(role, self.shells())
    }

    fn shells(&self) -> Shells {
        if self.shell.is_some() { Shells::Some } else { Shells::None }
    }

    async fn attempt(&self, job: Arc<Job>, link: &Link) -> Outcome {
        let opening = match opening(&self.templates, &self.facts, &job, &self.tools(job.message.role)) {
            Ok(opening) => opening,
            Err(error) => return Outcome::failed(FailureClass::Unusable, &chain(&error)),
        };
        let (bash, written) = match self.prepare(&job, &opening) {
            Ok(prepared) => prepared,
            Err(error) => return error.into(),
        };
        let kit = Kit {
            all: Tool::all(self.shells()),
            tools: self.tools(job.message.role),
            cap: self.spec.tool_output,
            paths: paths(&job, bash.as_ref()),
            redactor: self.supervisors.redactor(),
            cancel: link.cancel.clone(),
            job: Arc::clone(&job),
        };
        let clock = Clock { watch: self.supervisors.stopwatch(), limits: job.limits };
        let transcript = Transcript::new(job.files.transcript(), self.supervisors.redactor(), job.limits.kept_bytes);
        let mut talk = Talk {
            known: &self.known,
            patience: self.patience,
            conversation: self.conversation(opening),
            kit,
            bash,
            meter: Meter::Share(Share { cap: job.cap, used: Usage::default() }),
            clock,
            link,
            transcript,
            habits: Habits::default(),
            turns: self.spec.turns,
            turns_key: format!("agents.{}.chat.turns", self.name),
            cost: Cost::Told,
            reminded: false,
        };
        let end = match self.open(&mut talk) {
            Ok(()) => talk.talk().await,
            Err(error) => End::Unwritable(error),
        };
        let mut outcome = match end {
            End::Claim(result) => records::claim(&job.files, &result),
            End::Failed(failure) => Outcome::of(AttemptOutcome::Failed(failure)),
            End::Unwritable(error) => Outcome::unwritable(error),
        };
        outcome.usage = usage(talk.used(), talk.cost);
        outcome.bytes += written + talk.transcript.written();
        if let Some(bash) = talk.bash {
            (outcome.leaked, outcome.left) = (bash.leaked, bash.left.clone());
            bash.close().await;
        }
        outcome
    }

    /// The files of the attempt, with the bytes in them, and the shell where there is one.
    fn prepare(&self, job: &Job, opening: &Opening) -> Result<(Option<Bash>, u64), RecordError> {
        let opened = records::open(job)?;
        let prompt = opening.text();
        fs::write(&job.files.prompt(), prompt.as_bytes())?;
        let shell = self.shell.as_ref().filter(|_| self.tools(job.message.role).contains(&Tool::Bash));
        let bash = shell.map(Bash::open).transpose()?;
        Ok((bash, opened + prompt.len() as u64))
    }

    fn conversation(&self, opening: Opening) -> Conversation {
        let Opening { system, first } = opening;
        let tools = Tool::all(self.shells()).into_iter().map(Tool::told).collect();
        let most = self.known.max_output_tokens;
        Conversation::new(system, first, tools, self.spec.output_tokens.map_or(most, |own| own.min(most)))
    }

    fn open(&self, talk: &mut Talk<'_>) -> Result<(), FileError> {
        let tools = talk.kit.tools.iter().map(|tool| tool.name()).collect();
        let (model, digest) = (self.known.name.as_str(), &self.known.digest);
        let role = talk.kit.job.message.role.as_str();
        talk.transcript.add(0, &Step::Opened { model, digest, role, tools })
    }
}

/// What it used: nothing where nothing was told and nothing can have been used.
fn usage(used: Usage, cost: Cost) -> Usage {
    match cost {
        Cost::Told if used.is_unknown() && !used.partial => Usage::NOTHING,
        Cost::Told => used,
        Cost::Unknown => Usage { partial: true, ..used },
    }
}

/// Our folders, by every name that they have.
fn paths(job: &Job, bash: Option<&Bash>) -> Paths {
    let mut paths = Paths::default();
    let temp = bash.map(|bash| (bash.temp(), "$TMPDIR"));
    let folders = [
        (job.workspace.as_path(), "."),
        (job.artifacts.as_path(), "$ORCHESTRA_ARTIFACTS"),
        (job.inputs.as_path(), "$ORCHESTRA_INPUTS"),
    ];
    let message = job.files.message();
    let message = [(message.as_path(), "$ORCHESTRA_MESSAGE")];
    for (folder, stands) in folders.into_iter().chain(message).chain(temp) {
        if let Ok(absolute) = std::path::absolute(folder) {
            paths.add(&absolute, stands);
        }
        if let Ok(real) = fs::canonical(folder) {
            paths.add(&real, stands);
        }
    }
    paths
}
