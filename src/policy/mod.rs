//! PURE: what a child may use, what it may cost, and which environment it may see.

mod environment;
mod limits;
mod spends;

pub use environment::child_environment;
pub use limits::Limits;
pub use spends::Spends;
