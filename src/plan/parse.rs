//! From text to draft: the strict way first, and where it fails the forgiving one, which records all it forgave.

use std::collections::BTreeSet;

use super::accept::{Caps, Plan, check_version};
use super::fault::{Fault, Faults};
use super::fields::{self, Fields};
use super::find::{Found, Wanted, find};
use super::gathered::Gathered;
use super::import;
use super::json::Json;
use super::model::{Batch, BatchType, Draft, PLAN_SCHEMA, Task};
use super::repair::{Repair, RepairKind};
use super::strict::strictly;
use super::walk::{At, Walk};
use crate::ids::{PlanId, TaskId};
use crate::time::Timestamp;

/// What a plan gets that its text does not bring: this room has neither clock nor chance.
#[derive(Debug, Clone)]
pub struct Defaults {
    /// Its id.
    pub plan_id: PlanId,
    /// When it was made.
    pub created_at: Timestamp,
}

/// What a text said.
#[derive(Debug, Clone)]
pub struct Parsed {
    /// The draft.
    pub draft: Draft,
    /// What was mended on the way, in the order of the text.
    pub repairs: Vec<Repair>,
    /// Where each task stood in the text, when that is not its place in `draft.tasks`.
    origins: Vec<String>,
}

impl Parsed {
    /// What another tool's file came to; `origins` are the places of the tasks in it.
    pub(super) fn imported(draft: Draft, repairs: Vec<Repair>, origins: Vec<String>) -> Self {
        Self { draft, repairs, origins }
    }

    /// Accepts the draft; faults name the places of the text.
    pub fn accept(self, caps: &Caps) -> Result<(Plan, Vec<Repair>), Faults> {
        match self.draft.accept(caps) {
            Ok(plan) => Ok((plan, self.repairs)),
            Err(faults) => Err(relocate(faults.into_vec(), &self.origins).into()),
        }
    }
}

/// Reads a plan of ours out of a text, such as what a model answered; a file of the user's may be more:
/// [`read`](super::read()).
///
/// Tried in this order: the whole text strictly; the one value it is, the one fenced block, the one object in prose,
/// each with the repairs of [`RepairKind`]. Cut text, two plans, doubled keys, deep nesting and wrong types are
/// faults. When any is found, what [`Draft::accept`] would say about the rest is said too.
pub fn parse(text: &str, caps: &Caps, defaults: &Defaults) -> Result<Parsed, Faults> {
    fits(text, caps)?;
    if let Some(parsed) = strictly(text, defaults) {
        return Ok(parsed);
    }
    let found = find(text, Wanted::Plan).map_err(Faults::from)?;
    match import::fault(&found.json) {
        Some(fault) => Err(fault.into()),
        None => leniently(found, caps, defaults),
    }
}

/// Refuses a text that is too large to be looked at.
pub(super) fn fits(text: &str, caps: &Caps) -> Result<(), Faults> {
    if text.len() <= caps.bytes {
        return Ok(());
    }
    let message = format!("the text has {} bytes; the most allowed is {}", text.len(), caps.bytes);
    Err(Fault::new("$", message).hint("split the plan, or raise the cap on bytes").into())
}

/// A value that was found, with what can be mended mended.
pub(super) fn leniently(found: Found, caps: &Caps, defaults: &Defaults) -> Result<Parsed, Faults> {
    if let Some(Json::Text(schema)) = found.json.get("schema") {
        let mut faults = Gathered::default();
        if check_version(schema, &mut faults) {
            return Err(faults.into());
        }
    }
    let mut walk = Walk { repairs: found.repairs, ..Walk::default() };
    let (draft, origins) = plan(&mut walk, found.json, defaults);
    if walk.faults.is_empty() {
        return Ok(Parsed { draft, repairs: walk.repairs, origins });
    }
    Err(with_the_rest(walk.faults.into_vec(), draft, &origins, caps))
}

/// The faults of reading with those of judging, the latter only where the former said nothing.
fn with_the_rest(mut faults: Vec<Fault>, draft: Draft, origins: &[String], caps: &Caps) -> Faults {
    let known: BTreeSet<String> = faults.iter().map(|fault| fault.path.clone()).collect();
    if let Err(more) = draft.accept(caps) {
        let mut more = relocate(more.into_vec(), origins);
        // A fault below or above a known one says the same twice, or follows from it.
        more.retain(|fault| {
            let path = &fault.path;
            let below = known.range::<String, _>(path..).next().is_some_and(|next| next.starts_with(path.as_str()));
            let ends = path.char_indices().filter(|(at, c)| *at > 1 && matches!(c, '.' | '[')).map(|(at, _)| at);
            !below && !ends.into_iter().any(|at| known.contains(&path[..at]))
        });
        faults.append(&mut more);
    }
    faults.into()
}

/// Names the places of the text in the faults of the draft that came of it.
pub(super) fn relocate(mut faults: Vec<Fault>, origins: &[String]) -> Vec<Fault> {
    for fault in faults.iter_mut().filter(|_| !origins.is_empty()) {
        let Some((number, rest)) = fault.path.strip_prefix("$.tasks[").and_then(|rest| rest.split_once(']')) else {
            continue;
        };
        if let Some(origin) = number.parse::<usize>().ok().and_then(|number| origins.get(number)) {
            fault.path = format!("{origin}{rest}");
        }
    }
    faults
}

fn plan(walk: &mut Walk, json: Json, defaults: &Defaults) -> (Draft, Vec<String>) {
    let entries = match json {
        Json::Object(entries) => entries,
        // What is found is an object; nothing else gets here.
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::Text(_) | Json::List(_) => Vec::new(),
    };
    let mut fields = Fields::of("$".to_owned(), entries, fields::PLAN, &mut walk.faults, &mut walk.repairs);
    let schema = fields.take("schema");
    let schema = if schema.is_some() {
        walk.text(schema).unwrap_or_else(|| PLAN_SCHEMA.to_owned())
    } else {
        walk.default_schema()
    };
    let plan_id = filled(walk, fields.take("plan_id"), "$.plan_id", &defaults.plan_id);
    let created_at = filled(walk, fields.take("created_at"), "$.created_at", &defaults.created_at);
    let given_title = fields.take("title");
    let mut goal = walk.goal(fields.take("goal"));
    let ticket = walk.ticket(fields.take("ticket"));
    let base = walk.base(fields.take("base"));
    let planned_by = walk.text(fields.take("planned_by"));

    let listed = fields.take("tasks");
    let grouped = fields.take("batches");
    if listed.is_none() && grouped.is_none() {
        walk.fault("$.tasks", "the plan has no `tasks`");
    }
    let mut tasks = Vec::new();
    let mut origins = Vec::new();
    for at in walk.list(listed) {
        take_task(walk, at, &mut tasks, &mut origins);
    }
    let batches = batches(walk, grouped, &mut tasks, &mut origins);
    let title = given_title.map(|title| walk.text(Some(title)).unwrap_or_default());
    let title = walk.title(title, &mut goal, tasks.len());
    let draft = Draft { schema, plan_id, title, goal, created_at, ticket, base, planned_by, tasks, batches };
    (draft, origins)
}

fn filled<T>(walk: &mut Walk, at: Option<At>, path: &str, default: &T) -> T
where
    T: Clone + std::str::FromStr,
    T::Err: std::fmt::Display,
{
    if at.is_none() {
        return walk.made(path, default);
    }
    walk.parsed(at).unwrap_or_else(|| default.clone())
}

fn take_task(walk: &mut Walk, at: At, tasks: &mut Vec<Task>, origins: &mut Vec<String>) -> Option<TaskId> {
    let origin = at.0.clone();
    let task = walk.task(at)?;
    let id = task.id.clone();
    origins.push(origin);
    tasks.push(task);
    Some(id)
}

fn batches(walk: &mut Walk, at: Option<At>, tasks: &mut Vec<Task>, origins: &mut Vec<String>) -> Vec<Batch> {
    let mut batches = Vec::new();
    for (b, at) in walk.list(at).into_iter().enumerate() {
        let Some(mut fields) = walk.fields(at, fields::BATCH) else { continue };
        let id = fields.take("id");
        if id.is_none() {
            walk.repair(RepairKind::Filled, fields.at("id"), "it was left out, so one was made");
        }
        let id = walk.id_text(id).unwrap_or_else(|| format!("B{}", b + 1));
        let name = walk.text(fields.take("name"));
        let kinds = [("parallel", BatchType::Parallel), ("sequential", BatchType::Sequential)];
        let kind = walk.choice(fields.take("type"), &kinds).unwrap_or_default();
        let named = walk.list(fields.take("depends_on"));
        let depends_on = named.into_iter().filter_map(|at| walk.id_text(Some(at))).collect();
        let members = walk.list(fields.take("tasks"));
        let tasks = members
            .into_iter()
            .filter_map(|at| match &at.1 {
                Json::Object(_) => take_task(walk, at, tasks, origins),
                Json::Null | Json::Bool(_) | Json::Number(_) | Json::Text(_) | Json::List(_) => walk.id(Some(at)),
            })
            .collect();
        batches.push(Batch { id, name, kind, depends_on, tasks });
    }
    batches
}
