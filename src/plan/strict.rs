//! The quick way to read a plan, and what stands in for what a plan leaves out.

use serde::Deserialize;

use super::model::{Batch, Draft, Goal, PLAN_SCHEMA, PlanBase, Task, TicketRef};
use super::parse::{Defaults, Parsed};
use super::repair::RepairKind;
use super::walk::Walk;
use crate::ids::PlanId;
use crate::time::Timestamp;

/// A text that is a plan as it should be.
pub(super) fn strictly(text: &str, defaults: &Defaults) -> Option<Parsed> {
    // Sequences also pass for structs there, so only an object may take this way.
    if !text.trim_start().starts_with('{') {
        return None;
    }
    serde_json::from_str::<Strict>(text).ok()?.completed(defaults)
}

/// A plan whose every field has its own name and type; of those about the plan itself, some may be left out. Read without
/// a tree of values between, so that a large plan costs little more than its own size.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Strict {
    schema: Option<String>,
    plan_id: Option<PlanId>,
    title: Option<String>,
    goal: Option<Goal>,
    created_at: Option<Timestamp>,
    ticket: Option<TicketRef>,
    base: Option<PlanBase>,
    planned_by: Option<String>,
    tasks: Vec<Task>,
    #[serde(default)]
    batches: Vec<Batch>,
}

impl Strict {
    /// The draft, with what was left out filled as the forgiving way does. None where only that one knows what to say.
    fn completed(self, defaults: &Defaults) -> Option<Parsed> {
        let Self { schema, plan_id, title, goal, created_at, ticket, base, planned_by, tasks, batches } = self;
        let mut walk = Walk::default();
        let complete =
            schema.is_some() && plan_id.is_some() && created_at.is_some() && title.is_some() && goal.is_some();
        if !complete && schema.as_ref().is_some_and(|schema| schema != PLAN_SCHEMA) {
            return None;
        }
        let schema = schema.unwrap_or_else(|| walk.default_schema());
        let plan_id = plan_id.unwrap_or_else(|| walk.made("$.plan_id", &defaults.plan_id));
        let created_at = created_at.unwrap_or_else(|| walk.made("$.created_at", &defaults.created_at));
        let mut goal = goal.unwrap_or_default();
        let title = match title {
            Some(title) if complete => title,
            title => walk.title(title, &mut goal, tasks.len()),
        };
        let draft = Draft { schema, plan_id, title, goal, created_at, ticket, base, planned_by, tasks, batches };
        Some(Parsed::imported(draft, walk.repairs, Vec::new()))
    }
}

/// What stands in for fields that were left out. Each is recorded.
impl Walk {
    pub(super) fn default_schema(&mut self) -> String {
        self.repair(RepairKind::Filled, "$.schema", format!("the schema was taken to be {PLAN_SCHEMA}"));
        PLAN_SCHEMA.to_owned()
    }

    pub(super) fn made<T: Clone>(&mut self, path: &str, default: &T) -> T {
        self.repair(RepairKind::Filled, path, "it was left out, so one was made");
        default.clone()
    }

    /// The title and the goal's summary stand in for each other.
    pub(super) fn title(&mut self, given: Option<String>, goal: &mut Goal, tasks: usize) -> String {
        if let Some(title) = given {
            if goal.summary.trim().is_empty() && !title.trim().is_empty() {
                self.repair(RepairKind::Filled, "$.goal.summary", "the goal was taken from the title");
                goal.summary.clone_from(&title);
            }
            return title;
        }
        let first = goal.summary.lines().map(str::trim).find(|line| !line.is_empty());
        let (title, note) = match first {
            Some(line) => (crate::text::printable(line, 100), "the title was taken from the goal"),
            None => (format!("a plan of {}", crate::text::count(tasks, "task")), "the plan has neither title nor goal"),
        };
        self.repair(RepairKind::Filled, "$.title", note);
        title
    }
}
