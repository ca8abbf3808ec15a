//! Every order of outcomes of small runs: a search through all that the world can do at each step, that passes no
//! state twice.

use std::collections::HashSet;

use super::laws::keep;
use super::naive::Naive;
use super::script::{Does, Script, Setup};
use super::world::{Begun, Sim, World};
use crate::event::{Ask, FailureClass, StopCause};
use crate::time::Span;

/// What can happen beside the outcomes of attempts.
#[derive(Debug, Clone, Copy)]
pub struct Mishaps {
    /// How often a process is killed, and another goes on.
    pub kills: u32,
    /// How often a signal stops the run, and another process goes on.
    pub stops: u32,
}

impl Mishaps {
    pub const NONE: Self = Self { kills: 0, stops: 0 };
}

/// A search, and what it has seen.
pub struct Search<'a> {
    outcomes: &'a [Does],
    seen: HashSet<String>,
    /// Ends that were reached.
    pub ends: usize,
}

impl<'a> Search<'a> {
    /// Goes through every order of these outcomes.
    pub fn all(setup: &Setup, outcomes: &'a [Does], mishaps: Mishaps) -> Sim<Self> {
        let mut search = Self { outcomes, seen: HashSet::new(), ends: 0 };
        search.from(World::new(setup), mishaps)?;
        Ok(search)
    }

    fn from(&mut self, mut world: World, left: Mishaps) -> Sim {
        let told = |wrong: String, world: &World| format!("{wrong}\n{}", world.story());
        world.settle().map_err(|wrong| told(wrong, &world))?;
        if !self.seen.insert(fingerprint(&world, left)) {
            return Ok(());
        }
        if world.is_over() {
            self.ends += 1;
            keep(&world).map_err(|wrong| told(wrong, &world))?;
        } else if world.ways() == 0 {
            return Err(told("nothing moves the run any more".to_owned(), &world));
        }
        for which in 0..world.begun.len() {
            for (does, said) in self.answers(&world.begun[which]) {
                let mut next = world.clone();
                next.answer_with(which, does, said).map_err(|wrong| told(wrong, &next))?;
                self.from(next, left)?;
            }
        }
        if let Some(wake) = world.wake {
            let mut next = world.clone();
            next.now = next.now.max(wake);
            self.from(next, left)?;
        }
        if left.kills > 0 {
            let next = world.resumed(world.journal.len()).map_err(|wrong| told(wrong, &world))?;
            self.from(next, Mishaps { kills: left.kills - 1, ..left })?;
        }
        if left.stops > 0 && !world.is_over() {
            let mut next = world.clone();
            next.stop(StopCause::Signal(15)).map_err(|wrong| told(wrong, &next))?;
            let next = next.resumed(next.journal.len()).map_err(|wrong| told(wrong, &next))?;
            self.from(next, Mishaps { stops: left.stops - 1, ..left })?;
        }
        Ok(())
    }

    fn answers(&self, begun: &Begun) -> Vec<(Does, Option<bool>)> {
        match begun {
            Begun::Attempt { .. } => self.outcomes.iter().map(|does| (*does, None)).collect(),
            Begun::Person { .. } => [Some(true), Some(false), None].map(|said| (Does::Succeed, said)).to_vec(),
            Begun::Check { .. } | Begun::Settle { .. } | Begun::Planner { .. } | Begun::Patch { .. } | Begun::Words => {
                vec![(Does::Succeed, None)]
            }
        }
    }
}

/// What decides over how a world can go on: what the state says, what the naive reading says, and what is under way.
fn fingerprint(world: &World, left: Mishaps) -> String {
    let naive = Naive::of(&world.setup, &world.journal, &world.busy, world.now);
    let state = &world.state;
    let rest = (&state.phase, state.plan_consent, state.launches, state.paused, state.chain(), state.head());
    let read = (&naive.stands, naive.first_failure());
    let under_way = (&world.begun, &world.busy, world.now, world.wake);
    let planned = (&state.replans, &state.narrative);
    format!("{:?}{rest:?}{read:?}{under_way:?}{left:?}{planned:?}", state.tasks())
}

/// All graphs of `n` tasks whose edges lead from earlier tasks to later ones, one of each shape.
pub fn shapes(n: usize) -> Vec<Vec<Vec<usize>>> {
    let pairs: Vec<(usize, usize)> = (0..n).flat_map(|task| (0..task).map(move |dep| (task, dep))).collect();
    let mut known = HashSet::new();
    let mut shapes = Vec::new();
    for chosen in 0_u32..1 << pairs.len() {
        let edges: Vec<_> =
            (0..).zip(&pairs).filter(|(bit, _)| chosen >> bit & 1 == 1).map(|(_, pair)| *pair).collect();
        // Two graphs have the same shape where some renaming makes one the other.
        let named = permutations(n).into_iter().map(|names| {
            let mut edges: Vec<_> = edges.iter().map(|(task, dep)| (names[*task], names[*dep])).collect();
            edges.sort_unstable();
            edges
        });
        if known.insert(named.min().unwrap()) {
            shapes.push(
                (0..n).map(|n| edges.iter().filter(|(task, _)| *task == n).map(|(_, dep)| *dep).collect()).collect(),
            );
        }
    }
    shapes
}

fn permutations(n: usize) -> Vec<Vec<usize>> {
    if n == 0 {
        return vec![Vec::new()];
    }
    let smaller = permutations(n - 1);
    let grown = smaller.iter().flat_map(|names| {
        (0..n).map(move |at| {
            let mut names = names.clone();
            names.insert(at, n - 1);
            names
        })
    });
    grown.collect()
}

/// Scripts of a shape; those in `always` run also after a failure. What they do the search decides.
fn scripts(shape: &[Vec<usize>], always: u32) -> Vec<Script> {
    let numbered = (0_u32..).zip(shape);
    numbered.map(|(n, deps)| Script { always: always >> n & 1 == 1, ..Script::new(deps, &[]) }).collect()
}

const GOOD: Does = Does::Succeed;
const LIE: Does = Does::Lie;
const AUTH: Does = Does::Fail(FailureClass::Auth);
const EXIT: Does = Does::Fail(FailureClass::Exited);

/// Every shape of up to so many tasks, with every choice of tasks that always run, with and without continuing on errors.
pub fn every_shape(most: usize, outcomes: &[Does], mishaps: Mishaps, rules: impl Fn(Setup) -> Setup) -> Sim<usize> {
    let mut ends = 0;
    for shape in (1..=most).flat_map(shapes) {
        let count = u32::try_from(shape.len()).unwrap();
        for always in 0..1 << count {
            // `always` says nothing where there is no dependency.
            if (0..count).any(|n| always >> n & 1 == 1 && shape[n as usize].is_empty()) {
                continue;
            }
            for continue_on_error in [false, true] {
                let setup = Setup { continue_on_error, ..Setup::new(scripts(&shape, always)) };
                ends += Search::all(&rules(setup), outcomes, mishaps)?.ends;
            }
        }
    }
    Ok(ends)
}

#[test]
fn there_are_as_many_shapes_as_the_literature_says() {
    // The Online Encyclopedia of Integer Sequences, A003087.
    assert_eq!([1, 2, 3, 4].map(|n| shapes(n).len()), [1, 2, 6, 31]);
}

#[test]
fn every_order_of_every_run_of_up_to_three_tasks() {
    let ends = every_shape(3, &[GOOD, LIE, AUTH], Mishaps::NONE, |setup| setup).unwrap();
    assert!(ends > 200, "{ends}");
}

#[test]
fn every_order_of_every_run_of_four_tasks_that_succeed_or_fail() {
    every_shape(4, &[GOOD, AUTH], Mishaps::NONE, |setup| setup).unwrap();
}

#[test]
fn every_order_of_up_to_three_tasks_side_by_side() {
    every_shape(3, &[GOOD, AUTH], Mishaps::NONE, |setup| setup.in_place(3)).unwrap();
    every_shape(2, &[GOOD, AUTH, EXIT], Mishaps::NONE, |setup| setup.in_place(2)).unwrap();
}

#[test]
fn every_order_of_up_to_two_tasks_with_a_kill_and_a_signal_anywhere() {
    every_shape(2, &[GOOD, LIE], Mishaps { kills: 1, stops: 1 }, |setup| setup).unwrap();
    every_shape(2, &[GOOD, EXIT], Mishaps { kills: 1, stops: 0 }, |setup| setup.in_place(2)).unwrap();
}

#[test]
fn every_class_of_failure_twice_in_a_row_then_a_success() {
    let all = FailureClass::ALL.into_iter().filter(|class| *class != FailureClass::Rejected);
    let mut outcomes: Vec<Does> = all.flat_map(|class| [Does::Fail(class), Does::Repeat(class)]).collect();
    outcomes.extend([GOOD, LIE, Does::Spoil, Does::Despair]);
    outcomes.extend([30, 5_000].map(|wait| Does::Later(FailureClass::RateLimited, wait)));
    let one = Setup { final_check: true, attempts: 3, ..Setup::new(vec![Script::new(&[], &[])]) };
    // Interruptions have no end of their own but the fifth, and quotas none at all: so many outcomes are tried in a row.
    for setup in [one.clone(), Setup { green_before: true, ..one }] {
        let setup = Setup { launches: 4, ..setup };
        Search::all(&setup, &outcomes, Mishaps::NONE).unwrap();
    }
}

#[test]
fn every_answer_of_a_person_about_plan_and_tasks() {
    for ask in [Ask::Never, Ask::Plan, Ask::Task] {
        for shape in (1..=3).flat_map(shapes) {
            let mut tasks = scripts(&shape, 0);
            tasks[0].approval = true;
            let setup = Setup { ask, ..Setup::new(tasks) };
            Search::all(&setup, &[GOOD, AUTH], Mishaps { kills: 1, stops: 0 }).unwrap();
        }
    }
}

#[test]
fn every_order_of_limits_that_are_used_up() {
    for shape in (1..=3).flat_map(shapes) {
        let plain = Setup::new(scripts(&shape, 0));
        for launches in 1..3 {
            Search::all(&Setup { launches, ..plain.clone() }, &[GOOD, EXIT], Mishaps { kills: 1, stops: 0 }).unwrap();
        }
        let takes = Span::from_secs(10);
        for run_time in [5, 15] {
            let timed = Setup { takes, run_time: Span::from_secs(run_time), ..plain.clone() };
            Search::all(&timed, &[GOOD, EXIT], Mishaps { kills: 1, stops: 1 }).unwrap();
            Search::all(&timed.in_place(2), &[GOOD, EXIT], Mishaps::NONE).unwrap();
        }
    }
}

#[test]
#[ignore = "slow: just faults"]
fn every_order_of_every_run_of_four_tasks_with_every_kind_of_failure() {
    let quota = Does::Later(FailureClass::Quota, 90);
    every_shape(4, &[GOOD, LIE, AUTH, EXIT], Mishaps::NONE, |setup| setup).unwrap();
    every_shape(3, &[GOOD, AUTH, EXIT], Mishaps::NONE, |setup| setup.in_place(3)).unwrap();
    every_shape(3, &[GOOD, LIE, AUTH], Mishaps { kills: 1, stops: 1 }, |setup| setup).unwrap();
    every_shape(2, &[GOOD, LIE, AUTH, EXIT, quota], Mishaps { kills: 2, stops: 1 }, |setup| setup.in_place(2)).unwrap();
}
