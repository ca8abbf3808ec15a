//! What agents may do to us: outlast their time, leave things behind, flood, read; and what a run may spend.

use std::fs::{self, File};
use std::path::Path;
use std::process::Stdio;

use crate::rig::{Going, Rig, WRITES_A_FILE, eventually};
use crate::signals::STUBBORN;

#[test]
fn an_agent_that_outlasts_its_time_and_ignores_term_is_gone_after_its_grace() {
    let rig = Rig::new(&["a"], STUBBORN).with(&["limits.task=1s", "run.attempts=1"]);
    rig.run().exits(1).says("timeout");
    assert!(rig.alive().is_empty(), "{:#?}", rig.alive());
    let finished = rig.event("attempt.finished", Some("a"));
    assert_eq!(finished["data"]["outcome"]["failed"]["class"], "timeout");
    rig.script(WRITES_A_FILE);
    rig.resume().exits(0);
    rig.journal_is_clean();
}

#[test]
fn a_silent_agent_is_stalled() {
    let rig = Rig::new(&["a"], "sleep 300\n").with(&["limits.idle=1s", "run.attempts=1"]);
    rig.run().exits(1);
    assert_eq!(rig.event("attempt.finished", Some("a"))["data"]["outcome"]["failed"]["class"], "stalled");
    assert!(rig.alive().is_empty(), "{:#?}", rig.alive());
}

#[test]
fn what_a_finished_agent_leaves_holding_its_output_is_ended_and_recorded() {
    let leaves = format!(
        "setsid sh -c \"trap '' TERM; : > '$LOG.there'; while :; do sleep 1; done\" &\n\
         while ! [ -e \"$LOG.there\" ]; do sleep 0.01; done\n{WRITES_A_FILE}"
    );
    let rig = Rig::new(&["a"], &leaves);
    rig.run().exits(0);
    let leaked = rig.event("attempt.finished", Some("a"))["data"]["leaked"].as_u64().unwrap();
    assert!(leaked >= 2, "the daemon, and who sleeps: {leaked}");
    let left = rig.event("attempt.finished", Some("a"))["data"]["left"].clone();
    let names: Vec<_> = left.as_array().unwrap().iter().map(|left| left["name"].as_str().unwrap()).collect();
    assert!(names.contains(&"sh") && left[0]["pid"].is_u64(), "{left}");
    let told = |text: &str| text.contains("left behind, and ended by us: ") && text.contains("sh (");
    let shown = rig.world.orchestra(["runs", "show", &rig.name()]);
    assert!(told(&shown.stdout), "{}", shown.stdout);
    for report in ["report.md", "report.json"] {
        let text = fs::read_to_string(rig.dir().join(report)).unwrap().replace('\\', "");
        assert!(told(&text), "{report}: {text}");
    }
    assert!(rig.alive().is_empty(), "{:#?}", rig.alive());
}

/// The most memory that the process of a run ever had, in KiB.
fn peak(run: &mut Going) -> u64 {
    let status = format!("/proc/{}/status", run.child.id());
    let mut peak = 0;
    eventually("its end", || {
        let text = fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB"));
        peak = line.and_then(|kib| kib.parse().ok()).unwrap_or(0).max(peak);
        run.has_ended().then_some(())
    });
    peak
}

/// Bytes below a folder.
fn size(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    entries
        .map(
            |entry| {
                if entry.file_type().unwrap().is_dir() { size(&entry.path()) } else { entry.metadata().unwrap().len() }
            },
        )
        .sum()
}

#[test]
fn a_flood_without_a_line_break_is_cut_and_costs_neither_memory_nor_disk() {
    let floods = format!("head -c 100000000 /dev/zero >&2 & head -c 300000000 /dev/zero\nwait\n{WRITES_A_FILE}");
    let rig = Rig::new(&["a"], &floods);
    let mut run = rig.start();
    let peak = peak(&mut run);
    run.end().exits(0);
    assert!(peak > 0 && peak < 150_000, "{peak} KiB");
    assert!(size(&rig.dir()) < 20_000_000, "{} bytes", size(&rig.dir()));
    assert_eq!(rig.event("attempt.finished", Some("a"))["data"]["truncated"], true);
}

#[test]
fn an_agent_finds_the_end_of_its_input_and_our_own_input_is_not_read() {
    let rig = Rig::new(&["a"], &format!("cat >> \"$LOG\"\n{WRITES_A_FILE}"));
    // A pipe that stays open and has something in it.
    let (reader, writer) = std::io::pipe().unwrap();
    std::io::Write::write_all(&mut &writer, b"stolen x 1\n").unwrap();
    let mut command = rig.world.command(rig.run_args());
    let mut child =
        command.stdin(reader.try_clone().unwrap()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let status = eventually("its end", || child.try_wait().unwrap());
    assert_eq!(status.code(), Some(0));
    drop((command, writer));
    let mut unread = String::new();
    std::io::Read::read_to_string(&mut &reader, &mut unread).unwrap();
    assert_eq!(unread, "stolen x 1\n");
    assert!(rig.log().iter().all(|(word, ..)| word != "stolen"));
}

#[test]
fn a_run_that_is_out_of_time_ends_with_4_and_more_time_finishes_it() {
    let slow = "echo \"start $ORCHESTRA_TASK_ID $ORCHESTRA_ATTEMPT\" >> \"$LOG\"\nif [ $ORCHESTRA_TASK_ID = b ]; then setsid sleep 300 & sleep 300; fi\necho x > $ORCHESTRA_TASK_ID.txt\n";
    let rig = Rig::new(&["a", "b"], slow).with(&["limits.run=6s"]);
    rig.run().exits(4).says(&format!("resume {}", rig.name()));
    assert!(rig.alive().is_empty(), "{:#?}", rig.alive());
    rig.script(WRITES_A_FILE);
    // What was spent stays spent.
    rig.resume().exits(4);
    rig.world.orchestra(["resume", &rig.name(), "--timeout", "+10m"]).exits(0);
    rig.journal_is_clean();
    assert_eq!(rig.starts()["a"], 1);
}

/// A rig whose agent answers as JSON, and so can tell what it uses.
fn telling(tasks: &[&str], script: &str) -> Rig {
    let rig = Rig::new(tasks, script);
    let config = fs::read_to_string(rig.at("orchestra.yaml")).unwrap();
    fs::write(rig.at("orchestra.yaml"), config.replace("stdin: none", "stdin: none, parser: json")).unwrap();
    rig
}

/// Says that it starts, writes its file, and tells that it used half a dollar.
const COSTS_HALF_A_DOLLAR: &str = r#"
echo "start $ORCHESTRA_TASK_ID $ORCHESTRA_ATTEMPT" >> "$LOG"
echo x > "$ORCHESTRA_TASK_ID.txt"
echo '{"status": "done", "summary": "Done.", "usage": {"usd": 0.5, "input_tokens": 10, "output_tokens": 5}}'
"#;

#[test]
fn an_agent_that_tells_on_its_way_of_more_than_it_may_use_is_ended_with_all_it_started() {
    let spends = r#"
echo "start $ORCHESTRA_TASK_ID $ORCHESTRA_ATTEMPT" >> "$LOG"
setsid sh -c "trap '' TERM; while :; do sleep 1; done" &
echo '{"step": 1, "usage": {"usd": 0.1}}'
sleep 0.1
echo '{"step": 2, "usage": {"usd": 0.3}}'
sleep 300
"#;
    let rig = telling(&["a", "b"], spends).with(&["budget.usd=2", "budget.task_usd=0.25"]);
    rig.run().exits(4).says("0.30 USD of 0.25 that were set aside for it");
    rig.is_gone_within(crate::rig::GONE_WITHIN);
    let finished = rig.event("attempt.finished", Some("a"))["data"].clone();
    assert_eq!(finished["outcome"]["failed"]["class"], "budget-exhausted");
    assert_eq!(finished["usage"], serde_json::json!({"usd": 0.3, "partial": true}));
    rig.script(COSTS_HALF_A_DOLLAR);
    rig.world.orchestra(["resume", &rig.name(), "--set", "budget.task_usd=0.6"]).exits(0);
    rig.journal_is_clean();
    assert_eq!(rig.starts()["a"], 2);
}

#[test]
fn what_was_set_aside_for_a_killed_attempt_stays_spent() {
    let slow = "echo \"start $ORCHESTRA_TASK_ID $ORCHESTRA_ATTEMPT\" >> \"$LOG\"\nsleep 300\n";
    let rig = telling(&["a", "b"], slow).with(&["budget.usd=2", "budget.task_usd=1.5"]);
    let run = rig.start();
    rig.logged("start");
    run.kill();
    rig.script(COSTS_HALF_A_DOLLAR);
    // 1.50 of 2.00 may be gone. What is left is enough for one.
    rig.resume().exits(4).says("$2.00 of $2.00").says("--budget-usd +2.00");
    assert_eq!(rig.starts(), std::collections::BTreeMap::from([("a".to_owned(), 2)]));
    rig.resume().exits(4).says("$2.00 of $2.00");
    rig.world.orchestra(["resume", &rig.name(), "--budget-usd", "+0.5"]).exits(0);
    rig.journal_is_clean();
    assert_eq!(rig.starts().values().sum::<usize>(), 3, "nothing is paid for twice");
}

#[test]
fn most_of_a_runs_time_is_warned_of_once_over_all_its_processes() {
    let slow = "echo \"start $ORCHESTRA_TASK_ID $ORCHESTRA_ATTEMPT\" >> \"$LOG\"\nsleep 300\n";
    let rig = Rig::new(&["a", "b"], slow).with(&["limits.run=3s"]);
    let run = rig.start();
    let warned = rig.event("budget.warned", None)["data"].clone();
    assert_eq!((&warned["limit"], &warned["of"]), (&"limits.run".into(), &3000.into()));
    assert!(warned["used"].as_u64().unwrap() >= 2400, "{warned}");
    let output = run.end();
    output.exits(4).says("wall time: ").says("limits.run is used up: ").says("--timeout +30m");
    rig.resume().exits(4);
    let warnings = rig.events().iter().filter(|event| event["kind"] == "budget.warned").count();
    assert_eq!(warnings, 1);
}

#[test]
fn launches_that_are_used_up_end_a_run_with_4() {
    let rig = Rig::new(&["a", "b", "c"], WRITES_A_FILE).with(&["limits.launches=2"]);
    rig.run().exits(4).says("launches");
    assert_eq!(rig.starts().values().sum::<usize>(), 2);
    rig.world.orchestra(["resume", &rig.name(), "--set", "limits.launches=10"]).exits(0);
    rig.journal_is_clean();
    assert_eq!(rig.starts().values().sum::<usize>(), 3);
}

#[test]
fn a_full_standard_output_is_told_and_not_a_panic() {
    for form in ["text", "json", "jsonl"] {
        let rig = Rig::new(&["a"], WRITES_A_FILE);
        for args in [rig.run_args(), vec!["runs".into(), "show".into()]] {
            let mut command = rig.world.command([args, vec!["--output".into(), form.into()]].concat());
            let full = File::options().write(true).open("/dev/full").unwrap();
            let output = command.stdin(Stdio::null()).stdout(full).output().unwrap();
            let stderr = String::from_utf8_lossy(&output.stderr);
            assert!(!stderr.contains("panicked"), "{stderr}");
            // As text, a run has nothing for stdout.
            let silent = form == "text" && !stderr.contains("standard output");
            assert_eq!(output.status.code(), Some(if silent { 0 } else { 8 }), "{form}: {stderr}");
        }
        rig.journal_is_clean();
    }
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let rig = Rig::new(&["a"], WRITES_A_FILE);
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = rig.world.command([rig.run_args(), vec!["--output".into(), "jsonl".into()]].concat());
    let output = command.stdin(Stdio::null()).stdout(writer).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    rig.journal_is_clean();
}
