//! `runs show`: where a run is, and what it came to so far. It only reads, so a run that goes on is shown as well.

use super::told::read;
use crate::cli::args::RunName;
use crate::cli::error::CliError;
use crate::cli::session::Session;
use crate::report::Status;
use crate::sys::clock;

pub(super) fn show(session: &Session, name: &RunName) -> Result<(), CliError> {
    let told = read(session, name)?;
    let now = clock::now();
    if session.is_for_programs() {
        return session.document(&Status::of(&told.summary, &told.facts, now));
    }
    for line in told.summary.lines(&told.facts, now) {
        session.console.line(&line);
    }
    Ok(())
}
