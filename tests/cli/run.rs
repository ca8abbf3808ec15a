//! `run`: what becomes of a plan's tasks, and with which code the program ends.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::scene::{Scene, appears, text};

/// A plan → code → review plan, the way most work goes.
fn three_steps() -> [Value; 3] {
    [
        json!({"id": "plan", "role": "research"}),
        json!({"id": "code", "depends_on": ["plan"], "checks": [appears("fix.txt")]}),
        json!({"id": "review", "role": "review", "depends_on": ["code"]}),
    ]
}

/// The answer that makes `code` pass.
fn mends() -> Value {
    json!({"task": "code", "writes": {"fix.txt": "fixed\n"}, "summary": "Mended it."})
}

fn gives_up(task: &str) -> Value {
    json!({"task": task, "fail": {"class": "exited", "detail": "the machine is on fire"}})
}

fn well() -> Value {
    json!({"task": "*", "summary": "All is well."})
}

/// The three steps with the agent of one of them failing.
fn failing(step: &str) -> Scene {
    let scene = Scene::new();
    let mut answers = vec![gives_up(step), well()];
    if step != "code" {
        answers.push(mends());
    }
    scene.config(json!({"run": {"attempts": 1}})).answers(&answers).plan(&three_steps());
    scene
}

#[test]
fn all_steps_succeed() {
    let scene = Scene::new();
    scene.answers(&[mends(), well()]).plan(&three_steps());
    let before = scene.tree();
    scene.run(&[]).exits(0);
    scene.stands("plan:succeeded code:succeeded review:succeeded");
    let report = scene.json("report.json");
    assert_eq!(
        (&report["success"], &report["exit_code"], &report["verdict"]),
        (&json!(true), &json!(0), &json!("success"))
    );
    assert!(report["steps"][1]["verdict"] == "verified" && report["errors"] == json!([]));
    // The user's own files wait for `apply`.
    assert_eq!(scene.tree(), before);
}

#[test]
fn jobs_auto_says_what_it_chose_and_why_and_puts_it_on_record() {
    let scene = Scene::new();
    scene.answers(&[mends(), well()]).plan(&three_steps());
    scene.run(&["--jobs", "auto"]).exits(0).says("`--jobs auto`: 1 task at a time (the tasks share one workspace");
    let terms = scene.journal()[0]["data"]["terms"].clone();
    assert!(terms["jobs"] == 1 && terms["jobs_why"].as_str().unwrap().contains("share one workspace"), "{terms}");

    let scene = Scene::new();
    let apart = ["a", "b"].map(|id| json!({"id": id, "scope": {"write": [format!("{id}/**")]}}));
    scene.config(json!({"workspace": {"mode": "in-place"}, "verify": {"unchecked": "allow"}, "run": {"jobs": "auto"}}));
    scene.answers(&[well()]).plan(&apart);
    // By what the machine has it is one or two.
    scene.run(&[]).exits(0).says("at a time (");
    let terms = scene.journal()[0]["data"]["terms"].clone();
    assert!((1..=2).contains(&terms["jobs"].as_u64().unwrap()) && terms["jobs_why"].is_string(), "{terms}");
}

#[test]
fn a_failed_plan_step_ends_the_run_with_and_without_the_flag() {
    for flags in [&[][..], &["--continue-on-error"]] {
        let scene = failing("plan");
        scene.run(flags).exits(1).says("the machine is on fire");
        scene.stands("plan:failed code:skipped review:skipped");
        assert_eq!(scene.tasks_of("attempt.started"), ["plan"]);
    }
}

#[test]
fn a_failed_code_step_leaves_the_review_out_with_and_without_the_flag() {
    for flags in [&[][..], &["--continue-on-error"]] {
        let scene = failing("code");
        scene.run(flags).exits(1);
        scene.stands("plan:succeeded code:failed review:skipped");
        assert_eq!(scene.events("task.skipped"), [("review".to_owned(), json!({"cause": {"dependency": "code"}}))]);
        let report = scene.json("report.json");
        assert_eq!((&report["success"], &report["exit_code"]), (&json!(false), &json!(1)));
        assert_eq!(report["steps"][1]["error"]["class"], "exited");
        assert!(text(&report["steps"][2]["skipped"]).contains("code"), "{report}");
    }
}

#[test]
fn a_failed_review_fails_the_run_and_keeps_the_work() {
    for flags in [&[][..], &["--continue-on-error"]] {
        let scene = failing("review");
        scene.run(flags).exits(1);
        scene.stands("plan:succeeded code:succeeded review:failed");
        assert!(scene.text("changes.patch").contains("fix.txt"));
    }
}

#[test]
fn a_review_that_runs_always_learns_of_the_failure_only_with_the_flag() {
    let mut steps = three_steps();
    steps[2]["run_if"] = json!("always");
    let scene = failing("code");
    scene.plan(&steps);
    scene.run(&[]).exits(1);
    scene.stands("plan:succeeded code:failed review:skipped");

    scene.run(&["--continue-on-error"]).exits(1);
    scene.stands("plan:succeeded code:failed review:succeeded");
    let told = &scene.message("3-review", 1)["dependencies"];
    assert_eq!((&told[0]["task_id"], &told[0]["status"]), (&json!("code"), &json!("failed")));
    assert!(text(&told[0]["summary"]).contains("the machine is on fire"), "{told}");
}

#[test]
fn without_the_flag_a_failure_stops_what_does_not_depend_on_it_too() {
    let scene = Scene::new();
    scene.config(json!({"run": {"attempts": 1}, "verify": {"unchecked": "allow"}}));
    scene.answers(&[gives_up("a"), well()]).plan(&[json!({"id": "a"}), json!({"id": "b"})]);
    scene.run(&[]).exits(1);
    scene.stands("a:failed b:skipped");
    assert_eq!(scene.events("task.skipped"), [("b".to_owned(), json!({"cause": {"stopped": "a"}}))]);
    for flag in ["--continue-on-error", "--keep-going", "--no-fail-fast"] {
        scene.run(&[flag]).exits(1);
        scene.stands("a:failed b:succeeded");
    }
}

#[test]
fn the_journal_tells_each_task_in_order() {
    let scene = Scene::new();
    scene.answers(&[mends(), well()]).plan(&three_steps());
    scene.run(&[]).exits(0);
    let journal = scene.journal();
    let kinds: Vec<&str> = journal.iter().map(|event| event["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds[..2], ["run.started", "plan.accepted"]);
    assert_eq!(kinds.last(), Some(&"run.finished"));
    for (at, event) in journal.iter().enumerate() {
        assert_eq!(event["seq"], json!(at + 1));
    }
    for (task, checks) in [("plan", 0), ("code", 1), ("review", 0)] {
        let of_task: Vec<&str> =
            journal.iter().filter(|event| event["task"] == task).map(|event| event["kind"].as_str().unwrap()).collect();
        let mut expected = vec!["attempt.started", "attempt.finished"];
        expected.extend(std::iter::repeat_n("check.finished", checks));
        expected.push("task.succeeded");
        assert_eq!(of_task, expected, "{task}");
    }
    assert_eq!(scene.tasks_of("attempt.started"), ["plan", "code", "review"]);
}

#[test]
fn nothing_ends_before_it_starts() {
    let scene = Scene::new();
    scene.answers(&[mends(), well()]).plan(&three_steps());
    scene.run(&[]).exits(0);
    let report = scene.json("report.json");
    // Fixed width and UTC: these compare as text. Equal is possible, a millisecond is long.
    let mut last = text(&report["started_at"]);
    for step in report["steps"].as_array().unwrap() {
        let (started, ended) = (text(&step["started_at"]), text(&step["ended_at"]));
        assert!(last <= started && started <= ended, "{last} {started} {ended}");
        last = ended;
    }
    assert!(last <= text(&report["ended_at"]));
    let times: Vec<String> = scene.journal().iter().map(|event| text(&event["at"])).collect();
    assert!(times.is_sorted());
}

#[test]
fn an_attempt_that_takes_time_ends_after_its_start() {
    let scene = Scene::new();
    // Real work, so that a clock in milliseconds must see it.
    scene.shell("text", "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; echo done");
    scene.plan(&[json!({"id": "look", "role": "research"})]);
    scene.run(&[]).exits(0);
    let step = &scene.json("report.json")["steps"][0];
    assert!(text(&step["started_at"]) < text(&step["ended_at"]), "{step}");
    assert!(step["duration_ms"].as_u64().unwrap() > 0);
}

#[test]
fn artifacts_are_kept_with_the_hash_of_what_is_stored() {
    let scene = Scene::new();
    scene.answers(&[json!({
        "task": "*", "writes": {"out/report.txt": "a report\n", "named.txt": "named\n"},
        "leaves": {"left/log.txt": "a log\n"}, "artifacts": ["named.txt"], "summary": "Made them."
    })]);
    scene.plan(&[json!({"id": "make", "artifacts": ["out/*.txt"], "checks": [appears("named.txt")]})]);
    scene.run(&[]).exits(0);
    let report = scene.json("report.json");
    let rows = report["artifacts"].as_array().unwrap();
    let mut contents: Vec<String> = Vec::new();
    for row in rows {
        let stored = std::fs::read(scene.dir().join(text(&row["path"]))).unwrap();
        let sha = Sha256::digest(&stored).iter().fold(String::new(), |sha, byte| sha + &format!("{byte:02x}"));
        assert_eq!((&row["sha256"], &row["size"]), (&json!(sha), &json!(stored.len())));
        assert_eq!((&row["task"], &row["attempt"]), (&json!("make"), &json!(1)));
        contents.push(String::from_utf8(stored).unwrap());
    }
    contents.sort();
    assert_eq!(contents, ["a log\n", "a report\n", "named\n"]);
    let manifest = scene.json("artifacts/manifest.json").to_string();
    for row in rows {
        assert!(manifest.contains(&text(&row["sha256"])));
    }
}

#[test]
fn a_link_among_the_artifacts_is_not_followed() {
    let scene = Scene::new();
    scene.world.file("../secret", "not for you\n");
    scene.shell("text", "ln -s ../../secret $ORCHESTRA_ARTIFACTS/x; ln -s /etc/passwd $ORCHESTRA_ARTIFACTS/y; echo ok > $ORCHESTRA_ARTIFACTS/z; echo done");
    scene.plan(&[json!({"id": "look", "role": "research"})]);
    scene.run(&[]);
    let kept = crate::scene::files(&scene.dir().join("artifacts"));
    for (path, content) in &kept {
        assert!(content != b"a link" && !String::from_utf8_lossy(content).contains("root:"), "{}", path.display());
    }
}

#[test]
fn a_plan_without_tasks_is_refused_and_nothing_is_made() {
    let scene = Scene::new();
    scene.plan(&[]);
    scene.run(&[]).exits(2).says("$.tasks");
    assert!(scene.runs().is_empty());
}

#[test]
fn an_agent_that_lies_convinces_nobody() {
    let scene = Scene::new();
    scene.plan(&[json!({"id": "fix", "checks": [appears("fix.txt")]})]);
    scene.run(&[]).exits(3).says("fix-txt-is-there");
    let report = scene.json("report.json");
    assert_eq!((&report["steps"][0]["status"], &report["steps"][0]["claim"]), (&json!("failed"), &json!("done")));
    assert_eq!(report["steps"][0]["error"]["class"], "rejected");
}

#[test]
fn an_agent_that_gives_itself_up_is_overruled_by_a_check_that_turned_green() {
    let scene = Scene::new();
    scene.answers(&[json!({"task": "*", "writes": {"fix.txt": "x"}, "status": "failed", "summary": "I could not."})]);
    scene.plan(&[json!({"id": "fix", "checks": [appears("fix.txt")]})]);
    scene.run(&[]).exits(0);
    let report = scene.json("report.json");
    assert_eq!((&report["steps"][0]["status"], &report["steps"][0]["claim"]), (&json!("succeeded"), &json!("failed")));
}

#[test]
fn work_that_nothing_checked_is_not_verified_unless_that_is_allowed() {
    let scene = Scene::new();
    scene.answers(&[json!({"task": "*", "writes": {"a.txt": "x"}, "summary": "Done."})]);
    scene.plan(&[json!({"id": "fix"})]);
    scene.run(&[]).exits(3);
    assert_eq!(scene.json("report.json")["steps"][0]["verdict"], "unchecked");
    scene.run(&["--set", "verify.unchecked=allow"]).exits(0);
}

#[test]
fn a_check_that_was_green_before_proves_nothing() {
    let scene = Scene::new();
    scene.answers(&[json!({"task": "*", "writes": {"a.txt": "x"}, "summary": "Done."})]);
    scene.plan(&[json!({"id": "fix", "checks": [appears("README.md")]})]);
    scene.run(&[]).exits(3);
    assert_eq!(scene.json("report.json")["steps"][0]["verdict"], "vacuous");
    // What was allowed is work without checks, not a check without meaning.
    scene.run(&["--set", "verify.unchecked=allow"]).exits(3);
}

#[test]
fn checks_that_only_stay_green_are_called_that() {
    let scene = Scene::new();
    scene.answers(&[json!({"task": "*", "writes": {"a.txt": "x"}, "summary": "Done."})]);
    scene.plan(&[
        json!({"id": "fix", "checks": [{"name": "kept", "run": ["test", "-f", "README.md"], "expect": "keep"}]}),
    ]);
    scene.run(&[]).exits(0);
    assert_eq!(scene.json("report.json")["steps"][0]["verdict"], "regression-only");
}

#[test]
fn the_second_attempt_is_told_what_failed_in_the_first() {
    let scene = Scene::new();
    scene.answers(&[
        json!({"task": "fix", "attempt": 1, "writes": {"wrong.txt": "x"}, "summary": "Done, surely."}),
        json!({"task": "fix", "attempt": 2, "writes": {"fix.txt": "x"}, "summary": "Now it is."}),
    ]);
    let check = json!({"name": "unit", "run": ["sh", "-c", "test -f fix.txt || { echo no fix.txt here; exit 1; }"], "expect": "change"});
    scene.plan(&[json!({"id": "fix", "checks": [check]})]);
    scene.run(&[]).exits(0);
    assert!(scene.message("1-fix", 1).get("previous_failure").is_none());
    let told = &scene.message("1-fix", 2)["previous_failure"];
    assert_eq!(told["class"], "rejected");
    assert!(text(&told["detail"]).contains("no fix.txt here"), "{told}");
    // The first attempt's file was taken back before the second began.
    let patch = scene.text("changes.patch");
    assert!(patch.contains("fix.txt") && !patch.contains("wrong.txt"), "{patch}");
    assert_eq!(scene.json("report.json")["steps"][0]["attempts"], 2);
}

#[test]
fn the_same_failure_twice_opens_the_breaker() {
    let scene = Scene::new();
    scene.config(json!({"run": {"attempts": 5}}));
    scene.answers(&[gives_up("*")]).plan(&[json!({"id": "fix"})]);
    scene.run(&[]).exits(1);
    assert_eq!(scene.tasks_of("attempt.started").len(), 2);
    // Other words are another failure.
    let answer =
        |n: u32, detail: &str| json!({"task": "fix", "attempt": n, "fail": {"class": "exited", "detail": detail}});
    scene.answers(&[
        answer(1, "one thing"),
        answer(2, "another"),
        answer(3, "a third"),
        answer(4, "a fourth"),
        answer(5, "a fifth"),
    ]);
    scene.run(&[]).exits(1);
    assert_eq!(scene.tasks_of("attempt.started").len(), 5);
}

#[test]
fn who_may_only_read_and_writes_is_refused_and_the_tree_is_taken_back() {
    for role in ["research", "review"] {
        let scene = Scene::new();
        scene.config(json!({"run": {"attempts": 1}}));
        scene.answers(&[
            json!({"task": "look", "writes": {"README.md": "Mine now.\n"}, "summary": "Just looked."}),
            mends(),
            well(),
        ]);
        scene.plan(&[json!({"id": "look", "role": role}), json!({"id": "code", "checks": [appears("fix.txt")]})]);
        scene.run(&["--continue-on-error"]).exits(3).says("README.md");
        scene.stands("look:failed code:succeeded");
        assert_eq!(scene.events("policy.denied")[0].1["rule"], "read-only");
        let patch = scene.text("changes.patch");
        assert!(patch.contains("fix.txt") && !patch.contains("README.md"), "{patch}");
    }
}

#[test]
fn work_outside_its_scope_is_not_taken() {
    let scene = Scene::new();
    scene.config(json!({"run": {"attempts": 1}})).answers(&[json!({
        "task": "*", "writes": {"src/a.txt": "in", "other.txt": "out"}, "summary": "Done."
    })]);
    scene.plan(&[json!({"id": "fix", "scope": {"write": ["src/**"]}, "checks": [appears("src/a.txt")]})]);
    scene.run(&[]).exits(3).says("other.txt");
    let denied = &scene.events("policy.denied")[0].1;
    assert_eq!((&denied["rule"], &denied["paths"]), (&json!("scope.write"), &json!(["other.txt"])));
}

#[test]
fn a_task_that_outstays_its_time_is_ended_with_all_its_children() {
    let scene = Scene::new();
    scene.shell("text", "setsid sh -c 'trap \"\" TERM; sleep 300' & sleep 300");
    scene.plan(&[json!({"id": "look", "role": "research", "limits": {"attempts": 1}})]);
    scene.run(&["--task-timeout", "300ms"]).exits(1).says("timeout").quick();
}
