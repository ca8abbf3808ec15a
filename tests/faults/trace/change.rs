//! The system calls that change what is on a disk, and which file each is about.

use std::ffi::OsStr;
use std::fs::File;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use nix::libc;
use nix::unistd::Pid;

use super::regs::Regs;

/// What a call does to a disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Deed {
    /// Opens a file that is made or emptied by it.
    Create,
    /// Writes bytes.
    Write,
    /// Makes a file longer or shorter, or takes room for it.
    Resize,
    /// Makes a file or the names in a folder safe.
    Sync,
    /// Makes a folder.
    Folder,
    /// Makes another name for a file, or a link to one.
    Link,
    /// Renames.
    Rename,
    /// Removes.
    Remove,
}

/// One call that is about to change something.
#[derive(Debug, Clone)]
pub struct Change {
    pub deed: Deed,
    /// What is changed; of a rename, the new name.
    pub path: PathBuf,
    /// The old name of a rename.
    pub from: Option<PathBuf>,
    /// Of a write: in which argument its length is, and how long it is.
    pub length: Option<(usize, u64)>,
}

impl Change {
    /// The change that a thread at the start of a system call is about to make, if it is one.
    pub fn at(thread: Pid, regs: &Regs) -> Option<Self> {
        let look = Look { thread, regs };
        let (deed, path, from, length) = match regs.number() {
            libc::SYS_write | libc::SYS_pwrite64 => (Deed::Write, look.descriptor(0)?, None, Some((2, regs.arg(2)))),
            // Of these the length is that of the first piece; who shortens them makes plain writes of them.
            libc::SYS_writev | libc::SYS_pwritev | libc::SYS_pwritev2 => (Deed::Write, look.descriptor(0)?, None, None),
            libc::SYS_copy_file_range => (Deed::Write, look.descriptor(2)?, None, Some((4, regs.arg(4)))),
            libc::SYS_sendfile => (Deed::Write, look.descriptor(0)?, None, Some((3, regs.arg(3)))),
            libc::SYS_open if makes(regs.arg(1)) => (Deed::Create, look.path(None, 0)?, None, None),
            libc::SYS_creat => (Deed::Create, look.path(None, 0)?, None, None),
            libc::SYS_openat if makes(regs.arg(2)) => (Deed::Create, look.path(Some(0), 1)?, None, None),
            libc::SYS_openat2 if makes(look.word(regs.arg(2))?) => (Deed::Create, look.path(Some(0), 1)?, None, None),
            libc::SYS_ftruncate | libc::SYS_fallocate => (Deed::Resize, look.descriptor(0)?, None, None),
            libc::SYS_truncate => (Deed::Resize, look.path(None, 0)?, None, None),
            libc::SYS_fsync | libc::SYS_fdatasync | libc::SYS_sync_file_range | libc::SYS_syncfs => {
                (Deed::Sync, look.descriptor(0)?, None, None)
            }
            libc::SYS_mkdir => (Deed::Folder, look.path(None, 0)?, None, None),
            libc::SYS_mkdirat => (Deed::Folder, look.path(Some(0), 1)?, None, None),
            libc::SYS_symlink | libc::SYS_link => (Deed::Link, look.path(None, 1)?, None, None),
            libc::SYS_symlinkat => (Deed::Link, look.path(Some(1), 2)?, None, None),
            libc::SYS_linkat => (Deed::Link, look.path(Some(2), 3)?, None, None),
            libc::SYS_rename => (Deed::Rename, look.path(None, 1)?, look.path(None, 0), None),
            libc::SYS_renameat | libc::SYS_renameat2 => {
                (Deed::Rename, look.path(Some(2), 3)?, look.path(Some(0), 1), None)
            }
            libc::SYS_unlink | libc::SYS_rmdir => (Deed::Remove, look.path(None, 0)?, None, None),
            libc::SYS_unlinkat => (Deed::Remove, look.path(Some(0), 1)?, None, None),
            _ => return None,
        };
        Some(Self { deed, path, from, length })
    }

    /// Whether it is about something below one of these.
    pub fn is_below(&self, roots: &[PathBuf]) -> bool {
        let below = |path: &Path| roots.iter().any(|root| path.starts_with(root));
        below(&self.path) || self.from.as_deref().is_some_and(below)
    }

    /// Where it is, without what differs from run to run: the world's folder, names of runs, random endings.
    pub fn place(&self) -> String {
        let names = self.path.iter().skip(3).map(|name| {
            let name = name.to_string_lossy();
            let named = [".new-", "stdin-", "apply-", "tmp_obj_"].into_iter().find(|start| name.starts_with(start));
            let number = name.starts_with("20") || name.chars().all(|c| c.is_ascii_hexdigit());
            named.map_or_else(|| if number { "#".into() } else { name.into_owned() }, str::to_owned)
        });
        names.collect::<Vec<_>>().join("/")
    }

    /// Leaves only so many bytes of a write to be written. False where there is nothing to leave out.
    pub fn shorten(&self, thread: Pid, regs: &mut Regs, to: impl Fn(u64) -> u64) -> bool {
        let look = Look { thread, regs };
        let pieces = match regs.number() {
            libc::SYS_writev => Some(libc::SYS_write),
            libc::SYS_pwritev | libc::SYS_pwritev2 => Some(libc::SYS_pwrite64),
            _ => None,
        };
        if let Some(plain) = pieces {
            let table = regs.arg(1);
            let Some((base, length)) = look.word(table).zip(look.word(table + 8)) else { return false };
            if length < 2 {
                return false;
            }
            regs.set_number(plain);
            regs.set_arg(1, base);
            regs.set_arg(2, to(length).clamp(1, length - 1));
            return true;
        }
        match self.length {
            Some((argument, length)) if length > 1 => {
                regs.set_arg(argument, to(length).clamp(1, length - 1));
                true
            }
            _ => false,
        }
    }
}

fn makes(flags: u64) -> bool {
    let making = u64::from((libc::O_CREAT | libc::O_TRUNC).cast_unsigned());
    flags & making != 0
}

/// What the arguments of a thread's call mean.
struct Look<'a> {
    thread: Pid,
    regs: &'a Regs,
}

impl Look<'_> {
    /// The file that a descriptor leads to; nothing where it is no file with a path.
    fn descriptor(&self, argument: usize) -> Option<PathBuf> {
        let number = self.number(argument);
        let path = std::fs::read_link(format!("/proc/{}/fd/{number}", self.thread)).ok()?;
        path.is_absolute().then_some(path)
    }

    /// A descriptor as it was meant: of the register, the lower half counts.
    #[expect(clippy::cast_possible_truncation, reason = "that is what the system does")]
    fn number(&self, argument: usize) -> i32 {
        self.regs.arg(argument) as i32
    }

    /// The path that an argument points at, seen from the folder that another one is.
    fn path(&self, folder: Option<usize>, argument: usize) -> Option<PathBuf> {
        let path = self.text(self.regs.arg(argument))?;
        if path.is_absolute() {
            return Some(path);
        }
        let folder = match folder {
            Some(folder) if self.number(folder) != libc::AT_FDCWD => self.descriptor(folder)?,
            _ => std::fs::read_link(format!("/proc/{}/cwd", self.thread)).ok()?,
        };
        Some(folder.join(path))
    }

    fn text(&self, at: u64) -> Option<PathBuf> {
        let mut bytes = vec![0; libc::PATH_MAX as usize];
        let read = self.memory()?.read_at(&mut bytes, at).ok()?;
        let end = bytes[..read].iter().position(|byte| *byte == 0)?;
        Some(PathBuf::from(OsStr::from_bytes(&bytes[..end])))
    }

    fn word(&self, at: u64) -> Option<u64> {
        let mut bytes = [0; 8];
        self.memory()?.read_exact_at(&mut bytes, at).ok()?;
        Some(u64::from_ne_bytes(bytes))
    }

    fn memory(&self) -> Option<File> {
        File::open(format!("/proc/{}/mem", self.thread)).ok()
    }
}
