//! `runs report`: the report as it was written, or made anew where the journal has gone on since.

use super::told::{REPORT_CAP, Told, read};
use crate::cli::args::{ReportFormat, RunName};
use crate::cli::error::CliError;
use crate::cli::session::Session;
use crate::console::Output;
use crate::report::Report;
use crate::sys::fs;

pub(super) fn report(session: &Session, name: &RunName, format: Option<ReportFormat>) -> Result<(), CliError> {
    let format = match (session.console.output(), format) {
        (Output::Text, format) => format.unwrap_or(ReportFormat::Md),
        (Output::Json | Output::Jsonl, None | Some(ReportFormat::Json)) => ReportFormat::Json,
        (Output::Json | Output::Jsonl, Some(ReportFormat::Md | ReportFormat::Junit)) => {
            return Err(
                CliError::usage("a report in Markdown or XML is no JSON document").hint("leave out --json or --format")
            );
        }
    };
    let told = read(session, name)?;
    match format {
        ReportFormat::Json => session.json(&Report::of(&told.summary, &told.facts))?,
        ReportFormat::Junit => {
            let document = told.summary.junit(&told.facts).map_err(|error| CliError::internal(&error))?;
            session.console.exact(&document);
        }
        ReportFormat::Md => session.console.data(&markdown(&told)?),
    }
    Ok(())
}

fn markdown(told: &Told) -> Result<String, CliError> {
    if told.is_reported
        && let Ok(written) = fs::read_text(&told.dir.report(), REPORT_CAP)
    {
        return Ok(written);
    }
    told.summary.markdown(&told.facts).map_err(|error| CliError::internal(&error))
}

#[cfg(test)]
mod tests {
    use super::super::told::tell;
    use super::super::told::tests::{newest, run};
    use super::*;
    use crate::event::{Kind, RunVerdict};
    use crate::store;

    #[test]
    fn a_report_that_is_missing_or_old_is_made_from_the_journal() {
        let dir = tempfile::tempdir().unwrap();
        let (entry, lock) = run(dir.path(), vec![Kind::RunFinished { verdict: RunVerdict::Planned, exit: 0 }]);
        drop(lock);
        let again = || tell(newest(dir.path()), String::new()).unwrap();
        let told = again();
        assert!(!told.is_reported && markdown(&told).unwrap().starts_with("# "));

        let report = Report::of(&told.summary, &told.facts);
        store::write_json(&entry.dir.report_json(), &report).unwrap();
        fs::write(&entry.dir.report(), b"as it was written").unwrap();
        assert_eq!(markdown(&again()).unwrap(), "as it was written");

        let old = Report { ended_at: report.started_at, ..report };
        store::write_json(&entry.dir.report_json(), &old).unwrap();
        assert!(markdown(&again()).unwrap().starts_with("# "));
    }
}
