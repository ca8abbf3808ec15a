//! A project with agents and a plan, and what a run of it leaves behind.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::world::{Output, World, run};

/// A user's world with a project in git, whose agents and plan are set by the test.
pub struct Scene {
    pub world: World,
}

impl Scene {
    /// A git project with one commit, and the scripted agent `actor` in every role.
    pub fn new() -> Self {
        let scene = Self::bare();
        scene.git(&["init", "-q"]);
        scene.commit("the beginning");
        scene
    }

    /// The same without git.
    pub fn bare() -> Self {
        let scene = Self { world: World::new() };
        scene.world.file("README.md", "A project.\n");
        scene.world.file(".gitignore", "/runs/\n/orchestra.yaml\n/plan.json\n/answers.json\n");
        scene.answers(&[json!({"task": "*", "summary": "All done."})]);
        scene.config(json!({}));
        scene
    }

    /// Writes the named configuration: fast, with `actor` in every role, and `more` over that.
    pub fn config(&self, more: Value) -> &Self {
        let mut config = json!({
            "version": 1,
            "agents": {"actor": {"scripted": {"file": "answers.json"}}},
            "roles": {"research": "actor", "implement": "actor", "test": "actor", "review": "actor"},
            "run": {"backoff": "0s"},
            "journal": {"sync": "process"},
        });
        merge(&mut config, more);
        self.world.file("orchestra.yaml", config.to_string());
        self
    }

    /// Puts a shell script into every role; it sees its message on stdin and answers as its parser wants it.
    pub fn shell(&self, parser: &str, script: &str) -> &Self {
        self.config(shell(parser, script))
    }

    /// What the scripted agent does.
    pub fn answers(&self, answers: &[Value]) -> &Self {
        self.world.file("answers.json", json!({"version": 1, "answers": answers}).to_string());
        self
    }

    /// Writes `plan.json`: tasks of `{id, …}`, each by default an implement task without checks.
    pub fn plan(&self, tasks: &[Value]) -> &Self {
        self.world.file("plan.json", plan(tasks).to_string());
        self
    }

    /// Calls the program with the scene's configuration.
    pub fn orchestra<A: AsRef<str>>(&self, args: impl IntoIterator<Item = A>) -> Output {
        run(self.command(args), &[])
    }

    /// The program with the scene's configuration, ready to be started.
    pub fn command<A: AsRef<str>>(&self, args: impl IntoIterator<Item = A>) -> Command {
        let mut command = self.world.command(args);
        command.args(["--config", "orchestra.yaml"]);
        command
    }

    /// Runs `plan.json`, with more arguments.
    pub fn run(&self, more: &[&str]) -> Output {
        self.orchestra(["run", "--plan", "plan.json"].iter().chain(more))
    }

    /// Resumes the newest run as it was started, with more arguments.
    pub fn resume(&self, more: &[&str]) -> Output {
        self.world.orchestra(["resume"].iter().chain(more))
    }

    pub fn git(&self, args: &[&str]) -> String {
        git(&self.world.project(), args)
    }

    pub fn commit(&self, message: &str) {
        self.git(&["add", "--all"]);
        self.git(&["-c", "user.name=u", "-c", "user.email=u@example.org", "commit", "-qm", message]);
    }

    /// Names of the run directories, in order.
    pub fn runs(&self) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(self.world.project().join("runs")) else { return Vec::new() };
        let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.retain(|name| name.starts_with("20"));
        names.sort();
        names
    }

    /// The directory of the newest run.
    pub fn dir(&self) -> PathBuf {
        std::fs::canonicalize(self.world.project().join("runs/latest")).unwrap()
    }

    /// A file of the newest run.
    pub fn text(&self, path: &str) -> String {
        let path = self.dir().join(path);
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// A JSON file of the newest run.
    pub fn json(&self, path: &str) -> Value {
        serde_json::from_str(&self.text(path)).unwrap()
    }

    /// The journal of the newest run.
    pub fn journal(&self) -> Vec<Value> {
        self.text("events.jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The events of one kind, each its task (or "") and its data.
    pub fn events(&self, kind: &str) -> Vec<(String, Value)> {
        let of_kind = self.journal().into_iter().filter(|event| event["kind"] == kind);
        of_kind.map(|event| (event["task"].as_str().unwrap_or("").to_owned(), event["data"].clone())).collect()
    }

    /// The tasks that events of this kind are about, in order.
    pub fn tasks_of(&self, kind: &str) -> Vec<String> {
        self.events(kind).into_iter().map(|(task, _)| task).collect()
    }

    /// Asserts each task's status by the report, as `task:status` separated by spaces, in the plan's order.
    #[track_caller]
    pub fn stands(&self, expected: &str) {
        let report = self.json("report.json");
        let steps = report["steps"].as_array().unwrap().iter();
        let stands: Vec<String> =
            steps.map(|step| format!("{}:{}", text(&step["id"]), text(&step["status"]))).collect();
        assert_eq!(stands.join(" "), expected);
    }

    /// The message of an attempt.
    pub fn message(&self, folder: &str, attempt: u32) -> Value {
        self.json(&format!("tasks/{folder}.{attempt}.message.json"))
    }

    /// Every file of the project outside `.git` and `runs`, with its content.
    pub fn tree(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let root = self.world.project();
        let mut files = files(&root);
        files.retain(|path, _| !path.starts_with(".git") && !path.starts_with("runs"));
        files
    }
}

/// Every file below `root`, relative to it, with its content; links are named and not followed.
pub fn files(root: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let kind = std::fs::symlink_metadata(&path).unwrap().file_type();
            let name = path.strip_prefix(root).unwrap().to_owned();
            if kind.is_dir() {
                folders.push(path);
            } else if kind.is_symlink() {
                files.insert(name, b"a link".to_vec());
            } else {
                files.insert(name, std::fs::read(&path).unwrap());
            }
        }
    }
    files
}

/// Calls git in a folder.
pub fn git(folder: &Path, args: &[&str]) -> String {
    let mut command = Command::new("git");
    command.args(args).current_dir(folder);
    command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
    let output = run(command, &[]);
    assert_eq!(output.code, 0, "git {args:?}: {output}");
    output.stdout
}

/// The configuration that puts a shell script into every role.
pub fn shell(parser: &str, script: &str) -> Value {
    json!({
        "agents": {"sh": {"command": {"argv": ["sh", "-c", script], "parser": parser}}},
        "roles": {"research": "sh", "implement": "sh", "test": "sh", "review": "sh"},
    })
}

/// A plan of these tasks.
pub fn plan(tasks: &[Value]) -> Value {
    let task = |task: &Value| {
        let mut full = json!({"title": "A task", "role": "implement", "instructions": "Do it."});
        merge(&mut full, task.clone());
        full
    };
    let tasks: Vec<Value> = tasks.iter().map(task).collect();
    json!({"schema": "orchestra.plan/v1", "title": "A plan", "goal": {"summary": "A goal"}, "tasks": tasks})
}

/// A check that is green when the file is there.
pub fn appears(file: &str) -> Value {
    let name = file.replace(['.', '/'], "-");
    json!({"name": format!("{}-is-there", name.trim_matches('-')), "run": ["test", "-f", file], "expect": "change"})
}

/// A string's text.
pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

/// Lays `more` over `base`, object by object.
pub fn merge(base: &mut Value, more: Value) {
    match (base, more) {
        (Value::Object(base), Value::Object(more)) => {
            for (key, value) in more {
                merge(base.entry(key).or_insert(Value::Null), value);
            }
        }
        (base, more) => *base = more,
    }
}
