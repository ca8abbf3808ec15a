//! `orchestra` turns a ticket into a plan, the plan into a graph of tasks, runs each with a coding
//! agent, checks the work itself, and writes down everything that happened.
//!
//! The modules below stand in reading order: leaves first, then the spine (what a run is, all of it
//! pure), then the hands (what touches the world), then the edges (who talks to people).
//! `docs/architecture.md` is the map; `tests/tidy.rs` holds who may name whom.

pub mod ids;
pub mod time;
pub mod money;
pub mod text;
pub mod sys;
pub mod ticket;
pub mod plan;
pub mod graph;
pub mod message;
pub mod event;
pub mod policy;
pub mod run;
pub mod report;
pub mod store;
pub mod process;
pub mod repo;
pub mod workspace;
pub mod prompt;
pub mod model;
pub mod verify;
pub mod planner;
pub mod agent;
pub mod dispatch;
pub mod config;
pub mod console;
pub mod cli;

#[cfg(test)]
#[path = "../tests/fuzz/kit.rs"]
mod kit;

#[cfg(test)]
#[path = "../tests/simulate/mod.rs"]
mod simulate;
