//! `runs show`.
use super::told::read;
use crate::cli::args::RunName;
use crate::cli::error::CliError;
use crate::cli::session::Session;
use crate::report::Report;

pub(super) fn show(session: &Session, name: &RunName) -> Result<(), CliError> {
    let told = read(session, name)?;
    if session.is_for_programs() {
        return session.document(&Report::of(&told.summary, &told.facts));
    }
    for line in told.summary.lines(&told.facts) {
        session.console.line(&line);
    }
    Ok(())
}
