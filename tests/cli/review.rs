//! A review's no: the work goes back with what was found, and comes to an end also where nobody ever agrees.

use serde_json::{Value, json};

use crate::scene::{Scene, appears, text};

/// An implement task, tests on top of it, and a review of both.
fn reviewed(review: &[Value]) -> Scene {
    let scene = Scene::new();
    scene.plan(&[
        json!({"id": "fix", "checks": [appears("src/fix.txt")], "scope": {"write": ["src/**"]}}),
        json!({"id": "cover", "role": "test", "depends_on": ["fix"], "scope": {"write": ["tests/**"]}}),
        json!({"id": "judge", "role": "review", "depends_on": ["fix", "cover"]}),
    ]);
    let mut answers = vec![
        json!({"task": "fix", "attempt": 1, "writes": {"src/fix.txt": "one\n"}, "summary": "A first go."}),
        json!({"task": "fix", "writes": {"src/more.txt": "two\n"}, "summary": "Mended."}),
        json!({"task": "cover", "writes": {"tests/fix.txt": "covered\n"}}),
    ];
    answers.extend_from_slice(review);
    scene.answers(&answers);
    scene
}

fn a_no(more: Value) -> Value {
    let mut no = json!({
        "task": "judge", "verdict": "request_changes", "score": 0.4, "summary": "Not yet.",
        "findings": [{"file": "src/fix.txt", "line": 1, "severity": "error", "text": "It forgets {{ the }} second."}],
    });
    crate::scene::merge(&mut no, more);
    no
}

const CHECKED: [&str; 2] = ["--set", "verify.unchecked=allow"];

#[test]
fn work_that_a_review_sends_back_is_mended_and_told_what_was_found() {
    let scene = reviewed(&[a_no(json!({"attempt": 1})), json!({"task": "judge", "verdict": "approve", "score": 0.9})]);
    scene.run(&CHECKED).exits(0).says("asks for changes, 0.4").says("`judge` sent it back");
    scene.stands("fix:succeeded cover:succeeded judge:succeeded");
    let second = scene.message("1-fix", 2);
    let review = &second["review"];
    assert_eq!(
        (&review["by"], &review["verdict"], &review["score"]),
        (&json!("judge"), &json!("request_changes"), &json!(0.4))
    );
    assert_eq!(review["findings"][0]["text"], "It forgets {{ the }} second.");
    assert!(second.get("previous_failure").is_none() && scene.message("1-fix", 1).get("review").is_none());
    // The first go is kept, and what both are held against is the tree before them.
    let started: Vec<_> = scene.events("attempt.started").into_iter().filter(|(task, _)| task == "fix").collect();
    assert_eq!(started[0].1["input_tree"], started[1].1["input_tree"]);
    assert_eq!(scene.git(&["status", "--porcelain"]), "", "the project stays as it is");
    scene.orchestra(["apply"]).exits(0);
    for (file, content) in [("src/fix.txt", "one\n"), ("src/more.txt", "two\n"), ("tests/fix.txt", "covered\n")] {
        assert_eq!(std::fs::read_to_string(scene.world.project().join(file)).unwrap(), content);
    }
    let reopened = scene.events("task.reopened");
    let order: Vec<&str> = reopened.iter().map(|(task, _)| task.as_str()).collect();
    assert_eq!(order, ["cover", "fix", "judge"]);
    assert_eq!((&reopened[1].1["sent_back_by"], reopened[0].1.get("sent_back_by")), (&json!("judge"), None));
    let report = scene.json("report.json");
    assert_eq!(report["final_review"]["opinion"], json!({"verdict": "approve", "score": 0.9}));
    assert!(scene.text("report.md").contains("asks for changes, 0.4"), "each attempt's judgement is in the timeline");
    assert!(scene.orchestra(["runs", "show"]).exits(0).stdout.contains("approves, 0.9"));
}

#[test]
fn a_review_that_never_agrees_ends_the_run_after_as_many_reworks_as_it_may() {
    let scene = reviewed(&[a_no(json!({}))]);
    scene.run(&[&CHECKED[..], &["--set", "review.reworks=2"]].concat()).exits(1).says("the review asks for changes");
    scene.stands("fix:succeeded cover:succeeded judge:failed");
    assert_eq!(scene.tasks_of("attempt.started").iter().filter(|task| *task == "fix").count(), 3);
    assert_eq!(scene.json("report.json")["steps"][2]["error"]["class"], "reported");
    // Asked for more, it gets as many again.
    scene.resume(&[]).exits(1);
    assert_eq!(scene.tasks_of("attempt.started").iter().filter(|task| *task == "fix").count(), 5);
}

#[test]
fn a_score_below_the_threshold_is_a_no_and_one_at_it_is_none() {
    let said =
        |score: f64| reviewed(&[json!({"task": "judge", "verdict": "approve", "score": score, "summary": "So so."})]);
    let args = |threshold: &str| [&CHECKED[..], &["--set", "review.reworks=0", "--set", threshold]].concat().join(" ");
    for (score, threshold, exit) in [(0.6, "review.threshold=0.6", 0), (0.6, "review.threshold=0.61", 1)] {
        let scene = said(score);
        let args = args(threshold);
        let output = scene.run(&args.split(' ').collect::<Vec<_>>());
        output.exits(exit);
        if exit == 1 {
            output.says("its score is 0.6, and 0.61 is needed");
        }
        assert_eq!(scene.tasks_of("task.reopened"), [""; 0]);
    }
}

#[test]
fn a_reviewer_that_only_says_failed_sends_nothing_back() {
    let scene = reviewed(&[json!({"task": "judge", "status": "failed", "summary": "I could not read it."})]);
    scene.run(&CHECKED).exits(1).says("I could not read it.");
    assert_eq!(scene.tasks_of("task.reopened"), [""; 0]);
    assert_eq!(text(&scene.json("report.json")["steps"][2]["claim"]), "failed");
}
