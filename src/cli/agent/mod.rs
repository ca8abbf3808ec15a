//! `agent ROLE`: orchestra as a worker. One task message on stdin, one attempt by the agent of that role, one result on
//! stdout; nothing else is printed there, no journal is written, and nothing that was started is left alive.

mod answer;
mod attempt;
mod message;
mod place;

pub(super) use attempt::agent;
