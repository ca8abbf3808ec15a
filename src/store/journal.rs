//! The journal: events as they happen, one line each, safe before what follows from them.
//!
//! A line is written by whoever appends it, which takes no longer than a copy into memory, and synced by a thread of its
//! own: whoever appends never waits for the disk, and all that is waiting is synced at once.
//!
//! Invariant: what [`Durable`] tells is on the disk (or, with [`SyncMode::Process`], with the kernel) in one piece and in
//! order. A write or a sync that failed is never tried again: the kernel may have dropped the pages and would report
//! success the second time.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use super::committer::{self, Committer};
use super::read::Reader;
use super::{StoreError, line};
use crate::event::Event;
use crate::sys::fs;

/// Room for the lines of a turn.
const USUAL: usize = 64 << 10;

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
    file: File,
    /// Bytes that were written to the file.
    length: u64,
    next: u64,
    /// Lines that are not written yet.
    lines: Vec<u8>,
    /// The last event that somebody waits for.
    urged: u64,
    /// Where nothing survives a power cut there is none.
    committer: Option<Committer>,
    state: watch::Sender<Durable>,
    durable: watch::Receiver<Durable>,
    /// Bytes taken since somebody last asked.
    taken: u64,
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
        let file = fs::append(path).map_err(StoreError::Unwritable)?;
        // The last process may have died between write and sync, and what is read here is acted upon.
        let (events, safe) = thread::scope(|scope| {
            let beside = thread::Builder::new().spawn_scoped(scope, || make_safe(&file, sync));
            let events = reader.rest();
            let safe = match beside {
                Ok(beside) => beside.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
                Err(_) => make_safe(&file, sync),
            };
            (events, safe)
        });
        let events = events?;
        let Some(last) = events.last().map(|event| event.seq) else {
            return Err(StoreError::Empty { path: path.to_path_buf() });
        };
        safe.map_err(|error| StoreError::write("sync", path, error))?;
        let healed_bytes = reader.torn_bytes();
        if healed_bytes > 0 {
            file.set_len(reader.sound_bytes()).map_err(|error| StoreError::write("shorten", path, error))?;
            make_safe(&file, sync).map_err(|error| StoreError::write("sync", path, error))?;
        }
        Ok(Opened { journal: start(file, path, sync, last)?, events, healed_bytes })
    }

    /// The number the next event must have.
    pub fn next_seq(&self) -> u64 {
        self.next
    }

    /// Takes an event. It is written with the next [`Journal::write`] or [`Journal::urge`].
    pub fn append(&mut self, event: &Event) -> Result<(), StoreError> {
        self.sound()?;
        if event.seq != self.next {
            return Err(StoreError::OutOfOrder { path: self.path.clone(), found: event.seq, expected: self.next });
        }
        let before = self.lines.len();
        line::add(event, &mut self.lines).map_err(|why| StoreError::Encode { path: self.path.clone(), why })?;
        self.next += 1;
        self.taken += (self.lines.len() - before) as u64;
        Ok(())
    }

    /// Bytes taken since this was last asked.
    pub fn take_written(&mut self) -> u64 {
        std::mem::take(&mut self.taken)
    }

    /// Writes what was taken, in one piece: from then on the end of this process loses nothing of it. It is synced when
    /// somebody urges, and never waited for here.
    pub fn write(&mut self) -> Result<(), StoreError> {
        self.sound()?;
        if self.lines.is_empty() {
            return Ok(());
        }
        if let Err(error) = self.write_lines() {
            let error = Arc::new(error);
            self.state.send_replace(Durable::Failed(Arc::clone(&error)));
            return Err(StoreError::Failed(error));
        }
        self.lines.clear();
        // A plan can be megabytes; nothing after it is.
        self.lines.shrink_to(USUAL);
        if self.committer.is_none() {
            committer::say(&self.state, self.next - 1);
        }
        Ok(())
    }

    /// An effect waits for what was taken: it is written, and synced at once.
    pub fn urge(&mut self) -> Result<(), StoreError> {
        self.urge_then(|| {})
    }

    /// The same. As soon as all of it is safe, `then` is done, on whatever thread knows first, and must not take long. If
    /// it cannot be made safe, never.
    pub fn urge_then(&mut self, then: impl FnOnce() + Send + 'static) -> Result<(), StoreError> {
        self.write()?;
        self.urged = self.next - 1;
        match &self.committer {
            Some(committer) => committer.sync(self.urged, Box::new(then)),
            None => then(),
        }
        Ok(())
    }

    /// Whether there are events of which nobody has urged that they be safe.
    pub fn is_behind(&self) -> bool {
        self.committer.is_some() && self.urged + 1 < self.next
    }

    fn write_lines(&mut self) -> Result<(), StoreError> {
        let Self { path, file, length, lines, .. } = self;
        let found = file.metadata().map_err(|error| StoreError::read("look at", path, error))?;
        // What tasks could reach, a task may have changed: what comes after would be a record of nothing.
        if found.is_file() && (found.len() != *length || found.nlink() == 0) {
            return Err(StoreError::Meddled { path: path.clone() });
        }
        // `write_all` goes on after short and interrupted writes.
        file.write_all(lines).map_err(|error| StoreError::write("write", path, error))?;
        *length += lines.len() as u64;
        Ok(())
    }

    fn sound(&self) -> Result<(), StoreError> {
        self.failure().map_or(Ok(()), Err)
    }

    /// How far it is safe, and whether it failed. Changes wake whoever waits.
    pub fn durable(&self) -> watch::Receiver<Durable> {
        self.durable.clone()
    }

    /// Waits until every event taken is safe.
    pub fn close(mut self) -> Result<(), StoreError> {
        self.finish();
        self.sound()
    }

    fn failure(&self) -> Option<StoreError> {
        match &*self.durable.borrow() {
            Durable::Through(_) => None,
            Durable::Failed(error) => Some(StoreError::Failed(Arc::clone(error))),
        }
    }

    fn finish(&mut self) {
        // Why it failed is kept, and told by whoever asks.
        drop(self.urge());
        if let Some(committer) = self.committer.take() {
            committer.finish();
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
    let length = file.metadata().map_err(|error| StoreError::read("look at", path, error))?.len();
    let (state, durable) = watch::channel(Durable::Through(last));
    let committer = match sync {
        SyncMode::Power => Some(Committer::start(&file, path, &state)?),
        SyncMode::Process => None,
    };
    Ok(Journal {
        path: path.to_path_buf(),
        file,
        length,
        next: last + 1,
        lines: Vec::new(),
        urged: last,
        committer,
        state,
        durable,
        taken: 0,
    })
}

fn make_safe(file: &File, sync: SyncMode) -> io::Result<()> {
    match sync {
        SyncMode::Power => file.sync_data(),
        SyncMode::Process => Ok(()),
    }
}
