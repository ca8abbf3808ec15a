//! A user's world: a folder of its own, a home without settings, and the program.

use std::fmt;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// Longest anything may take before it counts as hung, however busy the machine is.
pub const PATIENCE: Duration = Duration::from_secs(180);
/// What must take less than five seconds, on a machine that does other things as well.
const QUICK: Duration = Duration::from_secs(30);

/// A folder to work in and a home, both gone with it.
pub struct World {
    dir: tempfile::TempDir,
}

/// What a call left behind.
#[derive(Debug)]
pub struct Output {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
    pub took: Duration,
}

impl World {
    pub fn new() -> Self {
        let world = Self { dir: tempfile::tempdir().unwrap() };
        for folder in ["project", "home", "config", "cache", "data", "state", "tmp"] {
            std::fs::create_dir(world.dir.path().join(folder)).unwrap();
        }
        world
    }

    /// The folder that holds the project, the home and everything else of this world.
    pub fn root(&self) -> &Path {
        self.dir.path()
    }

    /// The folder the program is called in.
    pub fn project(&self) -> PathBuf {
        self.dir.path().join("project")
    }

    /// Writes a file into the project, folders as needed.
    pub fn file(&self, path: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.project().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }

    /// A file of the project.
    pub fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.project().join(path)).unwrap()
    }

    /// Calls the program with nothing on stdin.
    pub fn orchestra<A: AsRef<str>>(&self, args: impl IntoIterator<Item = A>) -> Output {
        run(self.command(args), &[])
    }

    /// Calls the program with `input` on stdin.
    pub fn orchestra_with<A: AsRef<str>>(&self, args: impl IntoIterator<Item = A>, input: &[u8]) -> Output {
        run(self.command(args), input)
    }

    /// The program, ready to be started: an environment of nothing but what it needs.
    pub fn command<A: AsRef<str>>(&self, args: impl IntoIterator<Item = A>) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_orchestra"));
        command.args(args.into_iter().map(|arg| arg.as_ref().to_owned()));
        self.settle(&mut command);
        command
    }

    /// Gives a command the folder and the environment of this world.
    pub fn settle(&self, command: &mut Command) {
        let at = |name: &str| self.dir.path().join(name);
        command
            .current_dir(self.project())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", at("home"))
            .env("XDG_CONFIG_HOME", at("config"))
            .env("XDG_CACHE_HOME", at("cache"))
            .env("XDG_DATA_HOME", at("data"))
            .env("XDG_STATE_HOME", at("state"))
            .env("TMPDIR", at("tmp"))
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("LC_ALL", "C.UTF-8");
        // Tasks that call cargo need the caller's toolchain, which lives in the caller's home; and where coverage is
        // measured, what the program did is told through a file.
        for name in ["CARGO_HOME", "RUSTUP_HOME", "RUSTUP_TOOLCHAIN", "LLVM_PROFILE_FILE"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
    }
}

impl Output {
    /// Stdout as the one JSON document it must be.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("no JSON document: {error}\n{self}"))
    }

    /// Asserts the exit code, and that the program was quick and did not panic.
    #[track_caller]
    pub fn exits(&self, code: i32) -> &Self {
        assert_eq!(self.code, code, "{self}");
        assert!(!self.stderr.contains("panicked"), "{self}");
        assert!(code == 0 || !self.stderr.is_empty(), "a failure says something: {self}");
        self
    }

    /// Asserts that nothing was waited for, and nothing large was made of little.
    #[track_caller]
    pub fn quick(&self) -> &Self {
        assert!(self.took < QUICK, "{self}");
        self
    }

    #[track_caller]
    pub fn says(&self, text: &str) -> &Self {
        assert!(self.stderr.contains(text), "stderr lacks {text:?}\n{self}");
        self
    }
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let clip = |text: &str| text.chars().take(4000).collect::<String>();
        let (stdout, stderr) = (clip(&self.stdout), clip(&self.stderr));
        write!(f, "exit {} after {:?}\n--- stdout\n{stdout}\n--- stderr\n{stderr}", self.code, self.took)
    }
}

/// Waits for what another process does. Panics when it does not come.
#[track_caller]
pub fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(started.elapsed() < PATIENCE, "this did not happen: {what}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Starts `command`, feeds it, and waits for its end; panics if it takes too long.
pub fn run(mut command: Command, input: &[u8]) -> Output {
    let start = Instant::now();
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    // A program that does not want its input closes the pipe: that is its right.
    let feeder = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let (done, ended) = std::sync::mpsc::channel();
    let pid = rustix::process::Pid::from_child(&child);
    let watch = std::thread::spawn(move || {
        if ended.recv_timeout(PATIENCE).is_err() {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
        }
    });
    let output = child.wait_with_output().unwrap();
    let took = start.elapsed();
    let _ = done.send(());
    watch.join().unwrap();
    feeder.join().unwrap();
    assert!(took < PATIENCE, "it hung: {:?}", String::from_utf8_lossy(&output.stderr));
    Output {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
        took,
    }
}
