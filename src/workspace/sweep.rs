//! Making a folder ready to be filled with a tree, whatever was left in it: what belongs to the tree or is ignored stays,
//! everything else goes. No link is followed, and no rule is read from the disk.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::error::WorkspaceError;
use super::ignores::Rules;
use crate::sys::fs::{self, Entry, Kind};

/// What may stay.
pub(super) struct Keep {
    /// Files and links of the tree.
    pub(super) files: HashSet<PathBuf>,
    /// Folders of the tree.
    pub(super) folders: HashSet<PathBuf>,
    pub(super) rules: Rules,
}

impl Keep {
    pub(super) fn new(files: impl IntoIterator<Item = PathBuf>, rules: Rules) -> Self {
        let files: HashSet<PathBuf> = files.into_iter().collect();
        let mut folders = HashSet::new();
        for file in &files {
            for folder in file.ancestors().skip(1) {
                if !folders.insert(folder.to_path_buf()) {
                    break;
                }
            }
        }
        Self { files, folders, rules }
    }
}

/// Removes what may not stay. The top's own `.git` goes as well: it was the last agent's.
pub(super) fn sweep(root: &Path, keep: &Keep) -> Result<(), WorkspaceError> {
    // A stack of our own: an agent decides how deep its folders are.
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        let path = root.join(&folder);
        fs::unlock(&path)?;
        for entry in fs::list(&path)? {
            let relative = folder.join(&entry.name);
            match fate(&entry, &relative, keep) {
                Fate::Stays => {}
                Fate::Entered => folders.push(relative),
                Fate::Goes => fs::remove_tree(&entry.path)?,
            }
        }
    }
    Ok(())
}

enum Fate {
    Stays,
    Entered,
    Goes,
}

fn fate(entry: &Entry, relative: &Path, keep: &Keep) -> Fate {
    let is_folder = entry.kind == Kind::Folder;
    if entry.name == ".git" {
        return Fate::Goes;
    }
    if is_folder && keep.folders.contains(relative) {
        return Fate::Entered;
    }
    if keep.folders.contains(relative) || keep.files.contains(relative) {
        // Something of another kind stands where the tree has a folder or a file.
        let fits = matches!(entry.kind, Kind::File | Kind::Link) && keep.files.contains(relative);
        return if fits { Fate::Stays } else { Fate::Goes };
    }
    if keep.rules.ignores(relative, is_folder) { Fate::Stays } else { Fate::Goes }
}
