//! One command, measured from outside; and what many measurements come to.

use std::error::Error;
use std::fs::File;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use wait4::Wait4;

/// What one run of a command took.
#[derive(Debug, Clone, Copy)]
pub struct Sample {
    pub wall: Duration,
    /// The most memory it had at one time, in bytes; `ru_maxrss` of wait4(2).
    pub memory: u64,
}

/// Runs a command that must succeed. What it complains of is kept in `complaints`, and shown if it does not.
pub fn run(command: &mut Command, complaints: &std::path::Path) -> Result<Sample, Box<dyn Error>> {
    let stderr = File::create(complaints)?;
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(stderr);
    let started = Instant::now();
    let ended = command.spawn()?.wait4()?;
    let wall = started.elapsed();
    if !ended.status.success() {
        let said = std::fs::read_to_string(complaints)?;
        return Err(format!("{} ended with {}\n{said}", command.get_program().display(), ended.status).into());
    }
    Ok(Sample { wall, memory: ended.rusage.maxrss })
}

/// The same thing measured on two sides in the same rounds.
#[derive(Debug, Default)]
pub struct Pairs {
    ours: Vec<f64>,
    floor: Vec<f64>,
}

impl Pairs {
    pub fn push(&mut self, ours: f64, floor: f64) {
        self.ours.push(ours);
        self.floor.push(floor);
    }

    pub fn ours(&self) -> f64 {
        median(self.ours.clone())
    }

    pub fn floor(&self) -> f64 {
        median(self.floor.clone())
    }

    /// The median of the rounds' ratios: a slow moment that hit both sides of a round leaves it as it is.
    pub fn ratio(&self) -> f64 {
        median(self.ours.iter().zip(&self.floor).map(|(ours, floor)| ours / floor).collect())
    }

    pub fn rounds(&self) -> usize {
        self.ours.len()
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 { values[middle] } else { f64::midpoint(values[middle - 1], values[middle]) }
}
