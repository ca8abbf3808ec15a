//! The agent: it finds its answer and gives it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;

use super::super::error::AgentError;
use super::super::job::{Agent, Job, Link, Outcome};
use super::super::records::{self, chain};
use super::super::roster::Context;
use super::act;
use super::script::{Answer, Script};
use crate::event::{AgentRecord, AttemptOutcome, Failure, FailureClass};
use crate::ids::AgentName;
use crate::message::TaskResult;
use crate::policy::Spends;
use crate::sys::fs;
use crate::workspace::Tools;

/// The largest script.
const MAX_BYTES: u64 = 4 << 20;
/// Between two looks for a file that is waited for.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// An agent that says what its script says.
#[derive(Clone)]
pub(in crate::agent) struct ScriptedAgent {
    name: AgentName,
    folder: PathBuf,
    script: Arc<Script>,
    context: Arc<Context>,
}

impl ScriptedAgent {
    /// Reads and checks the script. Gives its text as well.
    pub(in crate::agent) fn load(
        name: &AgentName,
        path: &Path,
        context: &Context,
    ) -> Result<(Self, String), AgentError> {
        let agent = || name.clone();
        let text = fs::read_text(path, MAX_BYTES).map_err(|source| AgentError::NoScript { agent: agent(), source })?;
        let options = serde_yaml::options! {
            budget: serde_yaml::budget! { max_nodes: 100_000, max_aliases: 50, max_documents: 1 },
        };
        let script: Script = serde_yaml::from_str_with_options(&text, options)
            .map_err(|source| AgentError::Script { agent: agent(), path: path.to_owned(), source: Box::new(source) })?;
        let answer = |index, task, why| AgentError::Answer { agent: agent(), path: path.to_owned(), index, task, why };
        if script.version != 1 {
            return Err(answer(0, "*".to_owned(), format!("version {} is not known, only 1", script.version)));
        }
        script.check().map_err(|wrong| answer(wrong.index, wrong.task, wrong.why))?;
        let folder = path.parent().unwrap_or(Path::new("")).to_owned();
        let (script, context) = (Arc::new(script), Arc::new(context.clone()));
        Ok((Self { name: name.clone(), folder, script, context }, text))
    }

    async fn play(&self, job: &Job, link: &Link) -> Outcome {
        let opened = match records::open(job) {
            Ok(bytes) => bytes,
            Err(error) => return error.into(),
        };
        let task = job.message.task_id.as_str();
        let Some(answer) = self.script.answer(task, job.attempt) else {
            let why = format!("the script has no answer for attempt {} of `{task}`", job.attempt);
            return Outcome::failed(FailureClass::Unusable, &why);
        };
        if let Some(file) = &answer.wait_for
            && let Some(failure) = wait(&self.folder.join(file), job, link).await
        {
            return Outcome::of(AttemptOutcome::Failed(failure));
        }
        if link.cancel.is_cancelled() {
            return Outcome::failed(FailureClass::Cancelled, "it was asked to stop");
        }
        let Context { supervisors, env, .. } = &*self.context;
        let tools = Tools { supervisors: supervisors.clone(), env: env.clone(), cancel: link.cancel.clone() };
        match act::act(answer, &job.workspace, &job.artifacts, &tools).await {
            Ok(()) => {
                let outcome = give(answer, job);
                Outcome { bytes: outcome.bytes + opened, ..outcome }
            }
            Err(error) => Outcome::failed(error.class(), &chain(&error)),
        }
    }
}

impl Agent for ScriptedAgent {
    fn attempt(&self, job: Job, link: Link) -> BoxFuture<'static, Outcome> {
        let agent = self.clone();
        Box::pin(async move { agent.play(&job, &link).await })
    }

    fn record(&self) -> AgentRecord {
        AgentRecord { name: self.name.clone(), kind: "scripted".to_owned(), version: None, model: None }
    }

    fn spends(&self) -> Spends {
        Spends::Tells
    }

    fn reads_prompt(&self) -> bool {
        false
    }
}

/// Waits until the file is there, the run wants to stop, or the time is over.
async fn wait(file: &Path, job: &Job, link: &Link) -> Option<Failure> {
    let there = async {
        while !matches!(fs::kind(file), Ok(Some(_))) {
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    };
    tokio::select! {
        () = there => None,
        () = link.cancel.cancelled() => Some(Failure::new(FailureClass::Cancelled, "it was asked to stop")),
        () = tokio::time::sleep(job.limits.wall) => {
            Some(Failure::new(FailureClass::Timeout, "it took longer than it may"))
        }
    }
}

fn give(answer: &Answer, job: &Job) -> Outcome {
    let mut outcome = match &answer.fail {
        Some(fail) => Outcome::failed(fail.class, &fail.detail),
        None => records::claim(
            &job.files,
            &TaskResult {
                status: answer.status,
                summary: answer.summary.clone(),
                output: answer.output.clone(),
                files: answer.files.clone(),
                artifacts: answer.artifacts.clone(),
                findings: answer.findings.clone(),
                verdict: answer.verdict,
                score: answer.score,
            },
        ),
    };
    outcome.usage = answer.usage;
    outcome
}
