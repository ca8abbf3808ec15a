//! `plan check` and `plan show`: sound plans, and every kind of unsound one.

use serde_json::{Value, json};

use crate::world::{Output, World};

/// A plan of these tasks, each `{id, depends_on}` and what else is given.
fn plan(tasks: &[Value]) -> String {
    let task = |task: &Value| {
        let mut full = json!({"title": "T", "role": "implement", "instructions": "Do it."});
        full.as_object_mut().unwrap().extend(task.as_object().unwrap().clone());
        full
    };
    let tasks: Vec<Value> = tasks.iter().map(task).collect();
    json!({"schema": "orchestra.plan/v1", "title": "A plan", "goal": {"summary": "A goal"}, "tasks": tasks}).to_string()
}

fn check(text: impl AsRef<[u8]>) -> Output {
    World::new().orchestra_with(["plan", "check", "--json", "-"], text.as_ref())
}

/// Refused in time, with a fault whose path and message hold these.
#[track_caller]
fn refused(text: impl AsRef<[u8]>, path: &str, message: &str) {
    let output = check(text);
    output.exits(2).quick();
    let document = output.json();
    assert_eq!(document["tasks"], json!([]), "{output}");
    let faults = document["faults"].as_array().unwrap();
    let holds = |fault: &Value, key: &str, part: &str| fault[key].as_str().unwrap().contains(part);
    assert!(
        faults.iter().any(|fault| holds(fault, "path", path) && holds(fault, "message", message)),
        "no fault at {path:?} with {message:?}\n{output}"
    );
    assert!(!output.stdout.contains(['\u{1b}', '\u{202e}']) && !output.stderr.contains(['\u{1b}', '\u{202e}']));
}

#[test]
fn a_sound_plan_is_shown_in_json_with_its_edges() {
    let text = plan(&[json!({"id": "a"}), json!({"id": "b", "depends_on": ["a"]})]);
    let output = check(text);
    let document = output.exits(0).json();
    assert_eq!(document["tasks"], json!([{"id": "a", "depends_on": []}, {"id": "b", "depends_on": ["a"]}]));
    assert_eq!(document["faults"], json!([]));
}

#[test]
fn a_sound_plan_is_told_in_one_line() {
    let world = World::new();
    world.file(
        "plan.json",
        plan(&[json!({"id": "a"}), json!({"id": "b", "depends_on": ["a"]}), json!({"id": "c", "depends_on": ["a"]})]),
    );
    let output = world.orchestra(["plan", "check", "plan.json", "-q"]);
    assert_eq!(output.exits(0).stdout, "ok: 3 tasks, 2 batches, critical path a → b\n");
}

#[test]
fn faults_are_told_with_their_places_and_what_to_do() {
    let world = World::new();
    let tasks = [json!({"id": "a", "depends_on": ["b"]}), json!({"id": "A", "role": "implment"})];
    world.file("plan.json", plan(&tasks));
    let output = world.orchestra(["plan", "check", "plan.json"]);
    insta::assert_snapshot!(output.exits(2).stderr, @r#"
    error: the plan plan.json has 3 faults
      $.tasks[1].role: expected one of research, implement, test, review, found `implment`
      $.tasks[1].id: the id `A` differs only by case from `a` of $.tasks[0]
        hint: ids are unique, also without case
      $.tasks[0].depends_on[0]: there is no task `b`
    
    hint: mend the places that are named; `orchestra plan check FILE` looks again
    "#);
    assert!(output.stdout.is_empty());
}

#[test]
fn a_plan_is_shown_by_batches() {
    let world = World::new();
    let tasks = [
        json!({"id": "find", "role": "research", "title": "Find it"}),
        json!({"id": "fix", "depends_on": ["find"], "scope": {"write": ["src/**"]}, "approval": true}),
        json!({"id": "docs", "depends_on": ["find"]}),
        json!({"id": "judge", "role": "review", "depends_on": ["fix", "docs"], "run_if": "always"}),
    ];
    world.file("plan.json", plan(&tasks).replacen('{', r#"{"plan_id": "OP-20261121-093312-A1B2","#, 1));
    let output = world.orchestra(["plan", "show", "plan.json"]);
    insta::assert_snapshot!(output.exits(0).stdout, @r#"
    A plan
    plan OP-20261121-093312-A1B2
    A goal
    
    B1  1 task
      find  [research]  Find it
    
    B2  2 tasks, independent
      fix  [implement]  T
          after find
          writes src/**
          waits for approval
      docs  [implement]  T
          after find
    
    B3  1 task
      judge  [review]  T
          after fix, docs
          runs also after a failure, with --continue-on-error
    
    critical path: find → fix → judge
    "#);
    let shown = world.orchestra(["plan", "show", "--json", "plan.json"]).exits(0).json();
    assert_eq!(shown["schema"], "orchestra.plan/v1");
    // What is shown is a plan itself, and a sound one.
    check(shown.to_string()).exits(0);
}

#[test]
fn cycles_and_edges_that_lead_nowhere_are_refused() {
    let cycle = [json!({"id": "a", "depends_on": ["b"]}), json!({"id": "b", "depends_on": ["a"]})];
    refused(plan(&cycle), "depends_on", "a → b");
    refused(plan(&[json!({"id": "a", "depends_on": ["a"]})]), "$.tasks[0].depends_on[0]", "");
    refused(plan(&[json!({"id": "a", "depends_on": ["x"]})]), "$.tasks[0].depends_on[0]", "x");
}

#[test]
fn ids_that_are_not_unique_or_not_safe_are_refused() {
    refused(plan(&[json!({"id": "a"}), json!({"id": "a"})]), "$.tasks[1].id", "a");
    refused(plan(&[json!({"id": "fix"}), json!({"id": "FIX"})]), "$.tasks[1].id", "");
    let long = "x".repeat(300);
    for bad in ["../../etc/passwd", "a/b", "-rf", "--help", "a\u{1b}[31m", "a\u{202e}b", "a\n", "", ".", "a b", &long] {
        refused(plan(&[json!({"id": bad})]), "$.tasks[0].id", "");
    }
}

#[test]
fn text_that_is_no_plan_is_refused() {
    let one = plan(&[json!({"id": "a"})]);
    refused(one.replacen(r#""id":"a""#, r#""id":"a","id":"b""#, 1), "", "");
    refused("I could not make a plan, sorry.", "$", "");
    refused("", "$", "");
    refused(&one[..one.len() - 20], "$", "");
    refused(format!("{one}\n{one}"), "$", "");
    refused(format!("```json\n{one}\n```\nor\n```json\n{one}\n```"), "$", "");
    refused(plan(&[]), "$.tasks", "empty");
    refused(b"{\"tasks\": [\xff]}", "$", "UTF-8");
    refused("[1, 2]", "$", "");
    refused("null", "$", "");
}

#[test]
fn a_number_where_it_makes_no_sense_is_refused() {
    for bad in [json!(0), json!(-1), json!(1.5), json!("NaN"), json!(9_223_372_036_854_775_808_u64)] {
        refused(plan(&[json!({"id": "a", "limits": {"attempts": bad}})]), "$.tasks[0].limits.attempts", "");
    }
    for bad in ["0s", "-1s", "inf", "9223372036854775808s"] {
        refused(plan(&[json!({"id": "a", "limits": {"time": bad}})]), "$.tasks[0].limits.time", "");
    }
}

#[test]
fn a_scope_outside_the_project_is_refused() {
    for bad in ["../x", "/etc/passwd", "a/../../b", ""] {
        refused(plan(&[json!({"id": "a", "scope": {"write": [bad]}})]), "$.tasks[0].scope.write[0]", "");
    }
}

#[test]
fn what_is_too_large_or_too_deep_is_refused_at_once() {
    refused("[".repeat(200_000), "$", "");
    refused(format!("{{\"tasks\": {}", "{\"a\":".repeat(200_000)), "", "");
    let tasks: Vec<Value> = (0..20_000).map(|n| json!({"id": format!("t{n}")})).collect();
    refused(plan(&tasks), "$", "");
    refused(format!("{{\"title\": \"{}\"}}", "x".repeat(8 << 20)), "$", "bytes");
}

#[test]
fn flags_raise_the_caps() {
    let world = World::new();
    let tasks: Vec<Value> = (0..10_050).map(|n| json!({"id": format!("t{n}")})).collect();
    let text = plan(&tasks);
    let caps = ["plan", "check", "-", "--max-tasks", "20000", "--max-bytes", "10000000"];
    let output = world.orchestra_with(caps, text.as_bytes());
    assert!(output.exits(0).stdout.starts_with("ok: 10050 tasks"), "{output}");
    world.orchestra_with(&caps[..5], text.as_bytes()).exits(0);
    world.orchestra_with(["plan", "check", "-", "--max-tasks", "1"], plan(&tasks[..2]).as_bytes()).exits(2);
}

#[test]
fn what_is_no_file_is_named_and_never_waited_for() {
    let world = World::new();
    world.file("plans/plan.json", plan(&[json!({"id": "a"})]));
    world.orchestra(["plan", "check", "plans"]).exits(2).says("folder");
    world.orchestra(["plan", "check", "plans/plna.json"]).exits(2).says("did you mean `plan.json`?");
    let pipe = world.project().join("pipe");
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
    world.orchestra(["plan", "check", "pipe"]).exits(2).says("is a pipe");
    let document = world.orchestra(["plan", "check", "--json", "absent"]).exits(2).json();
    assert_eq!(document["error"]["exit"], 2);
}

#[test]
fn a_plan_is_looked_at_without_a_word_on_what_it_does_not_need() {
    let world = World::new();
    world.file("orchestra.yaml", "checks: {mine: {run: [x]}}\nlimits: {plan_tasks: 20000}\n");
    world.file("plan.json", r#"{"tasks": [{"id": "a", "role": "implement"}]}"#);
    for command in ["check", "show", "graph"] {
        let output = world.orchestra(["plan", command, "plan.json"]);
        assert!(output.exits(0).says("limits.plan_tasks ignored").stderr.lines().count() == 1, "{command}: {output}");
    }
    let found = world.orchestra(["plan", "check", "plan.json", "--json"]).exits(0).json();
    assert_eq!(found["repairs"][0]["kind"], "filled", "programs are told of every default");
}
