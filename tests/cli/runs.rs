//! `runs`: what has been run, how it stands, its report; and `plan TICKET`, the cheapest way to a run.

use std::path::Path;

use crate::scene::{Scene, shell};
use crate::world::World;

/// Where the newest run is.
fn latest(world: &World) -> std::path::PathBuf {
    world.project().join("runs/latest")
}

#[test]
fn a_project_without_runs_says_so_and_stays_as_it_is() {
    let world = World::new();
    let listed = world.orchestra(["runs", "list"]);
    assert!(listed.exits(0).says("no runs in").stdout.is_empty());
    assert_eq!(world.orchestra(["runs", "list", "--json"]).exits(0).json(), serde_json::json!({"runs": []}));
    for command in ["show", "report"] {
        world.orchestra(["runs", command]).exits(2).says("this project has no run yet").says("orchestra run TICKET");
        world.orchestra(["runs", command, "20261121-0933"]).exits(2).says("begins with `20261121-0933`");
    }
    assert!(std::fs::read_dir(world.project()).unwrap().next().is_none(), "looking leaves nothing behind");
}

#[test]
fn a_folder_for_runs_that_is_a_file_is_refused() {
    let world = World::new();
    world.file("runs", "x");
    let output = world.orchestra(["runs", "list"]);
    assert_ne!(output.code, 0, "{output}");
    output.says("should be the folder for runs");
}

#[test]
fn a_markdown_report_is_no_json() {
    World::new().orchestra(["runs", "report", "--json", "--format", "md"]).exits(2).says("no JSON document");
}

#[test]
fn a_planned_run_is_listed_shown_and_reported() {
    let world = World::new();
    let planned = world.orchestra(["plan", "-m", "Fix the parser", "--ref", "PROJ-7"]);
    assert!(planned.exits(0).stdout.contains("critical path: "), "{planned}");

    let listed = world.orchestra(["runs", "list"]);
    let [head, row] = listed.exits(0).stdout.lines().collect::<Vec<_>>()[..] else { panic!("{listed}") };
    assert_eq!(
        head.split_whitespace().collect::<Vec<_>>(),
        ["RUN", "STATUS", "VERDICT", "AGE", "TASKS", "REF", "TITLE"]
    );
    let run = row.split_whitespace().next().unwrap().to_owned();
    assert!(row.ends_with("0/4    PROJ-7  Fix the parser") && row.contains("finished  planned"), "{listed}");
    let row = &world.orchestra(["runs", "list", "--json"]).exits(0).json()["runs"][0];
    assert_eq!((&row["run"], &row["verdict"], &row["exit_code"]), (&run.as_str().into(), &"planned".into(), &0.into()));

    let shown = world.orchestra(["runs", "show"]);
    assert!(shown.exits(0).says(&run).stdout.starts_with("Fix the parser: planned\n"), "{shown}");
    // Named by the beginning of its id, and by its folder.
    for name in [&run[..15], "latest", &format!("runs/{run}")] {
        let shown = world.orchestra(["runs", "show", name, "--json"]).exits(0).json();
        assert_eq!((&shown["run"], &shown["schema"]), (&run.as_str().into(), &"orchestra.report/v1".into()));
    }

    let report = world.orchestra(["runs", "report", "-q"]).exits(0).stdout.clone();
    assert_eq!(report, world.read("runs/latest/report.md"));
    std::fs::remove_file(latest(&world).join("report.md")).unwrap();
    assert_eq!(world.orchestra(["runs", "report", "-q"]).exits(0).stdout, report, "made anew from the journal");
    std::fs::remove_file(latest(&world).join("report.json")).unwrap();
    let json = world.orchestra(["runs", "report", "--format", "json"]).exits(0).json();
    assert_eq!(json["plan_id"], world.orchestra(["plan", "show", "--json", "runs/latest/plan.json"]).json()["plan_id"]);
}

#[test]
fn a_damaged_journal_is_refused_by_line_and_does_not_hide_the_run() {
    let world = World::new();
    world.orchestra(["plan", "-m", "Fix the parser"]).exits(0);
    let journal = latest(&world).join("events.jsonl");
    let mut bytes = std::fs::read(&journal).unwrap();
    bytes[30] ^= 1;
    std::fs::write(&journal, bytes).unwrap();
    world.orchestra(["runs", "show"]).exits(7).says("events.jsonl, line 1").says("hint: ");
    assert!(world.orchestra(["runs", "list"]).exits(0).stdout.contains("unreadable"));
    assert_eq!(world.orchestra(["runs", "show", "--json"]).exits(7).json()["error"]["exit"], 7);
}

#[test]
fn the_runs_of_another_project_are_listed_but_never_meant_by_default() {
    let world = World::new();
    world.file("a/x", "");
    world.file("b/x", "");
    world.orchestra(["-C", "a", "plan", "-m", "For a", "--runs-dir", "../shared"]).exits(0);
    let both = world.orchestra(["-C", "b", "runs", "list", "--runs-dir", "../shared"]);
    assert!(both.exits(0).stdout.contains("For a"), "{both}");
    world.orchestra(["-C", "b", "runs", "show", "--runs-dir", "../shared"]).exits(2).says("no run yet");
    assert!(Path::new(&world.project().join("shared/latest")).exists());
}

#[test]
fn flags_of_every_command_go_anywhere() {
    let world = World::new();
    world.orchestra(["plan", "--json", "-m", "Fix it"]).exits(0).json();
    world.orchestra(["plan", "--json", "check", "runs/latest/plan.json"]).exits(0).json();
    world.orchestra(["plan", "-m", "x", "check", "runs/latest/plan.json"]).exits(2).says("plan check");
}

#[test]
fn runs_are_narrowed_by_ticket_and_an_unknown_cost_is_no_zero() {
    let world = World::new();
    world.orchestra(["plan", "-m", "Fix the parser", "--ref", "PROJ-7"]).exits(0);
    world.orchestra(["plan", "-m", "Fix the printer"]).exits(0);
    let of = |key: &str| world.orchestra(["runs", "list", "--json", "--ref", key]).exits(0).json()["runs"].clone();
    let found = of("proj-7");
    assert_eq!(found.as_array().unwrap().len(), 1);
    let row = &found[0];
    assert_eq!(
        (&row["ref"], &row["status"], &row["verdict"]),
        (&"PROJ-7".into(), &"finished".into(), &"planned".into())
    );
    assert_eq!((&row["tasks"], &row["tasks_done"]), (&4.into(), &0.into()));
    assert!(row["usage"]["usd"].is_null() && row["usage"]["input_tokens"].is_null(), "{row}");
    assert!(row["age_ms"].is_u64() && row["applied"] == false, "{row}");
    assert!(of("PROJ").as_array().unwrap().is_empty());
    world.orchestra(["runs", "list", "--ref", "NONE"]).exits(0).says("no runs of ticket `NONE`");
    let both = world.orchestra(["runs", "list"]);
    assert!(both.exits(0).stdout.lines().nth(1).unwrap().ends_with("Fix the printer"), "newest first: {both}");
    assert!(!both.stdout.contains("COST") && !both.stdout.contains("$0"), "{both}");
}

#[test]
fn a_run_is_shown_with_its_phase_batches_failures_and_limits() {
    let scene = Scene::new();
    scene.answers(&[
        serde_json::json!({"task": "b", "fail": {"class": "exited", "detail": "no such model 12"}}),
        serde_json::json!({"task": "*", "summary": "Done.", "usage": {"usd": 0.25, "input_tokens": 10}}),
    ]);
    scene.config(
        serde_json::json!({"verify": {"unchecked": "allow"}, "run": {"attempts": 1, "continue_on_error": true}}),
    );
    let task = |id: &str, on: &[&str]| serde_json::json!({"id": id, "checks": [], "depends_on": on});
    scene.plan(&[task("a", &[]), task("b", &["a"]), task("c", &["b"])]);
    scene.run(&["-q"]).exits(1);

    let shown = scene.world.orchestra(["runs", "show", "--json"]).exits(0).json();
    assert_eq!(
        (&shown["status"], &shown["phase"], &shown["verdict"]),
        (&"finished".into(), &"finished".into(), &"failed".into())
    );
    assert_eq!((&shown["completed"], &shown["current"]), (&serde_json::json!(["a"]), &serde_json::json!([])));
    assert_eq!(shown["plan"]["tasks"], 3);
    let batches: Vec<String> = shown["batches"]
        .as_array()
        .unwrap()
        .iter()
        .map(|batch| {
            format!("{}:{}={}", batch["name"], batch["tasks"][0]["id"], batch["tasks"][0]["status"]).replace('"', "")
        })
        .collect();
    assert_eq!(batches, ["B1:a=succeeded", "B2:b=failed", "B3:c=skipped"]);
    let failure = &shown["failures"][0];
    assert_eq!((&failure["task"], &failure["class"]), (&"b".into(), &"exited".into()));
    assert_eq!(failure["signature"], "exited: no such model ");
    assert!(!failure["hint"].as_str().unwrap().is_empty());
    assert_eq!(shown["budget"]["launches"]["used"], 2);
    assert!(shown["budget"]["time_ms"]["limit"].as_u64() > shown["budget"]["time_ms"]["used"].as_u64());

    let text = scene.world.orchestra(["runs", "show"]);
    for part in ["batches", "B2   failed: b", "limits", "launches                      2 of", "hint: "] {
        assert!(text.exits(0).stdout.contains(part), "{part}: {text}");
    }
    let row = scene.world.orchestra(["runs", "list"]).exits(0).stdout.clone();
    assert!(row.contains("1/3") && row.contains("finished  failed"), "{row}");
}

#[test]
fn the_folder_of_a_run_is_named_from_where_the_project_is() {
    let scene = Scene::new();
    scene.config(shell("text", "true")).plan(&[serde_json::json!({"id": "a", "checks": []})]);
    scene.run(&[]).exits(3);
    let elsewhere = scene.world.project().join("elsewhere");
    std::fs::create_dir(&elsewhere).unwrap();
    let path = format!("./runs/{}", scene.runs()[0]);
    let calls: [&[&str]; 4] = [
        &["runs", "show", &path],
        &["runs", "diff", &path, &path],
        &["resume", "--explain", &path],
        &["runs", "clean", "--force", &path],
    ];
    for args in calls {
        let mut command = scene.world.command(["-C", ".."].iter().chain(args));
        command.current_dir(&elsewhere);
        crate::world::run(command, b"").exits(0);
    }
    assert!(scene.runs().is_empty());
}
