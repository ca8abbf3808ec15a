//! Runs checks: commands of ours, on a tree of its own, in a folder where no agent works. What a check showed is a
//! [`CheckOutcome`](crate::event::CheckOutcome); a check that we ourselves cut short showed nothing and is an error.
//!
//! **Invariant**: text in a check's output can make its outcome worse or unclear, never green: green needs exit 0.

mod checker;
mod error;
mod missing;
mod node;
mod outcome;
mod suites;
mod tamper;

pub use checker::{Checker, Options};
pub use error::VerifyError;
pub use outcome::{Reader, Reading};
pub use tamper::{touched_check_files, touched_tests};
