//! What must hold between tasks: known dependencies, and no way round in a circle.

use super::fault::{Fault, nearest, quoted};
use super::gathered::Gathered;
use super::index::Index;
use super::model::Task;
use super::rows::Rows;

/// Most comparisons spent on "did you mean", so that many unknown names stay cheap.
const COMPARISONS: usize = 200_000;

/// What the tasks of a plan wait for.
pub(super) struct Edges {
    /// Each dependency once, in the order of the plan.
    pub(super) deps: Rows,
    /// Tasks that name one more than once.
    pub(super) doubled: Vec<u32>,
}

/// Finds what every task waits for, by its own word and by the `order` of batches, as (task, task it waits for). Reports
/// dependencies on itself, on nothing, and in a circle.
pub(super) fn check(tasks: &[Task], index: &Index, mut order: Vec<(u32, u32)>, faults: &mut Gathered) -> Edges {
    // Stable, so that of one task each stays where the batches put it.
    order.sort_by_key(|(task, _)| *task);
    let mut order = order.into_iter().peekable();
    let mut deps = Rows::with_capacity(tasks.len());
    let mut doubled = Vec::new();
    let mut spent = 0;
    // The last task that named each dependency: tells a second mention without a set per task.
    let mut named_by = vec![u32::MAX; tasks.len()];
    for (i, task) in (0u32..).zip(tasks) {
        let mut again = false;
        let mut name = |dep: u32| {
            if std::mem::replace(&mut named_by[dep as usize], i) == i {
                again = true;
            } else {
                deps.push(dep);
            }
        };
        for (k, id) in task.depends_on.iter().enumerate() {
            let path = || format!("$.tasks[{i}].depends_on[{k}]");
            match index.get(id) {
                None => {
                    let fault = Fault::new(path(), format!("there is no task {}", quoted(id.as_str())));
                    spent += tasks.len();
                    let meant = if spent <= COMPARISONS { nearest(id.as_str(), index.ids()) } else { None };
                    faults.push(match meant {
                        Some(meant) => fault.hint(format!("did you mean `{meant}`?")),
                        None => fault,
                    });
                }
                Some(_) if *id == task.id => {
                    faults.push(Fault::new(path(), format!("task {} depends on itself", quoted(id.as_str()))));
                }
                Some(dep) => name(dep),
            }
        }
        while let Some((_, dep)) = order.next_if(|(task, _)| *task == i) {
            name(dep);
        }
        deps.end();
        if again {
            doubled.push(i);
        }
    }
    for cycle in cycles(&deps) {
        let mut names: Vec<&str> = cycle.iter().map(|&t| tasks[t as usize].id.as_str()).collect();
        names.extend(names.first().copied());
        let message = format!("tasks wait for each other in a circle: {}", names.join(" → "));
        let first = cycle.first().copied().unwrap_or_default();
        faults
            .push(Fault::new(format!("$.tasks[{first}].depends_on"), message).hint("remove one of these dependencies"));
    }
    Edges { deps, doubled }
}

/// Cycles among `deps`, no two of which share a node; none exactly when the graph is acyclic. Each begins at
/// its lowest node and goes from a node to one it depends on. O(nodes + edges), without recursion.
pub(super) fn cycles(deps: &Rows) -> Vec<Vec<u32>> {
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
    deps: &'a Rows,
    dependents: Rows,
    left: Vec<bool>,
    waiting: Vec<usize>,
    wanted: Vec<usize>,
    cursor: Vec<usize>,
}

impl<'a> Rest<'a> {
    fn of(deps: &'a Rows) -> Self {
        let dependents = deps.inverted();
        let lengths = |rows: &Rows| (0..rows.len()).map(|at| rows.row(at).len()).collect::<Vec<_>>();
        let (waiting, wanted) = (lengths(deps), lengths(&dependents));
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
            for &dependent in self.dependents.row(node) {
                let dependent = dependent as usize;
                self.waiting[dependent] -= 1;
                if self.waiting[dependent] == 0 {
                    gone.push(dependent);
                }
            }
            for &dep in self.deps.row(node) {
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
        while let Some(&dep) = self.deps.row(node).get(self.cursor[node]) {
            if self.left[dep as usize] {
                return Some(dep as usize);
            }
            self.cursor[node] += 1;
        }
        None
    }
}
