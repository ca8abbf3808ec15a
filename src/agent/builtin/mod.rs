//! The agent that is always there, without any model: it searches, applies the ticket's own diffs, and reads the change.
//! A `test` task is nothing but the checks that orchestra runs.

mod agent;
mod handed;
mod implement;
mod research;
mod review;

pub(super) use agent::Builtin;
pub(super) use review::changed_paths;
#[cfg(test)]
pub(super) use review::read as read_patch;
