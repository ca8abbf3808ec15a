//! Fold and decide, driven through scripted worlds: every order, every cut, every illegal pair.

#![expect(clippy::unwrap_used, reason = "a step that fails is a test that fails")]

mod pairs;
mod world;

use std::collections::BTreeMap;

use orchestra::event::{FailureClass, Kind, RunVerdict};
use orchestra::run::{Phase, RunState};
use proptest::prelude::*;
use world::{Does, Script, World, task_id};

/// What a naive reading of the rules says of each task: succeeded, failed with a class, or not run.
fn naive(scripts: &[Script], continue_on_error: bool) -> BTreeMap<String, &'static str> {
    let mut ends: Vec<&'static str> = Vec::new();
    for script in scripts {
        let blocked = script.deps.iter().any(|dep| match ends[*dep] {
            "succeeded" => false,
            "skipped" => true,
            _ => !script.always,
        });
        let own = |n: usize| script.does[n.min(script.does.len() - 1)];
        ends.push(if blocked {
            "skipped"
        } else {
            match (own(0), own(1)) {
                (Does::Succeed | Does::Despair, _) | (Does::Lie | Does::Exit, Does::Succeed | Does::Despair) => {
                    "succeeded"
                }
                (Does::Auth | Does::Lie | Does::Exit, _) => "failed",
            }
        });
    }
    assert!(continue_on_error, "without it, which tasks run depends on the order");
    (0..scripts.len()).map(|n| (task_id(n).to_string(), ends[n])).collect()
}

fn scripts() -> impl Strategy<Value = Vec<Script>> {
    let does = prop_oneof![
        4 => Just(Does::Succeed),
        1 => Just(Does::Lie),
        1 => Just(Does::Despair),
        1 => Just(Does::Exit),
        1 => Just(Does::Auth),
    ];
    let task =
        (prop::collection::vec(any::<prop::sample::Index>(), 0..3), any::<bool>(), prop::collection::vec(does, 1..3));
    prop::collection::vec(task, 1..9).prop_map(|tasks| {
        tasks
            .into_iter()
            .enumerate()
            .map(|(n, (deps, always, does))| {
                let mut deps: Vec<usize> = if n == 0 { vec![] } else { deps.iter().map(|dep| dep.index(n)).collect() };
                deps.sort_unstable();
                deps.dedup();
                Script { deps, always, does }
            })
            .collect()
    })
}

fn check_invariants(world: &World) -> Result<(), TestCaseError> {
    prop_assert!(matches!(world.state.phase, Phase::Finished(_)), "{:?}", world.state.phase);
    let refolded = RunState::fold(&world.journal).unwrap().unwrap();
    prop_assert_eq!(
        format!("{:?}", refolded.tasks()),
        format!("{:?}", world.state.tasks()),
        "live state = replayed state"
    );
    let mut succeeded = std::collections::BTreeSet::new();
    let mut begun = std::collections::BTreeSet::new();
    for event in &world.journal {
        let Some(task) = &event.task else { continue };
        match &event.kind {
            Kind::AttemptStarted(_) => {
                prop_assert!(begun.insert((task.clone(), event.attempt)), "an attempt number is used once");
                prop_assert!(!succeeded.contains(task), "a success is never run again");
                let n: usize = task.as_str()[1..].parse().unwrap();
                for dep in &world.scripts[n].deps {
                    prop_assert!(
                        succeeded.contains(&task_id(*dep)) || world.scripts[n].always,
                        "dependencies succeed first"
                    );
                }
            }
            Kind::TaskSucceeded(_) => prop_assert!(succeeded.insert(task.clone()), "a task succeeds once"),
            _ => {}
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_run_ends_as_the_naive_model_says(scripts in scripts()) {
        let mut world = World::new(scripts.clone(), true);
        world.finish(|_| 0);
        check_invariants(&world)?;
        let ends: BTreeMap<String, String> =
            world.ends().into_iter().map(|(id, end)| (id, end.split(' ').next().unwrap().to_owned())).collect();
        let expected: BTreeMap<String, String> =
            naive(&scripts, true).into_iter().map(|(id, end)| (id, end.to_owned())).collect();
        prop_assert_eq!(ends, expected);
    }

    #[test]
    fn without_continue_on_error_nothing_begins_after_a_failure(scripts in scripts()) {
        let mut world = World::new(scripts, false);
        world.finish(|_| 0);
        check_invariants(&world)?;
        let failed = world.journal.iter().position(|event| matches!(event.kind, Kind::TaskFailed { .. }));
        if let Some(failed) = failed {
            let later = &world.journal[failed..];
            prop_assert!(!later.iter().any(|event| matches!(event.kind, Kind::AttemptStarted(_))));
        }
    }

    #[test]
    fn the_same_run_goes_the_same_way_twice(scripts in scripts(), continue_on_error: bool) {
        let mut one = World::new(scripts.clone(), continue_on_error);
        let mut two = World::new(scripts, continue_on_error);
        one.finish(|_| 0);
        two.finish(|_| 0);
        prop_assert_eq!(one.journal, two.journal);
    }

    #[test]
    fn a_journal_cut_anywhere_comes_to_the_same_end(scripts in scripts(), continue_on_error: bool, cut: prop::sample::Index) {
        let mut whole = World::new(scripts, continue_on_error);
        whole.finish(|_| 0);
        let cut = 1 + cut.index(whole.journal.len() - 1);
        let mut resumed = whole.resumed(cut);
        resumed.finish(|_| 0);
        check_invariants(&resumed)?;
        // Without it, which tasks are left out depends on the order, and an interruption may change that.
        if continue_on_error {
            prop_assert_eq!(resumed.ends(), whole.ends());
        }
    }
}

#[test]
fn every_cut_of_a_run_with_failures_is_finished_by_one_resume_and_by_a_second() {
    let scripts = vec![
        Script { deps: vec![], always: false, does: vec![Does::Succeed] },
        Script { deps: vec![0], always: false, does: vec![Does::Lie, Does::Succeed] },
        Script { deps: vec![0], always: false, does: vec![Does::Auth] },
        Script { deps: vec![1, 2], always: true, does: vec![Does::Despair] },
    ];
    let mut whole = World::new(scripts, true);
    whole.finish(|_| 0);
    for cut in 1..whole.journal.len() {
        let mut resumed = whole.resumed(cut);
        resumed.finish(|_| 0);
        assert_eq!(resumed.ends(), whole.ends(), "cut after {cut} events");
        for second in (cut + 1)..resumed.journal.len() {
            let mut again = resumed.resumed(second);
            again.finish(|_| 0);
            assert_eq!(again.ends(), whole.ends(), "cut after {cut}, then after {second} events");
        }
    }
}

#[test]
fn a_long_chain_is_decided_in_linear_time() {
    let chain = |n: usize| {
        (0..n)
            .map(|n| Script {
                deps: if n == 0 { vec![] } else { vec![n - 1] },
                always: false,
                does: vec![Does::Succeed],
            })
            .collect::<Vec<_>>()
    };
    let mut world = World::new(chain(2_000), true);
    world.finish(|_| 0);
    assert_eq!(world.state.phase, Phase::Finished(RunVerdict::Success));
}

#[test]
fn a_liar_ends_the_run_unverified_and_a_refused_key_ends_it_unusable() {
    let one = |does: Does| vec![Script { deps: vec![], always: false, does: vec![does] }];
    for (does, verdict) in [
        (Does::Lie, RunVerdict::Unverified),
        (Does::Auth, RunVerdict::Unusable),
        (Does::Exit, RunVerdict::Failed),
        (Does::Succeed, RunVerdict::Success),
        (Does::Despair, RunVerdict::Success),
    ] {
        let mut world = World::new(one(does), false);
        world.finish(|_| 0);
        assert_eq!(world.state.phase, Phase::Finished(verdict), "{does:?}");
    }
}

#[test]
fn the_same_failure_twice_opens_the_breaker() {
    let mut world = World::new(vec![Script { deps: vec![], always: false, does: vec![Does::Auth] }], false);
    world.state.terms.attempts = 9;
    world.scripts[0].does = vec![Does::Exit];
    // The scripted exits differ by attempt, so only the allowance ends them; made the same, the second one does.
    world.settle();
    for _ in 0..2 {
        let attempt = world.state.task(0).unwrap().last_attempt;
        world.begun.clear();
        world.append(
            Some(task_id(0)),
            Some(attempt),
            world::finished(world::failure(FailureClass::Exited, "same"), None),
        );
        world.settle();
    }
    assert_eq!(world.ends()["t0"], "failed exited");
}

#[test]
fn five_interruptions_in_a_row_hold_a_task() {
    let mut world = World::new(vec![Script { deps: vec![], always: false, does: vec![Does::Succeed] }], false);
    for _ in 0..5 {
        world.settle();
        world = world.resumed(world.journal.len());
    }
    world.settle();
    assert!(
        matches!(world.state.phase, Phase::Stopped(orchestra::event::StopCause::Approval)),
        "{:?}",
        world.state.phase
    );
}

#[test]
fn what_the_first_of_two_steps_leaves_red_is_made_good_by_the_second() {
    use orchestra::event::{CheckStatus, Event, FORMAT, RunVerdict};
    use orchestra::plan::Plan;
    let scripts = vec![
        Script { deps: vec![], always: false, does: vec![Does::Lie] },
        Script { deps: vec![0], always: false, does: vec![Does::Succeed] },
    ];
    for (second, verdict) in [(CheckStatus::Green, RunVerdict::Success), (CheckStatus::Red, RunVerdict::Unverified)] {
        let mut world = World::new(scripts.clone(), false);
        // Held to the project's check as `keep`, as an implement task is that names none of its own.
        let mut draft = Plan::clone(world.state.plan().unwrap()).into_draft();
        draft.tasks.iter_mut().for_each(|task| task.checks = None);
        let Kind::PlanAccepted(mut accepted) = world::accepted(draft.accept(&orchestra::plan::Caps::NONE).unwrap(), 1)
        else {
            panic!("not a plan")
        };
        accepted.checks = vec![world::check()];
        world.journal.truncate(1);
        world.state = RunState::begin(&world.journal[0]).unwrap();
        world.append(None, None, Kind::PlanAccepted(accepted));
        world.scripts[1].does = vec![if second == CheckStatus::Green { Does::Succeed } else { Does::Lie }];
        world.finish(|_| 0);
        assert_eq!(world.state.phase, Phase::Finished(verdict));
        assert!(world.journal.iter().all(|event: &Event| event.v == FORMAT));
    }
}
