//! What a run costs beyond the commands that it runs.

use std::error::Error;
use std::path::{Path, PathBuf};

use super::measure::{Pairs, Sample, mebibytes, run};
use super::peers::{self, Peer};
use super::programs::{Programs, find};
use super::runs::{Project, Setup, Sync};
use super::shapes::{Graph, Shape, thousands};
use super::table::{Aim, Table, Unit};

/// The command that does nothing.
const NOTHING: &str = "true";
const LOOP: &str = "the commands in a loop";

/// What is run in each round.
#[derive(Clone, Copy)]
struct Case {
    graph: Graph,
    jobs: usize,
    rounds: usize,
}

const fn case(shape: Shape, tasks: usize, jobs: usize, rounds: usize) -> Case {
    Case { graph: Graph { shape, tasks }, jobs, rounds }
}

/// A chain has nothing to do at the same time: two jobs would only be one.
const CASES: [Case; 8] = [
    case(Shape::Layered, 1_000, 1, 3),
    case(Shape::Layered, 1_000, 2, 5),
    case(Shape::Chain, 1_000, 1, 1),
    case(Shape::Fan, 1_000, 2, 1),
    case(Shape::Layered, 10_000, 1, 1),
    case(Shape::Layered, 10_000, 2, 1),
    case(Shape::Chain, 10_000, 1, 1),
    case(Shape::Fan, 10_000, 2, 1),
];

/// What the rounds of a case came to.
#[derive(Default)]
struct Found {
    power: Versus,
    process: Versus,
    /// Beside each peer, in the order of the peers.
    peers: Vec<Pairs>,
    memory: Vec<f64>,
    journal: Vec<f64>,
}

/// Beside the loop.
#[derive(Default)]
struct Versus {
    wall: Pairs,
    cpu: Pairs,
}

impl Versus {
    fn push(&mut self, ours: &Sample, floor: &Sample) {
        self.wall.push(ours.wall.as_secs_f64(), floor.wall.as_secs_f64());
        self.cpu.push(ours.cpu.as_secs_f64(), floor.cpu.as_secs_f64());
    }
}

/// A plan of tasks whose agent does nothing, beside a loop that starts the same command as often and waits for it, and
/// beside build tools on the same graph.
pub fn measure(programs: &Programs) -> Result<Table, Box<dyn Error>> {
    let nothing = find(NOTHING)?;
    let peers = Peer::installed();
    let cases = CASES.map(|case| Case {
        graph: Graph { tasks: programs.size(case.graph.tasks), ..case.graph },
        rounds: programs.rounds(case.rounds),
        ..case
    });
    let mut found: Vec<Found> = cases.iter().map(|_| Found::default()).collect();
    for Case { graph, .. } in cases {
        graph.write_plan(&plan(programs, graph))?;
    }
    let most = cases.iter().map(|case| case.rounds).max().unwrap_or(0);
    for round in 0..most {
        for (case, found) in cases.iter().zip(&mut found).filter(|(case, _)| round < case.rounds) {
            one_round(programs, &nothing, &peers, case, found)?;
        }
    }
    let mut table = Table::new("A run whose tasks do nothing");
    for (case, found) in cases.iter().zip(&found) {
        show(&mut table, &peers, case, found);
    }
    show_sizes(&mut table, &cases, &found);
    Ok(table)
}

fn plan(programs: &Programs, graph: Graph) -> PathBuf {
    programs.folder().join(graph.file("json"))
}

fn one_round(
    programs: &Programs,
    nothing: &Path,
    peers: &[Peer],
    case: &Case,
    found: &mut Found,
) -> Result<(), Box<dyn Error>> {
    let complaints = programs.complaints();
    let (graph, jobs) = (case.graph, case.jobs);
    let mut spawn = programs.floor("spawn");
    let floor = run(spawn.args([graph.tasks, jobs].map(|n| n.to_string())).arg(nothing), &complaints)?;
    let ours = |sync| -> Result<(Sample, Project), Box<dyn Error>> {
        let project = Project::new(programs, &Setup::of(nothing, sync))?;
        Ok((run(&mut project.run(programs, &plan(programs, graph), jobs), &complaints)?, project))
    };
    let (power, project) = ours(Sync::Power)?;
    found.power.push(&power, &floor);
    found.memory.push(mebibytes(power.memory));
    #[expect(clippy::cast_precision_loss, reason = "a few megabytes by a few thousand tasks")]
    found.journal.push(std::fs::metadata(project.journal())?.len() as f64 / graph.tasks as f64);
    let (process, _) = ours(Sync::Process)?;
    found.process.push(&process, &floor);
    found.peers.resize_with(peers.len(), Pairs::default);
    for (peer, pairs) in peers.iter().zip(&mut found.peers) {
        let folder = peers::idle(*peer, graph, programs, nothing)?;
        let theirs = run(&mut peer.build(programs, &folder, jobs)?, &complaints)?;
        pairs.push(process.wall.as_secs_f64(), theirs.wall.as_secs_f64());
    }
    Ok(())
}

fn show(table: &mut Table, peers: &[Peer], case: &Case, found: &Found) {
    let (shape, tasks, jobs) = (case.graph.shape, thousands(case.graph.tasks), case.jobs);
    let name = |what: &str| format!("{tasks} tasks, {}, `-j{jobs}`, {what}", shape.name());
    let wall = Aim::AtMost(if jobs == 1 { 1.5 } else { 1.75 });
    table.row(&name("`power`"), LOOP, &found.power.wall, (Unit::Seconds, wall));
    table.row(&name("`power`, CPU"), LOOP, &found.power.cpu, (Unit::Seconds, Aim::AtMost(1.5)));
    table.row(&name("`process`"), LOOP, &found.process.wall, (Unit::Seconds, Aim::AtMost(1.3)));
    for (peer, pairs) in peers.iter().zip(&found.peers) {
        let aim = match peer {
            // On a chain one at a time is all there is.
            Peer::Ninja if jobs == 2 || shape == Shape::Chain => Aim::AtMost(1.0),
            Peer::Ninja | Peer::Make => Aim::None,
        };
        table.row(&name("`process`"), &format!("`{} -j{jobs}`", peer.name()), pairs, (Unit::Seconds, aim));
    }
}

/// What does not depend on the time it took: the memory of the largest runs, and how the journal grows with the tasks.
fn show_sizes(table: &mut Table, cases: &[Case], found: &[Found]) {
    let of = |case: &Case, what: &str| {
        format!("{} tasks, {}, `-j{}`, {what}", thousands(case.graph.tasks), case.graph.shape.name(), case.jobs)
    };
    let at = |case: &Case, larger: &Case| case.graph.shape == larger.graph.shape && case.jobs == larger.jobs;
    let (small, large) = (cases.iter().zip(found), cases.iter().zip(found));
    let smallest = cases.iter().map(|case| case.graph.tasks).min();
    for (case, found) in large.filter(|(case, _)| Some(case.graph.tasks) != smallest) {
        table.figure(&of(case, "peak memory"), &found.memory, (Unit::Mebibytes, Aim::AtMost(20.0)));
        let before = small.clone().find(|(other, _)| Some(other.graph.tasks) == smallest && at(other, case));
        if let Some((before, smaller)) = before {
            let mut pairs = Pairs::default();
            smaller.journal.iter().zip(&found.journal).for_each(|(small, large)| pairs.push(*large, *small));
            let beside = format!("{} tasks", thousands(before.graph.tasks));
            table.row(&of(case, "journal per task"), &beside, &pairs, (Unit::Bytes, Aim::AtMost(1.1)));
        }
    }
}
