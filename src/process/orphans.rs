//! What a lost supervisor left: its orphans become our children, since we are a subreaper too, and are killed here.

use std::io;
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, WaitOptions, getpid, set_child_subreaper, waitpid};

use super::supervisor::MARKER;
use super::tree::{self, Member};
use crate::sys::clock;

const KILL_AGAIN: Duration = Duration::from_millis(10);
/// A process stuck in the kernel cannot be killed, and must not hold us either.
const GIVE_UP: Duration = Duration::from_secs(10);

/// From now on orphans below us become our children.
pub(super) fn adopt() -> io::Result<()> {
    Ok(set_child_subreaper(Some(getpid()))?)
}

/// Kills every orphan that has come to us, with its tree, until none is left. Without grace: the supervisor that would
/// have granted it is dead, and its command has failed already.
///
/// An orphan is a child of ours in another session that is no supervisor: children we start ourselves stay in our session,
/// and whatever a supervisor ran is in the supervisor's or in one of its own, since sessions cannot be joined.
pub(super) fn kill() -> io::Result<()> {
    let us = tree::own_session()?;
    let orphan = |member: &Member| member.session != us && !is_supervisor(*member);
    let started = clock::monotonic();
    loop {
        let orphans = tree::below(orphan)?;
        if orphans.is_empty() {
            return Ok(());
        }
        if started.elapsed() > GIVE_UP {
            return Err(io::ErrorKind::TimedOut.into());
        }
        for member in orphans {
            member.signal(Signal::KILL);
            if let Some(pid) = Pid::from_raw(member.pid) {
                // Only those that are our own children are collected; for the others this is an error to ignore.
                let _ = waitpid(Some(pid), WaitOptions::NOHANG);
            }
        }
        #[expect(
            clippy::disallowed_methods,
            reason = "runs on a thread for blocking work, only after a supervisor was lost"
        )]
        thread::sleep(KILL_AGAIN);
    }
}

/// A supervisor ends its tree and itself; a nested orchestra's supervisors do so when that one is killed. Other children
/// could only pass for one by being our program.
fn is_supervisor(member: Member) -> bool {
    member.pid > 0 && tree::first_argument(member.pid).is_some_and(|argument| argument == MARKER.as_bytes())
}
