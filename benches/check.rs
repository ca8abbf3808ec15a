//! What it costs to read a plan, find it sound, and make its graph.

use std::error::Error;

use super::measure::{Pairs, mebibytes, run};
use super::programs::Programs;
use super::shapes::{Graph, Shape, thousands};
use super::table::{Aim, Table, Unit};

/// Tasks, and rounds of them.
const SIZES: [(usize, usize); 4] = [(1_000, 101), (10_000, 31), (100_000, 11), (1_000_000, 3)];
const FLOOR: &str = "serde_json and petgraph alone";

/// `plan check` beside a program that reads the same file into plain structs and sorts the graph of it.
pub fn measure(programs: &Programs) -> Result<Table, Box<dyn Error>> {
    let mut table = Table::new("`plan check`");
    let mut before: Option<Pairs> = None;
    for (size, rounds) in SIZES {
        let tasks = programs.size(size);
        let plan = programs.folder().join(format!("{tasks}.json"));
        Graph { shape: Shape::Layered, tasks }.write_plan(&plan)?;
        let (mut time, mut memory) = (Pairs::default(), Pairs::default());
        for _ in 0..programs.rounds(rounds) {
            let mut check = programs.orchestra();
            check.args(["plan", "check", "--max-tasks", "1000000", "--max-bytes", "1000000000"]).arg(&plan);
            let ours = run(&mut check, &programs.complaints())?;
            let floor = run(programs.floor("graph").arg(&plan), &programs.complaints())?;
            time.push(ours.wall.as_secs_f64(), floor.wall.as_secs_f64());
            memory.push(mebibytes(ours.memory), mebibytes(floor.memory));
        }
        std::fs::remove_file(&plan)?;
        let of = thousands(tasks);
        table.row(&format!("{of} tasks, time"), FLOOR, &time, (Unit::Seconds, Aim::AtMost(1.5)));
        table.row(&format!("{of} tasks, peak memory"), FLOOR, &memory, (Unit::Mebibytes, Aim::AtMost(1.5)));
        // Ten times the tasks: time as tasks to the power of this.
        if let Some(tenth) = before.replace(time)
            && let Some(now) = &before
            && size == 1_000_000
        {
            let exponent = (now.ours() / tenth.ours()).log10();
            table.figure("exponent of time, 100,000 to 1,000,000", &[exponent], (Unit::Exponent, Aim::AtMost(1.1)));
        }
    }
    Ok(table)
}
