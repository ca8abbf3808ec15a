//! `runs list`: every run of a folder in a line, newest first.

use serde_json::{Value, json};

use super::table::{Column, Give, lines};
use crate::cli::args::ListArgs;
use crate::cli::error::CliError;
use crate::cli::session::Session;
use crate::event::StopCause;
use crate::report::{Outcome, Standing as Reported, words};
use crate::store::{self, RunEntry, Standing, Tally};
use crate::sys::clock;
use crate::time::{Span, Timestamp};

/// What is said where nothing is known: never a zero.
const UNKNOWN: &str = "-";

const COLUMNS: [Column; 8] = [
    Column { name: "RUN", give: Give::Nothing },
    Column { name: "STATUS", give: Give::All(5) },
    Column { name: "VERDICT", give: Give::All(4) },
    Column { name: "AGE", give: Give::All(3) },
    Column { name: "COST", give: Give::All(1) },
    Column { name: "TASKS", give: Give::All(2) },
    Column { name: "REF", give: Give::All(0) },
    Column { name: "TITLE", give: Give::Rest { at_least: 12 } },
];

pub(super) fn list(session: &Session, args: &ListArgs) -> Result<(), CliError> {
    let folder = session.config_of_runs(&args.runs)?.config.runs.dir;
    let mut entries = store::list(&folder)?;
    if let Some(key) = &args.reference {
        entries.retain(|entry| reference(entry).is_some_and(|known| known.eq_ignore_ascii_case(key)));
    }
    let rows: Vec<Row> = entries.into_iter().map(Row::of).collect();
    let now = clock::now();
    if session.is_for_programs() {
        let runs: Vec<Value> = rows.iter().map(|row| row.json(now)).collect();
        return session.document(&json!({ "runs": runs }));
    }
    if rows.is_empty() {
        let of = args.reference.as_ref().map_or_else(String::new, |key| format!(" of ticket `{key}`"));
        session.console.note(&format!("no runs{of} in {}", folder.display()));
        return Ok(());
    }
    let cells: Vec<[String; 8]> = rows.iter().map(|row| row.cells(now)).collect();
    for line in lines(&COLUMNS, &cells, terminal_width()) {
        session.console.line(&line);
    }
    Ok(())
}

/// A run with its numbers.
struct Row {
    entry: RunEntry,
    /// Missing where its records cannot be read.
    tally: Option<Tally>,
}

impl Row {
    fn of(mut entry: RunEntry) -> Self {
        if matches!(entry.standing, Standing::Unreadable(_)) {
            return Self { entry, tally: None };
        }
        match store::tally(&entry.dir) {
            Ok(tally) => Self { entry, tally: Some(tally) },
            Err(error) => {
                entry.standing = Standing::Unreadable(error);
                Self { entry, tally: None }
            }
        }
    }

    fn cells(&self, now: Timestamp) -> [String; 8] {
        let began = self.entry.began.as_ref();
        let told = |text: Option<String>| text.unwrap_or_else(|| UNKNOWN.to_owned());
        let title = match (&self.entry.standing, began) {
            (Standing::Unreadable(error), _) => error.to_string(),
            (_, began) => began.map(|began| began.title.clone()).unwrap_or_default(),
        };
        [
            self.entry.run.to_string(),
            status(&self.entry.standing).to_owned(),
            told(verdict(&self.entry.standing)),
            told(began.map(|began| age(now.since(began.at)))),
            told(self.tally.as_ref().and_then(cost)),
            told(self.tally.as_ref().and_then(|tally| tally.tasks.map(|all| format!("{}/{all}", tally.done)))),
            told(reference(&self.entry).map(str::to_owned)),
            title,
        ]
    }

    fn json(&self, now: Timestamp) -> Value {
        let (entry, tally) = (&self.entry, self.tally.as_ref());
        let began = entry.began.as_ref();
        let (pid, exit, stopped, error) = match &entry.standing {
            Standing::Live { pid } => (*pid, None, None, None),
            Standing::Finished { exit, .. } => (None, Some(*exit), None, None),
            Standing::Stopped { why, .. } => (None, Some(why.exit()), Some(words::stop(why)), None),
            Standing::Interrupted { .. } => (None, None, None, None),
            Standing::Unreadable(error) => (None, None, None, Some(error.to_string())),
        };
        json!({
            "run": entry.run,
            "status": status(&entry.standing),
            "verdict": outcome(&entry.standing).map_or("unreadable", Outcome::as_str),
            "stopped": stopped,
            "exit_code": exit,
            "ref": reference(entry),
            "title": began.map(|began| &began.title),
            "project": began.map(|began| &began.project),
            "started_at": began.map(|began| began.at),
            "ended_at": entry.standing.ended_at(),
            "age_ms": began.map(|began| now.since(began.at).as_millis()),
            "tasks": tally.and_then(|tally| tally.tasks),
            "tasks_done": tally.map(|tally| tally.done),
            "usage": tally.map(|tally| json!({
                "input_tokens": tally.usage.input_tokens,
                "output_tokens": tally.usage.output_tokens,
                "usd": tally.usage.usd,
                "silent": tally.silent,
            })),
            "applied": tally.map(|tally| tally.applied),
            "pid": pid,
            "path": entry.dir.root(),
            "error": error,
        })
    }
}

fn reference(entry: &RunEntry) -> Option<&str> {
    entry.began.as_ref().and_then(|began| began.reference.as_deref())
}

/// Whether it runs, and if not, how it ended: not yet what came of it.
fn status(standing: &Standing) -> &'static str {
    match standing {
        Standing::Live { .. } => "running",
        Standing::Finished { .. } => "finished",
        Standing::Stopped { .. } => "stopped",
        Standing::Interrupted { .. } => "interrupted",
        Standing::Unreadable(_) => "unreadable",
    }
}

/// What came of it; of a stopped run, what stopped it.
fn verdict(standing: &Standing) -> Option<String> {
    match standing {
        Standing::Finished { verdict, .. } => Some(verdict.to_string()),
        Standing::Stopped { why, .. } => Some(match why {
            StopCause::Signal(number) => format!("signal {number}"),
            StopCause::Limit(name) => name.clone(),
            StopCause::Approval => "approval".to_owned(),
            StopCause::Quota(_) => "quota".to_owned(),
            StopCause::Model(failure) => failure.class.to_string(),
            StopCause::NoPlan => "no plan".to_owned(),
            StopCause::Short(shortage) => shortage.limit.key().to_owned(),
        }),
        Standing::Live { .. } | Standing::Interrupted { .. } | Standing::Unreadable(_) => None,
    }
}

/// The same as in a report. None for what cannot be read.
pub(super) fn outcome(standing: &Standing) -> Option<Outcome> {
    match standing {
        Standing::Live { .. } => Some(Outcome::Running),
        Standing::Finished { verdict, .. } => Some(Reported::Finished(*verdict).outcome()),
        Standing::Stopped { why, .. } => Some(Reported::Stopped(why.clone()).outcome()),
        Standing::Interrupted { .. } => Some(Outcome::Interrupted),
        Standing::Unreadable(_) => None,
    }
}

/// How long ago, to the unit that matters.
pub(super) fn age(span: Span) -> String {
    let seconds = span.as_millis() / 1000;
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3_600 => format!("{}m", seconds / 60),
        3_600..172_800 => format!("{}h", seconds / 3_600),
        _ => format!("{}d", seconds / 86_400),
    }
}

/// What was used, in dollars, else in tokens, as far as anyone told.
fn cost(tally: &Tally) -> Option<String> {
    let said = match (tally.usage.usd, tally.usage.tokens()) {
        (Some(usd), _) => words::dollars(usd),
        (None, Some(tokens)) => format!("{} tok", words::short(tokens)),
        (None, None) => return None,
    };
    let more = if tally.silent > 0 { "+" } else { "" };
    Some(format!("{said}{more}"))
}

/// Columns of the terminal that stdout is; none where it is something else, which has no width.
pub(super) fn terminal_width() -> Option<usize> {
    let stdout = rustix::stdio::stdout();
    if !rustix::termios::isatty(stdout) {
        return None;
    }
    let size = rustix::termios::tcgetwinsize(stdout).ok()?;
    Some(usize::from(size.ws_col)).filter(|columns| *columns > 0)
}

#[cfg(test)]
mod tests {
    use super::super::told::tests::{newest, run};
    use super::*;
    use crate::event::Usage;
    use crate::money::Usd;

    #[test]
    fn a_run_is_running_while_its_lock_is_held_and_interrupted_once_it_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let (entry, lock) = run(dir.path(), Vec::new());
        let row = Row::of(entry);
        let said = row.json(Timestamp::from_millis(0));
        assert_eq!((&said["status"], &said["verdict"]), (&"running".into(), &"running".into()));
        assert_eq!((&said["pid"], &said["usage"]["usd"]), (&crate::sys::machine::pid().into(), &Value::Null));
        drop(lock);
        let said = Row::of(newest(dir.path())).json(Timestamp::from_millis(0));
        assert_eq!((&said["status"], &said["exit_code"]), (&"interrupted".into(), &Value::Null));
    }

    #[test]
    fn what_nobody_told_is_unknown_and_what_only_some_told_is_marked() {
        let of = |usd, input_tokens, silent| {
            let usage = Usage { input_tokens, usd, ..Usage::default() };
            cost(&Tally { usage, silent, ..Tally::default() })
        };
        assert_eq!(of(None, None, 3), None);
        assert_eq!(of(None, Some(12_345), 0).as_deref(), Some("12.3k tok"));
        let cents = |tenths: u64| Some(Usd::from_micros(tenths * 1_000));
        assert_eq!(of(cents(421), Some(5), 1).as_deref(), Some("$0.42+"));
        assert_eq!(of(cents(4), None, 0).as_deref(), Some("<$0.01"));
        assert_eq!(of(cents(0), None, 0).as_deref(), Some("$0.00"), "known to be nothing");
    }

    #[test]
    fn an_age_is_told_in_the_unit_that_matters() {
        for (seconds, said) in
            [(0, "0s"), (59, "59s"), (150, "2m"), (7_300, "2h"), (172_800, "2d"), (8_640_000, "100d")]
        {
            assert_eq!(age(Span::from_secs(seconds)), said);
        }
    }
}
