//! Task lists of other tools as plans: what `plan check`, `plan show` and `run --plan` make of them.

use serde_json::{Value, json};

use crate::scene::Scene;
use crate::world::{Output, World};

/// A file of those that came from real projects.
fn real(name: &str) -> String {
    format!("{}/tests/fixtures/plans/{name}", env!("CARGO_MANIFEST_DIR"))
}

#[track_caller]
fn check(text: impl AsRef<[u8]>) -> Output {
    let output = World::new().orchestra_with(["plan", "check", "-"], text.as_ref());
    output.quick();
    assert!(!output.stdout.contains(['\u{1b}', '\u{202e}']) && !output.stderr.contains(['\u{1b}', '\u{202e}']));
    output
}

#[test]
fn every_real_list_is_a_sound_plan_or_refused_for_a_reason_of_its_own() {
    let world = World::new();
    for (name, code, says) in [
        ("0xfauzi__testcraft__taskmaster_tasks_tasks.json", 0, "22, 29, 31, 34.1, 34.3"),
        ("eyaltoledano__claude-task-master__tasks_tasks.json", 2, "nothing is left to do: all 23 are done"),
        ("import/taskmaster-flat.json", 0, "22.3, 32, 36, 77.2, 77.3 are deferred, with 3 parts below"),
        ("ruvnet__ruflo__taskmaster_tasks_tasks.json", 0, "`welcome-task` is done, but its parts"),
        ("day8__de-dupe__beads_issues.jsonl", 2, "nothing is left to do: all 13 are done"),
        ("AISmithLab__appointment-scheduling-benchmark__tasks_tasks.json", 2, "$.tasks[5].role: the role is missing"),
    ] {
        world.orchestra(["plan", "check", &real(name)]).exits(code).says(says);
        world.orchestra(["plan", "show", &real(name)]).exits(code);
        let tried = world.orchestra(["run", "--plan", &real(name), "--dry-run"]);
        tried.exits(code).says(says);
        assert_eq!(tried.stdout.contains("planned by taskmaster"), code == 0, "{tried}");
    }
}

#[test]
fn what_is_shown_of_a_list_is_a_plan_that_is_sound_without_a_repair() {
    let world = World::new();
    for name in ["import/taskmaster-flat.json", "import/taskmaster-tagged.json", "import/beads.jsonl"] {
        let shown = world.orchestra(["plan", "show", "--json", &real(name)]);
        shown.exits(0);
        let again = world.orchestra_with(["plan", "check", "--json", "-"], shown.stdout.as_bytes()).exits(0).json();
        assert_eq!(again["repairs"], json!([]), "{name}");
        let before = world.orchestra(["plan", "check", "--json", &real(name)]).exits(0).json();
        assert_eq!(again["tasks"], before["tasks"], "{name}");
        assert!(before["repairs"].as_array().unwrap().iter().any(|repair| repair["kind"] == "dangling"), "{name}");
    }
}

#[test]
fn a_tag_is_named_behind_the_file() {
    let world = World::new();
    let file = real("import/taskmaster-tagged.json");
    let ours = world.orchestra(["plan", "check", &file]);
    ours.exits(0).says("the tag `master` was taken; FILE#TAG takes another of `feature-export`");
    let theirs = world.orchestra(["plan", "show", &format!("{file}#feature-export")]);
    assert!(theirs.exits(0).stdout.contains("1  [implement]  Export coverage as CSV"), "{theirs}");
    let run = world.orchestra(["run", "--plan", &format!("{file}#feature-export"), "--dry-run"]);
    assert!(run.exits(0).stdout.contains("feature-export: 1 task, planned by taskmaster"), "{run}");
    world
        .orchestra(["plan", "check", &format!("{file}#export")])
        .exits(2)
        .says("the tags are `master`, `feature-export`");
    world
        .orchestra(["run", "--plan", &format!("{file}#export"), "--dry-run"])
        .exits(2)
        .says("there is no tag `export`");
    world.orchestra(["plan", "check", "absent.json#x"]).exits(2).says("absent.json");
}

#[test]
fn a_file_whose_own_name_holds_the_sign_is_that_file() {
    let world = World::new();
    let list = |title: &str| json!({"tasks": [{"id": 1, "title": title, "status": "pending"}], "metadata": {}});
    let text = json!({"a": list("of a"), "b": list("of b")}).to_string();
    world.file("tasks#1.json", &text);
    world
        .orchestra(["plan", "check", "tasks#1.json"])
        .exits(2)
        .says("2 tags, and which is meant cannot be told: `a`, `b`");
    let shown = world.orchestra(["plan", "show", "tasks#1.json#b"]);
    assert!(shown.exits(0).stdout.contains("of b"), "{shown}");
}

#[test]
fn duplicates_and_circles_are_refused_by_name() {
    let task = |id: Value, on: Value| json!({"id": id, "title": "T", "status": "pending", "dependencies": on});
    let twice = json!({"tasks": [task(json!(1), json!([])), task(json!("1"), json!([]))]}).to_string();
    check(twice).exits(2).says("$.tasks[1].id: the id `1` is already that of $.tasks[0]");
    let ring = json!({"master": {"tasks": [task(json!(1), json!([2])), task(json!(2), json!([1]))]}}).to_string();
    check(ring)
        .exits(2)
        .says("$.master.tasks[0].dependencies[0]: items wait for each other in a circle: `1` → `2` → `1`");
    let itself = json!({"tasks": [task(json!("a"), json!(["a"]))]}).to_string();
    check(itself).exits(2).says("$.tasks[0].dependencies[0]: `a` waits for itself");
    let lines = "{\"id\":\"bd-1\",\"title\":\"T\",\"status\":\"open\"}\n".repeat(2);
    check(lines).exits(2).says("line 2").says("the id `bd-1` is already that of line 1");
}

#[test]
fn a_dependency_on_nothing_is_told_and_does_not_stop_the_run() {
    let scene = Scene::new();
    let tasks = json!({"tasks": [
        {"id": 1, "title": "First", "status": "done"},
        {"id": 2, "title": "Second", "status": "pending", "dependencies": [1, 99]},
    ]});
    scene.world.file("tasks.json", tasks.to_string());
    scene.config(json!({"verify": {"unchecked": "allow"}}));
    let output = scene.orchestra(["run", "--plan", "tasks.json"]);
    output.exits(0).says("dangling: $.tasks[1].dependencies[1]: `2` waits for `99`, which is not in the file: dropped");
    output.says("left out: $.tasks[0]: 1 is done");
    let shown = scene.orchestra(["runs", "show", "--json"]).exits(0).json();
    assert!(shown.to_string().contains("Second"), "{shown}");
}

#[test]
fn a_cut_or_broken_line_is_named_with_its_number() {
    let text = std::fs::read_to_string(real("import/beads.jsonl")).unwrap();
    let cut = &text[..text.len() - 400];
    let output = check(cut);
    output.exits(2).says("was cut");
    let line = format!("line {}", cut.lines().count());
    output.says(&line);
    check(text.replacen("\n{", "\n=======\n{", 1)).exits(2).says("a merge left its marks here").says("line 2");
    check(text.replacen("\n{", "\n{]", 1)).exits(2).says("line 2");
}

#[test]
fn marks_line_ends_and_hostile_titles_do_no_harm() {
    let task = json!({"id": "x\u{1b}[2J", "title": "\u{1b}]0;owned\u{7}\u{202e}T", "status": "pending",
        "dependencies": ["\u{1b}[31m"]});
    let text = json!({"tasks": [task]}).to_string().replace(',', ",\r\n");
    let output = check(format!("\u{feff}{text}"));
    output.exits(0).says("a byte order mark was skipped").says("which is not in the file");
    let world = World::new();
    let shown = world.orchestra_with(["plan", "show", "-"], text.as_bytes());
    assert!(!shown.exits(0).stdout.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{shown}");
}

#[test]
fn a_wrong_type_and_an_empty_list_are_named() {
    check(r#"{"master": {"tasks": [{"id": 1, "title": "T", "status": 3}]}}"#)
        .exits(2)
        .says("$.master.tasks[0].status: expected text, found a number");
    check(r#"{"tag": {"tasks": [], "metadata": {}}}"#).exits(2).says("$.tag.tasks: the list is empty");
    check("[]").exits(2).says("a plan is an object");
}

#[test]
fn a_huge_list_is_judged_in_time_and_one_of_many_launches_is_told() {
    let tasks: Vec<Value> =
        (1..=9000).map(|n| json!({"id": n, "title": "T", "status": "pending", "dependencies": [n / 2]})).collect();
    let text = json!({"tasks": tasks}).to_string();
    let output = check(&text);
    assert!(output.exits(0).stdout.starts_with("ok: 9000 tasks"), "{output}");
    let many: Vec<Value> = tasks.iter().take(201).cloned().collect();
    let world = World::new();
    world.file("tasks.json", json!({"tasks": many}).to_string());
    world
        .orchestra(["run", "--plan", "tasks.json", "--dry-run"])
        .exits(0)
        .says("the plan has 201 tasks, and a run stops after 200 launches");
}

#[test]
fn a_list_that_shrank_goes_on_with_the_same_ids() {
    let scene = Scene::new();
    let task = |id: u32, status: &str| json!({"id": id, "title": format!("Number {id}"), "status": status});
    scene.world.file("tasks.json", json!({"tasks": [task(1, "pending"), task(2, "pending")]}).to_string());
    scene.config(json!({"verify": {"unchecked": "allow"}}));
    scene.orchestra(["run", "--plan", "tasks.json"]).exits(0);
    scene.world.file("tasks.json", json!({"tasks": [task(1, "done"), task(2, "pending")]}).to_string());
    let shown = scene.orchestra(["plan", "check", "--json", "tasks.json"]).exits(0).json();
    assert_eq!(shown["tasks"], json!([{"id": "2", "depends_on": []}]));
}

#[test]
fn of_many_notes_the_first_are_told_and_programs_get_all() {
    let tasks: Vec<Value> =
        (1..=60).map(|n| json!({"id": n, "title": "T", "status": "pending", "dependencies": [n + 100]})).collect();
    let text = json!({"tasks": tasks}).to_string();
    let output = check(&text);
    output.exits(0).says("… and 20 more; `orchestra plan check --json` names all");
    assert_eq!(output.stderr.lines().filter(|line| line.starts_with("dangling: ")).count(), 40, "{output}");
    let all = World::new().orchestra_with(["plan", "check", "--json", "-"], text.as_bytes()).exits(0).json();
    assert_eq!(all["repairs"].as_array().unwrap().len(), 60);
}

#[test]
fn a_run_goes_on_with_a_tag_of_a_list_and_a_graph_is_drawn_of_it() {
    let scene = Scene::new();
    scene.config(json!({"verify": {"unchecked": "allow"}}));
    let list = |title: &str| json!({"tasks": [{"id": 1, "title": title, "status": "pending"}], "metadata": {}});
    scene.world.file("tasks.json", json!({"a": list("Of a"), "b": list("Of b")}).to_string());
    scene.orchestra(["run", "--plan", "tasks.json#a", "--plan-only"]).exits(0);
    let resumed = scene.orchestra(["resume", "--plan", "tasks.json#b"]);
    resumed.exits(0);
    let graph = scene.orchestra(["plan", "graph", "tasks.json#b"]);
    assert!(graph.exits(0).stdout.contains("Of b"), "{graph}");
}
