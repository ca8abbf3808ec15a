//! The machine as seen by the rest: files, environment, clock, signals, and what machine this is.
//!
//! The wrappers exist so that everything above them can be read without wondering about them: a path in every file
//! error, one reading of the environment, one clock.

pub mod clock;
pub mod env;
pub mod fs;
pub mod kernel;
pub mod machine;
pub mod signal;
