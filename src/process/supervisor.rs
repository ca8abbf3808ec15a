//! The supervisor: what our own program is when it is started with the marker. One thread, no runtime, hardly any memory.
#![expect(clippy::disallowed_types, reason = "the one place that starts commands")]

use std::ffi::OsStr;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use rustix::process::{Pid, getpid, set_child_subreaper, setsid};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use super::attend::{Next, attend};
use super::port::{Port, Wake};
use super::wire::{Begin, Order, Report, Request};

/// The first argument that makes our program a supervisor.
pub(super) const MARKER: &str = "__supervise";

/// `Some` once this process has been a supervisor to its end. Must be asked before anything else happens in `main`: a
/// supervisor has no command line, no runtime and no second thread.
pub fn supervisor_entry() -> Option<ExitCode> {
    if std::env::args_os().nth(1).as_deref() != Some(OsStr::new(MARKER)) {
        return None;
    }
    // Nobody reads what a supervisor would print. The other end sees the socket close and calls it lost.
    Some(if supervise().is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn supervise() -> io::Result<()> {
    let mut port = Port::open()?;
    // Fails only for the leader of a group, who has no terminal to lose by staying.
    let _ = setsid();
    set_child_subreaper(Some(getpid()))?;
    offer_to_the_kernel();
    // What our caller's caller left open, a build server's pipe or a shell's script, is not for the children.
    close_fds::set_fds_cloexec(3, &[]);
    ignore_polite_signals()?;
    let mut held = Vec::new();
    loop {
        match port.wait(None)? {
            Wake::Request(Request::Hold, fds) => held.extend(fds),
            Wake::Request(Request::Run(order), fds) => {
                if run(&mut port, &order, fds)? == Next::Exit {
                    return Ok(());
                }
            }
            // What crossed the end of its command on the way.
            Wake::Request(Request::Start | Request::Stop | Request::Kill | Request::Pause | Request::Resume, _)
            | Wake::Look => {}
            Wake::Closed => return Ok(()),
        }
    }
}

/// Where memory runs out, the kernel takes what we supervise before it takes the run: children inherit this.
#[expect(clippy::disallowed_methods, reason = "a file of the kernel's about this very process")]
fn offer_to_the_kernel() {
    const SCORE: &str = "/proc/self/oom_score_adj";
    /// As if half of the machine's memory were used besides.
    const OFFERED: i32 = 500;
    let now = std::fs::read_to_string(SCORE).ok().and_then(|score| score.trim().parse::<i32>().ok());
    if now.is_some_and(|now| now < OFFERED) {
        // Whoever may not even raise it is in no worse place than without.
        drop(std::fs::write(SCORE, OFFERED.to_string()));
    }
}

/// Whoever signals everything called orchestra means the runs, and a run ends its supervisors itself. A handler is used
/// because an ignored signal would stay ignored in every child.
fn ignore_polite_signals() -> io::Result<()> {
    for signal in [SIGHUP, SIGINT, SIGTERM] {
        signal_hook::flag::register(signal, Arc::new(AtomicBool::new(false)))?;
    }
    Ok(())
}

fn run(port: &mut Port, order: &Order, fds: Vec<OwnedFd>) -> io::Result<Next> {
    match order.begin {
        Begin::AtOnce => {}
        Begin::AtWord => match hold_back(port)? {
            Word::Start => {}
            Word::Never => {
                port.say(&[Report::Gone { leaked: 0 }])?;
                return Ok(Next::Command);
            }
            Word::Exit => return Ok(Next::Exit),
        },
    }
    match spawn(order, fds) {
        Ok(started) => attend(port, started, order.grace),
        Err(error) => {
            let errno = error.raw_os_error().unwrap_or(rustix::io::Errno::INVAL.raw_os_error());
            port.say(&[Report::NotStarted { errno }])?;
            Ok(Next::Command)
        }
    }
}

/// What becomes of a command that was held back.
enum Word {
    Start,
    /// It was told to end before it began.
    Never,
    /// Whoever told us what to do is gone.
    Exit,
}

/// Waits for the word to start. While everything stands still nothing is started.
fn hold_back(port: &mut Port) -> io::Result<Word> {
    let (mut may_start, mut paused) = (false, false);
    loop {
        match port.wait(None)? {
            Wake::Request(Request::Start, _) => may_start = true,
            Wake::Request(Request::Pause, _) => paused = true,
            Wake::Request(Request::Resume, _) => paused = false,
            Wake::Request(Request::Stop | Request::Kill, _) => return Ok(Word::Never),
            Wake::Request(Request::Hold | Request::Run(_), _) | Wake::Look => {}
            Wake::Closed => return Ok(Word::Exit),
        }
        if may_start && !paused {
            return Ok(Word::Start);
        }
    }
}

/// Our own ends of a command's streams, open as long as this lives.
pub(super) struct Streams(#[expect(dead_code, reason = "holds them open")] Command);

fn spawn(order: &Order, fds: Vec<OwnedFd>) -> io::Result<(Pid, Streams)> {
    let [stdin, stdout, stderr] =
        <[OwnedFd; 3]>::try_from(fds).map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
    let mut command = Command::new(&order.program);
    if let Some((name, arguments)) = order.argv.split_first() {
        command.arg0(name).args(arguments);
    }
    command
        .env_clear()
        .envs(order.env.iter().map(|(name, value)| (name, value)))
        .current_dir(&order.cwd)
        .process_group(0)
        .stdin(stdin)
        .stdout(stdout)
        .stderr(stderr);
    // The status is collected with everyone else's; a dropped `Child` leaves the process alone.
    let child = command.spawn()?;
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    Ok((pid.ok_or(io::ErrorKind::InvalidData)?, Streams(command)))
}
