//! What must hold between tasks: unique ids, known dependencies, and no way round in a circle.

use std::borrow::Cow;
use std::collections::HashMap;

use super::fault::{Fault, nearest, quoted};
use super::model::Task;
use crate::ids::TaskId;

/// Most comparisons spent on "did you mean", so that many unknown names stay cheap.
const COMPARISONS: usize = 200_000;

/// Ordinals by id. Reports ids that are there twice, or differ from another by case only.
pub(super) fn index(tasks: &[Task], faults: &mut Vec<Fault>) -> HashMap<TaskId, u32> {
    let mut ordinals = HashMap::with_capacity(tasks.len());
    let mut folded: HashMap<Cow<'_, str>, u32> = HashMap::with_capacity(tasks.len());
    for (i, task) in (0u32..).zip(tasks) {
        let id = task.id.as_str();
        let key = if id.bytes().any(|b| b.is_ascii_uppercase()) {
            Cow::Owned(id.to_ascii_lowercase())
        } else {
            Cow::Borrowed(id)
        };
        if let Some(&first) = folded.get(&key) {
            let other = &tasks[first as usize].id;
            let message = if other == &task.id {
                format!("the id {} is already that of $.tasks[{first}]", quoted(id))
            } else {
                let other = quoted(other.as_str());
                format!("the id {} differs only by case from {other} of $.tasks[{first}]", quoted(id))
            };
            faults.push(Fault::new(format!("$.tasks[{i}].id"), message).hint("ids are unique, also without case"));
        } else {
            folded.insert(key, i);
        }
        ordinals.entry(task.id.clone()).or_insert(i);
    }
    ordinals
}

/// Names every dependency once, and reports those on itself, on nothing, and in a circle.
pub(super) fn check(tasks: &mut [Task], ordinals: &HashMap<TaskId, u32>, faults: &mut Vec<Fault>) {
    let mut deps: Vec<Vec<u32>> = Vec::with_capacity(tasks.len());
    let mut spent = 0;
    // The last task that named each dependency: tells a second mention without a set per task.
    let mut named_by = vec![u32::MAX; tasks.len()];
    for (i, task) in (0u32..).zip(tasks.iter_mut()) {
        let mut known = Vec::with_capacity(task.depends_on.len());
        let mut again = false;
        for (k, id) in task.depends_on.iter().enumerate() {
            let path = || format!("$.tasks[{i}].depends_on[{k}]");
            match ordinals.get(id) {
                None => {
                    let fault = Fault::new(path(), format!("there is no task {}", quoted(id.as_str())));
                    spent += ordinals.len();
                    let meant = if spent <= COMPARISONS {
                        nearest(id.as_str(), ordinals.keys().map(TaskId::as_str))
                    } else {
                        None
                    };
                    faults.push(match meant {
                        Some(meant) => fault.hint(format!("did you mean `{meant}`?")),
                        None => fault,
                    });
                }
                Some(_) if *id == task.id => {
                    faults.push(Fault::new(path(), format!("task {} depends on itself", quoted(id.as_str()))));
                }
                Some(&dep) if named_by[dep as usize] == i => again = true,
                Some(&dep) => {
                    named_by[dep as usize] = i;
                    known.push(dep);
                }
            }
        }
        if again {
            let mut seen = std::collections::HashSet::new();
            task.depends_on.retain(|id| seen.insert(id.clone()));
        }
        deps.push(known);
    }
    for cycle in cycles(&deps) {
        let mut names: Vec<&str> = cycle.iter().map(|&t| tasks[t as usize].id.as_str()).collect();
        names.extend(names.first().copied());
        let message = format!("tasks wait for each other in a circle: {}", names.join(" → "));
        let first = cycle.first().copied().unwrap_or_default();
        faults
            .push(Fault::new(format!("$.tasks[{first}].depends_on"), message).hint("remove one of these dependencies"));
    }
}

/// Cycles among `deps`, no two of which share a node; none exactly when the graph is acyclic. Each begins at
/// its lowest node and goes from a node to one it depends on. O(nodes + edges), without recursion.
pub(super) fn cycles(deps: &[Vec<u32>]) -> Vec<Vec<u32>> {
    const OFF: usize = usize::MAX;
    let mut rest = Rest::of(deps);
    let mut found = Vec::new();
    let mut path: Vec<usize> = Vec::new();
    let mut place = vec![OFF; deps.len()];
    for start in 0..deps.len() {
        if rest.left[start] {
            place[start] = 0;
            path.push(start);
        }
        // A node leaves the path only when it has been taken away, so each enters it once.
        while let Some(&at) = path.last() {
            if !rest.left[at] {
                path.pop();
                continue;
            }
            match rest.next(at) {
                Some(next) if place[next] != OFF => {
                    let mut cycle: Vec<u32> =
                        path[place[next]..].iter().filter_map(|&node| u32::try_from(node).ok()).collect();
                    let lowest = (0..cycle.len()).min_by_key(|&k| cycle[k]).unwrap_or(0);
                    cycle.rotate_left(lowest);
                    for &node in &cycle {
                        rest.remove(node as usize);
                    }
                    found.push(cycle);
                }
                Some(next) => {
                    place[next] = path.len();
                    path.push(next);
                }
                // What is left always waits for something that is left.
                None => rest.remove(at),
            }
        }
    }
    found
}

/// What remains of a graph when all that leads into or out of no cycle is taken away, again and again.
struct Rest<'a> {
    deps: &'a [Vec<u32>],
    dependents: Vec<Vec<u32>>,
    left: Vec<bool>,
    waiting: Vec<usize>,
    wanted: Vec<usize>,
    cursor: Vec<usize>,
}

impl<'a> Rest<'a> {
    fn of(deps: &'a [Vec<u32>]) -> Self {
        let mut dependents = vec![Vec::new(); deps.len()];
        for (node, on) in (0u32..).zip(deps) {
            for &dep in on {
                dependents[dep as usize].push(node);
            }
        }
        let waiting: Vec<usize> = deps.iter().map(Vec::len).collect();
        let wanted: Vec<usize> = dependents.iter().map(Vec::len).collect();
        let nodes = deps.len();
        let mut rest = Self { deps, dependents, left: vec![true; nodes], waiting, wanted, cursor: vec![0; nodes] };
        for node in 0..nodes {
            if rest.left[node] && (rest.waiting[node] == 0 || rest.wanted[node] == 0) {
                rest.remove(node);
            }
        }
        rest
    }

    /// Takes a node away, and with it every node that now waits for none or is wanted by none.
    fn remove(&mut self, node: usize) {
        let mut gone = vec![node];
        while let Some(node) = gone.pop() {
            if !std::mem::replace(&mut self.left[node], false) {
                continue;
            }
            for &dependent in &self.dependents[node] {
                let dependent = dependent as usize;
                self.waiting[dependent] -= 1;
                if self.waiting[dependent] == 0 {
                    gone.push(dependent);
                }
            }
            for &dep in &self.deps[node] {
                let dep = dep as usize;
                self.wanted[dep] -= 1;
                if self.wanted[dep] == 0 {
                    gone.push(dep);
                }
            }
        }
    }

    /// The first dependency of `node` that is left. What was taken away never comes back, so each is skipped once.
    fn next(&mut self, node: usize) -> Option<usize> {
        while let Some(&dep) = self.deps[node].get(self.cursor[node]) {
            if self.left[dep as usize] {
                return Some(dep as usize);
            }
            self.cursor[node] += 1;
        }
        None
    }
}
