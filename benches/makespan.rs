//! How close a run comes to what its graph and its jobs allow.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};
use std::error::Error;

use super::measure::{Pairs, run};
use super::programs::Programs;
use super::runs::{Project, Setup, Sync};
use super::shapes::write_plan;
use super::table::{Aim, Table, Unit};

const SEEDS: [u64; 3] = [4, 20, 2026];
const JOBS: [usize; 3] = [2, 4, 8];
const TASKS: usize = 48;
/// How long a task takes, in milliseconds.
const LENGTHS: std::ops::Range<u64> = 50..450;

/// Random graphs of tasks that sleep, beside a simulation without any overhead that chooses by the same rule.
pub fn measure(programs: &Programs) -> Result<Table, Box<dyn Error>> {
    let mut found: Vec<Pairs> = JOBS.iter().map(|_| Pairs::default()).collect();
    for seed in &SEEDS[..programs.rounds(SEEDS.len())] {
        let graph = Naps::random(*seed);
        let plan = programs.folder().join(format!("naps-{seed}.json"));
        write_plan(&plan, TASKS, |task| graph.id(task), |task| graph.deps[task].clone())?;
        for (jobs, pairs) in JOBS.iter().zip(&mut found) {
            let project = Project::new(programs, &Setup::of(&programs.floor_path("nap"), Sync::Power))?;
            let ours = run(&mut project.run(programs, &plan, *jobs), &programs.complaints())?;
            pairs.push(ours.wall.as_secs_f64(), graph.ideal(*jobs));
        }
    }
    let mut table = Table::new("Random graphs of tasks that sleep");
    for (jobs, pairs) in JOBS.iter().zip(&found) {
        let name = format!("{TASKS} tasks, `--jobs {jobs}`");
        table.row(&name, "an ideal run", pairs, (Unit::Seconds, Aim::AtMost(1.03)));
    }
    Ok(table)
}

struct Naps {
    /// In milliseconds.
    lengths: Vec<u64>,
    deps: Vec<Vec<usize>>,
}

impl Naps {
    fn random(seed: u64) -> Self {
        let mut dice = Dice(seed);
        let lengths = (0..TASKS).map(|_| LENGTHS.start + dice.below(LENGTHS.end - LENGTHS.start)).collect();
        let deps = (0..TASKS).map(|task| {
            let mut deps: Vec<usize> = (0..dice.below(4)).filter_map(|_| dice.one_before(task)).collect();
            deps.sort_unstable();
            deps.dedup();
            deps
        });
        Self { lengths, deps: deps.collect() }
    }

    fn id(&self, task: usize) -> String {
        format!("t{task}-{}", self.lengths[task])
    }

    /// Seconds that it takes where starting and ending cost nothing: whenever a job is free, the ready task with the most
    /// hops still below it begins; the earlier in the plan, where they are equal.
    fn ideal(&self, jobs: usize) -> f64 {
        let mut below = vec![0_usize; TASKS];
        for task in (0..TASKS).rev() {
            for dep in &self.deps[task] {
                below[*dep] = below[*dep].max(below[task] + 1);
            }
        }
        let mut waiting: Vec<usize> = self.deps.iter().map(Vec::len).collect();
        let mut ready: BTreeSet<(Reverse<usize>, usize)> =
            (0..TASKS).filter(|task| waiting[*task] == 0).map(|task| (Reverse(below[task]), task)).collect();
        let mut running: BinaryHeap<Reverse<(u64, usize)>> = BinaryHeap::new();
        let mut now = 0;
        loop {
            while running.len() < jobs
                && let Some((_, task)) = ready.pop_first()
            {
                running.push(Reverse((now + self.lengths[task], task)));
            }
            let Some(Reverse((end, task))) = running.pop() else { break };
            now = end;
            for (next, deps) in self.deps.iter().enumerate() {
                if deps.contains(&task) {
                    waiting[next] -= 1;
                    if waiting[next] == 0 {
                        ready.insert((Reverse(below[next]), next));
                    }
                }
            }
        }
        std::time::Duration::from_millis(now).as_secs_f64()
    }
}

/// The same numbers every time: splitmix64.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }

    fn one_before(&mut self, task: usize) -> Option<usize> {
        let task = u64::try_from(task).ok().filter(|task| *task > 0)?;
        usize::try_from(self.below(task)).ok()
    }
}
