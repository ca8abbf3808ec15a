//! One of two runs that are compared.

use serde::Serialize;
use serde_json::Value;

use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::runs::told::tell;
use crate::cli::session::Session;
use crate::event::Verdict;
use crate::ids::{Digest, RunId, TaskId};
use crate::plan::Plan;
use crate::report::{Outcome, Report, Step, Summary, TaskStatus, UsageTotal};
use crate::store::{Reader, RunDir, RunEntry};
use crate::sys::fs;

/// The largest settings that are read.
const SETTINGS: u64 = 64 << 20;
/// The largest patch that is read: as large as one that is written may be.
const PATCH: u64 = 257 << 20;

/// All that is compared.
pub(super) struct Side {
    run: RunId,
    report: Report,
    ticket: Option<Digest>,
    pub(super) settings: Value,
    /// The newest accepted plan.
    pub(super) plan: Option<Plan>,
    pub(super) patch: String,
}

/// What is said of a run as a whole.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Numbers {
    pub(super) run: RunId,
    pub(super) verdict: Outcome,
    pub(super) exit_code: Option<u8>,
    pub(super) title: String,
    #[serde(rename = "ref")]
    pub(super) reference: Option<String>,
    /// SHA-256 of the normalised ticket.
    pub(super) ticket_sha: Option<Digest>,
    pub(super) tasks: u32,
    pub(super) passed: u32,
    pub(super) attempts: u32,
    pub(super) elapsed_ms: u64,
    pub(super) worked_ms: u64,
    pub(super) usage: UsageTotal,
}

/// What a task came to in one run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct TaskSide {
    pub(super) status: TaskStatus,
    pub(super) verdict: Option<Verdict>,
    pub(super) attempts: u32,
    pub(super) duration_ms: u64,
}

/// A task in both runs; null where a run has none of this id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct TaskPair {
    pub(super) id: TaskId,
    pub(super) a: Option<TaskSide>,
    pub(super) b: Option<TaskSide>,
}

impl Side {
    pub(super) fn read(entry: RunEntry, session: &Session) -> Result<Self, CliError> {
        let (run, dir) = (entry.run.clone(), entry.dir.clone());
        let told = tell(entry, session.called())?;
        Ok(Self {
            run,
            ticket: told.summary.started().map(|started| started.ticket_sha.clone()),
            report: Report::of(&told.summary, &told.facts),
            settings: settings(&dir)?,
            plan: plan(&dir)?,
            patch: patch(&dir)?,
        })
    }

    pub(super) fn numbers(&self) -> Numbers {
        let (report, metrics) = (&self.report, &self.report.metrics);
        Numbers {
            run: self.run.clone(),
            verdict: report.verdict,
            exit_code: report.exit_code,
            title: report.ticket.title.clone(),
            reference: report.ticket.reference.clone(),
            ticket_sha: self.ticket.clone(),
            tasks: metrics.census.planned,
            passed: metrics.census.passed,
            attempts: metrics.attempts,
            elapsed_ms: metrics.elapsed_ms,
            worked_ms: metrics.worked_ms,
            usage: metrics.usage,
        }
    }

    fn task(&self, id: &TaskId) -> Option<TaskSide> {
        self.report.steps.iter().find(|step| step.id == *id).map(TaskSide::of)
    }
}

impl TaskSide {
    fn of(step: &Step) -> Self {
        Self { status: step.status, verdict: step.verdict, attempts: step.attempts, duration_ms: step.duration_ms }
    }
}

impl TaskPair {
    /// Whether it came to the same in both: how long it took is not asked.
    pub(super) fn is_same(&self) -> bool {
        let outcome = |side: &TaskSide| (side.status, side.verdict, side.attempts);
        self.a.as_ref().map(outcome) == self.b.as_ref().map(outcome)
    }
}

/// Every task of either: those of the first in its order, then those that only the second has.
pub(super) fn pairs(a: &Side, b: &Side) -> Vec<TaskPair> {
    let first = a.report.steps.iter();
    let more = b.report.steps.iter().filter(|step| a.task(&step.id).is_none());
    first.chain(more).map(|step| TaskPair { id: step.id.clone(), a: a.task(&step.id), b: b.task(&step.id) }).collect()
}

fn settings(dir: &RunDir) -> Result<Value, CliError> {
    let path = dir.config();
    let text = fs::read_text(&path, SETTINGS).map_err(|error| CliError::of(Exit::State, &error))?;
    serde_yaml::from_str(&text).map_err(|error| {
        let line = error.to_string().lines().next().unwrap_or_default().to_owned();
        CliError::new(Exit::State, format!("{} cannot be understood: {line}", path.display()))
            .hint("bring the file back from a backup; the run itself is not in danger")
    })
}

fn plan(dir: &RunDir) -> Result<Option<Plan>, CliError> {
    let mut summary = Summary::default();
    for event in Reader::open(&dir.journal())? {
        summary.apply(&event?);
    }
    Ok(summary.in_force().cloned())
}

fn patch(dir: &RunDir) -> Result<String, CliError> {
    match fs::read(&dir.patch(), PATCH) {
        Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
        // A run that changed nothing has none.
        Err(error) if error.is_not_found() => Ok(String::new()),
        Err(error) => Err(CliError::of(Exit::State, &error)),
    }
}
