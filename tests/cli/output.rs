//! What `run` prints: one document, a stream of events, or lines for people; and what it refuses before it begins.

use std::process::Stdio;

use serde_json::{Value, json};

use crate::scene::{Scene, appears, plan, text};
use crate::world::run;

const TICKET: &str = "# Mend the README\n\nIt is wrong.\n\n```diff\n--- a/README.md\n+++ b/README.md\n@@ -1 +1 @@\n-A project.\n+A good project.\n```\n";

/// A scene whose agents are the built-in ones.
fn builtin() -> Scene {
    let scene = Scene::new();
    scene.world.file("orchestra.yaml", json!({"version": 1, "journal": {"sync": "process"}}).to_string());
    scene
}

#[test]
fn json_is_one_document_that_tells_the_end() {
    let scene = Scene::new();
    scene.answers(&[json!({"task": "*", "writes": {"fix.txt": "x"}, "summary": "Done."})]);
    scene.plan(&[json!({"id": "fix", "checks": [appears("fix.txt")]})]);
    let report = scene.run(&["--json"]).exits(0).json();
    assert_eq!((&report["schema"], &report["exit_code"]), (&json!("orchestra.report/v1"), &json!(0)));
    assert_eq!(report, scene.json("report.json"));
    // Also when it does not end well, and when it does not begin.
    scene.plan(&[json!({"id": "fix", "checks": [appears("other.txt")]})]);
    assert_eq!(scene.run(&["--json"]).exits(3).json()["exit_code"], 3);
    scene.plan(&[]);
    assert_eq!(scene.run(&["--json"]).exits(2).json()["error"]["exit"], 2);
    let planned = scene.orchestra(["run", "-m", "Mend it.", "--plan-only", "--json"]).exits(0).json();
    assert!(planned.is_object());
}

#[test]
fn jsonl_is_the_journal_as_it_grows() {
    let scene = Scene::new();
    scene.answers(&[json!({"task": "*", "writes": {"fix.txt": "x"}, "summary": "Done."})]);
    scene.plan(&[json!({"id": "fix", "checks": [appears("fix.txt")]})]);
    let output = scene.run(&["--output", "jsonl"]);
    let events: Vec<Value> = output.exits(0).stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let mut journal = scene.journal();
    for event in &mut journal {
        event.as_object_mut().unwrap().remove("crc");
    }
    assert_eq!(events, journal);
    let seqs: Vec<u64> = events.iter().map(|event| event["seq"].as_u64().unwrap()).collect();
    assert_eq!(seqs, (1..=seqs.len() as u64).collect::<Vec<_>>());
}

#[test]
fn a_dry_run_is_one_document_and_changes_nothing() {
    let scene = builtin();
    let before = (scene.tree(), scene.git(&["status", "--porcelain"]));
    let call = |args: &[&str], input: &[u8]| {
        let all = ["run", "-", "--dry-run"].iter().chain(args).map(|arg| (*arg).to_owned());
        run(scene.command(all.collect::<Vec<String>>()), input)
    };
    let document = call(&["--json"], TICKET.as_bytes()).exits(0).json();
    assert!(document["dry_run"] == true && !document["tasks"].as_array().unwrap().is_empty());
    assert!(call(&[], TICKET.as_bytes()).exits(0).stdout.contains("README"), "a dry run shows the plan");
    assert_eq!((scene.tree(), scene.git(&["status", "--porcelain"])), before);
    assert!(!scene.world.project().join("runs").exists());
    call(&["--plan-only"], TICKET.as_bytes()).exits(2);
}

#[test]
fn a_reader_that_leaves_early_is_no_error() {
    let scene = Scene::new();
    scene.plan(&[json!({"id": "look", "role": "research"})]);
    for output in ["text", "json", "jsonl"] {
        let program = env!("CARGO_BIN_EXE_orchestra");
        let line = format!(
            "{{ '{program}' run --plan plan.json --config orchestra.yaml --output {output}; echo code $? >&2; }} | head -1 >/dev/null"
        );
        let mut shell = scene.command([""; 0]);
        let mut command = std::process::Command::new("sh");
        command.args(["-c", &line]).current_dir(scene.world.project()).env_clear();
        command.envs(shell.get_envs().filter_map(|(name, value)| value.map(|value| (name, value))));
        shell.stdout(Stdio::null());
        let output = run(command, &[]);
        assert!(output.stderr.contains("code 0") && !output.stderr.contains("panicked"), "{output}");
    }
    scene.stands("look:succeeded");
}

#[test]
fn builtin_without_a_diff_refuses_before_anything_is_made() {
    let scene = builtin();
    let output = scene.orchestra(["run", "-m", "Fix the off-by-one in median()"]);
    output.exits(6).says("hint:").says("--plan-only").says("agents:");
    assert!(!scene.world.project().join("runs").exists());
    scene.orchestra(["run", "-m", "Fix the off-by-one in median()", "--dry-run"]).exits(0);
    assert!(scene.runs().is_empty());
    scene.orchestra(["run", "-m", "Fix the off-by-one in median()", "--plan-only"]).exits(0);
    assert_eq!(scene.runs().len(), 1);
}

#[test]
fn builtin_applies_the_diff_that_a_ticket_brings() {
    let scene = builtin();
    scene.world.file("ticket.md", TICKET);
    let check = json!({"good": {"run": ["grep", "-q", "good", "README.md"], "expect": "change"}});
    scene.world.file("orchestra.yaml", json!({"version": 1, "checks": check}).to_string());
    scene.orchestra(["run", "ticket.md"]).exits(0).says("red → green");
    assert!(scene.text("changes.patch").contains("+A good project."));
    assert!(scene.text("report.md").contains("red → green"));
}

#[test]
fn an_agent_that_is_not_installed_is_named_before_anything_is_made() {
    let scene = Scene::new();
    scene.config(json!({"agents": {"gone": {"command": {"argv": ["no-such-agent-here"], "parser": "text"}}}, "roles": {"research": "gone"}}));
    scene.plan(&[json!({"id": "look", "role": "research"})]);
    scene.run(&[]).exits(6).says("no-such-agent-here").says("hint:");
    assert!(!scene.world.project().join("runs").exists());
}

#[test]
fn a_mistyped_file_is_not_run_as_text() {
    let scene = builtin();
    scene.world.file("ticket.md", TICKET);
    scene.orchestra(["run", "tikcet.md"]).exits(2).says("did you mean").says("ticket.md");
    scene.orchestra(["run", "."]).exits(2).says("folder");
    scene.orchestra(["run"]).exits(2).says("ticket");
    run(scene.command(["run", "-"]), b"").exits(2);
    run(scene.command(["run", "-"]), b"\xff\xfe bytes").exits(2);
    assert!(!scene.world.project().join("runs").exists());
}

#[test]
fn a_run_within_a_run_must_be_meant() {
    let scene = Scene::new();
    scene.plan(&[json!({"id": "look", "role": "research"})]);
    let nested = |args: &[&str]| {
        let all: Vec<&str> = ["run", "--plan", "plan.json"].iter().chain(args).copied().collect();
        let mut command = scene.command(all);
        command.env("ORCHESTRA_RUN_ID", "20261121-093312-a1b2");
        run(command, &[])
    };
    nested(&[]).exits(2).says("20261121-093312-a1b2").says("--nested");
    assert!(scene.runs().is_empty());
    nested(&["--nested"]).exits(0);
}

#[test]
fn a_key_given_to_a_ticket_is_kept() {
    let scene = Scene::new();
    scene.config(json!({"verify": {"unchecked": "allow"}}));
    let ticket = json!({"title": "Mend it", "body": "It is wrong.", "number": 7, "url": "https://example.org/7", "labels": [{"name": "bug"}]});
    run(scene.command(["run", "-"]), ticket.to_string().as_bytes()).exits(0);
    assert_eq!(scene.json("report.json")["ticket"], json!({"ref": "7", "title": "Mend it"}));
    assert_eq!(scene.events("run.started")[0].1["ref"], "7");
    run(scene.command(["run", "-", "--ref", "ABC-1"]), ticket.to_string().as_bytes()).exits(0);
    assert_eq!(scene.json("report.json")["ticket"]["ref"], "ABC-1");
    assert!(scene.text("report.md").contains("ABC-1"));
}

#[test]
fn a_plan_can_come_from_stdin_with_fences_around_it() {
    let scene = Scene::new();
    let fenced = format!("Here it is:\n\n```json\n{}\n```\n", plan(&[json!({"id": "look", "role": "research"})]));
    run(scene.command(["run", "--plan", "-"]), fenced.as_bytes()).exits(0);
    assert_eq!(text(&scene.json("plan.json")["tasks"][0]["id"]), "look");
}
