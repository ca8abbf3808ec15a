//! Workspaces on real git: snapshots that touch nothing, rollbacks that survive whatever was left, commits that repeat.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use orchestra::ids::{ObjectId, RunId};
use orchestra::process::{self, Supervisors};
use orchestra::sys::env::Env;
use orchestra::time::Timestamp;
use orchestra::workspace::{
    Filled, NewCommit, Options, PatchMode, Patched, Prepared, Shadow, Tools, WorkspaceError, WorkspaceMode, Workspaces,
    apply_patch, prepare,
};
use tokio_util::sync::CancellationToken;

/// A user's machine: a project, a cache, a run directory.
pub(crate) struct World {
    root: tempfile::TempDir,
}

impl World {
    pub(crate) fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        for folder in ["project", "run", "cache"] {
            fs::create_dir(root.path().join(folder)).unwrap();
        }
        Self { root }
    }

    /// One whose project is a git repository with a commit of two files.
    pub(crate) fn with_git() -> Self {
        let world = Self::new();
        world.git(&["init", "-q", "-b", "main"]);
        world.write("src/lib.rs", "one\ntwo\nthree\nfour\nfive\n");
        world.write(".gitignore", "/target\n*.log\n");
        world.commit();
        world
    }

    pub(crate) fn path(&self, below: &str) -> PathBuf {
        self.root.path().canonicalize().unwrap().join(below)
    }

    pub(crate) fn project(&self) -> PathBuf {
        self.path("project")
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        put(&self.project().join(name), text.as_bytes());
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.project().join(name)).unwrap()
    }

    /// The user's own git.
    pub(crate) fn git(&self, args: &[&str]) -> String {
        let mut git = Command::new("git");
        git.args(["-c", "user.name=u", "-c", "user.email=u@localhost"]).args(args);
        let out = git.current_dir(self.project()).env("GIT_CONFIG_GLOBAL", "/dev/null").output().unwrap();
        assert!(out.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&out.stderr));
        String::from_utf8_lossy(&out.stdout).into_owned()
    }

    pub(crate) fn commit(&self) {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "-m", "c"]);
    }

    pub(crate) fn options(&self) -> Options {
        Options {
            mode: WorkspaceMode::Auto,
            setup: Vec::new(),
            copy: Vec::new(),
            project: self.project(),
            cache: self.path("cache"),
            base_rev: None,
            exclude: vec![self.project().join("runs")],
            pass_env: Vec::new(),
        }
    }

    pub(crate) async fn prepare(&self, options: Options) -> Result<Prepared, WorkspaceError> {
        prepare(options, &self.path("run/shadow.git"), &run(), &tools()).await
    }

    pub(crate) async fn workspaces(&self, options: Options) -> Workspaces {
        self.prepare(options).await.unwrap().space.isolated().unwrap().clone()
    }
}

pub(crate) fn run() -> RunId {
    RunId::new("20261121-093312-a1b2").unwrap()
}

pub(crate) fn tools() -> Tools {
    let program = env!("CARGO_BIN_EXE_orchestra").into();
    Tools {
        supervisors: Supervisors::start(process::Options { program, guard: None }).unwrap(),
        env: Env::from_iter([("PATH", std::env::var("PATH").unwrap())]),
        cancel: CancellationToken::new(),
    }
}

pub(crate) fn put(path: &Path, bytes: &[u8]) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

/// Every file below a folder with its content, links as links.
pub(crate) fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap().map(Result::unwrap) {
            let (path, kind) = (entry.path(), entry.file_type().unwrap());
            let name = path.strip_prefix(folder).unwrap().to_path_buf();
            if kind.is_symlink() {
                found.push((name, fs::read_link(&path).unwrap().as_os_str().as_bytes().to_vec()));
            } else if kind.is_dir() {
                folders.push(path);
            } else {
                found.push((name, fs::read(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

#[tokio::test]
async fn a_dirty_tree_is_taken_as_it_is_and_nothing_of_the_users_changes() {
    let world = World::with_git();
    world.write("src/lib.rs", "edited\n");
    world.write("staged.txt", "s\n");
    world.git(&["add", "staged.txt"]);
    world.write("untracked.txt", "u\n");
    world.write("target/out.o", "ignored\n");
    world.write("runs/old/events.jsonl", "a run\n");
    let state = || (world.git(&["status", "--porcelain"]), world.git(&["for-each-ref"]), files(&world.project()));
    let before = state();
    let index = fs::metadata(world.project().join(".git/index")).unwrap().modified().unwrap();

    let spaces = world.workspaces(world.options()).await;
    let folder = spaces.create(0).await.unwrap();

    assert_eq!(index, fs::metadata(world.project().join(".git/index")).unwrap().modified().unwrap());
    assert_eq!(state(), before);
    let names: Vec<String> = files(&folder).iter().map(|(name, _)| name.display().to_string()).collect();
    assert_eq!(names, [".gitignore", "src/lib.rs", "staged.txt", "untracked.txt"]);
    assert_eq!(fs::read_to_string(folder.join("src/lib.rs")).unwrap(), "edited\n");
    assert_eq!(spaces.filled(), Filled::FromGit);
    assert_eq!(spaces.capture(0).await.unwrap(), *spaces.base(), "nothing was changed, so the tree is the same");
}

#[tokio::test]
async fn names_and_bytes_survive_whatever_they_are() {
    let world = World::with_git();
    world.write(".gitattributes", "* text eol=crlf\n*.bin filter=evil diff=evil\n");
    for (name, bytes) in [
        (&b"new\nline"[..], &b"a\r\nb\n"[..]),
        (b"sp ace \"q\"", b"\0\x01\xff"),
        ("ünïcode ✓".as_bytes(), b""),
        (b"not utf8 \xff.bin", b"x"),
        (b":(exclude)magic", b"m"),
    ] {
        put(&world.project().join(OsStr::from_bytes(name)), bytes);
    }
    symlink("/etc/passwd", world.project().join("link")).unwrap();
    fs::set_permissions(world.project().join("src/lib.rs"), fs::Permissions::from_mode(0o755)).unwrap();
    let spaces = world.workspaces(world.options()).await;
    let folder = spaces.create(0).await.unwrap();
    let mut expected = files(&world.project());
    expected.retain(|(name, _)| !name.starts_with(".git/"));
    assert_eq!(files(&folder), expected);
    assert_ne!(fs::metadata(folder.join("src/lib.rs")).unwrap().permissions().mode() & 0o100, 0);
}

#[tokio::test]
async fn a_git_folder_or_file_in_a_workspace_is_never_read_and_nothing_of_the_repository_runs() {
    let world = World::with_git();
    let evil = world.path("evil");
    let script = world.path("script");
    let proof = world.path("proof");
    put(&script, format!("#!/bin/sh\ntouch {}\n", proof.display()).as_bytes());
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    let hooked = [("core.fsmonitor", &script), ("diff.external", &script), ("filter.x.clean", &script)];
    for (key, value) in hooked {
        world.git(&["config", key, value.to_str().unwrap()]);
    }
    for hook in ["post-index-change", "post-checkout", "pre-commit", "reference-transaction"] {
        fs::copy(&script, world.project().join(".git/hooks").join(hook)).unwrap();
    }
    world.write(".gitattributes", "* filter=x\n");
    let spaces = world.workspaces(world.options()).await;
    let folder = spaces.create(0).await.unwrap();
    // The agent makes a repository that would run the script, and points the workspace at it.
    Command::new("cp").arg("-a").arg(world.project().join(".git")).arg(&evil).status().unwrap();
    put(&folder.join(".git"), format!("gitdir: {}\n", evil.display()).as_bytes());
    put(&folder.join("new.txt"), b"n");
    let tree = spaces.capture(0).await.unwrap();
    spaces.shadow().diff(spaces.base(), &tree, 1 << 20).await.unwrap();
    spaces.reset(0, &tree).await.unwrap();
    assert!(!proof.exists(), "something of the repository ran");
    assert!(!folder.join(".git").exists());
    let changed = spaces.shadow().changed_paths(spaces.base(), &tree).await.unwrap();
    assert_eq!(changed, [PathBuf::from("new.txt")]);
}

#[tokio::test]
async fn a_rollback_brings_the_exact_tree_back_and_keeps_build_output() {
    let world = World::with_git();
    world.write("keep/a.txt", "a\n");
    let outside = world.path("outside");
    put(&outside.join("precious"), b"p");
    let spaces = world.workspaces(world.options()).await;
    let folder = spaces.create(0).await.unwrap();
    let before = files(&folder);
    put(&folder.join("target/cache.o"), b"built");
    let untouched = fs::metadata(folder.join(".gitignore")).unwrap().modified().unwrap();

    fs::remove_dir_all(folder.join("keep")).unwrap();
    symlink(&outside, folder.join("keep")).unwrap();
    fs::remove_file(folder.join("src/lib.rs")).unwrap();
    put(&folder.join("src/lib.rs/now/a/folder"), b"x");
    put(&folder.join("hidden/.gitignore"), b"*\n");
    put(&folder.join("locked/deep/file"), b"x");
    for locked in ["locked/deep", "locked", "src"] {
        fs::set_permissions(folder.join(locked), fs::Permissions::from_mode(0o500)).unwrap();
    }
    symlink(&outside, folder.join("untracked-link")).unwrap();
    put(&folder.join("index.lock"), b"");

    spaces.reset(0, spaces.base()).await.unwrap();
    assert!(folder.join("target/cache.o").exists());
    fs::remove_dir_all(folder.join("target")).unwrap();
    assert_eq!(files(&folder), before);
    assert_eq!(fs::read(outside.join("precious")).unwrap(), b"p");
    assert_eq!(untouched, fs::metadata(folder.join(".gitignore")).unwrap().modified().unwrap());
}

#[tokio::test]
async fn a_workspace_that_was_replaced_or_whose_index_is_damaged_is_made_again() {
    let world = World::with_git();
    let spaces = world.workspaces(world.options()).await;
    let folder = spaces.create(0).await.unwrap();
    let before = files(&folder);
    let home = world.path("home");
    put(&home.join("precious"), b"p");
    fs::remove_dir_all(&folder).unwrap();
    symlink(&home, &folder).unwrap();
    assert!(matches!(spaces.capture(0).await, Err(WorkspaceError::Replaced(_))));
    spaces.reset(0, spaces.base()).await.unwrap();
    assert_eq!(files(&folder), before);
    assert!(home.join("precious").exists());

    put(&world.path("run/shadow.git/indexes/0"), b"garbage");
    put(&world.path("run/shadow.git/indexes/0.lock"), b"");
    put(&folder.join("src/lib.rs"), b"changed");
    spaces.reset(0, spaces.base()).await.unwrap();
    assert_eq!(files(&folder), before);
}

#[tokio::test]
async fn a_repository_in_the_base_is_left_out_and_one_in_a_result_is_an_error() {
    let world = World::with_git();
    fs::create_dir(world.project().join("sub")).unwrap();
    world.write("sub/x", "x\n");
    Command::new("git").args(["init", "-q"]).current_dir(world.project().join("sub")).status().unwrap();
    let prepared = world.prepare(world.options()).await.unwrap();
    assert!(prepared.notes.iter().any(|note| note.contains("sub is a git repository")), "{:?}", prepared.notes);
    let spaces = prepared.space.isolated().unwrap();
    let folder = spaces.create(0).await.unwrap();
    assert!(!folder.join("sub").exists());
    put(&folder.join("a/inner/x"), b"x");
    Command::new("git").args(["init", "-q"]).current_dir(folder.join("a/inner")).status().unwrap();
    let error = spaces.capture(0).await.unwrap_err();
    assert!(error.to_string().contains("a/inner"), "{error}");
}

#[tokio::test]
async fn the_same_commit_is_made_twice_and_a_missing_one_is_found() {
    let world = World::with_git();
    let spaces = world.workspaces(world.options()).await;
    let commit = || async {
        let at = Timestamp::from_millis(1_795_253_592_123);
        let made = NewCommit { tree: spaces.base(), parents: &[], at, message: "t1, attempt 1" };
        spaces.shadow().commit(made, 1).await.unwrap()
    };
    let (first, second) = (commit().await, commit().await);
    assert_eq!(first, second);
    assert_eq!(spaces.shadow().tree_of(&first).await.unwrap(), *spaces.base());
    let absent = ObjectId::new(&"1".repeat(40)).unwrap();
    let shadow = Shadow::open(&world.path("run/shadow.git"), &tools()).unwrap();
    assert_eq!(shadow.missing(&[first, absent.clone()]).await.unwrap(), [absent]);
}

#[tokio::test]
async fn without_git_files_are_copied_and_a_subfolder_is_a_project_by_the_rules_above_it() {
    let plain = World::new();
    plain.write("a.txt", "a\n");
    plain.write(".gitignore", "*.log\n");
    plain.write("x.log", "l\n");
    let spaces = plain.workspaces(plain.options()).await;
    assert_eq!(spaces.filled(), Filled::ByCopy);
    assert_eq!(files(&spaces.create(0).await.unwrap()).len(), 2);

    let world = World::with_git();
    world.write(".gitignore", "*.log\n/sub/*/out\n/target\n");
    world.write("sub/demo/main.rs", "m\n");
    world.commit();
    world.write("sub/demo/out/x", "built\n");
    for mode in [WorkspaceMode::Auto, WorkspaceMode::Copy] {
        fs::remove_dir_all(world.path("run")).unwrap();
        fs::remove_dir_all(world.path("cache")).unwrap();
        let project = world.project().join("sub/demo");
        let spaces = world.workspaces(Options { mode, project, ..world.options() }).await;
        let folder = spaces.create(0).await.unwrap();
        assert_eq!(files(&folder), [("main.rs".into(), b"m\n".to_vec())]);
        put(&folder.join("out/y"), b"built in the workspace");
        assert_eq!(spaces.capture(0).await.unwrap(), *spaces.base());
    }
}

#[tokio::test]
async fn a_base_revision_takes_a_commit_and_bad_ones_are_named() {
    let world = World::with_git();
    let commit = world.git(&["rev-parse", "HEAD"]).trim().to_owned();
    world.write("src/lib.rs", "edited\n");
    let rev = |rev: &str| Options { base_rev: Some(rev.to_owned()), ..world.options() };
    let prepared = world.prepare(rev("main")).await.unwrap();
    assert_eq!(prepared.commit, Some(commit));
    let folder = prepared.space.isolated().unwrap().create(0).await.unwrap();
    assert!(fs::read_to_string(folder.join("src/lib.rs")).unwrap().starts_with("one"));
    for bad in ["nope", "--output=/x", "HEAD:src"] {
        let error = world.prepare(rev(bad)).await.err().unwrap();
        assert!(matches!(error, WorkspaceError::NoRevision(_)), "{bad}: {error}");
    }
    let blind = Tools { env: Env::from_iter([("PATH", "/nonexistent")]), ..tools() };
    let error = prepare(world.options(), &world.path("run/other.git"), &run(), &blind).await.err().unwrap();
    assert!(matches!(error, WorkspaceError::GitMissing), "{error}");
    let plain = World::new();
    let error = plain.prepare(Options { mode: WorkspaceMode::Worktree, ..plain.options() }).await.err().unwrap();
    assert!(matches!(error, WorkspaceError::NotInGit { .. }), "{error}");
    plain.git(&["init", "-q", "--bare", "."]);
    let error = plain.prepare(plain.options()).await.err().unwrap();
    assert!(matches!(error, WorkspaceError::Bare(_)), "{error}");
}

#[tokio::test]
async fn set_up_and_copied_files_are_in_every_workspace_and_in_no_tree() {
    let world = World::with_git();
    world.write(".env", "KEY=1\n");
    world.git(&["config", "core.excludesFile", "/dev/null"]);
    let setup = vec![vec![
        "sh".to_owned(),
        "-c".to_owned(),
        "mkdir -p deps && echo d > deps/d; echo x >> src/lib.rs".to_owned(),
    ]];
    let copy = vec![".env".to_owned()];
    world.write(".gitignore", "/target\n.env\n");
    let spaces = world.workspaces(Options { setup, copy, ..world.options() }).await;
    let folder = spaces.create(0).await.unwrap();
    assert_eq!(spaces.capture(0).await.unwrap(), *spaces.base());
    assert!(folder.join("deps/d").exists());
    assert_eq!(fs::metadata(folder.join(".env")).unwrap().permissions().mode() & 0o777, 0o600);
    let checkout = spaces.checkout(1, spaces.base()).await.unwrap();
    assert!(checkout.join("deps/d").exists() && checkout.join(".env").exists());

    fs::remove_dir_all(world.path("run")).unwrap();
    let setup = vec![vec!["sh".to_owned(), "-c".to_owned(), "echo no network >&2; exit 7".to_owned()]];
    let spaces = world.workspaces(Options { setup, ..world.options() }).await;
    let error = spaces.create(3).await.unwrap_err().to_string();
    assert!(error.contains("exit 7") && error.contains("no network"), "{error}");
}

#[tokio::test]
async fn a_patch_fits_is_already_there_or_is_refused() {
    let world = World::with_git();
    let patch = "--- a/src/lib.rs\n+++ b/src/lib.rs\n@@ -1,3 +1,3 @@\n one\n-two\n+2\n three\n";
    let folder = world.project();
    let tools = tools();
    let tried = apply_patch(&tools, &folder, patch, PatchMode::Check).await.unwrap();
    assert_eq!(tried, Patched::Applied { paths: vec!["src/lib.rs".into()] });
    assert!(world.read("src/lib.rs").contains("two"));
    apply_patch(&tools, &folder, patch, PatchMode::Apply).await.unwrap();
    assert!(world.read("src/lib.rs").contains("\n2\n"));
    assert_eq!(apply_patch(&tools, &folder, patch, PatchMode::Apply).await.unwrap(), Patched::AlreadyApplied);
    let wrong_counts = "--- src/lib.rs\n+++ src/lib.rs\n@@ -3,9 +3,9 @@\n three\n-four\n+4\n five\n";
    assert!(matches!(
        apply_patch(&tools, &folder, wrong_counts, PatchMode::Apply).await.unwrap(),
        Patched::Applied { .. }
    ));
    symlink("/tmp", folder.join("way")).unwrap();
    for path in ["../out", "/etc/orchestra", "way/out", ".git/config"] {
        let patch = format!("--- /dev/null\n+++ b/{path}\n@@ -0,0 +1 @@\n+x\n");
        let refused = apply_patch(&tools, &folder, &patch, PatchMode::Check).await.unwrap();
        assert!(matches!(refused, Patched::Refused { .. }), "{path}: {refused:?}");
    }
    assert!(matches!(
        apply_patch(&tools, &folder, "not a patch", PatchMode::Check).await.unwrap(),
        Patched::Refused { .. }
    ));
}

#[tokio::test]
#[ignore = "slow: run with just faults"]
async fn a_file_of_more_than_half_a_gigabyte_is_part_of_a_snapshot_as_small_ones_are() {
    let world = World::with_git();
    world.write("small.txt", "small\n");
    fs::File::create(world.project().join("large.bin")).unwrap().set_len((512 << 20) + 1).unwrap();
    let spaces = world.workspaces(world.options()).await;
    let folder = spaces.create(0).await.unwrap();
    assert_eq!(fs::metadata(folder.join("large.bin")).unwrap().len(), (512 << 20) + 1);
    assert!(folder.join("small.txt").exists());
}
