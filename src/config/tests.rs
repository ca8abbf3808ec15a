//! The layers together, as a user meets them.

use std::path::PathBuf;

use super::*;
use crate::agent::Spec;
use crate::plan::{Expect, Role};
use crate::sys::env::Env;
use crate::sys::fs;
use crate::time::Span;

/// A project with a git root, and a home without a configuration.
struct World {
    dir: tempfile::TempDir,
    env: Vec<(String, String)>,
    sets: Vec<String>,
    named: Option<PathBuf>,
}

impl World {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        for folder in ["home/.config/orchestra", "project/.git", "project/sub"] {
            fs::create_dirs(&dir.path().join(folder)).unwrap();
        }
        let home = dir.path().join("home").display().to_string();
        Self { dir, env: vec![("HOME".to_owned(), home)], sets: Vec::new(), named: None }
    }

    fn path(&self, relative: &str) -> PathBuf {
        fs::canonical(self.dir.path()).unwrap().join(relative)
    }

    fn file(self, relative: &str, text: impl AsRef<[u8]>) -> Self {
        fs::write(&self.path(relative), text.as_ref()).unwrap();
        self
    }

    fn user(self, text: &str) -> Self {
        self.file("home/.config/orchestra/config.yaml", text)
    }

    fn discovered(self, text: &str) -> Self {
        self.file("project/orchestra.yaml", text)
    }

    fn named(mut self, text: impl AsRef<[u8]>) -> Self {
        self.named = Some(self.path("project/named.yaml"));
        self.file("project/named.yaml", text)
    }

    fn var(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    fn set(mut self, text: &str) -> Self {
        self.sets.push(text.to_owned());
        self
    }

    fn load_from(&self, dir: Dir) -> Result<Loaded, ConfigErrors> {
        let env = self.env.iter().cloned().collect::<Env>();
        load(&Sources { named: self.named.clone(), sets: self.sets.clone(), dir, env: &env })
    }

    fn load(&self) -> Result<Loaded, ConfigErrors> {
        self.load_from(Dir::Current(self.path("project/sub")))
    }

    /// Each fault as `line:column key: message | hint`.
    fn faults(&self) -> Vec<String> {
        let errors = self.load().unwrap_err();
        let line = |fault: &Fault| {
            let hint = fault.hint.as_deref().unwrap_or("-");
            format!("{}:{} {}: {} | {hint}", fault.spot.line, fault.spot.column, fault.key, fault.message)
        };
        errors.faults().iter().map(line).collect()
    }
}

#[test]
fn without_any_file_the_defaults_count() {
    let world = World::new();
    let loaded = world.load().unwrap();
    assert_eq!(loaded.project_root, world.path("project"));
    assert_eq!(loaded.config.runs.dir, world.path("project/runs"));
    assert_eq!(loaded.config.run.jobs, 1);
    assert_eq!(loaded.config.limits.quota_wait, Span::ZERO);
    assert_eq!(loaded.config.agent_of(Role::Test).as_str(), "builtin");
    assert!(loaded.origins.values().all(|origin| *origin == Origin::Default));
    assert!(loaded.ignored.is_empty());
}

#[test]
fn a_flag_beats_a_variable_beats_the_project_beats_the_user_beats_the_default() {
    let world = World::new()
        .user("run: {attempts: 3, jobs: 9, backoff: 2s, max_backoff: 70s}\nlimits: {launches: 90}\n")
        .named("run: {attempts: 4, jobs: 8, backoff: 3s}\n")
        .var("ORCHESTRA_CFG__RUN__ATTEMPTS", "5")
        .var("ORCHESTRA_CFG__RUN__JOBS", "7")
        .set("run.attempts=6");
    let loaded = world.load().unwrap();
    let run = &loaded.config.run;
    assert_eq!((run.attempts, run.jobs), (6, 7));
    assert_eq!((run.backoff, run.max_backoff), (Span::from_secs(3), Span::from_secs(70)));
    let origin = |key: &str| loaded.origins[key].clone();
    assert_eq!(origin("run.attempts"), Origin::Flag("--set run.attempts".to_owned()));
    assert_eq!(origin("run.jobs"), Origin::Env("ORCHESTRA_CFG__RUN__JOBS".to_owned()));
    assert_eq!(origin("run.backoff"), Origin::Named(world.path("project/named.yaml"), 1));
    assert_eq!(origin("limits.launches"), Origin::User(world.path("home/.config/orchestra/config.yaml"), 2));
    assert_eq!(origin("run.ask"), Origin::Default);
}

#[test]
fn maps_merge_by_key_and_a_check_by_field() {
    let world = World::new()
        .user("agents: {a: {command: {argv: [a]}}}\nchecks: {unit: {run: [make, test], expect: change}}\n")
        .named(
            "agents: {b: {scripted: {file: answers.yaml}}}\nchecks: {lint: {run: [make, lint]}}\nroles: {review: b}\n",
        )
        .set("checks.unit.timeout=10m")
        .set("agents.a={command: {argv: [a2, 5, 1.10, true], env: {LOG: info}}}");
    let loaded = world.load().unwrap();
    let checks = loaded.config.checks();
    assert_eq!(checks.len(), 2);
    assert_eq!((checks[1].timeout, checks[1].expect), (Some(Span::from_secs(600)), Expect::Change));
    let Spec::Command(command) = &loaded.config.agents["a"] else { panic!() };
    assert_eq!(command.argv, ["a2", "5", "1.10", "true"], "words stay as they were written");
    let Spec::Scripted(scripted) = &loaded.config.agents["b"] else { panic!() };
    assert_eq!(scripted.file, world.path("project/answers.yaml"));
    assert_eq!(loaded.config.agent_of(Role::Review).as_str(), "b");
}

#[test]
fn unknown_keys_are_all_named_with_their_place_and_what_was_meant() {
    let world = World::new().named("run:\n  job: 2\n  attemps: 3\nlimts: {run: 1h}\nworkspace: {mode: cpy}\n");
    assert_eq!(
        world.faults(),
        [
            "2:3 run.job: there is no key `job` here | did you mean `jobs`?",
            "3:3 run.attemps: there is no key `attemps` here | did you mean `attempts`?",
            "4:1 limts: there is no key `limts` here | did you mean `limits`?",
            "5:19 workspace.mode: `cpy` is not one of the choices | did you mean `copy`?",
        ]
    );
}
