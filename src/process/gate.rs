//! What holds a command back: it is handed to its supervisor at once, and started only when the gate opens. So all that
//! is no effect is done while the intent is still on its way to the disk, and whoever learns that it has arrived there
//! tells the supervisor itself.

use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::net::{SendFlags, send};
use tokio::sync::SetOnce;

use super::wire::Request;

/// Shut until it is opened, once, from whatever thread. Clones are the same gate.
#[derive(Debug, Clone, Default)]
pub struct Gate(Option<Arc<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    opened: SetOnce<()>,
    /// The supervisor with the command that waits. Weak: its socket must close when nobody else holds it.
    waiting: Mutex<Option<Weak<UnixStream>>>,
}

/// Whether a command that was handed over will be told to start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Passage {
    /// When the gate opens.
    WillBeTold,
    /// The gate is open: nobody else will.
    TellNow,
}

impl Gate {
    /// One that is shut. [`Gate::default`] is open.
    pub fn shut() -> Self {
        Self(Some(Arc::default()))
    }

    /// Lets through who waits, and who comes later.
    pub fn open(&self) {
        let Some(inner) = &self.0 else { return };
        let mut waiting = inner.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        // Opened twice is open.
        drop(inner.opened.set(()));
        if let Some(socket) = waiting.take().as_ref().and_then(Weak::upgrade) {
            tell(&socket);
        }
    }

    /// Returns once it is open.
    pub async fn opened(&self) {
        if let Some(inner) = &self.0 {
            inner.opened.wait().await;
        }
    }

    pub(super) fn is_open(&self) -> bool {
        self.0.as_ref().is_none_or(|inner| inner.opened.initialized())
    }

    /// Has the supervisor behind `socket`, which holds a command back, told when this opens.
    pub(super) fn admit(&self, socket: &Arc<UnixStream>) -> Passage {
        let Some(inner) = &self.0 else { return Passage::TellNow };
        let mut waiting = inner.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if inner.opened.initialized() {
            return Passage::TellNow;
        }
        *waiting = Some(Arc::downgrade(socket));
        Passage::WillBeTold
    }

    /// From now on nobody is told: the command that waited is over, and its supervisor may hold back another one, which
    /// waits for a gate of its own.
    pub(super) fn forget(&self) {
        if let Some(inner) = &self.0 {
            inner.waiting.lock().unwrap_or_else(PoisonError::into_inner).take();
        }
    }
}

/// A few bytes in one piece, behind what was sent before: they never get between the bytes of another request.
fn tell(socket: &UnixStream) {
    let word = Request::Start.encode();
    loop {
        match send(socket, &word, SendFlags::NOSIGNAL) {
            // The supervisor has read all but these.
            Err(Errno::AGAIN) => drop(poll(&mut [PollFd::new(&socket.as_fd(), PollFlags::OUT)], None)),
            Err(Errno::INTR) => {}
            // One that is gone is noticed by whoever runs the command.
            Ok(_) | Err(_) => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn who_waits_is_told_once_and_who_comes_later_tells_itself() {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        let (ours, gate) = (Arc::new(ours), Gate::shut());
        assert!(!gate.is_open() && Gate::default().is_open());
        assert_eq!(gate.admit(&ours), Passage::WillBeTold);
        gate.open();
        gate.open();
        assert!(gate.is_open());
        assert_eq!(gate.admit(&ours), Passage::TellNow);
        drop(ours);
        let mut told = Vec::new();
        theirs.read_to_end(&mut told).unwrap();
        assert_eq!(told, Request::Start.encode());
    }

    #[test]
    fn who_waits_no_more_is_not_told() {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        let (ours, gate) = (Arc::new(ours), Gate::shut());
        assert_eq!(gate.admit(&ours), Passage::WillBeTold);
        gate.forget();
        gate.open();
        drop(ours);
        assert_eq!(theirs.read(&mut [0; 9]).unwrap(), 0);
    }

    #[test]
    fn a_gate_holds_no_socket_open() {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        let (ours, gate) = (Arc::new(ours), Gate::shut());
        assert_eq!(gate.admit(&ours), Passage::WillBeTold);
        drop(ours);
        assert_eq!(theirs.read(&mut [0; 9]).unwrap(), 0);
        gate.open();
    }
}
