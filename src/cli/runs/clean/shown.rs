//! What is said of a clean-up: a line for all that goes, and what it came to.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::backups::Backup;
use super::choose::{Found, Why};
use crate::cli::args::CleanArgs;
use crate::cli::error::CliError;
use crate::cli::runs::list::age;
use crate::cli::session::Session;
use crate::ids::RunId;
use crate::report::words;
use crate::sys::clock;

/// Whether things went, or would.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tense {
    Did,
    Would,
}

/// What was left behind by what is gone.
pub(super) struct Leftover {
    pub(super) path: PathBuf,
    pub(super) what: What,
    pub(super) room: u64,
}

/// What it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    /// A run whose removal was cut short.
    Run,
    /// Workspaces of a run that is gone.
    Workspaces,
}

/// What has been said so far.
pub(super) struct Told {
    tense: Tense,
    removed: Vec<(RunId, Value)>,
    leftovers: Vec<Value>,
    backups: Vec<Value>,
    kept: BTreeMap<RunId, Why>,
    freed: u64,
}

impl Told {
    pub(super) fn new(tense: Tense) -> Self {
        let (removed, kept) = (Vec::new(), BTreeMap::new());
        Self { tense, removed, leftovers: Vec::new(), backups: Vec::new(), kept, freed: 0 }
    }

    pub(super) fn has_removed(&self, run: &RunId) -> bool {
        self.removed.iter().any(|(removed, _)| removed == run)
    }

    pub(super) fn run(&mut self, session: &Session, found: &Found) {
        self.freed += found.bytes();
        let entry = &found.entry;
        let mut said = vec![found.verdict().to_owned()];
        if let Some(at) = entry.standing.ended_at() {
            said.push(format!("{} ago", age(clock::now().since(at))));
        }
        said.push(words::bytes(found.room));
        if let Some((_, room)) = &found.workspaces {
            said.push(format!("workspaces {}", words::bytes(*room)));
        }
        if found.applied == Some(false) && found.verdict() == "success" {
            said.push("never applied".to_owned());
        }
        self.line(session, &format!("{}  {}", entry.run, said.join(", ")));
        let row = json!({
            "run": entry.run,
            "verdict": found.verdict(),
            "ended_at": entry.standing.ended_at(),
            "applied": found.applied,
            "path": entry.dir.root(),
            "bytes": found.room,
            "workspaces": found.workspaces.as_ref().map(|(path, _)| path),
            "workspaces_bytes": found.workspaces.as_ref().map_or(0, |(_, room)| *room),
        });
        self.removed.push((entry.run.clone(), row));
    }

    pub(super) fn leftover(&mut self, session: &Session, leftover: &Leftover) {
        self.freed += leftover.room;
        let (what, kind) = match leftover.what {
            What::Run => ("a run whose removal was cut short", "run"),
            What::Workspaces => ("workspaces of a run that is gone", "workspaces"),
        };
        self.line(session, &format!("{}  {what}, {}", leftover.path.display(), words::bytes(leftover.room)));
        self.leftovers.push(json!({ "path": leftover.path, "what": kind, "bytes": leftover.room }));
    }

    pub(super) fn backup(&mut self, session: &Session, backup: &Backup) {
        self.line(session, &format!("{}  the way back from an apply", backup.name));
        self.backups.push(Value::from(backup.name.as_str()));
    }

    pub(super) fn kept(&mut self, kept: impl IntoIterator<Item = (RunId, Why)>) {
        self.kept.extend(kept);
    }

    pub(super) fn finish(self, session: &Session, args: &CleanArgs) -> Result<(), CliError> {
        self.summary(session, args);
        let kept: Vec<Value> = self.kept.iter().map(|(run, why)| json!({ "run": run, "why": why.as_str() })).collect();
        session.document(&json!({
            "dry_run": self.tense == Tense::Would,
            "removed": self.removed.into_iter().map(|(_, row)| row).collect::<Vec<_>>(),
            "leftovers": self.leftovers,
            "backups": self.backups,
            "kept": kept,
            "freed_bytes": self.freed,
        }))
    }

    fn line(&self, session: &Session, line: &str) {
        if session.is_for_programs() {
            return;
        }
        let verb = match self.tense {
            Tense::Did => "removed",
            Tense::Would => "would remove",
        };
        session.console.line(&format!("{verb} {line}"));
    }

    fn summary(&self, session: &Session, args: &CleanArgs) {
        let console = &session.console;
        for why in [Why::Live, Why::Resumable, Why::HalfApplied, Why::Unreadable, Why::Gone] {
            let runs: Vec<&str> =
                self.kept.iter().filter(|(_, kept)| **kept == why).map(|(run, _)| run.as_str()).collect();
            if runs.is_empty() {
                continue;
            }
            let names = if runs.len() > 5 { format!("{}, …", runs[..5].join(", ")) } else { runs.join(", ") };
            let force = if why.can_be_forced() { " (--force removes such runs)" } else { "" };
            console.note(&format!(
                "{} kept, which {}{force}: {names}",
                words::count(runs.len(), "run"),
                plural(why, runs.len())
            ));
        }
        let things = [(self.removed.len(), "run"), (self.leftovers.len(), "leftover"), (self.backups.len(), "backup")];
        let said: Vec<String> = things.iter().filter(|(n, _)| *n > 0).map(|(n, noun)| words::count(*n, noun)).collect();
        match (said.is_empty(), self.tense) {
            (true, _) => console.note("nothing to remove"),
            (false, Tense::Did) => console.note(&format!("freed {}: {}", words::bytes(self.freed), words::list(&said))),
            (false, Tense::Would) => {
                console.note(&format!("would free {}: {}", words::bytes(self.freed), words::list(&said)));
            }
        }
        if args.named.is_empty() && args.chosen.is_empty() {
            console.note("no run was meant: name runs, or say --older-than, --keep or --max-size");
        }
    }
}

/// The same words for one run and for several.
fn plural(why: Why, n: usize) -> String {
    let said = why.said();
    if n == 1 {
        return said.to_owned();
    }
    for (one, many) in [("is ", "are "), ("has ", "have "), ("was ", "were ")] {
        if let Some(rest) = said.strip_prefix(one) {
            return format!("{many}{rest}");
        }
    }
    said.to_owned()
}
