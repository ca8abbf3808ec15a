//! `completions`: what a shell needs to complete our commands, made from the arguments themselves.

use clap::CommandFactory;
use serde_json::json;

use super::args::{Cli, CompletionsArgs};
use super::{CliError, Exit, Session};

/// `completions SHELL`.
pub(super) fn completions(session: &Session, args: &CompletionsArgs) -> Result<Exit, CliError> {
    let mut command = Cli::command();
    let name = command.get_name().to_owned();
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command, name, &mut script);
    let script = String::from_utf8(script).map_err(|error| CliError::internal(&error))?;
    if session.is_for_programs() {
        session.document(&json!({ "shell": args.shell.to_string(), "script": script }))?;
    } else {
        session.console.exact(&script);
    }
    Ok(Exit::Success)
}
