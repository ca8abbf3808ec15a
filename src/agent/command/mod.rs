//! An agent that is a program: argv filled in, environment made, output read.

mod agent;
mod argv;
mod ending;
mod environment;
mod temps;

pub(super) use agent::CommandAgent;
pub(super) use argv::MAX_ARGUMENT;
pub(super) use ending::not_run;
pub(super) use environment::{environment, refused};
pub(super) use temps::Temps;
