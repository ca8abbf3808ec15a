//! Single runs that are worth a name.

use std::rc::Rc;

use super::script::{Does, Script, Setup};
use super::world::{Sim, World};
use crate::event::{CheckStatus, FailureClass, Kind, RunVerdict, StopCause};
use crate::plan::{Caps, Plan};
use crate::run::{Phase, RunState};

fn one(does: &[Does]) -> Setup {
    Setup::new(vec![Script::new(&[], does)])
}

fn finished(setup: &Setup) -> World {
    let mut world = World::new(setup);
    world.finish(|_| 0).unwrap();
    world
}

fn started(world: &World) -> Vec<&str> {
    let started = world.journal.iter().filter(|event| matches!(event.kind, Kind::AttemptStarted(_)));
    started.map(|event| event.task.as_ref().unwrap().as_str()).collect()
}

#[test]
fn a_long_chain_is_decided_in_linear_time() {
    // Without the naive reading, whose scans are not linear at all.
    let chain = (0..2_000).map(|n: usize| Script::new(n.checked_sub(1).as_slice(), &[Does::Succeed])).collect();
    let mut world = World::new(&Setup { launches: 2_000, ..Setup::new(chain) });
    world.naive = false;
    world.finish(|_| 0).unwrap();
    assert_eq!(world.state.phase, Phase::Finished(RunVerdict::Success));
}

#[test]
fn a_liar_ends_the_run_unverified_and_a_refused_key_ends_it_unusable() {
    for (does, verdict) in [
        (Does::Lie, RunVerdict::Unverified),
        (Does::Fail(FailureClass::Auth), RunVerdict::Unusable),
        (Does::Fail(FailureClass::Exited), RunVerdict::Failed),
        (Does::Succeed, RunVerdict::Success),
        (Does::Despair, RunVerdict::Success),
    ] {
        assert_eq!(finished(&one(&[does])).state.phase, Phase::Finished(verdict), "{does:?}");
    }
}

#[test]
fn the_same_failure_twice_opens_the_breaker_and_another_one_between_them_does_not() {
    use FailureClass::{Exited, Quota, Timeout};
    let setup = |does: &[Does]| Setup { attempts: 9, ..one(does) };
    let same = Does::Repeat(Exited);
    assert_eq!(started(&finished(&setup(&[same]))).len(), 2);
    assert_eq!(started(&finished(&setup(&[same, Does::Repeat(Timeout), same, Does::Succeed]))).len(), 4);
    // A quota says nothing about the work: neither does it count, nor does it come between.
    assert_eq!(started(&finished(&setup(&[same, Does::Later(Quota, 90), same, Does::Succeed]))).len(), 3);
}

#[test]
fn five_interruptions_in_a_row_hold_a_task_and_five_in_all_do_not() {
    let setup = Setup { person: None, attempts: 3, ..one(&[Does::Fail(FailureClass::Exited), Does::Succeed]) };
    let mut world = World::new(&setup);
    let interrupt = |world: &mut World| {
        world.settle().unwrap();
        *world = world.resumed(world.journal.len()).unwrap();
        world.settle().unwrap();
    };
    for _ in 0..2 {
        interrupt(&mut world);
    }
    world.answer(0).unwrap();
    world.settle().unwrap();
    world.go(0).unwrap();
    for _ in 0..4 {
        interrupt(&mut world);
        assert!(!world.is_over());
    }
    interrupt(&mut world);
    assert_eq!(world.state.phase, Phase::Stopped(StopCause::Approval));
}

#[test]
fn a_task_that_waits_for_its_next_attempt_is_not_held_up_by_one_that_takes_long() {
    let failing = Script::new(&[], &[Does::Fail(FailureClass::Exited), Does::Succeed]);
    let mut world = World::new(&Setup::new(vec![failing, Script::new(&[], &[Does::Succeed])]).in_place(2));
    world.settle().unwrap();
    // The checks before any work.
    world.answer(0).unwrap();
    world.settle().unwrap();
    assert_eq!(started(&world), ["t0", "t1"]);
    world.answer(0).unwrap();
    world.settle().unwrap();
    // The second task is still at work, and goes on.
    world.go(1).unwrap();
    world.settle().unwrap();
    assert_eq!(started(&world), ["t0", "t1", "t0"]);
}

#[test]
fn a_run_without_a_person_does_what_it_can_before_it_stops_for_one() {
    let approval = Script { approval: true, ..Script::new(&[], &[Does::Succeed]) };
    let waiting = Script::new(&[], &[Does::Fail(FailureClass::Exited), Does::Succeed]);
    let world = finished(&Setup { person: None, ..Setup::new(vec![approval, waiting]) });
    assert_eq!(world.state.phase, Phase::Stopped(StopCause::Approval));
    assert_eq!(started(&world), ["t1", "t1"]);
}

#[test]
fn a_run_that_died_in_a_pause_is_still_in_it_and_one_that_stopped_is_not() {
    let setup = one(&[Does::Later(FailureClass::Quota, 90), Does::Succeed]);
    let mut world = World::new(&setup);
    world.settle().unwrap();
    world.answer(0).unwrap();
    world.settle().unwrap();
    let paused = world.journal.len();
    let mut died = world.resumed(paused).unwrap();
    died.settle().unwrap();
    assert!(died.wake.is_some() && died.state.paused.is_some());

    let mut stopped = finished(&Setup { quota_wait: crate::time::Span::ZERO, ..setup });
    assert!(matches!(stopped.state.phase, Phase::Stopped(StopCause::Quota(Some(_)))));
    stopped = stopped.resumed(stopped.journal.len()).unwrap();
    assert!(stopped.state.paused.is_none());
}

#[test]
fn what_failed_gets_a_fresh_allowance_from_a_run_that_ended_and_none_from_one_that_died() {
    let fails = Script::new(&[], &[Does::Fail(FailureClass::Auth), Does::Succeed]);
    let whole = finished(&Setup::new(vec![fails, Script::new(&[], &[Does::Succeed])]).continued());
    assert_eq!(whole.state.phase, Phase::Finished(RunVerdict::Unusable));
    for (cut, tried) in [(whole.journal.len(), 2), (whole.journal.len() - 1, 1)] {
        let mut resumed = whole.resumed(cut).unwrap();
        resumed.finish(|_| 0).unwrap();
        assert_eq!(started(&resumed).iter().filter(|task| **task == "t0").count(), tried);
    }
}

/// Work is done again in place, after a last check that was red: what it saw is not there any more.
pub fn last_check_again() -> Sim {
    let setup = Setup { final_check: true, ..one(&[Does::Spoil, Does::Succeed]) }.in_place(1);
    let mut world = finished(&setup);
    world = world.resumed(world.journal.len())?;
    let why = "changed: agent".to_owned();
    world.append(Some(super::script::task_id(0)), None, Kind::reopened(why))?;
    world.finish(|_| 0)?;
    let good = world.state.phase == Phase::Finished(RunVerdict::Success);
    if good { Ok(()) } else { Err(format!("{:?}", world.state.phase)) }
}

#[test]
fn the_last_check_of_a_run_in_place_is_made_again_after_more_work() {
    last_check_again().unwrap();
}

#[test]
fn what_the_first_of_two_steps_leaves_red_is_made_good_by_the_second() {
    let scripts = vec![Script::new(&[], &[Does::Lie]), Script::new(&[0], &[Does::Succeed])];
    for (second, verdict) in [(CheckStatus::Green, RunVerdict::Success), (CheckStatus::Red, RunVerdict::Unverified)] {
        let setup = Setup::new(scripts.clone());
        let mut world = World::new(&setup);
        world.naive = false;
        // Held to the project's check as `keep`, as an implement task is that names none of its own.
        let mut draft = Plan::clone(world.state.plan().unwrap()).into_draft();
        draft.tasks.iter_mut().for_each(|task| task.checks = None);
        let mut accepted = super::script::plan_accepted(draft.accept(&Caps::NONE).unwrap(), 1);
        accepted.checks = vec![super::script::own()];
        world.journal.truncate(1);
        world.state = RunState::begin(&world.journal[0]).unwrap();
        world.append(None, None, Kind::PlanAccepted(Box::new(accepted))).unwrap();
        Rc::make_mut(&mut world.setup).tasks[1].does =
            vec![if second == CheckStatus::Green { Does::Succeed } else { Does::Lie }];
        world.finish(|_| 0).unwrap();
        assert_eq!(world.state.phase, Phase::Finished(verdict));
    }
}
