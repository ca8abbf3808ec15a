//! `runs clean`: removes runs that were named or chosen, and what removals that were cut short have left.
//!
//! Invariants: without a selector no run goes; a run that a process works on never goes; nothing that is not ours is
//! looked into, and no link is followed.

mod backups;
mod carry;
mod choose;
mod shown;

use std::path::PathBuf;

use super::super::args::CleanArgs;
use super::super::error::CliError;
use super::super::session::Session;
use super::super::{equip, is_of_project};
use crate::store;
use crate::workspace;
use choose::{Choice, Force};

/// Where things are that may go.
pub(super) struct Ground {
    /// The folder of all runs.
    runs: PathBuf,
    /// The folder of all workspaces.
    cache: PathBuf,
}

pub(super) fn clean(session: &Session, args: &CleanArgs) -> Result<(), CliError> {
    let loaded = session.config_of_runs(&args.runs)?;
    let ground = Ground { runs: loaded.config.runs.dir.clone(), cache: equip::cache_folder(session) };
    let force = if args.force { Force::Given } else { Force::Withheld };
    let choice = if args.named.is_empty() {
        let mut entries = store::list(&ground.runs)?;
        entries.retain(|entry| is_of_project(entry, &loaded));
        choose::by_limits(&ground, entries, &args.chosen, force)?
    } else {
        choose::by_name(session, &ground, &args.named, force)?
    };
    if args.dry_run {
        return preview(session, &ground, choice, args);
    }
    carry::carry_out(session, &ground, choice, args)
}

/// Says what would go, and changes nothing.
fn preview(session: &Session, ground: &Ground, choice: Choice, args: &CleanArgs) -> Result<(), CliError> {
    let backups = if args.backups { backups::of(session, &choice.go)? } else { Vec::new() };
    let mut told = shown::Told::new(shown::Tense::Would);
    for found in &choice.go {
        told.run(session, found);
    }
    for leftover in carry::leftovers(ground)? {
        told.leftover(session, &leftover);
    }
    for backup in &backups {
        told.backup(session, backup);
    }
    told.kept(choice.stay);
    told.finish(session, args)
}

impl Ground {
    /// The workspaces of a run, where there are any.
    fn workspaces(&self, run: &std::path::Path) -> Result<Option<PathBuf>, CliError> {
        Ok(workspace::workspaces_of(&self.cache, run)?)
    }
}
