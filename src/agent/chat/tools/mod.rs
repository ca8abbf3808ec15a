//! What a model may do: each tool with its description, the arguments it takes, and what it gives.
//!
//! **Invariant**: no tool but `bash` touches anything outside the workspace and the attempt's artifact folder, and none
//! follows a link. What a tool gives holds no absolute path of ours, so that the same work reads the same anywhere.

mod arguments;
mod bash;
mod change;
mod edit;
mod kit;
mod list;
mod nearest;
mod place;
mod read;
mod search;
mod shown;
mod write;

pub(super) use bash::{Bash, Broken, Clock, Shell};
pub(super) use kit::{Given, Kit, Shells, Tool};
pub(super) use shown::{Paths, capped};
