//! `edit`: a piece of a file replaced by another, where exactly that piece stands.

use std::path::Path;

use serde::Deserialize;
use serde_json::{Value, json};

use super::kit::{Kit, Told};
use super::nearest::nearest;
use super::read::{bytes, lines};
use super::write::put;
use crate::text;

/// Places that are named.
const NAMED: usize = 10;
/// Lines that are shown before and after the first change.
const AROUND: usize = 3;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    path: String,
    old: String,
    new: String,
    #[serde(default)]
    all: bool,
}

pub(super) fn parameters() -> Value {
    json!({
        "type": "object",
        "properties": {
            "path": {"type": "string", "description": "the file, relative to the workspace"},
            "old": {"type": "string", "description": "the text to replace, exactly as it stands in the file, without line numbers; enough of it to be there only once"},
            "new": {"type": "string", "description": "what stands there afterwards"},
            "all": {"type": "boolean", "description": "replace it wherever it stands"},
        },
        "required": ["path", "old", "new"],
        "additionalProperties": false,
    })
}

pub(super) fn edit(kit: &Kit, arguments: &str) -> Result<Told, Told> {
    let Arguments { path, old, new, all } = super::arguments::read(arguments).map_err(Told::Wrong)?;
    let before = bytes(kit, &path)?;
    let Edited { after, at } =
        replace(&before, &old, &new, all).map_err(|why| Told::Failed(format!("{path}: {why}")))?;
    put(kit, Path::new(&path), &after)?;
    let first = at[0].saturating_sub(AROUND).max(1);
    let shown = lines(&after, Some(first), Some(2 * AROUND + new.lines().count().clamp(1, 20)), kit.cap / 2);
    let places = if at.len() == 1 { String::new() } else { format!(" in {}", text::count(at.len(), "place")) };
    Ok(Told::Done(format!("changed {path}{places}:\n{shown}")))
}

#[derive(Debug, PartialEq, Eq)]
struct Edited {
    after: Vec<u8>,
    /// The lines where it stood, counted from 1.
    at: Vec<usize>,
}

/// Replaces the one place where `old` stands, or all of them. The error says why not, and what is near.
fn replace(before: &[u8], old: &str, new: &str, all: bool) -> Result<Edited, String> {
    if old.is_empty() {
        return Err("the argument `old` is empty: `write` makes a whole file".to_owned());
    }
    if old == new {
        return Err("the arguments `old` and `new` are the same: nothing would change".to_owned());
    }
    // A model writes lines that end as most do; the file's own ends stay what they are.
    let (old, new) = if ends_by_return(before) && !old.contains('\r') {
        (old.replace('\n', "\r\n"), new.replace("\r\n", "\n").replace('\n', "\r\n"))
    } else {
        (old.to_owned(), new.to_owned())
    };
    let starts = starts(before, old.as_bytes());
    let at: Vec<usize> = starts.iter().map(|start| line_at(before, *start)).collect();
    match at.len() {
        0 => return Err(format!("the text in `old` is not there{}", nearest(&String::from_utf8_lossy(before), &old))),
        1 => {}
        _ if all => {}
        many => {
            let named: Vec<String> = at.iter().take(NAMED).map(ToString::to_string).collect();
            let more = if many > NAMED { ", …" } else { "" };
            return Err(format!(
                "the text in `old` stands there {many} times, in the lines {}{more}; give more of what is around the one \
                 you mean, or set `all`",
                named.join(", ")
            ));
        }
    }
    let mut after = Vec::with_capacity(before.len() + new.len());
    let mut copied = 0;
    for start in starts {
        after.extend_from_slice(&before[copied..start]);
        after.extend_from_slice(new.as_bytes());
        copied = start + old.len();
    }
    after.extend_from_slice(&before[copied..]);
    Ok(Edited { after, at })
}

/// Where `old` begins, without overlaps.
fn starts(before: &[u8], old: &[u8]) -> Vec<usize> {
    let mut starts = Vec::new();
    let mut from = 0;
    while let Some(at) = find(&before[from..], old) {
        starts.push(from + at);
        from += at + old.len();
    }
    starts
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    let first = *needle.first()?;
    let mut from = 0;
    loop {
        let at = from + haystack[from..].iter().position(|byte| *byte == first)?;
        if haystack[at..].starts_with(needle) {
            return Some(at);
        }
        from = at + 1;
    }
}

fn line_at(text: &[u8], at: usize) -> usize {
    text[..at].split(|byte| *byte == b'\n').count()
}

/// Whether every line ends by a return and a newline.
fn ends_by_return(text: &[u8]) -> bool {
    let newlines = text.split(|byte| *byte == b'\n').count() - 1;
    newlines > 0 && text.windows(2).filter(|pair| pair == b"\r\n").count() == newlines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edited(before: &str, old: &str, new: &str, all: bool) -> Result<String, String> {
        replace(before.as_bytes(), old, new, all).map(|edited| String::from_utf8(edited.after).unwrap())
    }

    #[test]
    fn a_text_is_replaced_where_it_stands_once_or_everywhere_when_asked() {
        assert_eq!(edited("a b c", "b", "x", false).unwrap(), "a x c");
        assert_eq!(edited("a b b", "b", "bb", true).unwrap(), "a bb bb");
        assert_eq!(edited("aaa", "aa", "b", true).unwrap(), "ba");
        let many = edited("b\nb\n\nb", "b", "x", false).unwrap_err();
        assert!(many.contains("3 times, in the lines 1, 2, 4;"), "{many}");
        assert!(edited("a", "", "x", false).unwrap_err().contains("empty"));
        assert!(edited("a", "a", "a", false).unwrap_err().contains("the same"));
    }

    #[test]
    fn what_is_near_is_shown_when_nothing_fits() {
        let file = "fn main() {\n\tlet total = sum(&items);\n}\n";
        let said = edited(file, "    let total = sum(&items);\n", "", false).unwrap_err();
        assert!(said.contains("line 2") && said.contains("white space"), "{said}");
        let said = edited(file, "let total = sum(items);", "", false).unwrap_err();
        assert!(said.contains("line 2: `let total = sum(&items);`"), "{said}");
        assert!(!edited(file, "something else altogether", "", false).unwrap_err().contains("line"), "nothing is near");
    }

    #[test]
    fn the_files_own_line_ends_and_bytes_stay() {
        assert_eq!(edited("a\r\nb\r\nc\r\n", "a\nb\n", "x\ny\n", false).unwrap(), "x\r\ny\r\nc\r\n");
        let after = replace(b"\xff a \xfe", "a", "b", false).unwrap().after;
        assert_eq!(after, b"\xff b \xfe");
    }
}
