//! One process owns a run; many runs may begin at once.

use std::fs;

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
    refused.exits(7).says(&run.child.id().to_string()).quick();
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

#[test]
fn no_lock_outlives_its_process() {
    let rig = Rig::new(&["a", "b"], WAITS);
    let run = rig.start();
    rig.logged("start");
    let pid = run.child.id();
    run.kill();
    fs::write(rig.at("go"), "").unwrap();
    let output = rig.resume();
    output.exits(0).quick();
    assert!(!output.stderr.contains(&format!("pid {pid}")), "{output}");
}
