//! The process tree, read from `/proc`, and signals into it.
#![expect(clippy::disallowed_methods, reason = "reads /proc, which no other room needs")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;

use rustix::process::{Pid, PidfdFlags, Signal, getpid, pidfd_open, pidfd_send_signal};

/// One process. `start` tells it from a later one that was given the same number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Member {
    pub(super) pid: i32,
    pub(super) start: u64,
    parent: i32,
    group: i32,
    pub(super) session: i32,
    /// Dead already, only its exit status is still to be collected.
    pub(super) zombie: bool,
    pub(super) motion: Motion,
}

/// Whether a process does something of its own accord.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Motion {
    /// It was told to stop, or has ended.
    Stopped,
    /// Deep in the kernel, where no signal reaches it yet: it reads from a disk, or its child was stopped between vfork and
    /// exec.
    Waits,
    Moves,
}

impl Member {
    /// Sends a signal, unless the process has ended meanwhile: its number may belong to a stranger by then. The descriptor
    /// is opened first and the identity checked after, so nothing can slip in between.
    pub(super) fn signal(self, signal: Signal) {
        let Some(pid) = Pid::from_raw(self.pid) else { return };
        let Ok(fd) = pidfd_open(pid, PidfdFlags::empty()) else { return };
        if read(self.pid).is_some_and(|now| now.start == self.start) {
            // It may be gone by now, which is what the signal is for.
            let _ = pidfd_send_signal(fd, signal);
        }
    }
}

/// All living processes below us, with a child of ours that `root` picks at the top.
pub(super) fn below(root: impl Fn(&Member) -> bool) -> io::Result<Vec<Member>> {
    let us = getpid().as_raw_nonzero().get();
    let table = table()?;
    let mut children: BTreeMap<i32, Vec<Member>> = BTreeMap::new();
    for member in table {
        children.entry(member.parent).or_default().push(member);
    }
    let mut open: Vec<Member> = children.remove(&us).unwrap_or_default().into_iter().filter(root).collect();
    let mut found = BTreeSet::new();
    while let Some(member) = open.pop() {
        // A process whose first thread has ended looks like a zombie and may still have children.
        open.extend(children.remove(&member.pid).unwrap_or_default());
        found.insert(member);
    }
    Ok(found.into_iter().collect())
}

/// The first argument after the program's name: how a supervisor is told from other children.
pub(super) fn first_argument(pid: i32) -> Option<Vec<u8>> {
    let line = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    line.split(|byte| *byte == 0).nth(1).map(<[u8]>::to_vec)
}

/// What the kernel calls a process; empty once it is gone.
pub(super) fn name(pid: i32) -> String {
    let name = fs::read(format!("/proc/{pid}/comm")).unwrap_or_default();
    String::from_utf8_lossy(name.trim_ascii_end()).into_owned()
}

/// Our own session, as [`Member::session`] has it: 0 where its leader is outside our process namespace, as in a container.
pub(super) fn own_session() -> io::Result<i32> {
    let us = read(getpid().as_raw_nonzero().get()).ok_or(io::ErrorKind::NotFound)?;
    Ok(us.session)
}

/// Whether a shell has us as a job, so that somebody can have us go on. The leader of a session, or a program whose shell
/// is gone, is not stopped by Ctrl-Z: the kernel calls its group orphaned.
pub fn is_job() -> bool {
    let Some(us) = read(getpid().as_raw_nonzero().get()) else { return false };
    let mut ancestor = us.parent;
    // Those in our own group are stopped with us; the first above them is who started the job.
    while let Some(above) = read(ancestor).filter(|above| above.session == us.session) {
        if above.group != us.group {
            return true;
        }
        ancestor = above.parent;
    }
    false
}

fn table() -> io::Result<Vec<Member>> {
    let mut members = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let pid = entry?.file_name().to_str().and_then(|name| name.parse().ok());
        members.extend(pid.and_then(read));
    }
    Ok(members)
}

/// `None` once the process is gone.
fn read(pid: i32) -> Option<Member> {
    parse(pid, &fs::read(format!("/proc/{pid}/stat")).ok()?)
}

/// `pid (name) state ppid pgrp session …`, proc_pid_stat(5). The name may hold spaces and parentheses.
fn parse(pid: i32, stat: &[u8]) -> Option<Member> {
    let name_end = stat.iter().rposition(|byte| *byte == b')')?;
    let mut fields = std::str::from_utf8(&stat[name_end + 1..]).ok()?.split_ascii_whitespace();
    let state = fields.next()?;
    let zombie = matches!(state, "Z" | "X" | "x");
    let motion = match state {
        "T" | "t" | "Z" | "X" | "x" => Motion::Stopped,
        "D" => Motion::Waits,
        _ => Motion::Moves,
    };
    let parent = fields.next()?.parse().ok()?;
    let group = fields.next()?.parse().ok()?;
    let session = fields.next()?.parse().ok()?;
    let started = fields.nth(15)?.parse().ok()?;
    Some(Member { pid, start: started, parent, group, session, zombie, motion })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_parentheses_and_spaces_does_not_shift_the_fields() {
        let line = b"12 (a) Z) b) S 7 12 5 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 98765 4096 10";
        let member = parse(12, line).unwrap();
        assert_eq!(
            (member.parent, member.group, member.session, member.start, member.zombie),
            (7, 12, 5, 98765, false)
        );
    }

    #[test]
    fn only_what_has_stopped_needs_no_telling() {
        let motion = |state| parse(1, format!("1 (a) {state} 7 12 5 0 -1 0 1 2 3 4 5 6 7 8 20 0 1 0 9 0").as_bytes());
        let motion = |state| motion(state).unwrap().motion;
        assert_eq!(["T", "t", "Z", "X"].map(motion), [Motion::Stopped; 4]);
        // It may come back from the disk at any moment.
        assert_eq!((motion("D"), motion("S"), motion("R")), (Motion::Waits, Motion::Moves, Motion::Moves));
    }

    #[test]
    fn we_find_ourselves() {
        let us = getpid().as_raw_nonzero().get();
        let found = read(us).unwrap();
        assert!(table().unwrap().iter().any(|member| (member.pid, member.start) == (us, found.start)));
    }
}
