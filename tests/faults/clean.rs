//! A run is removed by one process while others work on it, go on with it, or die.

use std::fs;
use std::process::{Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use crate::rig::{Rig, WRITES_A_FILE, eventually};

/// Waits until the file `go` is there, beside the log.
const WAITS: &str = r#"
echo "start $ORCHESTRA_TASK_ID $ORCHESTRA_ATTEMPT" >> "$LOG"
while ! [ -e "$(dirname "$LOG")/go" ]; do sleep 0.02; done
echo "$ORCHESTRA_TASK_ID" > "$ORCHESTRA_TASK_ID.txt"
"#;

/// What stands beside the runs and is none.
fn beside(rig: &Rig) -> Vec<String> {
    let entries = fs::read_dir(rig.world.project().join("runs")).unwrap();
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.retain(|name| !name.starts_with("20"));
    names.sort();
    names
}

#[test]
fn a_run_that_goes_on_is_never_removed() {
    let rig = Rig::new(&["a"], WAITS);
    let run = rig.start();
    rig.logged("start");
    let name = rig.name();
    for args in [vec!["--force"], vec!["--force", "--dry-run"], vec![]] {
        let refused = rig.world.orchestra([vec!["runs", "clean", &name], args].concat());
        refused.exits(7).says(&run.child.id().to_string());
    }
    let kept = rig.world.orchestra(["runs", "clean", "--keep", "0", "--force"]);
    kept.exits(0).says("1 run kept, which is worked on by a process").says("nothing to remove");
    fs::write(rig.at("go"), "").unwrap();
    run.end().exits(0);
    rig.journal_is_clean();
    rig.world.orchestra(["runs", "clean", &name]).exits(0);
    assert_eq!(rig.find_dir(), None);
}

#[test]
fn of_a_resume_and_a_removal_one_wins_and_the_other_is_told() {
    for round in 0..8 {
        let rig = Rig::new(&["a", "b"], WAITS);
        let run = rig.start();
        rig.logged("start");
        run.kill();
        fs::write(rig.at("go"), "").unwrap();
        let name = rig.name();
        let (resume, clean) = std::thread::scope(|scope| {
            let resume = scope.spawn(|| rig.world.orchestra(["resume", &name]));
            // Later each time, so that each of them is first in some rounds.
            let began = std::time::Instant::now();
            while began.elapsed().as_millis() < round * 4 {
                std::hint::spin_loop();
            }
            let clean = scope.spawn(|| rig.world.orchestra(["runs", "clean", &name, "--force"]));
            (resume.join().unwrap(), clean.join().unwrap())
        });
        if rig.find_dir().is_some() {
            clean.exits(7);
            resume.exits(0);
            rig.journal_is_clean();
        } else {
            clean.exits(0);
            // It either found no such run, or lost the one it had found.
            assert!(matches!(resume.code, 2 | 7), "{resume}");
            resume.exits(resume.code).says(&name);
            assert_eq!(rig.log().iter().filter(|(word, ..)| word == "start").count(), 1, "nothing was started for it");
        }
        assert!(beside(&rig).iter().all(|name| !name.starts_with(".trash")), "{:?}", beside(&rig));
    }
}

#[test]
fn a_removal_that_is_killed_leaves_no_half_run_and_the_next_one_ends_it() {
    let rig = Rig::new(&["a"], WRITES_A_FILE);
    rig.run().exits(0);
    // Enough to delete that a kill comes in the middle of it.
    let many = rig.dir().join("artifacts/many");
    fs::create_dir_all(&many).unwrap();
    for n in 0..20_000 {
        fs::write(many.join(n.to_string()), "").unwrap();
    }
    let name = rig.name();
    let mut command: Command = rig.world.command(["runs", "clean", &name]);
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    eventually("the run is set aside", || {
        let aside = beside(&rig).iter().any(|name| name.starts_with(".trash"));
        (aside || child.try_wait().unwrap().is_some()).then_some(())
    });
    let _ = kill_process(Pid::from_child(&child), Signal::KILL);
    let status = child.wait().unwrap();
    assert!(!status.success(), "it was over before it could be killed");
    assert_eq!(rig.find_dir(), None);
    rig.world.orchestra(["runs", "show", &name]).exits(2).says("begins with");
    let listed = rig.world.orchestra(["runs", "list"]);
    assert!(listed.exits(0).stdout.is_empty(), "{listed}");
    let ended = rig.world.orchestra(["runs", "clean"]);
    assert!(ended.exits(0).stdout.contains("a run whose removal was cut short"), "{ended}");
    assert!(beside(&rig).iter().all(|name| !name.starts_with(".trash")), "{:?}", beside(&rig));
}

#[test]
fn of_two_removals_at_once_none_fails_for_what_the_other_did() {
    let rig = Rig::new(&["a"], WRITES_A_FILE);
    for _ in 0..3 {
        rig.run().exits(0);
    }
    let codes = std::thread::scope(|scope| {
        let both: Vec<_> =
            (0..3).map(|_| scope.spawn(|| rig.world.orchestra(["runs", "clean", "--keep", "0"]))).collect();
        both.into_iter().map(|one| one.join().unwrap().exits(0).code).collect::<Vec<_>>()
    });
    assert_eq!(codes, [0; 3]);
    assert_eq!(rig.find_dir(), None);
    assert_eq!(beside(&rig), [".gitignore"]);
}

#[test]
fn a_run_of_a_later_version_is_listed_refused_by_name_and_removed_only_by_force() {
    let rig = Rig::new(&["a"], WRITES_A_FILE);
    rig.run().exits(0);
    let journal = rig.dir().join("events.jsonl");
    let newer: String = fs::read_to_string(&journal).unwrap().lines().map(|line| written_by(line, 9)).collect();
    fs::write(&journal, newer).unwrap();
    let name = rig.name();
    let listed = rig.world.orchestra(["runs", "list"]);
    assert!(listed.exits(0).stdout.contains("unreadable") && listed.stdout.contains("format 9"), "{listed}");
    let row = rig.world.orchestra(["runs", "list", "--json"]).exits(0).json()["runs"][0].clone();
    assert_eq!((&row["status"], &row["usage"]), (&"unreadable".into(), &serde_json::Value::Null));
    for args in [["runs", "show"], ["runs", "report"], ["runs", "clean"]] {
        rig.world.orchestra([&args[..], &[&name]].concat()).exits(7);
    }
    rig.world.orchestra(["resume", &name]).exits(7).says("format 9");
    rig.world.orchestra(["runs", "clean", "--keep", "0"]).exits(0).says("records that cannot be read");
    assert!(rig.find_dir().is_some());
    rig.world.orchestra(["runs", "clean", &name, "--force"]).exits(0);
    assert_eq!(rig.find_dir(), None);
}

/// The line as a later version would have written it, its checksum included.
fn written_by(line: &str, version: u32) -> String {
    let body = line.replacen("\"v\":1", &format!("\"v\":{version}"), 1);
    let body = &body[..body.rfind(",\"crc\"").unwrap()];
    format!("{body},\"crc\":\"{:08x}\"}}\n", crc32c::crc32c(body.as_bytes()))
}

#[test]
fn a_run_that_goes_on_is_shown_where_it_is_and_not_disturbed() {
    let rig = Rig::new(&["a", "b"], WAITS);
    let run = rig.start();
    rig.logged("start");
    let before = fs::read(rig.dir().join("lock")).unwrap();
    let shown = rig.world.orchestra(["runs", "show", "--json", &rig.name()]).exits(0).json();
    assert_eq!((&shown["status"], &shown["phase"]), (&"running".into(), &"executing".into()));
    assert_eq!((&shown["current"][0]["task"], &shown["current"][0]["attempt"]), (&"a".into(), &1.into()));
    assert_eq!((&shown["exit_code"], &shown["completed"]), (&serde_json::Value::Null, &serde_json::json!([])));
    assert_eq!(shown["batches"][0]["tasks"][0]["status"], "running");
    let text = rig.world.orchestra(["runs", "show", &rig.name()]);
    assert!(text.exits(0).stdout.contains("running now\n  a  running, attempt 1 by mine, for "), "{text}");
    let row = rig.world.orchestra(["runs", "list"]).exits(0).stdout.clone();
    assert!(row.contains("running") && row.contains("0/2"), "{row}");
    assert_eq!(fs::read(rig.dir().join("lock")).unwrap(), before);
    fs::write(rig.at("go"), "").unwrap();
    run.end().exits(0);
    rig.journal_is_clean();
}
