//! Where JSON lines go: held until the run has a directory, then appended to its file, up to a cap.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Map, Value};

use super::TraceOf;
use crate::sys::fs::{self, FileError};

/// The most a trace may have: diagnostics never fill a disk.
const CAP: u64 = 8 * 1024 * 1024;
/// Lines held before there is a file.
const HELD: usize = 256;

/// A clone is the same sink.
#[derive(Debug, Clone, Default)]
pub(super) struct Sink(Arc<Mutex<State>>);

#[derive(Debug)]
enum State {
    Holding(Vec<Map<String, Value>>),
    Writing {
        file: File,
        of: TraceOf,
        left: u64,
    },
    /// The cap is reached, or the file failed: diagnostics are not worth a run.
    Done,
}

impl Default for State {
    fn default() -> Self {
        Self::Holding(Vec::new())
    }
}

impl Sink {
    pub(super) fn attach(&self, path: &Path, of: TraceOf) -> Result<(), FileError> {
        let file = fs::append(path)?;
        let left = CAP.saturating_sub(fs::size(path)?);
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let held = match std::mem::replace(&mut *state, State::Writing { file, of, left }) {
            State::Holding(held) => held,
            State::Writing { .. } | State::Done => Vec::new(),
        };
        for line in held {
            state.push(line);
        }
        Ok(())
    }

    pub(super) fn push(&self, line: Map<String, Value>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    }
}

impl State {
    fn push(&mut self, line: Map<String, Value>) {
        match self {
            Self::Holding(held) => {
                if held.len() < HELD {
                    held.push(line);
                }
            }
            Self::Writing { file, of, left } => {
                let text = named(line, of);
                let fits = *left > text.len() as u64;
                let text = if fits { text } else { named(full(), of) };
                // One write per line, so that processes of the same run never mix theirs.
                let written = file.write_all(text.as_bytes());
                *left = left.saturating_sub(text.len() as u64);
                if written.is_err() || !fits {
                    *self = Self::Done;
                }
            }
            Self::Done => {}
        }
    }
}

fn named(mut line: Map<String, Value>, of: &TraceOf) -> String {
    line.insert("trace_id".to_owned(), of.trace_id.as_str().into());
    line.insert("run".to_owned(), of.run.as_str().into());
    Value::Object(line).to_string() + "\n"
}

fn full() -> Map<String, Value> {
    Map::from_iter([
        ("level".to_owned(), "WARN".into()),
        ("message".to_owned(), format!("the trace has reached {CAP} bytes and ends here").into()),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{RunId, TraceId};

    fn of() -> TraceOf {
        TraceOf {
            trace_id: TraceId::new("0af7651916cd43dd8448eb211c80319c").unwrap(),
            run: RunId::new("20261121-093312-a1b2").unwrap(),
        }
    }

    fn line(message: &str) -> Map<String, Value> {
        Map::from_iter([("message".to_owned(), message.into())])
    }

    #[test]
    fn lines_from_before_the_run_had_a_folder_are_kept_and_every_line_names_the_run() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("trace.jsonl");
        let sink = Sink::default();
        sink.push(line("early"));
        sink.attach(&path, of()).unwrap();
        sink.push(line("late"));
        let text = fs::read_text(&path, 1 << 20).unwrap();
        let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.iter().map(|line| line["message"].as_str().unwrap()).collect::<Vec<_>>(), ["early", "late"]);
        assert!(lines.iter().all(|line| line["run"] == "20261121-093312-a1b2" && line["trace_id"].is_string()));
    }

    #[test]
    fn a_trace_never_grows_past_its_cap() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("trace.jsonl");
        let sink = Sink::default();
        sink.attach(&path, of()).unwrap();
        let long = "x".repeat(1 << 20);
        for _ in 0..10 {
            sink.push(line(&long));
        }
        assert!(fs::size(&path).unwrap() <= CAP + 200);
        assert!(fs::read_text(&path, CAP * 2).unwrap().trim_end().lines().last().unwrap().contains("ends here"));
    }
}
