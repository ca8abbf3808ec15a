//! Configuration: files, variables, `--set`.

use std::fs;
use std::path::Path;

use miette::Diagnostic;
use orchestra::config::{ConfigErrors, Dir, Loaded, Sources, load};
use orchestra::sys::env::Env;
use proptest::prelude::*;

use crate::kit::{changed, changed_text, hold, is_live, soon, words};

const NAMED: &str = "version: 1
project: {root: .}
planner: {use: template, template: default, max_tasks: 20}
agents:
  mine: {command: {argv: [tool, '{message}', 5, 1.10], parser: json, env: {LOG: info}, pass_env: [FOO]}}
  played: {scripted: {file: answers.yaml}}
roles: {research: builtin, implement: mine, test: played, review: builtin}
workspace: {mode: auto, setup: [[npm, ci]], copy: [.env]}
checks:
  unit: {run: [cargo, test], timeout: 10m, expect: keep}
  lint: &lint {run: [make, lint]}
verify: {unchecked: deny}
run: {jobs: 1, continue_on_error: false, attempts: 2, backoff: 1s, max_backoff: 60s, ask: never}
limits: {run: 8h, task: 30m, idle: 5m, launches: 200, quota_wait: 0s}
journal: {sync: power}
runs: {dir: runs}
";

fn corpus() -> Vec<&'static str> {
    vec![
        NAMED,
        NAMED,
        include_str!("../../config/default.yaml"),
        include_str!("../../examples/quickstart/orchestra.yaml"),
        include_str!("../../examples/plan-code-review/orchestra.yaml"),
    ]
}

/// A project that is no repository, and nobody's home.
struct Project(tempfile::TempDir);

impl Project {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn load(&self, named: &[u8]) -> Result<Loaded, ConfigErrors> {
        let file = self.path().join("named.yaml");
        fs::write(&file, named).unwrap();
        let env = Env::default();
        let dir = Dir::Given(self.path().to_path_buf());
        soon(named.len(), || load(&Sources { named: Some(file), sets: Vec::new(), dir, env: &env }))
    }

    fn discovered(&self, text: &str, sets: Vec<String>, env: &Env) -> Result<Loaded, ConfigErrors> {
        fs::write(self.path().join("orchestra.yaml"), text).unwrap();
        let dir = Dir::Given(self.path().to_path_buf());
        soon(text.len(), || load(&Sources { named: None, sets, dir, env }))
    }
}

fn are_told_well(errors: &ConfigErrors) {
    assert!(!errors.faults().is_empty());
    for fault in errors.faults() {
        for said in [&fault.message, fault.hint.as_deref().unwrap_or("-"), &fault.to_string()] {
            assert!(!said.is_empty() && !said.chars().any(is_live), "{said:?}");
        }
        let (Some(labels), Some(source)) = (fault.labels(), fault.source_code()) else { continue };
        for label in labels {
            let found = source.read_span(label.inner(), 0, 0);
            assert!(found.is_ok(), "{}:{} is outside: {fault}", fault.spot.line, fault.spot.column);
        }
    }
}

#[test]
fn what_is_wrong_with_a_file_is_told_with_a_place_in_it() {
    let project = Project::new();
    hold(2, changed(corpus()), |text| {
        if let Err(errors) = project.load(&text) {
            are_told_well(&errors);
        }
    });
}

#[test]
fn what_a_file_said_survives_as_the_values_in_force() {
    let project = Project::new();
    hold(2, changed(corpus()), |text| {
        let Ok(loaded) = project.load(&text) else { return };
        let yaml = loaded.config.to_yaml().unwrap();
        let again = project.load(yaml.as_bytes()).unwrap_or_else(|errors| panic!("{errors}\n{yaml}"));
        assert_eq!(again.config, loaded.config, "{yaml}");
    });
}

/// Whoever sends a project sends its file along: it must start nothing, and open nothing.
#[test]
fn a_file_that_was_only_found_names_no_command_and_widens_no_limit() {
    let project = Project::new();
    let plain = project.discovered("", Vec::new(), &Env::default()).unwrap().config;
    hold(2, changed_text(corpus()), |text| {
        let Ok(found) = project.discovered(&text, Vec::new(), &Env::default()).map(|loaded| loaded.config) else {
            return;
        };
        assert_eq!(found.agents, plain.agents);
        assert!(found.checks.is_empty() && found.workspace.setup.is_empty(), "{:?}", found.checks);
        assert_eq!(found.verify, plain.verify);
        assert!(found.limits.run <= plain.limits.run && found.limits.launches <= plain.limits.launches);
    });
}

#[test]
fn a_setting_by_flag_or_variable_is_taken_or_refused_by_name() {
    let project = Project::new();
    let key =
        prop::sample::select(&["run.jobs", "limits.task", "checks.a", "agents.x.command", "roles.test", "a", ""][..]);
    hold(2, (key, words(), words()), |(key, value, whole)| {
        let text = format!("{key}={value}");
        for set in [text.clone(), whole.clone()] {
            if let Err(errors) = project.discovered("", vec![set], &Env::default()) {
                are_told_well(&errors);
            }
        }
        let name = format!("ORCHESTRA_CFG__{}", key.to_uppercase().replace('.', "__"));
        let by_variable = project.discovered("", Vec::new(), &[(name, value.clone())].into_iter().collect());
        let by_flag = project.discovered("", vec![text], &Env::default());
        match (by_variable, by_flag) {
            (Ok(variable), Ok(flag)) => assert_eq!(variable.config, flag.config),
            (Err(errors), Err(_)) => are_told_well(&errors),
            // An empty variable counts as none.
            (variable, flag) => assert!(value.is_empty(), "{key}={value:?}: {variable:?} {flag:?}"),
        }
    });
}
