//! `runs`: what has been run, how a run stands, its report, how two differ, and which may go.

mod clean;
mod diff;
mod list;
mod report;
mod show;
mod table;
mod told;

pub(super) use told::summary;

use super::args::RunsCommand;
use super::error::CliError;
use super::exit::Exit;
use super::session::Session;

/// `runs list|show|report|diff|clean`.
pub fn runs(session: &Session, command: RunsCommand) -> Result<Exit, CliError> {
    match command {
        RunsCommand::List(args) => list::list(session, &args)?,
        RunsCommand::Show(name) => show::show(session, &name)?,
        RunsCommand::Report { run, format } => report::report(session, &run, format)?,
        RunsCommand::Diff(args) => diff::diff(session, &args)?,
        RunsCommand::Clean(args) => clean::clean(session, &args)?,
    }
    Ok(Exit::Success)
}
