//! PURE: reading a change as a careful stranger would: for what must never stay, and for what needs a second look.

mod account;
mod conflicts;
mod leftovers;
mod patch;
mod scope;
mod secrets;
mod weakened;
mod verdict;

pub(in crate::agent) use patch::changed_paths;
#[cfg(test)]
pub(in crate::agent) use patch::read;
pub(super) use verdict::review;
