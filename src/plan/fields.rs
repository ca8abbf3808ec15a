//! The fields of plan objects by all their names: which are known, which were probably meant, which are ignored.

use super::fault::{Fault, nearest, quoted};
use super::gathered::Gathered;
use super::json::Json;
use super::repair::{Repair, RepairKind};

/// A field's own name and the other names it is known by. Case, `_` and `-` never matter: `dependsOn` and
/// `depends-on` are `depends_on`.
pub(super) type Field = (&'static str, &'static [&'static str]);

pub(super) const PLAN: &[Field] = &[
    ("schema", &[]),
    ("plan_id", &[]),
    ("title", &["name"]),
    ("goal", &["objective"]),
    ("created_at", &[]),
    ("ticket", &[]),
    ("base", &[]),
    ("planned_by", &[]),
    ("tasks", &["subtasks"]),
    ("batches", &[]),
];
pub(super) const TASK: &[Field] = &[
    ("id", &["task_id"]),
    ("title", &["name"]),
    ("role", &["agent_type", "task_type"]),
    ("instructions", &["description", "prompt"]),
    ("depends_on", &["dependencies", "deps", "blocked_by", "needs"]),
    ("scope", &[]),
    ("files_read", &[]),
    ("files_write", &[]),
    ("checks", &[]),
    ("artifacts", &[]),
    ("approval", &[]),
    ("run_if", &[]),
    ("on_interrupt", &[]),
    ("limits", &[]),
    // A plan has one level of tasks. Dropping a second one would lose work, so it is known, to be refused.
    ("tasks", &["subtasks", "steps", "batches"]),
];
pub(super) const PATCH: &[Field] = &[
    ("schema", &[]),
    ("reason", &["why"]),
    ("add", &["added"]),
    ("replace", &["replaced", "update"]),
    ("remove", &["removed", "delete"]),
    // A whole plan in the place of a patch: known, to be refused by name.
    ("tasks", &["subtasks", "batches"]),
];
pub(super) const BATCH: &[Field] = &[
    ("id", &["batch_id"]),
    ("name", &["title"]),
    ("type", &["kind"]),
    ("depends_on", &["dependencies", "needs"]),
    ("tasks", &["subtasks"]),
];
pub(super) const GOAL: &[Field] = &[("summary", &[]), ("success_criteria", &["acceptance_criteria"])];
pub(super) const TICKET: &[Field] = &[("ref", &[]), ("digest", &[]), ("text", &[])];
pub(super) const BASE: &[Field] = &[("tree", &[]), ("commit", &[])];
pub(super) const SCOPE: &[Field] = &[("read", &["files_read"]), ("write", &["files_write"]), ("constraints", &[])];
pub(super) const CHECK: &[Field] =
    &[("name", &[]), ("run", &["command", "argv"]), ("timeout", &[]), ("expect", &[]), ("kind", &[])];
pub(super) const LIMITS: &[Field] = &[("time", &[]), ("idle", &[]), ("attempts", &[])];

/// Whether `name` is one under which a plan holds its tasks.
pub(super) fn names_tasks(name: &str) -> bool {
    matches!(plain(name).as_str(), "tasks" | "subtasks" | "batches")
}

/// Whether `name` is one under which a patch holds its changes.
pub(super) fn names_changes(name: &str) -> bool {
    matches!(plain(name).as_str(), "add" | "replace" | "remove")
}

fn plain(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, '_' | '-')).map(|c| c.to_ascii_lowercase()).collect()
}

/// An object taken apart: the value of each known field with the key it had.
pub(super) struct Fields {
    pub(super) path: String,
    known: &'static [Field],
    values: Vec<Option<(String, Json)>>,
}

impl Fields {
    /// Sorts the entries of an object into fields. Other names are recorded; a key that is nearly a field is a
    /// fault, any other is ignored and recorded. A field that is `null` counts as left out.
    pub(super) fn of(
        path: String,
        entries: Vec<(String, Json)>,
        known: &'static [Field],
        faults: &mut Gathered,
        repairs: &mut Vec<Repair>,
    ) -> Self {
        let mut values: Vec<Option<(String, Json)>> = known.iter().map(|_| None).collect();
        for (key, value) in entries {
            let Some(slot) = slot(known, &key) else {
                unknown(&path, &key, known, faults, repairs);
                continue;
            };
            let name = known[slot].0;
            if let Some((other, _)) = &values[slot] {
                let message = format!("{} and {} are the same field", quoted(other), quoted(&key));
                faults.push(Fault::new(format!("{path}.{name}"), message).hint(format!("keep one, as `{name}`")));
                continue;
            }
            if key != name && value != Json::Null {
                let note = format!("{} was read as `{name}`", quoted(&key));
                repairs.push(Repair { kind: RepairKind::Alias, path: format!("{path}.{name}"), place: None, note });
            }
            values[slot] = Some((key, value));
        }
        Self { path, known, values }
    }

    /// Takes a field's value with its path, named as it stood in the text.
    pub(super) fn take(&mut self, name: &str) -> Option<(String, Json)> {
        let slot = self.known.iter().position(|(known, _)| *known == name)?;
        match self.values[slot].take() {
            None | Some((_, Json::Null)) => None,
            Some((key, value)) => {
                let key = crate::text::printable(&key, 80);
                Some((format!("{}.{key}", self.path), value))
            }
        }
    }

    /// The path a field has or would have.
    pub(super) fn at(&self, name: &str) -> String {
        format!("{}.{name}", self.path)
    }
}

fn slot(known: &[Field], key: &str) -> Option<usize> {
    known.iter().position(|(name, _)| *name == key).or_else(|| {
        let key = plain(key);
        known.iter().position(|(name, others)| plain(name) == key || others.iter().any(|other| plain(other) == key))
    })
}

fn unknown(path: &str, key: &str, known: &[Field], faults: &mut Gathered, repairs: &mut Vec<Repair>) {
    let at = format!("{path}.{}", crate::text::printable(key, 80));
    if let Some(meant) = nearest(key, known.iter().map(|(name, _)| *name)) {
        let fault = Fault::new(at, format!("unknown field {}", quoted(key)));
        faults.push(fault.hint(format!("did you mean `{meant}`?")));
    } else {
        let note = format!("the unknown field {} was ignored", quoted(key));
        repairs.push(Repair { kind: RepairKind::IgnoredField, path: at, place: None, note });
    }
}
