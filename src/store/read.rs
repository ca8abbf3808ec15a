//! Reading a journal: every line is vouched for, or the reading ends with the line's number.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use super::StoreError;
use super::error::Damage;
use super::line::{self, Fault};
use super::pieces;
use crate::event::{Event, FORMAT};
use crate::ids::RunId;
use crate::sys::fs;

/// The longest line that is read: far above the largest plan and the longest proposal.
pub(super) const MAX_LINE: u64 = 256 * 1024 * 1024;

/// The events of a journal in their order. After an error it gives nothing more.
///
/// A last line that was cut short is left out: it was never synced, so nothing that anyone saw depended on it.
#[derive(Debug)]
pub struct Reader {
    origin: Origin,
    input: BufReader<File>,
    buffer: Vec<u8>,
    line: u64,
    sound: u64,
    torn: u64,
    state: State,
}

#[derive(Debug)]
enum State {
    Reading,
    /// Lines before this were given away and are still looked at.
    Failed(Box<StoreError>),
    Ended,
}

/// Where lines come from.
#[derive(Debug, Clone)]
pub(super) struct Origin {
    path: PathBuf,
    run: Option<RunId>,
}

impl Origin {
    /// The event of line `number`, which was found sound.
    pub(super) fn event(&self, record: &[u8], number: u64) -> Result<Event, StoreError> {
        let damaged = |why| StoreError::Damaged { path: self.path.clone(), line: number, why };
        let event = line::content(record).map_err(|fault| match fault {
            Fault::Newer(found) => StoreError::Newer { path: self.path.clone(), found, supported: FORMAT },
            Fault::Damage(why) => damaged(why),
        })?;
        if event.seq != number {
            return Err(damaged(Damage::Sequence { found: event.seq, expected: number }));
        }
        match &self.run {
            Some(run) if *run != event.run => {
                Err(damaged(Damage::Run { found: event.run.clone(), expected: run.clone() }))
            }
            Some(_) | None => Ok(event),
        }
    }
}

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
        let (file, _) = fs::open_regular(path).map_err(|error| StoreError::opened(path.parent(), error))?;
        Ok(Self::new(path, file))
    }

    pub(super) fn new(path: &Path, file: File) -> Self {
        Self {
            origin: Origin { path: path.to_path_buf(), run: None },
            input: BufReader::with_capacity(256 * 1024, file),
            buffer: Vec::new(),
            line: 0,
            sound: 0,
            torn: 0,
            state: State::Reading,
        }
    }

    /// Whether there is more in the file.
    pub(super) fn is_longer_than(&self, bytes: usize) -> bool {
        self.input.get_ref().metadata().is_ok_and(|file| file.len() > bytes as u64)
    }

    /// Where its lines come from.
    pub(super) fn origin(&self) -> Origin {
        self.origin.clone()
    }

    /// Bytes of whole records read so far.
    pub fn sound_bytes(&self) -> u64 {
        self.sound
    }

    /// Bytes after the last whole record, once all events were read: a line that was cut short.
    pub fn torn_bytes(&self) -> u64 {
        self.torn
    }

    /// All events that are left.
    pub(super) fn rest(&mut self) -> Result<Vec<Event>, StoreError> {
        match self.step()? {
            Some(first) => pieces::parse(self, first),
            None => Ok(Vec::new()),
        }
    }

    /// The next lines, each with its line break, until there are `enough` bytes of them. Each was found sound, and is still
    /// to be taken apart. Gives the number of the first; nothing at the end.
    pub(super) fn sound_lines(&mut self, lines: &mut Vec<u8>, enough: usize) -> Result<Option<u64>, StoreError> {
        let first = self.line + 1;
        lines.clear();
        while lines.len() < enough && matches!(self.state, State::Reading) {
            let sound = lines.len();
            match self.next_line(lines) {
                Ok(true) => {}
                Ok(false) => self.state = State::Ended,
                Err(error) => {
                    lines.truncate(sound);
                    self.state = State::Failed(Box::new(error));
                }
            }
        }
        if !lines.is_empty() {
            return Ok(Some(first));
        }
        match std::mem::replace(&mut self.state, State::Ended) {
            State::Failed(error) => Err(*error),
            State::Reading | State::Ended => Ok(None),
        }
    }

    fn step(&mut self) -> Result<Option<Event>, StoreError> {
        let mut line = std::mem::take(&mut self.buffer);
        line.clear();
        if !self.next_line(&mut line)? {
            return Ok(None);
        }
        let event = self.origin.event(&line[..line.len() - 1], self.line)?;
        // The first line says which run all others belong to.
        self.origin.run.get_or_insert_with(|| event.run.clone());
        self.buffer = line;
        Ok(Some(event))
    }

    /// Adds the next line to `lines` if it is sound, with its line break. False at the end, where a line may have been cut
    /// short.
    fn next_line(&mut self, lines: &mut Vec<u8>) -> Result<bool, StoreError> {
        let begin = lines.len();
        let length = (&mut self.input)
            .take(MAX_LINE)
            .read_until(b'\n', lines)
            .map_err(|error| StoreError::read("read", &self.origin.path, error))? as u64;
        if length == 0 {
            return Ok(false);
        }
        self.line += 1;
        let (whole, why) = match lines[begin..].strip_suffix(b"\n") {
            Some(record) if line::is_sound(record) => {
                self.sound += length;
                return Ok(true);
            }
            Some(_) if !self.nothing_follows()? => return Err(self.damaged(Damage::Checksum)),
            None if length == MAX_LINE => return Err(self.damaged(Damage::TooLong { cap: MAX_LINE })),
            Some(record) => (record, Damage::Checksum),
            None => (&lines[begin..], Damage::Trailing),
        };
        // The last line is no whole record: either it was cut short, or a damaged line break hides whole ones in it.
        if line::has_trailing_bytes(whole) {
            return Err(self.damaged(why));
        }
        self.torn = length;
        lines.truncate(begin);
        Ok(false)
    }

    fn nothing_follows(&mut self) -> Result<bool, StoreError> {
        match self.input.fill_buf() {
            Ok(rest) => Ok(rest.is_empty()),
            Err(error) => Err(StoreError::read("read", &self.origin.path, error)),
        }
    }

    fn damaged(&self, why: Damage) -> StoreError {
        StoreError::Damaged { path: self.origin.path.clone(), line: self.line, why }
    }
}

impl Iterator for Reader {
    type Item = Result<Event, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        if !matches!(self.state, State::Reading) {
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
