//! Running git so that nothing but us decides what it does: explicit folders, a fixed environment, no hooks, no helpers.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::error::WorkspaceError;
use super::unfinished::INPUT;
use crate::ids::ObjectId;
use crate::policy::Limits;
use crate::process::{Command, End, Exit, ProcessError, Sink, Stdin, Supervisors};
use crate::sys::env::Env;
use crate::sys::fs;
use crate::text;

/// The most a listing may say; a project of a million files stays under it.
const LISTING: usize = 256 << 20;

/// The oldest git that does all that is asked of it.
pub const OLDEST_GIT: (u32, u32) = (2, 38);

/// The longest any command may take: git says nothing while it hashes.
const WALL: Duration = Duration::from_secs(60 * 60);
/// The longest a first question may take that reads next to nothing: whoever does not answer it will not answer others.
pub(super) const PROBE: Duration = Duration::from_secs(10);

/// Settings that no repository can override. Filters, external diffs and merge drivers need a config to name their
/// program; the shadow's config is ours, the user's and the system's are not read, and `info/attributes` takes the
/// attributes away besides.
const SETTINGS: [&str; 20] = [
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.untrackedCache=false",
    "core.fsync=all",
    // One flush for many objects: 5,000 new files cost 0.8 s instead of 1.2.
    "core.fsyncMethod=batch",
    "core.attributesFile=/dev/null",
    "core.excludesFile=/dev/null",
    "core.autocrlf=false",
    "core.safecrlf=false",
    "core.symlinks=true",
    "core.fileMode=true",
    "core.ignoreCase=false",
    "core.quotePath=false",
    "diff.external=",
    "diff.ignoreSubmodules=all",
    "submodule.recurse=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "merge.directoryRenames=false",
    "protocol.file.allow=always",
];

/// What every command of ours is run with.
#[derive(Clone)]
pub struct Tools {
    /// Runs the commands.
    pub supervisors: Supervisors,
    /// Our own environment; children see an allow-list of it.
    pub env: Env,
    /// Ends commands that are under way.
    pub cancel: CancellationToken,
}

/// One git repository, by its folder; never found by discovery.
#[derive(Clone)]
pub(super) struct Git {
    tools: Tools,
    dir: PathBuf,
}

/// One git command.
pub(super) struct Call<'a> {
    git: &'a Git,
    config: Vec<OsString>,
    args: Vec<OsString>,
    env: BTreeMap<OsString, OsString>,
    work_tree: Option<&'a Path>,
    stdin: Option<Vec<u8>>,
    wall: Duration,
}

impl Git {
    pub(super) fn new(tools: &Tools, dir: &Path) -> Self {
        Self { tools: tools.clone(), dir: dir.to_path_buf() }
    }

    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    /// A command of this repository that failed, with what it said.
    pub(super) fn failed(&self, command: &str, exit: &Exit) -> WorkspaceError {
        self.failed_in(None, command, exit)
    }

    /// The same of one that also writes to these files.
    fn failed_in(&self, work_tree: Option<&Path>, command: &str, exit: &Exit) -> WorkspaceError {
        let said = String::from_utf8_lossy(&exit.stderr.bytes);
        let (command, message) = (command.to_owned(), text::clean(text::tail(said.trim(), 1024)).into_owned());
        for disk in [Some(self.dir.as_path()), work_tree].into_iter().flatten() {
            if let Some(source) = fs::fullness(disk) {
                return WorkspaceError::NoRoom { command, disk: disk.to_path_buf(), message, source };
            }
        }
        WorkspaceError::Git { command, dir: self.dir.clone(), end: exit.end, message }
    }

    pub(super) fn tools(&self) -> &Tools {
        &self.tools
    }

    pub(super) fn call<I: IntoIterator<Item: AsRef<OsStr>>>(&self, args: I) -> Call<'_> {
        let args = args.into_iter().map(|arg| arg.as_ref().to_owned()).collect();
        Call { git: self, config: Vec::new(), args, env: BTreeMap::new(), work_tree: None, stdin: None, wall: WALL }
    }
}

impl<'a> Call<'a> {
    #[must_use]
    pub(super) fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.args.push(arg.as_ref().to_owned());
        self
    }

    /// One more setting, `key=value`, over those that every command gets.
    #[must_use]
    pub(super) fn config(mut self, setting: OsString) -> Self {
        self.config.push(setting);
        self
    }

    /// The files to work on. The command also runs there.
    #[must_use]
    pub(super) fn work_tree(mut self, path: &'a Path) -> Self {
        self.work_tree = Some(path);
        self
    }

    #[must_use]
    pub(super) fn index(self, path: &Path) -> Self {
        self.env("GIT_INDEX_FILE", path)
    }

    #[must_use]
    pub(super) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.env.insert(name.into(), value.as_ref().to_owned());
        self
    }

    /// Ends the command once it has taken `wall`.
    #[must_use]
    pub(super) fn within(mut self, wall: Duration) -> Self {
        self.wall = wall;
        self
    }

    #[must_use]
    pub(super) fn stdin(mut self, bytes: Vec<u8>) -> Self {
        self.stdin = Some(bytes);
        self
    }

    /// What it said, if it succeeded.
    pub(super) async fn output(self) -> Result<Vec<u8>, WorkspaceError> {
        let (name, git, work_tree) = (self.name(), self.git, self.work_tree);
        let exit = self.exit(Sink::Memory { cap: LISTING }).await?;
        if exit.end != End::Code(0) {
            return Err(git.failed_in(work_tree, &name, &exit));
        }
        if exit.stdout.truncated {
            return Err(WorkspaceError::TooMuch { command: name, cap: LISTING });
        }
        Ok(exit.stdout.bytes)
    }

    /// The one object it named.
    pub(super) async fn object(self) -> Result<ObjectId, WorkspaceError> {
        let name = self.name();
        let bytes = self.output().await?;
        let text = String::from_utf8_lossy(&bytes);
        ObjectId::new(text.trim_end()).map_err(|_| WorkspaceError::Garbled { command: name })
    }

    /// How it ended, unless it was cancelled.
    pub(super) async fn exit(self, stdout: Sink) -> Result<Exit, WorkspaceError> {
        // Unlinked as soon as the command is over.
        let mut input = None;
        if let Some(bytes) = &self.stdin {
            let mut file = fs::temp_file_in(&self.git.dir, INPUT)?;
            file.write_all(bytes).map_err(|error| WorkspaceError::system("write", file.path(), error))?;
            input = Some(file);
        }
        let stdin = input.as_ref().map_or(Stdin::Null, |file| Stdin::File(file.path().to_path_buf()));
        let command = self.command(stdin, stdout);
        let tools = &self.git.tools;
        let exit = match tools.supervisors.run(command, &tools.cancel).await {
            Err(ProcessError::NotFound { .. }) => return Err(WorkspaceError::GitMissing),
            other => other?,
        };
        if exit.end == End::Cancelled { Err(WorkspaceError::Cancelled) } else { Ok(exit) }
    }

    fn command(&self, stdin: Stdin, stdout: Sink) -> Command {
        let mut argv: Vec<OsString> = vec!["git".into()];
        for setting in SETTINGS {
            argv.extend(["-c".into(), setting.into()]);
        }
        for setting in &self.config {
            argv.extend(["-c".into(), setting.clone()]);
        }
        argv.push(joined("--git-dir=", &self.git.dir));
        if let Some(path) = self.work_tree {
            argv.push(joined("--work-tree=", path));
        }
        argv.extend(self.args.iter().cloned());
        let mut env = environment(&self.git.tools.env);
        env.extend(self.env.clone());
        Command {
            argv,
            env,
            cwd: self.work_tree.unwrap_or(&self.git.dir).to_path_buf(),
            stdin,
            stdout,
            stderr: Sink::Memory { cap: 64 << 10 },
            limits: Limits { wall: self.wall, idle: self.wall, output_bytes: 4 << 30, ..Limits::default() },
        }
    }

    /// The subcommand, for errors.
    fn name(&self) -> String {
        self.args.first().map(|arg| arg.to_string_lossy().into_owned()).unwrap_or_default()
    }
}

/// The parts of output under `-z`.
pub(super) fn parts(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split(|byte| *byte == 0).filter(|part| !part.is_empty())
}

/// The version as git says it, refused when it is too old.
pub(super) async fn version(git: &Git) -> Result<String, WorkspaceError> {
    // `--version` looks at no repository, so the folder need not be one yet.
    let said = git.call(["version"]).within(PROBE).output().await?;
    let said = String::from_utf8_lossy(&said);
    let version = said.trim().trim_start_matches("git version ").to_owned();
    let found = git_numbers(&version);
    if found < OLDEST_GIT {
        Err(WorkspaceError::GitTooOld { found: text::printable(&version, 40) })
    } else {
        Ok(version)
    }
}

/// The first two numbers of a version of git.
pub fn git_numbers(version: &str) -> (u32, u32) {
    let mut numbers = version.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
}

fn environment(parent: &Env) -> BTreeMap<OsString, OsString> {
    let path = parent.get("PATH").unwrap_or_default();
    // A relative entry would find programs that an agent left in its workspace.
    let absolute = std::env::split_paths(path).filter(|entry| entry.is_absolute());
    let path = std::env::join_paths(absolute).unwrap_or_default();
    let fixed = [
        ("GIT_CONFIG_NOSYSTEM", "1"),
        ("GIT_CONFIG_SYSTEM", "/dev/null"),
        ("GIT_CONFIG_GLOBAL", "/dev/null"),
        ("GIT_ATTR_NOSYSTEM", "1"),
        ("GIT_TERMINAL_PROMPT", "0"),
        ("GIT_OPTIONAL_LOCKS", "0"),
        ("GIT_NO_REPLACE_OBJECTS", "1"),
        ("GIT_NO_LAZY_FETCH", "1"),
        ("GIT_AUTHOR_NAME", "orchestra"),
        ("GIT_AUTHOR_EMAIL", "orchestra@localhost"),
        ("GIT_COMMITTER_NAME", "orchestra"),
        ("GIT_COMMITTER_EMAIL", "orchestra@localhost"),
        ("LC_ALL", "C"),
    ];
    let mut env: BTreeMap<OsString, OsString> =
        fixed.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
    env.insert("PATH".into(), path);
    env
}

fn joined(flag: &str, path: &Path) -> OsString {
    let mut arg = OsString::from(flag);
    arg.push(path);
    arg
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn git_sees_no_variable_of_ours_and_no_relative_path() {
        let parent = Env::from_iter([("PATH", "/usr/bin:.:bin:/bin"), ("GIT_DIR", "/x"), ("HOME", "/h")]);
        let env = environment(&parent);
        assert_eq!(env[OsStr::new("PATH")], "/usr/bin:/bin");
        assert!(!env.contains_key(OsStr::new("GIT_DIR")) && !env.contains_key(OsStr::new("HOME")));
    }

    #[test]
    fn output_is_split_at_nul_so_that_newlines_stay_in_names() {
        assert_eq!(parts(b"a\nb\0c\0").collect::<Vec<_>>(), [&b"a\nb"[..], b"c"]);
    }
}
