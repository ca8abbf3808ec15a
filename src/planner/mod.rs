//! Ticket to plan.
//!
//! The template planner needs no model: a [`Template`] is a fixed workflow whose steps are filled from what the
//! ticket itself lists. [`from_template`] is pure; whoever calls it brings the template's text, the id and the time.
//!
//! The [`ModelPlanner`] asks a model, and asks nobody itself: it makes requests and reads answers. Whoever sends them keeps
//! every answer before it is read, and gives those that could not be taken back to it for the next request.

mod answer;
mod demands;
mod error;
mod facts;
mod fill;
mod model;
mod pieces;
mod schema;
mod share;
mod slug;
mod template;
mod workflow;

#[cfg(test)]
mod facts_tests;
#[cfg(test)]
mod model_tests;
#[cfg(test)]
mod tests;

pub use answer::{Proposal, Revised};
pub use error::PlannerError;
pub use facts::{FactsError, Look, facts};
pub use fill::{Made, Planned, from_template};
pub use model::{Brief, ModelPlanner, Rejected, Revision};
pub use template::{DEFAULT_MAX_TASKS, Template};
pub use workflow::Workflow;
