//! `read`: a file by its lines.

use std::fmt::Write as _;
use std::path::Path;

use serde::Deserialize;
use serde_json::{Value, json};

use super::kit::{Kit, Told};
use super::place::{Place, place};
use crate::agent::records::chain;
use crate::sys::fs::{Beneath, FileError, Kind};
use crate::text;

/// The largest file that is read.
pub(super) const MAX_FILE: u64 = 8 << 20;
/// Lines where nobody says how many.
const LINES: usize = 1000;
/// The longest line, in bytes; of one that is longer the beginning is shown.
const LINE: usize = 2000;
/// As far as is looked for the byte that no text has.
const SNIFF: usize = 8000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    path: String,
    #[serde(default)]
    offset: Option<usize>,
    #[serde(default)]
    limit: Option<usize>,
}

pub(super) fn parameters() -> Value {
    json!({
        "type": "object",
        "properties": {
            "path": {"type": "string", "description": "the file, relative to the workspace"},
            "offset": {"type": "integer", "minimum": 1, "description": "the first line, counted from 1"},
            "limit": {"type": "integer", "minimum": 1, "description": "how many lines; 1000 if left out"},
        },
        "required": ["path"],
        "additionalProperties": false,
    })
}

pub(super) fn read(kit: &Kit, arguments: &str) -> Result<Told, Told> {
    let Arguments { path, offset, limit } = super::arguments::read(arguments).map_err(Told::Wrong)?;
    let bytes = bytes(kit, &path)?;
    Ok(Told::Done(lines(&bytes, offset, limit, kit.cap)))
}

/// The bytes of a file that a model may see.
pub(super) fn bytes(kit: &Kit, path: &str) -> Result<Vec<u8>, Told> {
    let (folder, below): (&Path, _) = match place(path).map_err(Told::Failed)? {
        Place::Workspace(below) => (&kit.job.workspace, below),
        Place::Inputs(below) => (&kit.job.inputs, below),
        Place::Artifacts(below) => (&kit.job.artifacts, below),
    };
    let failed = |error: FileError| Told::Failed(chain(&error));
    let folder = Beneath::open(folder).map_err(failed)?;
    if folder.kind(&below).map_err(failed)? == Some(Kind::Folder) {
        return Err(Told::Failed(format!("{path} is a folder: `list` shows what is in it")));
    }
    let bytes = folder.read(&below, MAX_FILE).map_err(failed)?;
    if bytes.iter().take(SNIFF).any(|byte| *byte == 0) {
        return Err(Told::Failed(format!("{path} is a binary file of {} bytes, and no text", bytes.len())));
    }
    Ok(bytes)
}

/// Numbered lines, as many as there is room for, and where to go on.
pub(super) fn lines(bytes: &[u8], offset: Option<usize>, limit: Option<usize>, cap: usize) -> String {
    let mut out = String::new();
    if let Err(error) = std::str::from_utf8(bytes) {
        let at = error.valid_up_to();
        let _ = writeln!(out, "[not UTF-8 from byte {at} of {} on: what is none is shown as \u{fffd}]", bytes.len());
    }
    let body = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    let total = if bytes.is_empty() { 0 } else { body.split(|byte| *byte == b'\n').count() };
    let first = offset.unwrap_or(1).max(1);
    if first > total {
        let _ = write!(out, "[the file has {}]", text::count(total, "line"));
        return out;
    }
    let mut next = first;
    for line in body.split(|byte| *byte == b'\n').skip(first - 1).take(limit.unwrap_or(LINES)) {
        let line = String::from_utf8_lossy(line.strip_suffix(b"\r").unwrap_or(line));
        let shown = text::clip(&line, LINE);
        if next > first && out.len() + shown.len() + 40 > cap {
            break;
        }
        let _ = write!(out, "{next:>6}\t{shown}");
        if shown.len() < line.len() {
            let _ = write!(out, " [… {} more bytes in this line]", line.len() - shown.len());
        }
        out.push('\n');
        next += 1;
    }
    if first > 1 || next <= total {
        let _ = write!(out, "[lines {first} to {} of {total}", next - 1);
        let _ = if next <= total { write!(out, "; go on with offset {next}]") } else { write!(out, "]") };
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_numbered_and_the_rest_is_pointed_to() {
        let text = b"a\r\nb\nc\n";
        assert_eq!(lines(text, None, None, 999), "     1\ta\n     2\tb\n     3\tc\n");
        assert_eq!(lines(text, Some(2), Some(1), 999), "     2\tb\n[lines 2 to 2 of 3; go on with offset 3]");
        assert_eq!(lines(text, Some(3), None, 999), "     3\tc\n[lines 3 to 3 of 3]");
        assert_eq!(lines(text, Some(9), None, 999), "[the file has 3 lines]");
        assert_eq!(lines(b"", None, None, 999), "[the file has 0 lines]");
        assert_eq!(lines(b"\n", None, None, 999), "     1\t\n");
    }

    #[test]
    fn what_is_shown_is_bounded_however_long_file_and_lines_are() {
        let long = "x".repeat(50_000);
        let shown = lines(long.as_bytes(), None, None, 4096);
        assert!(shown.len() < 2100 && shown.ends_with("[… 48000 more bytes in this line]\n"), "{}", shown.len());
        let many = "some line\n".repeat(100_000);
        let shown = lines(many.as_bytes(), None, Some(usize::MAX), 4096);
        assert!(shown.len() <= 4200 && shown.contains("go on with offset"), "{}", shown.len());
    }

    #[test]
    fn bytes_that_are_no_text_are_told_with_their_place() {
        let shown = lines(b"ok \xff\xfe\n", None, None, 999);
        assert!(
            shown.starts_with("[not UTF-8 from byte 3 of 6 on") && shown.contains("ok \u{fffd}\u{fffd}"),
            "{shown}"
        );
    }
}
