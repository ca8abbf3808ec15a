//! One process owns a run; many runs may begin at once; a journal is what it is, or said not to be.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::rig::{Rig, WRITES_A_FILE};

/// Waits until the file `go` is there, beside the log.
const WAITS: &str = r#"
echo "start $ORCHESTRA_TASK_ID $ORCHESTRA_ATTEMPT" >> "$LOG"
while ! [ -e "$(dirname "$LOG")/go" ]; do sleep 0.02; done
echo "$ORCHESTRA_TASK_ID" > "$ORCHESTRA_TASK_ID.txt"
"#;

#[test]
fn a_run_that_goes_on_is_not_resumed_and_its_owner_is_named() {
    let rig = Rig::new(&["a", "b"], WAITS);
    let run = rig.start();
    rig.logged("start");
    assert_eq!(rig.verdict(), "running");
    let refused = rig.resume();
    refused.exits(7).says(&run.child.id().to_string());
    assert!(refused.took < Duration::from_secs(5), "{:?}", refused.took);
    fs::write(rig.at("go"), "").unwrap();
    run.end().exits(0);
    rig.journal_is_clean();
    let finished = rig.resume();
    finished.exits(0).says("nothing to do");
    assert_eq!(rig.starts().values().sum::<usize>(), 2);
}

#[test]
fn of_racing_resumes_one_wins_and_every_task_runs_once() {
    let rig = Rig::new(&["a", "b"], WAITS);
    let run = rig.start();
    rig.logged("start");
    run.kill();
    fs::remove_file(rig.at("log")).unwrap();
    let codes = std::thread::scope(|scope| {
        let racers: Vec<_> = (0..4).map(|_| scope.spawn(|| rig.resume())).collect();
        rig.logged("start");
        // Every loser gives up while the winner is at work.
        crate::rig::eventually("three losers", || {
            (racers.iter().filter(|racer| racer.is_finished()).count() == 3).then_some(())
        });
        fs::write(rig.at("go"), "").unwrap();
        let mut codes: Vec<i32> = racers.into_iter().map(|racer| racer.join().unwrap().code).collect();
        codes.sort_unstable();
        codes
    });
    assert_eq!(codes, [0, 7, 7, 7]);
    rig.journal_is_clean();
    assert_eq!(rig.starts().into_values().collect::<Vec<_>>(), [1, 1]);
}

#[test]
fn twenty_runs_that_start_together_get_twenty_directories() {
    let rig = Rig::new(&["a"], WRITES_A_FILE);
    let args = [rig.run_args(), vec!["--plan-only".into()]].concat();
    let codes: Vec<i32> = std::thread::scope(|scope| {
        let starts: Vec<_> = (0..20).map(|_| scope.spawn(|| rig.world.orchestra(&args).code)).collect();
        starts.into_iter().map(|start| start.join().unwrap()).collect()
    });
    assert_eq!(codes, [0; 20]);
    let runs = fs::read_dir(rig.world.project().join("runs")).unwrap().filter_map(Result::ok);
    let runs: Vec<_> = runs.filter(|entry| entry.file_name().as_encoded_bytes().starts_with(b"20")).collect();
    assert_eq!(runs.len(), 20);
    assert!(runs.iter().all(|run| run.path().join("events.jsonl").is_file()));
}

/// Copies a folder with all that is in it.
fn copy(from: &Path, to: &Path) {
    let status = std::process::Command::new("cp").arg("-a").arg(from).arg(to).status().unwrap();
    assert!(status.success());
}

/// A finished run of three tasks, and the bytes of its journal.
fn finished() -> (Rig, Vec<u8>) {
    let rig = Rig::new(&["a", "b", "c"], WRITES_A_FILE);
    rig.run().exits(0);
    copy(&rig.dir(), &rig.at("kept"));
    let journal = fs::read(rig.dir().join("events.jsonl")).unwrap();
    (rig, journal)
}

/// Puts the run back as it was, with this journal.
fn restore(rig: &Rig, journal: &[u8]) {
    let dir = rig.dir();
    fs::remove_dir_all(&dir).unwrap();
    copy(&rig.at("kept"), &dir);
    fs::write(dir.join("events.jsonl"), journal).unwrap();
}

/// Cuts the journal at every `step`th byte, and asks what a resume would do.
fn cut_and_explain(step: usize) {
    let (rig, journal) = finished();
    let path = rig.dir().join("events.jsonl");
    let first = journal.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    let planned = first + journal[first..].iter().position(|byte| *byte == b'\n').unwrap() + 1;
    for cut in (0..journal.len()).rev().step_by(step) {
        fs::write(&path, &journal[..cut]).unwrap();
        let output = rig.world.orchestra(["resume", &rig.name(), "--explain"]);
        assert!(!output.stderr.contains("panicked"), "cut at {cut}: {output}");
        // A run is shown only with its plan durable: less than that was never there.
        let sound = cut >= planned;
        assert_eq!(output.code, if sound { 0 } else { 7 }, "cut at {cut}: {output}");
    }
}

#[test]
fn a_journal_cut_anywhere_is_understood() {
    // A prime, so that the places within the lines differ.
    cut_and_explain(131);
}

#[test]
#[ignore = "slow: run with just faults"]
fn a_journal_cut_at_every_byte_is_understood() {
    cut_and_explain(1);
}

#[test]
fn a_run_whose_journal_was_cut_is_healed_and_finished_without_doing_again_what_it_still_tells_of() {
    let (rig, journal) = finished();
    let tree = rig.tree();
    let ends: Vec<usize> =
        journal.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1).collect();
    // Within a line, at its end, and one byte before it.
    for (number, end) in ends.iter().enumerate().skip(1).step_by(4) {
        for cut in [*end, end.saturating_add(40), ends.get(number + 1).map_or(*end, |next| next - 1)] {
            let cut = cut.min(journal.len());
            restore(&rig, &journal[..cut]);
            let (before, done) = (rig.starts(), rig.succeeded());
            let output = rig.resume();
            output.exits(0);
            if !ends.contains(&cut) {
                output.says("torn");
            }
            let lines = fs::read(rig.dir().join("events.jsonl")).unwrap();
            assert!(lines.starts_with(&journal[..ends.iter().copied().filter(|end| *end <= cut).max().unwrap()]));
            assert_eq!(rig.tree(), tree);
            for task in ["a", "b", "c"] {
                assert!(!done.contains(task) || rig.starts()[task] == before[task], "cut at {cut}: {task} ran again");
            }
        }
    }
}

#[test]
fn a_damaged_line_is_named_and_nothing_goes_on_from_it() {
    let (rig, journal) = finished();
    let path = rig.dir().join("events.jsonl");
    let lines: Vec<&[u8]> = journal.split_inclusive(|byte| *byte == b'\n').collect();
    let before: usize = lines[..5].iter().map(|line| line.len()).sum();
    let mut flipped = journal.clone();
    flipped[before + 60] ^= 0x04;
    let mut zeroed = journal.clone();
    zeroed[before + 10..before + 50].fill(0);
    let mut broken = journal.clone();
    broken[before + lines[5].len() - 1] = b' ';
    let foreign = [&journal[..before], b"{\"v\":1}\n", &journal[before..]].concat();
    let missing = [&journal[..before], &journal[before + lines[5].len()..]].concat();
    for (what, damaged) in
        [("a bit", flipped), ("a block", zeroed), ("a line break", broken), ("a line", foreign), ("a gap", missing)]
    {
        fs::write(&path, &damaged).unwrap();
        for args in [vec!["resume"], vec!["resume", "--explain"], vec!["runs", "show"]] {
            let name = rig.name();
            let args = [args, vec![name.as_str()]].concat();
            let output = rig.world.orchestra(&args);
            output.exits(7).says("events.jsonl").says("line 6");
            assert!(output.took < Duration::from_secs(5));
        }
        assert_eq!(fs::read(&path).unwrap(), damaged, "{what}: left as it is for whoever mends it");
    }
    assert_eq!(rig.starts().values().sum::<usize>(), 3);
}

#[test]
fn the_newest_run_is_not_passed_over_because_its_records_are_damaged() {
    let (rig, _) = finished();
    fs::write(rig.dir().join("events.jsonl"), "not a journal\n\n").unwrap();
    rig.world.orchestra(["resume"]).exits(7).says("events.jsonl").says("line 1");
}

#[test]
fn a_journal_of_a_later_version_is_refused_with_both_versions() {
    let (rig, journal) = finished();
    let text = String::from_utf8(journal).unwrap();
    let newer: String = text.lines().map(|line| with_version(line, 9)).collect();
    fs::write(rig.dir().join("events.jsonl"), newer).unwrap();
    for args in [vec!["resume"], vec!["runs", "show"]] {
        let name = rig.name();
        rig.world.orchestra([args, vec![name.as_str()]].concat()).exits(7).says("format 9").says("format 1");
    }
}

/// The line as a later version would have written it, its checksum included.
fn with_version(line: &str, version: u32) -> String {
    let body = line.replacen("\"v\":1", &format!("\"v\":{version}"), 1);
    let body = &body[..body.rfind(",\"crc\"").unwrap()];
    format!("{body},\"crc\":\"{:08x}\"}}\n", crc32c::crc32c(body.as_bytes()))
}

#[test]
fn no_lock_outlives_its_process() {
    let rig = Rig::new(&["a", "b"], WAITS);
    let run = rig.start();
    rig.logged("start");
    let pid = run.child.id();
    run.kill();
    let started = Instant::now();
    fs::write(rig.at("go"), "").unwrap();
    let output = rig.resume();
    output.exits(0);
    assert!(!output.stderr.contains(&format!("pid {pid}")), "{output}");
    assert!(started.elapsed() < Duration::from_secs(20));
}
