//! Models over real sockets: the wire clients against a server of ours that plays every fault, byte by byte, and whole runs
//! against one that plans and works.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "plays the provider, and looks at the world from outside"
)]

mod aimock;
mod breaks;
mod chat_agent;
mod fake;
mod llmock;
mod planning;
mod provider;
mod quickstart;
mod refusals;
mod revising;
mod rig;
mod servers;
mod sizes;
mod stops;
mod streams;
mod waits;
#[expect(dead_code, reason = "shared with the tests of the command line, which use more of it")]
#[path = "../cli/scene.rs"]
mod scene;
#[expect(dead_code, reason = "shared with the tests of the command line, which use more of it")]
#[path = "../cli/world.rs"]
mod world;
