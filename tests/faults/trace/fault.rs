//! What goes wrong, and at which of the calls that change something.

use nix::errno::Errno;

use super::change::{Change, Deed};

/// What goes wrong in one traced call of the program. Calls are counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing: for counting.
    Nothing,
    /// At the call with this number, SIGKILL.
    Kill { at: usize, when: Moment, whom: Victim },
    /// From the call of these deeds with this number on, the system says no.
    Fail { deeds: &'static [Deed], from: usize, lasts: Lasts, errno: Errno },
    /// Every call that a signal may interrupt is interrupted, and goes through when it is tried again.
    Interrupt,
    /// No write takes all it is given.
    Short(Short),
}

/// When a process dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// Before the call does anything.
    Before,
    /// When half of what it writes is written. A call that writes nothing has no middle: then as before.
    Middle,
    /// When it has done all, and before anybody hears of it.
    After,
}

/// Who dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Victim {
    /// The process alone, as of `kill -9`.
    Process,
    /// All that it ever started with it, as when a container is ended.
    Tree,
}

/// For how long the system says no.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lasts {
    Once,
    ForGood,
}

/// How much of a write is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Short {
    Byte,
    Half,
}

/// What is done to the call at hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Blow {
    /// Nothing.
    None,
    /// It does not happen, for all are dead.
    KillNow(Victim),
    /// All die when it is over.
    KillAfter(Victim),
    /// It writes half, and all die when it is over.
    KillHalfway(Victim),
    /// It does not happen, and says this.
    Refuse(Errno),
    /// It writes less.
    Shorten(Short),
}

/// A fault, and how far it has come.
pub(super) struct Aim {
    fault: Fault,
    counted: usize,
}

impl Aim {
    pub(super) fn at(fault: Fault) -> Self {
        Self { fault, counted: 0 }
    }

    /// What is done to this call. `again`: the same thread's last call was interrupted, and this is the second try.
    pub(super) fn blow(&mut self, change: &Change, again: bool) -> Blow {
        match self.fault {
            Fault::Kill { at, when, whom } => match (self.count() == at, when) {
                (false, _) => Blow::None,
                (true, Moment::Before) => Blow::KillNow(whom),
                (true, Moment::Middle) => Blow::KillHalfway(whom),
                (true, Moment::After) => Blow::KillAfter(whom),
            },
            Fault::Fail { deeds, from, lasts, errno } if deeds.contains(&change.deed) => {
                let number = self.count();
                if number == from || (number > from && lasts == Lasts::ForGood) {
                    Blow::Refuse(errno)
                } else {
                    Blow::None
                }
            }
            Fault::Nothing | Fault::Fail { .. } => Blow::None,
            Fault::Interrupt => match change.deed {
                Deed::Create | Deed::Write | Deed::Resize | Deed::Sync if !again => Blow::Refuse(Errno::EINTR),
                Deed::Create
                | Deed::Write
                | Deed::Resize
                | Deed::Sync
                | Deed::Folder
                | Deed::Link
                | Deed::Rename
                | Deed::Remove => Blow::None,
            },
            Fault::Short(short) => Blow::Shorten(short),
        }
    }

    fn count(&mut self) -> usize {
        self.counted += 1;
        self.counted - 1
    }
}
