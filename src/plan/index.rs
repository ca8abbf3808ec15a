//! Where each id stands in a plan, without regard to case.

use std::collections::HashMap;
use std::hash::{Hash, Hasher};

use super::fault::{Fault, quoted};
use super::gathered::Gathered;
use super::model::Task;
use crate::ids::TaskId;

/// Tasks by id. Borrows the ids, so that no second copy of a large plan's ids is made.
pub(super) struct Index<'a> {
    tasks: &'a [Task],
    first: HashMap<Folded<'a>, u32>,
    /// Ids that differ from an earlier one by case only. That is a fault, and what waits for them is judged all the same.
    others: HashMap<&'a TaskId, u32>,
}

impl<'a> Index<'a> {
    /// The index of `tasks`. Reports ids that are there twice, or differ from another by case only.
    pub(super) fn of(tasks: &'a [Task], faults: &mut Gathered) -> Self {
        let mut first = HashMap::with_capacity(tasks.len());
        let mut others = HashMap::new();
        for (i, task) in (0u32..).zip(tasks) {
            let id = &task.id;
            let at = *first.entry(Folded(id.as_str())).or_insert(i);
            if at == i {
                continue;
            }
            let other = &tasks[at as usize].id;
            let message = if other == id {
                format!("the id {} is already that of $.tasks[{at}]", quoted(id.as_str()))
            } else {
                others.entry(id).or_insert(i);
                let other = quoted(other.as_str());
                format!("the id {} differs only by case from {other} of $.tasks[{at}]", quoted(id.as_str()))
            };
            faults.push(Fault::new(format!("$.tasks[{i}].id"), message).hint("ids are unique, also without case"));
        }
        Self { tasks, first, others }
    }

    /// The ordinal of `id`, which is taken by its letters, case included.
    pub(super) fn get(&self, id: &TaskId) -> Option<u32> {
        // The letters that were just compared are at hand; those of the task would have to be fetched.
        let (first, at) = self.first.get_key_value(&Folded(id.as_str()))?;
        if first.0 == id.as_str() { Some(*at) } else { self.others.get(id).copied() }
    }

    /// All ids, for "did you mean".
    pub(super) fn ids(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.tasks.iter().map(|task| task.id.as_str())
    }
}

/// An id as a file system without case sees it.
#[derive(Debug, Clone, Copy)]
struct Folded<'a>(&'a str);

impl PartialEq for Folded<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(other.0)
    }
}

impl Eq for Folded<'_> {}

impl Hash for Folded<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // Ids have at most 64 bytes; of a longer text the rest is told apart by comparing.
        let mut lower = [0u8; 64];
        let length = self.0.len().min(lower.len());
        let lower = &mut lower[..length];
        lower.copy_from_slice(&self.0.as_bytes()[..length]);
        lower.make_ascii_lowercase();
        state.write(lower);
    }
}
