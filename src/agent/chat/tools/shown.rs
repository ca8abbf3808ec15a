//! PURE: what a tool gives, made fit to be sent: our own paths taken out, and of what is too long the beginning and the end.

use std::borrow::Cow;
use std::path::Path;

use crate::text;

/// A line that is longer is cut in the middle of it, rather than left out.
const LONG_LINE: usize = 1 << 10;

/// Of a long text the beginning and the end, at most `cap` bytes and a line that says what is missing. Cut where lines end,
/// if they do.
pub(in crate::agent::chat) fn capped(whole: &str, cap: usize) -> Cow<'_, str> {
    if whole.len() <= cap {
        return Cow::Borrowed(whole);
    }
    Cow::Owned(joined(&whole[..head(whole, cap / 2)], &whole[tail(whole, cap / 2)..], whole.len() as u64))
}

/// A beginning and an end of a text that has `total` bytes.
pub(super) fn joined(head: &str, tail: &str, total: u64) -> String {
    let missing = total.saturating_sub((head.len() + tail.len()) as u64);
    let gap = if head.is_empty() || head.ends_with('\n') { "" } else { "\n" };
    format!("{head}{gap}[… {missing} bytes are left out here …]\n{tail}")
}

/// Where a beginning of at most `max` bytes ends.
pub(super) fn head(whole: &str, max: usize) -> usize {
    let clipped = text::clip(whole, max);
    clipped.rfind('\n').map(|at| at + 1).filter(|at| clipped.len() - at < LONG_LINE).unwrap_or(clipped.len())
}

/// Where an end of at most `max` bytes begins.
pub(super) fn tail(whole: &str, max: usize) -> usize {
    let clipped = text::tail(whole, max);
    let skipped = clipped.find('\n').map(|at| at + 1).filter(|at| *at < LONG_LINE && *at < clipped.len()).unwrap_or(0);
    whole.len() - clipped.len() + skipped
}

/// Folders of ours, and what stands for them in what a model sees.
#[derive(Debug, Clone, Default)]
pub(in crate::agent::chat) struct Paths(Vec<(String, &'static str)>);

impl Paths {
    /// Adds a folder. The root of everything stands for nothing.
    pub(in crate::agent::chat) fn add(&mut self, folder: &Path, stands: &'static str) {
        if let Some(folder) = folder.to_str().map(|folder| folder.trim_end_matches('/')).filter(|it| it.len() > 1) {
            self.0.push((folder.to_owned(), stands));
            // The longest first: one may lie in another.
            self.0.sort_by(|a, b| b.0.len().cmp(&a.0.len()).then_with(|| a.cmp(b)));
        }
    }

    /// The text with what stands for our folders in their places.
    pub(in crate::agent::chat) fn hide<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut text = Cow::Borrowed(text);
        for (folder, stands) in &self.0 {
            if text.contains(folder.as_str()) {
                text = Cow::Owned(replaced(&text, folder, stands));
            }
        }
        text
    }
}

/// Only where the name ends there: `/w/a` is no part of `/w/ab`.
fn replaced(text: &str, folder: &str, stands: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(folder) {
        let (before, after) = (&rest[..at], &rest[at + folder.len()..]);
        let goes_on = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
        out.push_str(before);
        out.push_str(if after.starts_with(goes_on) { folder } else { stands });
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_what_is_too_long_head_and_tail_are_kept_and_the_gap_is_told() {
        let whole = (0..1000).map(|n| format!("line {n}")).collect::<Vec<_>>().join("\n") + "\n";
        let shown = capped(&whole, 200);
        assert!(shown.starts_with("line 0\n") && shown.ends_with("line 999\n"), "{shown}");
        assert!(shown.lines().all(|line| line.starts_with("line ") || line.starts_with("[… ")), "{shown}");
        assert!(shown.len() < 260, "{}", shown.len());
        assert_eq!(capped("short", 5), "short");
    }

    #[test]
    fn one_endless_line_is_cut_between_characters() {
        let shown = capped(&"é".repeat(10_000), 101).into_owned();
        assert!(shown.len() < 200 && shown.contains("bytes are left out"), "{shown}");
    }

    #[test]
    fn a_folder_of_ours_is_hidden_and_one_that_only_begins_alike_is_not() {
        let mut paths = Paths::default();
        paths.add(Path::new("/w/run"), ".");
        paths.add(Path::new("/w/run/tmp/"), "$TMPDIR");
        paths.add(Path::new("/"), "root");
        assert_eq!(paths.hide("at /w/run/src/a.rs:3, in /w/run, /w/run/tmp/x"), "at ./src/a.rs:3, in ., $TMPDIR/x");
        assert_eq!(paths.hide("/w/running /w/run-2 /"), "/w/running /w/run-2 /");
    }
}
