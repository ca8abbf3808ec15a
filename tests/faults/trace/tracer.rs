//! Runs the program under trace, and does to its system calls what a fault says.
//!
//! One thread of the test starts the program and hears of all its stops: the kernel ties both to the thread. Its threads
//! are followed; the processes that it starts only where that is asked for. Should the test end, they end with it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use nix::errno::Errno;
use nix::libc;
use nix::sys::ptrace::{self, Options};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use super::change::{Change, Deed};
use super::fault::{Aim, Blow, Fault, Short, Victim};
use super::regs::Regs;

/// The longest that a traced call may take: on a busy machine, with all that it starts, minutes.
const PATIENCE: Duration = Duration::from_secs(600);

/// Whose calls count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Follow {
    /// Those of the program's own process.
    Process,
    /// Those of everything it starts as well: supervisors, git, agents, checks.
    Tree,
}

/// What came of a traced call of the program.
#[derive(Debug)]
pub struct Traced {
    /// Its exit code; nothing where it was killed.
    pub code: Option<i32>,
    /// What it changed, in order.
    pub seen: Vec<Change>,
    /// The change at which the fault came first.
    pub hit: Option<Change>,
}

/// The same command, stopped before its first instruction. `sh` becomes it.
pub fn stopped(command: &Command) -> Vec<std::ffi::OsString> {
    let script = ["-c", "kill -STOP $$; exec \"$@\"", "sh"].map(Into::into);
    let words = command.get_args().map(ToOwned::to_owned);
    script.into_iter().chain([command.get_program().to_owned()]).chain(words).collect()
}

/// Runs a [stopped] command to its end. Only changes below `roots` count.
#[track_caller]
pub fn trace(command: &mut Command, roots: &[PathBuf], follow: Follow, fault: Fault) -> Traced {
    let leader = start(command);
    let (ended, watch) = mpsc::channel::<()>();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            if watch.recv_timeout(PATIENCE) == Err(mpsc::RecvTimeoutError::Timeout) {
                let _ = kill(leader, Signal::SIGKILL);
            }
        });
        let tracer = Tracer {
            leader,
            roots,
            follow,
            aim: Aim::at(fault),
            pending: BTreeMap::new(),
            again: BTreeSet::new(),
            seen: Vec::new(),
            hit: None,
        };
        let outcome = tracer.run();
        drop(ended);
        outcome
    })
}

/// Whether tracing is permitted here; says loudly when it is not.
pub fn can_trace() -> bool {
    let mut command = Command::new("sh");
    command.args(stopped(&Command::new("true"))).stdout(Stdio::null()).stderr(Stdio::null());
    let leader = start(&mut command);
    let seized = ptrace::seize(leader, Options::empty());
    kill(leader, Signal::SIGKILL).unwrap();
    waitpid(leader, None).unwrap();
    if let Err(error) = seized {
        eprintln!("SKIPPED: ptrace is not permitted here: {error}");
    }
    seized.is_ok()
}

/// Starts a [stopped] command, and waits until it has stopped.
#[expect(clippy::zombie_processes, reason = "it is waited for by its id, as its threads are")]
fn start(command: &mut Command) -> Pid {
    let child = command.stdin(Stdio::null()).spawn().unwrap();
    let leader = Pid::from_raw(child.id().cast_signed());
    let stopped = waitpid(leader, Some(WaitPidFlag::WUNTRACED)).unwrap();
    assert_eq!(stopped, WaitStatus::Stopped(leader, Signal::SIGSTOP));
    leader
}

/// A thread in the middle of a call that was meddled with.
struct Pending {
    /// The registers as it made the call.
    before: Regs,
    then: Then,
}

enum Then {
    /// It is told this.
    Say(Errno),
    /// It gets its registers back.
    GoOn,
    /// All die.
    Kill(Victim),
}

struct Tracer<'a> {
    leader: Pid,
    roots: &'a [PathBuf],
    follow: Follow,
    aim: Aim,
    pending: BTreeMap<Pid, Pending>,
    again: BTreeSet<Pid>,
    seen: Vec<Change>,
    hit: Option<Change>,
}

impl Tracer<'_> {
    fn run(mut self) -> Traced {
        let mut options = Options::PTRACE_O_TRACESYSGOOD
            | Options::PTRACE_O_TRACECLONE
            | Options::PTRACE_O_TRACEEXEC
            | Options::PTRACE_O_EXITKILL;
        if self.follow == Follow::Tree {
            options |= Options::PTRACE_O_TRACEFORK | Options::PTRACE_O_TRACEVFORK;
        }
        ptrace::seize(self.leader, options).unwrap();
        kill(self.leader, Signal::SIGCONT).unwrap();
        let mut code = None;
        loop {
            // Of this thread alone: others trace programs of their own.
            match waitpid(None, Some(WaitPidFlag::__WALL | WaitPidFlag::__WNOTHREAD)) {
                Ok(WaitStatus::PtraceSyscall(thread)) => {
                    self.at_a_call(thread);
                    go_on(thread, None);
                }
                Ok(WaitStatus::Stopped(thread, signal)) => go_on(thread, Some(signal)),
                Ok(WaitStatus::PtraceEvent(thread, ..)) => go_on(thread, None),
                Ok(WaitStatus::Exited(thread, status)) if thread == self.leader => code = Some(status),
                Ok(
                    WaitStatus::Exited(..)
                    | WaitStatus::Signaled(..)
                    | WaitStatus::Continued(_)
                    | WaitStatus::StillAlive,
                )
                | Err(Errno::EINTR) => {}
                // Nobody is left.
                Err(Errno::ECHILD) => return Traced { code, seen: self.seen, hit: self.hit },
                Err(error) => panic!("waiting for the traced program: {error}"),
            }
        }
    }

    /// A thread that dies meanwhile is nothing to talk to any more.
    fn at_a_call(&mut self, thread: Pid) {
        let Ok(info) = ptrace::syscall_info(thread) else { return };
        if info.op == libc::PTRACE_SYSCALL_INFO_ENTRY {
            let _ = self.before(thread);
        } else if info.op == libc::PTRACE_SYSCALL_INFO_EXIT {
            let _ = self.after(thread);
        }
    }

    fn before(&mut self, thread: Pid) -> nix::Result<()> {
        let regs = Regs::of(thread)?;
        let Some(change) = Change::at(thread, &regs).filter(|change| change.is_below(self.roots)) else {
            return Ok(());
        };
        let blow = self.aim.blow(&change, self.again.remove(&thread));
        let mut meddled = regs;
        let then = match blow {
            Blow::None => None,
            Blow::KillNow(whom) => {
                self.kill(whom);
                None
            }
            Blow::KillAfter(whom) => Some(Then::Kill(whom)),
            Blow::KillHalfway(whom) => {
                if change.shorten(thread, &mut meddled, |length| length / 2) {
                    Some(Then::Kill(whom))
                } else {
                    self.kill(whom);
                    None
                }
            }
            Blow::Refuse(errno) => {
                meddled.cancel();
                if errno == Errno::EINTR {
                    self.again.insert(thread);
                }
                Some(Then::Say(errno))
            }
            Blow::Shorten(short) => {
                let to = |length| match short {
                    Short::Byte => 1,
                    Short::Half => length / 2,
                };
                (change.deed == Deed::Write && change.shorten(thread, &mut meddled, to)).then_some(Then::GoOn)
            }
        };
        if blow != Blow::None && self.hit.is_none() {
            self.hit = Some(change.clone());
        }
        self.seen.push(change);
        if let Some(then) = then {
            meddled.put(thread)?;
            self.pending.insert(thread, Pending { before: regs, then });
        }
        Ok(())
    }

    fn after(&mut self, thread: Pid) -> nix::Result<()> {
        let Some(Pending { before, then }) = self.pending.remove(&thread) else { return Ok(()) };
        let mut regs = Regs::of(thread)?;
        match then {
            Then::Kill(whom) => {
                self.kill(whom);
                return Ok(());
            }
            Then::Say(errno) => regs.set_result(-i64::from(errno as i32)),
            Then::GoOn => {}
        }
        regs.restore_args(&before);
        regs.put(thread)
    }

    fn kill(&self, whom: Victim) {
        let below = match whom {
            Victim::Process => Vec::new(),
            Victim::Tree => below(self.leader),
        };
        for process in std::iter::once(self.leader).chain(below) {
            // It may have ended by itself meanwhile.
            let _ = kill(process, Signal::SIGKILL);
        }
    }
}

/// Lets a thread go on to its next call. One that is gone needs no leave.
fn go_on(thread: Pid, signal: Option<Signal>) {
    let _ = ptrace::syscall(thread, signal);
}

/// Every process that this one started, and those that they started.
fn below(root: Pid) -> Vec<Pid> {
    let mut children: BTreeMap<Pid, Vec<Pid>> = BTreeMap::new();
    for entry in std::fs::read_dir("/proc").unwrap().filter_map(Result::ok) {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()).map(Pid::from_raw) else {
            continue;
        };
        let Ok(stat) = std::fs::read_to_string(entry.path().join("stat")) else { continue };
        // Behind the name, which may hold anything: the state, then the parent.
        let parent =
            stat.rsplit_once(") ").and_then(|(_, rest)| rest.split(' ').nth(1)).and_then(|text| text.parse().ok());
        children.entry(Pid::from_raw(parent.unwrap_or(0))).or_default().push(pid);
    }
    let mut found = vec![root];
    let mut at = 0;
    while let Some(pid) = found.get(at).copied() {
        found.extend(children.get(&pid).into_iter().flatten());
        at += 1;
    }
    found.split_off(1)
}
