//! Every key there is. A key that does nothing is not here.

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, de};

use super::jobs::Jobs;
use super::setting::{Count, Large, Lasting, Maybe, Money, section, whole};
use crate::agent::Spec;
use crate::event::Ask;
use crate::ids::{AgentName, CheckName, ModelName};
use crate::message::Score;
use crate::model::Spec as ModelSpec;
use crate::plan::{CheckKind, Expect};
use crate::planner::Workflow;
use crate::store::SyncMode;
use crate::time::Span;
use crate::workspace::WorkspaceMode;

whole!(
    Version,
    PlannerUse,
    Template,
    Spec,
    AgentName,
    ModelName,
    Score,
    WorkspaceMode,
    Expect,
    CheckKind,
    Unchecked,
    Unknown,
    Ask,
    SyncMode,
    Jobs
);

section! {
    /// The configuration of orchestra.
    Config = Layer {
        /// The version of this format.
        version: Version,
        /// What is worked on.
        project: ProjectLayer,
        /// Who turns a ticket into a plan.
        planner: PlannerLayer,
        /// Language models by name.
        models: BTreeMap<ModelName, ModelSpec>,
        /// How models are asked.
        model: AskingLayer,
        /// Agents by name, besides `builtin`.
        agents: BTreeMap<AgentName, Spec>,
        /// Which agent does which kind of work.
        roles: RolesLayer,
        /// When a reviewer's word sends the work back.
        review: ReviewLayer,
        /// What agents and models are told.
        prompts: PromptsLayer,
        /// Where the work happens.
        workspace: WorkspaceLayer,
        /// Checks by name. Orchestra runs them itself. None: those it detects.
        checks: BTreeMap<CheckName, CheckLayer>,
        /// How the checks judge.
        verify: VerifyLayer,
        /// How the tasks are run.
        run: RunLayer,
        /// Where it ends, whatever happens.
        limits: LimitsLayer,
        /// What it may cost.
        budget: BudgetLayer,
        /// How safe the records are.
        journal: JournalLayer,
        /// Where the records are.
        runs: RunsLayer,
    }
}

section! {
    /// What is worked on.
    Project = ProjectLayer {
        /// The project's folder, relative to the file that says so.
        root: PathBuf,
    }
}

section! {
    /// Who turns a ticket into a plan.
    Planner = PlannerLayer {
        /// Which planner.
        r#use: PlannerUse,
        /// `default`, `plan-code-review`, or the path of a template, relative to the file that says so.
        template: Template,
        /// Which model plans: a name under `models`; `main` if left out and there is one.
        model: Maybe<ModelName>,
        /// Most tasks it may plan.
        max_tasks: Count<1, 500>,
        /// How often a model is asked again about a plan with faults.
        rounds: Count<0, 10>,
        /// How often the plan of a run may be revised.
        max_replans: Count<0, 100>,
        /// Files that a model is given to read before it plans, relative to the file that says so.
        context: Vec<PathBuf>,
    }
}

section! {
    /// How models are asked.
    Asking = AskingLayer {
        /// A folder for what is asked and answered, relative to the file that says so; nothing is kept if left out.
        record: Maybe<PathBuf>,
        /// Most times that one request is sent.
        tries: Count<1, 20>,
        /// Longest wait for a connection.
        connect_timeout: Lasting,
        /// Longest wait for the beginning of an answer.
        header_timeout: Lasting,
        /// Longest silence within an answer.
        idle_timeout: Lasting,
        /// Longest time for one answer as a whole.
        total_timeout: Lasting,
    }
}

section! {
    /// Which agent does which kind of work: `builtin` or a name under `agents`.
    Roles = RolesLayer {
        /// Looks at the code before anything is changed.
        research: AgentName,
        /// Changes the code.
        implement: AgentName,
        /// Writes tests.
        test: AgentName,
        /// Reads the change.
        review: AgentName,
    }
}

section! {
    /// When a reviewer's word sends the work back.
    Review = ReviewLayer {
        /// Work with a lower score goes back to where it was done.
        threshold: Score,
        /// How often that may happen to a task.
        reworks: Count<0, 10>,
    }
}

section! {
    /// Where the work happens.
    Workspace = WorkspaceLayer {
        /// How it is filled.
        mode: WorkspaceMode,
        /// Commands that make a fresh workspace fit for work, in order: lists of arguments, no shell.
        setup: Vec<Vec<String>>,
        /// Files that git ignores but workspaces need.
        copy: Vec<String>,
    }
}

section! {
    /// A command whose exit code decides.
    CheckSettings = CheckLayer {
        /// Program and arguments; no shell.
        run: Vec<String>,
        /// Longest it may take; `limits.task` if left out.
        timeout: Maybe<Lasting>,
        /// What it proves: `keep`, that nothing broke; `change`, that the work was done.
        expect: Maybe<Expect>,
        /// Whether it tests or builds.
        kind: Maybe<CheckKind>,
    }
}

section! {
    /// How the checks judge.
    Verify = VerifyLayer {
        /// What becomes of work that nothing checked.
        unchecked: Unchecked,
        /// Names of environment variables that set-up commands and checks get as well.
        pass_env: Vec<String>,
    }
}

section! {
    /// How the tasks are run.
    Run = RunLayer {
        /// Most tasks at a time; `auto` is as many as machine and plan have a use for.
        jobs: Jobs,
        /// Whether tasks that do not depend on a failed one still run.
        continue_on_error: bool,
        /// Most attempts per task.
        attempts: Count<1, 20>,
        /// Longest wait before the second attempt; it doubles from there.
        backoff: Span,
        /// The longest such wait.
        max_backoff: Span,
        /// When a person is asked, beyond what a plan demands.
        ask: Ask,
    }
}

section! {
    /// Where it ends, whatever happens.
    Limits = LimitsLayer {
        /// Wall time of a run, over all its processes.
        run: Lasting,
        /// Wall time of one attempt.
        task: Lasting,
        /// Longest silence of one attempt.
        idle: Lasting,
        /// Most launches of agents in a run.
        launches: Count<1, 1_000_000>,
        /// Most bytes of an attempt's output that are kept, of each stream.
        output_bytes: Count<4096, 1_073_741_824>,
        /// Most bytes written to the run directory.
        run_bytes: Large<17_592_186_044_416>,
        /// How long to wait for a quota to come back.
        quota_wait: Span,
        /// Most tasks in a plan.
        plan_tasks: Count<1, 1_000_000>,
        /// Most bytes of a plan's text.
        plan_bytes: Count<1, 1_073_741_824>,
    }
}

section! {
    /// What it may cost.
    Budget = BudgetLayer {
        /// US dollars that a run may use, over all its processes.
        usd: Money,
        /// Tokens of all kinds that a run may use, over all its processes.
        tokens: Large<1_000_000_000_000>,
        /// US dollars that one attempt may use.
        task_usd: Money,
        /// Tokens that one attempt may use.
        task_tokens: Large<1_000_000_000_000>,
        /// What becomes of agents whose price nobody knows, where somebody set a budget of money.
        unknown: Unknown,
    }
}

section! {
    /// What agents and models are told.
    Prompts = PromptsLayer {
        /// A folder whose files replace the built-in ones of the same names, relative to the file that says so.
        dir: Maybe<PathBuf>,
    }
}

section! {
    /// How safe the records are.
    Journal = JournalLayer {
        /// What an event must survive before its effect happens: a power cut, or the end of the process.
        sync: SyncMode,
    }
}

section! {
    /// Where the records are.
    Runs = RunsLayer {
        /// The folder of the run directories; the default is inside the project, any other is relative to the file
        /// that says so.
        dir: PathBuf,
    }
}

/// The version of the format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct Version;

/// Which planner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PlannerUse {
    /// The model if there is one to plan, else the template.
    Auto,
    /// A fixed workflow filled from the ticket's own structure. No model.
    Template,
    /// A language model.
    Model,
}

/// Which workflow the template planner fills.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(into = "PathBuf")]
pub enum Template {
    /// One that is part of this program.
    BuiltIn(Workflow),
    /// A file; its path has a `.` or a `/` in it, so that a misspelt name is not taken for one.
    File(PathBuf),
}

/// What becomes of work that nothing checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Unchecked {
    /// It is not verified: exit code 3.
    Deny,
    /// It counts as done.
    Allow,
}

/// What becomes of agents whose price nobody knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Unknown {
    /// They are refused before anything starts.
    Deny,
    /// They work, and each attempt counts as all that one attempt may use.
    Allow,
}

impl TryFrom<u32> for Version {
    type Error = String;
    fn try_from(number: u32) -> Result<Self, String> {
        match number {
            1 => Ok(Self),
            other => Err(format!("this build knows version 1 of the configuration, not {other}")),
        }
    }
}

impl From<Version> for u32 {
    fn from(_: Version) -> Self {
        1
    }
}

impl JsonSchema for Version {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Version".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"const": 1})
    }
}

impl<'de> Deserialize<'de> for Template {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let path = PathBuf::deserialize(deserializer)?;
        match path.to_str() {
            Some(name) if !name.contains(['.', '/']) => match Workflow::named(name) {
                Some(workflow) => Ok(Self::BuiltIn(workflow)),
                None => Err(de::Error::unknown_variant(name, Workflow::NAMES)),
            },
            Some(_) | None => Ok(Self::File(path)),
        }
    }
}

impl From<Template> for PathBuf {
    fn from(template: Template) -> Self {
        match template {
            Template::BuiltIn(workflow) => Self::from(workflow.as_str()),
            Template::File(path) => path,
        }
    }
}

impl JsonSchema for Template {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Template".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string"})
    }
}
