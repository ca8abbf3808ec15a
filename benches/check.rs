//! What it costs to read a plan, find it sound, and make its graph.

use std::error::Error;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use super::measure::{Pairs, run};
use super::programs::Programs;
use super::table::{Aim, Table, Unit};

/// Tasks, and rounds of them.
const SIZES: [(usize, usize); 3] = [(1_000, 101), (10_000, 31), (100_000, 11)];
/// Tasks side by side in a layer.
const WIDTH: usize = 10;

/// `plan check` beside a program that reads the same file into plain structs and sorts the graph of it.
pub fn measure(programs: &Programs) -> Result<Table, Box<dyn Error>> {
    let mut table = Table::new("`plan check`", "serde_json and petgraph alone");
    for (tasks, rounds) in SIZES {
        let plan = programs.folder().join(format!("{tasks}.json"));
        write_plan(&plan, tasks)?;
        let (mut time, mut memory) = (Pairs::default(), Pairs::default());
        for _ in 0..rounds {
            let mut check = programs.orchestra();
            check.args(["plan", "check", "--max-tasks", "1000000", "--max-bytes", "1000000000"]).arg(&plan);
            let ours = run(&mut check, &programs.complaints())?;
            let floor = run(programs.floor("graph").arg(&plan), &programs.complaints())?;
            time.push(ours.wall.as_secs_f64(), floor.wall.as_secs_f64());
            memory.push(mebibytes(ours.memory), mebibytes(floor.memory));
        }
        let tasks = thousands(tasks);
        table.row(&format!("{tasks} tasks, time"), &time, Unit::Seconds, Aim::AtMost(2.0));
        table.row(&format!("{tasks} tasks, peak memory"), &memory, Unit::Mebibytes, Aim::AtMost(2.0));
        std::fs::remove_file(&plan)?;
    }
    Ok(table)
}

/// Writes a plan in layers: each task waits for three of the layer before it, and writes to a folder of its own.
///
/// Written piece by piece: a child's peak memory counts from what its parent had when it was started.
pub fn write_plan(path: &Path, tasks: usize) -> io::Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    write!(file, r#"{{"schema":"orchestra.plan/v1","plan_id":"OP-20261121-093312-A1B2","title":"{tasks} tasks","#)?;
    writeln!(file, r#""goal":{{"summary":"measure"}},"created_at":"2026-11-21T09:33:12.000Z","tasks":["#)?;
    for task in 0..tasks {
        let comma = if task == 0 { "" } else { ",\n" };
        let (layer, place) = (task / WIDTH, task % WIDTH);
        let above = |shift: usize| format!("\"t{}\"", (layer - 1) * WIDTH + (place + shift) % WIDTH);
        let deps = if layer == 0 { String::new() } else { [above(0), above(1), above(3)].join(",") };
        write!(
            file,
            r#"{comma}{{"id":"t{task}","title":"Step {task} of the plan","role":"implement","instructions":"Do step {task}, and stay in your own folder while you do it.","depends_on":[{deps}],"scope":{{"write":["out/t{task}/**"]}},"checks":[]}}"#
        )?;
    }
    writeln!(file, "]}}")?;
    file.flush()
}

/// A number with commas, as people read it.
pub fn thousands(number: usize) -> String {
    if number < 1_000 { number.to_string() } else { format!("{},{:03}", number / 1_000, number % 1_000) }
}

#[expect(clippy::cast_precision_loss, reason = "a few thousand mebibytes at most")]
fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}
