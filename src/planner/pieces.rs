//! The open work a ticket lists, cut into pieces for one task each, with the order it promises.

use crate::text::printable;
use crate::ticket::{ItemKind, WorkItem};

/// Most characters of one line out of the ticket; the whole of it is in the ticket anyway.
const LINE: usize = 2000;
/// Most lines under a piece.
const LINES: usize = 100;

/// One piece of work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    /// What is to be done.
    pub(super) text: String,
    /// What stands above it, outermost first.
    pub(super) context: Vec<String>,
    /// What stands below it and is no work of its own, as an indented list.
    pub(super) details: Vec<String>,
    /// The pieces that come before it, by their place in the list. Each is smaller than its own.
    pub(super) after: Vec<usize>,
}

/// The pieces of the open items; none when nothing is listed or all is ticked.
///
/// A numbered item comes after the one before it. An item with boxes under it comes after those; a heading is only
/// the name of what stands under it. Lists under an item that are no boxes only explain it.
pub(super) fn pieces(items: &[WorkItem]) -> Vec<Piece> {
    let mut cut = Cut { pieces: Vec::new() };
    cut.siblings(items, &[], &[]);
    cut.pieces
}

struct Cut {
    pieces: Vec<Piece>,
}

impl Cut {
    /// Cuts a list whose items come after `before`; returns its last pieces. The ticket room bounds the nesting.
    fn siblings(&mut self, items: &[WorkItem], before: &[usize], context: &[String]) -> Vec<usize> {
        let mut numbered: Option<Vec<usize>> = None;
        let mut last = Vec::new();
        for item in items {
            match item.kind {
                ItemKind::Numbered => {
                    let ends = self.item(item, numbered.as_deref().unwrap_or(before), context);
                    if !ends.is_empty() {
                        numbered = Some(ends);
                    }
                }
                ItemKind::Bulleted | ItemKind::Heading => last.extend(self.item(item, before, context)),
            }
        }
        last.extend(numbered.unwrap_or_default());
        last
    }

    fn item(&mut self, item: &WorkItem, before: &[usize], context: &[String]) -> Vec<usize> {
        let text = printable(&item.text, LINE);
        let mut after = before.to_vec();
        let mut details = Vec::new();
        if are_work(item) {
            let mut inner = context.to_vec();
            inner.push(text.clone());
            let ends = self.siblings(&item.children, before, &inner);
            if item.kind == ItemKind::Heading || item.done {
                return ends;
            }
            if !ends.is_empty() {
                after = ends;
            }
        } else {
            explain(&item.children, 0, &mut details);
        }
        if item.done {
            return Vec::new();
        }
        self.pieces.push(Piece { text, context: context.to_vec(), details, after });
        vec![self.pieces.len() - 1]
    }
}

/// Whether what stands under an item is work by itself.
fn are_work(item: &WorkItem) -> bool {
    let listed = item.kind == ItemKind::Heading && !item.children.iter().any(|child| is_labelled(&child.text));
    !item.children.is_empty() && (listed || item.children.iter().any(|child| child.boxed))
}

/// Whether a line begins with a label, like `Before: …`: such lists describe one thing from several sides.
fn is_labelled(text: &str) -> bool {
    text.split_once(": ")
        .is_some_and(|(label, _)| label.len() <= 20 && label.chars().all(|c| c.is_alphabetic() || c == ' '))
}

fn explain(items: &[WorkItem], depth: usize, lines: &mut Vec<String>) {
    for item in items {
        if lines.len() >= LINES {
            return;
        }
        lines.push(format!("{}- {}", "  ".repeat(depth), printable(&item.text, LINE)));
        explain(&item.children, depth + 1, lines);
    }
}
