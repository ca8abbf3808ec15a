//! The programs that are compared, and a folder to do it in.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where the programs are. The folder is gone with it.
pub struct Programs {
    floor: PathBuf,
    dir: tempfile::TempDir,
}

impl Programs {
    /// Builds the floor programs beside ours, which cargo has built already.
    pub fn build() -> Result<Self, Box<dyn Error>> {
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
        Ok(Self { floor: target.join("release"), dir: tempfile::tempdir()? })
    }

    /// Where plans, projects and runs go.
    pub fn folder(&self) -> &Path {
        self.dir.path()
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
        self.settled(&self.floor.join(name))
    }

    fn settled(&self, program: &Path) -> Command {
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
