//! Texts from outside, changed in every way that comes to mind: what is refused is refused at a place, what is taken is
//! taken for good, and nothing panics, hangs, or takes more than its size. `kit.rs` says how.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::unwrap_used,
    reason = "tests look at the world from outside"
)]

mod bombs;
mod config;
mod diffs;
mod escapes;
mod kit;
mod messages;
mod plans;
mod tickets;
mod values;
