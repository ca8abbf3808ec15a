//! Whole trees, whatever is in them: how much room they take, and their removal. No link in them is followed.
#![expect(clippy::disallowed_methods, reason = "this is the wrapper around the file system")]

use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, chmod, lstat};

use super::entries::{Kind, kind, list};
use super::error::{At, FileError};
use super::folders::{remove_dir_all, remove_file};

/// Bytes that a block of `st_blocks` stands for, on every file system.
const BLOCK: u64 = 512;

/// The room that `path` and all below it take on the disk, in bytes. What cannot be looked at counts as nothing: a size is
/// for people, and must not fail a command.
pub fn room(path: &Path) -> u64 {
    let mut total: u64 = 0;
    let mut paths = vec![path.to_path_buf()];
    while let Some(path) = paths.pop() {
        let Ok(meta) = std::fs::symlink_metadata(&path) else { continue };
        total = total.saturating_add(meta.blocks().saturating_mul(BLOCK));
        if meta.is_dir() {
            let entries = std::fs::read_dir(&path).into_iter().flatten();
            paths.extend(entries.filter_map(Result::ok).map(|entry| entry.path()));
        }
    }
    total
}

/// Removes whatever is at `path`, folders that may not be written to included: caches of some tools are full of them.
/// Nothing there is fine.
pub fn remove_tree(path: &Path) -> Result<(), FileError> {
    match kind(path)? {
        None => Ok(()),
        Some(Kind::File | Kind::Link | Kind::Special) => remove_file(path),
        Some(Kind::Folder) => match remove_dir_all(path) {
            Err(error) if error.kind() == Some(io::ErrorKind::PermissionDenied) => {
                unlock_all(path)?;
                remove_dir_all(path)
            }
            other => other,
        },
    }
}

/// Gives us every right on a folder of ours.
pub fn unlock(folder: &Path) -> Result<(), FileError> {
    let stat = lstat(folder).map_err(io::Error::from).at("look at", folder)?;
    let mode = Mode::from_raw_mode(stat.st_mode);
    if mode.contains(Mode::RWXU) {
        return Ok(());
    }
    chmod(folder, mode | Mode::RWXU).map_err(io::Error::from).at("make writable", folder)
}

/// The text of a link. `None` if nothing is there, or something else.
pub fn link_target(path: &Path) -> Option<PathBuf> {
    std::fs::read_link(path).ok()
}

/// Whether `path` still leads to this open file, and not to another or to nothing.
pub fn leads_to(path: &Path, file: &File) -> bool {
    let same =
        |there: std::fs::Metadata, here: std::fs::Metadata| (there.dev(), there.ino()) == (here.dev(), here.ino());
    std::fs::metadata(path).is_ok_and(|there| file.metadata().is_ok_and(|here| same(there, here)))
}

fn unlock_all(path: &Path) -> Result<(), FileError> {
    // A stack of our own: whoever made the folders decided how deep they are.
    let mut folders = vec![path.to_path_buf()];
    while let Some(folder) = folders.pop() {
        unlock(&folder)?;
        folders.extend(list(&folder)?.into_iter().filter(|entry| entry.kind == Kind::Folder).map(|entry| entry.path));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::super::{create_dirs, rename, symlink, write};
    use super::*;

    #[test]
    fn a_tree_with_folders_that_may_not_be_written_to_goes_and_what_its_links_lead_to_stays() {
        let dir = tempfile::tempdir().unwrap();
        let (tree, outside) = (dir.path().join("tree"), dir.path().join("outside"));
        create_dirs(&tree.join("cache/locked")).unwrap();
        create_dirs(&outside).unwrap();
        write(&outside.join("kept"), b"x").unwrap();
        write(&tree.join("cache/locked/file"), b"x").unwrap();
        symlink(&outside, &tree.join("link")).unwrap();
        for folder in ["cache/locked", "cache"] {
            std::fs::set_permissions(tree.join(folder), std::fs::Permissions::from_mode(0o500)).unwrap();
        }
        remove_tree(&tree).unwrap();
        remove_tree(&tree).unwrap();
        assert_eq!(kind(&tree).unwrap(), None);
        assert_eq!(kind(&outside.join("kept")).unwrap(), Some(Kind::File));
    }

    #[test]
    fn a_link_in_the_place_of_a_tree_goes_without_what_it_leads_to() {
        let dir = tempfile::tempdir().unwrap();
        create_dirs(&dir.path().join("there/below")).unwrap();
        symlink(&dir.path().join("there"), &dir.path().join("link")).unwrap();
        remove_tree(&dir.path().join("link")).unwrap();
        assert_eq!(kind(&dir.path().join("there/below")).unwrap(), Some(Kind::Folder));
    }

    #[test]
    fn room_counts_what_lies_below_and_follows_no_link() {
        let dir = tempfile::tempdir().unwrap();
        let tree = dir.path().join("tree");
        create_dirs(&tree.join("a")).unwrap();
        write(&dir.path().join("outside"), &vec![b'x'; 1 << 20]).unwrap();
        symlink(&dir.path().join("outside"), &tree.join("link")).unwrap();
        let before = room(&tree);
        assert!(before < 1 << 20, "{before}");
        write(&tree.join("a/big"), &vec![b'x'; 1 << 20]).unwrap();
        assert!(room(&tree) >= before + (1 << 20));
        assert_eq!(room(&dir.path().join("absent")), 0);
    }

    #[test]
    fn a_path_leads_to_a_file_until_another_takes_its_place() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        write(&path, b"").unwrap();
        let file = super::super::open(&path).unwrap();
        assert!(leads_to(&path, &file));
        rename(&path, &dir.path().join("aside")).unwrap();
        assert!(!leads_to(&path, &file));
        write(&path, b"").unwrap();
        assert!(!leads_to(&path, &file));
    }
}
