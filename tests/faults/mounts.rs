//! File systems of a test's own: made, filled, cut off from their power and mounted again, seen by nobody else.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::rig::{Rig, eventually};

/// Set where a test is called again within its own mounts.
const INSIDE: &str = "INSIDE_OWN_MOUNTS";
/// Debian keeps these out of the path of everyone but root.
const PLACES: [&str; 2] = ["/usr/sbin", "/sbin"];

/// Calls the test of this name once more, where what it mounts is seen by nobody else and gone with it: true there, and
/// false for the caller, who has its outcome. Says so, loudly, where mounting is not allowed.
#[track_caller]
pub fn inside(test: &str) -> bool {
    if std::env::var_os(INSIDE).is_some() {
        return true;
    }
    let probe = ["-m", "mount", "-t", "tmpfs", "tmpfs", "/mnt"];
    let tried = Command::new("unshare").args(probe).stderr(Stdio::null()).status();
    if !tried.is_ok_and(|status| status.success()) {
        skipped(test, "mounting needs root and `unshare`");
        return false;
    }
    let program = std::env::current_exe().unwrap();
    let mut call = Command::new("unshare");
    call.arg("-m").arg(program).args(["--exact", test, "--include-ignored", "--nocapture"]);
    let output = call.env(INSIDE, "1").stdin(Stdio::null()).output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{test} failed within its own mounts:\n{out}\n{err}");
    assert!(out.contains("1 passed"), "no test is called {test}:\n{out}");
    for line in err.lines().filter(|line| line.contains("SKIPPED")) {
        eprintln!("{line}");
    }
    false
}

/// Says that a test did nothing, and why.
pub fn skipped(test: &str, why: &str) {
    eprintln!("\n==== SKIPPED: {test}: {why} ====\n");
}

/// A program of the system, wherever it is.
pub fn tool(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(PLACES.map(PathBuf::from));
    folders.map(|folder| folder.join(name)).find(|file| file.is_file())
}

/// Calls a program of the system that must succeed.
#[track_caller]
pub fn call(name: &str, args: &[&str]) {
    let program = tool(name).unwrap_or_else(|| panic!("{name} is missing"));
    let output = Command::new(program).args(args).stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{name} {args:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// A file system in memory at `at`, with these options.
#[track_caller]
pub fn tmpfs(at: &Path, options: &str) {
    call("mount", &["-t", "tmpfs", "-o", options, "tmpfs", at.to_str().unwrap()]);
}

/// What a disk keeps when its power fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keeps {
    /// With whatever it was told to keep also all names that were given before it: ext4 and its journal.
    InOrder,
    /// Nothing but what it was told to keep: ext4 without a journal.
    OnlyWhatWasSynced,
}

/// An ext4 in a file, on which the project, its runs and the cache of a rig lie. Its agents' log stays outside.
pub struct Disk {
    image: PathBuf,
    at: PathBuf,
    keeps: Keeps,
    /// Folders of the rig that lie on it.
    held: Vec<(PathBuf, PathBuf)>,
}

impl Disk {
    /// What is needed and not there.
    pub fn lacks() -> Option<String> {
        let needed = ["mkfs.ext4", "e2fsck", "mount", "umount", "losetup", "perl"];
        if let Some(missing) = needed.into_iter().find(|name| tool(name).is_none()) {
            return Some(format!("{missing} is not installed"));
        }
        let loops = Command::new(tool("losetup")?).arg("-f").stdin(Stdio::null()).output().ok()?;
        (!loops.status.success()).then(|| "no loop device is to be had".to_owned())
    }

    /// A fresh one, with what the rig holds so far.
    pub fn under(rig: &Rig, keeps: Keeps) -> Self {
        let root = rig.world.root();
        let (image, at) = (root.join("image"), root.join("disk"));
        fs::File::create(&image).unwrap().set_len(64 << 20).unwrap();
        fs::create_dir(&at).unwrap();
        let features = match keeps {
            Keeps::InOrder => "has_journal",
            // Without those by which parts that nothing was written to are told from parts that hold something.
            Keeps::OnlyWhatWasSynced => "^has_journal,^metadata_csum,^uninit_bg",
        };
        call("mkfs.ext4", &["-q", "-F", "-E", "lazy_itable_init=0", "-O", features, image.to_str().unwrap()]);
        let held = ["project", "cache"].map(|name| (at.join(name), root.join(name)));
        let disk = Self { image, at, keeps, held: held.to_vec() };
        disk.mount();
        for (on_disk, place) in &disk.held {
            call("cp", &["-a", place.to_str().unwrap(), on_disk.to_str().unwrap()]);
        }
        call("sync", &["-f", disk.at.to_str().unwrap()]);
        disk.show();
        disk
    }

    /// Cuts its power: what it was not told to keep is gone, and from now on it takes and gives nothing.
    pub fn cut(&self) {
        // EXT4_IOC_SHUTDOWN with EXT4_GOING_FLAGS_NOLOGFLUSH. The library of the tests has no safe way to it.
        let ioctl = "open(my $f, '<', $ARGV[0]) or die; my $how = pack('L', 2); ioctl($f, 0x8004587D, $how) or die $!";
        call("perl", &["-e", ioctl, self.at.to_str().unwrap()]);
        if self.keeps == Keeps::OnlyWhatWasSynced {
            // What the kernel still holds would be written when it is taken off.
            call("cp", &["--sparse=always", self.image.to_str().unwrap(), self.kept().to_str().unwrap()]);
        }
    }

    /// Gives it power again: it is taken off, and put back as it was kept.
    pub fn again(&self) {
        for (_, place) in &self.held {
            unmount(place);
        }
        unmount(&self.at);
        if self.keeps == Keeps::OnlyWhatWasSynced {
            fs::rename(self.kept(), &self.image).unwrap();
            let mended = Command::new(tool("e2fsck").unwrap()).arg("-fy").arg(&self.image).output().unwrap();
            let code = mended.status.code().unwrap_or(-1);
            assert!((0..=2).contains(&code), "e2fsck: {}", String::from_utf8_lossy(&mended.stdout));
        }
        self.mount();
        self.show();
    }

    fn kept(&self) -> PathBuf {
        self.image.with_file_name("image.kept")
    }

    fn mount(&self) {
        // Nothing is kept by the clock, and no rename is taken as a wish to keep what is in the file.
        let options = match self.keeps {
            Keeps::InOrder => "loop,commit=600,noauto_da_alloc",
            Keeps::OnlyWhatWasSynced => "loop,noauto_da_alloc",
        };
        call("mount", &["-t", "ext4", "-o", options, self.image.to_str().unwrap(), self.at.to_str().unwrap()]);
    }

    fn show(&self) {
        for (on_disk, place) in &self.held {
            call("mount", &["--bind", on_disk.to_str().unwrap(), place.to_str().unwrap()]);
        }
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // The folder of the world is removed after it, and must find no mount in it.
        for place in self.held.iter().map(|(_, place)| place).chain([&self.at]) {
            drop(Command::new("umount").arg("-l").arg(place).stderr(Stdio::null()).status());
        }
    }
}

/// Takes a file system off. Processes that have just been killed may hold it for a moment.
fn unmount(at: &Path) {
    eventually(&format!("{} is free", at.display()), || {
        let tried = Command::new("umount").arg(at).stderr(Stdio::null()).status().unwrap();
        tried.success().then_some(())
    });
}
