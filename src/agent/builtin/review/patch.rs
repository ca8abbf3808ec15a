//! PURE: a patch as files with added and removed lines, each with its line number.

/// One changed file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::agent) struct FilePatch {
    /// Relative to the workspace.
    pub(in crate::agent) path: String,
    /// Whether the file is gone.
    pub(super) deleted: bool,
    /// Lines it has now and had not before.
    pub(in crate::agent) added: Vec<Line>,
    /// Lines it had before.
    pub(in crate::agent) removed: Vec<Line>,
}

/// One line, without its mark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::agent) struct Line {
    /// Counted from 1: an added line in the new file, a removed one in the old.
    pub(super) number: u32,
    /// Without its end.
    pub(in crate::agent) text: String,
}

/// Where in a hunk the reading is: lines still to come and the next numbers, old and new.
#[derive(Default)]
struct Hunk {
    old: (u32, u32),
    new: (u32, u32),
}

impl Hunk {
    fn is_over(&self) -> bool {
        self.old.1 == 0 && self.new.1 == 0
    }
}

/// Reads what `git diff` prints. Lines of a hunk are counted, so that no content is taken for a header.
pub(in crate::agent) fn read(patch: &str) -> Vec<FilePatch> {
    let mut files: Vec<FilePatch> = Vec::new();
    let mut hunk = Hunk::default();
    for line in patch.lines() {
        if line.starts_with("diff --git ") && hunk.is_over() {
            files.push(FilePatch { path: header_path(line), ..FilePatch::default() });
            continue;
        }
        let Some(file) = files.last_mut() else { continue };
        if hunk.is_over() {
            if let Some(counts) = line.strip_prefix("@@ ").and_then(hunk_header) {
                hunk = counts;
            } else if line.starts_with("deleted file mode") {
                file.deleted = true;
            } else if let Some(path) = line.strip_prefix("+++ ").or_else(|| line.strip_prefix("--- "))
                && path != "/dev/null"
            {
                file.path = strip(path);
            }
        } else {
            take(file, &mut hunk, line);
        }
    }
    files
}

/// The files that a patch changes, sorted.
pub(in crate::agent) fn changed_paths(patch: &str) -> Vec<String> {
    let mut paths: Vec<String> = read(patch).into_iter().map(|file| file.path).collect();
    paths.sort();
    paths.dedup();
    paths
}

fn take(file: &mut FilePatch, hunk: &mut Hunk, line: &str) {
    let step = |side: &mut (u32, u32)| {
        let number = side.0;
        *side = (number.saturating_add(1), side.1.saturating_sub(1));
        number
    };
    match line.as_bytes().first() {
        Some(b'+') => file.added.push(Line { number: step(&mut hunk.new), text: line[1..].to_owned() }),
        Some(b'-') => file.removed.push(Line { number: step(&mut hunk.old), text: line[1..].to_owned() }),
        // "\ No newline at end of file" counts for neither side.
        Some(b'\\') => {}
        Some(_) | None => {
            step(&mut hunk.old);
            step(&mut hunk.new);
        }
    }
}

/// `-12,3 +12,4 @@ …`: a count left out is 1.
fn hunk_header(text: &str) -> Option<Hunk> {
    let range = |word: &str, mark: char| {
        let word = word.strip_prefix(mark)?;
        let (start, count) = word.split_once(',').unwrap_or((word, "1"));
        Some((start.parse().ok()?, count.parse().ok()?))
    };
    let mut words = text.split(' ');
    Some(Hunk { old: range(words.next()?, '-')?, new: range(words.next()?, '+')? })
}

/// The path in `diff --git a/x b/x`, for files without hunks: both halves are the same.
fn header_path(line: &str) -> String {
    let names = line.trim_start_matches("diff --git ");
    let half = names.get(..names.len() / 2).unwrap_or(names);
    strip(half)
}

fn strip(path: &str) -> String {
    let path = path.trim_end_matches('\t').trim_matches('"');
    path.strip_prefix("a/").or_else(|| path.strip_prefix("b/")).unwrap_or(path).to_owned()
}

#[cfg(test)]
pub(super) mod samples {
    use super::{FilePatch, Line};

    /// A file of added lines, numbered from 1.
    pub(in super::super) fn added(path: &str, lines: &[&str]) -> FilePatch {
        FilePatch { path: path.to_owned(), added: numbered(lines), ..FilePatch::default() }
    }

    pub(in super::super) fn numbered(lines: &[&str]) -> Vec<Line> {
        (1..).zip(lines).map(|(number, text)| Line { number, text: (*text).to_owned() }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_keep_their_numbers_and_content_is_no_header() {
        let patch = "diff --git a/src/a.rs b/src/a.rs\nindex 1..2 100644\n--- a/src/a.rs\n+++ b/src/a.rs\n@@ -3,3 +3,4 @@ fn x\n \
                     keep\n--- not a header\n+++ nor this\n+new\n end\n\\ No newline at end of file\n\
                     diff --git a/t b/t\ndeleted file mode 100644\n--- a/t\n+++ /dev/null\n@@ -1 +0,0 @@\n-gone\n\
                     diff --git a/img.png b/img.png\nnew file mode 100644\nGIT binary patch\nliteral 3\nabc\n";
        let files = read(patch);
        assert_eq!(files.len(), 3, "{files:?}");
        assert_eq!(files[0].path, "src/a.rs");
        assert_eq!(files[0].added[0], Line { number: 4, text: "++ nor this".to_owned() });
        assert_eq!(files[0].added[1].number, 5);
        assert_eq!(files[0].removed, [Line { number: 4, text: "-- not a header".to_owned() }]);
        assert!(files[1].deleted && files[1].path == "t" && files[1].removed.len() == 1);
        assert_eq!(files[2].path, "img.png");
    }

    #[test]
    fn a_cut_or_foreign_text_is_read_without_a_panic() {
        for text in ["", "hello", "diff --git \n@@ -1,9 +1,9 @@\n+é", "diff --git é\n@@ x\n", "@@ -1 +1 @@\n+a"] {
            read(text);
        }
    }
}
