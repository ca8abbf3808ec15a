//! An agent whose answers stand in a file: for tests, for demos, and for liars. It does what the file says and nothing
//! else, and the same every time.

mod act;
mod agent;
mod script;

pub(super) use agent::ScriptedAgent;
