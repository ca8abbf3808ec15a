//! The system says no: to every sync, to every write, to every new file, from any call on. Or it takes less than it was
//! given, or is interrupted.

use std::path::Path;

use nix::errno::Errno;

use super::scene::{Call, Scene};
use super::sweep::side_by_side;
use crate::trace::{Deed, Fault, Follow, Lasts, Short, can_trace};

/// What is refused, and how the system says so.
#[derive(Clone, Copy)]
struct Refusal {
    deeds: &'static [Deed],
    errno: Errno,
    lasts: Lasts,
    /// Who is refused.
    follow: Follow,
}

const NO_SYNC: Refusal =
    Refusal { deeds: &[Deed::Sync], errno: Errno::EIO, lasts: Lasts::ForGood, follow: Follow::Process };
/// The kernel tells of a lost write once, and says yes when it is asked again.
const NO_SYNC_ONCE: Refusal = Refusal { lasts: Lasts::Once, ..NO_SYNC };
const NO_ROOM: Refusal = Refusal {
    deeds: &[Deed::Write, Deed::Create, Deed::Folder, Deed::Resize, Deed::Link],
    errno: Errno::ENOSPC,
    ..NO_SYNC
};
const NO_DESCRIPTORS: Refusal = Refusal { deeds: &[Deed::Create], errno: Errno::EMFILE, ..NO_SYNC };
const READ_ONLY: Refusal = Refusal {
    deeds: &[Deed::Write, Deed::Create, Deed::Folder, Deed::Rename, Deed::Remove, Deed::Link, Deed::Resize],
    errno: Errno::EROFS,
    ..NO_SYNC
};

impl Refusal {
    fn from(self, from: usize) -> Fault {
        Fault::Fail { deeds: self.deeds, from, lasts: self.lasts, errno: self.errno }
    }

    /// How many calls there are to refuse.
    fn count(self) -> usize {
        let scene = Scene::new(&[]);
        let call = scene.call(&scene.rig.run_args(), &scene.runs(), self.follow, Fault::Nothing);
        call.said.exits(0);
        call.traced.seen.iter().filter(|change| self.deeds.contains(&change.deed)).count()
    }

    /// Refuses from a call on, and asserts that it is said and that nothing is lost by it.
    fn is_survived(self, from: usize) {
        let scene = Scene::new(&[]);
        let Call { traced, said } = scene.call(&scene.rig.run_args(), &scene.runs(), self.follow, self.from(from));
        let Some(hit) = traced.hit else {
            said.exits(0);
            return;
        };
        let why = format!("{:?} from call {from} on: {:?} {}\n{said}", self.errno, hit.deed, hit.path.display());
        assert!(!said.stderr.contains("panicked"), "{why}");
        scene.rig.is_gone_within(crate::rig::GONE_WITHIN);
        if may_be_missing(&hit.path) && said.code == 0 {
            scene.result(&why);
            return;
        }
        assert_eq!(said.code, 8, "{why}");
        assert!(said.stderr.contains(&format!("(os error {})", self.errno as i32)), "{why}");
        assert!(said.stderr.contains("/runs") && said.stderr.contains("hint: "), "{why}");
        if scene.rig.find_dir().is_none() {
            assert!(scene.rig.log().is_empty(), "{why}");
            scene.rig.run().exits(0);
            return;
        }
        let before = scene.recorded();
        let resumed = scene.rig.resume();
        assert_eq!(resumed.code, 0, "{why}\n{resumed}");
        scene.has_not_repeated(&before, &why);
        scene.result(&why);
    }

    /// At so many calls, spread over the run.
    fn is_survived_at(self, most: usize) {
        if !can_trace() {
            return;
        }
        let count = self.count();
        let every = count.div_ceil(most);
        let from: Vec<usize> = (0..count).step_by(every.max(1)).collect();
        side_by_side(&from, |from| self.is_survived(*from));
    }
}

/// What a run does without: diagnostics, a link for people, the name of an owner who is going anyway, and the going of
/// folders that were lent and are empty.
fn may_be_missing(path: &Path) -> bool {
    ["trace.jsonl", "latest", ".new-latest", "lock", ".lent"].iter().any(|name| path.ends_with(name))
        || path.parent().is_some_and(|folder| folder.ends_with(".lent"))
}

fn is_all_the_same(fault: Fault) {
    if !can_trace() {
        return;
    }
    let scene = Scene::new(&[]);
    let run = scene.call(&scene.rig.run_args(), &scene.everywhere(), Follow::Process, fault);
    run.said.exits(0);
    assert!(run.traced.hit.is_some());
    scene.result("undisturbed");
    assert_eq!(scene.rig.starts()["a"], 1);
}

#[test]
fn every_call_that_is_interrupted_is_made_again() {
    is_all_the_same(Fault::Interrupt);
}

#[test]
fn a_write_that_takes_one_byte_at_a_time_is_gone_on_with() {
    is_all_the_same(Fault::Short(Short::Byte));
}

#[test]
fn a_write_that_takes_half_is_gone_on_with() {
    is_all_the_same(Fault::Short(Short::Half));
}

#[test]
fn a_sync_that_fails_ends_a_run_with_8_and_a_resume_finishes_it() {
    NO_SYNC.is_survived_at(6);
}

#[test]
fn a_sync_that_fails_once_is_not_believed_when_it_works_again() {
    NO_SYNC_ONCE.is_survived_at(4);
}

#[test]
fn a_disk_that_is_full_from_any_write_on_ends_a_run_with_8_and_a_resume_finishes_it() {
    NO_ROOM.is_survived_at(6);
}

#[test]
fn no_descriptor_left_for_a_file_ends_a_run_with_8_and_a_resume_finishes_it() {
    NO_DESCRIPTORS.is_survived_at(3);
}

#[test]
#[ignore = "slow: just faults"]
fn a_sync_that_fails_anywhere_ends_a_run_with_8() {
    NO_SYNC.is_survived_at(usize::MAX);
}

#[test]
#[ignore = "slow: just faults"]
fn a_sync_that_fails_once_anywhere_ends_a_run_with_8() {
    NO_SYNC_ONCE.is_survived_at(usize::MAX);
}

#[test]
#[ignore = "slow: just faults"]
fn a_disk_that_is_full_from_anywhere_on_ends_a_run_with_8() {
    NO_ROOM.is_survived_at(usize::MAX);
}

#[test]
#[ignore = "slow: just faults"]
fn no_descriptor_from_anywhere_on_ends_a_run_with_8() {
    NO_DESCRIPTORS.is_survived_at(usize::MAX);
}

#[test]
#[ignore = "slow: just faults"]
fn a_disk_that_is_read_only_from_anywhere_on_ends_a_run_with_8() {
    READ_ONLY.is_survived_at(usize::MAX);
}
