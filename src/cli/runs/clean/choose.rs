//! Which runs go, and why others stay.

use std::path::PathBuf;

use super::Ground;
use crate::cli::args::Chosen;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::runs::list::outcome;
use crate::cli::session::Session;
use crate::cli::which::named;
use crate::ids::RunId;
use crate::report::Outcome;
use crate::store::{self, RunEntry, Standing, StoreError};
use crate::sys::{clock, fs};
use crate::time::Timestamp;

/// Whether runs may go that would otherwise be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Force {
    Given,
    Withheld,
}

/// Why a run that was meant stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Why {
    /// A process works on it.
    Live,
    /// `resume` has something to do for it.
    Resumable,
    /// Bringing its change home was cut short, and only the run knows how to finish that.
    HalfApplied,
    /// Its records cannot be read.
    Unreadable,
    /// Another process removed it first.
    Gone,
}

/// What goes, oldest first, and what stays.
pub(super) struct Choice {
    pub(super) go: Vec<Found>,
    pub(super) stay: Vec<(RunId, Why)>,
    /// Whether each run was named: then it goes, or nothing does.
    pub(super) is_named: bool,
}

/// A run, and the room it takes.
pub(super) struct Found {
    pub(super) entry: RunEntry,
    /// Bytes of its directory.
    pub(super) room: u64,
    /// Where its workspaces are, and their bytes.
    pub(super) workspaces: Option<(PathBuf, u64)>,
    /// Whether its change was brought home; not known of records that cannot be read.
    pub(super) applied: Option<bool>,
}

impl Found {
    fn of(ground: &Ground, entry: RunEntry) -> Result<Self, CliError> {
        let root = entry.dir.root();
        let workspaces = ground.workspaces(root)?.map(|folder| (folder.clone(), fs::room(&folder)));
        let applied = store::tally(&entry.dir).ok().map(|tally| tally.applied);
        Ok(Self { room: fs::room(root), workspaces, applied, entry })
    }

    /// All of its bytes.
    pub(super) fn bytes(&self) -> u64 {
        self.room + self.workspaces.as_ref().map_or(0, |(_, room)| *room)
    }

    /// How it stands, as a report says it.
    pub(super) fn verdict(&self) -> &'static str {
        outcome(&self.entry.standing).map_or("unreadable", Outcome::as_str)
    }
}

/// Why a run that stands like this stays.
pub(super) fn keeps(entry: &RunEntry, standing: &Standing, force: Force) -> Option<Why> {
    let why = match standing {
        Standing::Live { .. } => return Some(Why::Live),
        Standing::Unreadable(StoreError::Gone { .. }) => return Some(Why::Gone),
        Standing::Unreadable(_) => Why::Unreadable,
        standing if standing.is_unfinished() => Why::Resumable,
        Standing::Finished { .. } | Standing::Stopped { .. } | Standing::Interrupted { .. } => {
            if fs::kind(&entry.dir.apply_record()).is_ok_and(|kind| kind.is_none()) {
                return None;
            }
            Why::HalfApplied
        }
    };
    (force == Force::Withheld).then_some(why)
}

/// Exactly the runs that were named; an error if one of them has to stay.
pub(super) fn by_name(session: &Session, ground: &Ground, names: &[String], force: Force) -> Result<Choice, CliError> {
    let mut go: Vec<Found> = Vec::new();
    let mut stay: Vec<(RunId, Why)> = Vec::new();
    for name in names {
        let entry = named(session, &ground.runs, name)?;
        if go.iter().any(|found| found.entry.dir == entry.dir) || stay.iter().any(|(run, _)| *run == entry.run) {
            continue;
        }
        match keeps(&entry, &entry.standing, force) {
            None => go.push(Found::of(ground, entry)?),
            Some(Why::Live) => return Err(in_use(&entry)),
            Some(why) => stay.push((entry.run, why)),
        }
    }
    if stay.is_empty() { Ok(Choice { go, stay, is_named: true }) } else { Err(refused(&stay)) }
}

/// Of these runs, newest first, those that every limit lets go.
pub(super) fn by_limits(
    ground: &Ground,
    entries: Vec<RunEntry>,
    chosen: &Chosen,
    force: Force,
) -> Result<Choice, CliError> {
    let mut choice = Choice { go: Vec::new(), stay: Vec::new(), is_named: false };
    if chosen.is_empty() {
        return Ok(choice);
    }
    let now = clock::now();
    let mut total: u64 = 0;
    for (at, entry) in entries.into_iter().enumerate() {
        let is_old = chosen.older_than.is_none_or(|span| ended(&entry).is_some_and(|at| now.since(at) > span));
        let is_meant = is_old && chosen.keep.is_none_or(|keep| at >= keep);
        let why = keeps(&entry, &entry.standing, force);
        // Without a limit on size, the room of what stays is nobody's business.
        if !is_meant && chosen.max_size.is_none() {
            continue;
        }
        if let Some(why) = why {
            if is_meant {
                choice.stay.push((entry.run.clone(), why));
            }
            total += if chosen.max_size.is_some() { Found::of(ground, entry)?.bytes() } else { 0 };
            continue;
        }
        let found = Found::of(ground, entry)?;
        total += found.bytes();
        if is_meant {
            choice.go.push(found);
        }
    }
    choice.go.reverse();
    if let Some(most) = chosen.max_size {
        let fits = until(total, most.0, &choice.go.iter().map(Found::bytes).collect::<Vec<_>>());
        if fits.1 <= most.0 {
            choice.stay.clear();
        }
        choice.go.truncate(fits.0);
    }
    Ok(choice)
}

/// How many of these, from the first, must go until at most `most` of `total` is left, and what is left then.
fn until(mut total: u64, most: u64, sizes: &[u64]) -> (usize, u64) {
    for (at, size) in sizes.iter().enumerate() {
        if total <= most {
            return (at, total);
        }
        total = total.saturating_sub(*size);
    }
    (sizes.len(), total)
}

/// When a run ended. Of one whose records cannot be read its name tells when it began.
fn ended(entry: &RunEntry) -> Option<Timestamp> {
    match &entry.standing {
        Standing::Live { .. } => None,
        Standing::Unreadable(_) => {
            let (day, time) = entry.run.second().split_once('-')?;
            let pair = |text: &str, at: usize| text.get(at..at + 2).map(str::to_owned);
            let date = format!("{}-{}-{}", day.get(..4)?, pair(day, 4)?, pair(day, 6)?);
            format!("{date}T{}:{}:{}Z", pair(time, 0)?, pair(time, 2)?, pair(time, 4)?).parse().ok()
        }
        Standing::Finished { at, .. } | Standing::Stopped { at, .. } | Standing::Interrupted { at } => Some(*at),
    }
}

fn in_use(entry: &RunEntry) -> CliError {
    let pid = match entry.standing {
        Standing::Live { pid } => pid,
        Standing::Finished { .. }
        | Standing::Stopped { .. }
        | Standing::Interrupted { .. }
        | Standing::Unreadable(_) => None,
    };
    StoreError::Locked { run: entry.dir.root().to_path_buf(), pid, since: None }.into()
}

/// Nothing was removed, because these stay.
pub(super) fn refused(stay: &[(RunId, Why)]) -> CliError {
    let said: Vec<String> = stay.iter().map(|(run, why)| format!("{run} {}", why.said())).collect();
    let error = CliError::new(Exit::State, format!("nothing was removed: {}", said.join("; ")));
    if stay.iter().all(|(_, why)| why.can_be_forced()) {
        error.hint("--force removes it all the same; what it did and what it cost is then known to nobody")
    } else {
        error.hint("`orchestra runs list` shows how runs stand")
    }
}

impl Why {
    pub(super) fn said(self) -> &'static str {
        match self {
            Self::Live => "is worked on by a process",
            Self::Resumable => "can be resumed",
            Self::HalfApplied => "was applied halfway: `orchestra apply` finishes that",
            Self::Unreadable => "has records that cannot be read",
            Self::Gone => "was removed by another process",
        }
    }

    /// Its name for programs.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Resumable => "resumable",
            Self::HalfApplied => "half-applied",
            Self::Unreadable => "unreadable",
            Self::Gone => "gone",
        }
    }

    pub(super) fn can_be_forced(self) -> bool {
        match self {
            Self::Resumable | Self::HalfApplied | Self::Unreadable => true,
            Self::Live | Self::Gone => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_go_until_the_rest_fits_and_no_more() {
        assert_eq!(until(100, 100, &[40, 30]), (0, 100));
        assert_eq!(until(100, 70, &[40, 30]), (1, 60));
        assert_eq!(until(100, 50, &[40, 30]), (2, 30));
        assert_eq!(until(100, 0, &[40, 30]), (2, 30), "what stays may be more than fits");
    }
}
