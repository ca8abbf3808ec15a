//! What must hold when things go wrong: real processes, real signals, real files.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::unwrap_used,
    reason = "tests look at the world from outside"
)]

mod agents;
mod apply;
mod checks;
mod process;
mod workspace;
