//! Diffs that a ticket brings and scripts that agents play: whatever they say, only the workspace changes.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::Duration;

use orchestra::agent::{Agents, AttemptFiles, Change, Context, Job, Link, ScriptedSpec, Spec};
use orchestra::ids::{AgentName, TraceId};
use orchestra::policy::Limits;
use orchestra::process::{Gate, Options, Supervisors};
use orchestra::sys::env::Env;
use orchestra::workspace::{PatchMode, Patched, Tools, apply_patch};
use proptest::prelude::*;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::kit::{changed_text, hold};

const GOOD: &str = "diff --git a/src/lib.rs b/src/lib.rs
--- a/src/lib.rs
+++ b/src/lib.rs
@@ -1,5 +1,5 @@
 one
-two
+2
 three
 four
 five
diff --git a/new/file.txt b/new/file.txt
new file mode 100644
--- /dev/null
+++ b/new/file.txt
@@ -0,0 +1 @@
+hello
diff --git a/old.txt b/old.txt
deleted file mode 100644
--- a/old.txt
+++ /dev/null
@@ -1 +0,0 @@
-old
";

/// Each tries to get out.
const SLY: [&str; 5] = [
    "--- /dev/null\n+++ b/../outside.txt\n@@ -0,0 +1 @@\n+x\n",
    "--- a/out/outside.txt\n+++ b/out/outside.txt\n@@ -1 +1 @@\n-theirs\n+ours\n",
    "diff --git a/l b/l\nnew file mode 120000\n--- /dev/null\n+++ b/l\n@@ -0,0 +1 @@\n+..\n\\ No newline at end of file\ndiff --git a/l/outside.txt b/l/outside.txt\n--- a/l/outside.txt\n+++ b/l/outside.txt\n@@ -1 +1 @@\n-theirs\n+ours\n",
    "--- /dev/null\n+++ b/.git/hooks/post-checkout\n@@ -0,0 +1 @@\n+x\n",
    "diff --git a/src/lib.rs b/../outside.txt\nsimilarity index 100%\nrename from src/lib.rs\nrename to ../outside.txt\n",
];

/// A workspace, and around it what is none of its business.
struct Room {
    root: tempfile::TempDir,
}

impl Room {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let put = |path: &str, text: &str| {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        put("outside.txt", "theirs\n");
        put("work/src/lib.rs", "one\ntwo\nthree\nfour\nfive\n");
        put("work/old.txt", "old\n");
        put("work/.git/config", "[core]\n");
        fs::create_dir(root.path().join("artifacts")).unwrap();
        symlink("..", root.path().join("work/out")).unwrap();
        Self { root }
    }

    fn work(&self) -> PathBuf {
        self.root.path().join("work")
    }

    /// Everything that nobody may touch.
    fn around(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut files = files(self.root.path());
        files.retain(|path, _| {
            let ours = ["work", "artifacts", "attempt", "script.yaml"].iter().any(|name| path.starts_with(name));
            !ours || path.starts_with("work/.git")
        });
        files
    }

    fn inside(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        files(&self.work())
    }
}

/// Every file with what is in it, every link with where it leads, no link followed.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let (path, kind) = entry.map(|entry| (entry.path(), entry.file_type().unwrap())).unwrap();
            let content = if kind.is_dir() {
                folders.push(path.clone());
                b"folder".to_vec()
            } else if kind.is_symlink() {
                fs::read_link(&path).unwrap().into_os_string().into_encoded_bytes()
            } else {
                fs::read(&path).unwrap()
            };
            found.insert(path.strip_prefix(folder).unwrap().to_path_buf(), content);
        }
    }
    found
}

/// A runtime of one thread, and supervisors that live as long.
struct Machine {
    runtime: tokio::runtime::Runtime,
    supervisors: Supervisors,
}

impl Machine {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let program = env!("CARGO_BIN_EXE_orchestra").into();
        let supervisors = Supervisors::start(Options { program, guard: None }).unwrap();
        Self { runtime, supervisors }
    }

    fn env() -> Env {
        Env::from_iter([("PATH", std::env::var("PATH").unwrap())])
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        self.runtime.block_on(self.supervisors.clone().shutdown());
    }
}

#[test]
fn a_diff_changes_what_it_says_in_the_workspace_and_nothing_else_or_nothing_at_all() {
    let machine = Machine::new();
    let (supervisors, env) = (machine.supervisors.clone(), Machine::env());
    let tools = Tools { supervisors, env, cancel: CancellationToken::new() };
    hold(16, changed_text([GOOD, GOOD, GOOD].into_iter().chain(SLY)), |patch| {
        let room = Room::new();
        let (around, before) = (room.around(), room.inside());
        let patched = machine.runtime.block_on(apply_patch(&tools, &room.work(), &patch, PatchMode::Apply));
        assert_eq!(room.around(), around, "{patched:?}");
        let after = room.inside();
        match patched {
            Ok(Patched::Applied { paths }) => {
                let differs = |path: &&PathBuf| before.get(*path) != after.get(*path);
                for path in before.keys().chain(after.keys()).filter(differs) {
                    let is_folder = [&before, &after].iter().any(|side| side.get(path).is_some_and(|c| c == b"folder"));
                    assert!(is_folder || paths.contains(path), "{} was changed and not told", path.display());
                }
            }
            Ok(Patched::AlreadyApplied | Patched::Refused { .. }) | Err(_) => assert_eq!(after, before),
        }
    });
}

const SCRIPT: &str = "version: 1
answers:
- {task: a, attempt: 1, summary: first, writes: {src/lib.rs: 'x', 'new/a.txt': \"y\\n\"}, deletes: [old.txt], leaves: {r.txt: kept}}
- {task: '*', status: failed, output: o, files: [src/lib.rs], findings: [{text: t, severity: error, line: 3}], usage: {input_tokens: 3}}
- {task: b, fail: {class: exited, detail: no}}
";
const SLY_SCRIPT: &str = "version: 1
answers:
- {task: a, writes: {out/outside.txt: ours, 'a/b': x}}
- {task: '*', writes: {.git/config: ours}, deletes: [out/outside.txt], leaves: {../outside.txt: ours}}
";

#[test]
fn a_script_is_refused_or_played_in_the_workspace_alone() {
    let machine = Machine::new();
    hold(4, (changed_text([SCRIPT, SLY_SCRIPT]), prop::sample::select(&["a", "b", "c"][..])), |(script, task)| {
        let room = Room::new();
        let around = room.around();
        fs::write(room.root.path().join("script.yaml"), &script).unwrap();
        let (supervisors, project) = (machine.supervisors.clone(), room.root.path().to_path_buf());
        let (models, templates) =
            (orchestra::model::Models::default(), orchestra::prompt::Templates::built_in().unwrap());
        let context = Context {
            supervisors,
            env: Machine::env(),
            project,
            models,
            templates,
            patience: orchestra::model::Patience::default(),
            facts: orchestra::prompt::Facts::default(),
        };
        let name = AgentName::new("played").unwrap();
        let spec = Spec::Scripted(ScriptedSpec { file: "script.yaml".into() });
        let Ok(agents) = Agents::build(&BTreeMap::from([(name.clone(), spec)]), &context) else { return };
        let (deltas, _live) = mpsc::channel(64);
        let link = Link { deltas, notes: mpsc::unbounded_channel().0, cancel: CancellationToken::new() };
        let attempt = agents.get(&name).unwrap().attempt(job(&room, task), link);
        let _said = machine.runtime.block_on(attempt);
        assert_eq!(room.around(), around);
    });
}

fn job(room: &Room, task: &str) -> Job {
    let message = include_str!("../fixtures/messages/before-artifacts.json");
    let mut message: orchestra::message::TaskMessage = serde_json::from_str(message).unwrap();
    message.task_id = task.parse().unwrap();
    Job {
        message,
        attempt: 1,
        prompt: String::new(),
        workspace: room.work(),
        files: AttemptFiles::new(room.root.path().join("attempt")),
        artifacts: room.root.path().join("artifacts"),
        inputs: room.root.path().join("inputs"),
        trace: TraceId::new("0af7651916cd43dd8448eb211c80319c").unwrap(),
        limits: Limits { wall: Duration::from_millis(100), ..Limits::default() },
        cap: None,
        gate: Gate::default(),
        change: Change::default(),
    }
}
