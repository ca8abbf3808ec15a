//! `runs`: what has been run, how a run stands, and its report.

use serde_json::{Value, json};

use super::args::{ReportFormat, RunName, RunsCommand, RunsDir, Settings};
use super::error::CliError;
use super::exit::Exit;
use super::session::Session;
use super::which::{Fitting, which};
use crate::console::Output;
use crate::report::{Facts, Liveness, Outcome, Report, Standing as Reported, Summary, words};
use crate::store::{self, RunDir, RunEntry, Standing};
use crate::sys::fs;
use crate::text::printable;

/// The largest report that is read back.
const REPORT_CAP: u64 = 64 * 1024 * 1024;
/// Characters of a title in a list.
const TITLE: usize = 60;

/// `runs list|show|report`.
pub fn runs(session: &Session, command: RunsCommand) -> Result<Exit, CliError> {
    match command {
        RunsCommand::List(dir) => list(session, &dir)?,
        RunsCommand::Show(name) => show(session, &name)?,
        RunsCommand::Report { run, format } => report(session, &run, format)?,
    }
    Ok(Exit::Success)
}

fn list(session: &Session, dir: &RunsDir) -> Result<(), CliError> {
    let folder = session.config_quietly(dir.settings())?.config.runs.dir;
    let entries = store::list(&folder)?;
    if session.is_for_programs() {
        let runs: Vec<Value> = entries.iter().map(row).collect();
        return session.document(&json!({ "runs": runs }));
    }
    if entries.is_empty() {
        session.console.note(&format!("no runs in {}", folder.display()));
        return Ok(());
    }
    let lines: Vec<[String; 3]> = entries
        .iter()
        .map(|entry| {
            let began = entry.began.as_ref();
            let title = began.map_or_else(String::new, |began| match &began.reference {
                Some(reference) => format!("{reference}  {}", began.title),
                None => began.title.clone(),
            });
            [entry.run.to_string(), told(entry), printable(&title, TITLE)]
        })
        .collect();
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
    let (ids, standings) = (width(0), width(1));
    for [run, standing, title] in &lines {
        session.console.line(format!("{run:<ids$}  {standing:<standings$}  {title}").trim_end());
    }
    Ok(())
}

/// How a run stands, in a word or a few.
fn told(entry: &RunEntry) -> String {
    match &entry.standing {
        Standing::Live { pid: Some(pid) } => format!("running (process {pid})"),
        Standing::Stopped { why, .. } => format!("stopped: {}", printable(&words::stop(why), 40)),
        Standing::Unreadable(error) => format!("unreadable: {}", printable(&error.to_string(), 60)),
        Standing::Live { pid: None } | Standing::Finished { .. } | Standing::Interrupted { .. } => word(entry),
    }
}

fn word(entry: &RunEntry) -> String {
    let outcome = match &entry.standing {
        Standing::Live { .. } => Outcome::Running,
        Standing::Finished { verdict, .. } => Reported::Finished(*verdict).outcome(),
        Standing::Stopped { why, .. } => Reported::Stopped(why.clone()).outcome(),
        Standing::Interrupted { .. } => Outcome::Interrupted,
        Standing::Unreadable(_) => return "unreadable".to_owned(),
    };
    outcome.to_string()
}

fn row(entry: &RunEntry) -> Value {
    let began = entry.began.as_ref();
    let (pid, exit, ended, error) = match &entry.standing {
        Standing::Live { pid } => (*pid, None, None, None),
        Standing::Finished { exit, at, .. } => (None, Some(*exit), Some(*at), None),
        Standing::Stopped { at, .. } | Standing::Interrupted { at } => (None, None, Some(*at), None),
        Standing::Unreadable(error) => (None, None, None, Some(error.to_string())),
    };
    json!({
        "run": entry.run,
        "verdict": word(entry),
        "exit_code": exit,
        "title": began.map(|began| &began.title),
        "ref": began.and_then(|began| began.reference.as_ref()),
        "project": began.map(|began| &began.project),
        "started_at": began.map(|began| began.at),
        "ended_at": ended,
        "pid": pid,
        "path": entry.dir.root(),
        "error": error,
    })
}

/// A run read from its journal.
struct Told {
    dir: RunDir,
    summary: Summary,
    facts: Facts,
    /// The report beside the journal tells of all that is in it.
    is_reported: bool,
}

fn read(session: &Session, name: &RunName) -> Result<Told, CliError> {
    tell(which(session, &name.runs, name.run.as_deref(), Fitting::Any)?, session.called())
}

fn tell(entry: RunEntry, called: String) -> Result<Told, CliError> {
    let liveness = match entry.standing {
        Standing::Live { .. } => Liveness::Live,
        Standing::Finished { .. } | Standing::Stopped { .. } | Standing::Interrupted { .. } => Liveness::Gone,
        Standing::Unreadable(error) => return Err(error.into()),
    };
    let summary = Summary::of(&store::read(&entry.dir.journal())?);
    // The journal is the truth; only the diff needs trees, and is taken over from a report that is as new as it.
    let stored = store::read_json::<Report>(&entry.dir.report_json(), REPORT_CAP).ok();
    let verdict = summary.standing(liveness).outcome();
    let fresh = stored.filter(|report| report.ended_at == Some(summary.last_at()) && report.verdict == verdict);
    let is_reported = fresh.is_some();
    let facts = Facts { liveness, diff: fresh.and_then(|report| report.diff), called };
    Ok(Told { dir: entry.dir, summary, facts, is_reported })
}

fn show(session: &Session, name: &RunName) -> Result<(), CliError> {
    let told = read(session, name)?;
    if session.is_for_programs() {
        return session.document(&Report::of(&told.summary, &told.facts));
    }
    for line in told.summary.lines(&told.facts) {
        session.console.line(&line);
    }
    Ok(())
}

fn report(session: &Session, name: &RunName, format: Option<ReportFormat>) -> Result<(), CliError> {
    let format = match (session.console.output(), format) {
        (Output::Text, format) => format.unwrap_or(ReportFormat::Md),
        (Output::Json | Output::Jsonl, None | Some(ReportFormat::Json)) => ReportFormat::Json,
        (Output::Json | Output::Jsonl, Some(ReportFormat::Md)) => {
            return Err(CliError::usage("a Markdown report is no JSON document").hint("leave out --json or --format"));
        }
    };
    let told = read(session, name)?;
    match format {
        ReportFormat::Json => {
            let report = Report::of(&told.summary, &told.facts);
            session.document(&report)?;
            if !session.is_for_programs() {
                session.console.document(&report).map_err(|error| CliError::internal(&error))?;
            }
        }
        ReportFormat::Md => session.console.data(&markdown(&told)?),
    }
    Ok(())
}

/// The report as it was written, or made anew where the journal has gone on since.
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
    use super::*;
    use crate::event::{Kind, RunVerdict, samples};
    use crate::store::{Lock, Staged, SyncMode};
    use crate::sys::clock;

    /// The newest run of a folder to which one with these events after its first is added; with its lock.
    fn run(runs: &std::path::Path, kinds: Vec<Kind>) -> (RunEntry, Lock) {
        let staged = Staged::begin(runs, clock::now()).unwrap();
        let mut journal = staged.journal(SyncMode::Process).unwrap();
        for (seq, kind) in (1..).zip(std::iter::once(samples::run_started()).chain(kinds)) {
            let mut event = samples::event(seq, kind);
            event.run = staged.run().clone();
            journal.append(&event).unwrap();
        }
        journal.close().unwrap();
        let published = staged.publish().unwrap();
        (store::latest(runs, |_| true).unwrap().unwrap(), published.lock)
    }

    #[test]
    fn a_run_is_running_while_its_lock_is_held_and_interrupted_once_it_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let (entry, lock) = run(dir.path(), Vec::new());
        assert_eq!(word(&entry), "running");
        assert_eq!(row(&entry)["pid"], crate::sys::machine::pid());
        drop(lock);
        let entry = store::latest(dir.path(), |_| true).unwrap().unwrap();
        assert_eq!((word(&entry), &row(&entry)["exit_code"]), ("interrupted".to_owned(), &Value::Null));
        assert_eq!(tell(entry, String::new()).unwrap().facts.liveness, Liveness::Gone);
    }

    #[test]
    fn a_report_that_is_missing_or_old_is_made_from_the_journal() {
        let dir = tempfile::tempdir().unwrap();
        let finished = Kind::RunFinished { verdict: RunVerdict::Planned, exit: 0 };
        let (entry, lock) = run(dir.path(), vec![finished]);
        drop(lock);
        let again = || store::latest(dir.path(), |_| true).unwrap().unwrap();
        let told = tell(again(), String::new()).unwrap();
        assert!(!told.is_reported && markdown(&told).unwrap().starts_with("# "));

        let report = Report::of(&told.summary, &told.facts);
        store::write_json(&entry.dir.report_json(), &report).unwrap();
        fs::write(&entry.dir.report(), b"as it was written").unwrap();
        assert_eq!(markdown(&tell(again(), String::new()).unwrap()).unwrap(), "as it was written");

        let old = Report { ended_at: report.started_at, ..report };
        store::write_json(&entry.dir.report_json(), &old).unwrap();
        assert!(markdown(&tell(again(), String::new()).unwrap()).unwrap().starts_with("# "));
    }

    #[test]
    fn a_damaged_journal_is_listed_and_refused_by_name() {
        let dir = tempfile::tempdir().unwrap();
        let (entry, lock) = run(dir.path(), vec![Kind::RunFinished { verdict: RunVerdict::Planned, exit: 0 }]);
        drop(lock);
        let mut bytes = fs::read(&entry.dir.journal(), 1 << 20).unwrap();
        bytes[20] ^= 1;
        fs::write(&entry.dir.journal(), &bytes).unwrap();
        let entry = store::latest(dir.path(), |_| true).unwrap().unwrap();
        assert!(told(&entry).starts_with("unreadable: "), "{}", told(&entry));
        let Err(error) = tell(entry, String::new()) else { panic!("a damaged journal was read") };
        assert_eq!(error.exit(), Exit::State);
        assert!(error.to_string().contains("events.jsonl, line 1"), "{error}");
    }
}
