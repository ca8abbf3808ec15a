//! An agent that is a program: argv filled in, environment made, output read.

mod agent;
mod argv;
mod ending;
mod environment;

pub(super) use agent::CommandAgent;
