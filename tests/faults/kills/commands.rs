//! Bringing a change home and removing a run, killed at every call: the next one ends it, and nothing is half done.

use std::fs;
use std::path::{Path, PathBuf};

use super::scene::Scene;
use super::sweep::{Death, deaths, side_by_side, spread};
use crate::rig::GONE_WITHIN;
use crate::trace::{Change, Fault, Follow, Moment, Victim, can_trace};

/// What a user types, and what must be true after it was killed twice and called a third time.
#[derive(Clone, Copy)]
struct Command {
    words: &'static [&'static str],
    /// What holds at any time.
    always: fn(&Scene, &str),
    /// What is typed last, and what holds then.
    at_last: fn(&Scene, &str),
}

const APPLY: Command = Command { words: &["apply"], always: nothing_foreign_is_there, at_last: the_change_is_home };
const CLEAN: Command = Command { words: &["runs", "clean"], always: the_run_is_whole_or_gone, at_last: all_is_gone };

impl Command {
    fn call(self, scene: &Scene, fault: Fault) -> Option<Change> {
        // Named, so that it is the same run each time.
        let name = scene.rig.find_dir().map(|dir| dir.file_name().unwrap().to_str().unwrap().to_owned());
        let args: Vec<String> = self.words.iter().map(ToString::to_string).chain(name).collect();
        let call = scene.call(&args, &scene.everywhere(), Follow::Process, fault);
        if call.traced.hit.is_none() {
            call.said.exits(0);
        }
        call.traced.hit
    }

    fn count(self) -> Vec<Change> {
        let scene = finished();
        let args: Vec<String> = self.words.iter().map(ToString::to_string).chain([scene.rig.name()]).collect();
        scene.call(&args, &scene.everywhere(), Follow::Process, Fault::Nothing).traced.seen
    }

    fn dies_twice(self, death: Death) {
        let scene = finished();
        let mut why = String::new();
        for at in [death.at, death.again] {
            let hit = self.call(&scene, Fault::Kill { at, when: death.when, whom: Victim::Process });
            let place = hit.map(|hit| format!("{:?} {}", hit.deed, hit.path.display()));
            why = format!("{why}, killed {:?} call {at}: {place:?}", death.when);
            scene.rig.is_gone_within(GONE_WITHIN);
            (self.always)(&scene, &why);
        }
        (self.at_last)(&scene, &why);
    }

    fn dies_at_all_of(self, choose: impl Fn(&[Change]) -> Vec<Death>) {
        if can_trace() {
            side_by_side(&choose(&self.count()), |death| self.dies_twice(*death));
        }
    }
}

/// A run that came to a good end.
fn finished() -> Scene {
    let scene = Scene::new(&[]);
    scene.rig.run().exits(0);
    scene
}

/// The user's files as they were, or as the run left them; never anything between, and never anything lost.
#[track_caller]
fn nothing_foreign_is_there(scene: &Scene, why: &str) {
    let project = scene.rig.world.project();
    let readme = fs::read_to_string(project.join("readme.txt")).unwrap();
    assert!(["a project\n", "changed\n"].contains(&readme.as_str()), "{readme:?}{why}");
    for task in super::scene::TASKS {
        let name = format!("{task}.txt");
        match fs::read_to_string(project.join(&name)) {
            Ok(text) => assert_eq!(text, format!("{task}\n"), "{name}{why}"),
            Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::NotFound, "{name}{why}"),
        }
    }
}

#[track_caller]
fn the_change_is_home(scene: &Scene, why: &str) {
    let name = scene.rig.name();
    let last = scene.rig.world.orchestra(["apply", &name]);
    assert_eq!(last.code, 0, "{why}: {last}");
    nothing_foreign_is_there(scene, why);
    let project = scene.rig.world.project();
    assert_eq!(fs::read_to_string(project.join("readme.txt")).unwrap(), "changed\n", "{why}");
    assert_eq!(fs::read_link(project.join("link")).unwrap(), Path::new("c.txt"), "{why}");
    assert!(project.join("a.txt").exists() && project.join("b.txt").exists(), "{why}");
    assert!(scene.rig.events().iter().any(|event| event["kind"] == "change.applied"), "{why}");
    assert!(!scene.rig.dir().join("apply.json").exists(), "{why}");
    assert_eq!(scene.unfinished(), Vec::<PathBuf>::new(), "{why}");
    scene.rig.world.orchestra(["apply", &name]).exits(0).says("already");
}

/// A run that is listed can be shown, reported and applied.
#[track_caller]
fn the_run_is_whole_or_gone(scene: &Scene, why: &str) {
    let listed = scene.rig.world.orchestra(["runs", "list", "--json"]).exits(0).json();
    let listed = listed["runs"].as_array().unwrap().clone();
    assert_eq!(listed.len(), usize::from(scene.rig.find_dir().is_some()), "{why}");
    if let [run] = listed.as_slice() {
        assert_eq!(run["verdict"], "success", "{why}: {run}");
        scene.rig.world.orchestra(["runs", "report"]).exits(0);
        assert!(scene.rig.dir().join("artifacts/a/deep/notes.txt").exists(), "{why}");
    }
}

#[track_caller]
fn all_is_gone(scene: &Scene, why: &str) {
    for _ in 0..2 {
        // The first one ends what was begun; where nothing was, it removes the run.
        let last = scene.rig.world.orchestra(["runs", "clean", "--keep", "0"]);
        assert_eq!(last.code, 0, "{why}: {last}");
        the_run_is_whole_or_gone(scene, why);
    }
    assert_eq!((scene.rig.find_dir(), scene.workspaces()), (None, 0), "{why}");
    let left = fs::read_dir(scene.rig.world.project().join("runs")).unwrap().map(|entry| entry.unwrap().file_name());
    assert_eq!(left.collect::<Vec<_>>(), [".gitignore"], "{why}");
}

#[test]
fn an_apply_killed_at_calls_of_every_kind_is_ended_by_the_next_one() {
    APPLY.dies_at_all_of(|seen| spread(seen, 5));
}

#[test]
fn a_removal_killed_at_calls_of_every_kind_is_ended_by_the_next_one() {
    CLEAN.dies_at_all_of(|seen| spread(seen, 4));
}

#[test]
#[ignore = "slow: just faults"]
fn an_apply_killed_at_any_call_is_ended_by_the_next_one() {
    APPLY.dies_at_all_of(deaths);
}

#[test]
#[ignore = "slow: just faults"]
fn a_removal_killed_at_many_calls_is_ended_by_the_next_one() {
    CLEAN.dies_at_all_of(|seen| {
        let every = deaths(seen);
        let count = every.len();
        every.into_iter().step_by(count.div_ceil(200)).collect()
    });
}

#[test]
fn the_middle_of_a_removal_is_no_other_moment() {
    // Of calls that write nothing there is none, so that no death is tried twice.
    let removed = Change { deed: crate::trace::Deed::Remove, path: PathBuf::from("/x"), from: None, length: None };
    assert!(deaths(&[removed.clone(), removed]).iter().all(|death| death.when != Moment::Middle));
}
