//! Ticket to plan.
//!
//! The template planner needs no model: a [`Template`] is a fixed workflow whose steps are filled from what the
//! ticket itself lists. [`from_template`] is pure; whoever calls it brings the template's text, the id and the time.

mod error;
mod fill;
mod pieces;
mod slug;
mod template;
mod workflow;

#[cfg(test)]
mod tests;

pub use error::PlannerError;
pub use fill::{Made, Planned, from_template};
pub use template::{DEFAULT_MAX_TASKS, Template};
pub use workflow::Workflow;
