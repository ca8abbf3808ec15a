//! Two patches compared, file by file.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

/// In what two patches differ.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct PatchDiff {
    /// Files that only the first changes.
    pub(super) only_a: Vec<FilePatch>,
    /// Files that only the second changes.
    pub(super) only_b: Vec<FilePatch>,
    /// Files that both change, each in its own way.
    pub(super) differs: Vec<(FilePatch, FilePatch)>,
    /// Files that both change in the same way.
    pub(super) same: Vec<FilePatch>,
}

/// What a patch does to one file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(super) struct FilePatch {
    pub(super) path: String,
    pub(super) added: usize,
    pub(super) removed: usize,
    #[serde(skip)]
    text: String,
}

/// Compares what two patches do to each file. The ids of objects are no part of that.
pub(super) fn compare(a: &str, b: &str) -> PatchDiff {
    let (first, mut second) = (files(a), files(b));
    let mut found = PatchDiff::default();
    for (path, file) in first {
        match second.remove(&path) {
            None => found.only_a.push(file),
            Some(other) if file.does() == other.does() => found.same.push(file),
            Some(other) => found.differs.push((file, other)),
        }
    }
    found.only_b.extend(second.into_values());
    found
}

impl FilePatch {
    /// The lines that say what is done.
    fn does(&self) -> Vec<&str> {
        self.text.lines().filter(|line| !line.starts_with("index ")).collect()
    }
}

impl PatchDiff {
    /// Whether both do the same to every file.
    pub(super) fn is_empty(&self) -> bool {
        self.only_a.is_empty() && self.only_b.is_empty() && self.differs.is_empty()
    }

    /// The patches of every file in which they differ, under a line that says whose each is.
    pub(super) fn text(&self) -> String {
        let mut out = String::new();
        let mut part = |head: &str, file: &FilePatch| {
            out.extend(["\n=== ", head, ": ", &file.path, "\n", &file.text]);
        };
        for (a, b) in &self.differs {
            part("in A", a);
            part("in B", b);
        }
        for (files, name) in [(&self.only_a, "only in A"), (&self.only_b, "only in B")] {
            for file in files {
                part(name, file);
            }
        }
        out
    }

    pub(super) fn json(&self, with_text: bool) -> Value {
        let one = |file: &FilePatch| {
            let mut row = json!({ "path": file.path, "added": file.added, "removed": file.removed });
            if with_text {
                row["patch"] = Value::from(file.text.as_str());
            }
            row
        };
        let rows = |files: &[FilePatch]| -> Vec<Value> { files.iter().map(one).collect() };
        let differs: Vec<Value> =
            self.differs.iter().map(|(a, b)| json!({ "path": a.path, "a": one(a), "b": one(b) })).collect();
        json!({
            "only_a": rows(&self.only_a),
            "only_b": rows(&self.only_b),
            "differs": differs,
            "same": self.same.iter().map(|file| &file.path).collect::<Vec<_>>(),
        })
    }
}

/// The parts of a patch by their files. Only a line that begins with `diff --git ` begins a part: lines of content begin
/// with a blank, a sign or a backslash.
fn files(patch: &str) -> BTreeMap<String, FilePatch> {
    let mut found: BTreeMap<String, FilePatch> = BTreeMap::new();
    let mut now: Option<FilePatch> = None;
    let mut in_hunk = false;
    for line in patch.split_inclusive('\n') {
        if let Some(names) = line.strip_prefix("diff --git ") {
            found.extend(now.take().map(|file| (file.path.clone(), file)));
            now = Some(FilePatch { path: path(names), ..FilePatch::default() });
            in_hunk = false;
        }
        let Some(file) = &mut now else { continue };
        file.text.push_str(line);
        in_hunk |= line.starts_with("@@ ");
        match line.as_bytes().first() {
            Some(b'+') if in_hunk => file.added += 1,
            Some(b'-') if in_hunk => file.removed += 1,
            Some(_) | None => {}
        }
    }
    found.extend(now.map(|file| (file.path.clone(), file)));
    found
}

/// The file of `a/PATH b/PATH`: both are the same, because a renamed file is one removed and one added.
fn path(names: &str) -> String {
    let names = names.trim_end_matches(['\n', '\r']);
    // A quoted name is kept as git wrote it.
    if let Some(rest) = names.strip_prefix("\"a/") {
        return rest.split("\" \"b/").next().unwrap_or(rest).to_owned();
    }
    let half = names.len().saturating_sub(1) / 2;
    let (first, second) = (names.get(..half), names.get(half + 1..));
    match (first.and_then(|name| name.strip_prefix("a/")), second.and_then(|name| name.strip_prefix("b/"))) {
        (Some(a), Some(b)) if a == b => a.to_owned(),
        _ => names.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(path: &str, hunk: &str) -> String {
        format!("diff --git a/{path} b/{path}\nindex 1..2 100644\n--- a/{path}\n+++ b/{path}\n@@ -1 +1 @@\n{hunk}")
    }

    #[test]
    fn files_are_told_apart_by_what_is_done_to_them() {
        let a = part("a b.txt", "-x\n+y\n") + &part("same", "+1\n") + &part("old", "-1\n");
        let b = part("a b.txt", "-x\n+z\n+w\n")
            + &part("same", "+1\n").replace("1..2", "3..4")
            + &part("new", "+diff --git a/q b/q\n");
        let found = compare(&a, &b);
        let name = |files: &[FilePatch]| files.iter().map(|file| file.path.clone()).collect::<Vec<_>>();
        assert_eq!((name(&found.only_a), name(&found.only_b)), (vec!["old".to_owned()], vec!["new".to_owned()]));
        assert_eq!(name(&found.same), ["same"]);
        let [(first, second)] = &found.differs[..] else { panic!("{found:?}") };
        assert_eq!((first.path.as_str(), first.added, first.removed), ("a b.txt", 1, 1));
        assert_eq!((second.added, second.removed), (2, 1));
        assert!(found.text().contains("=== in B: a b.txt") && found.text().contains("+w"));
        assert!(compare(&a, &a).is_empty() && compare("", "").is_empty());
    }
}
