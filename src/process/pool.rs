//! The pool of supervisors: it grows as commands run side by side and shrinks only at the end.

use std::io;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::process::Child;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

use super::command::{Command, Exit};
use super::error::ProcessError;
use super::gate::Gate;
use super::pace::{Pace, Paces};
use super::slot::{Busy, Slot};
use super::{guard, live, orphans};
use crate::sys::clock;
use crate::text::Redactor;

/// The longest that a supervisor is waited for at the end: more than the grace it gives a tree nobody waits for.
const GIVE_UP: Duration = Duration::from_secs(10);
const LOOK_AGAIN: Duration = Duration::from_millis(1);

/// What supervisors are started from and hold.
#[derive(Debug)]
pub struct Options {
    /// Our own program.
    pub program: PathBuf,
    /// An open guard file: locked shared from now until we and every supervisor are gone. Not the run's own lock file, which
    /// must be free as soon as we are.
    pub guard: Option<OwnedFd>,
}

/// Runs commands, one supervisor each at a time. Clones share the pool.
#[derive(Clone)]
pub struct Supervisors {
    pool: Arc<Pool>,
    redactor: Option<Redactor>,
}

struct Pool {
    options: Options,
    state: Mutex<State>,
    /// Cancelled when no tree gets any more grace.
    hurry: CancellationToken,
    paces: Paces,
}

/// Measures how long something takes, without the time in which everything stood still.
pub struct Stopwatch {
    started: Instant,
    stood: Duration,
    pool: Arc<Pool>,
}

impl Stopwatch {
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed().saturating_sub(self.pool.paces.stood_still().saturating_sub(self.stood))
    }
}

#[derive(Default)]
struct State {
    idle: Vec<Slot>,
    /// Told to end, still to be waited for.
    dismissed: Vec<Child>,
    shut_down: bool,
}

impl Supervisors {
    /// Makes us a subreaper and starts the first supervisor: best done while we are still small. Needs no runtime.
    pub fn start(options: Options) -> Result<Self, ProcessError> {
        orphans::adopt().map_err(ProcessError::system("become a subreaper"))?;
        if let Some(file) = &options.guard {
            guard::hold(file)?;
        }
        let pool = Pool { options, state: Mutex::default(), hurry: CancellationToken::new(), paces: Paces::new() };
        let first = pool.start_slot()?;
        pool.lock().idle.push(first);
        Ok(Self { pool: Arc::new(pool), redactor: None })
    }

    /// From now on this handle and its clones let none of these secrets through to a file, a tail or a watcher.
    #[must_use]
    pub fn redacting(self, redactor: Redactor) -> Self {
        Self { redactor: Some(redactor), ..self }
    }

    /// Runs a command to its end. After `cancel`, and after a limit, this returns within `limits.grace` and a moment, with the
    /// whole tree gone. Dropping the future ends the tree too, without waiting for it.
    pub async fn run(&self, command: Command, cancel: &CancellationToken) -> Result<Exit, ProcessError> {
        self.run_behind(&Gate::default(), command, cancel).await
    }

    /// The same with a command that starts only when the gate opens; all else is done before.
    pub async fn run_behind(
        &self,
        gate: &Gate,
        command: Command,
        cancel: &CancellationToken,
    ) -> Result<Exit, ProcessError> {
        live::run(self, gate, command, cancel).await
    }

    /// From now on every tree that is told to end is killed at once: for the second Ctrl-C.
    pub fn hurry(&self) {
        self.pool.hurry.cancel();
    }

    /// Stops every tree where it is, for Ctrl-Z, and starts no other. Time spent paused counts towards no limit.
    pub async fn pause(&self) {
        self.pool.paces.pause().await;
    }

    /// Lets every paused tree go on.
    pub async fn resume(&self) {
        self.pool.paces.resume().await;
    }

    /// Begins to measure.
    pub fn stopwatch(&self) -> Stopwatch {
        let stood = self.pool.paces.stood_still();
        Stopwatch { started: clock::monotonic(), stood, pool: Arc::clone(&self.pool) }
    }

    /// Ends all supervisors and waits for them, those of dropped runs included. Runs still going on are not waited for.
    pub async fn shutdown(self) {
        let children = {
            let mut state = self.pool.lock();
            state.shut_down = true;
            let idle: Vec<Child> = state.idle.drain(..).map(Slot::dismiss).collect();
            state.dismissed.drain(..).chain(idle).collect::<Vec<_>>()
        };
        let asked = clock::monotonic();
        for mut child in children {
            // An error means that it is collected already. One that hangs goes on without us.
            while matches!(child.try_wait(), Ok(None)) && asked.elapsed() < GIVE_UP {
                tokio::time::sleep(LOOK_AGAIN).await;
            }
        }
        // Should one of them have been killed while it was ending a tree, its orphans are ours.
        drop(tokio::task::spawn_blocking(orphans::kill).await);
    }

    /// What takes the secrets out that this handle lets none of through; nothing where it knows of none.
    pub fn redactor(&self) -> Option<Redactor> {
        self.redactor.clone()
    }

    /// What a command that is about to begin is told of pauses; while everything stands still, it waits here.
    pub(super) async fn join(&self) -> broadcast::Receiver<Pace> {
        self.pool.paces.join().await
    }

    pub(super) fn hurried(&self) -> &CancellationToken {
        &self.pool.hurry
    }

    /// A supervisor for one command: an idle one, or a new one.
    pub(super) fn lease(&self) -> Result<Lease, ProcessError> {
        let idle = {
            let mut state = self.pool.lock();
            if state.shut_down {
                return Err(ProcessError::ShutDown);
            }
            state.dismissed.retain_mut(|child| matches!(child.try_wait(), Ok(None)));
            std::iter::from_fn(|| state.idle.pop()).find_map(|mut slot| slot.is_alive().then_some(slot))
        };
        let slot = match idle {
            Some(slot) => slot,
            None => self.pool.start_slot()?,
        };
        match slot.occupy() {
            Ok(busy) => Ok(Lease { busy: Some(busy), pool: Arc::clone(&self.pool) }),
            Err((source, child)) => {
                self.pool.lock().dismissed.push(child);
                Err(ProcessError::System { action: "talk to a supervisor", source })
            }
        }
    }
}

impl Pool {
    fn start_slot(&self) -> Result<Slot, ProcessError> {
        let Options { program, guard } = &self.options;
        Slot::start(program, guard.as_ref())
            .map_err(|source| ProcessError::NoSupervisor { program: program.clone(), source })
    }

    /// A panic elsewhere cannot leave the lists half-changed.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A supervisor for the length of one command. Dropped before its tree is gone, its socket closes, which ends the tree.
pub(super) struct Lease {
    busy: Option<Busy>,
    pool: Arc<Pool>,
}

impl Lease {
    pub(super) fn busy(&mut self) -> io::Result<&mut Busy> {
        self.busy.as_mut().ok_or_else(|| io::ErrorKind::NotConnected.into())
    }

    /// Gives the supervisor back for the next command.
    pub(super) fn give_back(mut self) {
        let Some(busy) = self.busy.take() else { return };
        let slot = busy.release();
        let mut state = self.pool.lock();
        if state.shut_down {
            state.dismissed.push(slot.dismiss());
        } else {
            state.idle.push(slot);
        }
    }

    /// Kills a supervisor that died or stopped answering, and what it left.
    pub(super) async fn lost(mut self) {
        let Some(busy) = self.busy.take() else { return };
        let mut child = busy.dismiss();
        // Both fail only when there is nothing left to kill or to collect.
        let killed = tokio::task::spawn_blocking(move || {
            drop(child.kill());
            drop(child.wait());
            drop(orphans::kill());
        });
        drop(killed.await);
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(busy) = self.busy.take() {
            self.pool.lock().dismissed.push(busy.dismiss());
        }
    }
}
