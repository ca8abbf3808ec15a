//! `transcript.jsonl`: what was asked and said, a line for each step, for people. Bounded, and without the values of secrets.

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;

use serde::Serialize;

use super::tools::capped;
use crate::event::{FailureClass, Usage};
use crate::ids::Digest;
use crate::message::ResultStatus;
use crate::model::{Reply, Said};
use crate::sys::fs::{self, FileError};
use crate::text::Redactor;

/// The version of its lines.
const VERSION: u32 = 1;
/// The longest text in a line, in bytes.
const TEXT: usize = 8 << 10;

/// A step.
#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Step<'a> {
    /// Who is asked, and what it may call.
    Opened { model: &'a str, digest: &'a Digest, role: &'a str, tools: Vec<&'a str> },
    /// A request.
    Asked {
        digest: &'a Digest,
        tokens: u64,
        #[serde(skip_serializing_if = "is_none")]
        dropped: usize,
    },
    /// An answer.
    Answered {
        said: Vec<SaidLine>,
        usage: Usage,
        #[serde(skip_serializing_if = "str::is_empty")]
        model: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        request_id: Option<&'a str>,
    },
    /// What a tool gave.
    Gave { tool: &'a str, failed: bool, text: String },
    /// What went wrong.
    Failed { class: FailureClass, detail: &'a str },
    /// The end, as the model says it.
    Finished { status: ResultStatus, summary: String },
    /// More was not kept.
    Cut {},
}

/// A part of an answer, clipped.
#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum SaidLine {
    Text(String),
    Call {
        tool: String,
        arguments: String,
    },
    /// What only the provider understands: its bytes.
    Kept(usize),
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_none(dropped: &usize) -> bool {
    *dropped == 0
}

/// An answer's line.
pub(super) fn answered(reply: &Reply) -> Step<'_> {
    let said = reply.said.iter().map(|said| match said {
        Said::Text(text) => SaidLine::Text(clipped(text)),
        Said::Call(call) => SaidLine::Call { tool: clipped(&call.name), arguments: clipped(&call.arguments) },
        Said::Kept(value) => SaidLine::Kept(value.to_string().len()),
    });
    Step::Answered {
        said: said.collect(),
        usage: reply.usage,
        model: &reply.model,
        request_id: reply.request_id.as_deref(),
    }
}

/// A text short enough for a line.
pub(super) fn clipped(text: &str) -> String {
    capped(text, TEXT).into_owned()
}

/// The file, made with the first line.
pub(super) struct Transcript {
    path: PathBuf,
    file: Option<File>,
    redactor: Option<Redactor>,
    room: u64,
    written: u64,
}

impl Transcript {
    /// At most `room` bytes.
    pub(super) fn new(path: PathBuf, redactor: Option<Redactor>, room: u64) -> Self {
        Self { path, file: None, redactor, room, written: 0 }
    }

    /// Bytes that were written.
    pub(super) fn written(&self) -> u64 {
        self.written
    }

    /// Adds a step of a turn, counted from 1; 0 is before the first.
    pub(super) fn add(&mut self, turn: u32, step: &Step<'_>) -> Result<(), FileError> {
        if self.room == 0 {
            return Ok(());
        }
        let line = self.line(turn, step)?;
        if line.len() as u64 > self.room {
            // What comes after it would be read without what came before.
            let cut = self.line(turn, &Step::Cut {})?;
            self.room = 0;
            return self.write(&cut);
        }
        self.room -= line.len() as u64;
        self.write(&line)
    }

    fn line(&self, turn: u32, step: &Step<'_>) -> Result<String, FileError> {
        #[derive(Serialize)]
        struct Line<'a, 'b> {
            v: u32,
            turn: u32,
            #[serde(flatten)]
            step: &'a Step<'b>,
        }
        let json = serde_json::to_string(&Line { v: VERSION, turn, step });
        let mut line = json.map_err(|error| FileError::writing(&self.path, error.into()))?;
        line.push('\n');
        Ok(self.redactor.as_ref().map_or(line.clone(), |redactor| redactor.text(&line)))
    }

    fn write(&mut self, line: &str) -> Result<(), FileError> {
        let file = match &mut self.file {
            Some(file) => file,
            None => self.file.insert(fs::create(&self.path)?),
        };
        file.write_all(line.as_bytes()).map_err(|error| FileError::writing(&self.path, error))?;
        self.written += line.len() as u64;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_bounded_says_so_and_holds_no_secret() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("transcript.jsonl");
        let redactor = Redactor::new([("KEY".to_owned(), "se\"cret-value".to_owned())]);
        let mut transcript = Transcript::new(path.clone(), Some(redactor), 1000);
        for turn in 1..100 {
            let text = clipped(r#"the se"cret-value is told"#);
            transcript.add(turn, &Step::Gave { tool: "read", failed: false, text }).unwrap();
        }
        let text = fs::read_text(&path, 1 << 20).unwrap();
        assert!(
            text.starts_with(r#"{"v":1,"turn":1,"gave":{"tool":"read","failed":false,"text":"the [KEY] is told"}}"#),
            "{text}"
        );
        assert!(text.ends_with("\"cut\":{}}\n") && text.len() < 1100 && !text.contains("cret-value"), "{text}");
        assert_eq!(transcript.written(), text.len() as u64);
    }
}
