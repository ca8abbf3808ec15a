//! Diagnostics: what the program tells of itself, on stderr for who asks and in the run's `trace.jsonl`.

mod install;
mod lines;
mod sink;

pub use install::{Trace, TraceOf};
