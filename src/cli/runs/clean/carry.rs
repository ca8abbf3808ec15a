//! Removing what was chosen: each run is owned, set aside, and then deleted with its workspaces.

use std::path::{Path, PathBuf};

use super::choose::{self, Choice, Force, Found, Why, keeps};
use super::shown::{Leftover, Tense, Told, What};
use super::{Ground, backups};
use crate::cli::args::CleanArgs;
use crate::cli::error::CliError;
use crate::cli::session::Session;
use crate::ids::RunId;
use crate::store::{self, Claimed, StoreError};
use crate::sys::{clock, fs};
use crate::workspace;

/// As many are owned at a time: each keeps a file open.
const BATCH: usize = 100;

pub(super) fn carry_out(session: &Session, ground: &Ground, choice: Choice, args: &CleanArgs) -> Result<(), CliError> {
    let force = if args.force { Force::Given } else { Force::Withheld };
    let mut told = Told::new(Tense::Did);
    // Looked for before: once a run is gone, nobody knows where it was applied.
    let backups = if args.backups { backups::of(session, &choice.go)? } else { Vec::new() };
    told.kept(choice.stay);
    let mut first_error = None;
    let mut go = choice.go;
    while !go.is_empty() {
        let rest = go.split_off(go.len().min(BATCH));
        let (claimed, refused) = claim(go, force)?;
        if choice.is_named && !refused.is_empty() {
            return Err(choose::refused(&refused));
        }
        told.kept(refused);
        if let Err(error) = remove(session, claimed, &mut told) {
            first_error = first_error.or(Some(error));
        }
        go = rest;
    }
    // Also where no run went: a removal that was killed may have left the link to what it removed.
    mend_latest(session, &ground.runs);
    for leftover in leftovers(ground)? {
        let removed = match leftover.what {
            What::Run => store::remove_leftover(&leftover.path).map_err(CliError::from),
            What::Workspaces => fs::remove_tree(&leftover.path).map_err(|error| CliError::unwritable(&error)),
        };
        match removed {
            Ok(()) => told.leftover(session, &leftover),
            Err(error) => first_error = first_error.or(Some(error)),
        }
    }
    let removed = backups.into_iter().filter(|backup| told.has_removed(&backup.run)).collect::<Vec<_>>();
    backups::remove(session, &removed)?;
    for backup in &removed {
        told.backup(session, backup);
    }
    told.finish(session, args)?;
    first_error.map_or(Ok(()), Err)
}

/// The link is for people: that it cannot be mended is said, and stops nothing.
fn mend_latest(session: &Session, runs: &Path) {
    if let Err(error) = store::mend_latest(runs) {
        session.console.warn(&error.to_string());
    }
}

type Owned = (Found, Claimed);
type Refused = (RunId, Why);

/// Owns all of these that may still go, now that nobody else can change how they stand.
fn claim(go: Vec<Found>, force: Force) -> Result<(Vec<Owned>, Vec<Refused>), CliError> {
    let (mut owned, mut refused) = (Vec::new(), Vec::new());
    for found in go {
        let run = found.entry.run.clone();
        match Claimed::take(&found.entry.dir, clock::now()) {
            Ok(claimed) => match keeps(&found.entry, &claimed.standing, force) {
                None => owned.push((found, claimed)),
                Some(why) => refused.push((run, why)),
            },
            Err(StoreError::Locked { .. }) => refused.push((run, Why::Live)),
            Err(StoreError::Gone { .. }) => refused.push((run, Why::Gone)),
            Err(error) => return Err(error.into()),
        }
    }
    Ok((owned, refused))
}

/// Takes all of them out of their folder first, so that `latest` is wrong for no longer than it takes; then deletes.
fn remove(session: &Session, owned: Vec<Owned>, told: &mut Told) -> Result<(), CliError> {
    let mut first_error: Option<CliError> = None;
    let mut aside = Vec::new();
    let mut folders: Vec<PathBuf> = Vec::new();
    for (found, claimed) in owned {
        match claimed.set_aside() {
            Ok(set) => {
                folders.extend(found.entry.dir.root().parent().map(PathBuf::from));
                aside.push((found, set));
            }
            Err(error) => first_error = first_error.or_else(|| Some(error.into())),
        }
    }
    folders.sort();
    folders.dedup();
    for runs in &folders {
        mend_latest(session, runs);
    }
    for (found, set) in aside {
        let workspaces = match &found.workspaces {
            Some((folder, _)) => fs::remove_tree(folder).map_err(|error| CliError::unwritable(&error)),
            None => Ok(()),
        };
        match workspaces.and(set.delete().map_err(CliError::from)) {
            Ok(()) => told.run(session, &found),
            Err(error) => {
                let error = error.or_hint("`orchestra runs clean` removes what is left of it");
                first_error = first_error.or(Some(error));
            }
        }
    }
    first_error.map_or(Ok(()), Err)
}

/// What removals that were cut short have left, and workspaces whose run is gone.
pub(super) fn leftovers(ground: &Ground) -> Result<Vec<Leftover>, CliError> {
    let of = |what: What| move |path: PathBuf| Leftover { room: fs::room(&path), path, what };
    let mut found: Vec<Leftover> = store::leftovers(&ground.runs)?.into_iter().map(of(What::Run)).collect();
    found.extend(workspace::orphans(&ground.cache, &ground.runs)?.into_iter().map(of(What::Workspaces)));
    Ok(found)
}
