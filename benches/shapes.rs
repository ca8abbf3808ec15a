//! Graphs to measure with, and the plans made of them.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// Tasks side by side in a layer.
const WIDTH: usize = 10;

/// How the tasks of a graph depend on each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// In layers of ten; each waits for three of the layer before.
    Layered,
    /// Each waits for the one before it.
    Chain,
    /// All wait for the first, and the last for all.
    Fan,
}

impl Shape {
    pub fn name(self) -> &'static str {
        match self {
            Self::Layered => "layered",
            Self::Chain => "chain",
            Self::Fan => "fan",
        }
    }

    /// What `task` of `tasks` waits for.
    pub fn deps(self, tasks: usize, task: usize) -> Vec<usize> {
        match self {
            Self::Layered if task < WIDTH => Vec::new(),
            Self::Layered => {
                let (above, place) = (task / WIDTH * WIDTH - WIDTH, task % WIDTH);
                [0, 1, 3].map(|shift| above + (place + shift) % WIDTH).to_vec()
            }
            Self::Chain => task.checked_sub(1).into_iter().collect(),
            Self::Fan if task == 0 => Vec::new(),
            Self::Fan if task + 1 == tasks => (1..task).collect(),
            Self::Fan => vec![0],
        }
    }
}

/// The graph that is measured: its tasks are called `t0`, `t1` and so on.
#[derive(Debug, Clone, Copy)]
pub struct Graph {
    pub shape: Shape,
    pub tasks: usize,
}

impl Graph {
    /// The name of a file made of it.
    pub fn file(self, extension: &str) -> String {
        format!("{}-{}.{extension}", self.shape.name(), self.tasks)
    }

    /// Writes it as a plan.
    pub fn write_plan(self, path: &Path) -> io::Result<()> {
        write_plan(path, self.tasks, |task| format!("t{task}"), |task| self.shape.deps(self.tasks, task))
    }
}

/// Writes a plan whose tasks write to folders of their own.
///
/// Written piece by piece: a child's peak memory counts from what its parent had when it was started.
pub fn write_plan(
    path: &Path,
    tasks: usize,
    id: impl Fn(usize) -> String,
    deps: impl Fn(usize) -> Vec<usize>,
) -> io::Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    write!(file, r#"{{"schema":"orchestra.plan/v1","plan_id":"OP-20261121-093312-A1B2","title":"{tasks} tasks","#)?;
    writeln!(file, r#""goal":{{"summary":"measure"}},"created_at":"2026-11-21T09:33:12.000Z","tasks":["#)?;
    for task in 0..tasks {
        let comma = if task == 0 { "" } else { ",\n" };
        let deps = deps(task).into_iter().map(|dep| format!("\"{}\"", id(dep))).collect::<Vec<_>>().join(",");
        write!(
            file,
            r#"{comma}{{"id":"{}","title":"Step {task} of the plan","role":"implement","instructions":"Do step {task}, and stay in your own folder while you do it.","depends_on":[{deps}],"scope":{{"write":["out/t{task}/**"]}},"checks":[]}}"#,
            id(task)
        )?;
    }
    writeln!(file, "]}}")?;
    file.flush()
}

/// A number with commas, as people read it.
pub fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut shown = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}
