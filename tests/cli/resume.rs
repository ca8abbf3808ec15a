//! `resume`: nothing that had finished is done again, and what is done is said beforehand.

use serde_json::json;

use crate::scene::{Scene, appears, plan, text};

/// Three tasks of which the second fails the first time.
fn stuck() -> Scene {
    let scene = Scene::new();
    scene.config(json!({"run": {"attempts": 1}}));
    scene.answers(&[
        json!({"task": "one", "writes": {"one.txt": "1\n"}, "summary": "One is done."}),
        json!({"task": "two", "attempt": 1, "fail": {"class": "exited", "detail": "not today"}}),
        json!({"task": "two", "writes": {"two.txt": "2\n"}, "summary": "Two is done."}),
        json!({"task": "*", "summary": "Seen."}),
    ]);
    scene.plan(&stuck_tasks());
    scene.run(&[]).exits(1);
    scene.stands("one:succeeded two:failed three:skipped");
    scene
}

fn stuck_tasks() -> [serde_json::Value; 3] {
    [
        json!({"id": "one", "checks": [appears("one.txt")]}),
        json!({"id": "two", "depends_on": ["one"], "checks": [appears("two.txt")]}),
        json!({"id": "three", "role": "review", "depends_on": ["two"]}),
    ]
}

#[test]
fn a_resume_goes_on_where_the_run_failed_and_repeats_nothing() {
    let scene = stuck();
    let failed = scene.runs();
    scene.resume(&[]).exits(0);
    assert_eq!(scene.runs(), failed, "it is the same run");
    scene.stands("one:succeeded two:succeeded three:succeeded");
    assert_eq!(scene.tasks_of("attempt.started"), ["one", "two", "two", "three"]);
    // The second attempt has its own number and folder, and knows why the first failed.
    assert_eq!(scene.message("2-two", 2)["previous_failure"]["detail"], "not today");
}

#[test]
fn a_finished_run_has_nothing_left_to_do() {
    let scene = Scene::new();
    scene.plan(&[json!({"id": "look", "role": "research"})]);
    scene.run(&[]).exits(0);
    let before = crate::scene::files(&scene.dir());
    let run = scene.runs()[0].clone();
    scene.resume(&[&run]).exits(0).says("nothing to do");
    assert_eq!(scene.tasks_of("attempt.started"), ["look"]);
    assert!(crate::scene::files(&scene.dir()) == before, "the records changed");
    // None is unfinished: there is nothing to choose.
    scene.resume(&[]).exits(7).says("no run");
    scene.resume(&["2020"]).exits(2).says("2020");
}

#[test]
fn a_resume_writes_the_report_that_a_full_disk_kept_away() {
    let scene = stuck();
    scene.resume(&[]).exits(0);
    let before = crate::scene::files(&scene.dir());
    for file in ["report.md", "report.json", "junit.xml", "changes.patch"] {
        std::fs::remove_file(scene.dir().join(file)).unwrap();
    }
    let run = scene.runs()[0].clone();
    scene.resume(&[&run]).exits(0).says("its report was missing");
    assert!(crate::scene::files(&scene.dir()) == before, "the same as before");
    assert_eq!(scene.tasks_of("attempt.started"), ["one", "two", "two", "three"]);
}

#[test]
fn explain_gives_reasons_and_changes_nothing() {
    let scene = stuck();
    let before = crate::scene::files(&scene.dir());
    let told = scene.resume(&["--explain"]);
    told.exits(0);
    for (task, now) in [("one", "succeeded"), ("two", "failed"), ("three", "skipped")] {
        let line = told.stdout.lines().find(|line| line.starts_with(task)).unwrap_or_else(|| panic!("{told}"));
        assert!(line.contains(now), "{line}");
    }
    let document = scene.resume(&["--explain", "--json"]).exits(0).json();
    assert_eq!(document.as_array().unwrap().len(), 3, "{document}");
    assert!(crate::scene::files(&scene.dir()) == before, "the records changed");
}

#[test]
fn an_edit_of_what_is_not_finished_is_taken() {
    let scene = stuck();
    let mut tasks = stuck_tasks();
    tasks[1]["instructions"] = json!("Do it like this.");
    tasks[2]["title"] = json!("Look again");
    scene.world.file("edited.json", plan(&tasks).to_string());
    scene.resume(&["--plan", "edited.json"]).exits(0);
    assert_eq!(scene.tasks_of("attempt.started"), ["one", "two", "two", "three"]);
    assert_eq!(scene.message("2-two", 2)["instructions"], "Do it like this.");
    let revisions = scene.events("plan.accepted");
    assert_eq!(revisions.iter().map(|(_, data)| data["revision"].as_u64().unwrap()).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(scene.json("plan.json")["tasks"][1]["instructions"], "Do it like this.");
    assert!(scene.dir().join("plans/0002.json").exists());
}

#[test]
fn an_edit_of_what_is_finished_is_refused_unless_it_is_accepted() {
    let scene = stuck();
    let mut tasks = stuck_tasks();
    tasks[0]["instructions"] = json!("Do it otherwise.");
    scene.world.file("edited.json", plan(&tasks).to_string());
    let before = scene.journal().len();
    let edited = ["--plan", "edited.json"];
    scene.resume(&edited).exits(7).says("task one").says("instructions").says("--accept-changed");
    assert_eq!(scene.journal().len(), before);
    let told = scene.resume(&["--plan", "edited.json", "--explain"]);
    assert!(told.exits(7).stdout.contains("instructions"), "{told}");

    scene.resume(&["--plan", "edited.json", "--accept-changed"]).exits(0);
    scene.stands("one:succeeded two:succeeded three:succeeded");
    assert_eq!(scene.tasks_of("attempt.started"), ["one", "two", "one", "two", "three"]);
    assert!(scene.tasks_of("task.reopened").contains(&"one".to_owned()));
}

#[test]
fn an_accepted_edit_that_a_kill_cut_short_must_be_accepted_again() {
    let scene = stuck();
    let mut tasks = stuck_tasks();
    tasks[0]["instructions"] = json!("Do it otherwise.");
    scene.world.file("edited.json", plan(&tasks).to_string());
    scene.resume(&["--plan", "edited.json", "--accept-changed"]).exits(0);
    // As a process leaves it that was killed when the new plan was on record, and not yet what it makes of finished work.
    let journal = scene.dir().join("events.jsonl");
    let lines = std::fs::read_to_string(&journal).unwrap();
    let opened = lines.match_indices("\"plan.accepted\"").nth(1).unwrap().0;
    let end = opened + lines[opened..].find('\n').unwrap() + 1;
    std::fs::write(&journal, &lines[..end]).unwrap();
    scene.resume(&[]).exits(7).says("task one").says("--accept-changed");
    scene.resume(&["--accept-changed"]).exits(0);
    scene.stands("one:succeeded two:succeeded three:succeeded");
}

#[test]
fn what_a_redone_task_leaves_as_it_was_is_not_done_again() {
    let scene = Scene::new();
    scene.answers(&[
        json!({"task": "one", "writes": {"one.txt": "1\n"}, "summary": "One."}),
        json!({"task": "two", "writes": {"two.txt": "2\n"}, "summary": "Two."}),
        json!({"task": "three", "attempt": 1, "fail": {"class": "exited", "detail": "not today"}}),
        json!({"task": "*", "summary": "Seen."}),
    ]);
    scene.config(json!({"run": {"attempts": 1}})).plan(&stuck_tasks());
    scene.run(&[]).exits(1);
    scene.stands("one:succeeded two:succeeded three:failed");
    let mut tasks = stuck_tasks();
    tasks[0]["instructions"] = json!("The same, in other words.");
    scene.world.file("edited.json", plan(&tasks).to_string());
    let output = scene.resume(&["--plan", "edited.json", "--accept-changed"]);
    output.exits(0).says("reused");
    assert_eq!(scene.tasks_of("attempt.started"), ["one", "two", "three", "one", "three"]);
    assert_eq!(scene.tasks_of("task.reused"), ["two"]);
    let report = scene.json("report.json");
    assert_eq!((&report["steps"][1]["id"], &report["steps"][1]["reused"]), (&json!("two"), &json!(true)));
}

#[test]
fn a_plan_alone_is_made_once_and_carried_out_as_it_is() {
    let scene = Scene::new();
    scene.config(json!({"verify": {"unchecked": "allow"}}));
    let output = scene.orchestra(["run", "-m", "Mend the README.\n\n- [ ] first\n- [ ] second\n", "--plan-only"]);
    assert!(output.exits(0).stdout.contains("first"), "{output}");
    let planned = scene.json("plan.json");
    let plan_id = text(&planned["plan_id"]);
    assert!(scene.tasks_of("attempt.started").is_empty());
    let runs = scene.runs();

    scene.resume(&[]).exits(0);
    assert_eq!(scene.runs(), runs, "it is the same run");
    assert_eq!(scene.json("plan.json"), planned);
    assert_eq!(text(&scene.json("report.json")["plan_id"]), plan_id);
    assert_eq!(scene.tasks_of("plan.accepted").len(), 1, "nobody was asked for a plan again");
    assert!(scene.tasks_of("plan.proposed").len() <= 1);
    let ran: Vec<String> = planned["tasks"].as_array().unwrap().iter().map(|task| text(&task["id"])).collect();
    let mut started = scene.tasks_of("attempt.started");
    started.sort();
    let mut expected = ran;
    expected.sort();
    assert_eq!(started, expected);
}

#[test]
fn the_plan_of_a_run_can_be_run_again_by_its_name() {
    let scene = Scene::new();
    scene.plan(&[json!({"id": "look", "role": "research"})]);
    scene.run(&[]).exits(0);
    let first = scene.runs()[0].clone();
    scene.orchestra(["run", "--plan", &first]).exits(0);
    assert_eq!(scene.runs().len(), 2);
    assert_eq!(scene.tasks_of("attempt.started"), ["look"]);
}

#[test]
fn a_plan_that_must_be_agreed_to_waits_for_a_person() {
    let scene = Scene::new();
    scene.plan(&[json!({"id": "look", "role": "research"})]);
    let output = scene.run(&["--ask", "plan"]);
    output.exits(5).says("resume").says("--approve plan");
    assert!(scene.tasks_of("attempt.started").is_empty());
    // Asking again without an answer waits again.
    scene.resume(&[]).exits(5);
    scene.resume(&["--approve", "plan"]).exits(0);
    scene.stands("look:succeeded");
    let decided = &scene.events("approval.decided")[0].1;
    assert_eq!(decided["decision"], "approve");
}

#[test]
fn a_plan_that_is_refused_is_not_run() {
    let scene = Scene::new();
    scene.plan(&[json!({"id": "look", "role": "research"})]);
    scene.run(&["--ask", "plan"]).exits(5);
    scene.resume(&["--reject", "plan"]).exits(5);
    assert!(scene.tasks_of("attempt.started").is_empty());
    assert_eq!(scene.json("report.json")["success"], json!(false));
}

#[test]
fn a_task_that_must_be_agreed_to_holds_what_depends_on_it() {
    let scene = Scene::new();
    let tasks = [
        json!({"id": "look", "role": "research"}),
        json!({"id": "risky", "role": "research", "depends_on": ["look"], "approval": true}),
        json!({"id": "after", "role": "research", "depends_on": ["risky"]}),
    ];
    scene.plan(&tasks);
    scene.run(&[]).exits(5).says("--approve risky");
    assert_eq!(scene.tasks_of("attempt.started"), ["look"]);
    scene.resume(&["--reject", "nobody"]).exits(2);
    scene.resume(&["--reject", "risky"]).exits(5);
    scene.stands("look:succeeded risky:skipped after:skipped");

    scene.run(&[]).exits(5);
    scene.resume(&["--approve", "risky"]).exits(0);
    assert_eq!(scene.tasks_of("attempt.started"), ["look", "risky", "after"]);
}

#[test]
fn a_live_run_is_not_resumed_by_another_process() {
    let scene = Scene::new();
    scene.answers(&[json!({"task": "*", "wait_for": "go", "summary": "Waited."})]);
    scene.plan(&[json!({"id": "look", "role": "research"})]);
    let mut child = scene.command(["run", "--plan", "plan.json"]).stderr(std::process::Stdio::null()).spawn().unwrap();
    let pid = child.id();
    while scene.runs().is_empty() || !scene.world.project().join("runs/latest").exists() {
        std::thread::yield_now();
    }
    let output = scene.orchestra(["resume", &scene.runs()[0]]);
    output.exits(7).says(&pid.to_string());
    scene.world.file("go", "");
    assert!(child.wait().unwrap().success());
}
