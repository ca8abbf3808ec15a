//! PURE: the plan as a graph: order, batches, critical path.
