//! The ticket as the rest of the program sees it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ids::Digest;

use super::markdown::{Block, blocks};

/// What was asked, taken apart. Every list is in the order of the text, without repeats, and holds text
/// exactly as written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticket {
    /// Its key or number where it came from, or what `--ref` said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Where people read it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// One line without control characters; taken from the body where none was given.
    pub title: String,
    /// The text under the title.
    pub body: String,
    /// Labels, as given.
    #[serde(default)]
    pub labels: Vec<String>,
    /// What must hold at the end, one criterion each.
    #[serde(default)]
    pub acceptance: Vec<String>,
    /// The work it lists, nested as it was written.
    #[serde(default)]
    pub items: Vec<WorkItem>,
    /// Fenced and preformatted blocks, diffs apart.
    #[serde(default)]
    pub code: Vec<CodeBlock>,
    /// Diffs it brings.
    #[serde(default)]
    pub diffs: Vec<DiffBlock>,
    /// Files it names, relative where it could be told: those in the diffs and the prose before those in code.
    #[serde(default)]
    pub paths: Vec<String>,
    /// Identifiers it names: those of title and prose before those in code.
    #[serde(default)]
    pub identifiers: Vec<String>,
    /// SHA-256 of `text`.
    pub digest: Digest,
    /// Where it was read.
    pub source: Source,
    /// The whole text that was read, without byte-order mark and with `\n` line ends. Parsing it again
    /// gives this ticket again.
    pub text: String,
}

impl Ticket {
    /// Title and body without what is set off as code: what the ticket says in words.
    pub fn prose(&self) -> String {
        let mut out = self.title.clone();
        for block in blocks(&self.body) {
            let text = match &block {
                Block::Heading { text, .. } => text,
                Block::Item { text, .. } | Block::Prose { text } => text.as_str(),
                Block::Code { .. } | Block::Diff { .. } => continue,
            };
            out.push('\n');
            out.push_str(text);
        }
        out
    }

    /// The same ticket under another key, as `--ref` asks.
    #[must_use]
    pub fn with_key(self, key: &str) -> Self {
        Self { key: Some(key.to_owned()), ..self }
    }
}

/// Where a ticket was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// A file, named as the user named it.
    File(String),
    /// Standard input.
    Stdin,
    /// The command line itself.
    Text,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(name) => f.write_str(name),
            Self::Stdin => f.write_str("standard input"),
            Self::Text => f.write_str("the ticket text"),
        }
    }
}

/// A piece of work the ticket lists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkItem {
    /// What is to be done, on one line.
    pub text: String,
    /// Whether its box is already ticked.
    #[serde(default)]
    pub done: bool,
    /// Whether it has a box to tick, which says that it is work by itself.
    #[serde(default)]
    pub boxed: bool,
    /// How it was written.
    pub kind: ItemKind,
    /// How many items stand above it; 0 at the top.
    pub depth: usize,
    /// The items under it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<WorkItem>,
}

/// How a work item was written. Numbers promise an order, bullets do not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ItemKind {
    /// `1.` or `1)`.
    Numbered,
    /// `-`, `*` or `+`.
    Bulleted,
    /// A heading under the heading that announces the work.
    Heading,
}

/// A block of code, output or anything else that was set off as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeBlock {
    /// The first word after the fence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lang: Option<String>,
    /// Its lines, each ended by `\n`.
    pub text: String,
}

/// A diff the ticket brings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiffBlock {
    /// Its lines exactly, each ended by `\n`.
    pub text: String,
    /// The files it touches, without `a/` and `b/`, as it names them: they may be absolute or lead outside.
    pub files: Vec<String>,
}
