//! The agent: one way of working for each role.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use serde::Serialize;

use super::super::job::{Agent, Job, Link, Outcome};
use super::super::records::{self, chain};
use super::super::roster::Context;
use super::handed::{self, Before};
use super::implement::{ImplementError, implement};
use super::research::research;
use super::review::review;
use crate::event::{AgentRecord, FailureClass, Usage};
use crate::ids::AgentName;
use crate::message::{Finding, HandedKind, ResultStatus, Severity, TaskResult};
use crate::plan::Role;
use crate::policy::Spends;
use crate::sys::fs;
use crate::workspace::{Tools, WorkspaceError};

/// Where research leaves its notes, in the artifact folder.
const NOTES: &str = "research.md";

/// The agent without any model.
#[derive(Clone)]
pub(in crate::agent) struct Builtin {
    name: AgentName,
    context: Arc<Context>,
}

impl Builtin {
    pub(in crate::agent) fn new(name: &AgentName, context: &Context) -> Self {
        Self { name: name.clone(), context: Arc::new(context.clone()) }
    }

    async fn work(&self, job: Job, link: &Link) -> Outcome {
        if link.cancel.is_cancelled() {
            return cancelled();
        }
        let opened = match records::open(&job) {
            Ok(bytes) => bytes,
            Err(error) => return error.into(),
        };
        let mut outcome = match job.message.role {
            Role::Research => blocking(move || look(&job)).await,
            Role::Implement => self.implement(&job, link).await,
            Role::Test => records::claim(&job.files, &tested()),
            Role::Review => blocking(move || read(&job)).await,
        };
        // A run that wants to stop gets no claim, even if the work was done in the meantime.
        if link.cancel.is_cancelled() {
            outcome = cancelled();
        }
        outcome.bytes += opened;
        outcome.usage = Usage::NOTHING;
        outcome
    }

    async fn implement(&self, job: &Job, link: &Link) -> Outcome {
        let Context { supervisors, env, .. } = &*self.context;
        let tools = Tools { supervisors: supervisors.clone(), env: env.clone(), cancel: link.cancel.clone() };
        match implement(&job.message, &job.workspace, &tools).await {
            Ok(result) => {
                left(job, HandedKind::Code, &result, || handed::code(&job.message, &result, &Before::read(job)))
            }
            Err(ImplementError::Tool { source: WorkspaceError::Cancelled, .. }) => cancelled(),
            Err(error @ (ImplementError::NoDiff | ImplementError::Refused { .. })) => {
                Outcome::failed(FailureClass::Reported, &chain(&error))
            }
            Err(error @ ImplementError::Tool { .. }) => Outcome::failed(FailureClass::Unusable, &chain(&error)),
        }
    }
}

impl Agent for Builtin {
    fn attempt(&self, job: Job, link: Link) -> BoxFuture<'static, Outcome> {
        let agent = self.clone();
        Box::pin(async move { agent.work(job, &link).await })
    }

    fn record(&self) -> AgentRecord {
        AgentRecord { name: self.name.clone(), kind: "builtin".to_owned(), version: None, model: None }
    }

    fn spends(&self) -> Spends {
        Spends::Nothing
    }

    fn reads_prompt(&self) -> bool {
        false
    }
}

fn look(job: &Job) -> Outcome {
    let research = match research(&job.message, &job.workspace) {
        Ok(research) => research,
        Err(error) => return Outcome::failed(FailureClass::Unusable, &chain(&error)),
    };
    match fs::write(&job.artifacts.join(NOTES), research.notes.as_bytes()) {
        Ok(()) => left(job, HandedKind::Plan, &research.result, || handed::plan(&job.message, &research)),
        Err(error) => Outcome::failed(FailureClass::Unusable, &chain(&error)),
    }
}

fn read(job: &Job) -> Outcome {
    let before = Before::read(job);
    let mut result = review(&job.message, &job.change, before.code.as_ref());
    let unread = before.unread.into_iter();
    result.findings.extend(unread.map(|text| Finding { file: None, line: None, severity: Severity::Warning, text }));
    left(job, HandedKind::Review, &result, || handed::review(&result))
}

/// A claim, with the file for the next step where the task is to leave one.
fn left<F: Serialize>(job: &Job, kind: HandedKind, result: &TaskResult, file: impl FnOnce() -> F) -> Outcome {
    if !handed::is_wanted(&job.message, kind) {
        return records::claim(&job.files, result);
    }
    match handed::leave(job, kind, &file()) {
        Ok(()) => records::claim(&job.files, result),
        Err(error) => error.into(),
    }
}

fn tested() -> TaskResult {
    let summary = "Nothing was done here: the checks that orchestra runs after this task are the test.".to_owned();
    TaskResult { status: ResultStatus::Done, summary, ..TaskResult::default() }
}

fn cancelled() -> Outcome {
    Outcome::failed(FailureClass::Cancelled, "it was asked to stop")
}

/// Work that would hold up the loop, in a thread of its own. Its panic is ours: it stops the run.
async fn blocking(work: impl FnOnce() -> Outcome + Send + 'static) -> Outcome {
    match tokio::task::spawn_blocking(work).await {
        Ok(outcome) => outcome,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => cancelled(),
        },
    }
}
