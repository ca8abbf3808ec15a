//! One line of the journal: an event's JSON whose last field is the CRC-32C of all bytes before it.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::error::Damage;
use super::whole::Whole;
use crate::event::{Event, FORMAT};
use crate::ids::TaskId;

const MARK: &[u8] = b",\"crc\":\"";
const CLOSE: &[u8] = b"\"}";
const TAIL: usize = MARK.len() + 8 + CLOSE.len();

/// Why a line gives no event.
#[derive(Debug)]
pub(super) enum Fault {
    /// It is not what was written.
    Damage(Damage),
    /// It is sound, and of this later format.
    Newer(u32),
}

/// The line of an event, with its line break.
#[cfg(test)]
pub(super) fn encode(event: &Event) -> Result<Vec<u8>, serde_json::Error> {
    let mut line = Vec::new();
    add(event, &mut line).map(|()| line)
}

/// Adds the line of an event, with its line break. After an error `lines` is as it was.
pub(super) fn add(event: &Event, lines: &mut Vec<u8>) -> Result<(), serde_json::Error> {
    let begin = lines.len();
    if let Err(error) = serde_json::to_writer(&mut *lines, event) {
        lines.truncate(begin);
        return Err(error);
    }
    lines.pop();
    let crc = crc32c::crc32c(&lines[begin..]);
    lines.extend_from_slice(MARK);
    lines.extend_from_slice(&hex(crc));
    lines.extend_from_slice(CLOSE);
    lines.push(b'\n');
    Ok(())
}

/// The event of a line without its line break.
pub(super) fn decode(line: &[u8]) -> Result<Event, Fault> {
    if !is_sound(line) {
        return Err(Fault::Damage(Damage::Checksum));
    }
    content(line)
}

/// The event of a line that was found sound.
pub(super) fn content(line: &[u8]) -> Result<Event, Fault> {
    match serde_json::from_slice::<Whole>(line) {
        Ok(Whole(event)) if event.v > FORMAT => Err(Fault::Newer(event.v)),
        Ok(Whole(event)) => Ok(event),
        Err(error) => Err(misread(line, error)),
    }
}

/// The envelope of a sound line, for those who need little of what is in it.
pub(super) fn envelope(line: &[u8]) -> Result<Envelope<'_>, Fault> {
    match serde_json::from_slice::<Envelope<'_>>(line) {
        Ok(envelope) if envelope.v > FORMAT => Err(Fault::Newer(envelope.v)),
        Ok(envelope) => Ok(envelope),
        Err(error) => Err(misread(line, error)),
    }
}

/// The name of a line's event, where it stands where we put it: behind fields that hold no text of strangers.
pub(super) fn kind(line: &[u8]) -> Option<&[u8]> {
    const NAME: &[u8] = b",\"kind\":\"";
    /// More than the fields before it can take.
    const BEFORE: usize = 512;
    let begin = find(&line[..line.len().min(BEFORE)], NAME)? + NAME.len();
    line[begin..].split(|byte| *byte == b'"').next()
}

fn misread(line: &[u8], error: serde_json::Error) -> Fault {
    match serde_json::from_slice::<Version>(line) {
        Ok(Version { v }) if v > FORMAT => Fault::Newer(v),
        Ok(_) | Err(_) => Fault::Damage(Damage::Content(error)),
    }
}

/// Whether `line` begins with a whole record that is followed by other bytes. A write that was cut short never leaves
/// that (blocks of zeros apart, which a power cut can leave), but a line break that was damaged does.
pub(super) fn has_trailing_bytes(line: &[u8]) -> bool {
    let mut from = 0;
    while let Some(at) = find(&line[from..], MARK).map(|at| at + from) {
        let end = at + TAIL;
        if end < line.len() && is_sound(&line[..end]) {
            return line[end..].iter().any(|byte| *byte != 0);
        }
        from = at + 1;
    }
    false
}

/// Whether the checksum at the line's end is that of the bytes before it. Compared as text: a digit whose case was
/// changed is damage too.
pub(super) fn is_sound(line: &[u8]) -> bool {
    let Some(split) = line.len().checked_sub(TAIL) else {
        return false;
    };
    let (body, tail) = line.split_at(split);
    tail.starts_with(MARK) && tail.ends_with(CLOSE) && tail[MARK.len()..MARK.len() + 8] == hex(crc32c::crc32c(body))
}

/// Eight lowercase digits.
fn hex(crc: u32) -> [u8; 8] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    std::array::from_fn(|at| DIGITS[(crc >> (28 - 4 * at)) as usize & 15])
}

#[derive(Deserialize)]
struct Version {
    v: u32,
}

/// The envelope with its content left as text.
#[derive(Deserialize)]
pub(super) struct Envelope<'a> {
    v: u32,
    #[serde(default)]
    pub(super) task: Option<TaskId>,
    #[serde(borrow)]
    pub(super) kind: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) data: &'a RawValue,
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}
