//! The programs that are compared, and a folder to do it in.

use std::cell::Cell;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;

/// How thoroughly it is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    Full,
    /// Once, and a tenth as large: to see that it works.
    Quick,
}

/// Where the programs are. The folder is gone with it.
pub struct Programs {
    extent: Extent,
    floor: PathBuf,
    dir: tempfile::TempDir,
    folders: Cell<u32>,
}

impl Programs {
    /// Builds the floor programs beside ours, which cargo has built already.
    pub fn build(extent: Extent) -> Result<Self, Box<dyn Error>> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        // Another target folder: cargo may still hold the lock of the one that this was built in.
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("floor");
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let built = Command::new(cargo)
            .args(["build", "--release", "--locked", "--quiet", "--manifest-path"])
            .arg(root.join("benches/floor/Cargo.toml"))
            .arg("--target-dir")
            .arg(&target)
            .status()?;
        if !built.success() {
            return Err("the floor programs cannot be built".into());
        }
        Ok(Self { extent, floor: target.join("release"), dir: tempfile::tempdir()?, folders: Cell::new(0) })
    }

    /// Rounds of a measurement that wants so many.
    pub fn rounds(&self, wanted: usize) -> usize {
        match self.extent {
            Extent::Full => wanted,
            Extent::Quick => 1,
        }
    }

    /// The size of a measurement that is of this size.
    pub fn size(&self, wanted: usize) -> usize {
        match self.extent {
            Extent::Full => wanted,
            Extent::Quick => wanted / 10,
        }
    }

    /// Where plans, projects and runs go.
    pub fn folder(&self) -> &Path {
        self.dir.path()
    }

    /// An empty folder. It stays to the end: a file system that has just removed much is slow to make anything.
    pub fn new_folder(&self) -> std::io::Result<PathBuf> {
        self.folders.set(self.folders.get() + 1);
        let folder = self.folder().join(format!("project-{}", self.folders.get()));
        std::fs::create_dir(&folder)?;
        Ok(folder)
    }

    /// Where the last command's complaints go.
    pub fn complaints(&self) -> PathBuf {
        self.dir.path().join("stderr.log")
    }

    /// Our program, with nothing of the caller's settings.
    pub fn orchestra(&self) -> Command {
        self.settled(Path::new(env!("CARGO_BIN_EXE_orchestra")))
    }

    /// A floor program, in the same surroundings.
    pub fn floor(&self, name: &str) -> Command {
        self.settled(&self.floor_path(name))
    }

    /// Where a floor program is.
    pub fn floor_path(&self, name: &str) -> PathBuf {
        self.floor.join(name)
    }

    /// Any program, in the same surroundings.
    pub fn settled(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(self.folder())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.folder())
            .env("TMPDIR", self.folder())
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("LC_ALL", "C.UTF-8");
        command
    }
}

/// A program of PATH.
pub fn find(name: &str) -> Result<PathBuf, Box<dyn Error>> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|folder| folder.join(name)).find(|program| program.is_file());
    found.ok_or_else(|| format!("`{name}` is not in PATH").into())
}
