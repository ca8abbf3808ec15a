//! What is killed: a small run with everything that a run writes. A git workspace, checks, an artifact, an attempt that
//! fails and its retry, a check of the whole.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::{Map, Value};

use crate::rig::{GONE_WITHIN, Rig, tasks_of};
use crate::trace::{Fault, Follow, Traced, stopped, trace};
use crate::world::Output;

/// The tasks, each after the one before.
pub const TASKS: [&str; 3] = ["a", "b", "c"];

/// Says that it starts, leaves a file for others and one of its own, says that it ends. The first attempt at `b` fails.
const AGENT: &str = r#"
echo "start $ORCHESTRA_TASK_ID $ORCHESTRA_ATTEMPT" >> "$LOG"
echo "working on $ORCHESTRA_TASK_ID"
echo junk > "junk-$ORCHESTRA_TASK_ID-$ORCHESTRA_ATTEMPT.txt"
if [ "$ORCHESTRA_TASK_ID $ORCHESTRA_ATTEMPT" = "b 1" ]; then
    echo "it does not work" >&2
    exit 1
fi
echo "$ORCHESTRA_TASK_ID" > "$ORCHESTRA_TASK_ID.txt"
rm "junk-$ORCHESTRA_TASK_ID-$ORCHESTRA_ATTEMPT.txt"
[ "$ORCHESTRA_TASK_ID" = a ] && mkdir -p "$ORCHESTRA_ARTIFACTS/deep" && echo notes > "$ORCHESTRA_ARTIFACTS/deep/notes.txt"
if [ "$ORCHESTRA_TASK_ID" = c ]; then
    echo changed > readme.txt
    ln -s c.txt link
fi
echo "end $ORCHESTRA_TASK_ID $ORCHESTRA_ATTEMPT" >> "$LOG"
"#;

/// A project that can be run in, and killed in.
pub struct Scene {
    pub rig: Rig,
}

/// What came of a traced call.
pub struct Call {
    pub traced: Traced,
    pub said: Output,
}

/// What a run had come to when its process was gone.
pub struct Recorded {
    /// Tasks whose work is on record.
    done: BTreeSet<String>,
    starts: BTreeMap<String, usize>,
}

/// What must be the same however often a run was killed.
pub struct Result {
    tree: String,
    report: Value,
    artifacts: BTreeMap<PathBuf, String>,
}

impl Scene {
    pub fn new(settings: &[&str]) -> Self {
        let rig = Rig::new(&TASKS, AGENT).with(&[&["workspace.mode=worktree"], settings].concat());
        let plan = fs::read_to_string(rig.at("plan.json")).unwrap();
        let mut plan: Value = serde_json::from_str(&plan).unwrap();
        plan["tasks"][0]["artifacts"] = serde_json::json!(["deep/notes.txt"]);
        fs::write(rig.at("plan.json"), plan.to_string()).unwrap();
        let config = fs::read_to_string(rig.at("orchestra.yaml")).unwrap();
        let whole = "checks: {whole: {run: [test, -e, readme.txt], expect: keep}}\n";
        fs::write(rig.at("orchestra.yaml"), config + whole).unwrap();
        for args in [
            &["init", "-q", "-b", "main"][..],
            &["add", "."],
            &["-c", "user.name=u", "-c", "user.email=u@example.org", "commit", "-q", "-m", "first"],
        ] {
            let mut git = Command::new("git");
            rig.world.settle(&mut git);
            assert!(git.args(args).stdin(Stdio::null()).status().unwrap().success());
        }
        Self { rig }
    }

    /// Everything of this world: the project, its runs, and the cache where the work is done.
    pub fn everywhere(&self) -> Vec<PathBuf> {
        vec![self.rig.world.root().canonicalize().unwrap()]
    }

    /// The runs alone.
    pub fn runs(&self) -> Vec<PathBuf> {
        vec![self.rig.world.project().canonicalize().unwrap().join("runs")]
    }

    /// Calls the program under trace.
    #[track_caller]
    pub fn call<A: AsRef<str>>(&self, args: &[A], roots: &[PathBuf], follow: Follow, fault: Fault) -> Call {
        // Outside of what is traced, so that what it says counts as no change.
        let said = tempfile::tempdir().unwrap();
        let (out, err) = (said.path().join("stdout"), said.path().join("stderr"));
        let mut command = Command::new("sh");
        self.rig.world.settle(&mut command);
        command.args(stopped(&self.rig.world.command(args)));
        command.stdout(File::create(&out).unwrap()).stderr(File::create(&err).unwrap());
        let started = std::time::Instant::now();
        let traced = trace(&mut command, roots, follow, fault);
        let text = |path| String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned();
        let said =
            Output { code: traced.code.unwrap_or(-1), stdout: text(&out), stderr: text(&err), took: started.elapsed() };
        Call { traced, said }
    }

    /// What is on record. Nothing of the world lives when it is asked.
    #[track_caller]
    pub fn recorded(&self) -> Recorded {
        self.rig.is_gone_within(GONE_WITHIN);
        let done = tasks_of(&self.rig.events(), |event| event["data"]["outcome"]["ok"].is_object());
        Recorded { done, starts: self.rig.starts() }
    }

    /// Asserts that what was on record was not done again.
    #[track_caller]
    pub fn has_not_repeated(&self, before: &Recorded, why: &str) {
        let starts = self.rig.starts();
        for task in &before.done {
            assert_eq!(starts.get(task), before.starts.get(task), "{task} ran again, {why}: {:?}", self.rig.log());
        }
    }

    /// Asserts what holds of a run that came to its end, and gives what it came to.
    #[track_caller]
    pub fn result(&self, why: &str) -> Result {
        self.rig.is_gone_within(GONE_WITHIN);
        self.rig.journal_is_clean();
        let journal = fs::read(self.rig.dir().join("events.jsonl")).unwrap();
        for line in journal.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            let end = line.len() - r#","crc":"00000000"}"#.len();
            let crc = format!(r#","crc":"{:08x}"}}"#, crc32c::crc32c(&line[..end]));
            assert_eq!(&line[end..], crc.as_bytes(), "{why}: {}", String::from_utf8_lossy(line));
        }
        assert_eq!(self.rig.verdict(), "success", "{why}");
        let dir = self.rig.dir();
        let report = fs::read_to_string(dir.join("report.json")).unwrap();
        let manifest = fs::read_to_string(dir.join("artifacts/manifest.json")).unwrap();
        let manifest: Value = serde_json::from_str(&manifest).unwrap();
        let artifacts = manifest["artifacts"].as_array().unwrap().iter().map(|entry| {
            let path = PathBuf::from(entry["path"].as_str().unwrap());
            let kept = fs::read_to_string(dir.join("artifacts").join(&path)).unwrap();
            (path, kept)
        });
        for file in ["report.md", "junit.xml", "plan.json", "plans/0001.json", "config.yaml", "ticket.md"] {
            assert!(fs::metadata(dir.join(file)).unwrap().len() > 0, "{file} is empty, {why}");
        }
        Result {
            tree: self.rig.tree(),
            report: lasting(&serde_json::from_str(&report).unwrap()),
            artifacts: artifacts.collect(),
        }
    }

    /// What lies beside the runs, in one, or in the cache under the name of something that is not finished.
    pub fn unfinished(&self) -> Vec<PathBuf> {
        const NAMES: [&str; 5] = [".new-", ".trash-", ".orchestra-", "stdin-", "apply-"];
        let mut found = Vec::new();
        let mut folders = vec![self.rig.world.project(), self.rig.world.root().join("cache")];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).into_iter().flatten().filter_map(std::result::Result::ok) {
                let name = entry.file_name();
                let name = name.to_string_lossy();
                if NAMES.iter().any(|start| name.starts_with(start)) || name.ends_with(".lock") {
                    found.push(entry.path());
                } else if entry.file_type().is_ok_and(|kind| kind.is_dir()) && name != ".git" {
                    folders.push(entry.path());
                }
            }
        }
        // Held by supervisors while they live, and kept.
        found.retain(|path| !path.ends_with("supervisors.lock"));
        found
    }

    /// The workspaces that are left of runs.
    pub fn workspaces(&self) -> usize {
        fs::read_dir(self.rig.world.root().join("cache/orchestra/work")).map_or(0, Iterator::count)
    }
}

impl Result {
    /// Asserts that another run came to the same.
    #[track_caller]
    pub fn is(&self, other: &Self, why: &str) {
        let said = |result: &Self| serde_json::to_string_pretty(&result.report).unwrap();
        let (mine, others) = (said(self), said(other));
        let differ = mine.lines().zip(others.lines()).find(|(mine, other)| mine != other);
        assert_eq!(differ, None, "the reports differ, {why}");
        assert_eq!(mine.len(), others.len(), "the reports differ, {why}");
        assert_eq!((&self.tree, &self.artifacts), (&other.tree, &other.artifacts), "{why}");
    }
}

/// A report without what differs from run to run: names, times, what was used of limits, and how often it was interrupted.
fn lasting(report: &Value) -> Value {
    const DIFFERS: [&str; 19] = [
        "run",
        "trace_id",
        "started_at",
        "ended_at",
        "created_at",
        "attempts",
        "attempt",
        "duration_ms",
        "ms",
        "at",
        "metrics",
        "errors",
        "processes",
        "concerns",
        "synthesis",
        "next",
        "retried",
        "trouble",
        "limits",
    ];
    match report {
        Value::Object(fields) => {
            let kept = fields.iter().filter(|(name, _)| !DIFFERS.contains(&name.as_str()));
            Value::Object(kept.map(|(name, value)| (name.clone(), lasting(value))).collect::<Map<_, _>>())
        }
        Value::Array(items) => items.iter().map(lasting).collect(),
        other => other.clone(),
    }
}
