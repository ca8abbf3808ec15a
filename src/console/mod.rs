//! The only printer: progress on stderr, data on stdout. Nothing else in the program writes to either.
//!
//! Invariants: words of strangers are cleaned before they reach a terminal; a closed pipe is not an error
//! and never a panic; every line reads the same without colour.

mod fit;
mod live;
mod options;
mod printer;
mod progress;
mod sink;
mod style;

pub use fit::{columns, fit};
pub use live::Doing;
pub use options::{ColorChoice, Options, Output, Surroundings, Verbosity};
pub use printer::Console;
pub use progress::Progress;
