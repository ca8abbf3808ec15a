//! `runs diff`: in what two runs differ.

use serde_json::{Value, json};

use crate::scene::{Scene, appears, merge, shell, text};

/// A run of these tasks with this agent, these settings and these flags; its id.
fn made(scene: &Scene, script: &str, more: Value, tasks: &[Value]) -> String {
    let mut config = shell("text", script);
    merge(&mut config, json!({"verify": {"unchecked": "allow"}, "run": {"attempts": 1}}));
    merge(&mut config, more);
    scene.config(config).plan(tasks);
    let output = scene.run(&["--json"]);
    assert!(matches!(output.code, 0 | 1 | 3), "{output}");
    text(&output.json()["run"])
}

fn task(id: &str) -> Value {
    json!({"id": id, "checks": []})
}

#[test]
fn two_equal_runs_differ_in_nothing_but_their_numbers() {
    let scene = Scene::new();
    let script = "echo made > made.txt";
    let run = || made(&scene, script, json!({}), &[task("a")]);
    let (a, b) = (run(), run());
    let output = scene.world.orchestra(["runs", "diff", &a, &b]);
    for part in ["config: the same", "plan: the same", "tasks: the same", "patch: the same"] {
        assert!(output.exits(0).stdout.contains(part), "{part}: {output}");
    }
    assert!(output.stdout.starts_with(&format!("A  {a}  success (exit 0)")), "{output}");
    let found = scene.world.orchestra(["runs", "diff", "--json", &a, &b]).exits(0).json();
    assert_eq!((&found["config"], &found["plan"]["changed"]), (&json!([]), &json!([])));
    assert_eq!(found["patch"], json!({"only_a": [], "only_b": [], "differs": [], "same": ["made.txt"]}));
    assert_eq!(found["a"]["usage"]["usd"], Value::Null, "what nobody told is unknown");
}

#[test]
fn settings_plan_outcomes_and_patch_are_compared() {
    let scene = Scene::new();
    let first = "echo first > both.txt; echo x > $ORCHESTRA_TASK_ID.txt";
    let a = made(&scene, first, json!({}), &[task("one"), task("two"), json!({"id": "gone", "checks": []})]);
    let second = "echo second > both.txt; echo x > $ORCHESTRA_TASK_ID.txt; [ $ORCHESTRA_TASK_ID != two ]";
    let tasks = [json!({"id": "one", "checks": [], "instructions": "Do more."}), task("two"), task("new")];
    let b = made(&scene, second, json!({"run": {"continue_on_error": true}, "limits": {"run": "2h"}}), &tasks);

    let found = scene.world.orchestra(["runs", "diff", &a, &b, "--json"]).exits(0).json();
    let keys: Vec<&str> =
        found["config"].as_array().unwrap().iter().map(|setting| setting["key"].as_str().unwrap()).collect();
    assert_eq!(keys, ["agents.sh.command.argv", "limits.run", "run.continue_on_error"]);
    assert_eq!((&found["config"][2]["a"], &found["config"][2]["b"]), (&json!(false), &json!(true)));
    assert_eq!((&found["plan"]["added"], &found["plan"]["removed"]), (&json!(["new"]), &json!(["gone"])));
    assert_eq!(found["plan"]["changed"], json!([{"id": "one", "fields": ["instructions"]}]));
    let task = |id: &str| found["tasks"].as_array().unwrap().iter().find(|pair| pair["id"] == id).unwrap().clone();
    assert_eq!((&task("two")["a"]["status"], &task("two")["b"]["status"]), (&json!("succeeded"), &json!("failed")));
    assert!(task("new")["a"].is_null() && task("gone")["b"].is_null());
    assert_eq!((&found["a"]["verdict"], &found["b"]["verdict"]), (&json!("success"), &json!("failed")));
    let names = |part: &str| -> Vec<String> {
        found["patch"][part].as_array().unwrap().iter().map(|file| text(&file["path"])).collect()
    };
    assert_eq!(names("differs"), ["both.txt"]);
    assert_eq!(
        (names("only_a"), names("only_b")),
        (vec!["gone.txt".into(), "two.txt".into()], vec!["new.txt".to_owned()])
    );
    assert_eq!(found["patch"]["differs"][0]["a"]["added"], 1);

    let shown = scene.world.orchestra(["runs", "diff", &a, &b, "--patch"]);
    for part in [
        "run.continue_on_error: false → true",
        "limits.run: 8h → 2h",
        "~ one: instructions",
        "- gone",
        "+ new",
        "two: succeeded, unchecked, 1 attempt",
        "only in A: gone.txt (+1 −0)",
        "differs: both.txt (+1 −0 → +1 −0)",
        "=== in A: both.txt",
        "+second",
    ] {
        assert!(shown.exits(0).stdout.contains(part), "{part}: {shown}");
    }
    assert!(!scene.world.orchestra(["runs", "diff", &a, &b]).exits(0).stdout.contains("+second"));
}

#[test]
fn a_run_without_a_change_and_one_that_was_only_planned_are_compared_too() {
    let scene = Scene::new();
    let a = made(&scene, "true", json!({}), &[json!({"id": "a", "checks": [appears("made.txt")]})]);
    scene.run(&["-q", "--plan-only"]).exits(0);
    let found = scene.world.orchestra(["runs", "diff", &a, "latest", "--json"]).exits(0).json();
    assert_eq!(found["b"]["verdict"], "planned");
    assert_eq!(found["patch"]["same"], json!([]));
    scene.world.orchestra(["runs", "diff", &a]).exits(2);
    scene.world.orchestra(["runs", "diff", &a, "20200101"]).exits(2).says("begins with");
    scene.world.file(&format!("runs/{a}/config.yaml"), "a: [\n");
    scene.world.orchestra(["runs", "diff", &a, "latest"]).exits(7).says("config.yaml");
}
