//! PURE: the plan as a graph: order, batches, critical path.
//!
//! Tasks are named by their ordinal, their place in the plan. An edge leads from a task to one that waits for it.

mod shape;

pub use shape::{Graph, Unsound, batch_name};
