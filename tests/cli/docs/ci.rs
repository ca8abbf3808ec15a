//! The jobs of `examples/ci`: read as their services read them, and run, twice, on a machine that forgets everything between
//! but what the job keeps.

use std::collections::BTreeMap;

use serde_json::Value;

use super::place::{Place, repository};
use super::session::Session;
use crate::world::Output;

/// What a service starts: one shell script after the other, in one environment.
struct Job {
    environment: BTreeMap<String, String>,
    scripts: Vec<String>,
    /// What it keeps for people, as patterns.
    kept: Vec<String>,
}

fn yaml(path: &str) -> Value {
    serde_yaml::from_str(&std::fs::read_to_string(repository().join(path)).unwrap()).unwrap()
}

fn strings(value: &Value) -> BTreeMap<String, String> {
    let map = value.as_object().into_iter().flatten();
    map.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))).collect()
}

fn github(agent: &str) -> Job {
    let workflow = yaml("examples/ci/github.yml");
    let mut environment = strings(&workflow["env"]);
    let steps = workflow["jobs"]["orchestra"]["steps"].as_array().unwrap();
    for step in steps {
        environment.extend(strings(&step["env"]));
    }
    // What the service puts in for its expressions.
    let inputs = &workflow["on"]["workflow_dispatch"]["inputs"];
    for value in environment.values_mut() {
        *value = match value.as_str() {
            "${{ inputs.ticket }}" => inputs["ticket"]["default"].as_str().unwrap().to_owned(),
            "${{ inputs.agent }}" => agent.to_owned(),
            secret if secret.starts_with("${{") => String::new(),
            plain => plain.to_owned(),
        };
    }
    let upload = steps.iter().find(|step| step["uses"].as_str().is_some_and(|uses| uses.contains("upload-artifact")));
    Job {
        environment,
        scripts: steps.iter().filter_map(|step| step["run"].as_str()).map(str::to_owned).collect(),
        kept: upload.unwrap()["with"]["path"].as_str().unwrap().lines().map(str::to_owned).collect(),
    }
}

fn gitlab(agent: &str) -> Job {
    let file = yaml("examples/ci/gitlab.yml");
    let job = &file["orchestra"];
    let mut environment = strings(&job["variables"]);
    environment.insert("TICKET".to_owned(), file["variables"]["TICKET"]["value"].as_str().unwrap().to_owned());
    environment.insert("AGENT".to_owned(), agent.to_owned());
    let lines =
        |name: &str| job[name].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect::<Vec<_>>();
    // The first two are one shell.
    let main = [lines("before_script"), lines("script")].concat().join("\n");
    let mut kept: Vec<String> = serde_json::from_value(job["artifacts"]["paths"].clone()).unwrap();
    kept.push(job["artifacts"]["reports"]["junit"].as_str().unwrap().to_owned());
    Job { environment, scripts: vec![main, lines("after_script").join("\n")], kept }
}

/// A machine of the service: the project is cloned afresh, and nothing is there but the records that the cache brought.
fn machine(session: &Session) {
    session.succeeds("cd / && rm -rf \"$HOME/.cache\" \"$XDG_CACHE_HOME\"/*");
    let project = session.world.project();
    let (project, root) = (project.display(), session.world.root().display());
    session.succeeds(&format!(
        "if [ -d {project}/runs ]; then mv {project}/runs {root}/runs; fi; rm -rf {project}; git clone -q {root}/origin.git {project}; \
         if [ -d {root}/runs ]; then mv {root}/runs {project}/runs; fi; cd {project}"
    ));
}

impl Job {
    /// Runs it on a new machine; the worst end of its scripts.
    fn runs(&self, session: &Session) -> Output {
        machine(session);
        session.succeeds("export CI=true CI_PROJECT_DIR=$PWD GITHUB_STEP_SUMMARY=$HOME/summary.md");
        session.succeeds("export GITHUB_SHA=$(git rev-parse HEAD) CI_COMMIT_SHA=$(git rev-parse HEAD)");
        for (name, value) in &self.environment {
            let value = value.replace("$CI_PROJECT_DIR", &session.world.project().display().to_string());
            session.succeeds(&format!("export {name}='{value}'"));
        }
        let mut worst: Option<Output> = None;
        for script in &self.scripts {
            session.writes("../step.sh", script);
            // As both services start it: it ends at the first command that fails.
            let output = session.types("bash -e ../step.sh");
            if worst.as_ref().is_none_or(|worst| worst.code == 0) {
                worst = Some(output);
            }
        }
        worst.unwrap()
    }
}

#[test]
fn the_jobs_for_ci_solve_the_ticket_and_keep_what_they_promise() {
    for job in [github("builtin"), gitlab("builtin")] {
        let place = Place::named("ci").unwrap();
        let output = job.runs(&place.session);
        assert_eq!(output.code, 0, "{output}");
        for pattern in &job.kept {
            place.session.succeeds(&format!("ls -d {pattern}"));
        }
        let report = place.session.succeeds("cat \"$GITHUB_STEP_SUMMARY\" report.md 2>/dev/null; true");
        assert!(report.stdout.contains("unit"), "the report is where people look: {report}");
        place.session.succeeds("git apply --check runs/latest/changes.patch");
    }
}

#[test]
fn a_job_that_is_run_again_goes_on_where_it_ended() {
    for job in [github("mine"), gitlab("mine")] {
        let place = Place::named("ci").unwrap();
        place.session.succeeds("touch \"$HOME/agent-is-down\"");
        let first = job.runs(&place.session);
        assert_eq!(first.code, 1, "{first}");
        place.session.succeeds("rm \"$HOME/agent-is-down\"");
        let second = job.runs(&place.session);
        assert_eq!(second.code, 0, "{second}");
        let journal = place.session.succeeds("cat runs/latest/events.jsonl").stdout;
        let started = |task: &str| {
            journal.lines().filter(|line| line.contains("\"attempt.started\"") && line.contains(task)).count()
        };
        assert_eq!(started("\"task\":\"research\""), 1, "what had succeeded did not run again");
    }
}

#[test]
fn the_workflow_for_github_can_do_little_and_names_exactly_what_it_uses() {
    let workflow = yaml("examples/ci/github.yml");
    assert_eq!(workflow["permissions"], serde_json::json!({"contents": "read"}));
    let starts: Vec<&String> = workflow["on"].as_object().unwrap().keys().collect();
    assert_eq!(starts, ["workflow_dispatch"], "nothing is paid for unless a person asks");
    for step in workflow["jobs"]["orchestra"]["steps"].as_array().unwrap() {
        if let Some(uses) = step["uses"].as_str() {
            let commit = uses.split_once('@').unwrap().1;
            assert!(commit.len() == 40 && commit.chars().all(|c| c.is_ascii_hexdigit()), "{uses}");
        }
        // What a person typed reaches a shell as a variable only, never as part of the script.
        assert!(!step["run"].as_str().unwrap_or_default().contains("${{"), "{step}");
    }
}
