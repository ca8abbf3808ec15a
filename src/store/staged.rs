//! A run directory in the making: hidden until it is whole, gone if it never gets there.

use std::path::{Path, PathBuf};

use super::latest::{guard, point_latest};
use super::{Journal, Lock, Owner, RunDir, StoreError, SyncMode, owner};
use crate::ids::RunId;
use crate::sys::fs;
use crate::sys::machine::random;
use crate::time::Timestamp;

const HIDDEN: &str = fs::UNFINISHED;
const IGNORE: &str = ".gitignore";

/// A run directory under a hidden name. Dropped before [`Staged::publish`], it is removed.
#[derive(Debug)]
pub struct Staged {
    runs: PathBuf,
    run: RunId,
    dir: RunDir,
    lock: Option<Lock>,
    runs_made: RunsFolder,
}

/// A run directory under its own name.
#[derive(Debug)]
pub struct Published {
    /// Where it is.
    pub dir: RunDir,
    /// We own it.
    pub lock: Lock,
    /// Why `latest` could not be pointed at it. The run does not need that link.
    pub latest: Result<(), StoreError>,
}

/// Whether the folder of all runs was there before us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RunsFolder {
    Found,
    Made,
}

impl Staged {
    /// A new run in the folder `runs`, which is made if need be. The run's id is unused, however many start at once.
    pub fn begin(runs: &Path, now: Timestamp) -> Result<Self, StoreError> {
        const TRIES: usize = 1000;
        let salts = std::iter::repeat_with(|| random::<2>().map(u16::from_le_bytes)).take(TRIES);
        Self::with_salts(runs, now, salts)
    }

    fn with_salts(
        runs: &Path,
        now: Timestamp,
        salts: impl Iterator<Item = std::io::Result<u16>>,
    ) -> Result<Self, StoreError> {
        let runs_made = make_runs_folder(runs)?;
        let mut staged = Self::claim(runs, now, salts);
        match &mut staged {
            Ok(staged) => staged.runs_made = runs_made,
            Err(_) if runs_made == RunsFolder::Made => remove_runs_folder(runs),
            Err(_) => {}
        }
        staged
    }

    fn claim(
        runs: &Path,
        now: Timestamp,
        salts: impl Iterator<Item = std::io::Result<u16>>,
    ) -> Result<Self, StoreError> {
        // Held from before the folder is made until it is locked: who tidies up never sees a fresh one unlocked.
        let guard = guard(runs)?;
        remove_stale(runs)?;
        let mut taken = runs.to_path_buf();
        for salt in salts {
            let run = RunId::at(now, salt.map_err(|error| StoreError::write("pick a name in", runs, error))?);
            let (hidden, public) = (runs.join(format!("{HIDDEN}{run}")), runs.join(run.as_str()));
            // In this order: another's hidden folder can become its public one in between, but not the other way.
            if !(is_free(&hidden)? && is_free(&public)?) {
                taken = public;
                continue;
            }
            fs::create_dir(&hidden).map_err(StoreError::Unwritable)?;
            let dir = RunDir::at(hidden);
            let lock = Lock::take(&dir, now)?;
            drop(guard);
            return Ok(Self { runs: runs.to_path_buf(), run, dir, lock: Some(lock), runs_made: RunsFolder::Found });
        }
        Err(StoreError::Taken { path: taken })
    }

    /// The run's id.
    pub fn run(&self) -> &RunId {
        &self.run
    }

    /// Where it is now: files are written here.
    pub fn dir(&self) -> &RunDir {
        &self.dir
    }

    /// Where it will be.
    pub fn future(&self) -> RunDir {
        RunDir::at(self.runs.join(self.run.as_str()))
    }

    /// Its journal, empty. It stays valid when the run is published.
    pub fn journal(&self, sync: SyncMode) -> Result<Journal, StoreError> {
        Journal::create(&self.dir.journal(), &self.future().journal(), sync)
    }

    /// Gives the directory its name. Called once `run.started` is safe; durable when it returns.
    pub fn publish(mut self) -> Result<Published, StoreError> {
        let dir = self.future();
        let Some(lock) = self.lock.take() else {
            return Err(StoreError::Taken { path: dir.root().to_path_buf() });
        };
        // Held over both steps: who mends `latest` sees the run with its link, or neither.
        let guarded = match guard(&self.runs) {
            Ok(guarded) => guarded,
            Err(error) => {
                self.lock = Some(lock);
                return Err(error);
            }
        };
        let renamed = fs::sync_dir(self.dir.root()).and_then(|()| fs::rename(self.dir.root(), dir.root()));
        if let Err(error) = renamed {
            self.lock = Some(lock);
            return Err(StoreError::Unwritable(error));
        }
        fs::sync_dir(&self.runs).map_err(StoreError::Unwritable)?;
        let latest = point_latest(&self.runs, &self.run);
        drop(guarded);
        Ok(Published { dir, lock, latest })
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        if self.lock.is_none() {
            return;
        }
        // What cannot be removed now is removed by the next run: its lock is free by then.
        drop(fs::remove_dir_all(self.dir.root()));
        if self.runs_made == RunsFolder::Made {
            remove_runs_folder(&self.runs);
        }
    }
}

/// Makes the folder of all runs, which git is told to ignore, as it may lie in the user's project.
fn make_runs_folder(runs: &Path) -> Result<RunsFolder, StoreError> {
    if fs::kind(runs).map_err(StoreError::Unreadable)?.is_some() {
        if runs.is_dir() {
            return Ok(RunsFolder::Found);
        }
        return Err(StoreError::NotAFolder { path: runs.to_path_buf() });
    }
    fs::create_dirs(runs)
        .and_then(|()| fs::write_synced(&runs.join(IGNORE), b"*\n"))
        .map_err(StoreError::Unwritable)?;
    Ok(RunsFolder::Made)
}

/// Removes the folder of all runs if we made it in vain.
fn remove_runs_folder(runs: &Path) {
    let Ok(_guard) = guard(runs) else { return };
    let ours = fs::list(runs).is_ok_and(|entries| entries.iter().all(|entry| entry.name == IGNORE));
    if ours {
        drop(fs::remove_dir_all(runs));
    }
}

/// Removes hidden folders whose makers died.
fn remove_stale(runs: &Path) -> Result<(), StoreError> {
    for entry in fs::list(runs).map_err(StoreError::Unwritable)? {
        let hidden = entry.name.to_str().and_then(|name| name.strip_prefix(HIDDEN));
        if hidden.is_some_and(|name| RunId::new(name).is_ok())
            && entry.kind == fs::Kind::Folder
            && matches!(owner(&RunDir::at(&entry.path)), Ok(Owner::Nobody))
        {
            // In vain at worst: it stays hidden, and the next run tries again.
            drop(fs::remove_dir_all(&entry.path));
        }
    }
    Ok(())
}

fn is_free(path: &Path) -> Result<bool, StoreError> {
    Ok(fs::kind(path).map_err(StoreError::Unwritable)?.is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(runs: &Path) -> Vec<String> {
        fs::list(runs).unwrap().into_iter().map(|entry| entry.name.into_string().unwrap()).collect()
    }

    #[test]
    fn a_published_run_has_its_name_its_lock_and_the_link() {
        let temp = tempfile::tempdir().unwrap();
        let runs = temp.path().join("deep/runs");
        let staged = Staged::begin(&runs, Timestamp::from_millis(0)).unwrap();
        let run = staged.run().clone();
        fs::write(&staged.dir().ticket(), b"# Ticket").unwrap();
        let published = staged.publish().unwrap();
        published.latest.unwrap();
        assert_eq!(names(&runs), [".gitignore", run.as_str(), "latest"]);
        assert_eq!(fs::read_text(&runs.join("latest/ticket.md"), 100).unwrap(), "# Ticket");
        assert!(matches!(owner(&published.dir).unwrap(), Owner::Process(_)));
    }

    #[test]
    fn what_is_dropped_unpublished_leaves_nothing_behind() {
        let temp = tempfile::tempdir().unwrap();
        let runs = temp.path().join("runs");
        let staged = Staged::begin(&runs, Timestamp::from_millis(0)).unwrap();
        fs::write(&staged.dir().ticket(), b"x").unwrap();
        drop(staged);
        assert_eq!(fs::kind(&runs).unwrap(), None);
    }

    #[test]
    fn twenty_runs_in_one_second_get_twenty_directories() {
        let temp = tempfile::tempdir().unwrap();
        std::thread::scope(|scope| {
            for _ in 0..20 {
                scope.spawn(|| {
                    // Few salts, so that they collide.
                    let salts = (0..20u16).map(Ok);
                    Staged::with_salts(temp.path(), Timestamp::from_millis(0), salts).unwrap().publish().unwrap();
                });
            }
        });
        let found = names(temp.path()).iter().filter(|name| RunId::new(name).is_ok()).count();
        assert_eq!(found, 20);
    }

    #[test]
    fn hidden_folders_of_the_dead_are_removed_and_those_of_the_living_stay() {
        let temp = tempfile::tempdir().unwrap();
        let living = Staged::begin(temp.path(), Timestamp::from_millis(0)).unwrap();
        let dead = temp.path().join(".new-20261121-093312-a1b2");
        fs::create_dir(&dead).unwrap();
        fs::write(&dead.join("lock"), b"").unwrap();
        fs::create_dir(&temp.path().join(".new-other")).unwrap();
        drop(Staged::begin(temp.path(), Timestamp::from_millis(0)).unwrap());
        let hidden = format!(".new-{}", living.run());
        assert_eq!(names(temp.path()), [hidden.as_str(), ".new-other"]);
    }

    #[test]
    fn a_file_in_the_place_of_the_runs_folder_is_named() {
        let temp = tempfile::tempdir().unwrap();
        let runs = temp.path().join("runs");
        fs::write(&runs, b"").unwrap();
        let error = Staged::begin(&runs, Timestamp::from_millis(0)).unwrap_err();
        assert!(matches!(error, StoreError::NotAFolder { .. }), "{error}");
    }
}
