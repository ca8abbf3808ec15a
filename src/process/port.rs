//! A supervisor's end of the socket, and its one place to wait: for a request, for a child, or for a moment to pass.

use std::io::{self, IoSliceMut, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};
use signal_hook::consts::SIGCHLD;

use super::command::Straggler;
use super::wire::{HEADER, Report, Request};

pub(super) struct Port {
    socket: UnixStream,
    /// A byte arrives here with every SIGCHLD.
    children: UnixStream,
    /// A closed socket is always readable: it is not waited for again.
    closed: bool,
}

/// Why a wait was over.
pub(super) enum Wake {
    Request(Request, Vec<OwnedFd>),
    /// Children changed state, or the time was over: look again.
    Look,
    /// Whoever told us what to do is gone.
    Closed,
}

impl Port {
    /// The socket is our stdin.
    pub(super) fn open() -> io::Result<Self> {
        let socket = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
        let (children, bell) = UnixStream::pair()?;
        children.set_nonblocking(true)?;
        signal_hook::low_level::pipe::register(SIGCHLD, bell)?;
        Ok(Self { socket, children, closed: false })
    }

    /// Waits for whatever comes first; without a timeout, for ever.
    pub(super) fn wait(&mut self, timeout: Option<Duration>) -> io::Result<Wake> {
        let mut fds = [PollFd::new(&self.children, PollFlags::IN), PollFd::new(&self.socket, PollFlags::IN)];
        let watched = if self.closed { 1 } else { 2 };
        let timeout = timeout.and_then(|timeout| Timespec::try_from(timeout).ok());
        match poll(&mut fds[..watched], timeout.as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let (child, request) = (!fds[0].revents().is_empty(), !fds[1].revents().is_empty());
        if child {
            let mut bytes = [0; 64];
            while matches!(self.children.read(&mut bytes), Ok(1..)) {}
        }
        if !request {
            return Ok(Wake::Look);
        }
        let wake = self.request()?;
        self.closed = matches!(wake, Wake::Closed);
        Ok(wake)
    }

    /// Says something. Nobody listening is no error: the next wait finds the socket closed.
    pub(super) fn say(&mut self, reports: &[Report]) -> io::Result<()> {
        let bytes: Vec<u8> = reports.iter().flat_map(|report| report.encode()).collect();
        self.write(&bytes)
    }

    /// Names those that were left behind, if there are any.
    pub(super) fn name(&mut self, left: &[Straggler]) -> io::Result<()> {
        if left.is_empty() { Ok(()) } else { self.write(&Straggler::encode(left)) }
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self.socket.write_all(bytes) {
            Err(error) if matches!(error.kind(), io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset) => Ok(()),
            other => other,
        }
    }

    fn request(&mut self) -> io::Result<Wake> {
        let mut fds = Vec::new();
        let mut header = [0; HEADER];
        if !self.fill(&mut header, &mut fds)? {
            return Ok(Wake::Closed);
        }
        let (length, tag) = Request::header(header)?;
        let mut body = vec![0; length];
        if !self.fill(&mut body, &mut fds)? {
            return Ok(Wake::Closed);
        }
        Ok(Wake::Request(Request::decode(tag, &body)?, fds))
    }

    /// Fills `buffer` and collects descriptors that come along. False at the end of the stream.
    fn fill(&self, buffer: &mut [u8], fds: &mut Vec<OwnedFd>) -> io::Result<bool> {
        let mut filled = 0;
        while filled < buffer.len() {
            let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(3))];
            let mut control = RecvAncillaryBuffer::new(&mut space);
            let received = match recvmsg(
                &self.socket,
                &mut [IoSliceMut::new(&mut buffer[filled..])],
                &mut control,
                RecvFlags::CMSG_CLOEXEC,
            ) {
                Ok(message) => message.bytes,
                Err(rustix::io::Errno::INTR) => continue,
                Err(rustix::io::Errno::CONNRESET) => return Ok(false),
                Err(error) => return Err(error.into()),
            };
            for message in control.drain() {
                if let RecvAncillaryMessage::ScmRights(rights) = message {
                    fds.extend(rights);
                }
            }
            if received == 0 {
                return Ok(false);
            }
            filled += received;
        }
        Ok(true)
    }
}
