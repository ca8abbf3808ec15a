//! Where a run ends early, and how it goes on: time, quotas, logins, children that misbehave.

use serde_json::json;

use crate::scene::{Scene, appears, text};

fn looking(scene: &Scene) {
    scene.plan(&[
        json!({"id": "look", "role": "research"}),
        json!({"id": "then", "role": "research", "depends_on": ["look"]}),
    ]);
}

#[test]
fn a_run_out_of_time_ends_with_four_and_goes_on_with_more() {
    let scene = Scene::new();
    scene.answers(&[json!({"task": "*", "wait_for": "never"})]);
    looking(&scene);
    scene.run(&["--timeout", "1s"]).exits(4).says("limits.run").says("--timeout");
    scene.answers(&[json!({"task": "*", "summary": "Seen."})]);
    // What was used stays used: no more time, no more work.
    scene.resume(&[]).exits(4);
    scene.resume(&["--timeout", "+10m"]).exits(0);
    scene.stands("look:succeeded then:succeeded");
}

#[test]
fn a_spent_quota_stops_the_run_and_costs_no_attempt() {
    let scene = Scene::new();
    scene.config(json!({"run": {"attempts": 1}}));
    scene.answers(&[
        json!({"task": "look", "attempt": 1, "fail": {"class": "quota", "detail": "come back tomorrow"}}),
        json!({"task": "*", "summary": "Seen."}),
    ]);
    looking(&scene);
    scene.run(&[]).exits(6).says("come back tomorrow").says("resume");
    scene.resume(&[]).exits(0);
    assert_eq!(scene.tasks_of("attempt.started"), ["look", "look", "then"]);
}

#[test]
fn a_refused_login_is_not_tried_again() {
    let scene = Scene::new();
    scene.config(json!({"run": {"attempts": 5}}));
    scene.answers(&[json!({"task": "*", "fail": {"class": "auth", "detail": "the key is wrong"}})]);
    looking(&scene);
    scene.run(&[]).exits(6).says("the key is wrong");
    assert_eq!(scene.tasks_of("attempt.started"), ["look"]);
}

#[test]
fn a_child_that_is_killed_is_named_as_such() {
    let scene = Scene::new();
    scene.shell("text", "kill -9 $$");
    looking(&scene);
    scene.run(&["--set", "run.attempts=1"]).exits(1).says("signal 9");
    assert_eq!(scene.events("attempt.finished")[0].1["exit"], json!({"signal": 9}));
}

#[test]
fn a_flood_is_cut_and_said() {
    let scene = Scene::new();
    scene.shell(
        "text",
        "head -c 40000000 /dev/zero | tr '\\0' x; head -c 40000000 /dev/zero | tr '\\0' y >&2; echo; echo done",
    );
    scene.plan(&[json!({"id": "look", "role": "research"})]);
    scene.run(&[]).exits(0);
    assert_eq!(scene.events("attempt.finished")[0].1["truncated"], true);
    let bytes: usize = crate::scene::files(&scene.dir()).values().map(Vec::len).sum();
    assert!(bytes < 20_000_000, "{bytes}");
    assert!(scene.text("report.md").contains("truncated"));
}

#[test]
fn what_a_child_leaves_behind_is_ended_and_said() {
    let scene = Scene::new();
    let mark = scene.world.project().join("alive");
    scene.config(json!({"workspace": {"mode": "copy"}}));
    scene.shell("text", &format!("setsid sleep 300 & echo $! > {}; echo done", mark.display()));
    scene.plan(&[json!({"id": "look", "role": "research"})]);
    scene.run(&[]).exits(0);
    assert_eq!(scene.events("attempt.finished")[0].1["leaked"], 1);
    let pid = std::fs::read_to_string(mark).unwrap();
    assert!(!std::path::Path::new("/proc").join(pid.trim()).exists());
}

#[test]
fn an_answer_that_is_none_is_called_bad_output() {
    let scene = Scene::new();
    scene.shell("json", "echo 'I did everything you asked for.'");
    looking(&scene);
    scene.run(&["--set", "run.attempts=1"]).exits(1);
    assert_eq!(scene.events("task.failed")[0].1["class"], "bad-output");
}

#[test]
fn a_suite_that_breaks_in_the_end_is_seen_in_the_end() {
    let scene = Scene::new();
    scene.config(json!({"checks": {"kept": {"run": ["grep", "-q", "A project", "README.md"]}}}));
    scene.answers(&[json!({"task": "*", "writes": {"README.md": "Gone.\n", "fix.txt": "x"}, "summary": "Done."})]);
    // The task's own check is green; the project's is not.
    scene.plan(&[json!({"id": "fix", "checks": [appears("fix.txt")]})]);
    scene.run(&[]).exits(3).says("kept");
    let report = scene.json("report.json");
    assert_eq!((&report["success"], &report["verdict"]), (&json!(false), &json!("unverified")));
    assert_eq!(report["steps"][0]["status"], "succeeded");
}

#[test]
fn tasks_that_only_read_may_run_side_by_side_and_others_never_do() {
    let scene = Scene::new();
    scene.shell("text", "echo done");
    let tasks: Vec<_> = (0..6).map(|n| json!({"id": format!("t{n}"), "role": "research"})).collect();
    scene.plan(&tasks);
    scene.run(&["-j", "4"]).exits(0);
    let (mut at_work, mut most) = (0_i32, 0);
    for event in scene.journal() {
        match event["kind"].as_str().unwrap() {
            "attempt.started" => at_work += 1,
            "attempt.finished" => at_work -= 1,
            _ => {}
        }
        most = most.max(at_work);
    }
    assert_eq!(most, 1, "they share one workspace");
}

#[test]
fn every_task_is_asked_about_where_that_is_wished() {
    let scene = Scene::new();
    looking(&scene);
    scene.run(&["--ask", "task"]).exits(5).says("--approve plan");
    scene.resume(&["--approve", "plan"]).exits(5).says("--approve look");
    scene.resume(&["--approve", "look"]).exits(5).says("--approve then");
    scene.resume(&["--approve", "then"]).exits(0);
    let decided: Vec<String> = scene.events("approval.decided").into_iter().map(|(task, _)| task).collect();
    assert_eq!(decided, ["", "look", "then"]);
}

#[test]
fn tests_that_the_work_weakened_are_pointed_out() {
    let scene = Scene::new();
    scene.world.file("tests/a_test.sh", "test -f fix.txt\n");
    scene.commit("a test");
    let check = json!({"name": "suite", "run": ["sh", "tests/a_test.sh"], "expect": "change"});
    scene.answers(&[json!({"task": "*", "writes": {"tests/a_test.sh": "true\n"}, "summary": "All green now."})]);
    scene.plan(&[json!({"id": "fix", "checks": [check]})]);
    scene.run(&[]);
    let concerns = scene.json("report.json")["concerns"].clone();
    assert!(
        concerns
            .as_array()
            .unwrap()
            .iter()
            .any(|it| it["kind"] == "touched" && text(&it["text"]).contains("a_test.sh")),
        "{concerns}"
    );
}

#[test]
fn twenty_runs_at_once_are_twenty_directories() {
    let scene = Scene::new();
    scene.plan(&[json!({"id": "look", "role": "research"})]);
    let calls: Vec<_> = (0..20)
        .map(|_| {
            let mut command = scene.command(["run", "--plan", "plan.json", "--plan-only", "-q"]);
            command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).spawn().unwrap()
        })
        .collect();
    for mut call in calls {
        assert!(call.wait().unwrap().success());
    }
    assert_eq!(scene.runs().len(), 20);
}
