//! What is there: kinds, sizes, and folders in one order. Links are reported as links, never followed, unless said.
#![expect(clippy::disallowed_methods, reason = "this is the wrapper around the file system")]

use std::ffi::OsString;
use std::fs::FileType;
use std::io;
use std::mem::MaybeUninit;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use rustix::fs::{Mode, OFlags, RawDir};

use super::error::{At, FileError};
use crate::time::Timestamp;

/// What a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    File,
    Folder,
    Link,
    /// A device, a socket, a named pipe: nothing to read to its end.
    Special,
}

/// One name in a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub name: OsString,
    pub path: PathBuf,
    pub kind: Kind,
}

/// What `path` itself is, without following a link. `None` if nothing is there.
pub fn kind(path: &Path) -> Result<Option<Kind>, FileError> {
    match std::fs::symlink_metadata(path) {
        Ok(meta) => Ok(Some(kind_of(meta.file_type()))),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(FileError::new("look at", path, error)),
    }
}

/// Whether reading what `path` leads to could wait for ever: a pipe, a socket, a device.
pub fn is_special(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|meta| !meta.is_file() && !meta.is_dir())
}

/// Whether `path` is a folder as [`create_dir`](super::create_dir) makes it: ours alone, and empty.
pub fn is_untouched(path: &Path) -> bool {
    let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::RDONLY | OFlags::CLOEXEC;
    let Ok(folder) = rustix::fs::open(path, flags, Mode::empty()) else { return false };
    let ours = rustix::fs::fstat(&folder).is_ok_and(|found| found.st_mode & 0o7777 == 0o700);
    // Room for what even an empty folder has; one that has more is not read to its end.
    let mut buffer = [MaybeUninit::<u8>::uninit(); 512];
    let mut names = RawDir::new(folder, &mut buffer);
    while let Some(name) = names.next() {
        if !name.is_ok_and(|name| matches!(name.file_name().to_bytes(), b"." | b"..")) {
            return false;
        }
    }
    ours
}

/// Whether `path` is a folder of ours alone, whatever is in it.
pub fn is_private_folder(path: &Path) -> bool {
    std::fs::symlink_metadata(path).is_ok_and(|meta| meta.is_dir() && meta.mode() & 0o7777 == 0o700)
}

/// The names in a folder, sorted by bytes, so that no result depends on the order of the file system.
pub fn list(path: &Path) -> Result<Vec<Entry>, FileError> {
    let mut entries = Vec::new();
    for entry in std::fs::read_dir(path).at("list", path)? {
        let entry = entry.at("list", path)?;
        let file_type = entry.file_type().at("look at", &entry.path())?;
        entries.push(Entry { name: entry.file_name(), path: entry.path(), kind: kind_of(file_type) });
    }
    entries.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(entries)
}

/// The size in bytes of what `path` leads to.
pub fn size(path: &Path) -> Result<u64, FileError> {
    Ok(std::fs::metadata(path).at("look at", path)?.len())
}

/// When what `path` leads to was last written.
pub fn modified(path: &Path) -> Result<Timestamp, FileError> {
    let time: SystemTime = std::fs::metadata(path).and_then(|meta| meta.modified()).at("look at", path)?;
    let millis =
        time.duration_since(UNIX_EPOCH).map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX));
    Ok(Timestamp::from_millis(millis))
}

/// The absolute path without links. The file must be there.
pub fn canonical(path: &Path) -> Result<PathBuf, FileError> {
    std::fs::canonicalize(path).at("find", path)
}

/// `path` without links as far as it exists; the rest, which is still to be made, as it is given.
pub fn resolved(path: &Path) -> Result<PathBuf, FileError> {
    for there in path.ancestors() {
        match std::fs::canonicalize(there) {
            // Nothing joined on would still add a slash, which makes a folder of a file.
            Ok(real) if there == path => return Ok(real),
            Ok(real) => return Ok(real.join(path.strip_prefix(there).unwrap_or(Path::new("")))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(FileError::new("find", there, error)),
        }
    }
    Ok(path.to_path_buf())
}

/// Whether this process may make and replace files in a folder, as far as rights tell.
pub fn may_write_in(folder: &Path) -> Result<(), FileError> {
    let wanted = rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK;
    rustix::fs::access(folder, wanted).map_err(io::Error::from).at("write in the folder", folder)
}

/// What is at `path` once all links are followed. `None` if there is nothing.
pub fn target_kind(path: &Path) -> Result<Option<Kind>, FileError> {
    match std::fs::metadata(path) {
        Ok(meta) => Ok(Some(kind_of(meta.file_type()))),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(FileError::new("look at", path, error)),
    }
}

fn kind_of(file_type: FileType) -> Kind {
    if file_type.is_symlink() {
        Kind::Link
    } else if file_type.is_dir() {
        Kind::Folder
    } else if file_type.is_file() {
        Kind::File
    } else {
        Kind::Special
    }
}

#[cfg(test)]
mod tests {
    use super::super::{create_dir, symlink, write};
    use super::*;

    #[test]
    fn a_folder_is_listed_in_one_order_and_links_stay_links() {
        let dir = tempfile::tempdir().unwrap();
        write(&dir.path().join("b"), b"").unwrap();
        create_dir(&dir.path().join("a")).unwrap();
        symlink(Path::new("b"), &dir.path().join("c")).unwrap();
        let found: Vec<_> = list(dir.path()).unwrap().into_iter().map(|entry| (entry.name, entry.kind)).collect();
        assert_eq!(found, [("a".into(), Kind::Folder), ("b".into(), Kind::File), ("c".into(), Kind::Link)]);
        assert_eq!(kind(&dir.path().join("d")).unwrap(), None);
    }
}
