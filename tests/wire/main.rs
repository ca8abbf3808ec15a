//! The wire clients against real sockets: a server of ours that plays every fault, byte by byte.
#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "plays the provider: takes connections, waits, writes what it likes"
)]

mod breaks;
mod fake;
mod refusals;
mod rig;
mod sizes;
mod stops;
mod streams;
mod waits;
