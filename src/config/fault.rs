//! What is wrong with a configuration, where, and what to do about it.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use miette::{Diagnostic, LabeledSpan, NamedSource, SourceCode};
use serde::Serialize;

use super::node::Source;
use crate::sys::fs::{Cause, FileError};
use crate::text;

/// Where a value came from, weakest first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// Built in.
    Default,
    /// The user's own file.
    User(PathBuf, u64),
    /// A file found in or above the working folder, and the line.
    Project(PathBuf, u64),
    /// A file the user named, and the line.
    Named(PathBuf, u64),
    /// An environment variable.
    Env(String),
    /// A flag, as it was written.
    Flag(String),
}

impl Origin {
    /// The same source at another line.
    #[must_use]
    pub(super) fn on_line(&self, line: u64) -> Self {
        match self {
            Self::User(path, _) => Self::User(path.clone(), line),
            Self::Project(path, _) => Self::Project(path.clone(), line),
            Self::Named(path, _) => Self::Named(path.clone(), line),
            Self::Default | Self::Env(_) | Self::Flag(_) => self.clone(),
        }
    }

    /// The file it stands in.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::User(path, _) | Self::Project(path, _) | Self::Named(path, _) => Some(path),
            Self::Default | Self::Env(_) | Self::Flag(_) => None,
        }
    }

    /// The source's name without a line.
    fn name(&self) -> String {
        match self {
            Self::Default => "default".to_owned(),
            Self::User(path, _) | Self::Project(path, _) | Self::Named(path, _) => path.display().to_string(),
            Self::Env(name) => name.clone(),
            Self::Flag(flag) => flag.clone(),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = text::printable(&self.name(), 400);
        match self {
            Self::Default => f.write_str("default"),
            Self::User(_, line) | Self::Project(_, line) | Self::Named(_, line) if *line > 0 => {
                write!(f, "{name}:{line}")
            }
            Self::Env(_) => write!(f, "${name}"),
            Self::User(..) | Self::Project(..) | Self::Named(..) | Self::Flag(_) => f.write_str(&name),
        }
    }
}

/// A place in a text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Spot {
    /// From 1; 0 if the place is unknown.
    pub line: u64,
    /// In characters, from 1.
    pub column: u64,
    /// In bytes from the start of the text.
    pub start: usize,
    /// In bytes; 0 for a mere point.
    pub len: usize,
}

impl Spot {
    pub(super) fn of(location: &serde_yaml::Location) -> Self {
        let bytes = |count: Option<u64>| count.and_then(|count| usize::try_from(count).ok()).unwrap_or(0);
        let span = location.span();
        Self {
            line: location.line(),
            column: location.column(),
            start: bytes(span.byte_offset()),
            len: bytes(span.byte_len()),
        }
    }

    /// The place of a byte.
    pub(super) fn of_byte(bytes: &[u8], at: usize) -> Self {
        let before = String::from_utf8_lossy(&bytes[..at.min(bytes.len())]);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        Self { line: line as u64, column: column as u64, start: at, len: 1 }
    }

    /// The byte that line and column lead to.
    fn byte_of(self, text: &str) -> usize {
        let index = |number: u64| usize::try_from(number.saturating_sub(1)).unwrap_or(usize::MAX);
        let line = text.split_inclusive('\n').take(index(self.line)).map(str::len).sum::<usize>();
        let column = text[line..].chars().take(index(self.column)).map(char::len_utf8).sum::<usize>();
        line + column
    }

    /// The part of `text` it covers.
    pub(super) fn of_text(self, text: &str) -> &str {
        text.get(self.start..self.start.saturating_add(self.len)).unwrap_or_default()
    }
}

/// One thing that is wrong. `Display` names place and message on one line; as a `miette` diagnostic it brings the
/// source with the place underlined.
#[derive(Debug, Clone)]
pub struct Fault {
    /// Where it came from.
    pub origin: Origin,
    /// Where in it.
    pub spot: Spot,
    /// The dotted key, if it is known.
    pub key: String,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    excerpt: Option<NamedSource<Arc<str>>>,
}

impl Fault {
    pub(super) fn new(source: &Source, spot: Spot, message: impl Into<String>) -> Self {
        Self {
            origin: source.origin.on_line(spot.line),
            spot,
            key: String::new(),
            message: text::clean(&message.into()).into_owned(),
            hint: None,
            excerpt: Some(NamedSource::new(source.origin.name(), masked(&source.text))),
        }
    }

    /// A fault of a whole file, before there is text to show.
    pub(super) fn of_file(origin: Origin, error: &FileError) -> Self {
        let message = match &error.cause {
            Cause::TooLarge { cap } => format!("the file is larger than {} KiB", cap / 1024),
            Cause::IsFolder => "this is a folder, not a file".to_owned(),
            Cause::Io(cause) => format!("the file cannot be read: {cause}"),
            Cause::NotText { .. } => "the file is not UTF-8 text".to_owned(),
        };
        Self::bare(origin, message)
    }

    /// A fault without a place in a text.
    pub(super) fn bare(origin: Origin, message: impl Into<String>) -> Self {
        let message = text::clean(&message.into()).into_owned();
        Self { origin, spot: Spot::default(), key: String::new(), message, hint: None, excerpt: None }
    }

    pub(super) fn of_yaml(source: &Source, error: &serde_yaml::Error) -> Self {
        let mut spot = error.location().map(|location| Spot::of(&location)).unwrap_or_default();
        if spot.start == 0 {
            spot.start = spot.byte_of(&source.text);
        }
        Self::new(source, spot, super::yaml::message(error)).hinting(super::yaml::hint(error))
    }

    /// The same place with something to say about it.
    #[must_use]
    pub(super) fn saying(mut self, message: impl Into<String>) -> Self {
        self.message = text::clean(&message.into()).into_owned();
        self
    }

    #[must_use]
    pub(super) fn under(mut self, key: impl Into<String>) -> Self {
        self.key = key.into();
        self
    }

    #[must_use]
    pub(super) fn hinting(mut self, hint: Option<impl Into<String>>) -> Self {
        self.hint = hint.map(|hint| text::clean(&hint.into()).into_owned());
        self
    }

    /// Without the excerpt: what stands there must not be shown.
    #[must_use]
    pub(super) fn unshown(mut self) -> Self {
        self.excerpt = None;
        self
    }
}

/// The same text, byte for byte in place, without what could mislead a terminal.
fn masked(source: &str) -> Arc<str> {
    if !source.contains('\r') && text::clean(source) == source {
        return source.into();
    }
    let mut shown = String::with_capacity(source.len());
    for c in source.chars() {
        let mut buffer = [0; 4];
        match &*text::clean(c.encode_utf8(&mut buffer)) {
            kept if kept.starts_with(c) => shown.push(c),
            _ if c == '\r' => shown.push(' '),
            _ => shown.extend(std::iter::repeat_n('?', c.len_utf8())),
        }
    }
    shown.into()
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.origin)?;
        if self.spot.line > 0 && self.origin.file().is_some() {
            write!(f, ":{}", self.spot.column)?;
        }
        f.write_str(": ")?;
        if !self.key.is_empty() {
            write!(f, "{}: ", text::printable(&self.key, 120))?;
        }
        f.write_str(&self.message)
    }
}

impl std::error::Error for Fault {}

impl Diagnostic for Fault {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.hint.as_ref().map(|hint| Box::new(hint) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.excerpt.as_ref().filter(|_| self.spot.line > 0).map(|source| source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        self.source_code()?;
        let label = LabeledSpan::new(None, self.spot.start, self.spot.len.max(1));
        Some(Box::new(std::iter::once(label)))
    }
}

/// All that is wrong with a configuration; never empty.
#[derive(Debug, Clone)]
pub struct ConfigErrors {
    faults: Vec<Fault>,
}

impl ConfigErrors {
    /// `Ok` without faults.
    pub(super) fn check(faults: Vec<Fault>) -> Result<(), Self> {
        if faults.is_empty() { Ok(()) } else { Err(Self { faults }) }
    }

    /// The faults, in the order of the layers and of their lines.
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }
}

impl From<Box<Fault>> for ConfigErrors {
    fn from(fault: Box<Fault>) -> Self {
        Self { faults: vec![*fault] }
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.faults.as_slice() {
            [fault] => write!(f, "{fault}"),
            faults => write!(f, "the configuration has {} faults", faults.len()),
        }
    }
}

impl std::error::Error for ConfigErrors {}

impl Diagnostic for ConfigErrors {
    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        Some(Box::new(self.faults.iter().map(|fault| fault as &dyn Diagnostic)))
    }
}
