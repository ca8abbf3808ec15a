//! Removing a run: owned, set aside under another name, then deleted.
//!
//! The rename is the one step that counts. Before it the run is whole, after it there is none, and a kill at any moment
//! leaves either a run or a folder that the next clean-up deletes. Whoever waits for the run's lock meanwhile is told that
//! the run is gone, because the lock it gets no longer lies where the run was.

use std::fs::TryLockError;
use std::path::{Path, PathBuf};

use super::list::stands;
use super::{Lock, Owner, RunDir, Standing, StoreError, owner};
use crate::ids::RunId;
use crate::sys::fs;
use crate::time::Timestamp;

const TRASH: &str = ".trash-";

/// A run that this process owns in order to remove it.
#[derive(Debug)]
pub struct Claimed {
    dir: RunDir,
    /// How it stands now that nobody else can change it.
    pub standing: Standing,
    lock: Lock,
}

/// A run that is no longer one, and what is left of it.
#[derive(Debug)]
pub struct Aside {
    folder: PathBuf,
    /// Held until all is deleted, so that two do not delete the same.
    _lock: Lock,
}

impl Claimed {
    /// Becomes the owner of a run. One that a process works on, or whose last process is still ending what it started, is
    /// refused.
    pub fn take(dir: &RunDir, now: Timestamp) -> Result<Self, StoreError> {
        let lock = Lock::take(dir, now)?;
        if has_supervisors(dir)? {
            return Err(StoreError::Locked { run: dir.root().to_path_buf(), pid: None, since: None });
        }
        Ok(Self { dir: dir.clone(), standing: stands(dir), lock })
    }

    /// Takes the run out of its folder. From here on it is no run; what a kill leaves is found by [`leftovers`].
    pub fn set_aside(self) -> Result<Aside, StoreError> {
        let root = self.dir.root();
        let (Some(runs), Some(name)) = (root.parent(), root.file_name()) else {
            return Err(StoreError::NotARun { path: root.to_path_buf() });
        };
        let mut aside = std::ffi::OsString::from(TRASH);
        aside.push(name);
        let folder = runs.join(aside);
        // Left by a removal that was killed, of a run that someone has brought back since.
        fs::remove_tree(&folder).map_err(StoreError::Unwritable)?;
        fs::rename(root, &folder).and_then(|()| fs::sync_dir(runs)).map_err(StoreError::Unwritable)?;
        Ok(Aside { folder, _lock: self.lock })
    }
}

impl Aside {
    /// Deletes what is left of the run.
    pub fn delete(self) -> Result<(), StoreError> {
        delete(&self.folder)
    }
}

/// Folders of removals that were cut short, whose owner is gone. A folder of runs that is not there has none.
pub fn leftovers(runs: &Path) -> Result<Vec<PathBuf>, StoreError> {
    if !runs.is_dir() {
        return Ok(Vec::new());
    }
    let mut found = fs::list(runs).map_err(StoreError::Unreadable)?;
    found.retain(|entry| {
        let run = entry.name.to_str().and_then(|name| name.strip_prefix(TRASH));
        run.is_some_and(|run| RunId::new(run).is_ok())
            && entry.kind == fs::Kind::Folder
            && matches!(owner(&RunDir::at(&entry.path)), Ok(Owner::Nobody))
    });
    Ok(found.into_iter().map(|entry| entry.path).collect())
}

/// Deletes one of [`leftovers`].
pub fn remove_leftover(folder: &Path) -> Result<(), StoreError> {
    delete(folder)
}

/// The lock goes last: while anything else is there, it says whether someone is at it.
fn delete(folder: &Path) -> Result<(), StoreError> {
    let lock = RunDir::at(folder).lock();
    let empty = || {
        fs::unlock(folder)?;
        let entries = fs::list(folder)?;
        entries.iter().filter(|entry| entry.path != lock).try_for_each(|entry| fs::remove_tree(&entry.path))?;
        fs::remove_tree(folder)
    };
    match empty() {
        Err(error) if error.is_not_found() => Ok(()),
        other => other.map_err(StoreError::Unwritable),
    }
}

/// Whether supervisors of the run are alive: those of a killed process take a moment to end what they watch over.
fn has_supervisors(dir: &RunDir) -> Result<bool, StoreError> {
    let path = dir.supervisors_lock();
    let file = match fs::open(&path) {
        Ok(file) => file,
        Err(error) if error.is_not_found() => return Ok(false),
        Err(error) => return Err(StoreError::Unreadable(error)),
    };
    // They share it; only alone can it be had whole.
    match file.try_lock() {
        Ok(()) => Ok(false),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(error)) => Err(StoreError::read("lock", &path, error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Event, Kind, RunVerdict, samples};
    use crate::store::{Staged, SyncMode, list};

    fn now() -> Timestamp {
        Timestamp::from_millis(0)
    }

    /// A finished run.
    fn make(runs: &Path) -> RunDir {
        let staged = Staged::begin(runs, now()).unwrap();
        let mut journal = staged.journal(SyncMode::Process).unwrap();
        let finished = Kind::RunFinished { verdict: RunVerdict::Success, exit: 0 };
        for (seq, kind) in (1..).zip([samples::run_started(), finished]) {
            journal.append(&Event { run: staged.run().clone(), ..samples::event(seq, kind) }).unwrap();
        }
        journal.close().unwrap();
        staged.publish().unwrap().dir
    }

    #[test]
    fn a_run_is_gone_with_the_rename_and_deleted_after_it() {
        let temp = tempfile::tempdir().unwrap();
        let dir = make(temp.path());
        let claimed = Claimed::take(&dir, now()).unwrap();
        assert!(matches!(claimed.standing, Standing::Finished { .. }));
        assert!(matches!(list(temp.path()).unwrap()[0].standing, Standing::Live { .. }));
        let aside = claimed.set_aside().unwrap();
        assert!(list(temp.path()).unwrap().is_empty());
        assert!(matches!(Lock::take(&dir, now()), Err(StoreError::Gone { .. })));
        assert!(leftovers(temp.path()).unwrap().is_empty(), "someone is at it");
        aside.delete().unwrap();
        let left: Vec<_> = fs::list(temp.path()).unwrap().into_iter().map(|entry| entry.name).collect();
        assert_eq!(left, ["latest"]);
    }

    #[test]
    fn what_a_killed_removal_leaves_is_found_and_deleted_and_nothing_else_is() {
        let temp = tempfile::tempdir().unwrap();
        let dir = make(temp.path());
        drop(Claimed::take(&dir, now()).unwrap().set_aside().unwrap());
        for foreign in [".trash-mine", "trash-20261121-093312-a1b2", ".trash"] {
            fs::create_dir(&temp.path().join(foreign)).unwrap();
        }
        fs::write(&temp.path().join(".trash-20261121-093312-a1b2"), b"a file").unwrap();
        let found = leftovers(temp.path()).unwrap();
        assert_eq!(found.len(), 1);
        remove_leftover(&found[0]).unwrap();
        remove_leftover(&found[0]).unwrap();
        assert!(leftovers(temp.path()).unwrap().is_empty());
        assert_eq!(fs::list(temp.path()).unwrap().len(), 5);
    }

    #[test]
    fn a_run_that_is_owned_or_still_ending_is_not_claimed() {
        let temp = tempfile::tempdir().unwrap();
        let dir = make(temp.path());
        let lock = Lock::take(&dir, now()).unwrap();
        assert!(matches!(Claimed::take(&dir, now()), Err(StoreError::Locked { pid: Some(_), .. })));
        drop(lock);
        let supervisors = fs::create(&dir.supervisors_lock()).unwrap();
        supervisors.lock_shared().unwrap();
        assert!(matches!(Claimed::take(&dir, now()), Err(StoreError::Locked { pid: None, .. })));
        drop(supervisors);
        Claimed::take(&dir, now()).unwrap();
    }
}
