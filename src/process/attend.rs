//! How a supervisor stays with one command from its start until nothing of its tree is left.

use std::collections::BTreeSet;
use std::io;
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitOptions, WaitStatus, kill_process_group, wait};

use super::command::Straggler;
use super::port::{Port, Wake};
use super::supervisor::Streams;
use super::tree::{self, Member, Motion};
use super::wire::{Report, Request};
use crate::sys::clock;

/// For processes that are ending by themselves just as the command does: they are no leak.
const SETTLE: Duration = Duration::from_millis(50);
/// The longest grace for what a finished command left behind, and for everything once nobody waits for the result.
const SHORT_GRACE: Duration = Duration::from_secs(2);
/// What is over by then is told of once, when it is.
const MOMENT: Duration = Duration::from_millis(10);
/// Between two walks through a tree that is told to end.
const TERM_AGAIN: Duration = Duration::from_millis(50);
const KILL_AGAIN: Duration = Duration::from_millis(10);
/// Between two looks whether a tree stands still, and how often it is looked at.
const STOP_AGAIN: Duration = Duration::from_millis(2);
const STOPS: u32 = 500;

/// What may come after a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    Command,
    /// Whoever told us what to do is gone.
    Exit,
}

/// How far the end of the tree has come. It only ever moves downwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Running,
    /// The command is over; what is left may be on its way out.
    Settling(Instant),
    /// Told to end; killed after the instant.
    Ending(Instant),
    Killing,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tree {
    Alive,
    Gone,
}

struct Attendance<'a> {
    port: &'a mut Port,
    command: Pid,
    /// Our own ends of what the command writes to. Closed when the tree is gone, so that whoever reads them sees their end
    /// together with our report.
    streams: Option<Streams>,
    /// When its start is told of, if it has not been.
    unsaid: Option<Instant>,
    grace: Duration,
    phase: Phase,
    next: Next,
    leaked: i32,
    left: Vec<Straggler>,
    /// How many more times it is seen to that the tree stands still.
    stops: u32,
    /// Who has been sent SIGTERM, so that each gets it once.
    told: BTreeSet<(i32, u64)>,
}

/// Reports the end of the command, and then that its tree is gone.
pub(super) fn attend(port: &mut Port, (command, streams): (Pid, Streams), grace: Duration) -> io::Result<Next> {
    let mut attendance = Attendance {
        port,
        command,
        streams: Some(streams),
        unsaid: Some(clock::monotonic() + MOMENT),
        grace,
        phase: Phase::Running,
        next: Next::Command,
        leaked: 0,
        left: Vec::new(),
        stops: 0,
        told: BTreeSet::new(),
    };
    attendance.until_gone()?;
    Ok(attendance.next)
}

impl Attendance<'_> {
    fn until_gone(&mut self) -> io::Result<()> {
        let mut ended = None;
        loop {
            match self.reap(&mut ended)? {
                Tree::Gone => {
                    drop(self.streams.take());
                    let gone = Report::Gone { leaked: self.leaked };
                    self.port.name(&self.left)?;
                    return match ended {
                        Some(report) => self.port.say(&[report, gone]),
                        None => self.port.say(&[gone]),
                    };
                }
                Tree::Alive => {
                    if let Some(report) = ended.take() {
                        self.unsaid = None;
                        self.port.say(&[report])?;
                        if self.phase == Phase::Running {
                            self.phase = Phase::Settling(clock::monotonic() + SETTLE);
                        }
                    }
                }
            }
            let timeout = self.act();
            let said = self.tell_of_start()?;
            match self.port.wait(timeout.into_iter().chain(said).min())? {
                Wake::Look | Wake::Request(Request::Hold | Request::Run(_) | Request::Start, _) => {}
                Wake::Request(Request::Stop, _) => self.end(self.grace),
                Wake::Request(Request::Kill, _) => self.phase = Phase::Killing,
                Wake::Request(Request::Pause, _) => self.stops = STOPS,
                Wake::Request(Request::Resume, _) => {
                    self.stops = 0;
                    self.members().into_iter().for_each(|member| member.signal(Signal::CONT));
                }
                Wake::Closed => {
                    self.next = Next::Exit;
                    self.end(self.grace.min(SHORT_GRACE));
                }
            }
        }
    }

    /// Tells of the start once the command has run for a moment. Gives how long that still takes.
    fn tell_of_start(&mut self) -> io::Result<Option<Duration>> {
        let Some(at) = self.unsaid else { return Ok(None) };
        let left = at.saturating_duration_since(clock::monotonic());
        if left.is_zero() {
            self.unsaid = None;
            self.port.say(&[Report::Started { pid: self.command.as_raw_nonzero().get() }])?;
            return Ok(None);
        }
        Ok(Some(left))
    }

    /// Collects everyone who has ended. ECHILD is the kernel's word that nobody is left.
    fn reap(&self, ended: &mut Option<Report>) -> io::Result<Tree> {
        loop {
            match wait(WaitOptions::NOHANG) {
                Ok(Some((pid, status))) if pid == self.command => *ended = Some(report(status)),
                Ok(Some(_)) | Err(Errno::INTR) => {}
                Ok(None) => return Ok(Tree::Alive),
                Err(Errno::CHILD) => return Ok(Tree::Gone),
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Does what the phase asks for. Gives how long to wait before looking again.
    fn act(&mut self) -> Option<Duration> {
        let now = clock::monotonic();
        match self.phase {
            Phase::Running if self.stops > 0 => self.pause(),
            Phase::Running => None,
            Phase::Settling(until) if now < until => Some(until - now),
            Phase::Settling(_) => {
                self.count_leak();
                self.end(self.grace.min(SHORT_GRACE));
                self.act()
            }
            Phase::Ending(until) if now < until => {
                for member in self.members() {
                    if self.told.insert((member.pid, member.start)) {
                        member.signal(Signal::TERM);
                        // A stopped process takes its signals only once it goes on.
                        member.signal(Signal::CONT);
                    }
                }
                Some(TERM_AGAIN.min(until - now))
            }
            Phase::Ending(_) | Phase::Killing => {
                self.phase = Phase::Killing;
                self.members().into_iter().for_each(|member| member.signal(Signal::KILL));
                Some(KILL_AGAIN)
            }
        }
    }

    /// Counts what the command has left behind, and names the first few while they can still be named.
    fn count_leak(&mut self) {
        let mut left = self.members();
        left.retain(|member| !member.zombie);
        self.leaked = i32::try_from(left.len()).unwrap_or(i32::MAX);
        let named = left.iter().take(Straggler::MAX);
        self.left = named.map(|it| Straggler { pid: it.pid.unsigned_abs(), name: tree::name(it.pid) }).collect();
    }

    /// Begins the end, or makes it come sooner.
    fn end(&mut self, grace: Duration) {
        let until = clock::later(clock::monotonic(), grace);
        self.phase = match self.phase {
            Phase::Running | Phase::Settling(_) => Phase::Ending(until),
            Phase::Ending(sooner) => Phase::Ending(sooner.min(until)),
            Phase::Killing => Phase::Killing,
        };
    }

    /// Stops the tree. A process that was told may still finish a fork, so it is looked at again until nobody moves.
    fn pause(&mut self) -> Option<Duration> {
        let members = self.members();
        let moves = members.iter().any(|member| member.motion == Motion::Moves);
        self.stops = if moves { self.stops - 1 } else { 0 };
        for member in members {
            // One that waits in the kernel stops when it comes back from there.
            if member.motion != Motion::Stopped {
                member.signal(Signal::STOP);
            }
        }
        (self.stops > 0).then_some(STOP_AGAIN)
    }

    fn members(&self) -> Vec<Member> {
        tree::below(|_| true).unwrap_or_else(|_| {
            // Without /proc there is still the group that the command leads, which KILL at least makes smaller.
            if self.phase == Phase::Killing {
                let _ = kill_process_group(self.command, Signal::KILL);
            }
            Vec::new()
        })
    }
}

fn report(status: WaitStatus) -> Report {
    match status.terminating_signal() {
        // With the bit for a core beside it.
        Some(_) => Report::Killed { signal: status.as_raw() & 0xff },
        None => Report::Ended { code: status.exit_status().unwrap_or_default() },
    }
}
