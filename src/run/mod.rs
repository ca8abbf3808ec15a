//! PURE: a run as a fold over its events, and the decisions that follow from it.
