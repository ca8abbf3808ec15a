//! Taking in one output stream: a bounded part is kept, the rest is counted.

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;

use tokio::sync::mpsc::Sender;

use super::command::{Output, Sink};
use crate::sys::fs::{self, FileError};

/// A longer line is clipped to this.
const LINE: usize = 8 << 10;

/// Where the bytes of one stream go.
pub(super) struct Collector {
    keep: Keep,
    total: u64,
}

enum Keep {
    Memory { bytes: Vec<u8>, cap: usize },
    File { path: PathBuf, file: Option<File>, cap: u64, tail: Tail, lines: Option<Lines> },
}

impl Collector {
    pub(super) fn new(sink: Sink) -> Self {
        let keep = match sink {
            Sink::Memory { cap } => Keep::Memory { bytes: Vec::new(), cap },
            Sink::File { path, cap, tail, lines } => {
                Keep::File { path, file: None, cap, tail: Tail::new(tail), lines: lines.map(Lines::new) }
            }
        };
        Self { keep, total: 0 }
    }

    pub(super) fn total(&self) -> u64 {
        self.total
    }

    /// Takes what the child wrote. After a failed write nothing more is stored; the caller ends the command.
    pub(super) fn take(&mut self, chunk: &[u8]) -> Result<(), FileError> {
        let before = self.total;
        self.total += chunk.len() as u64;
        match &mut self.keep {
            Keep::Memory { bytes, cap } => {
                let room = cap.saturating_sub(bytes.len()).min(chunk.len());
                bytes.extend_from_slice(&chunk[..room]);
                Ok(())
            }
            Keep::File { path, file, cap, tail, lines } => {
                tail.take(chunk);
                if let Some(lines) = lines {
                    lines.take(chunk);
                }
                let room = usize::try_from(cap.saturating_sub(before)).unwrap_or(usize::MAX).min(chunk.len());
                if room == 0 {
                    return Ok(());
                }
                let file = match file {
                    Some(file) => file,
                    None => file.insert(fs::create(path)?),
                };
                file.write_all(&chunk[..room]).map_err(|error| FileError::writing(path, error))
            }
        }
    }

    /// What was kept. `cut_off`: something still held the stream open when we stopped reading.
    pub(super) fn finish(self, cut_off: bool) -> Output {
        let total = self.total;
        let (bytes, stored) = match self.keep {
            Keep::Memory { bytes, cap } => (bytes, cap as u64),
            Keep::File { cap, tail, lines, .. } => {
                if let Some(mut lines) = lines {
                    lines.flush();
                }
                (tail.finish(), cap)
            }
        };
        Output { bytes, total, truncated: cut_off || total > stored }
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

/// Cuts a stream into lines for whoever watches. A slow watcher misses lines; the child never waits for it.
struct Lines {
    sender: Sender<Vec<u8>>,
    line: Vec<u8>,
}

impl Lines {
    fn new(sender: Sender<Vec<u8>>) -> Self {
        Self { sender, line: Vec::new() }
    }

    fn take(&mut self, chunk: &[u8]) {
        let mut pieces = chunk.split(|byte| *byte == b'\n').peekable();
        while let Some(piece) = pieces.next() {
            let room = (LINE - self.line.len()).min(piece.len());
            self.line.extend_from_slice(&piece[..room]);
            if pieces.peek().is_some() {
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
        let mut collector = Collector::new(Sink::Memory { cap: 4 });
        collector.take(b"abc").unwrap();
        collector.take(b"def").unwrap();
        let output = collector.finish(false);
        assert_eq!(output, Output { bytes: b"abcd".to_vec(), total: 6, truncated: true });
    }

    #[test]
    fn a_file_keeps_the_beginning_and_memory_the_end() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("stdout.log");
        let mut collector = Collector::new(Sink::File { path: path.clone(), cap: 4, tail: 3, lines: None });
        for byte in b"abcdefghij" {
            collector.take(&[*byte]).unwrap();
        }
        let output = collector.finish(false);
        assert_eq!(output, Output { bytes: b"hij".to_vec(), total: 10, truncated: true });
        assert_eq!(fs::read(&path, 100).unwrap(), b"abcd");
    }

    #[test]
    fn a_silent_stream_makes_no_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("stdout.log");
        let collector = Collector::new(Sink::File { path: path.clone(), cap: 4, tail: 3, lines: None });
        assert_eq!(collector.finish(false), Output::default());
        assert_eq!(fs::kind(&path).unwrap(), None);
    }

    #[test]
    fn lines_are_whole_clipped_and_dropped_when_nobody_reads() {
        let dir = tempfile::tempdir().unwrap();
        let (sender, mut receiver) = mpsc::channel(3);
        let path = dir.path().join("out");
        let mut collector = Collector::new(Sink::File { path, cap: 1 << 20, tail: 1, lines: Some(sender) });
        collector.take(b"on").unwrap();
        collector.take(b"e\n\n").unwrap();
        collector.take(&vec![b'x'; 3 * LINE]).unwrap();
        collector.take(b"\nlost").unwrap();
        collector.finish(false);
        let lines: Vec<usize> = std::iter::from_fn(|| receiver.try_recv().ok()).map(|line| line.len()).collect();
        assert_eq!(lines, [3, 0, LINE]);
    }
}
