//! PURE: the plan as a graph: order, batches, critical path; and the same as a drawing.
//!
//! Tasks are named by their ordinal, their place in the plan. An edge leads from a task to one that waits for it.

mod document;
mod dot;
mod drawing;
mod mark;
mod mermaid;
mod shape;

pub use document::{Document, GRAPH_SCHEMA};
pub use drawing::{Drawing, Item, Picture, Stand};
pub use mark::Mark;
pub use shape::{Graph, Unsound, batch_name};
