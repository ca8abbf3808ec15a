//! Random graphs under random rules, with random failures, in random order, with processes that die.

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestError, TestRng, TestRunner};

use super::laws::{foretold, keep};
use super::script::{Setup, setups};
use super::world::{Sim, World};
use crate::event::{Ask, Kind, StopCause};
use crate::time::Span;

/// How many small runs are tried in CI.
const CASES: u32 = 1_500;

/// What the world chooses, one number a step.
#[derive(Debug, Clone)]
pub struct Fate {
    pub picks: Vec<u16>,
    /// Whether processes die and are stopped, too.
    pub accidents: bool,
}

pub fn fates() -> impl Strategy<Value = Fate> {
    (prop::collection::vec(any::<u16>(), 1..60), any::<bool>()).prop_map(|(picks, accidents)| Fate { picks, accidents })
}

/// Tries so many cases, the same ones every time; shrinks the first that fails.
pub fn try_all<S: Strategy>(cases: u32, strategy: &S, shrink: u32, holds: impl Fn(S::Value) -> Sim) -> Sim {
    let config = Config { cases, failure_persistence: None, max_shrink_iters: shrink, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let outcome = runner.run(strategy, |case| holds(case).map_err(TestCaseError::fail));
    outcome.map_err(|error| match error {
        TestError::Fail(why, _) | TestError::Abort(why) => why.message().to_owned(),
    })
}

/// Lives a run as fate will have it, to an end that holds.
pub fn live(setup: &Setup, fate: &Fate) -> Sim<World> {
    let mut world = World::new(setup);
    let told = lived(&mut world, fate).and_then(|()| keep(&world));
    told.map_err(|wrong| format!("{wrong}\n{}", world.story()))?;
    Ok(world)
}

fn lived(world: &mut World, fate: &Fate) -> Sim {
    let mut accidents = if fate.accidents { 5 } else { 0 };
    let mut resumes = 2;
    for step in 0..2_000 {
        let pick = usize::from(fate.picks[step % fate.picks.len()]);
        world.settle()?;
        if world.is_over() {
            // A person may ask for another try as long as they like; here, twice.
            if resumes == 0 || !fate.accidents {
                return Ok(());
            }
            resumes -= 1;
            let before = world.journal.len();
            *world = world.resumed(before)?;
            continue;
        }
        if world.ways() == 0 {
            return Err(format!("nothing moves the run any more: {:?}", world.ends()));
        }
        match pick % 17 {
            0 if accidents > 0 => {
                accidents -= 1;
                // What was not yet on disk is lost.
                let cut = world.journal.len().saturating_sub(pick / 17 % 4).max(2);
                *world = world.resumed(cut)?;
            }
            1 if accidents > 0 => {
                accidents -= 1;
                world.stop(StopCause::Signal(2))?;
                *world = world.resumed(world.journal.len())?;
            }
            2 if accidents > 0 => {
                accidents -= 1;
                world.suspend(Span::from_secs(20))?;
            }
            _ => world.go(pick % world.ways())?,
        }
    }
    Err("the run never ends".to_owned())
}

/// Lives it, and where nothing disturbed it, it comes out as foretold.
pub fn comes_out(setup: &Setup, fate: &Fate) -> Sim {
    let world = live(setup, fate)?;
    let generous = setup.launches == 1_000 && setup.run_time == Span::from_secs(1_000_000);
    let agreed = setup.person == Some(true)
        || setup.person.is_none() && setup.ask == Ask::Never && setup.tasks.iter().all(|task| !task.approval);
    let patient = setup.quota_wait == Span::from_secs(10_000);
    // What is done once more may come out otherwise.
    let again =
        world.journal.iter().any(|event| matches!(event.kind, Kind::TaskReopened { .. } | Kind::PlanRevised(_)));
    if !again && setup.continue_on_error && generous && agreed && patient && !fate.accidents {
        let ends = world.ends();
        let same = foretold(setup).iter().zip(&ends).all(|(foretold, end)| end.starts_with(foretold.as_str()));
        if !same {
            return Err(format!("foretold {:?}\nbut {ends:?}\n{}", foretold(setup), world.story()));
        }
    }
    Ok(())
}

#[test]
fn random_runs_go_as_the_naive_reading_says_and_keep_every_law() {
    try_all(CASES, &(setups(8), fates()), 300, |(setup, fate)| comes_out(&setup, &fate)).unwrap();
}

#[test]
fn larger_random_runs_do_too() {
    try_all(CASES / 30, &(setups(40), fates()), 30, |(setup, fate)| comes_out(&setup, &fate)).unwrap();
}

#[test]
#[ignore = "slow: just faults"]
fn a_hundred_thousand_random_runs_do_too() {
    try_all(100_000, &(setups(10), fates()), 1_000, |(setup, fate)| comes_out(&setup, &fate)).unwrap();
}

#[test]
fn the_same_run_goes_the_same_way_twice() {
    let twice = |(setup, fate): (Setup, Fate)| {
        let (one, two) = (live(&setup, &fate)?, live(&setup, &fate)?);
        if one.journal == two.journal { Ok(()) } else { Err(format!("{}\n{}", one.story(), two.story())) }
    };
    try_all(CASES / 10, &(setups(8), fates()), 100, twice).unwrap();
}
