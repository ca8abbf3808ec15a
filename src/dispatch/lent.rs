//! The folders in which attempts may leave artifacts.
//!
//! Hardly any attempt leaves one there, and to make a folder and remove it again costs a file system more than all else
//! that is written for a silent attempt. So a folder that comes back empty is lent again, and one with something in it is
//! moved to where the attempt's files are.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::sys::fs::{self, FileError};

/// The folders of one process of a run. What is not lent is removed with it.
#[derive(Debug)]
pub struct Lent {
    within: PathBuf,
    shelf: Mutex<Shelf>,
}

#[derive(Debug, Default)]
struct Shelf {
    idle: Vec<PathBuf>,
    made: u32,
}

impl Lent {
    /// Those in the folder `within`, which is made with the first of them. What a killed process left in it belongs to
    /// attempts that are done again, and goes.
    pub fn within(within: PathBuf) -> Result<Self, FileError> {
        fs::remove_tree(&within)?;
        Ok(Self { within, shelf: Mutex::default() })
    }

    /// An empty folder that nobody else has until it is given back.
    pub(super) fn take(&self) -> Result<PathBuf, FileError> {
        let mut kept = self.shelf.lock().unwrap_or_else(PoisonError::into_inner);
        // It came back empty, and nobody has had it since.
        if let Some(folder) = kept.idle.pop().filter(|folder| fs::is_private_folder(folder)) {
            return Ok(folder);
        }
        let folder = self.within.join(kept.made.to_string());
        kept.made += 1;
        if kept.made == 1 {
            fs::create_dirs(&self.within)?;
        }
        fs::create_dir(&folder)?;
        Ok(folder)
    }

    /// Takes a folder back once all that used it is gone. With something in it, it becomes the folder `left`.
    pub(super) fn give_back(&self, folder: PathBuf, left: &Path) -> Result<(), FileError> {
        if fs::is_untouched(&folder) {
            self.shelf.lock().unwrap_or_else(PoisonError::into_inner).idle.push(folder);
            return Ok(());
        }
        match fs::rename(&folder, left) {
            // Whoever was lent it may have removed it.
            Err(error) if error.is_not_found() => Ok(()),
            other => other,
        }
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let kept = self.shelf.get_mut().unwrap_or_else(PoisonError::into_inner);
        for folder in kept.idle.iter().chain([&self.within]) {
            // What is still lent, or was put there by somebody, stays: the next process of the run removes it.
            drop(fs::remove_empty_dir(folder));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_folder_is_lent_again_and_one_with_something_in_it_is_the_attempts() {
        let dir = tempfile::tempdir().unwrap();
        let (within, left) = (dir.path().join("lent"), dir.path().join("1-fix.1.artifacts"));
        let pool = Lent::within(within.clone()).unwrap();
        let (first, second) = (pool.take().unwrap(), pool.take().unwrap());
        assert_ne!(first, second);
        fs::write(&second.join("plan.json"), b"x").unwrap();
        pool.give_back(first.clone(), &left).unwrap();
        assert_eq!(fs::kind(&left).unwrap(), None);
        pool.give_back(second.clone(), &left).unwrap();
        assert_eq!(fs::read(&left.join("plan.json"), 9).unwrap(), b"x");
        assert_eq!(pool.take().unwrap(), first);
        let third = pool.take().unwrap();
        assert_ne!(third, second);
        fs::remove_empty_dir(&third).unwrap();
        pool.give_back(third, &dir.path().join("1-fix.2.artifacts")).unwrap();
        pool.give_back(first, &left).unwrap();
        drop(pool);
        assert_eq!(fs::kind(&within).unwrap(), None);
    }

    #[test]
    fn what_a_killed_process_had_lent_is_not_lent_to_the_next_attempt() {
        let dir = tempfile::tempdir().unwrap();
        let killed = Lent::within(dir.path().join("lent")).unwrap();
        fs::write(&killed.take().unwrap().join("half"), b"x").unwrap();
        std::mem::forget(killed);
        let next = Lent::within(dir.path().join("lent")).unwrap();
        assert!(fs::is_untouched(&next.take().unwrap()));
    }
}
