//! From draft to plan: everything that must hold is checked here, and all faults come back at once.

use std::collections::HashSet;
use std::ops::Deref;
use std::sync::Arc;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize, Serializer};

use super::fault::{Fault, Faults, quoted};
use super::gathered::Gathered;
use super::index::Index;
use super::model::{Draft, PLAN_SCHEMA};
use super::rows::Rows;
use super::{batches, edges, rules};
use crate::text::{clean, printable};

/// How large a plan may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caps {
    /// Most tasks.
    pub tasks: usize,
    /// Most bytes of text.
    pub bytes: usize,
}

impl Caps {
    /// For plans that were accepted before, under whatever caps held then.
    pub const NONE: Self = Self { tasks: usize::MAX, bytes: usize::MAX };
}

impl Default for Caps {
    fn default() -> Self {
        Self { tasks: 10_000, bytes: 4 << 20 }
    }
}

/// A sound plan. What holds of every value of this type:
///
/// - it has a task; ids are unique, also without case; every dependency exists, and none is named twice;
/// - following dependencies never comes back: the tasks form an acyclic graph;
/// - the order that its batches ask for is in the tasks' `depends_on`;
/// - globs are relative and valid and stay inside the project; titles are one clean line;
/// - a read-only role has no right to write; own checks have a command and one meaning per name.
///
/// Nothing of it ever changes, so a copy is the same one: an event, the state and a report share it.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "Draft")]
pub struct Plan(Arc<Sound>);

#[derive(Debug, PartialEq)]
struct Sound {
    draft: Draft,
    /// `depends_on` as ordinals: found once, when it was accepted.
    deps: Rows,
}

impl Plan {
    /// The ordinals of what each task waits for, in the order of `tasks`. A task's ordinal is its place there; graph and
    /// run name it by that.
    pub fn deps(&self) -> impl Iterator<Item = &[u32]> {
        let deps = &self.0.deps;
        (0..deps.len()).map(|task| deps.row(task))
    }

    /// Gives the draft back, to be changed and accepted anew.
    pub fn into_draft(self) -> Draft {
        Arc::try_unwrap(self.0).map_or_else(|shared| shared.draft.clone(), |own| own.draft)
    }
}

impl PartialEq for Plan {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0 == other.0
    }
}

impl Deref for Plan {
    type Target = Draft;
    fn deref(&self) -> &Draft {
        &self.0.draft
    }
}

impl TryFrom<Draft> for Plan {
    type Error = Faults;
    fn try_from(draft: Draft) -> Result<Self, Faults> {
        draft.accept(&Caps::NONE)
    }
}

impl From<Plan> for Draft {
    fn from(plan: Plan) -> Self {
        plan.into_draft()
    }
}

impl Serialize for Plan {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.draft.serialize(serializer)
    }
}

impl JsonSchema for Plan {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        Draft::schema_name()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Draft::json_schema(generator)
    }
}

impl Draft {
    /// Finds every fault of the draft, or makes a plan of it.
    ///
    /// On the way it tidies what needs no question: titles become one clean line, a dependency named twice is
    /// named once, `./` before a glob goes, and what batches ask for is written into `depends_on`. Doing it
    /// twice changes nothing more. Takes O(tasks + dependencies).
    pub fn accept(mut self, caps: &Caps) -> Result<Plan, Faults> {
        let mut faults = Gathered::default();
        check_version(&self.schema, &mut faults);
        if self.tasks.len() > caps.tasks {
            // Judging each of too many tasks is what the cap is there to avoid.
            let message = format!("the plan has {} tasks; the most allowed is {}", self.tasks.len(), caps.tasks);
            faults.push(Fault::new("$.tasks", message).hint("split it, or raise the cap on tasks"));
            return Err(faults.into());
        }
        if self.tasks.is_empty() {
            faults.push(Fault::new("$.tasks", "the plan is empty: it has no task"));
        }
        self.tidy();
        if self.title.trim().is_empty() {
            faults.push(Fault::new("$.title", "the title is empty"));
        }
        rules::check_tasks(&mut self.tasks, &mut faults);
        let index = Index::of(&self.tasks, &mut faults);
        let order = batches::resolve(&self, &index, &mut faults);
        let found = edges::check(&self.tasks, &index, order.clone(), &mut faults);
        drop(index);
        if !faults.is_empty() {
            return Err(faults.into());
        }
        batches::write_edges(&mut self.tasks, &order);
        // It is kept as long as its run.
        self.tasks.shrink_to_fit();
        for task in found.doubled {
            let mut seen = HashSet::new();
            self.tasks[task as usize].depends_on.retain(|id| seen.insert(id.clone()));
        }
        Ok(Plan(Arc::new(Sound { draft: self, deps: found.deps })))
    }

    fn tidy(&mut self) {
        self.title = printable(self.title.trim(), rules::TITLE);
        self.goal.summary = clean(&self.goal.summary).into_owned();
        for criterion in &mut self.goal.success_criteria {
            *criterion = clean(criterion).into_owned();
        }
        if let Some(by) = &mut self.planned_by {
            *by = printable(by, rules::TITLE);
        }
        for name in self.batches.iter_mut().filter_map(|batch| batch.name.as_mut()) {
            *name = printable(name, rules::TITLE);
        }
    }
}

impl From<Vec<Fault>> for Faults {
    /// An empty list would be our own mistake; it still becomes a fault rather than a silent success.
    fn from(faults: Vec<Fault>) -> Self {
        Self::found(faults).unwrap_or_else(|| Fault::new("$", "the plan was refused without a reason").into())
    }
}

/// Says when `schema` is not the one this build reads; returns whether it is a newer one.
pub(super) fn check_version(schema: &str, faults: &mut Gathered) -> bool {
    if schema == PLAN_SCHEMA {
        return false;
    }
    let newer = schema.strip_prefix("orchestra.plan/v").and_then(|v| v.parse::<u32>().ok()).is_some_and(|v| v > 1);
    let given = quoted(schema);
    faults.push(if newer {
        Fault::new("$.schema", format!("the plan is {given}; this build reads {PLAN_SCHEMA}"))
            .hint("use a newer orchestra, or make the plan again with this one")
    } else {
        Fault::new("$.schema", format!("{given} is not a plan's schema; expected {PLAN_SCHEMA}"))
    });
    newer
}
