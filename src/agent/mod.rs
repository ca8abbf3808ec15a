//! The trait of one attempt, and the agents: `builtin`, `chat`, `command`, `scripted`.
//!
//! An agent does one attempt of one task in a workspace and answers with a claim or a failure. It touches its
//! workspace, its attempt's files and its artifact folder, nothing else of a run. What it says is a claim: only checks
//! that we run make it true.

mod attend;
mod builtin;
mod chat;
mod command;
mod error;
#[cfg(test)]
mod fuzz_tests;
mod job;
mod parse;
mod records;
mod roster;
#[cfg(test)]
mod sample;
mod scripted;
mod spec;

pub use attend::attend;
pub use error::{AgentError, Fault};
pub use job::{Agent, AttemptFiles, Change, Extent, Job, Link, Note, Outcome};
pub use roster::{Agents, Context};
pub use spec::{BashSpec, BashUse, ChatSpec, CommandSpec, Parser, ScriptedSpec, Spec, StdinSpec};
