//! The layers together, as a user meets them.

use std::path::PathBuf;

use super::*;
use crate::agent::Spec;
use crate::event::Ask;
use crate::plan::{Expect, Role};
use crate::sys::env::Env;
use crate::sys::fs;
use crate::time::Span;

/// A project with a git root, and a home without a configuration.
pub(super) struct World {
    dir: tempfile::TempDir,
    env: Vec<(String, String)>,
    sets: Vec<String>,
    pub named: Option<PathBuf>,
}

impl World {
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        for folder in ["home/.config/orchestra", "project/.git", "project/sub"] {
            fs::create_dirs(&dir.path().join(folder)).unwrap();
        }
        let home = dir.path().join("home").display().to_string();
        Self { dir, env: vec![("HOME".to_owned(), home)], sets: Vec::new(), named: None }
    }

    pub fn path(&self, relative: &str) -> PathBuf {
        fs::canonical(self.dir.path()).unwrap().join(relative)
    }

    pub fn file(self, relative: &str, text: impl AsRef<[u8]>) -> Self {
        fs::write(&self.path(relative), text.as_ref()).unwrap();
        self
    }

    pub fn user(self, text: &str) -> Self {
        self.file("home/.config/orchestra/config.yaml", text)
    }

    pub fn discovered(self, text: &str) -> Self {
        self.file("project/orchestra.yaml", text)
    }

    pub fn named(mut self, text: impl AsRef<[u8]>) -> Self {
        self.named = Some(self.path("project/named.yaml"));
        self.file("project/named.yaml", text)
    }

    pub fn var(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn set(mut self, text: &str) -> Self {
        self.sets.push(text.to_owned());
        self
    }

    pub fn load_from(&self, dir: Dir) -> Result<Loaded, ConfigErrors> {
        let env = self.env.iter().cloned().collect::<Env>();
        load(&Sources { named: self.named.clone(), sets: self.sets.clone(), dir, env: &env })
    }

    pub fn load(&self) -> Result<Loaded, ConfigErrors> {
        self.load_from(Dir::Current(self.path("project/sub")))
    }

    /// Each fault as `line:column key: message | hint`.
    pub fn faults(&self) -> Vec<String> {
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
    assert_eq!(loaded.config.run.jobs, Jobs::Count(1));
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
    assert_eq!((run.attempts, run.jobs), (6, Jobs::Count(7)));
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
    let flag = Origin::Flag("--set agents.a".to_owned());
    assert_eq!((&loaded.origins["agents.a.command.argv"], &loaded.origins["agents.a.command.env.LOG"]), (&flag, &flag));
    assert_eq!(loaded.origins["checks.unit.run"].file(), Some(&*world.path("home/.config/orchestra/config.yaml")));
}

#[test]
fn the_values_in_force_survive_as_yaml() {
    let world = World::new().named("checks: {unit: {run: [make, test]}}\nplanner: {template: flow.yaml}\n");
    let loaded = world.load().unwrap();
    let yaml = loaded.config.to_yaml().unwrap();
    let again = World::new().named(&yaml).load().unwrap();
    assert_eq!(again.config, loaded.config, "{yaml}");
}

#[test]
fn paths_are_relative_to_the_file_that_names_them() {
    let world = World::new()
        .user("runs: {dir: ../records}\n")
        .file("project/sub/own.yaml", "project: {root: ..}\nplanner: {template: ../flow.yaml}\n");
    let world = World { named: Some("own.yaml".into()), ..world };
    let loaded = world.load().unwrap();
    assert_eq!(loaded.project_root, world.path("project"));
    assert_eq!(loaded.config.planner.template, Template::File(world.path("project/flow.yaml")));
    assert_eq!(loaded.config.runs.dir, world.path("home/.config/records"));
    assert_eq!(loaded.file, Some(world.path("project/sub/own.yaml")));
}

#[test]
fn the_project_is_what_the_file_says_or_the_given_folder_or_the_files_or_the_repositorys() {
    let world = World::new().discovered("run: {jobs: 1}\n");
    let sub = world.path("project/sub");
    assert_eq!(world.load().unwrap().project_root, world.path("project"), "the file's folder");
    assert_eq!(world.load_from(Dir::Given(sub.clone())).unwrap().project_root, sub, "-C");
    let world = world.discovered("project: {root: sub}\n");
    assert_eq!(world.load_from(Dir::Given(world.path("project"))).unwrap().project_root, world.path("project/sub"));
    let world = world.set("project.root=nowhere");
    assert!(world.faults()[0].contains("cannot find"), "{:?}", world.faults());
    let bare = tempfile::tempdir().unwrap();
    let dir = fs::canonical(bare.path()).unwrap();
    assert_eq!(world_without_sets(&world).load_from(Dir::Current(dir.clone())).unwrap().project_root, dir);
}

fn world_without_sets(world: &World) -> World {
    World { dir: tempfile::tempdir().unwrap(), env: world.env.clone(), sets: Vec::new(), named: None }
}

#[test]
fn without_a_repository_a_file_further_up_is_nobodys() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(&dir.path().join("inner")).unwrap();
    fs::write(&dir.path().join("orchestra.yaml"), b"not: ours").unwrap();
    let env = Env::default();
    let sources = Sources { named: None, sets: Vec::new(), dir: Dir::Current(dir.path().join("inner")), env: &env };
    assert_eq!(load(&sources).unwrap().file, None);
}

#[test]
fn the_example_is_a_sound_configuration() {
    let example = include_str!("../../examples/quickstart/orchestra.yaml");
    let loaded = World::new().named(example).load().unwrap();
    assert_eq!(loaded.config.checks()[0].expect, Expect::Change);
    assert_eq!(loaded.config.planner.r#use, PlannerUse::Template);
}

#[test]
fn a_discovered_file_only_narrows() {
    let world = World::new()
        .user("agents: {mine: {command: {argv: [mine]}}}\nlimits: {task: 20m}\n")
        .discovered(
            "project: {root: ../..}\nplanner: {template: x.yaml, max_tasks: 21}\n\
             agents: {evil: {command: {argv: [sh]}}, mine: {command: {argv: [sh]}}}\n\
             roles: {test: evil, review: mine}\nworkspace: {mode: in-place, setup: [[make]], copy: [.env]}\n\
             checks: {unit: {run: ['true']}}\nverify: {unchecked: allow, pass_env: [TOKEN]}\n\
             run: {jobs: 2, continue_on_error: true, attempts: 3, backoff: 0s, max_backoff: 1s, ask: never}\n\
             limits: {run: 9h, task: 21m, idle: 6m, launches: 201, quota_wait: 1s, plan_tasks: 10001, plan_bytes: 4194305}\n\
             journal: {sync: process}\nruns: {dir: /tmp/elsewhere}\n",
        );
    let loaded = world.load().unwrap();
    let plain = world_without(&world).load().unwrap();
    let ignored: Vec<(&str, u64)> = loaded.ignored.iter().map(|one| (one.key.as_str(), one.line)).collect();
    assert_eq!(
        ignored,
        [
            ("project.root", 1),
            ("planner.template", 2),
            ("planner.max_tasks", 2),
            ("agents.evil", 3),
            ("agents.mine", 3),
            ("roles.test", 4),
            ("workspace.mode", 5),
            ("workspace.setup", 5),
            ("workspace.copy", 5),
            ("checks.unit", 6),
            ("verify.unchecked", 7),
            ("verify.pass_env", 7),
            ("run.jobs", 8),
            ("run.continue_on_error", 8),
            ("run.attempts", 8),
            ("run.backoff", 8),
            ("run.max_backoff", 8),
            ("limits.run", 9),
            ("limits.task", 9),
            ("limits.idle", 9),
            ("limits.launches", 9),
            ("limits.quota_wait", 9),
            ("limits.plan_tasks", 9),
            ("limits.plan_bytes", 9),
            ("journal.sync", 10),
            ("runs.dir", 11),
        ]
    );
    assert_eq!(loaded.config.roles.review.as_str(), "mine", "an agent of the user's may be chosen");
    assert_eq!(loaded.config.limits, plain.config.limits);
    assert_eq!(loaded.config.agents, plain.config.agents);
    let taken: Vec<&str> = loaded
        .origins
        .iter()
        .filter(|(_, origin)| matches!(origin, Origin::Project(..)))
        .map(|(key, _)| key.as_str())
        .collect();
    assert_eq!(taken, ["roles.review", "run.ask"]);
}

/// The same without the project's file.
fn world_without(world: &World) -> World {
    fs::remove_file(&world.path("project/orchestra.yaml")).unwrap();
    let fresh = World::new();
    let user = fs::read_text(&world.path("home/.config/orchestra/config.yaml"), 1 << 20).unwrap();
    fresh.user(&user)
}

#[test]
fn a_discovered_file_may_make_things_tighter() {
    let world = World::new().discovered(
        "planner: {use: template, max_tasks: 5}\nworkspace: {mode: copy}\nverify: {unchecked: deny}\n\
         run: {attempts: 1, backoff: 5s, ask: plan}\nlimits: {run: 1h, launches: 9}\njournal: {sync: power}\nruns: {dir: records}\n",
    );
    let loaded = world.load().unwrap();
    assert!(loaded.ignored.is_empty(), "{:?}", loaded.ignored);
    let config = &loaded.config;
    assert_eq!((config.run.attempts, config.run.ask, config.limits.launches), (1, Ask::Plan, 9));
    assert_eq!(config.runs.dir, world.path("project/records"));
}

#[test]
fn a_link_does_not_lead_a_discovered_file_out_of_the_project() {
    let world = World::new().discovered("runs: {dir: link/records}\nproject: {root: link}\n");
    fs::symlink(&world.path("home"), &world.path("project/link")).unwrap();
    let keys: Vec<String> = world.load().unwrap().ignored.into_iter().map(|ignored| ignored.key).collect();
    assert_eq!(keys, ["runs.dir", "project.root"]);
}

#[test]
fn what_is_named_is_trusted_and_nothing_else_is_looked_for() {
    let world = World::new().discovered("broken: [").named("limits: {task: 9h}\nworkspace: {mode: in-place}\n");
    let loaded = world.load().unwrap();
    assert_eq!(loaded.config.limits.task, Span::from_secs(9 * 3600));
    assert!(loaded.ignored.is_empty());
}
