//! Killed without a word, at any moment: one `resume` finishes the run, and nothing that had finished is paid for twice.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::rig::{Dice, GONE_WITHIN, Rig, WRITES_A_FILE, tasks_of};

const TASKS: [&str; 5] = ["a", "b", "c", "d", "e"];

fn five_tasks() -> Rig {
    Rig::new(&TASKS, WRITES_A_FILE)
}

/// What an uninterrupted run takes, and the tree it ends with.
fn undisturbed() -> &'static (Duration, String) {
    static ONCE: OnceLock<(Duration, String)> = OnceLock::new();
    ONCE.get_or_init(|| {
        let rig = five_tasks();
        let output = rig.run();
        output.exits(0);
        rig.journal_is_clean();
        (output.took, rig.tree())
    })
}

/// Finishes a killed run with one `resume`, and asserts the promise.
#[track_caller]
fn one_resume_finishes(rig: &Rig, why: &str) {
    rig.is_gone_within(GONE_WITHIN);
    let before = rig.events();
    // Also work whose checks were still to come: its tree is on the disk.
    let done = tasks_of(&before, |event| event["data"]["outcome"]["ok"].is_object());
    let (ended, starts) = (before.last().unwrap()["kind"] == "run.finished", rig.starts());
    assert_eq!(rig.verdict(), if ended { "success" } else { "interrupted" }, "{why}");
    rig.resume().exits(0);
    rig.journal_is_clean();
    for task in TASKS {
        let more = rig.starts()[task] - starts.get(task).unwrap_or(&0);
        assert_eq!(more, usize::from(!done.contains(task)), "{task}, {why}: {:?}", rig.log());
    }
    assert_eq!(rig.succeeded().len(), 5, "{why}");
    assert_eq!(rig.tree(), undisturbed().1, "{why}");
    assert_eq!(rig.verdict(), "success", "{why}");
    rig.is_gone_within(GONE_WITHIN);
}

/// Kills a run at `moment` of its usual time, every second one again while it is resumed, and finishes it.
fn killed_at(number: usize, dice: &mut Dice) {
    let usual = undisturbed().0;
    let (first, second) = (usual.mul_f64(dice.roll()), usual.mul_f64(dice.roll()));
    let why = format!("kill {number} after {first:?}, then {second:?}");
    let rig = five_tasks();
    let run = rig.start();
    // The moment is what is tried here; nothing is waited for.
    std::thread::sleep(first);
    run.kill();
    if rig.find_dir().is_none() {
        // Too early to be a run: it leaves nothing that anyone sees, and the next one is none the worse.
        rig.is_gone_within(GONE_WITHIN);
        assert!(rig.log().is_empty(), "{why}");
        rig.run().exits(0);
        let hidden = std::fs::read_dir(rig.world.project().join("runs")).unwrap().filter_map(Result::ok);
        assert_eq!(hidden.filter(|entry| entry.file_name().as_encoded_bytes().starts_with(b".new")).count(), 0);
        return;
    }
    if number % 2 == 1 {
        rig.is_gone_within(GONE_WITHIN);
        let resume = rig.go(&["resume", &rig.name()]);
        std::thread::sleep(second);
        resume.kill();
    }
    one_resume_finishes(&rig, &why);
}

/// Kills at so many moments, a few side by side: what is waited for is mostly the disk and the clock.
fn killed_at_moments(count: usize, seed: u64) {
    undisturbed();
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= count {
                        return;
                    }
                    killed_at(number, &mut Dice(seed + number as u64));
                }
            });
        }
    });
}

#[test]
fn a_run_killed_at_twenty_moments_is_finished_by_one_resume_each_time() {
    killed_at_moments(20, 20_261_121);
}

#[test]
#[ignore = "slow: run with just faults"]
fn a_run_killed_at_two_hundred_moments_is_finished_by_one_resume_each_time() {
    killed_at_moments(200, 1);
}

#[test]
fn a_run_killed_right_after_any_event_is_finished_by_one_resume() {
    let moments = [
        ("plan.accepted", None),
        ("workspace.created", None),
        ("attempt.started", Some("b")),
        ("attempt.finished", Some("b")),
        ("base.checked", None),
        ("check.finished", Some("c")),
        ("task.succeeded", Some("c")),
        ("task.succeeded", Some("e")),
        ("run.finished", None),
    ];
    for (kind, task) in moments {
        let rig = five_tasks();
        let run = rig.start();
        rig.event(kind, task);
        run.kill();
        one_resume_finishes(&rig, &format!("killed after {kind} of {task:?}"));
    }
}

#[test]
fn a_plan_killed_between_its_steps_is_there_or_not_and_resumes_if_it_is() {
    let rig = five_tasks();
    let args = [rig.run_args(), vec!["--plan-only".into()]].concat();
    let started = Instant::now();
    rig.world.orchestra(&args).exits(0);
    let usual = started.elapsed();
    assert!(rig.log().is_empty());
    one_resume_finishes_plan(&rig);
    let mut dice = Dice(7);
    for _ in 0..8 {
        let rig = five_tasks();
        let args = [rig.run_args(), vec!["--plan-only".into()]].concat();
        let plan = rig.go(&args);
        std::thread::sleep(usual.mul_f64(dice.roll()));
        plan.kill();
        rig.is_gone_within(GONE_WITHIN);
        assert!(rig.log().is_empty(), "a plan starts no agent");
        if rig.find_dir().is_some() {
            one_resume_finishes_plan(&rig);
        }
    }
}

fn one_resume_finishes_plan(rig: &Rig) {
    rig.resume().exits(0);
    rig.journal_is_clean();
    assert_eq!(rig.tree(), undisturbed().1);
    let bought = rig.events().iter().filter(|event| event["kind"] == "plan.accepted").count();
    assert_eq!(bought, 1, "the plan is executed as it was made");
}
