//! Writing: whole files by rename, plain files, appending. Everything is created 0600.
#![expect(clippy::disallowed_methods, reason = "this is the wrapper around the file system")]

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::error::{At, FileError};
use super::folders::{parent, remove_file, sync_dir};

/// What names begin with as long as what they name is not whole.
pub const UNFINISHED: &str = ".new-";

/// Bytes that are written at a time of what is not had in one piece.
const BUFFER: usize = 64 << 10;

/// The file at `path` becomes exactly `bytes`, or stays as it was: after a crash at any instant a reader finds the old
/// file or the new one, whole. Durable when this returns (temp file, fsync, rename, fsync of the folder).
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    write_whole_by(path, |file| file.write_all(bytes))
}

/// Like [`write_whole`], for what is too large to be had in one piece.
pub fn write_whole_by(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), FileError> {
    let folder = parent(path);
    let temp = temp_file(folder, UNFINISHED, 0o600)?;
    // Not through the library, which hides the system's number.
    let mut file = BufWriter::with_capacity(BUFFER, temp.as_file());
    write(&mut file).and_then(|()| file.flush()).at("write", path)?;
    drop(file);
    temp.as_file().sync_all().at("sync", path)?;
    temp.persist(path).map_err(|failed| failed.error).at("rename a new file to", path)?;
    sync_dir(folder)
}

/// What becomes of a file that is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existing {
    /// It stays, and the write fails.
    Kept,
    /// It is replaced.
    Replaced,
}

/// Like [`write_whole`], with the permissions the user's umask gives: for files in the user's own tree.
pub fn write_whole_shared(path: &Path, bytes: &[u8], existing: Existing) -> Result<(), FileError> {
    let folder = parent(path);
    let temp = temp_file(folder, UNFINISHED, 0o666)?;
    temp.as_file().write_all(bytes).at("write", path)?;
    temp.as_file().sync_all().at("sync", path)?;
    let persisted = match existing {
        Existing::Kept => temp.persist_noclobber(path),
        Existing::Replaced => temp.persist(path),
    };
    persisted.map_err(|failed| failed.error).at("create", path)?;
    sync_dir(folder)
}

/// A plain write, neither atomic nor durable: for derived copies and per-attempt files that no event names.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    create(path)?.write_all(bytes).at("write", path)
}

/// A plain write whose bytes are on the disk when this returns. Its name is durable only after [`sync_dir`]: for files of a
/// folder that is shown as a whole.
pub fn write_synced(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let mut file = create(path)?;
    file.write_all(bytes).at("write", path)?;
    file.sync_all().at("sync", path)
}

/// Gives a file that was written under another name in the same folder its own, once its bytes are on the disk: for what
/// is too large to be handed over as bytes. Durable when this returns.
pub fn rename_synced(written: &Path, path: &Path) -> Result<(), FileError> {
    File::open(written).and_then(|file| file.sync_all()).at("sync", path)?;
    std::fs::rename(written, path).at("rename a new file to", path)?;
    sync_dir(parent(path))
}

/// A file of its own within `folder`, 0600, whose name begins with `prefix`, that is removed when the value is dropped.
pub fn temp_file_in(folder: &Path, prefix: &str) -> Result<NamedTempFile, FileError> {
    temp_file(folder, prefix, 0o600)
}

/// Creates or empties a file for writing.
pub fn create(path: &Path) -> Result<File, FileError> {
    options().create(true).truncate(true).open(path).at("create", path)
}

/// Creates a file that must not be there yet.
pub fn create_new(path: &Path) -> Result<File, FileError> {
    options().create_new(true).open(path).at("create", path)
}

/// Opens a file, made if absent, whose writes all go to its end. Readable as well.
pub fn append(path: &Path) -> Result<File, FileError> {
    OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(path).at("open", path)
}

/// Copies a file's bytes and permission bits. Gives the number of bytes.
pub fn copy(from: &Path, to: &Path) -> Result<u64, FileError> {
    std::fs::copy(from, to).at("copy", from)
}

/// Makes `link` point at `target`, atomically replacing a link that is already there. The caller is the only one who makes
/// it: what lies under its unfinished name was left by a process that was killed.
pub fn symlink(target: &Path, link: &Path) -> Result<(), FileError> {
    let temp = beside(link);
    remove_file(&temp)?;
    std::os::unix::fs::symlink(target, &temp).at("make the link", link)?;
    let renamed = std::fs::rename(&temp, link).at("make the link", link);
    if renamed.is_err() {
        drop::<io::Result<()>>(std::fs::remove_file(&temp));
    }
    renamed
}

/// Makes a link where nothing is yet.
pub fn new_link(target: &Path, link: &Path) -> Result<(), FileError> {
    std::os::unix::fs::symlink(target, link).at("make the link", link)
}

/// Opened by us: the library's own way of opening hides the system's number, which says what there is too little of.
fn temp_file(folder: &Path, prefix: &str, mode: u32) -> Result<NamedTempFile, FileError> {
    let open = |path: &Path| OpenOptions::new().read(true).write(true).create_new(true).mode(mode).open(path);
    tempfile::Builder::new().prefix(prefix).make_in(folder, open).at("create a file in", folder)
}

fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).mode(0o600);
    options
}

/// The unfinished name of `path`.
fn beside(path: &Path) -> PathBuf {
    let mut name = std::ffi::OsString::from(UNFINISHED);
    name.push(path.file_name().unwrap_or_default());
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::super::{Cause, list, read, read_head, read_text};
    use super::*;

    #[test]
    fn a_whole_write_replaces_the_file_and_leaves_nothing_beside_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("plan.json");
        write_whole(&path, b"old").unwrap();
        write_whole(&path, b"new").unwrap();
        assert_eq!(read(&path, 10).unwrap(), b"new");
        assert_eq!(list(dir.path()).unwrap().len(), 1);
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_shared_file_is_kept_or_replaced_as_asked() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("orchestra.yaml");
        write_whole_shared(&path, b"old", Existing::Kept).unwrap();
        assert!(write_whole_shared(&path, b"new", Existing::Kept).unwrap_err().is_already_there());
        assert_eq!(read(&path, 10).unwrap(), b"old");
        write_whole_shared(&path, b"new", Existing::Replaced).unwrap();
        assert_eq!(read(&path, 10).unwrap(), b"new");
        assert_eq!(list(dir.path()).unwrap().len(), 1);
    }

    #[test]
    fn a_failed_write_names_the_path_and_has_the_systems_number() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("absent/plan.json");
        let error = write_whole(&path, b"x").unwrap_err();
        assert!(error.is_not_found());
        assert!(error.to_string().contains("absent"), "{error}");
        assert!(matches!(&error.cause, Cause::Io(refused) if refused.raw_os_error().is_some()), "{error:?}");
    }

    #[test]
    fn reading_stops_at_the_cap_names_the_first_bad_byte_and_refuses_what_is_no_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        write(&path, b"abc\xff").unwrap();
        assert_eq!(read(&path, 4).unwrap().len(), 4);
        assert_eq!(read_head(&path, 2).unwrap(), b"ab");
        assert!(matches!(read(&path, 3).unwrap_err().cause, Cause::TooLarge { cap: 3 }));
        assert!(matches!(read_text(&path, 4).unwrap_err().cause, Cause::NotText { valid: 3 }));
        assert!(matches!(read(dir.path(), 4).unwrap_err().cause, Cause::IsFolder));
        let special = read(Path::new("/dev/zero"), 64).unwrap_err();
        assert!(matches!(special.cause, Cause::Io(_)), "{special}");
    }

    #[test]
    fn a_link_can_be_moved_to_another_target() {
        let dir = tempfile::tempdir().unwrap();
        let link = dir.path().join("latest");
        symlink(Path::new("a"), &link).unwrap();
        // As a process leaves it that is killed in between.
        std::os::unix::fs::symlink("c", beside(&link)).unwrap();
        symlink(Path::new("b"), &link).unwrap();
        assert_eq!(std::fs::read_link(&link).unwrap(), Path::new("b"));
        assert_eq!(list(dir.path()).unwrap().len(), 1);
    }
}
