//! Colours and marks of one stream. Every piece is cleaned before it is painted, so that the only
//! escapes on a terminal are ours.

use std::borrow::Cow;

use crate::text;

/// What a stream can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Style {
    pub(super) colour: bool,
    pub(super) unicode: bool,
}

/// How a piece of a line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Paint {
    Plain,
    Bold,
    Dim,
    Good,
    Bad,
    Warn,
}

/// The sign a line begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    None,
    Start,
    Good,
    Bad,
    Skip,
    Warn,
}

impl Paint {
    /// Select Graphic Rendition parameters; source: ECMA-48, section 8.3.117.
    fn code(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Bold => Some("1"),
            Self::Dim => Some("2"),
            Self::Good => Some("32"),
            Self::Bad => Some("31"),
            Self::Warn => Some("33"),
        }
    }
}

impl Mark {
    fn shown(self, unicode: bool) -> (&'static str, Paint) {
        let (fine, plain, paint) = match self {
            Self::None => (" ", "  ", Paint::Plain),
            Self::Start => ("▶", "> ", Paint::Dim),
            Self::Good => ("✓", "ok", Paint::Good),
            Self::Bad => ("✗", "x ", Paint::Bad),
            Self::Skip => ("↷", "- ", Paint::Dim),
            Self::Warn => ("!", "! ", Paint::Warn),
        };
        (if unicode { fine } else { plain }, paint)
    }
}

impl Style {
    /// One line with its line end.
    pub(super) fn line(self, mark: Mark, pieces: &[(Paint, &str)]) -> String {
        let (sign, paint) = mark.shown(self.unicode);
        let mut out = String::new();
        self.paint(&mut out, paint, sign);
        out.push(' ');
        for (paint, piece) in pieces {
            self.paint(&mut out, *paint, &self.plain(piece).replace(['\n', '\t'], " "));
        }
        out.truncate(out.trim_end().len());
        out.push('\n');
        out
    }

    /// Cleaned, and in the characters that the stream can show. Of what is beyond ASCII only our own
    /// signs are put in other words: what strangers wrote stays what it was.
    pub(super) fn plain(self, text: &str) -> String {
        let clean = text::clean(text);
        if self.unicode { clean.into_owned() } else { ascii(&clean).into_owned() }
    }

    pub(super) fn paint(self, out: &mut String, paint: Paint, clean: &str) {
        match paint.code() {
            Some(code) if self.colour && !clean.trim().is_empty() => {
                out.push_str("\u{1b}[");
                out.push_str(code);
                out.push('m');
                out.push_str(clean);
                out.push_str("\u{1b}[0m");
            }
            Some(_) | None => out.push_str(clean),
        }
    }
}

fn ascii(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '→' => out.push_str("->"),
            '—' | '−' | '·' => out.push('-'),
            '“' | '”' => out.push('"'),
            '…' => out.push_str("..."),
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_escapes_reach_a_terminal() {
        let style = Style { colour: true, unicode: true };
        let line = style.line(Mark::Bad, &[(Paint::Bold, "a\u{1b}[2J\u{202e}\nb"), (Paint::Plain, " c")]);
        assert_eq!(line, "\u{1b}[31m✗\u{1b}[0m \u{1b}[1ma\\u{1b}[2J\\u{202e} b\u{1b}[0m c\n");
    }

    #[test]
    fn a_line_says_the_same_without_colour_and_in_ascii() {
        let style = Style { colour: false, unicode: false };
        assert_eq!(style.line(Mark::Good, &[(Paint::Good, "red → green")]), "ok red -> green\n");
        assert_eq!(style.line(Mark::None, &[]), "\n");
    }
}
