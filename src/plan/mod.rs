//! PURE: the plan and its tasks; parsing, repairs, validation.
//!
//! A [`Draft`] is what a text said; a [`Plan`] is a draft that was found sound, and the only thing the
//! rest of the program takes.

mod accept;
mod batches;
mod edges;
mod fault;
mod model;
mod rules;

#[cfg(test)]
mod accept_tests;

pub use accept::{Caps, Plan};
pub use fault::{Fault, Faults, Place};
pub use model::{
    Batch, BatchType, Check, CheckKind, CheckRef, Draft, Expect, Goal, OnInterrupt, PLAN_SCHEMA, PlanBase, Role, RunIf,
    Scope, Task, TaskLimits, TicketRef,
};
