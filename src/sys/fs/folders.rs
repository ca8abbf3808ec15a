//! Folders, and moving and removing what is in them.
#![expect(clippy::disallowed_methods, reason = "this is the wrapper around the file system")]

use std::fs::{DirBuilder, File, Permissions};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path;

use tempfile::TempDir;

use super::error::{At, FileError};

/// Makes one folder, 0700. It must not be there yet.
pub fn create_dir(path: &Path) -> Result<(), FileError> {
    DirBuilder::new().mode(0o700).create(path).at("create the folder", path)
}

/// Makes a folder and all above it, 0700 each; those already there stay as they are.
pub fn create_dirs(path: &Path) -> Result<(), FileError> {
    DirBuilder::new().recursive(true).mode(0o700).create(path).at("create the folder", path)
}

/// Like [`create_dirs`], with the permissions the user's umask gives: for folders in the user's own tree.
pub fn create_dirs_shared(path: &Path) -> Result<(), FileError> {
    std::fs::create_dir_all(path).at("create the folder", path)
}

/// Makes a folder of its own within `folder`, 0700, that is removed when the value is dropped.
pub fn temp_dir_in(folder: &Path) -> Result<TempDir, FileError> {
    let ours_alone = Permissions::from_mode(0o700);
    tempfile::Builder::new()
        .prefix("orchestra-")
        .permissions(ours_alone)
        .tempdir_in(folder)
        .at("create a folder in", folder)
}

/// Moves a file or folder within one file system, atomically. Durable only after [`sync_dir`] of both folders.
pub fn rename(from: &Path, to: &Path) -> Result<(), FileError> {
    std::fs::rename(from, to).at("rename", from)
}

/// Removes a file or a link; one that is not there is fine.
pub fn remove_file(path: &Path) -> Result<(), FileError> {
    absent_is_fine(std::fs::remove_file(path).at("remove", path))
}

/// Removes a folder and what is in it, following no link; one that is not there is fine.
pub fn remove_dir_all(path: &Path) -> Result<(), FileError> {
    absent_is_fine(std::fs::remove_dir_all(path).at("remove the folder", path))
}

/// Removes a folder if nothing is in it; one that is not there is fine.
pub fn remove_empty_dir(path: &Path) -> Result<(), FileError> {
    absent_is_fine(std::fs::remove_dir(path).at("remove the folder", path))
}

/// Makes the names in a folder durable: a file's own fsync does not.
pub fn sync_dir(path: &Path) -> Result<(), FileError> {
    File::open(path).and_then(|folder| folder.sync_all()).at("sync the folder", path)
}

/// The folder a path lies in: `.` for a bare name.
pub(super) fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        Some(_) | None => Path::new("."),
    }
}

fn absent_is_fine(result: Result<(), FileError>) -> Result<(), FileError> {
    match result {
        Err(error) if error.is_not_found() => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn folders_are_private_and_made_once() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a/b");
        create_dirs(&path).unwrap();
        create_dirs(&path).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
        assert!(create_dir(&path).unwrap_err().is_already_there());
    }

    #[test]
    fn where_no_temporary_folder_can_be_made_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let absent = dir.path().join("absent");
        let error = temp_dir_in(&absent).unwrap_err();
        assert!(error.to_string().contains(&absent.display().to_string()), "{error}");
    }

    #[test]
    fn removing_what_is_not_there_is_fine() {
        let dir = tempfile::tempdir().unwrap();
        remove_file(&dir.path().join("x")).unwrap();
        remove_dir_all(&dir.path().join("y")).unwrap();
    }
}
