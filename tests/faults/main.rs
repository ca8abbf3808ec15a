//! What must hold when things go wrong: real processes, real signals, real files.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    reason = "tests look at the world from outside"
)]

mod agents;
mod apply;
mod chat;
mod checks;
mod clean;
mod clock;
mod container;
mod damage;
mod disk;
mod formats;
mod gate;
mod held;
mod kill;
#[cfg(target_arch = "x86_64")]
mod kills;
mod limits;
mod mounts;
mod output;
mod power;
mod process;
mod races;
mod resources;
mod rig;
mod signals;
mod suspend;
#[cfg(target_arch = "x86_64")]
mod trace;
#[cfg(not(target_arch = "x86_64"))]
mod untraced;
mod workspace;
#[expect(dead_code, reason = "shared with the tests of the command line, which use more of it")]
#[path = "../cli/pty.rs"]
mod pty;
#[expect(dead_code, reason = "shared with the tests of the command line, which use more of it")]
#[path = "../cli/world.rs"]
mod world;
