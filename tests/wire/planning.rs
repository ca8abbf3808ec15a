//! Runs whose plan a model makes, from the ticket to the verdict.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use serde_json::{Value, json};

use crate::provider::{Asked, Provider, Say};
use crate::scene::{Scene, files, merge};
use crate::world::{Output, eventually, run as call};

const KEY: (&str, &str) = ("TEST_MODEL_KEY", "sk-test-0123456789abcdef");
pub const TICKET: &str = "# greeting.txt says the wrong word\n\nIt says `helo` where it should say `hello`.\n";

/// A project with a check that is red until the greeting is right, and the model behind `provider` as planner and in every
/// role.
pub fn scene(provider: &Provider, more: Value) -> Scene {
    let scene = Scene::bare();
    scene.world.file("greeting.txt", "helo\n");
    scene.world.file("ticket.md", TICKET);
    let mut config = json!({
        "agents": {"chat": {"chat": {"model": "main"}}},
        "roles": {"research": "chat", "implement": "chat", "test": "chat", "review": "chat"},
        "models": {"main": {"openai-chat": {
            "model": "scripted-1", "base_url": provider.url(), "api_key_env": KEY.0,
            "prices": {"input": 1, "output": 2},
        }}},
        "planner": {"use": "model"},
        "model": {"tries": 2},
        "workspace": {"mode": "copy"},
        "checks": {"greets": {"run": ["grep", "-qx", "hello", "greeting.txt"], "expect": "change"}},
    });
    merge(&mut config, more);
    scene.config(config);
    scene
}

/// A task that mends the greeting, and one that proves it.
pub fn plan() -> Value {
    json!({
        "title": "Mend the greeting",
        "goal": {"summary": "It says hello.", "success_criteria": ["`greeting.txt` says `hello`"]},
        "tasks": [
            {
                "id": "mend", "title": "Mend the word", "role": "implement", "instructions": "Replace `helo` by `hello`.",
                "depends_on": [], "scope": {"read": [], "write": ["greeting.txt"]}, "checks": ["greets"], "artifacts": [],
            },
            {
                "id": "prove", "title": "Prove it", "role": "test", "instructions": "Look at `greeting.txt`.",
                "depends_on": ["mend"], "scope": {"read": ["greeting.txt"], "write": []}, "checks": ["greets"], "artifacts": [],
            },
        ],
    })
}

/// What the chat agent's model does to mend it: read, edit, finish.
pub fn mends(asked: &Asked) -> Say {
    match asked.turn() {
        _ if asked.text().contains("Look at `greeting.txt`.") => {
            Say::Call("finish", json!({"status": "done", "summary": "It says hello."}))
        }
        0 => Say::Call("read", json!({"path": "greeting.txt"})),
        1 => Say::Call("edit", json!({"path": "greeting.txt", "old": "helo", "new": "hello"})),
        _ => Say::Call("finish", json!({"status": "done", "summary": "It says hello now."})),
    }
}

pub fn run(scene: &Scene, args: &[&str]) -> Output {
    let mut command = scene.command(args.iter().copied());
    command.env(KEY.0, KEY.1);
    call(command, &[])
}

pub fn resume(scene: &Scene) -> Output {
    let mut command = scene.world.command(["resume"]);
    command.env(KEY.0, KEY.1);
    call(command, &[])
}

fn assert_no_key(scene: &Scene) {
    for (path, content) in files(&scene.dir()) {
        let found = content.windows(KEY.1.len()).any(|part| part == KEY.1.as_bytes());
        assert!(!found, "the key is in {}", path.display());
    }
}

#[test]
fn a_model_plans_and_works_and_the_checks_decide() {
    let provider =
        Provider::start(|asked| if asked.has_tools() { mends(asked) } else { Say::Text(plan().to_string()) });
    let scene = scene(&provider, json!({}));
    let output = run(&scene, &["run", "ticket.md"]);
    output.exits(0);
    assert_eq!(scene.json("plan.json")["planned_by"], "model main");
    assert_eq!(scene.events("plan.proposed").len(), 1);
    assert!(provider.asked().iter().all(|asked| asked.authorization.as_deref() == Some(&format!("Bearer {}", KEY.1))));
    assert_no_key(&scene);
}

#[test]
fn all_faults_of_a_plan_are_told_and_it_is_asked_again() {
    let rounds = AtomicUsize::new(0);
    let provider = Provider::start(move |asked| {
        if asked.has_tools() {
            return mends(asked);
        }
        if rounds.fetch_add(1, Ordering::SeqCst) > 0 {
            return Say::Text(plan().to_string());
        }
        let mut faulty = plan();
        faulty["tasks"][0]["depends_on"] = json!(["nobody"]);
        faulty["tasks"][0]["scope"]["write"] = json!(["../outside"]);
        Say::Text(faulty.to_string())
    });
    let scene = scene(&provider, json!({}));
    let output = run(&scene, &["run", "ticket.md"]);
    output.exits(0);
    let second = provider.planned()[1].text();
    assert!(second.contains("nobody") && second.contains("../outside"), "{second}");
    let first = provider.planned()[0].text();
    assert!(second.starts_with(&first), "what was said before comes first, byte for byte");
}

#[test]
fn a_model_that_never_plans_soundly_ends_with_2_and_what_it_said_is_kept() {
    let provider = Provider::start(|_| Say::Text("I would rather not.".to_owned()));
    let scene = scene(&provider, json!({"planner": {"rounds": 1}}));
    let output = run(&scene, &["run", "ticket.md"]);
    output.exits(2);
    assert_eq!(provider.asked().len(), 2);
    assert!(output.stderr.contains("no sound plan was proposed"), "{}", output.stderr);
    let kept: Vec<_> = files(&scene.dir()).into_keys().filter(|path| path.starts_with("plans")).collect();
    assert_eq!(kept.len(), 2, "{kept:?}");
    // Who resumes it asks again.
    resume(&scene).exits(2);
    assert_eq!(provider.asked().len(), 4);
}

#[test]
fn a_key_that_is_missing_or_wrong_ends_with_6_and_names_its_variable() {
    let provider = Provider::start(|_| Say::Refuse(401, "Incorrect API key provided: sk-test-0123456789abcdef."));
    let scene = scene(&provider, json!({}));
    let output = scene.orchestra(["run", "ticket.md"]);
    output.exits(6);
    assert_eq!(provider.asked().len(), 0);
    assert!(output.stderr.contains(KEY.0), "{}", output.stderr);
    let output = run(&scene, &["run", "ticket.md"]);
    output.exits(6);
    assert_eq!(provider.asked().len(), 1);
    assert!(output.stderr.contains(KEY.0) && !output.stderr.contains(KEY.1), "{}", output.stderr);
    assert_no_key(&scene);
}

#[test]
fn a_budget_that_is_too_small_for_a_request_ends_with_4_before_it_is_sent() {
    let provider = Provider::start(|_| Say::Text(plan().to_string()));
    let scene = scene(&provider, json!({}));
    let output = run(&scene, &["run", "ticket.md", "--budget-usd", "0.001"]);
    output.exits(4);
    assert_eq!(provider.asked().len(), 0);
    assert!(
        output.stderr.contains("`budget.usd` does not allow another request: $0.00 of $0.001"),
        "{}",
        output.stderr
    );
}

#[test]
fn a_plan_that_was_paid_for_is_run_and_not_bought_again() {
    let provider =
        Provider::start(|asked| if asked.has_tools() { mends(asked) } else { Say::Text(plan().to_string()) });
    let scene = scene(&provider, json!({}));
    let output = run(&scene, &["run", "--plan-only", "ticket.md"]);
    output.exits(0);
    assert_eq!(provider.planned().len(), 1);
    resume(&scene).exits(0);
    assert_eq!(provider.planned().len(), 1);
}

#[test]
fn a_dry_run_shows_the_request_and_sends_none() {
    let provider = Provider::start(|_| Say::Text(plan().to_string()));
    let scene = scene(&provider, json!({}));
    let output = run(&scene, &["run", "--dry-run", "ticket.md"]);
    output.exits(0);
    assert_eq!(provider.asked().len(), 0);
    assert!(
        output.stdout.contains("greeting.txt says the wrong word") && output.stdout.contains("at most"),
        "{}",
        output.stdout
    );
    assert!(scene.runs().is_empty());
}

#[test]
fn ctrl_c_ends_a_request_for_a_plan_and_a_resume_asks_anew() {
    let provider =
        Provider::start(
            |asked| {
                if asked.text().contains("wait for me") { Say::Nothing } else { Say::Text("no".to_owned()) }
            },
        );
    let scene = scene(&provider, json!({"planner": {"rounds": 0}}));
    scene.world.file("ticket.md", format!("{TICKET}\nwait for me\n"));
    let mut command = scene.command(["run", "ticket.md"]);
    let mut child = command.env(KEY.0, KEY.1).stdin(std::process::Stdio::null()).spawn().unwrap();
    eventually("the request", || (!provider.asked().is_empty()).then_some(()));
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    // Nobody knows what it used, so it counts in full.
    assert_eq!(scene.events("budget.reserved").len(), 1);
    assert_eq!(scene.json("report.json")["verdict"], "stopped");
    let explained = scene.world.command(["resume", "--explain"]);
    call(explained, &[]).exits(6);
    let mut explained = scene.world.command(["resume", "--explain"]);
    explained.env(KEY.0, KEY.1);
    let output = call(explained, &[]);
    output.exits(0);
    assert!(output.stdout.contains("there is no plan yet"), "{output}");
}

#[test]
fn a_run_that_is_killed_asks_for_its_plan_once() {
    let first = AtomicBool::new(true);
    let provider = Provider::start(move |asked| match asked.has_tools() {
        false if asked.body["response_format"].is_object() => Say::Text(plan().to_string()),
        false => Say::Text("Mended.".to_owned()),
        // The first time that work begins, nothing comes.
        true if first.swap(false, Ordering::SeqCst) => Say::Nothing,
        true => mends(asked),
    });
    let scene = scene(&provider, json!({}));
    let mut command = scene.command(["run", "ticket.md"]);
    let mut child = command.env(KEY.0, KEY.1).stdin(std::process::Stdio::null()).spawn().unwrap();
    eventually("the first request of the work", || provider.asked().iter().any(Asked::has_tools).then_some(()));
    child.kill().unwrap();
    child.wait().unwrap();
    resume(&scene).exits(0);
    assert_eq!(provider.planned().len(), 1);
    scene.stands("mend:succeeded prove:succeeded");
}

#[test]
fn a_model_of_unknown_price_is_refused_under_a_budget_of_money_unless_that_is_allowed() {
    let provider =
        Provider::start(|asked| if asked.has_tools() { mends(asked) } else { Say::Text(plan().to_string()) });
    let scene = scene(&provider, json!({"models": {"main": {"openai-chat": {"prices": null}}}}));
    let refused = run(&scene, &["run", "--plan-only", "ticket.md", "--budget-usd", "5"]);
    refused.exits(2).says("nobody knows what the model `main` costs");
    assert!(provider.asked().is_empty());
    run(&scene, &["run", "ticket.md", "--budget-usd", "5", "--set", "budget.unknown=allow"]).exits(0);
    // What nobody can tell counts in full, so that the budget holds all the same.
    let reserved = scene.events("budget.reserved");
    assert_eq!(reserved[0].1["amount"]["usd"], 1.0, "{reserved:?}");
}
