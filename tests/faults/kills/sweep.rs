//! Every point of a run, and every moment of it: before the call, in the middle of a write, after it.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::scene::{Result, Scene};
use crate::rig::GONE_WITHIN;
use crate::trace::{Change, Deed, Fault, Follow, Moment, Victim, can_trace};

/// How a sweep is made.
#[derive(Clone, Copy)]
struct Sweep {
    /// Behind the arguments that start the run.
    args: &'static [&'static str],
    settings: &'static [&'static str],
    follow: Follow,
    whom: Victim,
}

const ALONE: Sweep = Sweep { args: &[], settings: &[], follow: Follow::Process, whom: Victim::Process };
const ALL_AT_ONCE: Sweep = Sweep { follow: Follow::Tree, whom: Victim::Tree, ..ALONE };
/// It dies while what it started is in the middle of something.
const AWAY_FROM_GIT: Sweep = Sweep { follow: Follow::Tree, ..ALONE };
const PLAN_ONLY: Sweep = Sweep { args: &["--plan-only"], ..ALONE };
const WITHOUT_SYNC: Sweep = Sweep { settings: &["journal.sync=process"], ..ALONE };

/// One death, and another while the run is gone on with.
#[derive(Debug, Clone, Copy)]
pub struct Death {
    pub at: usize,
    pub when: Moment,
    /// The call of the first `resume` at which that one dies.
    pub again: usize,
}

impl Sweep {
    /// What nobody disturbed: its changes, and what it came to.
    fn undisturbed(self) -> (Vec<Change>, Result) {
        let scene = Scene::new(self.settings);
        let call = scene.call(&self.run_args(&scene), &scene.everywhere(), self.follow, Fault::Nothing);
        call.said.exits(0);
        if self.args.contains(&"--plan-only") {
            scene.rig.resume().exits(0);
        }
        (call.traced.seen, scene.result("undisturbed"))
    }

    fn run_args(self, scene: &Scene) -> Vec<String> {
        scene.rig.run_args().into_iter().chain(self.args.iter().map(ToString::to_string)).collect()
    }

    fn dies(self, at: usize, when: Moment) -> Fault {
        Fault::Kill { at, when, whom: self.whom }
    }

    /// Kills a run, kills what resumes it, and asserts that one more `resume` brings it to the same end.
    fn dies_twice(self, death: Death, expected: &Result) {
        let Death { at, when, again } = death;
        let scene = Scene::new(self.settings);
        let run = scene.call(&self.run_args(&scene), &scene.everywhere(), self.follow, self.dies(at, when));
        let Some(hit) = &run.traced.hit else {
            // It makes fewer calls than the one that was counted: threads share their work differently each time.
            run.said.exits(0);
            return;
        };
        let why = format!("killed {when:?} call {at}: {:?} {}", hit.deed, hit.path.display());
        if self.whom == Victim::Process && self.follow == Follow::Process {
            assert_eq!(run.traced.code, None, "{why}");
        }
        let before = scene.recorded();
        if scene.rig.find_dir().is_none() {
            is_none_the_worse(&scene, &why);
            scene.result(&why).is(expected, &why);
            return;
        }
        // A run whose records were all written is none that is resumed unasked.
        let resume = ["resume", &scene.rig.name()];
        let second = scene.call(&resume, &scene.everywhere(), self.follow, self.dies(again, when));
        let why = if let Some(hit) = &second.traced.hit {
            format!("{why}, and resumed until call {again}: {:?} {}", hit.deed, hit.path.display())
        } else {
            second.said.exits(0);
            format!("{why}, and resumed")
        };
        let between = scene.recorded();
        scene.has_not_repeated(&before, &why);
        let third = scene.rig.resume();
        assert_eq!(third.code, 0, "{why}: {third}");
        scene.has_not_repeated(&before, &why);
        scene.has_not_repeated(&between, &why);
        scene.result(&why).is(expected, &why);
        let starts = scene.rig.starts();
        scene.rig.resume().exits(0);
        assert_eq!(scene.rig.starts(), starts, "a finished run runs nothing, {why}");
        assert_eq!((scene.unfinished(), scene.workspaces()), (Vec::new(), 0), "{why}");
    }
}

/// Too early to be a run: nothing is listed, nothing was started, and a new run is as good as ever.
#[track_caller]
fn is_none_the_worse(scene: &Scene, why: &str) {
    assert!(scene.rig.log().is_empty(), "{why}");
    let listed = scene.rig.world.orchestra(["runs", "list"]);
    assert_eq!((listed.code, listed.stdout.as_str()), (0, ""), "{why}: {listed}");
    let run = scene.rig.run();
    assert_eq!(run.code, 0, "{why}: {run}");
    scene.rig.is_gone_within(GONE_WITHIN);
    assert_eq!(scene.unfinished(), Vec::<PathBuf>::new(), "{why}");
}

/// Does this for each, a few side by side: what is waited for is mostly the disk. All that fail are told.
pub fn side_by_side<T: Sync>(all: &[T], work: impl Fn(&T) + Sync) {
    let next = AtomicUsize::new(0);
    let failed = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while let Some(one) = all.get(next.fetch_add(1, Ordering::Relaxed)) {
                    // What went wrong was printed where it happened.
                    if std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| work(one))).is_err() {
                        failed.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    let failed = failed.into_inner();
    assert_eq!(failed, 0, "of {} tries, {failed} had a bad end", all.len());
}

/// Every death there is: each call, each moment, and the resume dies further along each time.
pub fn deaths(seen: &[Change]) -> Vec<Death> {
    let moments = |(at, change): (usize, &Change)| {
        // Which call has which number may differ by a few from run to run; of the writes none is left out by that.
        let middle = (change.deed == Deed::Write).then_some(Moment::Middle);
        [Moment::Before, Moment::After].into_iter().chain(middle).map(move |when| (at, when))
    };
    let points = seen.iter().enumerate().flat_map(moments);
    // A stride without a common divisor with most numbers of calls comes by all of them.
    points.enumerate().map(|(n, (at, when))| Death { at, when, again: n * 7 % (seen.len() * 3 / 4) }).collect()
}

/// So many deaths from all over a run, each at another kind of call.
pub fn spread(seen: &[Change], count: usize) -> Vec<Death> {
    let mut kinds = BTreeSet::new();
    let fresh: Vec<Death> = deaths(seen)
        .into_iter()
        .filter(|death| kinds.insert((seen[death.at].deed, seen[death.at].place(), death.when as u8)))
        .collect();
    let every = fresh.len().div_ceil(count);
    fresh.into_iter().step_by(every.max(1)).collect()
}

fn each_of(sweep: Sweep, choose: impl Fn(&[Change]) -> Vec<Death>) {
    if !can_trace() {
        return;
    }
    let (seen, expected) = sweep.undisturbed();
    side_by_side(&choose(&seen), |death| sweep.dies_twice(*death, &expected));
}

#[test]
fn a_run_killed_at_calls_of_every_kind_is_finished_by_a_resume_that_was_killed_too_and_one_more() {
    each_of(ALONE, |seen| spread(seen, 24));
}

#[test]
fn a_run_killed_with_all_that_it_started_is_finished_too() {
    each_of(ALL_AT_ONCE, |seen| spread(seen, 6));
}

#[test]
fn a_plan_killed_at_calls_of_every_kind_is_there_or_not_and_resumes_if_it_is() {
    each_of(PLAN_ONLY, |seen| spread(seen, 4));
}

#[test]
fn a_run_that_syncs_nothing_is_finished_after_a_kill_all_the_same() {
    each_of(WITHOUT_SYNC, |seen| spread(seen, 6));
}

#[test]
#[ignore = "slow: just faults"]
fn a_run_killed_at_any_call_is_finished_by_a_resume_that_was_killed_too_and_one_more() {
    each_of(ALONE, deaths);
}

#[test]
#[ignore = "slow: just faults"]
fn a_run_killed_with_all_that_it_started_at_any_call_of_any_of_them_is_finished_too() {
    each_of(ALL_AT_ONCE, deaths);
}

#[test]
#[ignore = "slow: just faults"]
fn a_run_killed_while_what_it_started_is_at_work_is_finished_too() {
    each_of(AWAY_FROM_GIT, |seen| spread(seen, 400));
}

#[test]
#[ignore = "slow: just faults"]
fn a_plan_killed_at_any_call_is_there_or_not_and_resumes_if_it_is() {
    each_of(PLAN_ONLY, deaths);
}

#[test]
#[ignore = "slow: just faults"]
fn a_run_that_syncs_nothing_is_finished_after_a_kill_at_many_calls() {
    each_of(WITHOUT_SYNC, |seen| spread(seen, 150));
}
