//! What must not grow with what a run is given: memory with what tasks print, the cost of a task with the size of the plan.

use std::error::Error;
use std::path::Path;

use super::measure::{End, Pairs, mebibytes, run, run_to};
use super::programs::{Programs, find};
use super::runs::{Project, Setup, Sync};
use super::shapes::{Graph, Shape, thousands};
use super::table::{Aim, Table, Unit};

const ROUNDS: usize = 3;
/// What the talkative task prints, in mebibytes.
const OUTPUT: usize = 256;
/// Tasks that are run, of a plan that has no more of them and of one that has a hundred times as many.
const LAUNCHED: usize = 1_000;
const LARGE: usize = 100_000;
/// The exit code of a run whose limit is used up.
const LIMIT: i32 = 4;

/// A run with much output beside one with none, and the first tasks of a large plan beside those of a small one.
pub fn measure(programs: &Programs) -> Result<Table, Box<dyn Error>> {
    let mut table = Table::new("What does not grow");
    let mut more = Vec::new();
    for _ in 0..programs.rounds(ROUNDS) {
        more.push(printing(programs, OUTPUT)? - printing(programs, 0)?);
    }
    let name = format!("memory for a task that prints {OUTPUT} MiB, over one that prints nothing");
    table.figure(&name, &more, (Unit::Mebibytes, Aim::AtMost(8.0)));
    let (mut time, mut memory) = (Pairs::default(), Pairs::default());
    for _ in 0..programs.rounds(ROUNDS) {
        let (large, small) = (launches(programs, programs.size(LARGE))?, launches(programs, LAUNCHED)?);
        time.push(large.each, small.each);
        memory.push(large.memory, small.memory);
    }
    let name = |what: &str| format!("a task of a plan of {}, {what}", thousands(LARGE));
    let beside = format!("of {}", thousands(LAUNCHED));
    table.row(&name("time"), &beside, &time, (Unit::Seconds, Aim::AtMost(1.1)));
    table.row(&name("memory of the run"), &beside, &memory, (Unit::Mebibytes, Aim::None));
    Ok(table)
}

/// The memory of a run of one task that prints so much, in mebibytes.
fn printing(programs: &Programs, mebibytes_of_output: usize) -> Result<f64, Box<dyn Error>> {
    let mut setup = Setup::of(&programs.floor_path("flood"), Sync::Power);
    setup.argv.push(mebibytes_of_output.to_string());
    let project = Project::new(programs, &setup)?;
    let graph = Graph { shape: Shape::Chain, tasks: 1 };
    let plan = programs.folder().join(graph.file("json"));
    graph.write_plan(&plan)?;
    Ok(mebibytes(run(&mut project.run(programs, &plan, 1), &programs.complaints())?.memory))
}

struct Launches {
    /// Seconds per task.
    each: f64,
    memory: f64,
}

/// The first tasks of a plan of so many.
fn launches(programs: &Programs, tasks: usize) -> Result<Launches, Box<dyn Error>> {
    let graph = Graph { shape: Shape::Layered, tasks };
    let plan = programs.folder().join(graph.file("json"));
    graph.write_plan(&plan)?;
    let (limit, end) = if tasks > LAUNCHED { (LAUNCHED, End::Code(LIMIT)) } else { (2 * LAUNCHED, End::Success) };
    let setup = Setup { launches: limit, ..Setup::of(&find("true")?, Sync::Process) };
    let project = Project::new(programs, &setup)?;
    let sample = run_to(end, &mut project.run(programs, &plan, 1), &programs.complaints())?;
    Ok(Launches { each: per_task(&project.journal())?, memory: mebibytes(sample.memory) })
}

/// Seconds from the first start to the last success, by the journal's own times, per task.
fn per_task(journal: &Path) -> Result<f64, Box<dyn Error>> {
    use std::io::BufRead as _;
    let (mut first, mut last, mut tasks) = (None, None, 0_u32);
    for line in std::io::BufReader::new(std::fs::File::open(journal)?).lines() {
        let line = line?;
        let is = |kind: &str| line.get(..400.min(line.len())).is_some_and(|line| line.contains(kind));
        if is("\"kind\":\"attempt.started\"") {
            first.get_or_insert(at(&line)?);
        } else if is("\"kind\":\"task.succeeded\"") {
            last = Some(at(&line)?);
            tasks += 1;
        }
    }
    let (Some(first), Some(last)) = (first, last) else { return Err("a journal without tasks".into()) };
    Ok(last.duration_since(first).as_secs_f64() / f64::from(tasks))
}

fn at(line: &str) -> Result<jiff::Timestamp, Box<dyn Error>> {
    let value: serde_json::Value = serde_json::from_str(line)?;
    Ok(value["at"].as_str().ok_or("an event without a time")?.parse()?)
}
