//! PURE: the two ways in which text from outside gets into a prompt: as a fenced block, or as one line.

use crate::text;

/// The longest line, in characters.
const MAX_LINE: usize = 1000;

/// A fenced block that nothing inside can close.
pub(super) fn fence(content: &str) -> String {
    text::markdown_block(content, "text").trim_end().to_owned()
}

/// One line that cannot become a heading, a list or a fence of its own.
pub(super) fn line(content: &str) -> String {
    text::printable(content.trim(), MAX_LINE)
}
