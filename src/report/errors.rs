//! Failures grouped by what they have in common, so that one cause behind many tasks is seen as one.

use std::collections::{HashMap, HashSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::event::{Failure, FailureClass};
use crate::ids::TaskId;
use crate::time::Timestamp;

/// Failures of one class with one signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ErrorGroup {
    /// What kind of failure.
    pub class: FailureClass,
    /// What they have in common: the detail without numbers and paths.
    pub signature: String,
    /// How often it was seen.
    pub count: u32,
    /// The tasks that met it, in the order they did.
    pub tasks: Vec<TaskId>,
    /// The last one's detail.
    pub detail: String,
    /// When it was seen first.
    pub first_at: Timestamp,
}

/// Groups in the order they were first seen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Errors {
    pub(super) groups: Vec<ErrorGroup>,
    index: HashMap<(FailureClass, String), usize>,
    /// Which task is already named by which group.
    seen: HashSet<(usize, TaskId)>,
}

impl Errors {
    pub(super) fn add(&mut self, task: &TaskId, failure: &Failure, at: Timestamp) {
        let key = (failure.class, failure.signature.clone());
        let next = self.groups.len();
        let place = *self.index.entry(key).or_insert(next);
        if place == next {
            self.groups.push(ErrorGroup {
                class: failure.class,
                signature: failure.signature.clone(),
                count: 0,
                tasks: Vec::new(),
                detail: String::new(),
                first_at: at,
            });
        }
        let group = &mut self.groups[place];
        group.count += 1;
        group.detail.clone_from(&failure.detail);
        if self.seen.insert((place, task.clone())) {
            group.tasks.push(task.clone());
        }
    }
}
