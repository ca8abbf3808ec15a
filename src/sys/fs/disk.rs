//! The disk that a path is on: what kind it is, how much room it has, and whether it takes anything from us.

use std::path::Path;

use rustix::fs::{StatVfsMountFlags, statfs, statvfs};

use super::entries::may_write_in;
use super::error::{At, FileError};

/// The disk below a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disk {
    /// What it is called, where that is known.
    pub name: Option<&'static str>,
    /// What that means for what is kept on it.
    pub kind: DiskKind,
    /// Bytes that are free for us.
    pub free: u64,
    /// Whether programs on it can be started.
    pub runs_programs: bool,
}

/// What a disk means for what is kept on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiskKind {
    /// It stays.
    Lasting,
    /// It is memory, and gone with the machine.
    Memory,
    /// It is the upper layer of a container, and gone with it.
    Layer,
    /// Another machine, or another system, keeps it: locks and syncs are its affair.
    Remote,
}

/// The disk that `path` is on, or would be on once it is made.
pub fn disk(path: &Path) -> Result<Disk, FileError> {
    let there = nearest(path);
    let stat = statfs(there).map_err(std::io::Error::from).at("look at the disk of", there)?;
    let mount = statvfs(there).map_err(std::io::Error::from).at("look at the disk of", there)?;
    // Kernels have it in different widths; the numbers fit into 32 bits.
    let (name, kind) = known(u32::try_from(stat.f_type & 0xffff_ffff).unwrap_or_default());
    Ok(Disk {
        name,
        kind,
        free: mount.f_bavail.saturating_mul(mount.f_frsize),
        runs_programs: !mount.f_flag.contains(StatVfsMountFlags::NOEXEC),
    })
}

/// The system's own error for a full disk, where the one that `path` is on has next to no room, for bytes or for files: for
/// failures of other programs, which do not always say why.
pub fn fullness(path: &Path) -> Option<std::io::Error> {
    /// What was too large for the room there was may have been taken away again.
    const BYTES: u64 = 1 << 20;
    const FILES: u64 = 16;
    let mount = statvfs(nearest(path)).ok()?;
    let bytes = mount.f_bavail.saturating_mul(mount.f_frsize);
    // Some file systems make room for as many files as they are asked to, and count none.
    let few_files = mount.f_files > 0 && mount.f_favail < FILES;
    (bytes < BYTES || few_files).then(|| rustix::io::Errno::NOSPC.into())
}

/// Whether we may make files in the folder `path`, or, where it is still to be made, that folder.
pub fn may_write(path: &Path) -> Result<(), FileError> {
    may_write_in(nearest(path))
}

fn nearest(path: &Path) -> &Path {
    path.ancestors().find(|path| path.exists()).unwrap_or(Path::new("/"))
}

/// By the number in `statfs`. Source: `linux/magic.h` and statfs(2).
fn known(number: u32) -> (Option<&'static str>, DiskKind) {
    let (name, kind) = match number {
        0xef53 => ("ext4", DiskKind::Lasting),
        0x5846_5342 => ("xfs", DiskKind::Lasting),
        0x9123_683e => ("btrfs", DiskKind::Lasting),
        0x2fc1_2fc1 => ("zfs", DiskKind::Lasting),
        0xf2f5_2010 => ("f2fs", DiskKind::Lasting),
        0x0102_1994 => ("tmpfs", DiskKind::Memory),
        0x8584_58f6 => ("ramfs", DiskKind::Memory),
        0x794c_7630 => ("overlay", DiskKind::Layer),
        0x6969 => ("nfs", DiskKind::Remote),
        0x517b | 0xff53_4d42 | 0xfe53_4d42 => ("smb", DiskKind::Remote),
        0x0102_1997 => ("9p", DiskKind::Remote),
        0x6573_5546 => ("fuse", DiskKind::Remote),
        0x786f_4256 => ("vboxsf", DiskKind::Remote),
        0x4d44 => ("vfat", DiskKind::Remote),
        _ => return (None, DiskKind::Lasting),
    };
    (Some(name), kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_is_not_there_is_on_the_disk_above_it() {
        let dir = tempfile::tempdir().unwrap();
        let absent = dir.path().join("a/b");
        assert_eq!(disk(&absent).unwrap().kind, disk(dir.path()).unwrap().kind);
        may_write(&absent).unwrap();
    }
}
