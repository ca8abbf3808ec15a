//! PURE: ignore rules: those from above the project carried into it, and those of a tree asked without looking at a disk.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use globset::GlobBuilder;
use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

/// The rules of a tree: its `.gitignore` files, and those given to the repository.
pub(super) struct Rules {
    /// By the folder they stand in.
    folders: BTreeMap<PathBuf, Gitignore>,
    /// Weakest.
    general: Gitignore,
}

impl Rules {
    /// `files` are the folder and text of each `.gitignore`; `general` is the text of `info/exclude`.
    pub(super) fn new(files: impl IntoIterator<Item = (PathBuf, String)>, general: &str) -> Self {
        let folders = files.into_iter().map(|(folder, text)| (folder, matcher(&text))).collect();
        Self { folders, general: matcher(general) }
    }

    /// Whether a path, none of whose parents is ignored, is ignored itself.
    pub(super) fn ignores(&self, path: &Path, is_folder: bool) -> bool {
        for folder in path.ancestors().skip(1) {
            let Some(rules) = self.folders.get(folder) else { continue };
            let Ok(below) = path.strip_prefix(folder) else { continue };
            match rules.matched(below, is_folder) {
                Match::Ignore(_) => return true,
                Match::Whitelist(_) => return false,
                Match::None => {}
            }
        }
        self.general.matched(path, is_folder).is_ignore()
    }
}

fn matcher(text: &str) -> Gitignore {
    let mut builder = GitignoreBuilder::new("");
    for line in text.lines() {
        // A line that is no glob matches nothing, for git as for us.
        drop(builder.add_line(None, line));
    }
    builder.build().unwrap_or_else(|_| Gitignore::empty())
}

/// The rules of a `.gitignore` that stands above a folder, as they read inside it. `below` leads from the file's folder
/// to that one.
pub(super) fn carried(text: &str, below: &Path) -> String {
    let steps: Vec<String> = below.components().map(|step| step.as_os_str().to_string_lossy().into_owned()).collect();
    let mut out = String::new();
    for line in text.lines() {
        if let Some(rule) = carry(line, &steps) {
            out.push_str(&rule);
            out.push('\n');
        }
    }
    out
}

fn carry(line: &str, steps: &[String]) -> Option<String> {
    if line.trim().is_empty() || line.starts_with('#') {
        return None;
    }
    let (mark, pattern) = line.strip_prefix('!').map_or(("", line), |rest| ("!", rest));
    let anchored = pattern.trim_end().trim_end_matches('/').contains('/');
    if !anchored || steps.is_empty() {
        return Some(line.to_owned());
    }
    let mut segments: Vec<&str> = pattern.trim_start_matches('/').split('/').collect();
    for step in steps {
        match segments.first() {
            // It may stand for any number of folders, so it stays.
            Some(&"**") => return Some(format!("{mark}{}", segments.join("/"))),
            Some(segment) if segments.len() > 1 && fits(segment, step) => segments.remove(0),
            Some(_) | None => return None,
        };
    }
    let rest = segments.join("/");
    (!rest.trim().is_empty()).then(|| format!("{mark}/{rest}"))
}

fn fits(segment: &str, step: &str) -> bool {
    let glob = GlobBuilder::new(segment).literal_separator(true).backslash_escape(true).build();
    glob.is_ok_and(|glob| glob.compile_matcher().is_match(step))
}

/// A rule that ignores exactly this path.
pub(super) fn exactly(path: &str) -> String {
    let mut rule = String::from("/");
    for c in path.chars() {
        if matches!(c, '*' | '?' | '[' | ']' | '\\' | '!' | '#' | ' ') {
            rule.push('\\');
        }
        rule.push(c);
    }
    rule.push('\n');
    rule
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_from_above_read_the_same_inside() {
        let text = "# c\n/target\n*.log\n/examples/*/out\n!/examples/a/keep/x\n**/deep/y\nother/z\nexamples/a\nnode_modules/\n";
        let inside = carried(text, Path::new("examples/a"));
        assert_eq!(inside, "*.log\n/out\n!/keep/x\n**/deep/y\nnode_modules/\n");
        assert_eq!(carried("/target\n", Path::new("")), "/target\n");
    }

    #[test]
    fn the_nearest_rule_decides() {
        let rules = Rules::new(
            [(PathBuf::new(), "*.o\n/target\n".to_owned()), ("keep".into(), "!a.o\n".to_owned())],
            "/.env\n",
        );
        assert!(rules.ignores(Path::new("x/y.o"), false));
        assert!(!rules.ignores(Path::new("keep/a.o"), false));
        assert!(rules.ignores(Path::new("target"), true) && !rules.ignores(Path::new("x/target"), true));
        assert!(rules.ignores(Path::new(".env"), false) && !rules.ignores(Path::new("src/main.rs"), false));
    }

    #[test]
    fn an_exact_rule_ignores_that_path_alone() {
        let rules = Rules::new([], &exactly("a*b [1].env"));
        assert!(rules.ignores(Path::new("a*b [1].env"), false));
        assert!(!rules.ignores(Path::new("axb 1.env"), false));
    }
}
