//! A run read from its journal, for those who show it.

use crate::cli::args::RunName;
use crate::cli::error::CliError;
use crate::cli::session::Session;
use crate::cli::which::which;
use crate::report::{Facts, Liveness, REPORT_SCHEMA, Report, Summary};
use crate::store::{self, RunDir, RunEntry, Standing};

/// The largest report that is read back.
pub(super) const REPORT_CAP: u64 = 64 * 1024 * 1024;

/// A run read from its journal.
pub(super) struct Told {
    pub(super) dir: RunDir,
    pub(super) summary: Summary,
    pub(super) facts: Facts,
    /// The report beside the journal tells of all that is in it.
    pub(super) is_reported: bool,
}

pub(super) fn read(session: &Session, name: &RunName) -> Result<Told, CliError> {
    tell(which(session, &name.runs, name.run.as_deref())?, session.called())
}

/// Nothing is locked and nothing is written: a run that goes on is read up to where it is.
pub(in crate::cli) fn summary(entry: RunEntry) -> Result<(Summary, Liveness), CliError> {
    let liveness = match entry.standing {
        Standing::Live { .. } => Liveness::Live,
        Standing::Finished { .. } | Standing::Stopped { .. } | Standing::Interrupted { .. } => Liveness::Gone,
        Standing::Unreadable(error) => return Err(error.into()),
    };
    Ok((Summary::of(&store::read(&entry.dir.journal())?), liveness))
}

/// The same, with what stands beside the journal.
pub(super) fn tell(entry: RunEntry, called: String) -> Result<Told, CliError> {
    let dir = entry.dir.clone();
    let (summary, liveness) = summary(entry)?;
    // The journal is the truth; only the diff needs trees, and is taken over from a report that is as new as it.
    let stored = store::read_json::<Report>(&dir.report_json(), REPORT_CAP).ok();
    let verdict = summary.standing(liveness).outcome();
    // One of a later version may mean something else by the same names.
    let ours = stored.filter(|report| report.schema == REPORT_SCHEMA);
    let fresh = ours.filter(|report| report.ended_at == Some(summary.last_at()) && report.verdict == verdict);
    let is_reported = fresh.is_some();
    let facts = Facts { liveness, diff: fresh.and_then(|report| report.diff), called };
    Ok(Told { dir, summary, facts, is_reported })
}

#[cfg(test)]
pub(super) mod tests {
    use std::path::Path;

    use super::*;
    use crate::cli::Exit;
    use crate::event::{Kind, RunVerdict, samples};
    use crate::store::{Lock, Staged, SyncMode};
    use crate::sys::{clock, fs};

    /// The newest run of a folder to which one with these events after its first is added; with its lock.
    pub(in crate::cli::runs) fn run(runs: &Path, kinds: Vec<Kind>) -> (RunEntry, Lock) {
        let staged = Staged::begin(runs, clock::now()).unwrap();
        let mut journal = staged.journal(SyncMode::Process).unwrap();
        for (seq, kind) in (1..).zip(std::iter::once(samples::run_started()).chain(kinds)) {
            let mut event = samples::event(seq, kind);
            event.run = staged.run().clone();
            journal.append(&event).unwrap();
        }
        journal.close().unwrap();
        let published = staged.publish().unwrap();
        (newest(runs), published.lock)
    }

    pub(in crate::cli::runs) fn newest(runs: &Path) -> RunEntry {
        store::latest(runs, |_| true).unwrap().unwrap()
    }

    #[test]
    fn a_damaged_journal_is_refused_by_its_line() {
        let dir = tempfile::tempdir().unwrap();
        let (entry, lock) = run(dir.path(), vec![Kind::RunFinished { verdict: RunVerdict::Planned, exit: 0 }]);
        drop(lock);
        let mut bytes = fs::read(&entry.dir.journal(), 1 << 20).unwrap();
        bytes[20] ^= 1;
        fs::write(&entry.dir.journal(), &bytes).unwrap();
        let Err(error) = tell(newest(dir.path()), String::new()) else { panic!("a damaged journal was read") };
        assert_eq!(error.exit(), Exit::State);
        assert!(error.to_string().contains("events.jsonl, line 1"), "{error}");
    }
}
