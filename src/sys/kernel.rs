//! What this kernel lets an ordinary process do, as facts: nothing is changed, and nothing is promised.

use std::path::{Path, PathBuf};

use landlock::{ABI, Access, AccessFs, LandlockStatus, Ruleset, RulesetAttr};
use rustix::fs::{Access as May, access};
use rustix::process::{PidfdFlags, Resource, getpid, getrlimit, pidfd_open};

use super::fs;

/// The most of a file of the kernel's that is read.
const MAX_FILE: u64 = 64 << 10;

/// What the kernel has for keeping a process in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kernel {
    /// As `uname -r` says.
    pub release: String,
    /// The version of Landlock's interface, 1 or higher.
    pub landlock: Option<u32>,
    /// Whether system calls can be filtered.
    pub seccomp: bool,
    /// Whether a process can be held by a descriptor, so that its number is never another's.
    pub pidfd: bool,
    /// Whether an ordinary user may make user namespaces; if not, what forbids it.
    pub user_namespaces: Result<(), &'static str>,
    /// Control groups.
    pub cgroups: Cgroups,
}

/// The control groups there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cgroups {
    /// Version 2, and our own group is ours to divide.
    Delegated,
    /// Version 2, and our own group is not ours to divide.
    Unified,
    /// Version 1, or none.
    Old,
}

impl Kernel {
    /// Looks at this one.
    pub fn look() -> Self {
        Self {
            release: line("/proc/sys/kernel/osrelease").unwrap_or_default(),
            landlock: landlock(),
            seccomp: text("/proc/self/status").is_some_and(|status| status.contains("\nSeccomp:"))
                && text("/proc/sys/kernel/seccomp/actions_avail").is_some(),
            pidfd: pidfd_open(getpid(), PidfdFlags::empty()).is_ok(),
            user_namespaces: user_namespaces(),
            cgroups: cgroups(),
        }
    }
}

/// How many files one process may have open.
pub fn open_files() -> Option<u64> {
    getrlimit(Resource::Nofile).current
}

/// The kernel tells it to whoever asks for a rule set. The crate asks when a thread is restricted, so one that does
/// nothing else, and ends, is.
fn landlock() -> Option<u32> {
    let asked = std::thread::spawn(|| {
        let rules = Ruleset::default().handle_access(AccessFs::from_all(ABI::V1)).ok()?.create().ok()?;
        Some(rules.restrict_self().ok()?.landlock)
    });
    match asked.join().ok()?? {
        LandlockStatus::Available { kernel_abi: Some(newer), .. } => u32::try_from(newer).ok(),
        LandlockStatus::Available { effective_abi, kernel_abi: None } => Some(effective_abi as u32),
        LandlockStatus::NotEnabled | LandlockStatus::NotImplemented => None,
    }
}

fn user_namespaces() -> Result<(), &'static str> {
    let is = |path: &str, value: &str| line(path).as_deref() == Some(value);
    if !Path::new("/proc/self/ns/user").exists() {
        Err("this kernel has none")
    } else if is("/proc/sys/user/max_user_namespaces", "0") {
        Err("user.max_user_namespaces is 0")
    } else if is("/proc/sys/kernel/unprivileged_userns_clone", "0") {
        Err("kernel.unprivileged_userns_clone is 0")
    } else if is("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1") {
        Err("kernel.apparmor_restrict_unprivileged_userns is 1")
    } else {
        Ok(())
    }
}

fn cgroups() -> Cgroups {
    let top = Path::new("/sys/fs/cgroup");
    if !top.join("cgroup.controllers").exists() {
        return Cgroups::Old;
    }
    let groups = text("/proc/self/cgroup").unwrap_or_default();
    let own = groups.lines().find_map(|line| line.strip_prefix("0::/")).map(|own| top.join(own));
    let may_divide = |own: PathBuf| access(own.join("cgroup.procs"), May::WRITE_OK).is_ok();
    if own.is_some_and(may_divide) { Cgroups::Delegated } else { Cgroups::Unified }
}

fn line(path: &str) -> Option<String> {
    Some(text(path)?.lines().next()?.trim().to_owned())
}

fn text(path: &str) -> Option<String> {
    fs::read_text(Path::new(path), MAX_FILE).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looking_restricts_nobody() {
        let first = Kernel::look();
        assert!(!first.release.is_empty());
        let dir = tempfile::tempdir().unwrap();
        fs::write(&dir.path().join("x"), b"").unwrap();
        assert_eq!(Kernel::look(), first);
    }
}
