//! The rows a summary is made of: one per task, check, artifact, process, pause and moment.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Liveness;
use crate::event::{AgentRecord, CheckOutcome, FailureClass, PauseCause, SkipCause, Usage, Verdict};
use crate::ids::{CheckName, Digest, TaskId};
use crate::message::{ReviewVerdict, Score, TaskResult};
use crate::plan::{Expect, Role, Task};
use crate::time::{Span, Timestamp};

/// How far a task is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum TaskStatus {
    /// It has not started, or waits to start again.
    #[default]
    Pending,
    /// Its agent works.
    Running,
    /// Its checks run.
    Checking,
    /// Its process ended before its work did.
    Interrupted,
    /// It is done, as far as its verdict says.
    Succeeded,
    /// No attempt is left, or none would help.
    Failed,
    /// It will not run.
    Skipped,
    /// A person ended it.
    Cancelled,
    /// It failed, and the plan was changed for its sake.
    Replaced,
}

impl TaskStatus {
    /// Its name in the report.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Checking => "checking",
            Self::Interrupted => "interrupted",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
            Self::Cancelled => "cancelled",
            Self::Replaced => "replaced",
        }
    }
}

/// What an agent said of its own work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Claim {
    /// The work is done.
    Done,
    /// It could not be done.
    Failed,
}

impl Claim {
    /// Its name in the report.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }
}

/// What a reviewer found of the work: its own judgement, beside what the checks show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Opinion {
    /// Whether it may stay as it is.
    pub verdict: Option<ReviewVerdict>,
    /// How good it is.
    pub score: Option<Score>,
}

impl Opinion {
    /// That of an answer that holds one.
    pub(super) fn of(result: &TaskResult) -> Option<Self> {
        let TaskResult { verdict, score, .. } = result;
        (verdict.is_some() || score.is_some()).then_some(Self { verdict: *verdict, score: *score })
    }

    /// In a few words.
    pub fn words(self) -> String {
        let verdict = self.verdict.map(|verdict| match verdict {
            ReviewVerdict::Approve => "approves",
            ReviewVerdict::RequestChanges => "asks for changes",
        });
        match (verdict, self.score) {
            (Some(verdict), Some(score)) => format!("{verdict}, {score}"),
            (Some(verdict), None) => verdict.to_owned(),
            (None, Some(score)) => format!("score {score}"),
            (None, None) => String::new(),
        }
    }
}

/// One task, as far as the journal tells.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskRow {
    /// Its id in the plan.
    pub id: TaskId,
    /// One line for people.
    pub title: String,
    /// What kind of work it is.
    pub role: Role,
    /// What it waits for.
    pub depends_on: Vec<TaskId>,
    /// Who did the last attempt.
    pub agent: Option<AgentRecord>,
    /// How far it is.
    pub status: TaskStatus,
    /// What the checks proved, once it succeeded.
    pub verdict: Option<Verdict>,
    /// What the agent said.
    pub claim: Option<Claim>,
    /// What it found of the work, where it is a review that says so.
    pub opinion: Option<Opinion>,
    /// Whether an earlier result was taken instead of working again.
    pub reused: bool,
    /// When the first attempt started.
    pub started_at: Option<Timestamp>,
    /// When its last attempt started.
    pub attempt_at: Option<Timestamp>,
    /// When it succeeded, failed, or was cancelled.
    pub ended_at: Option<Timestamp>,
    /// Attempts begun, over all processes of the run.
    pub attempts: u32,
    /// Measured time of its attempts and checks; pauses between processes are not in it.
    pub worked: Span,
    /// The agent's sentence or two.
    pub summary: String,
    /// The agent's answer, clipped.
    pub output: String,
    /// What the agent noticed.
    pub findings: Vec<Finding>,
    /// Why the last attempt, or the task, failed.
    pub error: Option<(FailureClass, String)>,
    /// Why it never ran.
    pub skipped: Option<SkipCause>,
    /// What its attempts used together.
    pub usage: Usage,
    /// Files it left.
    pub artifacts: Vec<ArtifactRow>,
    /// Places of its checks among the summary's.
    pub(super) checks: Vec<usize>,
    /// What it came to before it was reopened: a reuse brings it back.
    pub(super) before: Option<(Verdict, Vec<ArtifactRow>)>,
}

impl TaskRow {
    /// How far it is, for one who knows whether a process still works on the run.
    pub fn seen(&self, liveness: Liveness) -> TaskStatus {
        match (self.status, liveness) {
            (TaskStatus::Running | TaskStatus::Checking, Liveness::Gone) => TaskStatus::Interrupted,
            (status, Liveness::Live | Liveness::Gone) => status,
        }
    }

    pub(super) fn new(task: &Task) -> Self {
        Self {
            id: task.id.clone(),
            title: task.title.clone(),
            role: task.role,
            depends_on: task.depends_on.clone(),
            agent: None,
            status: TaskStatus::Pending,
            verdict: None,
            claim: None,
            opinion: None,
            reused: false,
            started_at: None,
            attempt_at: None,
            ended_at: None,
            attempts: 0,
            worked: Span::ZERO,
            summary: String::new(),
            output: String::new(),
            findings: Vec::new(),
            error: None,
            skipped: None,
            usage: Usage::default(),
            artifacts: Vec::new(),
            checks: Vec::new(),
            before: None,
        }
    }
}

/// One thing an agent noticed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// The file, relative to the workspace.
    pub file: Option<String>,
    /// Counted from 1.
    pub line: Option<u32>,
    /// `info`, `warning` or `error`.
    pub severity: String,
    /// What it is.
    pub text: String,
}

/// One check, before the work and after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckRow {
    /// Its name.
    pub name: CheckName,
    /// SHA-256 of its definition.
    pub of: Digest,
    /// What it is to prove, where the plan or the project says.
    pub expect: Option<Expect>,
    /// The task it judged; without one, the run as a whole.
    pub task: Option<TaskId>,
    /// The attempt it judged.
    pub attempt: Option<u32>,
    /// On the base tree, where it ran there.
    pub before: Option<CheckOutcome>,
    /// On the result.
    pub after: CheckOutcome,
}

impl CheckRow {
    /// Whether it is as it was before, and that is all it was to prove.
    pub fn is_no_worse(&self) -> bool {
        let same = self.before.as_ref().is_some_and(|before| before.status == self.after.status);
        same && match self.expect {
            Some(Expect::Change) => false,
            Some(Expect::Keep) | None => true,
        }
    }
}

/// A file the run keeps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ArtifactRow {
    /// What its name says it is.
    #[serde(rename = "type")]
    pub kind: ArtifactType,
    /// Relative to the run directory.
    pub path: String,
    /// Bytes.
    pub size: u64,
    /// SHA-256 of what was stored.
    pub sha256: Digest,
    /// The task that left it.
    pub task: TaskId,
    /// The attempt that left it.
    pub attempt: u32,
    /// When it was taken into the run.
    pub created_at: Timestamp,
}

/// What a file's name says it is; its content is not looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ArtifactType {
    /// `.patch`, `.diff`.
    Patch,
    /// `.md`, `.txt`, `.html`, `.pdf`, `.rst`.
    Document,
    /// `.json`, `.jsonl`, `.yaml`, `.yml`, `.toml`, `.xml`, `.csv`.
    Data,
    /// `.log`.
    Log,
    /// `.png`, `.jpg`, `.jpeg`, `.gif`, `.svg`, `.webp`.
    Image,
    /// Anything else.
    File,
}

impl ArtifactType {
    /// By the ending of `path`.
    pub fn of(path: &str) -> Self {
        let name = path.rsplit('/').next().unwrap_or(path);
        let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
        match ending.as_deref() {
            Some("patch" | "diff") => Self::Patch,
            Some("md" | "txt" | "html" | "pdf" | "rst") => Self::Document,
            Some("json" | "jsonl" | "yaml" | "yml" | "toml" | "xml" | "csv") => Self::Data,
            Some("log") => Self::Log,
            Some("png" | "jpg" | "jpeg" | "gif" | "svg" | "webp") => Self::Image,
            Some(_) | None => Self::File,
        }
    }

    /// Its name in the report.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Patch => "patch",
            Self::Document => "document",
            Self::Data => "data",
            Self::Log => "log",
            Self::Image => "image",
            Self::File => "file",
        }
    }
}

/// Something a reader should know that is no failure by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Concern {
    /// What kind.
    pub kind: ConcernKind,
    /// The task it is about.
    pub task: Option<TaskId>,
    /// What it is, for people.
    pub text: String,
}

/// What kind of concern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ConcernKind {
    /// Processes were left behind, and killed.
    Leaked,
    /// Output was cut at its cap.
    Truncated,
    /// A rule was broken.
    Denied,
    /// A torn last line of the journal was cut off.
    Healed,
    /// A proposed plan was unsound.
    Replanned,
    /// Tests, or settings of checks, were changed by the work that they judge.
    Touched,
    /// Most of a limit was used.
    Budget,
}

impl ConcernKind {
    /// Its name in the report.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Leaked => "leaked",
            Self::Truncated => "truncated",
            Self::Denied => "denied",
            Self::Healed => "healed",
            Self::Replanned => "replanned",
            Self::Touched => "touched",
            Self::Budget => "budget",
        }
    }
}

/// One process that worked on the run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Session {
    /// Its process id.
    pub pid: u32,
    /// The program's version.
    pub version: String,
    /// When it began.
    pub started_at: Timestamp,
    /// The last thing it recorded.
    pub last_at: Timestamp,
    /// For how long everything stood still in between, as after Ctrl-Z; this time counts towards nothing.
    #[serde(default)]
    pub suspended_ms: u64,
    /// Whether it said that it was ending.
    pub ended: bool,
}

impl Session {
    /// Wall time from its beginning to the last thing it recorded.
    pub fn elapsed(&self) -> Span {
        self.last_at.since(self.started_at).minus(Span::from_millis(self.suspended_ms))
    }
}

/// A time in which nothing ran on purpose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Pause {
    /// Why.
    pub why: String,
    /// When it began.
    pub at: Timestamp,
    /// Until when it was meant to last.
    pub until: Option<Timestamp>,
    /// When it ended.
    pub continued_at: Option<Timestamp>,
    /// Whether its time counts.
    pub cause: PauseCause,
}

/// One line of the timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    /// Its place in the journal.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// The task it is about.
    pub task: Option<TaskId>,
    /// The attempt it is about.
    pub attempt: Option<u32>,
    /// What happened; may hold words of strangers.
    pub what: String,
}

/// What a run's change does to each file; counted by whoever holds the trees.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DiffStat {
    /// In the order of their paths.
    pub files: Vec<DiffFile>,
}

/// What a change does to one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DiffFile {
    /// Relative to the project.
    pub path: String,
    /// Lines added.
    pub added: u64,
    /// Lines removed.
    pub removed: u64,
}

impl DiffStat {
    /// Lines added, over all files.
    pub fn added(&self) -> u64 {
        self.files.iter().map(|file| file.added).sum()
    }

    /// Lines removed, over all files.
    pub fn removed(&self) -> u64 {
        self.files.iter().map(|file| file.removed).sum()
    }
}
