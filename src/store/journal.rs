//! Writing the journal: the caller hands over lines and goes on; a thread writes and syncs them in groups.
//!
//! Invariant: what [`Durable`] tells is on the disk (or, with [`SyncMode::Process`], with the kernel) in one piece and in
//! order. A write or a sync that failed is never tried again: the kernel may have dropped the pages and would report
//! success the second time.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use super::read::Reader;
use super::{StoreError, line};
use crate::event::Event;
use crate::sys::{clock, fs};

/// What an event must survive before its effect may happen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SyncMode {
    /// A power cut: written and synced.
    #[default]
    Power,
    /// The end of this process: written.
    Process,
}

/// How far the journal is safe.
#[derive(Debug, Clone)]
pub enum Durable {
    /// All events up to this number; 0 for none.
    Through(u64),
    /// It failed for good; what was safe before still is.
    Failed(Arc<StoreError>),
}

/// The one writer of a journal.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    next: u64,
    lines: Option<mpsc::Sender<Entry>>,
    committer: Option<JoinHandle<()>>,
    durable: watch::Receiver<Durable>,
    /// Bytes handed over since somebody last asked.
    written: u64,
}

/// A journal that goes on.
#[derive(Debug)]
pub struct Opened {
    /// Its writer.
    pub journal: Journal,
    /// What it holds; at least one event.
    pub events: Vec<Event>,
    /// Bytes of a torn last line that were cut off.
    pub healed_bytes: u64,
}

/// What the committer is handed.
#[derive(Debug, PartialEq, Eq)]
enum Entry {
    Line {
        seq: u64,
        bytes: Vec<u8>,
    },
    /// Somebody waits for all before it.
    Urge,
}

/// The longest that a line is written and not yet synced while nobody waits for it: the next one shares its sync.
const LINGER: Duration = Duration::from_millis(5);

/// Returns when event `seq` is safe, or with the reason why it never will be.
pub async fn wait_durable(durable: &mut watch::Receiver<Durable>, seq: u64) -> Result<(), Arc<StoreError>> {
    let reached = durable
        .wait_for(|state| match state {
            Durable::Through(safe) => *safe >= seq,
            Durable::Failed(_) => true,
        })
        .await;
    match reached.as_deref() {
        Ok(Durable::Through(_)) => Ok(()),
        Ok(Durable::Failed(error)) => Err(Arc::clone(error)),
        // The writer's end is only ever gone after close, which waits for all lines.
        Err(_) => Err(Arc::new(StoreError::Panicked { path: PathBuf::from("events.jsonl") })),
    }
}

impl Journal {
    /// A new journal at `path`, where nothing may be yet. Errors name it as `shown`: its place once the run is
    /// published.
    pub fn create(path: &Path, shown: &Path, sync: SyncMode) -> Result<Self, StoreError> {
        let file = fs::create_new(path).map_err(StoreError::Unwritable)?;
        start(file, shown, sync, 0)
    }

    /// Reads the journal at `path`, cuts off a torn last line, and goes on behind it. The caller holds the run's lock.
    pub fn open(path: &Path, sync: SyncMode) -> Result<Opened, StoreError> {
        let mut reader = Reader::open(path)?;
        let events = reader.rest()?;
        let Some(last) = events.last().map(|event| event.seq) else {
            return Err(StoreError::Empty { path: path.to_path_buf() });
        };
        let file = fs::append(path).map_err(StoreError::Unwritable)?;
        let healed_bytes = reader.torn_bytes();
        if healed_bytes > 0 {
            file.set_len(reader.sound_bytes()).map_err(|error| StoreError::write("shorten", path, error))?;
        }
        // Also without a torn line: the last process may have died between write and sync, and what was read here is
        // acted upon.
        make_safe(&file, sync).map_err(|error| StoreError::write("sync", path, error))?;
        Ok(Opened { journal: start(file, path, sync, last)?, events, healed_bytes })
    }

    /// The number the next event must have.
    pub fn next_seq(&self) -> u64 {
        self.next
    }

    /// Hands an event over; it is safe when [`Journal::durable`] says so, which is soon, or sooner if [urged](Self::urge).
    /// Never waits for the disk.
    pub fn append(&mut self, event: &Event) -> Result<(), StoreError> {
        if let Durable::Failed(error) = &*self.durable.borrow() {
            return Err(StoreError::Failed(Arc::clone(error)));
        }
        if event.seq != self.next {
            return Err(StoreError::OutOfOrder { path: self.path.clone(), found: event.seq, expected: self.next });
        }
        let bytes = line::encode(event).map_err(|why| StoreError::Encode { path: self.path.clone(), why })?;
        let length = bytes.len() as u64;
        match self.lines.as_ref().map(|lines| lines.send(Entry::Line { seq: event.seq, bytes })) {
            Some(Ok(())) => {
                self.next += 1;
                self.written += length;
                Ok(())
            }
            // The committer ends only after it has said why.
            Some(Err(_)) | None => Err(self.failure().unwrap_or(StoreError::Panicked { path: self.path.clone() })),
        }
    }

    /// Bytes handed over since this was last asked.
    pub fn take_written(&mut self) -> u64 {
        std::mem::take(&mut self.written)
    }

    /// An effect waits for what was handed over: it is synced at once.
    pub fn urge(&self) {
        // Without a committer there is a failure, and whoever waits is told of it.
        drop(self.lines.as_ref().map(|lines| lines.send(Entry::Urge)));
    }

    /// How far it is safe, and whether it failed. Changes wake whoever waits.
    pub fn durable(&self) -> watch::Receiver<Durable> {
        self.durable.clone()
    }

    /// Waits until every line handed over is safe, and ends the thread.
    pub fn close(mut self) -> Result<(), StoreError> {
        self.finish();
        self.failure().map_or(Ok(()), Err)
    }

    fn failure(&self) -> Option<StoreError> {
        match &*self.durable.borrow() {
            Durable::Through(_) => None,
            Durable::Failed(error) => Some(StoreError::Failed(Arc::clone(error))),
        }
    }

    fn finish(&mut self) {
        self.lines = None;
        if let Some(committer) = self.committer.take() {
            // A panic in there was caught and told as a failure.
            drop(committer.join());
        }
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        self.finish();
    }
}

/// A writer behind the `last` event in `file`; errors name it as `path`.
pub(super) fn start(file: File, path: &Path, sync: SyncMode, last: u64) -> Result<Journal, StoreError> {
    let (lines, queue) = mpsc::channel();
    let (state, durable) = watch::channel(Durable::Through(last));
    let shown = path.to_path_buf();
    let committer = thread::Builder::new()
        .name("journal".to_owned())
        .spawn(move || guard(&state, &shown, || commit(file, &shown, sync, &queue, &state)))
        .map_err(|error| StoreError::write("start the writer of", path, error))?;
    Ok(Journal {
        path: path.to_path_buf(),
        next: last + 1,
        lines: Some(lines),
        committer: Some(committer),
        durable,
        written: 0,
    })
}

/// Runs the committer, and tells how it failed, a panic included: whoever waits for durability must always wake.
pub(super) fn guard(state: &watch::Sender<Durable>, path: &Path, work: impl FnOnce() -> Result<(), StoreError>) {
    let outcome = catch_unwind(AssertUnwindSafe(work));
    if let Err(error) = outcome.unwrap_or_else(|_| Err(StoreError::Panicked { path: path.to_path_buf() })) {
        state.send_replace(Durable::Failed(Arc::new(error)));
    }
}

/// Writes what is queued as one group, makes it safe, says so; until the queue is closed and empty. A group that nobody
/// waits for is given a moment, so that the events at the end of one task and the start of the next share a sync.
fn commit(
    mut file: File,
    path: &Path,
    sync: SyncMode,
    queue: &mpsc::Receiver<Entry>,
    state: &watch::Sender<Durable>,
) -> Result<(), StoreError> {
    let start = file.metadata().map_err(|error| StoreError::read("look at", path, error))?;
    let mut length = start.len();
    // What is written and not synced, and when it must be.
    let mut unsafe_yet: Option<(u64, Instant)> = None;
    loop {
        let first = match unsafe_yet {
            None => queue.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some((_, due)) => queue.recv_timeout(due.saturating_duration_since(clock::monotonic())),
        };
        let closed = first == Err(RecvTimeoutError::Disconnected);
        let mut urgent = first.is_err() || sync == SyncMode::Process;
        if let Ok(first) = first {
            let group = Group::of(first, queue);
            urgent |= group.urgent;
            if let Some(seq) = group.last {
                let found = file.metadata().map_err(|error| StoreError::read("look at", path, error))?;
                // What tasks could reach, a task may have changed: what comes after would be a record of nothing.
                if found.is_file() && (found.len() != length || found.nlink() == 0) {
                    return Err(StoreError::Meddled { path: path.to_path_buf() });
                }
                length += group.bytes.len() as u64;
                // `write_all` goes on after short and interrupted writes.
                file.write_all(&group.bytes).map_err(|error| StoreError::write("write", path, error))?;
                let due = unsafe_yet.map_or_else(|| clock::monotonic() + LINGER, |(_, due)| due);
                unsafe_yet = Some((seq, due));
            }
        }
        if urgent && let Some((seq, _)) = unsafe_yet.take() {
            make_safe(&file, sync).map_err(|error| StoreError::write("sync", path, error))?;
            state.send_replace(Durable::Through(seq));
        }
        if closed {
            return Ok(());
        }
    }
}

/// Lines that are written together.
#[derive(Default)]
struct Group {
    bytes: Vec<u8>,
    last: Option<u64>,
    urgent: bool,
}

impl Group {
    /// It ends here at the latest, so that the first of many waiting lines is not kept back by the last.
    const FULL: usize = 1024 * 1024;

    fn of(first: Entry, queue: &mpsc::Receiver<Entry>) -> Self {
        let mut group = Self::default();
        let mut next = Some(first);
        while let Some(entry) = next {
            match entry {
                Entry::Line { seq, bytes } => {
                    group.last = Some(seq);
                    group.bytes.extend_from_slice(&bytes);
                }
                Entry::Urge => group.urgent = true,
            }
            next = if group.bytes.len() < Self::FULL { queue.try_recv().ok() } else { None };
        }
        group
    }
}

fn make_safe(file: &File, sync: SyncMode) -> io::Result<()> {
    match sync {
        SyncMode::Power => file.sync_data(),
        SyncMode::Process => Ok(()),
    }
}
