//! Finds the one plan, or patch, in a text: the whole of it, one fenced block, or one object in prose.

use std::ops::Range;

use super::fault::{Fault, Place, quoted};
use super::json::{Cause, DEPTH, Json, Reader, Trouble};
use super::repair::{Repair, RepairKind};
use super::{fields, import};

/// What is looked for. Only the names by which it is known in prose, and the words for it, differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// A plan, or what another tool has in its place.
    Plan,
    /// A change of one.
    Patch,
}

impl Wanted {
    fn noun(self) -> &'static str {
        match self {
            Self::Plan => "plan",
            Self::Patch => "patch",
        }
    }

    fn several(self) -> &'static str {
        match self {
            Self::Plan => "plans",
            Self::Patch => "patches",
        }
    }

    /// Whether `name` is a key that tells it from any other object.
    fn has(self, name: &str) -> bool {
        match self {
            Self::Plan => fields::names_tasks(name),
            Self::Patch => fields::names_changes(name),
        }
    }

    fn is_like(self, json: &Json) -> bool {
        matches!(json, Json::Object(entries) if entries.iter().any(|(key, _)| self.has(key)))
    }

    /// Nothing of it is in the text, though objects may be.
    fn missing(self, objects: bool) -> Fault {
        match self {
            Self::Plan if objects => Fault::new("$", "no object in the text has tasks"),
            Self::Plan | Self::Patch => Fault::new("$", format!("there is no {} in the text", self.noun())),
        }
        .hint(match self {
            Self::Plan => "a plan is one JSON object with a list of `tasks`",
            Self::Patch => "a patch is one JSON object with `reason` and lists `add`, `replace` and `remove`",
        })
    }
}

/// The value, and what had to be mended to get at it.
pub(super) struct Found {
    pub(super) json: Json,
    pub(super) repairs: Vec<Repair>,
}

/// What was read at some place of the text.
struct Candidate {
    json: Json,
    span: Range<usize>,
    notes: Vec<(RepairKind, usize)>,
}

/// Finds it, or says why there is none or more than one. Linear in the text.
pub(super) fn find(text: &str, wanted: Wanted) -> Result<Found, Fault> {
    let mut notes = Vec::new();
    if text.starts_with('\u{feff}') {
        notes.push((RepairKind::ByteOrderMark, 0));
    }
    let body = text.trim_start_matches('\u{feff}').trim_start();
    let start = text.len() - body.len();
    let end = text.trim_end().len().max(start);
    if body.trim_end().is_empty() {
        return Err(Fault::new("$", "the text is empty"));
    }
    let candidate = if let Some(candidate) = whole(text, start..end, wanted)? {
        candidate
    } else if let Some(candidate) = fenced(text, start..end, wanted)? {
        notes.push((RepairKind::FencedBlock, candidate.span.start));
        candidate
    } else {
        let candidate = in_prose(text, start..end, wanted)?;
        notes.push((RepairKind::ProseAround, candidate.span.start));
        candidate
    };
    notes.extend(candidate.notes);
    notes.sort_by_key(|(_, at)| *at);
    Ok(Found { json: candidate.json, repairs: placed(text, &notes) })
}

/// The whole text as one value.
fn whole(text: &str, range: Range<usize>, wanted: Wanted) -> Result<Option<Candidate>, Fault> {
    let first = text[range.clone()].chars().next();
    if !matches!(first, Some('{' | '[' | '/')) {
        return Ok(None);
    }
    match read(text, range.start, range.end) {
        Ok((candidate, rest)) if rest.trim().is_empty() => match &candidate.json {
            Json::Object(_) => Ok(Some(candidate)),
            // Some other tools keep their tasks in a bare list.
            list if wanted == Wanted::Plan && import::likeness(list).is_some() => Ok(Some(candidate)),
            other => Err(Fault::new("$", format!("a {} is an object; this is {}", wanted.noun(), other.kind()))),
        },
        // Only a mark that opens no value may be the beginning of prose.
        Err((trouble, _)) if trouble.cause == Cause::TooDeep || opens_value(&text[range]) => {
            Err(fault(text, &trouble, wanted))
        }
        // More than one value, or prose: the search for objects decides.
        Ok(_) | Err(_) => Ok(None),
    }
}

/// Whether the text begins as JSON does and prose does not.
fn opens_value(text: &str) -> bool {
    text.starts_with('{') || text.strip_prefix('[').is_some_and(|rest| rest.trim_start().starts_with(['{', '[', '"']))
}

/// The one fenced block that holds JSON.
fn fenced(text: &str, range: Range<usize>, wanted: Wanted) -> Result<Option<Candidate>, Fault> {
    if text[range.clone()].starts_with('{') {
        return Ok(None);
    }
    let blocks: Vec<Range<usize>> =
        blocks(text, &range).into_iter().filter(|block| text[block.clone()].trim_start().starts_with('{')).collect();
    let [block] = blocks.as_slice() else { return Ok(None) };
    if mentions(&text[range.start..block.start], wanted) || mentions(&text[block.end..range.end], wanted) {
        // There may be another plan outside it: the search for objects tells.
        return Ok(None);
    }
    let (candidate, rest) = read(text, block.start, block.end).map_err(|(trouble, _)| fault(text, &trouble, wanted))?;
    if rest.trim().is_empty() {
        return Ok(Some(candidate));
    }
    Ok(None)
}

/// The insides of fenced blocks; one that is never closed goes on to the end.
fn blocks(text: &str, range: &Range<usize>) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut open: Option<(usize, &str)> = None;
    let mut at = range.start;
    for line in text[range.clone()].split_inclusive('\n') {
        let trimmed = line.trim();
        let next = at + line.len();
        match open {
            None if trimmed.starts_with("```") || trimmed.starts_with("~~~") => open = Some((next, &trimmed[..3])),
            Some((from, fence)) if trimmed.starts_with(fence) && trimmed.trim_matches(['`', '~']).is_empty() => {
                found.push(from..at);
                open = None;
            }
            None | Some(_) => {}
        }
        at = next;
    }
    found.extend(open.map(|(from, _)| from..range.end));
    found
}

/// The one object in the text that looks like a plan.
fn in_prose(text: &str, range: Range<usize>, wanted: Wanted) -> Result<Candidate, Fault> {
    let mut plans: Vec<Candidate> = Vec::new();
    let mut other: Option<Json> = None;
    let mut at = range.start;
    while let Some(next) = text[at..range.end].find('{').map(|offset| at + offset) {
        match read(text, next, range.end) {
            Ok((candidate, _)) => {
                at = candidate.span.end;
                if wanted.is_like(&candidate.json) {
                    plans.push(candidate);
                } else {
                    other.get_or_insert(candidate.json);
                }
            }
            Err((trouble, reached)) => {
                let close = balanced_end(&text[next..range.end]).map(|length| next + length);
                let stop = close.unwrap_or(range.end);
                // A broken plan must never be passed over in favour of something inside or after it.
                if trouble.cause == Cause::TooDeep || mentions(&text[next..stop], wanted) {
                    return Err(fault(text, &trouble, wanted));
                }
                if close.is_none() {
                    break;
                }
                at = stop.max(reached);
            }
        }
    }
    if plans.len() > 1 {
        let message = format!("the text holds {} {}; which one is meant cannot be told", plans.len(), wanted.several());
        let place = place(text, plans[1].span.start);
        return Err(Fault::new("$", message).at(place).hint("give exactly one"));
    }
    plans.pop().ok_or_else(|| {
        let theirs = other.as_ref().filter(|_| wanted == Wanted::Plan).and_then(import::fault);
        theirs.unwrap_or_else(|| wanted.missing(other.is_some()))
    })
}

/// Reads a value at `at`; with it what follows, or with the trouble how far the reader came.
fn read(text: &str, at: usize, end: usize) -> Result<(Candidate, &str), (Trouble, usize)> {
    let mut reader = Reader::new(text, at, end);
    let json = match reader.value() {
        Ok(json) => json,
        Err(trouble) => return Err((trouble, reader.at)),
    };
    let span = at..reader.at;
    let before = reader.notes.len();
    // Comments after the value are mended only when nothing else follows.
    let rest = if matches!(reader.at_end(), Ok(true)) {
        ""
    } else {
        reader.notes.truncate(before);
        &text[span.end..end]
    };
    Ok((Candidate { json, span, notes: reader.notes }, rest))
}

/// Whether one of its keys stands in `text`.
fn mentions(text: &str, wanted: Wanted) -> bool {
    let names = |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
    // As a key: in quotes of some kind, or bare before a colon.
    text.match_indices([':']).any(|(at, _)| {
        let before = text[..at].trim_end().trim_end_matches(['"', '\u{201d}', '\u{201c}']);
        wanted.has(
            &before[before.rfind(names).map_or(0, |at| at + before[at..].chars().next().map_or(1, char::len_utf8))..],
        )
    })
}

/// The length of the balanced object that `text` begins with; strings are skipped.
fn balanced_end(text: &str) -> Option<usize> {
    let mut depth = 0usize;
    let mut quoted = false;
    let mut escaped = false;
    for (at, b) in text.bytes().enumerate() {
        match b {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'{' | b'[' if !quoted => depth += 1,
            b'}' | b']' if !quoted => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
    }
    None
}

fn fault(text: &str, trouble: &Trouble, wanted: Wanted) -> Fault {
    let (message, hint) = match &trouble.cause {
        Cause::Cut => (
            format!("the text ends before the {} does: it was cut", wanted.noun()),
            Some(match wanted {
                Wanted::Plan => "nothing of a cut plan is used; give the whole of it",
                Wanted::Patch => "nothing of a cut patch is used; give the whole of it",
            }),
        ),
        Cause::Duplicate(key) => (
            format!("the key {} stands twice in one object", quoted(key)),
            Some("which of the two is meant cannot be told; keep one"),
        ),
        Cause::TooDeep => (format!("nested deeper than {DEPTH} levels"), None),
        Cause::Syntax(what) => (what.clone(), None),
    };
    let fault = Fault::new(trouble.path(), message).at(place(text, trouble.at));
    match hint {
        Some(hint) => fault.hint(hint),
        None => fault,
    }
}

fn place(text: &str, at: usize) -> Place {
    let mut cursor = Cursor::default();
    cursor.forward(text, at);
    cursor.place()
}

/// The notes with their places, in one pass over the text. They are in the order of the text.
fn placed(text: &str, notes: &[(RepairKind, usize)]) -> Vec<Repair> {
    let mut cursor = Cursor::default();
    notes
        .iter()
        .map(|&(kind, at)| {
            cursor.forward(text, at);
            Repair { kind, path: "$".to_owned(), place: Some(cursor.place()), note: kind.note().to_owned() }
        })
        .collect()
}

#[derive(Default)]
struct Cursor {
    at: usize,
    line: u32,
    column: u32,
}

impl Cursor {
    fn forward(&mut self, text: &str, to: usize) {
        for c in text.get(self.at..to).unwrap_or_default().chars() {
            if c == '\n' {
                self.line = self.line.saturating_add(1);
                self.column = 0;
            } else {
                self.column = self.column.saturating_add(1);
            }
        }
        self.at = self.at.max(to);
    }

    fn place(&self) -> Place {
        Place { line: self.line.saturating_add(1), column: self.column.saturating_add(1) }
    }
}
