//! A supervisor as we see it: its process, and our end of the socket.
#![expect(clippy::disallowed_types, reason = "starts supervisors")]

use std::fs::File;
use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream as StdStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};
use tokio::io::AsyncReadExt;
use tokio::net::unix::pipe::{Receiver, Sender};
use tokio::runtime::Handle;

use super::command::Straggler;
use super::gate::{Gate, Passage};
use super::supervisor::MARKER;
use super::wire::{REPORT, Report, Request};

/// More bytes than any report has.
const MOST: usize = 64 << 10;

/// A supervisor that is waiting for a command.
pub(super) struct Slot {
    child: Child,
    socket: Arc<StdStream>,
    watch: Option<Watch>,
}

/// A supervisor that is running a command.
pub(super) struct Busy {
    child: Child,
    socket: Arc<StdStream>,
    watch: Watch,
    received: Vec<u8>,
    left: Vec<Straggler>,
}

/// What a supervisor says, in the hands of a runtime, which tells when there is something to read. It stays there from
/// command to command, as long as they belong to the same runtime. Whether the socket can be written to is asked only when
/// it cannot: otherwise we would be woken each time the supervisor has read something.
struct Watch {
    /// As good as a pipe: it is only read from.
    reports: Receiver,
    runtime: tokio::runtime::Id,
}

impl Slot {
    /// Starts a supervisor. It holds `guard` until it ends.
    pub(super) fn start(program: &Path, guard: Option<&OwnedFd>) -> io::Result<Self> {
        let (socket, theirs) = StdStream::pair()?;
        let mut command = Command::new(program);
        command.arg(MARKER).env_clear().current_dir("/");
        tell_coverage(&mut command);
        command.stdin(OwnedFd::from(theirs)).stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.spawn()?;
        if let Some(guard) = guard {
            // A few bytes into an empty socket: this cannot block.
            send(&socket, &Request::Hold.encode(), &[guard.as_fd()])?;
        }
        socket.set_nonblocking(true)?;
        Ok(Self { child, socket: Arc::new(socket), watch: None })
    }

    pub(super) fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Needs a running tokio runtime.
    pub(super) fn occupy(self) -> Result<Busy, (io::Error, Child)> {
        let Self { child, socket, watch } = self;
        match Watch::here(&socket, watch) {
            Ok(watch) => Ok(Busy { child, socket, watch, received: Vec::new(), left: Vec::new() }),
            Err(error) => Err((error, child)),
        }
    }

    /// Closes the socket, which ends the supervisor, and gives the process to wait for.
    pub(super) fn dismiss(self) -> Child {
        self.child
    }
}

impl Busy {
    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends a request and the descriptors it comes with. They travel with its first byte.
    pub(super) async fn send(&self, request: &Request, mut fds: &[BorrowedFd<'_>]) -> io::Result<()> {
        let frame = request.encode();
        let mut rest = &frame[..];
        loop {
            match send(&*self.socket, rest, fds) {
                Ok(sent) if sent == rest.len() => return Ok(()),
                Ok(sent) => (rest, fds) = (&rest[sent..], &[]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.has_room().await?,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Lets a command that was held back start when the gate opens.
    pub(super) async fn start_at(&self, gate: &Gate) -> io::Result<()> {
        match gate.admit(&self.socket) {
            Passage::WillBeTold => Ok(()),
            Passage::TellNow => self.send(&Request::Start, &[]).await,
        }
    }

    async fn has_room(&self) -> io::Result<()> {
        Sender::from_owned_fd_unchecked(self.socket.try_clone()?.into())?.writable().await
    }

    /// The next report. Nothing is lost when the future is dropped.
    pub(super) async fn report(&mut self) -> io::Result<Report> {
        loop {
            if let Some((frame, _)) = self.received.split_first_chunk::<REPORT>() {
                let report = Report::decode(*frame)?;
                let Report::Left { length } = report else {
                    self.received.drain(..REPORT);
                    return Ok(report);
                };
                let end = REPORT + usize::try_from(length).unwrap_or(usize::MAX).min(MOST);
                if let Some(body) = self.received.get(REPORT..end) {
                    self.left = Straggler::decode(body)?;
                    self.received.drain(..end);
                    continue;
                }
            }
            let mut bytes = [0; 8 * REPORT];
            match self.watch.reports.read(&mut bytes).await? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                count => self.received.extend_from_slice(&bytes[..count]),
            }
        }
    }

    /// Those that the command has left behind, as far as they were named.
    pub(super) fn left(&mut self) -> Vec<Straggler> {
        std::mem::take(&mut self.left)
    }

    /// Back to waiting, after the last report of a command.
    pub(super) fn release(self) -> Slot {
        Slot { child: self.child, socket: self.socket, watch: Some(self.watch) }
    }

    /// Closes the socket: the supervisor ends its tree, and then itself. Gives the process to wait for.
    pub(super) fn dismiss(self) -> Child {
        self.child
    }
}

impl Watch {
    /// `before`, if it is in the hands of this runtime.
    fn here(socket: &Arc<StdStream>, before: Option<Self>) -> io::Result<Self> {
        let runtime = Handle::current().id();
        if let Some(watch) = before.filter(|watch| watch.runtime == runtime) {
            return Ok(watch);
        }
        Ok(Self { reports: Receiver::from_owned_fd_unchecked(socket.try_clone()?.into())?, runtime })
    }
}

/// A build that measures coverage writes what ran to a file that a variable names, and to where it stands without one.
#[cfg(coverage)]
#[expect(clippy::disallowed_methods, reason = "in a build for `just coverage` alone")]
fn tell_coverage(command: &mut Command) {
    const FILE: &str = "LLVM_PROFILE_FILE";
    command.envs(std::env::var_os(FILE).map(|file| (FILE, file)));
}

#[cfg(not(coverage))]
fn tell_coverage(_: &mut Command) {}

fn send(socket: impl AsFd, bytes: &[u8], fds: &[BorrowedFd<'_>]) -> io::Result<usize> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(3))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !fds.is_empty() && !control.push(SendAncillaryMessage::ScmRights(fds)) {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    Ok(sendmsg(socket, &[IoSlice::new(bytes)], &mut control, SendFlags::NOSIGNAL)?)
}

/// A pipe whose reading end is for us and whose writing end goes to the child.
pub(super) fn pipe() -> io::Result<(Receiver, OwnedFd)> {
    let (reader, writer) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC)?;
    rustix::io::ioctl_fionbio(&reader, true)?;
    Ok((Receiver::from_owned_fd_unchecked(reader)?, writer))
}

/// What an absent stdin reads from: the end of a file, at once.
pub(super) fn null() -> Result<File, crate::sys::fs::FileError> {
    crate::sys::fs::open(Path::new("/dev/null"))
}
