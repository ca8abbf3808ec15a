//! Makes the names of objects and refs safe. git syncs what it writes while that has another name, then gives it its own,
//! and does not sync the folder: ext4 and xfs keep such a name with the next sync of any file, others need not.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::error::WorkspaceError;
use crate::sys::clock;
use crate::sys::fs::{self, FileError, Kind};
use crate::time::Timestamp;

/// A folder that was changed shortly before it was synced may have been changed again since, within one tick of the
/// clock that stamps it.
const TICK: Duration = Duration::from_secs(1);

/// What is known to be safe of one repository; shared by all who work on it in this process.
#[derive(Clone, Default)]
pub(super) struct Names {
    /// Folders whose names are all safe, and when they were changed last.
    safe: Arc<Mutex<HashMap<PathBuf, Timestamp>>>,
}

impl Names {
    /// Every object and ref of the bare repository keeps the name that it has now.
    pub(super) async fn keep(&self, repository: &Path) -> Result<(), WorkspaceError> {
        let (names, repository) = (self.clone(), repository.to_path_buf());
        Ok(tokio::task::spawn_blocking(move || names.sync(&repository)).await??)
    }

    fn sync(&self, repository: &Path) -> Result<(), FileError> {
        let mut safe = self.safe.lock().unwrap_or_else(PoisonError::into_inner);
        for folder in folders(repository)? {
            let changed = fs::modified(&folder)?;
            if safe.get(&folder) == Some(&changed) {
                continue;
            }
            let now = clock::now();
            fs::sync_dir(&folder)?;
            if changed.after(TICK.into()) < now {
                safe.insert(folder, changed);
            }
        }
        Ok(())
    }
}

/// The folders that objects and our refs are in, the inner before the outer.
fn folders(repository: &Path) -> Result<Vec<PathBuf>, FileError> {
    let objects = repository.join("objects");
    let inside = fs::list(&objects)?.into_iter();
    // What git has not yet given its name lies in folders with longer names, and goes as it came.
    let fan = inside.filter(|entry| entry.kind == Kind::Folder && (entry.name.len() == 2 || entry.name == "pack"));
    let mut folders: Vec<PathBuf> = fan.map(|entry| entry.path).collect();
    folders.push(objects);
    for refs in ["refs/orchestra/tasks", "refs/orchestra/backup", "refs/orchestra", "refs"] {
        let refs = repository.join(refs);
        if fs::kind(&refs)?.is_some() {
            folders.push(refs);
        }
    }
    folders.push(repository.to_path_buf());
    Ok(folders)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_folder_is_safe_until_it_changes_and_looked_at_again_while_it_is_fresh() {
        let temp = tempfile::tempdir().unwrap();
        let at = |name: &str| temp.path().join(name);
        for folder in ["objects/0a", "objects/tmp_objdir-1", "refs/orchestra/tasks"] {
            fs::create_dirs(&at(folder)).unwrap();
        }
        let found = folders(temp.path()).unwrap();
        let expected = ["objects/0a", "objects", "refs/orchestra/tasks", "refs/orchestra", "refs", ""];
        assert_eq!(found, expected.map(|name| temp.path().join(name)));
        let names = Names::default();
        names.keep(temp.path()).await.unwrap();
        assert!(names.safe.lock().unwrap().is_empty(), "all of it is fresh");
        fs::remove_dir_all(&at("objects")).unwrap();
        assert!(matches!(names.keep(temp.path()).await, Err(WorkspaceError::File(_))), "what cannot be kept is said");
    }
}
