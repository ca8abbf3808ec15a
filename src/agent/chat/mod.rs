//! An agent that is a language model with tools: it reads, searches, edits and runs commands until it says that it is
//! done, within limits of turns, time, tokens and money.

mod agent;
mod asking;
mod conversation;
mod finish;
mod habits;
mod opening;
mod talk;
mod tools;
mod transcript;

pub(super) use agent::ChatAgent;
