//! One command, measured from outside; and what many measurements come to.

use std::error::Error;
use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use wait4::Wait4;

/// What one run of a command took.
#[derive(Debug, Clone, Copy)]
pub struct Sample {
    pub wall: Duration,
    /// Its processor time and that of all it started and waited for, to the last grandchild.
    pub cpu: Duration,
    /// The most memory it had at one time, in bytes; `ru_maxrss` of wait4(2). That of the largest of what it waited for,
    /// where that is more.
    pub memory: u64,
}

/// How a command is to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    Success,
    Code(i32),
}

/// Runs a command that must succeed. What it complains of is kept in `complaints`, and shown if it does not.
pub fn run(command: &mut Command, complaints: &Path) -> Result<Sample, Box<dyn Error>> {
    run_to(End::Success, command, complaints)
}

/// The same for a command that ends with a code of its own.
pub fn run_to(end: End, command: &mut Command, complaints: &Path) -> Result<Sample, Box<dyn Error>> {
    let started = Instant::now();
    let ended = start(command, complaints)?.wait4()?;
    let wall = started.elapsed();
    let code = match end {
        End::Success => 0,
        End::Code(code) => code,
    };
    if ended.status.code() != Some(code) {
        let said = std::fs::read_to_string(complaints)?;
        return Err(format!("{} ended with {}\n{said}", command.get_program().display(), ended.status).into());
    }
    Ok(Sample { wall, cpu: ended.rusage.utime + ended.rusage.stime, memory: ended.rusage.maxrss })
}

/// Starts a command that is told nothing and of which nothing is shown.
pub fn start(command: &mut Command, complaints: &Path) -> Result<Child, Box<dyn Error>> {
    let stderr = File::create(complaints)?;
    Ok(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(stderr).spawn()?)
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

/// The one in the middle.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 { values[middle] } else { f64::midpoint(values[middle - 1], values[middle]) }
}

/// Bytes as mebibytes.
#[expect(clippy::cast_precision_loss, reason = "a few thousand mebibytes at most")]
pub fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}
