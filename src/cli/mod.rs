//! The command line: arguments, one file per subcommand, errors, exit codes.
//!
//! Arguments become plain values first ([`args`]), and mean something only to their command. Errors are rendered
//! here and nowhere else. Asking for help starts neither a runtime nor tracing.

mod agent;
mod already;
mod apply;
pub mod args;
mod asked;
mod completions;
mod configure;
mod doctor;
mod drive;
mod dry_ask;
mod dry_run;
mod equip;
mod error;
mod exit;
mod init;
mod input;
mod jobs;
mod junit;
mod known;
mod leave;
mod listen;
mod man;
mod panics;
mod plan_check;
mod plan_graph;
mod planner;
mod prompts;
mod resume;
mod run;
mod runs;
mod session;
mod start;
mod trace;
mod which;

pub use error::{CliError, Flaw};
pub use exit::Exit;
pub use session::Session;
pub use start::main;
pub use trace::{Trace, TraceOf};
pub use which::{is_of_project, named, which};
