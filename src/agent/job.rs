//! The trait, what an attempt is given, and what it gives back.

use std::path::PathBuf;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::event::{AgentRecord, Amount, AttemptOutcome, Ended, Failure, FailureClass, Straggler, Usage};
use crate::ids::TraceId;
use crate::message::{TaskMessage, TaskResult};
use crate::model::Delta;
use crate::policy::{Limits, Spends};
use crate::process::Gate;
use crate::sys::fs::FileError;
use crate::text;

/// Someone who can attempt a task. It never retries by itself.
pub trait Agent: Send + Sync {
    /// Does one attempt. After `link.cancel` it returns within the grace of the job's limits, with nothing of it left
    /// alive. Dropping the future kills without waiting.
    fn attempt(&self, job: Job, link: Link) -> BoxFuture<'static, Outcome>;

    /// Who it is, for the journal.
    fn record(&self) -> AgentRecord;

    /// Whether it uses tokens or money, and tells how much.
    fn spends(&self) -> Spends;

    /// Whether it looks at [`Job::prompt`], which is made only for those that do.
    fn reads_prompt(&self) -> bool {
        true
    }

    /// Whether it does nothing that could be seen outside the run's records before [`Job::gate`] is open. Others are
    /// called only then.
    fn keeps_behind_the_gate(&self) -> bool {
        false
    }
}

/// One attempt of one task.
#[derive(Debug, Clone)]
pub struct Job {
    /// What the agent is told.
    pub message: TaskMessage,
    /// Counted from 1.
    pub attempt: u32,
    /// The same as one text, for agents that are led by a prompt; empty for others.
    pub prompt: String,
    /// Where it works; there already, and its own for the time of the attempt.
    pub workspace: PathBuf,
    /// The attempt's own files.
    pub files: AttemptFiles,
    /// A folder for files that the run keeps; there already.
    pub artifacts: PathBuf,
    /// The folder with the files that earlier tasks left, under the paths in the message's dependencies. Only for reading.
    pub inputs: PathBuf,
    /// The run's trace, handed on to children.
    pub trace: TraceId,
    /// What it may use.
    pub limits: Limits,
    /// What it may spend: it is ended when it has told of more. Nobody counts where there is none.
    pub cap: Option<Amount>,
    /// Opens when the attempt is on record for good.
    pub gate: Gate,
    /// From the run's base to the workspace as it is given.
    pub change: Change,
}

/// What the tasks before this one changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Change {
    /// As `git diff` prints it, possibly cut at its end.
    pub patch: String,
    /// All changed files, relative to the workspace, sorted; never cut.
    pub paths: Vec<String>,
    /// Whether `patch` is all of it.
    pub extent: Extent,
}

impl Change {
    /// The longest patch that a review is shown, in bytes.
    pub const MAX: usize = 1 << 20;

    /// A change by its patch, as `git diff` prints it. Of a very long one the beginning is shown, and all files are named.
    pub fn of_patch(patch: &str) -> Self {
        let shown = text::clip(patch, Self::MAX);
        let extent = if shown.len() < patch.len() { Extent::Cut } else { Extent::Whole };
        Self { patch: shown.to_owned(), paths: super::builtin::changed_paths(patch), extent }
    }
}

/// How much of a change its patch shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Extent {
    /// All of it.
    #[default]
    Whole,
    /// Its beginning.
    Cut,
}

/// The files of one attempt, side by side in one folder. The agent makes folder and files when it has something to put
/// there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttemptFiles {
    folder: PathBuf,
    prefix: String,
}

impl AttemptFiles {
    /// Those in a folder of the attempt's own.
    pub fn new(folder: PathBuf) -> Self {
        Self::among(folder, String::new())
    }

    /// Those in a folder with others, whose names begin with `prefix`.
    pub fn among(folder: PathBuf, prefix: String) -> Self {
        Self { folder, prefix }
    }

    fn named(&self, name: &str) -> PathBuf {
        let mut file = String::with_capacity(self.prefix.len() + name.len());
        file.push_str(&self.prefix);
        file.push_str(name);
        self.folder.join(file)
    }

    /// The task message, as the agent gets it.
    pub fn message(&self) -> PathBuf {
        self.named("message.json")
    }

    /// The prompt.
    pub fn prompt(&self) -> PathBuf {
        self.named("prompt.md")
    }

    /// What the tasks before it changed, as a patch.
    pub fn change(&self) -> PathBuf {
        self.named("change.patch")
    }

    /// What it printed.
    pub fn stdout(&self) -> PathBuf {
        self.named("stdout.log")
    }

    /// What it printed beside.
    pub fn stderr(&self) -> PathBuf {
        self.named("stderr.log")
    }

    /// What was asked and said, of an agent that is a model.
    pub fn transcript(&self) -> PathBuf {
        self.named("transcript.jsonl")
    }

    /// Its result, whole.
    pub fn result(&self) -> PathBuf {
        self.named("result.json")
    }
}

/// The wires between an attempt and the run.
#[derive(Debug, Clone)]
pub struct Link {
    /// Live output. Bounded: when it is full, deltas are dropped.
    pub deltas: mpsc::Sender<Delta>,
    /// What the run wants to know before the attempt ends. Unbounded: nothing of it is lost.
    pub notes: mpsc::UnboundedSender<Note>,
    /// Asks the attempt to end.
    pub cancel: CancellationToken,
}

/// Something to know before an attempt ends.
#[derive(Debug, Clone, PartialEq)]
pub enum Note {
    /// The agent's own session was opened: what resumes it.
    Session(String),
    /// What was used so far: it goes on.
    Usage(Usage),
    /// What was used, told with what may be its answer: it is as good as done.
    Answer(Usage),
    /// The agent itself repeats a request.
    Retry(String),
}

/// How an attempt ended.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// A claim, or a failure.
    pub outcome: AttemptOutcome,
    /// What it used, by its own account.
    pub usage: Usage,
    /// How its process ended, where it had one.
    pub exit: Option<Ended>,
    /// Processes it left behind, which were killed.
    pub leaked: u32,
    /// The first few of them.
    pub left: Vec<Straggler>,
    /// Whether output was cut at its cap.
    pub truncated: bool,
    /// Bytes written to the attempt's folder.
    pub bytes: u64,
    /// The record of it that could not be written: then the attempt proves nothing about the agent.
    pub unwritable: Option<Arc<FileError>>,
}

impl Outcome {
    /// A claim by an agent without a process.
    pub fn claim(result: &TaskResult) -> Self {
        Self::of(AttemptOutcome::Ok(Box::new(result.clipped())))
    }

    /// A failure of an agent without a process.
    pub fn failed(class: FailureClass, detail: &str) -> Self {
        Self::of(AttemptOutcome::Failed(Failure::new(class, detail)))
    }

    /// An attempt whose records do not fit on the disk, which is nobody's failure but the disk's.
    pub(super) fn unwritable(error: FileError) -> Self {
        let failed = Self::failed(FailureClass::Interrupted, "its records could not be written");
        Self { unwritable: Some(Arc::new(error)), ..failed }
    }

    pub(super) fn of(outcome: AttemptOutcome) -> Self {
        Self {
            outcome,
            usage: Usage::default(),
            exit: None,
            leaked: 0,
            left: Vec::new(),
            truncated: false,
            bytes: 0,
            unwritable: None,
        }
    }
}
