//! The order of calls, which no kill can show: what a kernel has survives the end of a process, what a disk has survives
//! more.

use std::path::Path;

use super::scene::Scene;
use crate::trace::{Change, Deed, Fault, Follow, can_trace};

/// A run's calls in its folder of runs.
fn calls() -> Vec<Change> {
    let scene = Scene::new(&[]);
    let run = scene.call(&scene.rig.run_args(), &scene.runs(), Follow::Process, Fault::Nothing);
    run.said.exits(0);
    run.traced.seen
}

fn is_synced(path: &Path, mut calls: impl Iterator<Item = Change>) -> bool {
    calls.any(|call| call.deed == Deed::Sync && call.path == path)
}

#[test]
fn what_gets_its_name_is_on_the_disk_before_and_its_name_is_after() {
    if !can_trace() {
        return;
    }
    let calls = calls();
    let mut named = 0;
    for (at, call) in calls.iter().enumerate().filter(|(_, call)| call.deed == Deed::Rename) {
        // A link holds nothing but its name, and nobody depends on it; nor does anybody on the files of an attempt.
        if call.path.ends_with("latest") || call.path.iter().any(|part| part == "tasks") {
            continue;
        }
        let from = call.from.as_deref().unwrap();
        assert!(is_synced(from, calls[..at].iter().cloned()), "{} before it is named", from.display());
        let folder = call.path.parent().unwrap();
        assert!(is_synced(folder, calls[at..].iter().cloned()), "{} after {}", folder.display(), call.path.display());
        named += 1;
    }
    // The run itself, its plan twice, an artifact, the list of them, three reports.
    assert!(named >= 8, "{named}");
}

#[test]
fn the_last_line_of_a_journal_is_synced_before_anything_is_made_of_it() {
    if !can_trace() {
        return;
    }
    let calls = calls();
    let is_journal = |call: &Change| call.path.ends_with("events.jsonl");
    let last = calls.iter().rposition(|call| call.deed == Deed::Write && is_journal(call)).unwrap();
    let synced = last + calls[last..].iter().position(|call| call.deed == Deed::Sync && is_journal(call)).unwrap();
    let report = calls.iter().position(|call| call.deed == Deed::Rename && call.path.ends_with("report.md")).unwrap();
    assert!(synced < report);
}
