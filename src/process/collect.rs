//! Taking in one output stream: a bounded part is kept, the rest is counted.

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;

use tokio::sync::mpsc::Sender;

use super::command::{Output, Sink};
use crate::sys::fs::{self, FileError};
use crate::text::Redactor;

/// A longer line is clipped to this.
const LINE: usize = 8 << 10;

/// Where the bytes of one stream go.
pub(super) struct Collector {
    keep: Keep,
    total: u64,
    clipped: bool,
}

enum Keep {
    Memory { bytes: Vec<u8>, cap: usize },
    File(Filing),
}

/// What reaches a file, its tail and whoever watches: no secret among it.
struct Filing {
    path: PathBuf,
    file: Option<File>,
    /// How many more bytes the file takes.
    room: u64,
    tail: Tail,
    lines: Option<Lines>,
    redactor: Option<Redactor>,
}

impl Collector {
    pub(super) fn new(sink: Sink, redactor: Option<Redactor>) -> Self {
        let keep = match sink {
            Sink::Memory { cap } => Keep::Memory { bytes: Vec::new(), cap },
            Sink::File { path, cap, tail, lines } => {
                let (tail, lines) = (Tail::new(tail), lines.map(Lines::new));
                Keep::File(Filing { path, file: None, room: cap, tail, lines, redactor })
            }
        };
        Self { keep, total: 0, clipped: false }
    }

    /// All bytes so far, as the child wrote them.
    pub(super) fn total(&self) -> u64 {
        self.total
    }

    /// Takes what the child wrote. After a failed write nothing more is stored; the caller ends the command.
    pub(super) fn take(&mut self, chunk: &[u8]) -> Result<(), FileError> {
        self.total += chunk.len() as u64;
        match &mut self.keep {
            Keep::Memory { bytes, cap } => {
                let room = cap.saturating_sub(bytes.len()).min(chunk.len());
                bytes.extend_from_slice(&chunk[..room]);
                self.clipped |= room < chunk.len();
            }
            Keep::File(filing) => self.clipped |= filing.take(chunk)? == Stored::Partly,
        }
        Ok(())
    }

    /// What was kept. `cut_off`: something still held the stream open when we stopped reading.
    pub(super) fn finish(self, cut_off: bool) -> Result<Output, FileError> {
        let Self { keep, total, mut clipped } = self;
        let bytes = match keep {
            Keep::Memory { bytes, .. } => bytes,
            Keep::File(filing) => {
                let (tail, stored) = filing.finish()?;
                clipped |= stored == Stored::Partly;
                tail
            }
        };
        Ok(Output { bytes, total, truncated: cut_off || clipped })
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stored {
    Wholly,
    Partly,
}

impl Filing {
    fn take(&mut self, chunk: &[u8]) -> Result<Stored, FileError> {
        match &mut self.redactor {
            Some(redactor) => {
                let clean = redactor.push(chunk);
                self.store(&clean)
            }
            None => self.store(chunk),
        }
    }

    fn finish(mut self) -> Result<(Vec<u8>, Stored), FileError> {
        let held = self.redactor.as_mut().map(Redactor::finish).unwrap_or_default();
        let stored = self.store(&held)?;
        if let Some(lines) = &mut self.lines {
            lines.flush();
        }
        Ok((self.tail.finish(), stored))
    }

    fn store(&mut self, chunk: &[u8]) -> Result<Stored, FileError> {
        self.tail.take(chunk);
        if let Some(lines) = &mut self.lines {
            lines.take(chunk);
        }
        let fits = usize::try_from(self.room).unwrap_or(usize::MAX).min(chunk.len());
        if fits > 0 {
            let file = match &mut self.file {
                Some(file) => file,
                None => self.file.insert(fs::create(&self.path)?),
            };
            file.write_all(&chunk[..fits]).map_err(|error| FileError::writing(&self.path, error))?;
            self.room -= fits as u64;
        }
        Ok(if fits < chunk.len() { Stored::Partly } else { Stored::Wholly })
    }
}

/// The last bytes of a stream.
struct Tail {
    bytes: Vec<u8>,
    length: usize,
}

impl Tail {
    fn new(length: usize) -> Self {
        Self { bytes: Vec::new(), length }
    }

    fn take(&mut self, chunk: &[u8]) {
        self.bytes.extend_from_slice(&chunk[chunk.len().saturating_sub(self.length)..]);
        // Moving bytes only when twice as many are there as needed makes it a constant cost per byte.
        if self.bytes.len() > 2 * self.length {
            self.shorten();
        }
    }

    fn shorten(&mut self) {
        let surplus = self.bytes.len().saturating_sub(self.length);
        self.bytes.drain(..surplus);
    }

    fn finish(mut self) -> Vec<u8> {
        self.shorten();
        self.bytes
    }
}

/// Cuts a stream into lines for whoever watches. A carriage return ends one too: progress bars know no other end.
/// A slow watcher misses lines; the child never waits for it.
struct Lines {
    sender: Sender<Vec<u8>>,
    line: Vec<u8>,
    /// The last byte was a carriage return, which has ended the line already.
    returned: bool,
}

impl Lines {
    fn new(sender: Sender<Vec<u8>>) -> Self {
        Self { sender, line: Vec::new(), returned: false }
    }

    fn take(&mut self, chunk: &[u8]) {
        for piece in chunk.split_inclusive(|byte| matches!(byte, b'\n' | b'\r')) {
            let (line, end) = match piece.split_last() {
                Some((end @ (b'\n' | b'\r'), line)) => (line, Some(*end)),
                Some(_) | None => (piece, None),
            };
            let room = (LINE - self.line.len()).min(line.len());
            self.line.extend_from_slice(&line[..room]);
            let told = std::mem::replace(&mut self.returned, end == Some(b'\r')) && piece == b"\n";
            if end.is_some() && !told {
                // Full or closed: nobody waits for this line.
                drop(self.sender.try_send(std::mem::take(&mut self.line)));
            }
        }
    }

    fn flush(&mut self) {
        if !self.line.is_empty() {
            drop(self.sender.try_send(std::mem::take(&mut self.line)));
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc;

    use super::*;

    #[test]
    fn memory_keeps_the_beginning_and_counts_the_rest() {
        let mut collector = Collector::new(Sink::Memory { cap: 4 }, None);
        collector.take(b"abc").unwrap();
        collector.take(b"def").unwrap();
        let output = collector.finish(false).unwrap();
        assert_eq!(output, Output { bytes: b"abcd".to_vec(), total: 6, truncated: true });
    }

    #[test]
    fn a_file_keeps_the_beginning_and_memory_the_end() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("stdout.log");
        let mut collector = Collector::new(Sink::File { path: path.clone(), cap: 4, tail: 3, lines: None }, None);
        for byte in b"abcdefghij" {
            collector.take(&[*byte]).unwrap();
        }
        let output = collector.finish(false).unwrap();
        assert_eq!(output, Output { bytes: b"hij".to_vec(), total: 10, truncated: true });
        assert_eq!(fs::read(&path, 100).unwrap(), b"abcd");
    }

    #[test]
    fn a_silent_stream_makes_no_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("stdout.log");
        let collector = Collector::new(Sink::File { path: path.clone(), cap: 4, tail: 3, lines: None }, None);
        assert_eq!(collector.finish(false).unwrap(), Output::default());
        assert_eq!(fs::kind(&path).unwrap(), None);
    }

    #[test]
    fn lines_are_whole_clipped_and_dropped_when_nobody_reads() {
        let dir = tempfile::tempdir().unwrap();
        let (sender, mut receiver) = mpsc::channel(3);
        let path = dir.path().join("out");
        let mut collector = Collector::new(Sink::File { path, cap: 1 << 20, tail: 1, lines: Some(sender) }, None);
        collector.take(b"on").unwrap();
        collector.take(b"e\n\n").unwrap();
        collector.take(&vec![b'x'; 3 * LINE]).unwrap();
        collector.take(b"\nlost").unwrap();
        collector.finish(false).unwrap();
        let lines: Vec<usize> = std::iter::from_fn(|| receiver.try_recv().ok()).map(|line| line.len()).collect();
        assert_eq!(lines, [3, 0, LINE]);
    }

    #[test]
    fn a_progress_bar_is_seen_as_it_moves() {
        let dir = tempfile::tempdir().unwrap();
        let (sender, mut receiver) = mpsc::channel(9);
        let sink = Sink::File { path: dir.path().join("out"), cap: 100, tail: 1, lines: Some(sender) };
        let mut collector = Collector::new(sink, None);
        for chunk in ["10%\r", "20%\rdone\r", "\n\nend\r\n"] {
            collector.take(chunk.as_bytes()).unwrap();
        }
        let lines: Vec<Vec<u8>> = std::iter::from_fn(|| receiver.try_recv().ok()).collect();
        assert_eq!(lines, [b"10%".as_slice(), b"20%", b"done", b"", b"end"]);
    }

    #[test]
    fn a_secret_in_two_pieces_reaches_neither_file_nor_tail_nor_watcher() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("out");
        let (sender, mut receiver) = mpsc::channel(3);
        let sink = Sink::File { path: path.clone(), cap: 100, tail: 100, lines: Some(sender) };
        let redactor = Redactor::new([("KEY".to_owned(), "hunter22".to_owned())]);
        let mut collector = Collector::new(sink, Some(redactor));
        collector.take(b"a hun").unwrap();
        collector.take(b"ter22 b\nend").unwrap();
        let output = collector.finish(false).unwrap();
        assert_eq!(output, Output { bytes: b"a [KEY] b\nend".to_vec(), total: 16, truncated: false });
        assert_eq!(fs::read(&path, 100).unwrap(), output.bytes);
        assert_eq!(receiver.try_recv().unwrap(), b"a [KEY] b");
    }
}
