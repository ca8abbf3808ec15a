//! The thread that syncs the journal. What is asked of it while it waits for the disk is done with the next sync.

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};

use tokio::sync::watch;

use super::StoreError;
use super::journal::Durable;

/// What is done once a sync is through.
type Then = Box<dyn FnOnce() + Send>;

/// The thread, as its journal sees it.
#[derive(Debug)]
pub(super) struct Committer {
    orders: mpsc::Sender<Order>,
    thread: JoinHandle<()>,
}

/// All up to this event is written, and must be made safe.
struct Order {
    seq: u64,
    then: Then,
}

impl Committer {
    /// Starts it. It says in `state` how far the file is safe; errors name it as `path`.
    pub(super) fn start(file: &File, path: &Path, state: &watch::Sender<Durable>) -> Result<Self, StoreError> {
        let failed = |error| StoreError::write("start the writer of", path, error);
        let file = file.try_clone().map_err(failed)?;
        let (orders, queue) = mpsc::channel();
        let (state, shown) = (state.clone(), path.to_path_buf());
        let thread = thread::Builder::new()
            .name("journal".to_owned())
            .spawn(move || guard(&state, &shown, || commit(&file, &shown, &queue, &state)))
            .map_err(failed)?;
        Ok(Self { orders, thread })
    }

    /// Syncs all up to `seq`, which is written, and does `then`.
    pub(super) fn sync(&self, seq: u64, then: Then) {
        // It ends early only after it has said why, and whoever waits is told that.
        drop(self.orders.send(Order { seq, then }));
    }

    /// Waits until all that was asked for is done.
    pub(super) fn finish(self) {
        drop(self.orders);
        // A panic in there was caught and told as a failure.
        drop(self.thread.join());
    }
}

/// Says how far the journal is safe. What has failed stays so.
pub(super) fn say(state: &watch::Sender<Durable>, seq: u64) {
    state.send_if_modified(|state| match state {
        Durable::Through(safe) => {
            *safe = seq;
            true
        }
        Durable::Failed(_) => false,
    });
}

/// Runs the committer, and tells how it failed, a panic included: whoever waits for durability must always wake.
pub(super) fn guard(state: &watch::Sender<Durable>, path: &Path, work: impl FnOnce() -> Result<(), StoreError>) {
    let outcome = catch_unwind(AssertUnwindSafe(work));
    if let Err(error) = outcome.unwrap_or_else(|_| Err(StoreError::Panicked { path: path.to_path_buf() })) {
        state.send_replace(Durable::Failed(Arc::new(error)));
    }
}

fn commit(
    file: &File,
    path: &Path,
    queue: &mpsc::Receiver<Order>,
    state: &watch::Sender<Durable>,
) -> Result<(), StoreError> {
    while let Ok(Order { mut seq, then }) = queue.recv() {
        let mut done = vec![then];
        while let Ok(next) = queue.try_recv() {
            seq = next.seq;
            done.push(next.then);
        }
        file.sync_data().map_err(|error| StoreError::write("sync", path, error))?;
        // Before anybody is woken to look: somebody waits for exactly this.
        for then in done {
            then();
        }
        say(state, seq);
    }
    Ok(())
}
