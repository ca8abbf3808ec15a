//! A small Markdown reader: one pass over the lines, linear in the text, no recursion.
//!
//! It knows what issues are made of (headings, lists, boxes, fences, comments, `<pre>`) and takes all
//! else for prose. Nothing is an error: what is never closed runs to the end, or is prose.

use super::ItemKind;
use super::diff;

/// One block, in the order of the text.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Block<'a> {
    /// A heading with its level, 1 to 6.
    Heading { level: usize, text: &'a str },
    /// A list item without its marker and box; `level` counts the items above it.
    Item { level: usize, kind: ItemKind, ticked: Option<bool>, text: String },
    /// A paragraph, its lines joined by `\n`.
    Prose { text: String },
    /// A fenced or preformatted block.
    Code { lang: Option<&'a str>, text: String },
    /// A fenced diff, or one that stands in the text as it is.
    Diff { text: String },
}

/// Takes `text` apart.
pub(super) fn blocks(text: &str) -> Vec<Block<'_>> {
    let lines: Vec<&str> = text.lines().collect();
    let mut scanner = Scanner {
        last_comment_end: lines.iter().rposition(|line| line.contains("-->")),
        last_pre_end: lines.iter().rposition(|line| find_tag(line, "</pre").is_some()),
        lines,
        at: 0,
        out: Vec::new(),
        open: Open::Nothing,
        list: Vec::new(),
    };
    while scanner.at < scanner.lines.len() {
        scanner.step();
    }
    scanner.out
}

/// What a plain line would continue.
#[derive(PartialEq, Eq)]
enum Open {
    Nothing,
    Paragraph,
    Item,
}

struct Scanner<'a> {
    lines: Vec<&'a str>,
    at: usize,
    out: Vec<Block<'a>>,
    open: Open,
    /// The columns of the markers of the items we are in.
    list: Vec<usize>,
    /// Known up front, so that many openings without an end cost one pass, not one each.
    last_comment_end: Option<usize>,
    last_pre_end: Option<usize>,
}

impl<'a> Scanner<'a> {
    fn step(&mut self) {
        let line = self.lines[self.at];
        let trimmed = line.trim();
        if trimmed.is_empty() {
            self.open = Open::Nothing;
            self.at += 1;
        } else if trimmed.starts_with("<!--") && self.last_comment_end >= Some(self.at) {
            self.comment();
        } else if let Some(fence) = Fence::open(line) {
            self.fenced(&fence);
        } else if find_tag(trimmed, "<pre") == Some(0) && self.last_pre_end >= Some(self.at) {
            self.preformatted();
        } else if diff::begins(&self.lines[self.at..]) {
            self.raw_diff();
        } else if !self.heading(line, trimmed) && !self.item(line) {
            self.prose(line, trimmed);
        }
    }

    fn close(&mut self, block: Block<'a>) {
        self.out.push(block);
        self.open = Open::Nothing;
    }

    fn comment(&mut self) {
        while !self.lines[self.at].contains("-->") {
            self.at += 1;
        }
        self.at += 1;
        self.open = Open::Nothing;
    }

    fn fenced(&mut self, fence: &Fence<'a>) {
        let mut text = String::new();
        self.at += 1;
        while let Some(line) = self.lines.get(self.at) {
            self.at += 1;
            if fence.closes(line) {
                break;
            }
            text.push_str(unindented(line, fence.indent));
            text.push('\n');
        }
        let named =
            fence.lang.is_some_and(|lang| ["diff", "patch", "udiff"].contains(&lang.to_ascii_lowercase().as_str()));
        if named || (fence.lang.is_none() && diff::looks_like(&text)) {
            self.close(Block::Diff { text });
        } else {
            self.close(Block::Code { lang: fence.lang, text });
        }
    }

    fn preformatted(&mut self) {
        let mut text = String::new();
        loop {
            let line = self.lines[self.at];
            self.at += 1;
            let end = find_tag(line, "</pre");
            let content = without_tags(&line[..end.unwrap_or(line.len())]);
            if !content.trim().is_empty() || (!text.is_empty() && end.is_none()) {
                text.push_str(&content);
                text.push('\n');
            }
            if end.is_some() {
                break;
            }
        }
        self.close(Block::Code { lang: None, text });
    }

    fn raw_diff(&mut self) {
        let count = diff::extent(&self.lines[self.at..]).max(1);
        let mut text = String::new();
        for line in &self.lines[self.at..self.at + count] {
            text.push_str(line);
            text.push('\n');
        }
        self.at += count;
        self.close(Block::Diff { text });
    }

    fn heading(&mut self, line: &'a str, trimmed: &'a str) -> bool {
        if let Some((level, text)) = atx(line) {
            self.list.clear();
            self.close(Block::Heading { level, text });
            self.at += 1;
            return true;
        }
        let mark = trimmed.as_bytes()[0];
        let is_line = trimmed.len() >= 2 && trimmed.bytes().all(|b| b == mark);
        let level = match mark {
            b'=' if is_line => 1,
            b'-' if is_line => 2,
            b'*' | b'_' if is_line && trimmed.len() >= 3 => 0,
            _ => return false,
        };
        // An underline makes the line above it a heading; alone it is a rule.
        if level > 0
            && self.open == Open::Paragraph
            && matches!(self.out.last(), Some(Block::Prose { text }) if !text.contains('\n'))
        {
            self.out.pop();
            self.list.clear();
            self.close(Block::Heading { level, text: self.lines[self.at - 1].trim() });
        }
        self.open = Open::Nothing;
        self.at += 1;
        true
    }

    fn item(&mut self, line: &'a str) -> bool {
        let indent = indent_of(line);
        let Some((kind, rest)) = marker(line.trim_start()) else { return false };
        // Two columns are what people indent a nested list by, whatever the width of the marker above.
        while self.list.last().is_some_and(|above| indent < above + 2) {
            self.list.pop();
        }
        let (ticked, text) = checkbox(rest);
        self.out.push(Block::Item { level: self.list.len(), kind, ticked, text: text.trim().to_owned() });
        self.list.push(indent);
        self.open = Open::Item;
        self.at += 1;
        true
    }

    fn prose(&mut self, line: &'a str, trimmed: &'a str) {
        self.at += 1;
        let said = trimmed.trim_start_matches(['>', ' ']);
        match (&self.open, self.out.last_mut()) {
            (Open::Item, Some(Block::Item { text, .. })) => {
                text.push(' ');
                text.push_str(said);
            }
            (Open::Paragraph, Some(Block::Prose { text })) => {
                text.push('\n');
                text.push_str(said);
            }
            _ => {
                if indent_of(line) < 2 {
                    self.list.clear();
                }
                self.out.push(Block::Prose { text: said.to_owned() });
                self.open = Open::Paragraph;
            }
        }
    }
}

/// An opening fence: three or more backticks or tildes.
struct Fence<'a> {
    mark: char,
    length: usize,
    indent: usize,
    lang: Option<&'a str>,
}

impl<'a> Fence<'a> {
    fn open(line: &'a str) -> Option<Self> {
        let trimmed = line.trim_start();
        let mark = trimmed.chars().next().filter(|c| matches!(c, '`' | '~'))?;
        let info = trimmed.trim_start_matches(mark);
        let length = trimmed.len() - info.len();
        if length < 3 || (mark == '`' && info.contains('`')) {
            return None;
        }
        let lang =
            info.split(|c: char| c.is_whitespace() || matches!(c, '{' | '}' | ',')).find(|word| !word.is_empty());
        Some(Self { mark, length, indent: line.len() - trimmed.len(), lang })
    }

    fn closes(&self, line: &str) -> bool {
        let trimmed = line.trim();
        trimmed.len() >= self.length && trimmed.chars().all(|c| c == self.mark)
    }
}

/// A heading of the form `## Text ##`.
pub(super) fn atx(line: &str) -> Option<(usize, &str)> {
    let trimmed = line.trim_start();
    let rest = trimmed.trim_start_matches('#');
    let level = trimmed.len() - rest.len();
    if line.len() - trimmed.len() > 3
        || !(1..=6).contains(&level)
        || !(rest.is_empty() || rest.starts_with([' ', '\t']))
    {
        return None;
    }
    let text = rest.trim();
    let bare = text.trim_end_matches('#');
    let closed = bare.len() < text.len() && (bare.is_empty() || bare.ends_with(' '));
    Some((level, if closed { bare.trim_end() } else { text }))
}

fn marker(trimmed: &str) -> Option<(ItemKind, &str)> {
    let (kind, rest) = if let Some(rest) = trimmed.strip_prefix(['-', '*', '+']) {
        (ItemKind::Bulleted, rest)
    } else {
        let rest = trimmed.trim_start_matches(|c: char| c.is_ascii_digit());
        let digits = trimmed.len() - rest.len();
        if !(1..=9).contains(&digits) {
            return None;
        }
        (ItemKind::Numbered, rest.strip_prefix(['.', ')'])?)
    };
    rest.starts_with([' ', '\t']).then_some((kind, rest))
}

fn checkbox(rest: &str) -> (Option<bool>, &str) {
    let rest = rest.trim_start();
    let boxed = |mark: &str| rest.strip_prefix(mark).filter(|text| text.is_empty() || text.starts_with([' ', '\t']));
    if let Some(text) = boxed("[ ]").or_else(|| boxed("[]")) {
        return (Some(false), text);
    }
    match boxed("[x]").or_else(|| boxed("[X]")) {
        Some(text) => (Some(true), text),
        None => (None, rest),
    }
}

fn indent_of(line: &str) -> usize {
    line.bytes()
        .take_while(|b| matches!(b, b' ' | b'\t'))
        .fold(0, |column, b| if b == b'\t' { column + 4 - column % 4 } else { column + 1 })
}

/// `line` without up to `indent` leading blanks, as a fence inside a list item wants it.
fn unindented(line: &str, indent: usize) -> &str {
    let blanks = line.bytes().take(indent).take_while(|b| matches!(b, b' ' | b'\t')).count();
    &line[blanks..]
}

/// Where `tag` begins, upper or lower case, not as the beginning of a longer name.
fn find_tag(line: &str, tag: &str) -> Option<usize> {
    let (bytes, wanted) = (line.as_bytes(), tag.as_bytes());
    bytes
        .windows(wanted.len())
        .enumerate()
        .find(|(at, window)| {
            window.eq_ignore_ascii_case(wanted) && !bytes.get(at + wanted.len()).is_some_and(u8::is_ascii_alphanumeric)
        })
        .map(|(at, _)| at)
}

/// `line` without the tags that dress up a preformatted block.
fn without_tags(line: &str) -> String {
    let mut rest = line;
    loop {
        let trimmed = rest.trim_start();
        let is_dress = ["<pre", "<code"].iter().any(|tag| find_tag(trimmed, tag) == Some(0));
        match trimmed.find('>').filter(|_| is_dress) {
            Some(end) => rest = &trimmed[end + 1..],
            None => break,
        }
    }
    rest.trim_end().strip_suffix("</code>").unwrap_or(rest).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(level: usize, kind: ItemKind, ticked: Option<bool>, text: &str) -> Block<'static> {
        Block::Item { level, kind, ticked, text: text.to_owned() }
    }

    #[test]
    fn headings_of_both_kinds_and_rules_are_told_apart() {
        let text = "# One #\nTwo\n===\n\n---\n####### seven\n##nothing\n\n##### C#\n";
        let found = blocks(text);
        assert_eq!(found[0], Block::Heading { level: 1, text: "One" });
        assert_eq!(found[1], Block::Heading { level: 1, text: "Two" });
        assert_eq!(found[2], Block::Prose { text: "####### seven\n##nothing".to_owned() });
        assert_eq!(found[3], Block::Heading { level: 5, text: "C#" });
    }

    #[test]
    fn lists_nest_by_indent_and_take_their_lines_along() {
        let text = "1. one\n   more\n  - [x] sub\n    * [ ] deep\n2) two\n\nprose\n- new\n";
        assert_eq!(
            blocks(text),
            [
                item(0, ItemKind::Numbered, None, "one more"),
                item(1, ItemKind::Bulleted, Some(true), "sub"),
                item(2, ItemKind::Bulleted, Some(false), "deep"),
                item(0, ItemKind::Numbered, None, "two"),
                Block::Prose { text: "prose".to_owned() },
                item(0, ItemKind::Bulleted, None, "new"),
            ]
        );
    }

    #[test]
    fn fences_keep_their_text_and_need_their_own_end() {
        let text = "~~~~rust,ignore\n# no heading\n```\n~~~\n~~~~\n- a\n  ```\n    x\n  ```\n";
        let found = blocks(text);
        assert_eq!(found[0], Block::Code { lang: Some("rust"), text: "# no heading\n```\n~~~\n".to_owned() });
        assert_eq!(found[2], Block::Code { lang: None, text: "  x\n".to_owned() });
    }

    #[test]
    fn comments_are_skipped_and_an_open_one_is_prose() {
        assert_eq!(
            blocks("<!--\n# hidden\n-->\nseen\n<!-- open\nmore"),
            [Block::Prose { text: "seen\n<!-- open\nmore".to_owned() }]
        );
    }

    #[test]
    fn preformatted_html_is_code() {
        let found = blocks("<pre><code>let a = 1;\n\nb</code></pre>\n<PREFIX>");
        assert_eq!(found[0], Block::Code { lang: None, text: "let a = 1;\n\nb\n".to_owned() });
        assert_eq!(found[1], Block::Prose { text: "<PREFIX>".to_owned() });
    }
}
