//! The graph and what is read off it: a stable order, levels, and how much work hangs on each task.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use petgraph::csr::Csr;

use crate::plan::Plan;

/// The tasks of a plan and who waits for whom.
///
/// Invariant: acyclic, so `order` holds every task once. Building takes O(N log N + E) and never recurses.
#[derive(Debug, Clone)]
pub struct Graph {
    deps: Csr<(), ()>,
    dependents: Csr<(), ()>,
    order: Vec<u32>,
    height: Vec<u32>,
}

/// The edges are none of an acyclic graph. It cannot happen to an accepted plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unsound {
    /// An edge names a task that is not there.
    #[error("task {0} is not in the graph")]
    Unknown(u32),
    /// Some task waits, by way of others, for itself.
    #[error("the graph has a cycle")]
    Cycle,
    /// More tasks than ordinals.
    #[error("the plan has more tasks than can be numbered")]
    TooLarge,
}

impl Graph {
    /// The graph of a plan.
    pub fn of(plan: &Plan) -> Result<Self, Unsound> {
        let deps = (0u32..).zip(plan.deps());
        let edges = deps.flat_map(|(task, deps)| deps.iter().map(move |&dep| (task, dep))).collect();
        Self::from_edges(plan.tasks.len(), edges)
    }

    /// The graph of `tasks` tasks with `edges` as (task, task it depends on); an edge may be given twice.
    pub fn from_edges(tasks: usize, mut edges: Vec<(u32, u32)>) -> Result<Self, Unsound> {
        let count = u32::try_from(tasks).map_err(|_| Unsound::TooLarge)?;
        if let Some(&(task, dep)) = edges.iter().find(|(task, dep)| *task >= count || *dep >= count) {
            return Err(Unsound::Unknown(task.max(dep)));
        }
        // Turned round twice they are sorted; once more, the other way round.
        edges = turned(tasks, &turned(tasks, &edges));
        edges.dedup();
        let deps = rows(tasks, &edges)?;
        let dependents = rows(tasks, &turned(tasks, &edges))?;
        let order = stable_order(count, &deps, &dependents);
        if order.len() < tasks {
            return Err(Unsound::Cycle);
        }
        let mut height = vec![0; tasks];
        for &task in order.iter().rev() {
            height[task as usize] =
                dependents.neighbors_slice(task).iter().map(|&below| height[below as usize] + 1).max().unwrap_or(0);
        }
        Ok(Self { deps, dependents, order, height })
    }

    /// How many tasks it has.
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// All tasks, each after those it depends on; among those that could come next, the plan's own order.
    pub fn order(&self) -> &[u32] {
        &self.order
    }

    /// What `task` waits for, ascending. A task that is not there waits for none.
    pub fn deps(&self, task: u32) -> &[u32] {
        slice(&self.deps, task)
    }

    /// What waits for `task`, ascending.
    pub fn dependents(&self, task: u32) -> &[u32] {
        slice(&self.dependents, task)
    }

    /// The most hops that still lie below `task`: 0 when nothing waits for it.
    pub fn height(&self, task: u32) -> u32 {
        self.height.get(task as usize).copied().unwrap_or(0)
    }

    /// Levels: the tasks of one could all run side by side once the levels before it have ended. Each is as
    /// early as its dependencies allow, in plan order; [`batch_name`] gives their names.
    pub fn batches(&self) -> Vec<Vec<u32>> {
        let mut level = vec![0usize; self.len()];
        let mut levels: Vec<usize> = Vec::new();
        for &task in &self.order {
            let at = self.deps(task).iter().map(|&dep| level[dep as usize] + 1).max().unwrap_or(0);
            level[task as usize] = at;
            if levels.len() <= at {
                levels.resize(at + 1, 0);
            }
            levels[at] += 1;
        }
        let mut batches: Vec<Vec<u32>> = levels.into_iter().map(Vec::with_capacity).collect();
        for (task, at) in (0u32..).zip(level) {
            batches[at].push(task);
        }
        batches
    }

    /// The longest chain of tasks by hops, first to last; among equals the one whose tasks come first in the plan.
    pub fn critical_path(&self) -> Vec<u32> {
        let highest =
            |tasks: &mut dyn Iterator<Item = u32>| tasks.max_by_key(|&task| (self.height(task), Reverse(task)));
        let mut path = Vec::new();
        let mut at = highest(&mut self.order.iter().copied());
        while let Some(task) = at {
            path.push(task);
            at = highest(&mut self.dependents(task).iter().copied());
        }
        path
    }
}

impl PartialEq for Graph {
    /// Everything else follows from the edges.
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && (0u32..).take(self.len()).all(|task| self.deps(task) == other.deps(task))
    }
}

impl Eq for Graph {}

/// The name of the batch at `index` of [`Graph::batches`]: B1, B2, …
pub fn batch_name(index: usize) -> String {
    format!("B{}", index + 1)
}

fn slice(rows: &Csr<(), ()>, task: u32) -> &[u32] {
    if (task as usize) < rows.node_count() { rows.neighbors_slice(task) } else { &[] }
}

/// The edges the other way round, sorted by where they lead now; those that lead to the same keep their order. Counting
/// makes it linear.
fn turned(tasks: usize, edges: &[(u32, u32)]) -> Vec<(u32, u32)> {
    let mut places = vec![0usize; tasks];
    for &(_, to) in edges {
        places[to as usize] += 1;
    }
    let mut start = 0;
    for place in &mut places {
        start += std::mem::replace(place, start);
    }
    let mut turned = vec![(0, 0); edges.len()];
    for &(from, to) in edges {
        let place = &mut places[to as usize];
        turned[*place] = (to, from);
        *place += 1;
    }
    turned
}

/// Compressed rows of sorted edges without doubles.
fn rows(tasks: usize, edges: &[(u32, u32)]) -> Result<Csr<(), ()>, Unsound> {
    let mut rows = Csr::from_sorted_edges(edges).map_err(|_| Unsound::Cycle)?;
    // Rows end with the last task that has an edge.
    while rows.node_count() < tasks {
        rows.add_node(());
    }
    Ok(rows)
}

/// Kahn's algorithm with a heap, so that ties fall in plan order. Shorter than the graph when there is a cycle.
fn stable_order(count: u32, deps: &Csr<(), ()>, dependents: &Csr<(), ()>) -> Vec<u32> {
    let mut waiting: Vec<usize> = (0..count).map(|task| deps.neighbors_slice(task).len()).collect();
    let mut ready: BinaryHeap<Reverse<u32>> =
        (0..count).filter(|&task| waiting[task as usize] == 0).map(Reverse).collect();
    let mut order = Vec::with_capacity(waiting.len());
    while let Some(Reverse(task)) = ready.pop() {
        order.push(task);
        for &next in dependents.neighbors_slice(task) {
            waiting[next as usize] -= 1;
            if waiting[next as usize] == 0 {
                ready.push(Reverse(next));
            }
        }
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    fn diamond() -> Graph {
        // 0 and 1 first, 2 waits for both, 3 for 0, 4 for 2 and 3.
        Graph::from_edges(5, vec![(2, 1), (2, 0), (3, 0), (4, 2), (4, 3), (4, 3)]).unwrap()
    }

    #[test]
    fn ties_fall_in_plan_order() {
        let graph = diamond();
        assert_eq!(graph.order(), [0, 1, 2, 3, 4]);
        let reversed = Graph::from_edges(3, vec![(0, 2)]).unwrap();
        assert_eq!(reversed.order(), [1, 2, 0]);
    }

    #[test]
    fn each_task_knows_what_is_above_and_below_it() {
        let graph = diamond();
        assert_eq!(graph.deps(4), [2, 3]);
        assert_eq!(graph.dependents(0), [2, 3]);
        assert_eq!((0..5).map(|t| graph.height(t)).collect::<Vec<_>>(), [2, 2, 1, 1, 0]);
        assert_eq!(graph.deps(99), [0u32; 0]);
    }

    #[test]
    fn batches_are_levels_and_the_critical_path_is_the_longest_chain() {
        let graph = diamond();
        assert_eq!(graph.batches(), [vec![0, 1], vec![2, 3], vec![4]]);
        assert_eq!(batch_name(0), "B1");
        assert_eq!(graph.critical_path(), [0, 2, 4]);
        assert!(Graph::from_edges(0, vec![]).unwrap().critical_path().is_empty());
    }

    #[test]
    fn a_cycle_or_an_unknown_task_is_refused() {
        assert_eq!(Graph::from_edges(2, vec![(0, 1), (1, 0)]), Err(Unsound::Cycle));
        assert_eq!(Graph::from_edges(1, vec![(0, 0)]), Err(Unsound::Cycle));
        assert_eq!(Graph::from_edges(1, vec![(0, 7)]), Err(Unsound::Unknown(7)));
    }

    #[test]
    fn a_chain_of_a_hundred_thousand_tasks_is_no_trouble() {
        let edges = (1..100_000).map(|task| (task - 1, task)).collect();
        let graph = Graph::from_edges(100_000, edges).unwrap();
        assert_eq!(graph.order().first(), Some(&99_999));
        assert_eq!(graph.critical_path().len(), 100_000);
        assert_eq!(graph.batches().len(), 100_000);
    }

    proptest::proptest! {
        #[test]
        fn every_acyclic_graph_is_ordered_and_equal_to_itself(
            raw in proptest::collection::vec((0u32..30, 0u32..30), 0..120)
        ) {
            let edges: Vec<_> = raw.into_iter().filter(|(task, dep)| dep < task).collect();
            let graph = Graph::from_edges(30, edges.clone()).unwrap();
            let place: Vec<usize> =
                (0..30).map(|task| graph.order().iter().position(|&t| t == task).unwrap()).collect();
            for (task, dep) in edges.iter().copied() {
                proptest::prop_assert!(place[dep as usize] < place[task as usize]);
                proptest::prop_assert!(graph.height(dep) > graph.height(task));
            }
            let path = graph.critical_path();
            proptest::prop_assert_eq!(path.len(), graph.batches().len());
            proptest::prop_assert_eq!(graph, Graph::from_edges(30, edges).unwrap());
        }
    }
}
