//! Reading a journal: every line is vouched for, or the reading ends with the line's number.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use super::StoreError;
use super::error::Damage;
use super::line::{self, Fault};
use crate::event::{Event, FORMAT};
use crate::ids::RunId;
use crate::sys::fs;

/// The longest line that is read: far above the largest plan and the longest proposal.
const MAX_LINE: u64 = 256 * 1024 * 1024;

/// The events of a journal in their order. After an error it gives nothing more.
///
/// A last line that was cut short is left out: it was never synced, so nothing that anyone saw depended on it.
#[derive(Debug)]
pub struct Reader {
    path: PathBuf,
    input: BufReader<File>,
    buffer: Vec<u8>,
    line: u64,
    run: Option<RunId>,
    sound: u64,
    torn: u64,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Reading,
    Ended,
}

/// All events of the journal at `path`; at least one.
pub fn read(path: &Path) -> Result<Vec<Event>, StoreError> {
    let events = Reader::open(path)?.collect::<Result<Vec<_>, _>>()?;
    if events.is_empty() {
        return Err(StoreError::Empty { path: path.to_path_buf() });
    }
    Ok(events)
}

impl Reader {
    /// Opens the journal at `path`. It may be growing.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Ok(Self::new(path, fs::open(path).map_err(|error| StoreError::opened(path.parent(), error))?))
    }

    pub(super) fn new(path: &Path, file: File) -> Self {
        Self {
            path: path.to_path_buf(),
            input: BufReader::with_capacity(256 * 1024, file),
            buffer: Vec::new(),
            line: 0,
            run: None,
            sound: 0,
            torn: 0,
            state: State::Reading,
        }
    }

    /// Bytes of whole records read so far.
    pub fn sound_bytes(&self) -> u64 {
        self.sound
    }

    /// Bytes after the last whole record, once all events were read: a line that was cut short.
    pub fn torn_bytes(&self) -> u64 {
        self.torn
    }

    fn step(&mut self) -> Result<Option<Event>, StoreError> {
        self.buffer.clear();
        let length = (&mut self.input)
            .take(MAX_LINE)
            .read_until(b'\n', &mut self.buffer)
            .map_err(|error| self.unreadable(error))? as u64;
        if length == 0 {
            return Ok(None);
        }
        self.line += 1;
        let Some(record) = self.buffer.strip_suffix(b"\n") else {
            if length == MAX_LINE {
                return Err(self.damaged(Damage::TooLong { cap: MAX_LINE }));
            }
            return self.cut_short(length, Damage::Trailing);
        };
        match line::decode(record) {
            Ok(event) => {
                self.check_place(&event)?;
                self.sound += length;
                Ok(Some(event))
            }
            Err(Fault::Newer(found)) => Err(StoreError::Newer { path: self.path.clone(), found, supported: FORMAT }),
            Err(Fault::Damage(why @ Damage::Checksum)) if self.nothing_follows()? => self.cut_short(length, why),
            Err(Fault::Damage(why)) => Err(self.damaged(why)),
        }
    }

    /// The last line is no whole record: either it was cut short, or a damaged line break hides whole ones in it.
    fn cut_short(&mut self, length: u64, why: Damage) -> Result<Option<Event>, StoreError> {
        if line::has_trailing_bytes(self.buffer.strip_suffix(b"\n").unwrap_or(&self.buffer)) {
            return Err(self.damaged(why));
        }
        self.torn = length;
        Ok(None)
    }

    fn check_place(&mut self, event: &Event) -> Result<(), StoreError> {
        if event.seq != self.line {
            return Err(self.damaged(Damage::Sequence { found: event.seq, expected: self.line }));
        }
        match &self.run {
            Some(run) if *run != event.run => {
                Err(self.damaged(Damage::Run { found: event.run.clone(), expected: run.clone() }))
            }
            Some(_) => Ok(()),
            None => {
                self.run = Some(event.run.clone());
                Ok(())
            }
        }
    }

    fn nothing_follows(&mut self) -> Result<bool, StoreError> {
        match self.input.fill_buf() {
            Ok(rest) => Ok(rest.is_empty()),
            Err(error) => Err(StoreError::read("read", &self.path, error)),
        }
    }

    fn unreadable(&self, error: io::Error) -> StoreError {
        StoreError::read("read", &self.path, error)
    }

    fn damaged(&self, why: Damage) -> StoreError {
        StoreError::Damaged { path: self.path.clone(), line: self.line, why }
    }
}

impl Iterator for Reader {
    type Item = Result<Event, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.state == State::Ended {
            return None;
        }
        match self.step() {
            Ok(Some(event)) => Some(Ok(event)),
            Ok(None) => {
                self.state = State::Ended;
                None
            }
            Err(error) => {
                self.state = State::Ended;
                Some(Err(error))
            }
        }
    }
}
