//! Batches made into edges: what a plan says of groups, every task then knows by itself.

use std::collections::HashMap;

use super::edges::cycles;
use super::fault::{Fault, nearest, quoted};
use super::gathered::Gathered;
use super::index::Index;
use super::model::{Batch, BatchType, Draft, Task};
use super::rows::Rows;
use crate::ids::TaskId;

/// Most edges that batches may ask for: two wide batches one after the other want width × width of them.
const EDGES: usize = 1_000_000;

/// The dependencies that the batches ask for, as (task, task it waits for); none when they are unsound.
pub(super) fn resolve(draft: &Draft, index: &Index, faults: &mut Gathered) -> Vec<(u32, u32)> {
    if draft.batches.is_empty() {
        return Vec::new();
    }
    let before = faults.len();
    let deps = dependencies(&draft.batches, faults);
    let members = members(draft, index, faults);
    for cycle in cycles(&deps) {
        let mut names: Vec<&str> = cycle.iter().map(|&b| draft.batches[b as usize].id.as_str()).collect();
        names.extend(names.first().copied());
        let first = cycle.first().copied().unwrap_or_default();
        let message = format!("batches wait for each other in a circle: {}", names.join(" → "));
        faults.push(Fault::new(format!("$.batches[{first}].depends_on"), message));
    }
    if faults.len() > before {
        return Vec::new();
    }
    let shapes: Vec<Shape> =
        draft.batches.iter().zip(&members).map(|(batch, members)| Shape::of(batch, members, draft, index)).collect();
    let mut order = Vec::new();
    for (b, shape) in shapes.iter().enumerate() {
        let on = deps.row(b);
        order.extend(&shape.chain);
        let wanted: usize = on.iter().map(|&dep| shapes[dep as usize].sinks.len() * shape.sources.len()).sum();
        if order.len() + wanted > EDGES {
            let message = format!("the batches ask for more than {EDGES} dependencies between tasks");
            faults.push(
                Fault::new(format!("$.batches[{b}].depends_on"), message)
                    .hint("put a batch of one task between two wide ones"),
            );
            return Vec::new();
        }
        for &dep in on {
            for &source in &shape.sources {
                order.extend(shapes[dep as usize].sinks.iter().map(|&sink| (source, sink)));
            }
        }
    }
    order
}

/// Writes them down. What a task names twice afterwards is tidied with its other dependencies.
pub(super) fn write_edges(tasks: &mut [Task], order: &[(u32, u32)]) {
    for &(task, dep) in order {
        let dep = tasks[dep as usize].id.clone();
        tasks[task as usize].depends_on.push(dep);
    }
}

/// Which batches each batch waits for.
fn dependencies(batches: &[Batch], faults: &mut Gathered) -> Rows {
    let mut by_id: HashMap<&str, u32> = HashMap::with_capacity(batches.len());
    for (b, batch) in (0u32..).zip(batches) {
        let path = || format!("$.batches[{b}].id");
        // A batch is shown and typed like a task, so its name keeps the same rules.
        if let Err(error) = TaskId::new(&batch.id) {
            faults.push(Fault::new(path(), format!("{} is not a batch id: {}", quoted(&batch.id), error.why)));
        }
        if let Some(first) = by_id.get(batch.id.as_str()) {
            let message = format!("the id {} is already that of $.batches[{first}]", quoted(&batch.id));
            faults.push(Fault::new(path(), message));
        } else {
            by_id.insert(&batch.id, b);
        }
    }
    let mut all = Rows::with_capacity(batches.len());
    for (b, batch) in (0u32..).zip(batches) {
        let mut deps = Vec::new();
        for (k, id) in batch.depends_on.iter().enumerate() {
            let path = format!("$.batches[{b}].depends_on[{k}]");
            match by_id.get(id.as_str()) {
                None => {
                    let fault = Fault::new(path, format!("there is no batch {}", quoted(id)));
                    faults.push(match nearest(id, by_id.keys().copied()) {
                        Some(meant) => fault.hint(format!("did you mean {}?", quoted(meant))),
                        None => fault,
                    });
                }
                Some(&dep) if dep == b => {
                    faults.push(Fault::new(path, format!("batch {} depends on itself", quoted(id))));
                }
                Some(&dep) => deps.push(dep),
            }
        }
        deps.sort_unstable();
        deps.dedup();
        for dep in deps {
            all.push(dep);
        }
        all.end();
    }
    all
}

/// The tasks of each batch. A task belongs to one batch at most, and a batch has a task.
fn members(draft: &Draft, index: &Index, faults: &mut Gathered) -> Vec<Vec<u32>> {
    let mut owner: HashMap<u32, usize> = HashMap::new();
    let mut all = Vec::with_capacity(draft.batches.len());
    for (b, batch) in draft.batches.iter().enumerate() {
        if batch.tasks.is_empty() {
            faults
                .push(Fault::new(format!("$.batches[{b}].tasks"), format!("batch {} has no task", quoted(&batch.id))));
        }
        let mut members = Vec::with_capacity(batch.tasks.len());
        for (k, id) in batch.tasks.iter().enumerate() {
            let path = format!("$.batches[{b}].tasks[{k}]");
            let Some(task) = index.get(id) else {
                faults.push(Fault::new(path, format!("there is no task {}", quoted(id.as_str()))));
                continue;
            };
            match owner.insert(task, b) {
                Some(other) => {
                    let message = format!("task {} is already in $.batches[{other}]", quoted(id.as_str()));
                    faults.push(Fault::new(path, message).hint("a task belongs to one batch"));
                }
                None => members.push(task),
            }
        }
        all.push(members);
    }
    all
}

/// A batch as a graph of its own.
struct Shape {
    /// What makes a sequential batch follow its order.
    chain: Vec<(u32, u32)>,
    /// Tasks that wait for none of the batch; the others wait for what comes before the batch through these.
    sources: Vec<u32>,
    /// Tasks that none of the batch waits for; when these have ended, all have.
    sinks: Vec<u32>,
}

impl Shape {
    fn of(batch: &Batch, members: &[u32], draft: &Draft, index: &Index) -> Self {
        let chain: Vec<(u32, u32)> = match batch.kind {
            BatchType::Parallel => Vec::new(),
            BatchType::Sequential => members.windows(2).map(|pair| (pair[1], pair[0])).collect(),
        };
        let mut ends: HashMap<u32, (bool, bool)> = members.iter().map(|&task| (task, (true, true))).collect();
        let named = members.iter().flat_map(|&task| {
            let on = &draft.tasks[task as usize].depends_on;
            on.iter().filter_map(|id| index.get(id)).map(move |dep| (task, dep))
        });
        let inner: Vec<(u32, u32)> =
            named.chain(chain.iter().copied()).filter(|(_, dep)| ends.contains_key(dep)).collect();
        for (task, dep) in inner {
            if let Some((source, _)) = ends.get_mut(&task) {
                *source = false;
            }
            if let Some((_, sink)) = ends.get_mut(&dep) {
                *sink = false;
            }
        }
        let pick = |wanted: fn((bool, bool)) -> bool| {
            members.iter().copied().filter(|task| ends.get(task).is_some_and(|&end| wanted(end))).collect()
        };
        Self { chain, sources: pick(|(source, _)| source), sinks: pick(|(_, sink)| sink) }
    }
}
