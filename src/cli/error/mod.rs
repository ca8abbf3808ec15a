//! What a user is told when a command fails: what, where, why, and what to type next. Rendered here and nowhere else.

mod config;
mod convert;
mod dispatch;
mod hands;
mod io;
mod models;
mod render;
mod scarce;
mod store;
mod told;
mod usage;

pub use told::{CliError, Flaw};
pub use usage::{Typed, asked_output};
