//! PURE: from text to a [`Ticket`].

use std::borrow::Cow;

use crate::ids::Digest;

use super::identifiers::{Kind, Named};
use super::markdown::{Block, blocks};
use super::{CodeBlock, DiffBlock, Source, Ticket, TicketError, diff, fields, items, markdown, normal, title};

impl Ticket {
    /// Takes `text` apart: Markdown, with or without front matter, or JSON. The same text and source give
    /// the same ticket; time and memory are linear in the text.
    pub fn parse(text: &str, source: Source) -> Result<Self, TicketError> {
        let text = normal::normalise(text, &source)?.into_owned();
        let digest = Digest::of(text.as_bytes());
        let (given_title, body, fields) = if fields::is_json(&text, &source) {
            let mut fields = fields::json(&text, &source)?;
            let body = fields.body.take().map(|body| body.0).unwrap_or_default();
            (fields.title.take(), normal::unix_lines(&body).into_owned(), fields)
        } else {
            let (mut fields, body) = fields::front_matter(&text, &source)?;
            (fields.title.take(), body.to_owned(), fields)
        };
        let given_title = given_title.map(|title| title::line(&title.0)).filter(|title| !title.is_empty());
        if body.contains('\0') {
            return Err(TicketError::Nul { from: source, line: 1 });
        }
        let (heading, body) = split_title(&body, given_title.as_deref());
        let body = unescape_lines(body.trim_matches('\n').trim_end()).into_owned();
        let found = blocks(&body);
        let title = given_title.or(heading).unwrap_or_else(|| title::find(&found));
        if title.is_empty() && body.trim().is_empty() {
            return Err(TicketError::Empty { from: source });
        }
        let named = names(&title, &found);
        let (items, acceptance) = items::collect(&found);
        let (code, diffs) = set_off(found);
        let (key, url, labels) = fields.into_parts();
        Ok(Self {
            key,
            url,
            title,
            labels,
            acceptance,
            items,
            code,
            diffs,
            paths: named.paths,
            identifiers: named.identifiers,
            digest,
            source,
            text,
            body,
        })
    }
}

/// A heading of the first level at the very top is the title, and no part of the body; so is any heading
/// that only repeats the title that was given.
fn split_title<'a>(body: &'a str, given: Option<&str>) -> (Option<String>, &'a str) {
    let start = body.trim_start_matches(['\n', ' ', '\t']);
    let (first, rest) = start.split_once('\n').unwrap_or((start, ""));
    match markdown::atx(first) {
        Some((level, text)) if !text.is_empty() => {
            let heading = title::line(text);
            let repeats = given == Some(heading.as_str());
            if repeats || (level == 1 && given.is_none() && !title::names_a_section(text)) {
                (Some(heading), rest)
            } else {
                (None, body)
            }
        }
        _ => (None, body),
    }
}

/// Some exports write line breaks as the two characters `\n`. A body on one line that is full of them is
/// read with real line breaks; any other body means what it says.
fn unescape_lines(body: &str) -> Cow<'_, str> {
    let structured = ["\\n\\n", "\\n#", "\\n- ", "\\n* ", "\\n1. ", "\\n```"].iter().any(|mark| body.contains(mark));
    if body.contains('\n') || !structured {
        return Cow::Borrowed(body);
    }
    Cow::Owned(body.replace("\\r\\n", "\n").replace("\\n", "\n").replace("\\t", "\t"))
}

fn names(title: &str, blocks: &[Block<'_>]) -> Named {
    let mut named = Named::default();
    named.read(title, Kind::Prose);
    for block in blocks {
        match block {
            Block::Heading { text, .. } => named.read(text, Kind::Prose),
            Block::Item { text, .. } | Block::Prose { text } => named.read(text, Kind::Prose),
            Block::Code { .. } => {}
            Block::Diff { text } => diff::files(text).iter().for_each(|file| named.path(file)),
        }
    }
    for block in blocks {
        match block {
            Block::Code { text, .. } => named.read(text, Kind::Code),
            // The names in the headers carry `a/` and `b/`, and were read without.
            Block::Diff { text } => {
                for line in text.lines().filter(|line| !diff::is_header(line)) {
                    named.read(line, Kind::Code);
                }
            }
            Block::Heading { .. } | Block::Item { .. } | Block::Prose { .. } => {}
        }
    }
    named
}

fn set_off(blocks: Vec<Block<'_>>) -> (Vec<CodeBlock>, Vec<DiffBlock>) {
    let (mut code, mut diffs) = (Vec::new(), Vec::new());
    for block in blocks {
        match block {
            Block::Code { lang, text } => code.push(CodeBlock { lang: lang.map(str::to_owned), text }),
            Block::Diff { text } => diffs.push(DiffBlock { files: diff::files(&text), text }),
            Block::Heading { .. } | Block::Item { .. } | Block::Prose { .. } => {}
        }
    }
    (code, diffs)
}
