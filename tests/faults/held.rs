//! A task that says `on_interrupt: ask`: what its interrupted attempt did is unknown, so a person decides, each time.

use std::fs;

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::rig::{Rig, WRITES_A_FILE};
use crate::world::Output;

/// Says that it starts, and has an effect that must not happen twice unasked.
const HANGS: &str = r#"
echo "start $ORCHESTRA_TASK_ID $ORCHESTRA_ATTEMPT" >> "$LOG"
sleep 300
"#;

/// `a` asks when it was interrupted, `b` waits for it, `c` does not.
fn asks(script: &str) -> Rig {
    let rig = Rig::new(&["a", "b", "c"], script);
    let mut plan: Value = serde_json::from_str(&fs::read_to_string(rig.at("plan.json")).unwrap()).unwrap();
    plan["tasks"][0]["on_interrupt"] = json!("ask");
    plan["tasks"][2]["depends_on"] = json!([]);
    fs::write(rig.at("plan.json"), plan.to_string()).unwrap();
    rig
}

fn resume(rig: &Rig, args: &[&str]) -> Output {
    rig.world.orchestra([&["resume", &rig.name()], args].concat())
}

#[track_caller]
fn explains(rig: &Rig, args: &[&str], what: &str) {
    let output = resume(rig, &[args, &["--explain"]].concat());
    output.exits(0);
    assert!(output.stdout.contains(what), "{}", output.stdout);
}

/// The run, killed while its first task was at work; from here on agents do what they are told.
fn killed() -> Rig {
    let rig = asks(HANGS);
    let run = rig.start();
    rig.logged("start");
    run.kill();
    rig.script(WRITES_A_FILE);
    rig
}

#[test]
fn an_interrupted_task_that_asks_is_held_and_others_go_on() {
    let rig = killed();
    explains(&rig, &[], "--decide a=rerun or --decide a=skip");
    let output = resume(&rig, &[]);
    output.exits(5).says("attempt 1 was interrupted").says(&format!("resume {} --decide a=rerun", rig.name()));
    assert_eq!(rig.starts()["a"], 1, "it was not run again unasked");
    assert_eq!(rig.succeeded(), ["c".to_owned()].into(), "what does not wait for it goes on");
    resume(&rig, &[]).exits(5);
    assert_eq!(rig.starts()["a"], 1);
    resume(&rig, &["--decide", "a=rerun"]).exits(0);
    assert_eq!(rig.starts()["a"], 2);
    assert_eq!(rig.succeeded().len(), 3);
    let decided = rig.event("approval.decided", Some("a"));
    assert_eq!((&decided["attempt"], &decided["data"]["decision"]), (&json!(1), &json!("approve")));
    rig.journal_is_clean();
}

#[test]
fn a_decision_is_good_for_one_attempt() {
    let rig = killed();
    rig.script(HANGS);
    fs::remove_file(rig.at("log")).unwrap();
    let again = rig.go(&["resume", &rig.name(), "--decide", "a=rerun"]);
    rig.logged("start");
    again.kill();
    rig.script(WRITES_A_FILE);
    resume(&rig, &[]).exits(5).says("attempt 2 was interrupted");
    assert_eq!(rig.starts()["a"], 1, "the second attempt was agreed to, the third was not");
    resume(&rig, &["--decide", "a=rerun"]).exits(0);
    rig.journal_is_clean();
}

#[test]
fn what_a_signal_interrupted_is_held_as_well() {
    let rig = asks(HANGS);
    let run = rig.start();
    rig.logged("start");
    run.signal(Signal::TERM);
    run.end().exits(143);
    rig.script(WRITES_A_FILE);
    resume(&rig, &[]).exits(5).says("--decide a=skip");
    assert_eq!(rig.starts()["a"], 1);
}

#[test]
fn what_is_skipped_takes_what_waits_for_it_along_and_is_asked_about_again() {
    let rig = killed();
    explains(&rig, &["--decide", "a=skip"], "it is left out, as was decided");
    resume(&rig, &["--decide", "a=skip"]).exits(5);
    let skipped = crate::rig::tasks_of(&rig.events(), |event| event["kind"] == "task.skipped");
    assert_eq!(skipped, ["a".to_owned(), "b".to_owned()].into());
    assert_eq!(rig.succeeded(), ["c".to_owned()].into());
    // Whether its effect happened is as unknown as before.
    resume(&rig, &[]).exits(5).says("attempt 1 was interrupted");
    assert_eq!(rig.starts()["a"], 1);
    resume(&rig, &["--decide", "a=rerun"]).exits(0);
    rig.journal_is_clean();
}

#[test]
fn what_is_not_held_is_not_decided() {
    let rig = killed();
    for (fate, word) in [
        ("b=rerun", "no interrupted attempt of task `b`"),
        ("nobody=skip", "no interrupted attempt of task `nobody`"),
        ("a=again", "TASK=rerun or TASK=skip"),
        ("a", "TASK=rerun or TASK=skip"),
    ] {
        resume(&rig, &["--decide", fate]).exits(2).says(word);
    }
    resume(&rig, &["--decide", "a=skip", "--decide", "a=rerun"]).exits(2).says("task `a` is decided over twice");
    assert_eq!(rig.log().len(), 1, "nothing ran");
    resume(&rig, &["--decide", "a=rerun"]).exits(0);
    resume(&rig, &["--decide", "a=rerun"]).exits(0).says("nothing to do");
}

#[test]
fn five_interruptions_in_a_row_hold_any_task() {
    let rig = Rig::new(&["a"], HANGS);
    let mut run = rig.start();
    for attempt in 1..=5 {
        rig.logged("start");
        run.kill();
        assert_eq!(rig.log().last().unwrap().2, attempt.to_string());
        fs::remove_file(rig.at("log")).unwrap();
        if attempt < 5 {
            run = rig.go(&["resume", &rig.name()]);
        } else {
            break;
        }
    }
    rig.script(WRITES_A_FILE);
    resume(&rig, &[]).exits(5).says("attempt 5 was interrupted").says("--decide a=rerun");
    assert!(rig.log().is_empty());
    resume(&rig, &["--decide", "a=rerun"]).exits(0);
    rig.journal_is_clean();
}
