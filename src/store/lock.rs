//! One process owns a run. The lock is the kernel's, so it is free the moment its owner dies, however it died.

use std::fs::{File, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::thread;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{RunDir, StoreError};
use crate::sys::fs;
use crate::sys::machine::{Machine, pid};
use crate::time::Timestamp;

/// Who owns a run, as it says itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The version of this note. One that cannot be read names nobody; the kernel's lock counts all the same.
    #[serde(default = "first")]
    pub v: u32,
    /// The process.
    pub pid: u32,
    /// The boot of the machine it runs on; a pid of another boot means nothing.
    pub boot: String,
    /// Since when it has owned the run.
    pub started: Timestamp,
}

/// Notes were made without a version before they had one.
fn first() -> u32 {
    1
}

/// Whether a run is owned: a run that nobody owns is not running, whatever its journal says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owner {
    /// No live process.
    Nobody,
    /// This one.
    Process(Holder),
    /// One that has not said yet who it is.
    Unnamed,
}

/// The ownership of a run; given up when dropped.
#[derive(Debug)]
pub struct Lock {
    /// The kernel's lock lives as long as this is open. No child inherits it.
    file: File,
}

/// Who owns the run right now.
pub fn owner(dir: &RunDir) -> Result<Owner, StoreError> {
    let mut file = match fs::open(&dir.lock()) {
        Ok(file) => file,
        Err(error) if error.is_not_found() => return Ok(Owner::Nobody),
        Err(error) => return Err(StoreError::Unreadable(error)),
    };
    // A shared lock shows whether there is an owner, and those who only look do not see each other.
    match file.try_lock_shared() {
        Ok(()) => Ok(Owner::Nobody),
        Err(TryLockError::WouldBlock) => Ok(read_holder(&mut file).map_or(Owner::Unnamed, Owner::Process)),
        Err(TryLockError::Error(error)) => Err(StoreError::read("lock", &dir.lock(), error)),
    }
}

impl Lock {
    /// Becomes the owner of the run, or says who is. Blocks for a fraction of a second at most.
    #[expect(clippy::disallowed_methods, reason = "the kernel offers no waiting for a lock with a limit")]
    pub fn take(dir: &RunDir, now: Timestamp) -> Result<Self, StoreError> {
        /// Someone who only looks holds the file for microseconds, and an owner names itself as fast; both must not be
        /// taken for what they are not.
        const TRIES: u32 = 20;
        const PAUSE: Duration = Duration::from_millis(10);
        let path = dir.lock();
        let gone = || StoreError::Gone { run: dir.root().to_path_buf() };
        let mut file = fs::append(&path)
            .map_err(|error| if error.is_not_found() { gone() } else { StoreError::Unwritable(error) })?;
        for _ in 0..TRIES {
            match file.try_lock() {
                // Whoever removes a run renames it first, under its lock: what was waited for is then another's.
                Ok(()) if !fs::leads_to(&path, &file) => return Err(gone()),
                Ok(()) => return Self::named(file, now).map_err(|error| StoreError::write("write", &path, error)),
                Err(TryLockError::WouldBlock) => thread::sleep(PAUSE),
                Err(TryLockError::Error(error)) => return Err(StoreError::write("lock", &path, error)),
            }
        }
        let holder = read_holder(&mut file);
        Err(StoreError::Locked {
            run: dir.root().to_path_buf(),
            pid: holder.as_ref().map(|holder| holder.pid),
            since: holder.map(|holder| holder.started),
        })
    }

    fn named(mut file: File, now: Timestamp) -> std::io::Result<Self> {
        let holder = Holder { v: first(), pid: pid(), boot: Machine::this().boot, started: now };
        let mut line = serde_json::to_vec(&holder)?;
        line.push(b'\n');
        file.set_len(0)?;
        file.write_all(&line)?;
        Ok(Self { file })
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing the file is what gives the lock up; the name in it only helps people.
        drop(self.file.set_len(0));
    }
}

fn read_holder(file: &mut File) -> Option<Holder> {
    let mut text = Vec::new();
    file.seek(SeekFrom::Start(0)).ok()?;
    file.take(4096).read_to_end(&mut text).ok()?;
    serde_json::from_slice(&text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_owner_is_told_who_the_first_is_and_gets_the_run_after_it() {
        let temp = tempfile::tempdir().unwrap();
        let dir = RunDir::at(temp.path());
        let now = Timestamp::from_millis(5_000);
        assert_eq!(owner(&dir).unwrap(), Owner::Nobody);
        let lock = Lock::take(&dir, now).unwrap();
        match Lock::take(&dir, now).unwrap_err() {
            StoreError::Locked { pid: Some(id), since: Some(since), .. } => assert_eq!((id, since), (pid(), now)),
            other => panic!("{other}"),
        }
        assert!(matches!(owner(&dir).unwrap(), Owner::Process(Holder { pid: id, .. }) if id == pid()));
        drop(lock);
        assert_eq!(owner(&dir).unwrap(), Owner::Nobody);
        Lock::take(&dir, now).unwrap();
    }

    #[test]
    fn a_run_that_was_moved_away_cannot_be_owned_by_its_old_name() {
        let temp = tempfile::tempdir().unwrap();
        let dir = RunDir::at(temp.path().join("run"));
        let now = Timestamp::from_millis(0);
        fs::create_dir(dir.root()).unwrap();
        let lock = Lock::take(&dir, now).unwrap();
        let waits = thread::scope(|scope| {
            let waits = scope.spawn(|| Lock::take(&dir, now));
            fs::rename(dir.root(), &temp.path().join("aside")).unwrap();
            drop(lock);
            waits.join().unwrap()
        });
        assert!(matches!(waits, Err(StoreError::Gone { .. } | StoreError::Locked { .. })), "{waits:?}");
        assert!(matches!(Lock::take(&dir, now), Err(StoreError::Gone { .. })));
        assert_eq!(fs::list(&temp.path().join("aside")).unwrap().len(), 1, "nothing was made in its place");
    }

    #[test]
    fn a_lock_file_left_behind_is_no_owner() {
        let temp = tempfile::tempdir().unwrap();
        let dir = RunDir::at(temp.path());
        fs::write(&dir.lock(), br#"{"pid":1,"boot":"b","started":"2026-11-21T09:33:12.000Z"}"#).unwrap();
        assert_eq!(owner(&dir).unwrap(), Owner::Nobody);
        Lock::take(&dir, Timestamp::from_millis(0)).unwrap();
    }
}
