//! What to run, and what came of it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use tokio::sync::mpsc::Sender;

use crate::policy::Limits;

/// One command: a list of arguments, never a shell string.
#[derive(Debug)]
pub struct Command {
    /// The program and its arguments. A program without `/` is looked up in the `PATH` of `env`; one with `/` that is not
    /// absolute is relative to `cwd`.
    pub argv: Vec<OsString>,
    /// The child's complete environment; nothing is inherited.
    pub env: BTreeMap<OsString, OsString>,
    pub cwd: PathBuf,
    pub stdin: Stdin,
    pub stdout: Sink,
    pub stderr: Sink,
    pub limits: Limits,
}

/// Where a child reads from. Never a pipe: several agents hang on one that is open and silent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stdin {
    Null,
    File(PathBuf),
}

/// Where one output stream goes. Whatever the child prints, only a bounded part is kept; the rest is read and counted, so
/// that the child never blocks on us.
#[derive(Debug)]
pub enum Sink {
    /// The first `cap` bytes, in memory.
    Memory { cap: usize },
    /// The first `cap` bytes in a file, made (0600) when the first byte comes; the last `tail` bytes in memory as well.
    /// Whole lines go to `lines`, clipped to 8 KiB, and are dropped when the channel is full. Secrets the supervisors know of
    /// are replaced in all three.
    File { path: PathBuf, cap: u64, tail: usize, lines: Option<Sender<Vec<u8>>> },
}

/// How a command ended, and what it printed.
#[derive(Debug, PartialEq, Eq)]
pub struct Exit {
    pub end: End,
    pub stdout: Output,
    pub stderr: Output,
    /// Processes the command left behind when it ended; they were killed.
    pub leaked: u32,
    /// The first few of them.
    pub left: Vec<Straggler>,
    /// From the start to the end of the command itself.
    pub wall: Duration,
}

/// Why a command ended. If we sent a signal, the reason for it is the end, whatever the child made of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    Code(i32),
    Signal(Signal),
    /// `limits.wall` was over.
    TimedOut,
    /// No output for `limits.idle`.
    Stalled,
    Cancelled,
    /// It printed more than `limits.output_bytes`.
    OutputCap,
}

/// What killed a command that we did not end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signal {
    pub number: i32,
    /// A picture of its memory was left where this machine puts them.
    pub core: bool,
}

impl Signal {
    /// The bit that wait(2) sets beside the number.
    const CORE: i32 = 0x80;

    pub(super) fn of_status(status: i32) -> Self {
        Self { number: status & !Self::CORE, core: status & Self::CORE != 0 }
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let core = if self.core { ", core dumped" } else { "" };
        match signal_hook::low_level::signal_name(self.number) {
            Some(name) => write!(f, "{name} (signal {}){core}", self.number),
            None => write!(f, "signal {}{core}", self.number),
        }
    }
}

/// A process that a command left behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Straggler {
    pub pid: u32,
    /// What the kernel calls it: the beginning of its program's name, or what it calls itself.
    pub name: String,
}

/// What was kept of one output stream.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Output {
    /// [`Sink::Memory`]: the beginning; [`Sink::File`]: the end.
    pub bytes: Vec<u8>,
    /// All bytes the child wrote.
    pub total: u64,
    /// The sink holds less than the child wrote, or something outside the tree still held the stream open.
    pub truncated: bool,
}
