//! The private folders for temporary files that attempts are lent.
//!
//! One that comes back as it went out is lent again: making and removing one per attempt costs some file systems a search
//! through all they lately removed, which grows with the run.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use tempfile::TempDir;

use crate::sys::fs::{self, FileError};

/// Folders that are not lent just now. They are removed with it.
pub(in crate::agent) struct Temps {
    within: PathBuf,
    idle: Mutex<Vec<TempDir>>,
}

impl Temps {
    /// Those below `within`.
    pub(in crate::agent) fn within(within: PathBuf) -> Self {
        Self { within, idle: Mutex::default() }
    }

    /// An empty folder, 0700, that nobody else has until it is given back.
    pub(in crate::agent) fn take(&self) -> Result<TempDir, FileError> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        match idle {
            // It came back empty; but somebody may have cleaned up behind us in the meantime.
            Some(temp) if fs::is_private_folder(temp.path()) => Ok(temp),
            Some(_) | None => fs::temp_dir_in(&self.within),
        }
    }

    /// Takes a folder back once all that used it is gone, and what is in it away.
    pub(in crate::agent) async fn give_back(&self, temp: TempDir) {
        if fs::is_untouched(temp.path()) {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(temp);
        } else {
            // It may be large. Should it be impossible to remove, the system's own cleaning takes it.
            drop(tokio::task::spawn_blocking(move || drop(temp)).await);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_untouched_folder_is_lent_again_and_a_used_one_never() {
        let dir = tempfile::tempdir().unwrap();
        let temps = Temps::within(dir.path().to_path_buf());
        let (first, second) = (temps.take().unwrap(), temps.take().unwrap());
        let (untouched, used) = (first.path().to_path_buf(), second.path().to_path_buf());
        assert_ne!(untouched, used);
        fs::write(&used.join("left"), b"x").unwrap();
        temps.give_back(first).await;
        temps.give_back(second).await;
        assert_eq!(fs::kind(&used).unwrap(), None);
        assert_eq!(temps.take().unwrap().path(), untouched);
        assert_ne!(temps.take().unwrap().path(), used);
        drop(temps);
        assert_eq!(fs::list(dir.path()).unwrap(), []);
    }
}
