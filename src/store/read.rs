//! Reading a journal: every line is vouched for, or the reading ends with the line's number.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::thread;

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

/// What a line holds.
enum Record {
    Event(Event),
    /// The number of a sound line, and the line, still to be taken apart.
    Long(u64, Vec<u8>),
}

/// When lines that take long are taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LongLines {
    AtOnce,
    Later,
}

/// Longer than this are plans alone, and what planners propose.
const LONG: usize = 64 * 1024;

/// All events of the journal at `path`; at least one.
pub fn read(path: &Path) -> Result<Vec<Event>, StoreError> {
    let events = Reader::open(path)?.rest()?;
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

    /// All events that are left. A line as long as a plan's is taken apart in a thread of its own, while those behind it
    /// are read; errors come as if they had been read one after the other.
    pub(super) fn rest(&mut self) -> Result<Vec<Event>, StoreError> {
        thread::scope(|scope| {
            let (mut before, mut events) = (Vec::new(), Vec::new());
            let outcome = loop {
                match self.next_record(LongLines::Later) {
                    Ok(Some(Record::Event(event))) => events.push(event),
                    Ok(Some(Record::Long(number, line))) => {
                        let parsed = scope.spawn(move || line::content(&line));
                        before.push((std::mem::take(&mut events), number, parsed));
                    }
                    Ok(None) => break Ok(()),
                    Err(error) => break Err(error),
                }
            };
            let mut all = Vec::new();
            for (mut earlier, number, parsed) in before {
                all.append(&mut earlier);
                let parsed = parsed.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
                let event = parsed.map_err(|fault| self.faulty(fault, number))?;
                self.check_place(&event, number)?;
                all.push(event);
            }
            all.append(&mut events);
            outcome.map(|()| all)
        })
    }

    fn step(&mut self) -> Result<Option<Event>, StoreError> {
        match self.next_record(LongLines::AtOnce)? {
            Some(Record::Event(event)) => Ok(Some(event)),
            Some(Record::Long(number, line)) => {
                let event = line::content(&line).map_err(|fault| self.faulty(fault, number))?;
                self.check_place(&event, number)?;
                Ok(Some(event))
            }
            None => Ok(None),
        }
    }

    fn next_record(&mut self, long: LongLines) -> Result<Option<Record>, StoreError> {
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
        // The first line says which run all others belong to.
        if long == LongLines::Later && record.len() > LONG && self.run.is_some() && line::is_sound(record) {
            self.sound += length;
            let mut line = std::mem::take(&mut self.buffer);
            line.pop();
            return Ok(Some(Record::Long(self.line, line)));
        }
        match line::decode(record) {
            Ok(event) => {
                self.check_place(&event, self.line)?;
                self.sound += length;
                Ok(Some(Record::Event(event)))
            }
            Err(Fault::Damage(why @ Damage::Checksum)) if self.nothing_follows()? => self.cut_short(length, why),
            Err(fault) => Err(self.faulty(fault, self.line)),
        }
    }

    fn faulty(&self, fault: Fault, line: u64) -> StoreError {
        match fault {
            Fault::Newer(found) => StoreError::Newer { path: self.path.clone(), found, supported: FORMAT },
            Fault::Damage(why) => StoreError::Damaged { path: self.path.clone(), line, why },
        }
    }

    /// The last line is no whole record: either it was cut short, or a damaged line break hides whole ones in it.
    fn cut_short(&mut self, length: u64, why: Damage) -> Result<Option<Record>, StoreError> {
        if line::has_trailing_bytes(self.buffer.strip_suffix(b"\n").unwrap_or(&self.buffer)) {
            return Err(self.damaged(why));
        }
        self.torn = length;
        Ok(None)
    }

    fn check_place(&mut self, event: &Event, line: u64) -> Result<(), StoreError> {
        let damaged = |why| Err(StoreError::Damaged { path: self.path.clone(), line, why });
        if event.seq != line {
            return damaged(Damage::Sequence { found: event.seq, expected: line });
        }
        match &self.run {
            Some(run) if *run != event.run => damaged(Damage::Run { found: event.run.clone(), expected: run.clone() }),
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
