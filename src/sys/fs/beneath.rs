//! What lies beneath a folder, reached without following any link: each part of a path is opened from the folder before
//! it, so that nobody can lead us out, not even by swapping a folder for a link in between.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::fs::{
    AtFlags, CWD, FileType, Mode, OFlags, fchmod, fstat, mkdirat, openat, readlinkat, renameat, statat, unlinkat,
};
use rustix::io::Errno;

use super::UNFINISHED;
use super::entries::Kind;
use super::error::{At, Cause, FileError};

/// A folder that its caller vouches for. The paths that it takes are relative to it; errors name them as they were given.
#[derive(Debug)]
pub struct Beneath {
    root: OwnedFd,
}

/// What became of the file that was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrote {
    /// Nothing was there.
    New,
    /// It took the place of another.
    Replaced,
}

const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

impl Beneath {
    /// Opens the folder itself. What lies above it may be links.
    pub fn open(path: &Path) -> Result<Self, FileError> {
        let flags = FOLDER.difference(OFlags::NOFOLLOW);
        Ok(Self { root: openat(CWD, path, flags, Mode::empty()).map_err(io::Error::from).at("open", path)? })
    }

    /// What `path` is. `None` if nothing is there.
    pub fn kind(&self, path: &Path) -> Result<Option<Kind>, FileError> {
        let action = "look at";
        if path.components().next().is_none() {
            return Ok(Some(Kind::Folder));
        }
        match self.parent(path, action, Missing::Refused) {
            Ok((folder, name)) => kind_at(&folder, name).at(action, path),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The bytes of a regular file of at most `cap` bytes.
    pub fn read(&self, path: &Path, cap: u64) -> Result<Vec<u8>, FileError> {
        let action = "read";
        let (folder, name) = self.parent(path, action, Missing::Refused)?;
        regular(&folder, name, path, action)?;
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = File::from(openat(&folder, name, flags, Mode::empty()).map_err(io::Error::from).at(action, path)?);
        // Asked again of what was opened: another may have taken its place.
        let stat = fstat(&file).map_err(io::Error::from).at(action, path)?;
        if !FileType::from_raw_mode(stat.st_mode).is_file() {
            return Err(FileError::new(action, path, refused("it is no regular file")));
        }
        let mut bytes = Vec::with_capacity(usize::try_from(stat.st_size).unwrap_or(0).min(1 << 20));
        file.take(cap.saturating_add(1)).read_to_end(&mut bytes).at(action, path)?;
        if bytes.len() as u64 > cap {
            return Err(FileError::new(action, path, Cause::TooLarge { cap }));
        }
        Ok(bytes)
    }

    /// Puts a file with `bytes` at `path`, which keeps the rights of the one that was there; folders are made as needed. It
    /// appears by rename: whatever else leads to the old one (a hard link) is left alone.
    pub fn write(&self, path: &Path, bytes: &[u8]) -> Result<Wrote, FileError> {
        let action = "write";
        let (folder, name) = self.parent(path, action, Missing::Made)?;
        let before = if kind_at(&folder, name).at(action, path)?.is_some() {
            regular(&folder, name, path, action)?;
            let stat = statat(&folder, name, AtFlags::SYMLINK_NOFOLLOW);
            Some(Mode::from_raw_mode(stat.map_err(io::Error::from).at(action, path)?.st_mode))
        } else {
            None
        };
        let unfinished = unfinished();
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let made = openat(&folder, unfinished.as_str(), flags, Mode::from_raw_mode(0o666));
        let mut file = File::from(made.map_err(io::Error::from).at(action, path)?);
        let filled = file
            .write_all(bytes)
            .and_then(|()| before.map_or(Ok(()), |mode| fchmod(&file, mode).map_err(io::Error::from)))
            .and_then(|()| renameat(&folder, unfinished.as_str(), &folder, name).map_err(io::Error::from));
        if filled.is_err() {
            // The first error is the one to tell.
            let _ = unlinkat(&folder, unfinished.as_str(), AtFlags::empty());
        }
        filled.at(action, path)?;
        Ok(if before.is_some() { Wrote::Replaced } else { Wrote::New })
    }

    /// The folder that `path` lies in, and its name there.
    fn parent<'p>(
        &self,
        path: &'p Path,
        action: &'static str,
        missing: Missing,
    ) -> Result<(OwnedFd, &'p OsStr), FileError> {
        let outside = || FileError::new(action, path, refused("it does not stay in the folder"));
        let mut names = Vec::new();
        for part in path.components() {
            match part {
                Component::Normal(name) => names.push(name),
                Component::CurDir => {}
                Component::ParentDir | Component::RootDir | Component::Prefix(_) => return Err(outside()),
            }
        }
        let Some((name, folders)) = names.split_last() else {
            return Err(FileError::new(action, path, Cause::IsFolder));
        };
        let mut at = openat(&self.root, ".", FOLDER, Mode::empty()).map_err(io::Error::from).at(action, path)?;
        let mut here = PathBuf::new();
        for folder in folders {
            here.push(folder);
            at = match (open_folder(&at, folder), missing) {
                (Err(Errno::NOENT), Missing::Made) => {
                    match mkdirat(&at, *folder, Mode::from_raw_mode(0o777)) {
                        Ok(()) | Err(Errno::EXIST) => {}
                        Err(error) => return Err(FileError::new(action, path, io::Error::from(error))),
                    }
                    open_folder(&at, folder)
                }
                (opened, _) => opened,
            }
            .map_err(|error| match error {
                Errno::LOOP | Errno::NOTDIR => not_a_folder(&at, folder, &here),
                error => error.into(),
            })
            .at(action, path)?;
        }
        Ok((at, name))
    }
}

/// What becomes of a folder on the way that is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Missing {
    Made,
    Refused,
}

fn open_folder(at: &OwnedFd, name: &OsStr) -> Result<OwnedFd, Errno> {
    openat(at, name, FOLDER, Mode::empty())
}

fn kind_at(folder: &OwnedFd, name: &OsStr) -> io::Result<Option<Kind>> {
    let stat = match statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(stat) => stat,
        Err(Errno::NOENT) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    Ok(Some(match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => Kind::File,
        FileType::Directory => Kind::Folder,
        FileType::Symlink => Kind::Link,
        _ => Kind::Special,
    }))
}

/// An error unless it is a regular file.
fn regular(folder: &OwnedFd, name: &OsStr, path: &Path, action: &'static str) -> Result<(), FileError> {
    let cause: Cause = match kind_at(folder, name).at(action, path)? {
        Some(Kind::File) => return Ok(()),
        Some(Kind::Folder) => Cause::IsFolder,
        Some(Kind::Link) => refused(&link(folder, name)).into(),
        Some(Kind::Special) => refused("it is a pipe, a socket or a device").into(),
        None => io::Error::from(Errno::NOENT).into(),
    };
    Err(FileError::new(action, path, cause))
}

fn not_a_folder(at: &OwnedFd, name: &OsStr, here: &Path) -> io::Error {
    let what = match kind_at(at, name) {
        Ok(Some(Kind::Link)) => link(at, name),
        Ok(_) | Err(_) => "it is no folder".to_owned(),
    };
    refused(&format!("{}: {what}", here.display()))
}

/// What a link says, where that tells nothing of the world outside.
fn link(folder: &OwnedFd, name: &OsStr) -> String {
    let target = readlinkat(folder, name, Vec::new()).ok().map(std::ffi::CString::into_bytes);
    match target.as_deref().map(|target| Path::new(OsStr::from_bytes(target))) {
        Some(target) if target.is_relative() => {
            format!("it is a link to {}, and links are not followed: name the file itself", target.display())
        }
        Some(_) | None => "it is a link, and links are not followed".to_owned(),
    }
}

fn refused(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, why.to_owned())
}

/// A name that no other write of ours has.
fn unfinished() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    format!("{UNFINISHED}{}-{}", crate::sys::machine::pid(), COUNT.fetch_add(1, Ordering::Relaxed))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};

    use proptest::prelude::*;

    use super::super::{create_dirs, list, read, symlink, write};
    use super::*;

    /// A folder with links of every kind out of it, beside one that must not be touched.
    fn world() -> (tempfile::TempDir, Beneath) {
        let dir = tempfile::tempdir().unwrap();
        let (inner, outer) = (dir.path().join("in"), dir.path().join("out"));
        create_dirs(&inner.join("a/b")).unwrap();
        create_dirs(&outer).unwrap();
        write(&inner.join("a/f"), b"inside").unwrap();
        write(&outer.join("f"), b"secret").unwrap();
        symlink(&outer, &inner.join("link")).unwrap();
        symlink(Path::new("../out/f"), &inner.join("file")).unwrap();
        symlink(Path::new("a"), &inner.join("within")).unwrap();
        let beneath = Beneath::open(&inner).unwrap();
        (dir, beneath)
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "what only a test does to a file: another mode, another name")]
    fn a_file_is_read_written_and_made_with_its_folders() {
        let (dir, beneath) = world();
        assert_eq!(beneath.read(Path::new("./a/f"), 6).unwrap(), b"inside");
        assert!(matches!(beneath.read(Path::new("a/f"), 5).unwrap_err().cause, Cause::TooLarge { cap: 5 }));
        let path = dir.path().join("in/a/f");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o750)).unwrap();
        std::fs::hard_link(&path, dir.path().join("out/hard")).unwrap();
        assert_eq!(beneath.write(Path::new("a/f"), b"new").unwrap(), Wrote::Replaced);
        assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o777, 0o750);
        assert_eq!(read(&dir.path().join("out/hard"), 99).unwrap(), b"inside", "another name of it is another file");
        assert_eq!(beneath.write(Path::new("x/y/z"), b"z").unwrap(), Wrote::New);
        assert_eq!(beneath.read(Path::new("x/y/z"), 9).unwrap(), b"z");
        assert_eq!(list(&dir.path().join("in/x/y")).unwrap().len(), 1);
    }

    #[test]
    fn no_link_is_followed_and_one_within_is_named() {
        let (dir, beneath) = world();
        for path in ["link/f", "file", "within/f", "../out/f", "/etc/passwd", "a/../../out/f", "a", ""] {
            assert!(beneath.read(Path::new(path), 99).is_err(), "{path}");
            assert!(beneath.write(Path::new(path), b"!").is_err(), "{path}");
        }
        assert!(beneath.write(Path::new("link/new"), b"!").is_err());
        assert_eq!(read(&dir.path().join("out/f"), 99).unwrap(), b"secret");
        assert_eq!(list(&dir.path().join("out")).unwrap().len(), 1);
        let said = std::error::Error::source(&beneath.read(Path::new("within/f"), 9).unwrap_err()).unwrap().to_string();
        assert!(said.contains("link to a,"), "{said}");
        assert_eq!(beneath.kind(Path::new("file")).unwrap(), Some(Kind::Link));
        assert_eq!(beneath.kind(Path::new("none/at/all")).unwrap(), None);
        assert_eq!(beneath.kind(Path::new("a/b")).unwrap(), Some(Kind::Folder));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]
        #[test]
        fn whatever_the_path_nothing_outside_is_read_or_touched(
            parts in prop::collection::vec(prop::sample::select(vec![
                "a", "b", "f", "link", "file", "within", "..", ".", "", "new", "out", "é\u{202e}", "-rf", "a\nb",
            ]), 0..6),
            rooted in any::<bool>(),
        ) {
            let (dir, beneath) = world();
            let path = PathBuf::from(format!("{}{}", if rooted { "/" } else { "" }, parts.join("/")));
            if let Ok(bytes) = beneath.read(&path, 99) {
                prop_assert_eq!(bytes, b"inside");
            }
            drop(beneath.write(&path, b"!"));
            prop_assert_eq!(read(&dir.path().join("out/f"), 99).unwrap(), b"secret");
            prop_assert_eq!(list(&dir.path().join("out")).unwrap().len(), 1);
            prop_assert_eq!(list(dir.path()).unwrap().len(), 2);
        }
    }
}
