//! The files of a project as an indented list that fits into a given room: the upper folders first.

use std::collections::{BTreeMap, VecDeque};

use super::Files;

/// Most entries of one folder that are listed.
const ENTRIES: usize = 60;

/// The list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outline {
    /// One line for each file or folder; a folder that is not gone into says how many files it holds.
    pub text: String,
    /// Files that have no line.
    pub left: usize,
}

#[derive(Default)]
struct Folder<'a> {
    files: usize,
    /// By name; none is a file.
    entries: BTreeMap<&'a str, Option<usize>>,
}

/// Lists `files` in at most `room` bytes, going into folders level by level as long as they fit.
pub fn outline<'a>(files: impl IntoIterator<Item = &'a str>, room: usize) -> Outline {
    let folders = folders(files);
    let mut open = vec![None; folders.len()];
    let mut spent = 0;
    let mut next = VecDeque::from([(0, 0)]);
    while let Some((at, depth)) = next.pop_front() {
        let folder = &folders[at];
        let mut shown = 0;
        let mut cost = 0;
        for (name, inner) in folder.entries.iter().take(ENTRIES) {
            let line = line(&folders, depth, name, *inner).len();
            // Room for the line that says how many more there are.
            if spent + cost + line + 24 + 2 * depth > room {
                break;
            }
            cost += line;
            shown += 1;
        }
        // Half a folder says less than how many files are in it, but for the first.
        if shown == 0 || (at != 0 && shown < folder.entries.len().min(ENTRIES)) {
            continue;
        }
        if shown < folder.entries.len() {
            cost += 24 + 2 * depth;
        }
        spent += cost;
        open[at] = Some(shown);
        next.extend(folder.entries.values().take(shown).flatten().map(|inner| (*inner, depth + 1)));
    }
    let mut outline = Outline::default();
    draw(&folders, &open, (0, 0), &mut outline.text);
    let listed: usize = folders
        .iter()
        .zip(&open)
        .map(|(folder, open)| folder.entries.values().take(open.unwrap_or(0)).filter(|entry| entry.is_none()).count())
        .sum();
    outline.left = folders.first().map_or(0, |top| top.files).saturating_sub(listed);
    outline
}

fn folders<'a>(files: impl IntoIterator<Item = &'a str>) -> Vec<Folder<'a>> {
    let mut folders = vec![Folder::default()];
    for path in files {
        let mut at = 0;
        folders[at].files += 1;
        let mut parts = path.split('/').peekable();
        while let Some(part) = parts.next() {
            if parts.peek().is_none() {
                folders[at].entries.insert(part, None);
                break;
            }
            let fresh = folders.len();
            let inner = *folders[at].entries.entry(part).or_insert(Some(fresh));
            // A file and a folder of one name do not stand side by side.
            let Some(inner) = inner else { break };
            if inner == fresh {
                folders.push(Folder::default());
            }
            at = inner;
            folders[at].files += 1;
        }
    }
    folders
}

fn line(folders: &[Folder<'_>], depth: usize, name: &str, inner: Option<usize>) -> String {
    let name = crate::text::printable(name, 120);
    let indent = "  ".repeat(depth);
    match inner {
        None => format!("{indent}{name}\n"),
        Some(inner) => format!("{indent}{name}/ ({})\n", crate::text::count(folders[inner].files, "file")),
    }
}

/// The project room bounds the nesting.
fn draw(folders: &[Folder<'_>], open: &[Option<usize>], (at, depth): (usize, usize), text: &mut String) {
    let Some(shown) = open[at] else { return };
    for (name, inner) in folders[at].entries.iter().take(shown) {
        let opened = inner.filter(|inner| open[*inner].is_some());
        match opened {
            Some(inner) => {
                text.extend(["  ".repeat(depth), crate::text::printable(name, 120), "/\n".to_owned()]);
                draw(folders, open, (inner, depth + 1), text);
            }
            None => text.push_str(&line(folders, depth, name, *inner)),
        }
    }
    let more = folders[at].entries.len() - shown;
    if more > 0 {
        text.extend(["  ".repeat(depth), format!("… {more} more\n")]);
    }
}

impl Files {
    /// The same without what lies in these folders, which are absolute.
    #[must_use]
    pub fn without(mut self, folders: &[std::path::PathBuf]) -> Self {
        let root = self.root().to_path_buf();
        self.retain(|path| !folders.iter().any(|folder| root.join(path).starts_with(folder)));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILES: [&str; 7] =
        ["Cargo.toml", "README.md", "src/a/deep/x.rs", "src/a/y.rs", "src/lib.rs", "tests/one.rs", "tests/two.rs"];

    #[test]
    fn with_room_for_all_every_file_has_its_line() {
        let all = outline(FILES, 10_000);
        insta::assert_snapshot!(all.text, @r"
        Cargo.toml
        README.md
        src/
          a/
            deep/
              x.rs
            y.rs
          lib.rs
        tests/
          one.rs
          two.rs
        ");
        assert_eq!(all.left, 0);
    }

    #[test]
    fn what_does_not_fit_is_counted_and_the_upper_folders_come_first() {
        let some = outline(FILES, 130);
        insta::assert_snapshot!(some.text, @r"
        Cargo.toml
        README.md
        src/
          a/ (2 files)
          lib.rs
        tests/
          one.rs
          two.rs
        ");
        assert!(some.text.len() <= 130 && some.left == 2);
        for room in 0..400 {
            let fits = outline(FILES, room);
            assert!(fits.text.len() <= room, "{room}: {}", fits.text);
            assert_eq!(fits, outline(FILES, room));
        }
        let many: Vec<String> = (0..500).map(|n| format!("file-{n:03}.txt")).collect();
        let flat = outline(many.iter().map(String::as_str), 100_000);
        assert_eq!((flat.text.lines().count(), flat.left), (61, 440));
        assert_eq!(outline([], 100), Outline::default());
    }
}
