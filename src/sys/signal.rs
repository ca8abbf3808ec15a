//! The signals that end a run, as a stream: the first asks for a graceful end, every further one for a quick end.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::signal::unix::{Signal as Source, SignalKind, signal};

/// A signal that ends a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    Hangup,
    Interrupt,
    Terminate,
}

impl Signal {
    /// The number, as `kill -l` counts: the exit code of a run it ended is 128 more.
    pub fn number(self) -> u8 {
        match self {
            Self::Hangup => 1,
            Self::Interrupt => 2,
            Self::Terminate => 15,
        }
    }

    /// The name, as people type it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hangup => "SIGHUP",
            Self::Interrupt => "SIGINT",
            Self::Terminate => "SIGTERM",
        }
    }
}

/// How urgent a signal is: by its place in the row, not by its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Urgency {
    Graceful,
    AtOnce,
}

/// Ctrl-Z, which must not stop us before the children are, and what takes it back.
#[derive(Debug)]
pub struct Suspensions {
    wishes: Source,
    goes_on: Source,
    /// Which of the two came last: streams of signals do not tell.
    last: Arc<AtomicUsize>,
}

impl Suspensions {
    const WISHED: usize = 1;
    const TAKEN_BACK: usize = 2;

    /// Needs a running tokio runtime.
    pub fn listen() -> io::Result<Self> {
        let (wish, goes_on) = (rustix::process::Signal::TSTP.as_raw(), rustix::process::Signal::CONT.as_raw());
        let last = Arc::new(AtomicUsize::new(0));
        signal_hook::flag::register_usize(wish, Arc::clone(&last), Self::WISHED)?;
        signal_hook::flag::register_usize(goes_on, Arc::clone(&last), Self::TAKEN_BACK)?;
        let listen = |number| signal(SignalKind::from_raw(number));
        Ok(Self { wishes: listen(wish)?, goes_on: listen(goes_on)?, last })
    }

    /// The next wish to be suspended. Never returns if none comes.
    pub async fn next(&mut self) {
        if self.wishes.recv().await.is_none() {
            std::future::pending::<()>().await;
        }
    }

    /// Stops this process until someone lets it go on (`fg`), and returns then: at once, where someone did since the wish,
    /// who would not do so again. Needs a running tokio runtime.
    pub async fn stop(&mut self) -> io::Result<()> {
        /// The first process of a container cannot be stopped, and is not told so.
        const STOPPED_BY_THEN: Duration = Duration::from_secs(1);
        let _ = self.goes_on.recv().now_or_never();
        if self.last.load(Ordering::SeqCst) == Self::TAKEN_BACK {
            return Ok(());
        }
        rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::STOP)?;
        // The thread that asks runs on for a moment; what it did then would be done before the stop, not after.
        drop(tokio::time::timeout(STOPPED_BY_THEN, self.goes_on.recv()).await);
        Ok(())
    }
}

/// Lets a write past the limit on file sizes fail, like one to a full disk, instead of ending this process. Children are
/// not affected. Needs a running tokio runtime.
pub fn survive_file_size_limit() -> io::Result<()> {
    signal(SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw())).map(drop)
}

/// From now on a signal that nobody listens for any more ends this process at once, as it ends any other program: once
/// listened to, it would be heard by nobody.
pub fn end_at_the_next() -> io::Result<()> {
    for signal in [Signal::Hangup, Signal::Interrupt, Signal::Terminate] {
        let number = i32::from(signal.number());
        signal_hook::flag::register_conditional_shutdown(number, 128 + number, Arc::new(AtomicBool::new(true)))?;
    }
    Ok(())
}

/// Listens from its creation on; dropping it does not bring the default dispositions back.
#[derive(Debug)]
pub struct Signals {
    hangup: Source,
    interrupt: Source,
    terminate: Source,
    next: Urgency,
}

impl Signals {
    /// Needs a running tokio runtime. Only the edge calls this; everyone else is handed a cancellation token.
    pub fn listen() -> io::Result<Self> {
        Ok(Self {
            hangup: signal(SignalKind::hangup())?,
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            next: Urgency::Graceful,
        })
    }

    /// The next signal. Never returns if none comes.
    pub async fn next(&mut self) -> (Signal, Urgency) {
        let signal = tokio::select! {
            Some(()) = self.hangup.recv() => Signal::Hangup,
            Some(()) = self.interrupt.recv() => Signal::Interrupt,
            Some(()) = self.terminate.recv() => Signal::Terminate,
            else => std::future::pending().await,
        };
        (signal, std::mem::replace(&mut self.next, Urgency::AtOnce))
    }
}

#[cfg(test)]
mod tests {
    use rustix::process::{Signal as Number, getpid, kill_process};

    use super::*;

    #[tokio::test]
    async fn a_wish_that_was_taken_back_stops_nobody() {
        let mut suspensions = Suspensions::listen().unwrap();
        kill_process(getpid(), Number::TSTP).unwrap();
        suspensions.next().await;
        kill_process(getpid(), Number::CONT).unwrap();
        while suspensions.last.load(Ordering::SeqCst) != Suspensions::TAKEN_BACK {
            tokio::task::yield_now().await;
        }
        // Without a look at what came last this process would now stand still.
        suspensions.stop().await.unwrap();
    }
}
