//! `doctor`: looks whether everything is there that a run needs, and says of each thing that is not what to do about it.
//!
//! It writes nothing, and asks no program that it does not know. Whatever is broken, it is told and not died of: a
//! configuration with a fault, no git, no home.

mod agents;
mod environment;
mod finding;
mod folders;
mod look;
mod models;
mod probe;
mod system;
mod tools;

pub(super) use look::doctor;
