//! The floor under `plan check`: a plan into plain structs, a graph of it, its order; nothing is judged.

use std::collections::HashMap;

use petgraph::graph::DiGraph;
use serde::Deserialize;

#[derive(Deserialize)]
struct Plan {
    tasks: Vec<Task>,
}

/// Every field that the measured plans have, kept as any program that goes on to use them would.
#[derive(Deserialize)]
#[expect(dead_code, reason = "what is read is not used here")]
struct Task {
    id: String,
    title: String,
    role: String,
    instructions: String,
    #[serde(default)]
    depends_on: Vec<String>,
    scope: Scope,
    checks: Vec<String>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "what is read is not used here")]
struct Scope {
    write: Vec<String>,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args_os().nth(1).ok_or("the path of a plan is missing")?;
    let plan: Plan = serde_json::from_str(&std::fs::read_to_string(path)?)?;
    let mut graph = DiGraph::<&str, ()>::with_capacity(plan.tasks.len(), 0);
    let nodes: HashMap<&str, _> = plan.tasks.iter().map(|task| (task.id.as_str(), graph.add_node(&task.id))).collect();
    for task in &plan.tasks {
        for dep in &task.depends_on {
            let from = nodes.get(dep.as_str()).ok_or("a dependency on nothing")?;
            graph.add_edge(*from, nodes[task.id.as_str()], ());
        }
    }
    let order = petgraph::algo::toposort(&graph, None).map_err(|_| "the graph has a cycle")?;
    println!("{} tasks, {} edges", order.len(), graph.edge_count());
    Ok(())
}
