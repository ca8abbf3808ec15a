//! Opening and walking what lies beneath a folder without ever following a symbolic link: each part of a path is opened
//! from the folder before it, so that nobody can swap a folder for a link in between.

use std::ffi::OsString;
use std::fs::File;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStringExt;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, fstat, openat, statat};
use rustix::io::Errno;

/// What a path beneath a folder leads to.
#[derive(Debug)]
pub(super) enum Found {
    /// A regular file, open for reading.
    File(File),
    /// A folder.
    Folder(OwnedFd),
    /// A link, a device, a pipe, a socket.
    Other,
    /// Nothing.
    Nothing,
}

/// A folder that a caller of ours vouches for: what lies above it may be links, it itself may not.
#[derive(Debug)]
pub(super) struct Root {
    fd: OwnedFd,
}

impl Root {
    /// Opens the folder; `None` if there is none.
    pub(super) fn open(path: &Path) -> Result<Option<Self>, Errno> {
        match openat(CWD, path, FOLDER.union(OFlags::NOFOLLOW), Mode::empty()) {
            Ok(fd) => Ok(Some(Self { fd })),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Opens the folder `path` beneath this one; `None` if there is none.
    pub(super) fn below(&self, path: &Path) -> Result<Option<Self>, Errno> {
        match self.find(path)? {
            Found::Folder(fd) => Ok(Some(Self { fd })),
            Found::Nothing => Ok(None),
            Found::File(_) | Found::Other => Err(Errno::NOTDIR),
        }
    }

    /// What `path` leads to; it must be relative and without `..`, or it leads to nothing.
    pub(super) fn find(&self, path: &Path) -> Result<Found, Errno> {
        let mut at = openat(&self.fd, ".", FOLDER, Mode::empty())?;
        let mut parts = path.components().peekable();
        while let Some(part) = parts.next() {
            let Component::Normal(name) = part else { return Ok(Found::Nothing) };
            match (open_one(&at, Path::new(name))?, parts.peek()) {
                (Found::Folder(fd), Some(_)) => at = fd,
                (found, None) => return Ok(found),
                (Found::Nothing | Found::File(_), Some(_)) => return Ok(Found::Nothing),
                (Found::Other, Some(_)) => return Ok(Found::Other),
            }
        }
        Ok(Found::Folder(at))
    }

    /// The paths of all that is no folder beneath `start`, each with `start` before it, sorted; `enter` says which
    /// folders are looked into. Stops after `most` entries: then the second value is false.
    pub(super) fn walk(
        &self,
        start: &Path,
        most: usize,
        enter: impl Fn(&Path) -> bool,
    ) -> Result<(Vec<PathBuf>, bool), Errno> {
        let (mut files, mut seen) = (Vec::new(), 0);
        let Found::Folder(first) = self.find(start)? else { return Ok((files, true)) };
        let mut open = vec![(start.to_path_buf(), first)];
        while let Some((path, fd)) = open.pop() {
            for entry in Dir::read_from(&fd)? {
                let entry = entry?;
                let name = OsString::from_vec(entry.file_name().to_bytes().to_vec());
                if name == "." || name == ".." {
                    continue;
                }
                seen += 1;
                if seen > most {
                    files.sort();
                    return Ok((files, false));
                }
                let below = path.join(&name);
                match kind_at(&fd, Path::new(&name))? {
                    Some(FileType::Directory) if enter(&below) && below.components().count() <= DEEPEST => {
                        if let Found::Folder(fd) = open_one(&fd, Path::new(&name))? {
                            open.push((below, fd));
                        }
                    }
                    Some(FileType::Directory) | None => {}
                    Some(_) => files.push(below),
                }
            }
        }
        files.sort();
        Ok((files, true))
    }
}

const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);
/// One folder of every level may be open at a time.
const DEEPEST: usize = 64;

fn kind_at(folder: &OwnedFd, name: &Path) -> Result<Option<FileType>, Errno> {
    match statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(stat) => Ok(Some(FileType::from_raw_mode(stat.st_mode))),
        Err(Errno::NOENT | Errno::NOTDIR | Errno::NAMETOOLONG) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Opens one name of a folder. What it is, is asked again of what was opened: it may have been replaced.
fn open_one(folder: &OwnedFd, name: &Path) -> Result<Found, Errno> {
    let flags = match kind_at(folder, name)? {
        None => return Ok(Found::Nothing),
        Some(FileType::Directory) => FOLDER,
        // A pipe that took the file's place must not make us wait for a writer.
        Some(FileType::RegularFile) => OFlags::RDONLY.union(OFlags::NONBLOCK).union(OFlags::CLOEXEC),
        Some(_) => return Ok(Found::Other),
    };
    let fd = match openat(folder, name, flags.union(OFlags::NOFOLLOW), Mode::empty()) {
        Ok(fd) => fd,
        Err(Errno::LOOP | Errno::NOTDIR) => return Ok(Found::Other),
        Err(Errno::NOENT) => return Ok(Found::Nothing),
        Err(error) => return Err(error),
    };
    match FileType::from_raw_mode(fstat(&fd)?.st_mode) {
        FileType::RegularFile => Ok(Found::File(File::from(fd))),
        FileType::Directory => Ok(Found::Folder(fd)),
        _ => Ok(Found::Other),
    }
}
