//! `orchestra` turns a ticket into a plan, the plan into a graph of tasks, runs each with a coding
//! agent, checks the work itself, and writes down everything that happened.
//!
//! The modules below stand in reading order: leaves first, then the spine (what a run is, all of it
//! pure), then the hands (what touches the world), then the edges (who talks to people).
//! `docs/architecture.md` is the map; `tests/tidy.rs` holds who may name whom.

pub mod agent;
pub mod cli;
pub mod config;
pub mod console;
pub mod dispatch;
pub mod event;
pub mod graph;
pub mod ids;
pub mod message;
pub mod model;
pub mod plan;
pub mod planner;
pub mod policy;
pub mod process;
pub mod prompt;
pub mod repo;
pub mod report;
pub mod run;
pub mod store;
pub mod sys;
pub mod text;
pub mod ticket;
pub mod time;
pub mod verify;
pub mod workspace;
