//! What killed processes leave in a run's repository: input of commands, files on their way home, locks of git.

use std::path::{Path, PathBuf};

use crate::sys::fs::{self, Kind};

/// How the input of a command is called that we hand to git.
pub(super) const INPUT: &str = "stdin-";
/// How a folder is called that holds files on their way into the user's tree.
pub(super) const ON_THE_WAY: &str = "apply-";

/// Removes what a killed process left unfinished in the repository at `shadow`. The caller owns the run, and nothing of
/// what an earlier owner started is alive: git would take a lock that nobody holds for one of somebody's.
pub fn remove_unfinished(shadow: &Path) {
    // In vain at worst: what it is in the way of says so.
    for entry in fs::list(shadow).unwrap_or_default() {
        let name = entry.name.as_encoded_bytes();
        if [INPUT, ON_THE_WAY].iter().any(|start| name.starts_with(start.as_bytes())) || is_lock(&entry.path) {
            drop(fs::remove_tree(&entry.path));
        }
    }
    let mut folders: Vec<PathBuf> = vec![shadow.join("refs"), shadow.join("indexes")];
    while let Some(folder) = folders.pop() {
        for entry in fs::list(&folder).unwrap_or_default() {
            match entry.kind {
                Kind::Folder => folders.push(entry.path),
                Kind::File if is_lock(&entry.path) => drop(fs::remove_file(&entry.path)),
                Kind::File | Kind::Link | Kind::Special => {}
            }
        }
    }
}

fn is_lock(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "lock")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_killed_processes_left_is_removed_and_what_git_keeps_stays() {
        let temp = tempfile::tempdir().unwrap();
        let at = |path: &str| temp.path().join(path);
        remove_unfinished(&at("absent"));
        for folder in ["refs/orchestra/tasks", "indexes", "apply-x/deep", "objects/ab"] {
            fs::create_dirs(&at(folder)).unwrap();
        }
        let kept = ["HEAD", "config", "refs/orchestra/tasks/1", "indexes/0", "objects/ab/cd.lock"];
        let left = ["stdin-abc", "config.lock", "refs/orchestra/tasks/2.lock", "indexes/0.lock", "apply-x/deep/f"];
        kept.iter().chain(&left).for_each(|path| fs::write(&at(path), b"").unwrap());
        remove_unfinished(temp.path());
        assert!(kept.iter().all(|path| matches!(fs::kind(&at(path)), Ok(Some(_)))));
        assert!(left.iter().all(|path| matches!(fs::kind(&at(path)), Ok(None))));
    }
}
