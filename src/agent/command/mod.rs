//! An agent that is a program: argv filled in, environment made, output read.

mod agent;
mod argv;
mod ending;
mod environment;
mod temps;

pub(super) use agent::CommandAgent;
