//! What went wrong once when somebody looked for it: limits, late events, work that was overtaken.

use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use crate::scene::{Scene, appears};
use crate::world::eventually;

#[test]
fn the_end_of_the_runs_time_ends_a_check_and_a_resume_runs_only_that() {
    let scene = Scene::new();
    scene.config(json!({"checks": {"slow": {"run": ["sh", "-c", "sleep 300"], "expect": "keep"}}}));
    scene.answers(&[json!({"task": "*", "writes": {"one.txt": "1\n"}, "summary": "Done."})]);
    scene.plan(&[json!({"id": "one"})]);
    scene.run(&["--timeout", "5s"]).exits(4);
    assert_eq!(scene.events("run.stopped").len(), 1);
    // The time is used up for good: asking again without more of it begins nothing.
    scene.resume(&[]).exits(4);
    scene.resume(&["-c", "limits.run=1s"]).exits(4);
    assert_eq!(scene.tasks_of("attempt.started"), ["one"]);
    assert_eq!(scene.tasks_of("check.finished"), Vec::<String>::new());
}

#[test]
fn a_limit_can_be_lowered_by_a_resume_and_is_otherwise_kept() {
    let scene = Scene::new();
    scene.config(json!({"run": {"attempts": 1}}));
    scene.answers(&[json!({"task": "*", "fail": {"class": "exited", "detail": "not today"}})]);
    scene.plan(&[json!({"id": "one"})]);
    scene.run(&[]).exits(1);
    let limit = |scene: &Scene| scene.events("run.opened").pop().unwrap().1["terms"]["run_time"].clone();
    scene.resume(&["--timeout", "+2h"]).exits(1);
    let raised = limit(&scene);
    scene.resume(&[]).exits(1);
    assert_eq!(limit(&scene), raised);
    scene.resume(&["-c", "limits.run=1h"]).exits(1);
    assert_ne!(limit(&scene), raised);
}

#[test]
fn a_review_of_work_that_had_failed_comes_after_that_work_again() {
    let scene = Scene::new();
    scene.config(json!({"run": {"attempts": 1, "continue_on_error": true}}));
    scene.answers(&[
        json!({"task": "work", "attempt": 1, "fail": {"class": "exited", "detail": "not today"}}),
        json!({"task": "work", "writes": {"one.txt": "1\n"}, "summary": "Done."}),
        json!({"task": "other", "writes": {"two.txt": "2\n"}, "summary": "Done."}),
        json!({"task": "*", "summary": "Seen."}),
    ]);
    scene.plan(&[
        json!({"id": "work", "checks": [appears("one.txt")]}),
        json!({"id": "look", "role": "review", "depends_on": ["work"], "run_if": "always"}),
        json!({"id": "other", "checks": [appears("two.txt")]}),
    ]);
    scene.run(&[]).exits(1);
    scene.stands("work:failed look:succeeded other:succeeded");
    scene.resume(&[]).exits(0);
    scene.stands("work:succeeded look:succeeded other:succeeded");
    assert_eq!(scene.tasks_of("attempt.started"), ["work", "look", "other", "work", "look"]);
}

#[test]
fn a_finished_run_needs_no_agent_any_more() {
    let scene = Scene::new();
    scene.plan(&[json!({"id": "look", "role": "research"})]);
    scene.run(&[]).exits(0);
    std::fs::remove_file(scene.world.project().join("answers.json")).unwrap();
    let run = scene.runs()[0].clone();
    scene.resume(&[&run]).exits(0).says("nothing to do");
}

#[test]
fn a_reader_that_does_not_read_holds_up_neither_the_run_nor_its_end() {
    let scene = Scene::new();
    scene.shell("text", "sleep 50");
    // The first events alone are more than a pipe holds.
    let task = |n: u32| json!({"id": format!("look-{n}"), "role": "research", "instructions": "Look. ".repeat(200)});
    scene.plan(&(0..100).map(task).collect::<Vec<_>>());
    let mut command = scene.command(["run", "--plan", "plan.json", "--output", "jsonl"]);
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let journal = scene.world.project().join("runs/latest/events.jsonl");
    let said = |what: &str| std::fs::read_to_string(&journal).is_ok_and(|text| text.contains(what));
    let pid = Pid::from_child(&child);
    for sign in ["attempt.started", "run.stopped"] {
        eventually(sign, || said(sign).then_some(()));
        kill_process(pid, Signal::INT).unwrap();
    }
    assert_eq!(eventually("its end", || child.try_wait().unwrap()).code(), Some(130));
}
