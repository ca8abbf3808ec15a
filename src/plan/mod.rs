//! PURE: the plan and its tasks; parsing, repairs, validation.
//!
//! A [`Draft`] is what a text said; a [`Plan`] is a draft that was found sound, and the only thing the
//! rest of the program takes.

mod accept;
mod batches;
mod check;
mod edges;
mod fault;
mod fields;
mod find;
mod gathered;
mod import;
mod index;
mod json;
mod model;
mod parse;
mod patch;
mod read;
mod repair;
mod rows;
mod rules;
mod strict;
mod walk;

#[cfg(test)]
mod accept_tests;
#[cfg(test)]
mod parse_tests;
#[cfg(test)]
mod patch_tests;

pub use accept::{Caps, Plan};
pub use check::{Checked, CheckedTask, PlanCheck, check};
pub use fault::{Fault, Faults, Place};
pub use model::{
    Batch, BatchType, Check, CheckKind, CheckRef, Draft, Expect, Goal, OnInterrupt, PLAN_SCHEMA, PlanBase, Role, RunIf,
    Scope, Task, TaskLimits, TicketRef,
};
pub use parse::{Defaults, Parsed, parse};
pub use patch::{PATCH_SCHEMA, PlanPatch};
pub use read::{PlanText, read};
pub use repair::{Repair, RepairKind};
pub use rules::is_sound_glob;
