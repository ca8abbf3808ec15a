//! A change of a plan that is being worked on: tasks added, replaced and removed, none of them begun.

use std::collections::{HashMap, HashSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::accept::{Caps, Plan};
use super::fault::{Fault, Faults, nearest, quoted};
use super::fields;
use super::find::{Wanted, find};
use super::gathered::Gathered;
use super::json::Json;
use super::model::{RunIf, Task};
use super::parse::{fits, relocate};
use super::repair::{Repair, RepairKind};
use super::walk::Walk;
use crate::ids::TaskId;
use crate::text::{clean, clip};

/// The value of a patch's `schema` field.
pub const PATCH_SCHEMA: &str = "orchestra.patch/v1";

/// Most bytes of a reason; a longer one is cut.
const REASON: usize = 2000;

/// What is to change in a plan, and why. Not yet held against any plan: [`PlanPatch::apply`] does that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanPatch {
    /// Always [`PATCH_SCHEMA`].
    #[serde(default = "own_schema")]
    pub schema: String,
    /// Why the plan has to change: a sentence or two for people, clean for a terminal.
    #[serde(default)]
    pub reason: String,
    /// New tasks. They take the places of removed ones in the plan's order, and then its end.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub add: Vec<Task>,
    /// Tasks that are there already, each as a whole as it shall be.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replace: Vec<Task>,
    /// Tasks that shall not be done any more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remove: Vec<TaskId>,
}

fn own_schema() -> String {
    PATCH_SCHEMA.to_owned()
}

impl PlanPatch {
    /// A patch that changes nothing yet.
    pub fn new(reason: &str) -> Self {
        Self {
            schema: own_schema(),
            reason: reason.to_owned(),
            add: Vec::new(),
            replace: Vec::new(),
            remove: Vec::new(),
        }
    }

    /// Reads a patch out of a text, such as what a model answered, as [`parse`](super::parse()) reads a plan: the whole
    /// text, one fenced block, or the one object in prose, with the same repairs and the same refusals.
    pub fn parse(text: &str, caps: &Caps) -> Result<(Self, Vec<Repair>), Faults> {
        fits(text, caps)?;
        // Sequences also pass for structs there, so only an object may take the quick way.
        let strict = text.trim_start().starts_with('{').then(|| serde_json::from_str::<Self>(text).ok()).flatten();
        let (mut patch, repairs) = match strict.filter(|patch| patch.schema == PATCH_SCHEMA) {
            Some(patch) => (patch, Vec::new()),
            None => leniently(text)?,
        };
        if patch.is_empty() {
            let hint = "name at least one task in `add`, `replace` or `remove`";
            return Err(Fault::new("$", "the patch changes nothing").hint(hint).into());
        }
        patch.reason = clip(clean(patch.reason.trim()).as_ref(), REASON).to_owned();
        Ok((patch, repairs))
    }

    /// Whether it names no task at all.
    pub fn is_empty(&self) -> bool {
        self.add.is_empty() && self.replace.is_empty() && self.remove.is_empty()
    }

    /// The plan as it is with this change, or all that speaks against it. Faults name places of the patch, or of the plan
    /// where a task that it leaves alone is at fault.
    ///
    /// What has `started` stays as it is. Nothing that has not may wait for `given_up` afterwards, unless it runs also after
    /// a failure; the approval of a person is never taken away. The rest is what holds of every plan. A task that is not
    /// removed keeps its place in the plan's order as long as there are as many added as removed before it. Groups of tasks
    /// are dissolved: their order is in `depends_on` already, and what they asked for may be what has to change.
    pub fn apply(
        &self,
        plan: &Plan,
        started: &dyn Fn(&TaskId) -> bool,
        given_up: &TaskId,
        caps: &Caps,
    ) -> Result<Plan, Faults> {
        let mut faults = Gathered::default();
        self.check_against(plan, started, &mut faults);
        let (tasks, origins) = self.changed(plan);
        check_waiting(self, (&tasks, &origins), started, given_up, &mut faults);
        if faults.is_empty() && tasks == plan.tasks {
            faults.push(Fault::new("$", "the patch changes nothing").hint("every task in `replace` is as it was"));
        }
        if !faults.is_empty() {
            return Err(faults.into());
        }
        let mut draft = plan.clone().into_draft();
        draft.tasks = tasks;
        draft.batches.clear();
        draft.accept(caps).map_err(|faults| relocate(faults.into_vec(), &origins).into())
    }

    /// What it says of tasks that are there, or are not.
    fn check_against(&self, plan: &Plan, started: &dyn Fn(&TaskId) -> bool, faults: &mut Gathered) {
        let known: HashMap<&TaskId, &Task> = plan.tasks.iter().map(|task| (&task.id, task)).collect();
        let mut named: HashMap<&TaskId, String> = HashMap::new();
        for (k, task) in self.add.iter().enumerate() {
            let path = format!("$.add[{k}].id");
            if known.contains_key(&task.id) {
                let fault = Fault::new(&path, format!("there is a task {} already", quoted(task.id.as_str())));
                faults.push(fault.hint("take another id, or put the task into `replace`"));
            }
            once(&mut named, &task.id, path, faults);
        }
        let changed = self.replace.iter().enumerate().map(|(k, task)| (format!("$.replace[{k}].id"), &task.id));
        let removed = self.remove.iter().enumerate().map(|(k, id)| (format!("$.remove[{k}]"), id));
        for (path, id) in changed.chain(removed) {
            if !known.contains_key(id) {
                let fault = Fault::new(&path, format!("there is no task {}", quoted(id.as_str())));
                faults.push(match nearest(id.as_str(), known.keys().map(|id| id.as_str())) {
                    Some(meant) => fault.hint(format!("did you mean `{meant}`?")),
                    None => fault,
                });
            } else if started(id) {
                let fault = Fault::new(&path, format!("task {} has been started, so it stays", quoted(id.as_str())));
                faults.push(fault.hint("change only tasks that have not been started; add one that mends its work"));
            }
            once(&mut named, id, path, faults);
        }
        for (k, task) in self.replace.iter().enumerate() {
            if known.get(&task.id).is_some_and(|old| old.approval) && !task.approval {
                let message = format!("task {} needs the approval of a person", quoted(task.id.as_str()));
                faults.push(Fault::new(format!("$.replace[{k}].approval"), message).hint("keep `\"approval\": true`"));
            }
        }
    }

    /// The tasks as they shall be, and where each comes from.
    fn changed(&self, plan: &Plan) -> (Vec<Task>, Vec<String>) {
        let removed: HashSet<&TaskId> = self.remove.iter().collect();
        let replaced: HashMap<&TaskId, usize> = (0..).zip(&self.replace).map(|(k, task)| (&task.id, k)).collect();
        let mut added = self.add.iter().enumerate().map(|(k, task)| (task.clone(), format!("$.add[{k}]")));
        let kept = plan.tasks.iter().enumerate().filter_map(|(i, task)| match replaced.get(&task.id) {
            _ if removed.contains(&task.id) => added.next(),
            Some(&k) => Some((self.replace[k].clone(), format!("$.replace[{k}]"))),
            None => Some((task.clone(), format!("$.tasks[{i}]"))),
        });
        let mut all: Vec<(Task, String)> = kept.collect();
        all.extend(added);
        all.into_iter().unzip()
    }
}

/// A patch names each task once.
fn once<'a>(named: &mut HashMap<&'a TaskId, String>, id: &'a TaskId, path: String, faults: &mut Gathered) {
    if let Some(first) = named.get(id) {
        let fault = Fault::new(path, format!("task {} is in {first} already", quoted(id.as_str())));
        faults.push(fault.hint("name each task once"));
    } else {
        named.insert(id, path);
    }
}

/// What is still to be done cannot wait for what will never be.
fn check_waiting(
    patch: &PlanPatch,
    (tasks, origins): (&[Task], &[String]),
    started: &dyn Fn(&TaskId) -> bool,
    given_up: &TaskId,
    faults: &mut Gathered,
) {
    let removed: HashSet<&TaskId> = patch.remove.iter().collect();
    for (task, origin) in tasks.iter().zip(origins).filter(|(task, _)| !started(&task.id)) {
        for (k, dep) in task.depends_on.iter().enumerate() {
            let why = if removed.contains(dep) {
                "which the patch removes"
            } else if dep == given_up && task.run_if == RunIf::Success {
                "which was given up"
            } else {
                continue;
            };
            let message = format!("task {} waits for {}, {why}", quoted(task.id.as_str()), quoted(dep.as_str()));
            let fault = Fault::new(format!("{origin}.depends_on[{k}]"), message);
            faults.push(fault.hint("let it wait for another task, in `replace`, or remove it"));
        }
    }
}

/// The forgiving way to read one.
fn leniently(text: &str) -> Result<(PlanPatch, Vec<Repair>), Faults> {
    let found = find(text, Wanted::Patch)?;
    let mut walk = Walk { repairs: found.repairs, ..Walk::default() };
    let patch = walk.patch(found.json);
    if walk.faults.is_empty() { Ok((patch, walk.repairs)) } else { Err(walk.faults.into()) }
}

impl Walk {
    fn patch(&mut self, json: Json) -> PlanPatch {
        let mut patch = PlanPatch::new("");
        let Some(mut fields) = self.fields(("$".to_owned(), json), fields::PATCH) else { return patch };
        let schema = fields.take("schema");
        if schema.is_none() {
            self.repair(RepairKind::Filled, "$.schema", format!("the schema was taken to be {PATCH_SCHEMA}"));
        }
        if let Some(schema) = self.text(schema).filter(|schema| schema != PATCH_SCHEMA) {
            let message = format!("{} is not a patch's schema; expected {PATCH_SCHEMA}", quoted(&schema));
            self.fault("$.schema", message);
        }
        if let Some((path, _)) = fields.take("tasks") {
            let fault = Fault::new(path, "this is a plan, and a patch is wanted");
            self.faults.push(fault.hint("give only what changes, in `add`, `replace` and `remove`"));
        }
        patch.reason = self.text(fields.take("reason")).unwrap_or_default();
        let added = self.list(fields.take("add"));
        patch.add = added.into_iter().filter_map(|at| self.task(at)).collect();
        let replaced = self.list(fields.take("replace"));
        patch.replace = replaced.into_iter().filter_map(|at| self.task(at)).collect();
        patch.remove = self.ids(fields.take("remove"));
        patch
    }
}
