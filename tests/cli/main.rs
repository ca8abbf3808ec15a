//! What a user sees: stdout, stderr, the exit code, files. Nothing here looks inside.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::unwrap_used,
    reason = "plays the user: makes files, starts the program"
)]

mod agent_role;
mod already;
mod apply;
mod budget;
mod clean;
mod completions;
mod config;
mod corpus;
mod mishaps;
mod diff;
mod docs;
mod doctor;
mod golden;
mod graph;
mod hostile;
mod import;
mod init;
mod junit;
mod limits;
mod live;
mod message;
mod output;
mod place;
mod plan;
mod prompts;
mod pty;
mod reader;
mod resume;
mod review;
mod run;
mod runs;
mod scene;
mod usage;
mod workflow;
mod world;
