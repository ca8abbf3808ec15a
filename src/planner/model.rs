//! The planner that asks a model: what it is asked, from the first request to the summary.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Made, schema};
use crate::ids::{CheckName, TaskId};
use crate::model::{Block, Keep, Part, Request, Said, Schema, Turn};
use crate::plan::{Caps, CheckRef, Plan, Task, TicketRef};
use crate::prompt::{self, Progress, PromptError, Revise, Rules, Shared, Templates};
use crate::text::clip;

/// Most bytes of an earlier answer that are sent back: who answers with more than this answers with something else.
const SENT_BACK: usize = 96 << 10;
/// Most tokens of a summary, which is three paragraphs at most.
const SUMMARY_TOKENS: u32 = 4096;

/// What a planner is made from.
#[derive(Debug, Clone)]
pub struct Brief {
    /// What all conversations of the run begin with.
    pub shared: Shared,
    /// The templates of its own parts.
    pub templates: Templates,
    /// What the plan is made from.
    pub ticket: TicketRef,
    /// The checks of the project that a task may name.
    pub checks: BTreeSet<CheckName>,
    /// What it is made with, and how many tasks it may have.
    pub made: Made,
    /// What every plan is held to.
    pub caps: Caps,
    /// Whose plan it is: the model's name.
    pub planned_by: String,
    /// Most tokens of an answer.
    pub max_output_tokens: u32,
}

/// Makes requests to a model and reads its answers. Asks nobody itself, and keeps nothing between its calls: the same
/// question gives the same request, in every process.
#[derive(Debug, Clone)]
pub struct ModelPlanner {
    pub(super) brief: Brief,
    rules: Rules,
    /// The part that asks for a plan.
    plan_part: String,
}

/// An answer that could not be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    /// The model's text.
    pub text: String,
    /// All that is wrong with it.
    pub faults: Vec<String>,
}

/// A plan that is under way, with the task for whose sake it is to change.
#[derive(Clone, Copy)]
pub struct Revision<'a> {
    /// The plan in force.
    pub plan: &'a Plan,
    /// The task that was given up.
    pub given_up: &'a TaskId,
    /// Why: the failure of its last attempt, or what a review found.
    pub why: &'a str,
    /// How each task stands.
    pub progress: &'a [Progress],
    /// Whether a task has been started, or is over.
    pub started: &'a dyn Fn(&TaskId) -> bool,
}

impl ModelPlanner {
    /// A planner for one run.
    pub fn new(brief: Brief) -> Result<Self, PromptError> {
        let checks = brief.checks.iter().map(ToString::to_string).collect();
        let rules = Rules { max_tasks: brief.made.max_tasks, checks };
        let plan_part = prompt::plan(&brief.templates, &rules)?;
        Ok(Self { brief, rules, plan_part })
    }

    /// The request for a plan, after these answers that could not be taken.
    pub fn request(&self, earlier: &[Rejected]) -> Result<Request, PromptError> {
        self.asking(self.plan_part.clone(), ("plan", schema::plan()), earlier)
    }

    /// The request for a change of a plan, after these answers that could not be taken.
    pub fn revision_request(&self, revision: &Revision<'_>, earlier: &[Rejected]) -> Result<Request, PromptError> {
        let revise = Revise {
            given_up: revision.given_up.to_string(),
            why: revision.why.to_owned(),
            tasks: tasks_json(revision.plan),
            progress: revision.progress.to_vec(),
        };
        let part = prompt::revise(&self.brief.templates, &self.rules, &revise)?;
        self.asking(part, ("patch", schema::patch()), earlier)
    }

    /// The request for a short account of a run; `outcome` is all that is known of it.
    pub fn summary_request(&self, outcome: &str) -> Result<Request, PromptError> {
        let part = prompt::summary(&self.brief.templates, outcome)?;
        let mut request = self.beginning();
        request.turns.push(Turn::User(vec![said_by_us(part)]));
        request.max_output_tokens = request.max_output_tokens.min(SUMMARY_TOKENS);
        Ok(request)
    }

    /// What all requests begin with.
    fn beginning(&self) -> Request {
        let parts = self.brief.shared.parts();
        let last = parts.len().saturating_sub(1);
        let keep = |at: usize| if at == last { Keep::Cached } else { Keep::Once };
        let system = parts.enumerate().map(|(at, text)| Block { text: text.to_owned(), keep: keep(at) }).collect();
        Request { system, max_output_tokens: self.brief.max_output_tokens, ..Request::default() }
    }

    /// A request for JSON of a kind, and what came of it so far.
    fn asking(
        &self,
        part: String,
        (what, schema): (&str, Schema),
        earlier: &[Rejected],
    ) -> Result<Request, PromptError> {
        let mut request = self.beginning();
        request.schema = Some(schema);
        let mut ours = vec![said_by_us(part)];
        for Rejected { text, faults } in earlier {
            // Providers refuse a turn of the model in which it says nothing.
            if !text.trim().is_empty() {
                request.turns.push(Turn::User(std::mem::take(&mut ours)));
                let text = clip(text.trim_end(), SENT_BACK).to_owned();
                request.turns.push(Turn::Model(vec![Said::Text(text)]));
            }
            ours.push(said_by_us(prompt::again(&self.brief.templates, what, faults)?));
        }
        request.turns.push(Turn::User(ours));
        Ok(request)
    }
}

fn said_by_us(text: String) -> Part {
    Part::Text(Block { text, keep: Keep::Once })
}

/// The tasks as a model is to write them.
fn tasks_json(plan: &Plan) -> String {
    let tasks: Vec<Value> = plan.tasks.iter().map(task_json).collect();
    serde_json::to_string_pretty(&tasks).unwrap_or_default()
}

fn task_json(task: &Task) -> Value {
    let Task { id, title, role, instructions, depends_on, scope, checks, artifacts, .. } = task;
    let check = |check: &CheckRef| match check {
        CheckRef::Named(name) => name.to_string(),
        CheckRef::Own(check) => check.name.to_string(),
    };
    let checks: Vec<String> = checks.iter().flatten().map(check).collect();
    json!({
        "id": id,
        "title": title,
        "role": role,
        "instructions": instructions,
        "depends_on": depends_on,
        "scope": {"read": scope.read, "write": scope.write},
        "checks": checks,
        "artifacts": artifacts,
    })
}
