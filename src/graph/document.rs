//! `orchestra.graph/v1`: the graph for programs.

use serde::Serialize;

use super::{Drawing, batch_name};
use crate::plan::Role;

/// The value of a graph's `schema` field.
pub const GRAPH_SCHEMA: &str = "orchestra.graph/v1";

/// A graph as one JSON document. An edge leads from a task to one that waits for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Document<'a> {
    /// Always [`GRAPH_SCHEMA`].
    pub schema: &'static str,
    /// The plan.
    pub plan_id: &'a str,
    /// One line for people.
    pub title: &'a str,
    /// The run whose tasks these are; null for a plan of its own.
    pub run: Option<&'a str>,
    /// The tasks, in the plan's order.
    pub nodes: Vec<Node<'a>>,
    /// Who waits for whom, each pair once, in the plan's order.
    pub edges: Vec<Edge<'a>>,
    /// Tasks that could run side by side once the batches before theirs have ended.
    pub batches: Vec<Batch<'a>>,
    /// The longest chain by tasks, first to last.
    pub critical_path: Vec<&'a str>,
}

/// One task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Node<'a> {
    /// Its id in the plan.
    pub id: &'a str,
    /// One line for people.
    pub title: &'a str,
    /// What kind of work it is.
    pub role: Role,
    /// The batch it is in.
    pub batch: String,
    /// Whether it is on the critical path.
    pub critical: bool,
    /// How far it is; null for a plan of its own.
    pub status: Option<&'static str>,
    /// What its checks proved, once it succeeded.
    pub verdict: Option<&'static str>,
}

/// One pair of tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Edge<'a> {
    /// What is waited for.
    pub from: &'a str,
    /// What waits.
    pub to: &'a str,
    /// Whether it is part of the critical path.
    pub critical: bool,
}

/// One batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Batch<'a> {
    /// B1, B2, …
    pub name: String,
    /// Its tasks, in the plan's order.
    pub tasks: Vec<&'a str>,
}

impl<'a> Drawing<'a> {
    /// The drawing as a document of the plan, and the run, that it belongs to.
    pub fn document(&self, plan_id: &'a str, title: &'a str, run: Option<&'a str>) -> Document<'a> {
        let id = |task: u32| self.items.get(task as usize).map_or("", |item| item.id);
        let picture = self.picture();
        let batches = self.graph.batches();
        let mut batch_of = vec![0; self.items.len()];
        for (at, batch) in batches.iter().enumerate() {
            for &task in batch {
                batch_of[task as usize] = at;
            }
        }
        let nodes = self.items.iter().zip(&picture.boxes).zip(batch_of).map(|((item, shown), batch)| Node {
            id: item.id,
            title: item.title,
            role: item.role,
            batch: batch_name(batch),
            critical: shown.is_critical,
            status: item.stand.map(|stand| stand.status),
            verdict: item.stand.and_then(|stand| stand.verdict),
        });
        let edges = picture.arrows.iter();
        Document {
            schema: GRAPH_SCHEMA,
            plan_id,
            title,
            run,
            nodes: nodes.collect(),
            edges: edges
                .map(|arrow| Edge { from: id(arrow.from), to: id(arrow.to), critical: arrow.is_critical })
                .collect(),
            batches: batches
                .iter()
                .enumerate()
                .map(|(at, tasks)| Batch { name: batch_name(at), tasks: tasks.iter().map(|&task| id(task)).collect() })
                .collect(),
            critical_path: self.graph.critical_path().into_iter().map(id).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::drawing::tests::diamond;
    use super::super::mark::Mark;
    use serde_json::json;

    #[test]
    fn a_document_holds_what_a_picture_shows() {
        let marks = [Some(Mark::Verified), Some(Mark::Failed), None, None];
        let drawing = diamond(marks);
        let document = serde_json::to_value(drawing.document("OP-1", "A plan", Some("run"))).unwrap();
        assert_eq!(document["batches"][1], json!({"name": "B2", "tasks": ["fix", "docs"]}));
        assert_eq!(document["critical_path"], json!(["find", "fix", "end"]));
        assert_eq!(document["edges"][1], json!({"from": "find", "to": "docs", "critical": false}));
        let find = json!({"id": "find", "title": "Find it", "role": "implement", "batch": "B1", "critical": true,
                          "status": "verified", "verdict": null});
        assert_eq!(document["nodes"][0], find);
        assert_eq!(document["nodes"][2]["status"], json!(null));
    }
}
