//! The binary: the supervisor entry first, then the command line.

use std::process::ExitCode;

fn main() -> ExitCode {
    // Before the command line, the runtime, tracing and any thread: a supervisor has none of them.
    orchestra::process::supervisor_entry().unwrap_or_else(orchestra::cli::main)
}
