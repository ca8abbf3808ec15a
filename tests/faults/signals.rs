//! Asked to end: the children are told first, the code says by what, and a resume goes on.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::rig::{GONE_WITHIN, Going, Rig, WRITES_A_FILE, eventually};

/// Cleans up when it is told to end, in a moment.
const TIDY: &str = r#"
trap 'echo "term $ORCHESTRA_TASK_ID $ORCHESTRA_ATTEMPT" >> "$LOG"; sleep 0.1; echo "cleaned $ORCHESTRA_TASK_ID $ORCHESTRA_ATTEMPT" >> "$LOG"; exit 0' TERM
echo "start $ORCHESTRA_TASK_ID $ORCHESTRA_ATTEMPT" >> "$LOG"
setsid sleep 300 &
sleep 300 & wait
"#;

/// Takes no notice of TERM, nor does the grandchild in a session of its own.
pub const STUBBORN: &str = r#"
trap '' TERM
setsid sh -c "trap '' TERM; while :; do sleep 1; done" &
echo "start $ORCHESTRA_TASK_ID $ORCHESTRA_ATTEMPT" >> "$LOG"
while :; do sleep 1; done
"#;

/// A run of two tasks whose first is under way.
fn under_way(script: &str) -> (Rig, Going) {
    let rig = Rig::new(&["a", "b"], script);
    let run = rig.start();
    rig.logged("start");
    (rig, run)
}

/// Asserts that what a signal left can be resumed, and names the way.
#[track_caller]
pub fn resumes(rig: &Rig) {
    rig.script(WRITES_A_FILE);
    rig.resume().exits(0);
    rig.journal_is_clean();
    assert_eq!(rig.succeeded().len(), 2);
}

#[test]
fn each_signal_ends_a_run_gracefully_with_its_own_code() {
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 129)] {
        let (rig, run) = under_way(TIDY);
        run.signal(signal);
        let output = run.end();
        output.exits(code).says(&format!("resume {}", rig.name()));
        let words: Vec<_> = rig.log().into_iter().map(|(word, ..)| word).collect();
        assert_eq!(words, ["start", "term", "cleaned"], "told, and given the time");
        assert!(rig.alive().is_empty(), "{:#?}", rig.alive());
        assert_eq!(rig.event("run.stopped", None)["data"]["why"]["signal"], code - 128);
        assert_eq!(rig.event("attempt.finished", None)["data"]["outcome"]["failed"]["class"], "interrupted");
        let results = fs::read_to_string(rig.dir().join("junit.xml")).unwrap();
        assert!(results.contains(r#"name="run""#) && results.contains(r#"<error type="stopped""#), "{results}");
        resumes(&rig);
    }
}

#[test]
fn a_second_ctrl_c_ends_at_once_what_ignores_the_first() {
    let told = STUBBORN.replacen("trap ''", r#"trap 'echo "term x 1" >> "$LOG"'"#, 1);
    let mut took = Vec::new();
    // On a busy machine it may not be quick each time; with its grace it never would be.
    while took.iter().all(|took| *took >= Duration::from_secs(4)) {
        assert!(took.len() < 4, "{took:?}");
        let (rig, run) = under_way(&told);
        run.signal(Signal::INT);
        rig.logged("term");
        run.signal(Signal::INT);
        let output = run.end();
        output.exits(130);
        took.push(output.took);
        assert!(rig.alive().is_empty(), "{:#?}", rig.alive());
        resumes(&rig);
    }
}

#[test]
fn what_ignores_ctrl_c_has_its_grace_and_no_more() {
    let (rig, run) = under_way(STUBBORN);
    run.signal(Signal::INT);
    run.end().exits(130);
    assert!(rig.alive().is_empty(), "{:#?}", rig.alive());
    resumes(&rig);
}

#[test]
fn a_stubborn_tree_is_gone_soon_after_its_run_was_killed() {
    let (rig, run) = under_way(STUBBORN);
    run.kill();
    // Waits for what is left of it by itself.
    resumes(&rig);
    assert!(rig.alive().is_empty(), "{:#?}", rig.alive());
}

#[test]
fn ctrl_c_while_a_workspace_is_set_up_ends_the_set_up() {
    let rig = Rig::new(&["a", "b"], WRITES_A_FILE);
    let setup = rig.at("setup.sh");
    fs::write(&setup, format!("echo 'setup x 1' >> {}\nsleep 300\n", rig.at("log").display())).unwrap();
    let rig = rig.with(&[&format!("workspace.setup=[[sh, {}]]", setup.display())]);
    let run = rig.start();
    rig.logged("setup");
    run.signal(Signal::INT);
    run.end().exits(130).says(&format!("resume {}", rig.name()));
    assert!(rig.alive().is_empty(), "{:#?}", rig.alive());
    fs::write(&setup, "exit 0\n").unwrap();
    resumes(&rig);
}

#[test]
fn ctrl_c_while_a_check_runs_leaves_the_work_that_was_done() {
    let rig = Rig::new(&["a", "b"], WRITES_A_FILE);
    let check = rig.at("check.sh");
    fs::write(&check, format!("echo 'check x 1' >> {}\nsleep 300\n", rig.at("log").display())).unwrap();
    let plan = fs::read_to_string(rig.at("plan.json")).unwrap();
    let plan = plan.replacen(r#"["test","-e","a.txt"]"#, &format!(r#"["sh","{}"]"#, check.display()), 1);
    fs::write(rig.at("plan.json"), plan).unwrap();
    let run = rig.start();
    rig.logged("check");
    run.signal(Signal::INT);
    run.end().exits(130).says(&format!("resume {}", rig.name()));
    assert!(rig.alive().is_empty(), "{:#?}", rig.alive());
    fs::write(&check, "test -e a.txt\n").unwrap();
    resumes(&rig);
    assert_eq!(rig.starts()["a"], 1, "only the check was missing");
}

/// A run whose git does `first` before it is the real one, once git has written to the log.
fn run_with_git(rig: &Rig, first: &str) -> Going {
    let bin = rig.at("bin");
    fs::create_dir(&bin).unwrap();
    fs::write(bin.join("git"), format!("#!/bin/sh\n{first}\nPATH=${{PATH#*:}} exec git \"$@\"\n")).unwrap();
    fs::set_permissions(bin.join("git"), fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = rig.world.command(rig.run_args());
    command.env("PATH", format!("{}:{}", bin.display(), std::env::var("PATH").unwrap()));
    let run = rig.spawn(command);
    rig.logged("git");
    run
}

#[test]
fn ctrl_c_while_git_takes_its_first_snapshot_leaves_nothing_half_made() {
    let rig = Rig::new(&["a", "b"], WRITES_A_FILE);
    // Slow from its second call on: the first only asks for its version.
    let run = run_with_git(
        &rig,
        &format!(
            "echo 'git x 1' >> {}\ncase \" $* \" in *' add '*|*' update-index '*|*' write-tree '*|*' init '*) sleep 300;; esac",
            rig.at("log").display()
        ),
    );
    eventually("a slow git", || rig.alive().iter().any(|process| process.ends_with("sleep 300 ")).then_some(()));
    run.signal(Signal::INT);
    let output = run.end();
    output.exits(130).says("ended by SIGINT");
    rig.is_gone_within(GONE_WITHIN);
    assert!(!rig.world.project().join("runs").exists(), "nothing was begun");
}

#[test]
fn ctrl_c_while_the_last_patch_is_made_is_heard_and_the_run_is_on_record() {
    let rig = Rig::new(&["a", "b"], WRITES_A_FILE);
    let journal = rig.world.project().join("runs/latest/events.jsonl");
    let run = run_with_git(
        &rig,
        &format!(
            "if grep -q run.finished {}; then echo 'git x 1' >> {}; sleep 300; fi",
            journal.display(),
            rig.at("log").display()
        ),
    );
    run.signal(Signal::INT);
    run.end().exits(130).says("runs show");
    rig.is_gone_within(GONE_WITHIN);
    assert_eq!(rig.verdict(), "success");
    assert!(!rig.dir().join("report.md").exists());
    rig.resume().exits(0);
    assert!(rig.dir().join("report.md").exists(), "the next process makes what this one could not");
}

#[test]
fn ctrl_c_at_a_question_ends_the_run_and_the_question_is_asked_again() {
    let rig = Rig::new(&["a", "b"], WRITES_A_FILE).with(&["run.ask=plan"]);
    let words: Vec<String> = [vec![env!("CARGO_BIN_EXE_orchestra").to_owned()], rig.run_args()]
        .concat()
        .iter()
        .map(|arg| format!("'{arg}'"))
        .collect();
    // `script` gives it a terminal of its own.
    let mut command = rig.world.command([""; 0]);
    let environment: Vec<_> =
        command.get_envs().filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned()))).collect();
    command = std::process::Command::new("script");
    command
        .args(["-qec", &words.join(" "), "/dev/null"])
        .env_clear()
        .envs(environment)
        .current_dir(rig.world.project());
    let mut child = match command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn() {
        Ok(child) => child,
        Err(error) => {
            eprintln!("SKIPPED: no `script` to make a terminal with: {error}");
            return;
        }
    };
    rig.event("approval.requested", None);
    child.stdin.as_mut().unwrap().write_all(b"\x03").unwrap();
    let status = eventually("the end", || child.try_wait().unwrap());
    assert_eq!(status.code(), Some(130));
    rig.is_gone_within(GONE_WITHIN);
    assert!(rig.log().is_empty(), "nothing was approved");
    // Without a terminal nobody can be asked.
    rig.resume().exits(5).says("--approve");
    rig.world.orchestra(["resume", &rig.name(), "--approve", "plan"]).exits(0);
    rig.journal_is_clean();
}

#[test]
fn a_signal_to_a_resume_is_like_one_to_the_run() {
    let (rig, run) = under_way(TIDY);
    run.kill();
    fs::remove_file(rig.at("log")).unwrap();
    let resume = rig.go(&["resume", &rig.name()]);
    rig.logged("start");
    kill_process(Pid::from_child(&resume.child), Signal::TERM).unwrap();
    resume.end().exits(143).says(&format!("resume {}", rig.name()));
    assert!(rig.alive().is_empty(), "{:#?}", rig.alive());
    resumes(&rig);
}
