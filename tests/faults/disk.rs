//! A disk without room, for bytes or for files: said with path and reason, and once there is room again, finished.

use std::fs;
use std::path::{Path, PathBuf};

use crate::mounts::{call, inside, tmpfs};
use crate::rig::{Rig, tasks_of};
use crate::world::Output;

const TASKS: [&str; 3] = ["a", "b", "c"];

/// Room for all that a run of the tasks needs, and much more.
const ENOUGH: &str = "remount,size=64m,nr_inodes=20000";

/// Says that it starts, writes a file, says that it ends.
const WORKS: &str = r#"
echo "start $ORCHESTRA_TASK_ID $ORCHESTRA_ATTEMPT" >> "$LOG"
echo "$ORCHESTRA_TASK_ID" > "$ORCHESTRA_TASK_ID.txt"
seq 1 3000 > "$ORCHESTRA_ARTIFACTS/numbers.txt" || true
echo "and a lot to say"
"#;

/// Fills the disk of the runs, once, when its second task has done its work.
const FILLS_THE_DISK: &str = r#"
if [ "$ORCHESTRA_TASK_ID" = b ] && [ "$ORCHESTRA_ATTEMPT" = 1 ]; then
    cat /dev/zero > "$(dirname "$LOG")/project/runs/ballast" 2> /dev/null || true
fi
"#;

/// A folder of the world whose disk is small.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Small {
    Runs,
    Cache,
}

impl Small {
    fn of(self, rig: &Rig) -> PathBuf {
        match self {
            Self::Runs => rig.world.project().join("runs"),
            Self::Cache => rig.world.root().join("cache"),
        }
    }
}

/// The bytes and the files that a run of the tasks needs in a folder.
fn needs(small: Small) -> (u64, u64) {
    let rig = Rig::new(&TASKS, WORKS);
    let at = on_tmpfs(&rig, small, "size=64m,nr_inodes=20000");
    rig.run().exits(0);
    let stat = rustix::fs::statvfs(&at).unwrap();
    ((stat.f_blocks - stat.f_bfree) * stat.f_frsize, stat.f_files - stat.f_ffree)
}

fn on_tmpfs(rig: &Rig, small: Small, options: &str) -> PathBuf {
    let at = small.of(rig);
    fs::create_dir_all(&at).unwrap();
    tmpfs(&at, options);
    at
}

/// Runs with so little room, makes room, and finishes.
fn squeezed(small: Small, options: &str) {
    let why = format!("{small:?} with {options}");
    let rig = Rig::new(&TASKS, WORKS);
    let at = on_tmpfs(&rig, small, options);
    let output = rig.run();
    assert!([0, 8].contains(&output.code), "{why}: {output}");
    if output.code == 8 {
        is_told(&output, &at, &why);
    }
    let events = rig.events();
    let done = tasks_of(&events, |event| event["kind"] == "task.succeeded");
    let before = rig.starts();
    call("mount", &["-o", ENOUGH, at.to_str().unwrap()]);
    let finished = if rig.find_dir().is_some() { rig.resume() } else { rig.run() };
    assert_eq!(finished.code, 0, "{why}: first {output}\nthen {finished}");
    rig.journal_is_clean();
    assert_eq!(rig.succeeded().len(), TASKS.len(), "{why}");
    for task in &done {
        assert_eq!(rig.starts()[task], before[task], "{why}: {task} ran again");
    }
    call("umount", &[at.to_str().unwrap()]);
}

/// Where, and the system's reason.
#[track_caller]
fn is_told(output: &Output, at: &Path, why: &str) {
    assert!(!output.stderr.contains("panicked"), "{why}: {output}");
    assert!(output.stderr.contains("No space left on device"), "{why}: {output}");
    assert!(output.stderr.contains(&at.display().to_string()), "{why}: the path is named: {output}");
}

/// Every amount of room from none to enough, in so many steps: bytes, then files.
fn every_room(small: Small, steps: u64) {
    let (bytes, files) = needs(small);
    for step in 0..steps {
        // A page is the least that a disk in memory can have; no files at all would mean any number.
        squeezed(small, &format!("size={},nr_inodes=20000", (bytes * step / steps).max(4096)));
        squeezed(small, &format!("size=64m,nr_inodes={}", (files * step / steps).max(1)));
    }
}

#[test]
fn a_disk_that_fills_up_under_a_run_ends_it_with_8_and_room_finishes_it() {
    if !inside("disk::a_disk_that_fills_up_under_a_run_ends_it_with_8_and_room_finishes_it") {
        return;
    }
    let rig = Rig::new(&TASKS, &format!("{WORKS}{FILLS_THE_DISK}"));
    let at = on_tmpfs(&rig, Small::Runs, "size=4m");
    let output = rig.run();
    output.exits(8).says(" resume 2");
    is_told(&output, &at, "filled by a task");
    assert_eq!(rig.succeeded().into_iter().collect::<Vec<_>>(), ["a"]);
    fs::remove_file(at.join("ballast")).unwrap();
    rig.resume().exits(0);
    rig.journal_is_clean();
    assert_eq!(rig.starts()["a"], 1, "finished work was kept: {:?}", rig.log());
}

#[test]
fn a_disk_of_runs_that_is_full_at_any_stage_ends_a_run_with_8_and_room_finishes_it() {
    if inside("disk::a_disk_of_runs_that_is_full_at_any_stage_ends_a_run_with_8_and_room_finishes_it") {
        every_room(Small::Runs, 8);
    }
}

#[test]
fn a_disk_of_workspaces_that_is_full_at_any_stage_ends_a_run_with_8_and_room_finishes_it() {
    if inside("disk::a_disk_of_workspaces_that_is_full_at_any_stage_ends_a_run_with_8_and_room_finishes_it") {
        every_room(Small::Cache, 4);
    }
}

#[test]
#[ignore = "slow: run with just faults"]
fn a_disk_of_runs_that_is_full_at_a_hundred_stages_ends_a_run_with_8_and_room_finishes_it() {
    if inside("disk::a_disk_of_runs_that_is_full_at_a_hundred_stages_ends_a_run_with_8_and_room_finishes_it") {
        every_room(Small::Runs, 100);
    }
}
