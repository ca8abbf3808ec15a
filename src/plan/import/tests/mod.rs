//! What the lists of other tools come to: tasks, what is left out and said, and what is refused by name.

mod any;
mod beads;
mod refused;
mod rig;
mod taskmaster;

use rig::{defaults, edges, flat, issues, link, plan, read, refused, task};
