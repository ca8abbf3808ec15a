//! One running command as we see it: its reports, its two streams, its clocks, and the wish to end it.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

use tokio::net::unix::pipe::Receiver;
use tokio::sync::broadcast;
use tokio::time::sleep_until;
use tokio_util::sync::CancellationToken;

use super::collect::Collector;
use super::command::{Command, End, Exit, Output, Sink, Stdin, Straggler};
use super::error::ProcessError;
use super::gate::Gate;
use super::lookup;
use super::pace::Pace;
use super::pool::{Lease, Supervisors};
use super::slot::{self, Busy};
use super::wire::{Begin, Order, Report, Request};
use crate::policy::Limits;
use crate::sys::{clock, fs};

/// After the tree is gone, for a stream that something outside the tree still holds open.
const DRAIN: Duration = Duration::from_secs(1);
/// Beyond the grace, for a supervisor to report that its tree is gone: a process stuck in the kernel cannot be killed.
const STUCK: Duration = Duration::from_secs(10);
/// Most commands print less than this; for one that prints more there is a buffer as large as a pipe.
const LITTLE: usize = 4 << 10;
const MUCH: usize = 64 << 10;
/// More reads than a pipe can be full of.
const LAST: usize = 512;

pub(super) async fn run(
    pool: &Supervisors,
    gate: &Gate,
    command: Command,
    cancel: &CancellationToken,
) -> Result<Exit, ProcessError> {
    let program = lookup::program(&command)?;
    let pace = tokio::select! {
        biased;
        () = cancel.cancelled() => None,
        pace = pool.join() => Some(pace),
    };
    let Some(pace) = pace else {
        let (stdout, stderr) = (Output::default(), Output::default());
        return Ok(Exit { end: End::Cancelled, stdout, stderr, leaked: 0, left: Vec::new(), wall: Duration::ZERO });
    };
    let Command { argv, env, cwd, stdin, stdout, stderr, limits } = command;
    let name = argv.first().cloned().unwrap_or_default();
    let order = Order {
        program,
        argv,
        env: env.into_iter().collect(),
        cwd: std::path::absolute(cwd).map_err(ProcessError::system("find the current folder"))?,
        grace: limits.grace,
        begin: if gate.is_open() { Begin::AtOnce } else { Begin::AtWord },
    };
    let stdin = match stdin {
        Stdin::Null => slot::null()?,
        Stdin::File(path) => fs::open(&path)?,
    };
    let (stdout, out) = Stream::open(stdout, pool)?;
    let (stderr, err) = Stream::open(stderr, pool)?;
    let mut lease = pool.lease()?;
    let started = clock::monotonic();
    let mut live = Live {
        limits,
        stdout,
        stderr,
        started,
        heard: started,
        wall: None,
        ended: None,
        reason: None,
        leaked: None,
        left: Vec::new(),
        until: None,
        broken: None,
        paused: None,
        buffer: Vec::new(),
    };
    let wishes = Wishes { cancel, hurry: pool.hurried(), hurried: false, pace };
    let supervised = async {
        let begin = order.begin;
        let busy = lease.busy()?;
        busy.send(&Request::Run(order), &[stdin.as_fd(), out.as_fd(), err.as_fd()]).await?;
        match begin {
            Begin::AtOnce => {}
            Begin::AtWord => busy.start_at(gate).await?,
        }
        // Our copies would keep the streams open for ever.
        drop((stdin, out, err));
        live.attend(&mut lease, wishes).await
    };
    let attended = supervised.await;
    gate.forget();
    match attended {
        Ok(Attended::Gone) => {
            lease.give_back();
            live.finish()
        }
        Ok(Attended::NotStarted(source)) => {
            lease.give_back();
            Err(ProcessError::NotStarted { program: name, source })
        }
        Err(source) => {
            lease.lost().await;
            Err(ProcessError::SupervisorLost { program: name, source })
        }
    }
}

enum Attended {
    Gone,
    NotStarted(io::Error),
}

struct Live {
    limits: Limits,
    stdout: Stream,
    stderr: Stream,
    started: Instant,
    /// When the command last printed something.
    heard: Instant,
    wall: Option<Duration>,
    /// How the command ended by itself.
    ended: Option<End>,
    /// Why we ended it.
    reason: Option<End>,
    /// Known once the tree is gone.
    leaked: Option<u32>,
    left: Vec<Straggler>,
    /// The end of the wait for the tree, and then for the streams.
    until: Option<Instant>,
    /// A stream could not be stored.
    broken: Option<fs::FileError>,
    /// Since when the tree is stopped.
    paused: Option<Instant>,
    /// For output that comes in quantities.
    buffer: Vec<u8>,
}

/// One of the two streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    Stdout,
    Stderr,
}

/// What others want of a running command.
struct Wishes<'a> {
    cancel: &'a CancellationToken,
    /// No more grace.
    hurry: &'a CancellationToken,
    hurried: bool,
    pace: broadcast::Receiver<Pace>,
}

/// What can happen to a running command.
enum Happening {
    Report(Report),
    Output(Source),
    Deadline,
    Cancel,
    Hurry,
    Pace(Pace),
}

impl Live {
    async fn attend(&mut self, lease: &mut Lease, mut wishes: Wishes<'_>) -> io::Result<Attended> {
        let busy = lease.busy()?;
        while self.leaked.is_none() || self.stdout.is_open() || self.stderr.is_open() {
            match self.next(busy, &mut wishes).await? {
                Happening::Report(Report::NotStarted { errno }) => {
                    return Ok(Attended::NotStarted(io::Error::from_raw_os_error(errno)));
                }
                Happening::Report(report) => {
                    self.hear(report, busy.pid());
                    self.left.extend(busy.left());
                    if let Some(reason) = self.read_on() {
                        self.stop(busy, reason).await?;
                    }
                }
                Happening::Output(source) => {
                    self.read(source, Look::WhenTold);
                    if let Some(reason) = self.reason_to_stop() {
                        self.stop(busy, reason).await?;
                    }
                }
                Happening::Cancel => self.stop(busy, End::Cancelled).await?,
                Happening::Hurry => {
                    wishes.hurried = true;
                    busy.send(&Request::Kill, &[]).await?;
                }
                Happening::Pace(pace) => self.keep(&pace, busy).await?,
                Happening::Deadline if self.leaked.is_some() => break,
                Happening::Deadline if self.is_ending() => return Err(io::ErrorKind::TimedOut.into()),
                Happening::Deadline if self.started.elapsed() >= self.limits.wall => {
                    self.stop(busy, End::TimedOut).await?;
                }
                // Somebody stopped us alone (SIGSTOP): what it said meanwhile waits to be read.
                Happening::Deadline if self.is_heard_now() => {}
                Happening::Deadline => self.stop(busy, End::Stalled).await?,
            }
        }
        Ok(Attended::Gone)
    }

    /// Takes in what is there, without waiting.
    fn is_heard_now(&mut self) -> bool {
        // Both, so that neither waits for the other.
        let (out, err) = (self.read(Source::Stdout, Look::Anyway), self.read(Source::Stderr, Look::Anyway));
        out == Got::Something || err == Got::Something
    }

    async fn next(&mut self, busy: &mut Busy, wishes: &mut Wishes<'_>) -> io::Result<Happening> {
        let (ending, gone) = (self.is_ending(), self.leaked.is_some());
        let deadline = self.until.unwrap_or_else(|| {
            let silence = clock::later(self.heard, self.limits.idle);
            clock::later(self.started, self.limits.wall).min(silence)
        });
        tokio::select! {
            report = busy.report(), if !gone => report.map(Happening::Report),
            () = self.stdout.ready() => Ok(Happening::Output(Source::Stdout)),
            () = self.stderr.ready() => Ok(Happening::Output(Source::Stderr)),
            () = sleep_until(deadline.into()), if self.paused.is_none() => Ok(Happening::Deadline),
            () = wishes.cancel.cancelled(), if !ending => Ok(Happening::Cancel),
            () = wishes.hurry.cancelled(), if ending && !gone && !wishes.hurried => Ok(Happening::Hurry),
            Ok(pace) = wishes.pace.recv(), if !gone => Ok(Happening::Pace(pace)),
        }
    }

    /// Passes a pause on. The clocks stand still meanwhile: afterwards all of them are set on by its length.
    async fn keep(&mut self, pace: &Pace, busy: &Busy) -> io::Result<()> {
        match pace {
            Pace::Pause { .. } => {
                self.paused.get_or_insert_with(clock::monotonic);
                busy.send(&Request::Pause, &[]).await
            }
            Pace::Resume { .. } => {
                let paused = self.paused.take().map(|since| since.elapsed()).unwrap_or_default();
                self.started += paused;
                self.heard += paused;
                self.until = self.until.map(|until| until + paused);
                busy.send(&Request::Resume, &[]).await
            }
        }
    }

    fn is_ending(&self) -> bool {
        self.ended.is_some() || self.reason.is_some() || self.leaked.is_some()
    }

    fn hear(&mut self, report: Report, supervisor: u32) {
        let now = clock::monotonic();
        match report {
            Report::Started { pid } => tracing::debug!(pid, supervisor, "command started"),
            Report::NotStarted { .. } | Report::Left { .. } => {}
            Report::Ended { .. } | Report::Killed { .. } => {
                self.ended = report.end();
                self.wall = Some(now - self.started);
                self.until = Some(clock::later(now, self.limits.grace.saturating_add(STUCK)));
            }
            Report::Gone { leaked } => {
                self.leaked = Some(u32::try_from(leaked).unwrap_or(0));
                self.until = Some(clock::later(now, DRAIN));
            }
        }
    }

    /// Once the tree is gone: what is left in the pipes, without waiting to be told of it.
    fn read_on(&mut self) -> Option<End> {
        if self.leaked.is_some() {
            for source in [Source::Stdout, Source::Stderr] {
                // Whoever holds the stream outside the tree may go on writing: that is bounded by time.
                for _ in 0..LAST {
                    if self.read(source, Look::Anyway) == Got::Nothing {
                        break;
                    }
                }
            }
        }
        self.reason_to_stop()
    }

    /// Reads once, and stores it.
    fn read(&mut self, source: Source, look: Look) -> Got {
        let stream = match source {
            Source::Stdout => &mut self.stdout,
            Source::Stderr => &mut self.stderr,
        };
        let mut little = [0; LITTLE];
        let room = if self.buffer.is_empty() { &mut little[..] } else { &mut self.buffer[..] };
        let got = stream.read(room, look);
        let Some(count) = got else { return Got::Nothing };
        self.heard = clock::monotonic();
        if self.broken.is_none()
            && let Err(error) = stream.collector.take(&room[..count])
        {
            self.broken = Some(error);
        }
        if count == LITTLE && self.buffer.is_empty() {
            self.buffer = vec![0; MUCH];
        }
        Got::Something
    }

    /// A reason to end the command in what it printed, if there is one.
    fn reason_to_stop(&self) -> Option<End> {
        if self.is_ending() {
            None
        } else if self.broken.is_some() {
            Some(End::Cancelled)
        } else {
            let total = self.stdout.collector.total() + self.stderr.collector.total();
            (total > self.limits.output_bytes).then_some(End::OutputCap)
        }
    }

    /// Has the tree ended. The reason stands, whatever the command makes of it.
    async fn stop(&mut self, busy: &Busy, reason: End) -> io::Result<()> {
        self.reason = Some(reason);
        self.until = Some(clock::later(clock::monotonic(), self.limits.grace.saturating_add(STUCK)));
        busy.send(&Request::Stop, &[]).await
    }

    fn finish(self) -> Result<Exit, ProcessError> {
        if let Some(error) = self.broken {
            return Err(error.into());
        }
        let Some(end) = self.reason.or(self.ended) else {
            let source = io::ErrorKind::InvalidData.into();
            return Err(ProcessError::System { action: "learn how the command ended", source });
        };
        if self.leaked.is_some_and(|leaked| leaked > 0) {
            tracing::warn!(leaked = self.leaked, left = ?self.left, "a command left processes behind");
        }
        Ok(Exit {
            end,
            stdout: self.stdout.finish()?,
            stderr: self.stderr.finish()?,
            leaked: self.leaked.unwrap_or(0),
            left: self.left,
            wall: self.wall.unwrap_or_else(|| self.started.elapsed()),
        })
    }
}

/// Whether a stream is read only if the runtime says that there may be something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Look {
    WhenTold,
    Anyway,
}

/// Whether there was something to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Got {
    Something,
    /// Not now, or never again.
    Nothing,
}

/// One output stream on its way into its sink.
struct Stream {
    pipe: Option<Receiver>,
    collector: Collector,
}

impl Stream {
    /// The stream, and the end that the child writes to.
    fn open(sink: Sink, pool: &Supervisors) -> Result<(Self, OwnedFd), ProcessError> {
        let (reader, writer) = slot::pipe().map_err(ProcessError::system("make a pipe"))?;
        Ok((Self { pipe: Some(reader), collector: Collector::new(sink, pool.redactor()) }, writer))
    }

    fn is_open(&self) -> bool {
        self.pipe.is_some()
    }

    /// Waits until there is something to read. Never returns once the stream is at its end.
    async fn ready(&self) {
        let Some(pipe) = &self.pipe else { return std::future::pending().await };
        // An error is met again by whoever reads.
        drop(pipe.readable().await);
    }

    /// Reads once, if there is something; at its end the stream is closed.
    fn read(&mut self, room: &mut [u8], look: Look) -> Option<usize> {
        let pipe = self.pipe.as_ref()?;
        let read = match look {
            // Through the runtime, which learns from it when there is nothing more.
            Look::WhenTold => pipe.try_read(room),
            Look::Anyway => rustix::io::read(pipe, room).map_err(io::Error::from),
        };
        match read {
            Ok(count @ 1..) => return Some(count),
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {}
            Ok(0) | Err(_) => self.pipe = None,
        }
        None
    }

    fn finish(self) -> Result<Output, fs::FileError> {
        self.collector.finish(self.pipe.is_some())
    }
}
