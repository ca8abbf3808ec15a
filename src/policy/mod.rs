//! PURE: what a child may use, and which environment it may see.

mod environment;
mod limits;

pub use environment::child_environment;
pub use limits::Limits;
