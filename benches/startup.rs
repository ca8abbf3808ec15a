//! How long it takes until help is there.

use std::error::Error;

use super::measure::{Pairs, run};
use super::programs::Programs;
use super::table::{Aim, Table, Unit};

const ROUNDS: usize = 201;

/// `orchestra --help` beside `--help` of a clap program with one argument.
pub fn measure(programs: &Programs) -> Result<Table, Box<dyn Error>> {
    let mut time = Pairs::default();
    for _ in 0..programs.rounds(ROUNDS) {
        let ours = run(programs.orchestra().arg("--help"), &programs.complaints())?;
        let floor = run(programs.floor("hello").arg("--help"), &programs.complaints())?;
        time.push(ours.wall.as_secs_f64(), floor.wall.as_secs_f64());
    }
    let mut table = Table::new("Start-up: `orchestra --help`");
    table.row("`--help`", "clap hello-world", &time, (Unit::Seconds, Aim::AtMost(1.5)));
    Ok(table)
}
