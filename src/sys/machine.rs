//! What a run's records say about the machine they were made on, and randomness for ids.
#![expect(clippy::disallowed_methods, reason = "reads facts about the machine that no other room may look up")]

use std::convert::Infallible;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::mpsc;

/// Facts about the machine, for the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Machine {
    pub os: String,
    pub arch: String,
    pub cpus: usize,
    /// Changes with every boot, so that a pid of an earlier boot is never mistaken for a live one. Empty if unknown.
    pub boot: String,
}

impl Machine {
    pub fn this() -> Self {
        Self {
            os: std::env::consts::OS.to_owned(),
            arch: std::env::consts::ARCH.to_owned(),
            cpus: cpus(),
            boot: std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default().trim().to_owned(),
        }
    }
}

/// Processors this process may use; 1 when that cannot be found out.
pub fn cpus() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Bytes of memory that this process may still take: what the system has free, and what is left of what its control group
/// allows. Nothing where neither can be found out.
pub fn free_memory() -> Option<u64> {
    let system = std::fs::read_to_string("/proc/meminfo").ok().and_then(|table| available(&table));
    [system, left_of_group()].into_iter().flatten().min()
}

fn available(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

/// What is left to the control group (version 2) that we are in, and to those above it.
fn left_of_group() -> Option<u64> {
    let table = std::fs::read_to_string("/proc/self/cgroup").ok()?;
    let group = table.lines().find_map(|line| line.strip_prefix("0::/"))?;
    let number = |path: PathBuf| std::fs::read_to_string(path).ok()?.trim().parse::<u64>().ok();
    let left = |group: &Path| {
        let folder = Path::new("/sys/fs/cgroup").join(group);
        Some(number(folder.join("memory.max"))?.saturating_sub(number(folder.join("memory.current"))?))
    };
    Path::new(group).ancestors().filter_map(left).min()
}

pub fn pid() -> u32 {
    std::process::id()
}

/// The folder the command was started in.
pub fn current_dir() -> std::io::Result<PathBuf> {
    std::env::current_dir()
}

/// What this process was called with, its own name first.
pub fn arguments() -> Vec<OsString> {
    std::env::args_os().collect()
}

/// The folder for temporary files.
pub fn temp_dir() -> PathBuf {
    std::env::temp_dir()
}

/// This very program. On Linux the kernel's own link is used, which still names the running program after an upgrade has
/// replaced its file.
pub fn own_program() -> std::io::Result<PathBuf> {
    let link = Path::new("/proc/self/exe");
    if link.exists() { Ok(link.to_path_buf()) } else { std::env::current_exe() }
}

/// Whether this process may have so many threads beside this one.
pub fn try_threads(count: usize) -> std::io::Result<()> {
    let mut held = Vec::new();
    for _ in 0..count {
        let (keeps, waits) = mpsc::channel::<Infallible>();
        held.push((std::thread::Builder::new().spawn(move || waits.recv().is_err())?, keeps));
    }
    for (thread, keeps) in held {
        drop(keeps);
        drop(thread.join());
    }
    Ok(())
}

/// Whether this process may have so many more files open.
pub fn try_files(count: usize) -> std::io::Result<()> {
    let first = std::fs::File::open("/dev/null")?;
    let held: std::io::Result<Vec<_>> = (1..count).map(|_| first.try_clone()).collect();
    held.map(drop)
}

/// Random bytes from the kernel, for ids; nothing that a decision depends on.
pub fn random<const N: usize>() -> std::io::Result<[u8; N]> {
    let mut bytes = [0; N];
    let mut filled = 0;
    while filled < N {
        filled += rustix::rand::getrandom(&mut bytes[filled..], rustix::rand::GetRandomFlags::empty())?;
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_memory_is_what_the_kernel_says_is_available() {
        assert_eq!(available("MemTotal: 9 kB\nMemFree: 1 kB\nMemAvailable:   4 kB\n"), Some(4096));
        assert_eq!(available("MemTotal: 9 kB\n"), None);
        assert_eq!(available("MemAvailable: much kB\n"), None);
    }

    #[test]
    fn random_bytes_differ_from_call_to_call() {
        assert_ne!(random::<16>().unwrap(), random::<16>().unwrap());
    }
}
