//! Whether version control leaves a path out, read from the ignore files as git reads them, without git.

use std::path::{Path, PathBuf};

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

use crate::sys::fs::{self, FileError, Kind};

/// The most of an ignore file that is read.
const MAX_FILE: u64 = 1 << 20;

/// Whether the folder at `path`, which need not be there, is ignored: by a `.gitignore` between the top of its repository
/// and it, or by the repository's `info/exclude`. Without a repository only the files of `project` and below count.
pub fn is_ignored(path: &Path, project: &Path) -> Result<bool, FileError> {
    let top = repository(project)?;
    let (root, general) = match &top {
        Some(top) => (top.as_path(), matcher(top, &exclude_file(top)?)?),
        None => (project, Gitignore::empty()),
    };
    let Ok(below) = path.strip_prefix(root) else { return Ok(false) };
    let mut rules = vec![general];
    let mut at = root.to_path_buf();
    for step in below.components() {
        rules.push(matcher(&at, &at.join(".gitignore"))?);
        at.push(step);
        // What lies in an ignored folder is ignored, whatever a file in that folder says.
        if decides(&rules, &at) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The top of the git repository that `folder` is in: the nearest folder at or above it that holds a `.git`.
pub fn repository(folder: &Path) -> Result<Option<PathBuf>, FileError> {
    for folder in folder.ancestors() {
        if fs::kind(&folder.join(".git"))?.is_some() {
            return Ok(Some(folder.to_path_buf()));
        }
    }
    Ok(None)
}

/// The rule that ignores exactly the folder at `path`, in the `.gitignore` of a folder above it.
pub fn ignore_rule(path: &Path) -> String {
    let mut rule = String::new();
    for step in path.components() {
        rule.push('/');
        for c in step.as_os_str().to_string_lossy().chars() {
            if matches!(c, '*' | '?' | '[' | ']' | '\\' | '!' | '#' | ' ') {
                rule.push('\\');
            }
            rule.push(c);
        }
    }
    rule.push('/');
    rule
}

/// The last word of the nearest file that says anything.
fn decides(rules: &[Gitignore], folder: &Path) -> bool {
    for rules in rules.iter().rev() {
        match rules.matched(folder, true) {
            Match::Ignore(_) => return true,
            Match::Whitelist(_) => return false,
            Match::None => {}
        }
    }
    false
}

fn matcher(folder: &Path, file: &Path) -> Result<Gitignore, FileError> {
    // Git follows no link here either.
    if fs::kind(file)? != Some(Kind::File) {
        return Ok(Gitignore::empty());
    }
    let text = fs::read(file, MAX_FILE)?;
    let mut builder = GitignoreBuilder::new(folder);
    for line in String::from_utf8_lossy(&text).lines() {
        // A line that is no glob matches nothing, for git as for us.
        drop(builder.add_line(None, line));
    }
    Ok(builder.build().unwrap_or_else(|_| Gitignore::empty()))
}

/// Where the repository keeps its own rules. The `.git` of a linked worktree is a file that leads to its folder, and that
/// one names the folder that all worktrees share.
fn exclude_file(top: &Path) -> Result<PathBuf, FileError> {
    let dot_git = top.join(".git");
    let folder = match fs::kind(&dot_git)? {
        Some(Kind::File) => {
            let own = line_of(&dot_git)?;
            let own = top.join(own.strip_prefix("gitdir:").unwrap_or_default().trim());
            let common = own.join("commondir");
            match fs::kind(&common)? {
                Some(Kind::File) => own.join(line_of(&common)?.trim()),
                Some(Kind::Folder | Kind::Link | Kind::Special) | None => own,
            }
        }
        Some(Kind::Folder | Kind::Link | Kind::Special) | None => dot_git,
    };
    Ok(folder.join("info/exclude"))
}

fn line_of(file: &Path) -> Result<String, FileError> {
    let text = fs::read(file, 64 << 10)?;
    Ok(String::from_utf8_lossy(&text).lines().next().unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::files::tests::tree;
    use super::*;

    fn ignored(files: &[(&str, &str)], project: &str, path: &str) -> bool {
        let root = tree(files);
        is_ignored(&root.path().join(path), &root.path().join(project)).unwrap()
    }

    #[test]
    fn the_nearest_rule_decides_and_what_is_in_an_ignored_folder_is_ignored() {
        let head = (".git/HEAD", "");
        assert!(ignored(&[head, (".gitignore", "/runs/\n")], "", "runs"));
        assert!(ignored(&[head, (".gitignore", "*.log\r\nruns\r\n")], "sub", "sub/runs"));
        assert!(!ignored(&[head, (".gitignore", "/runs/\n")], "sub", "sub/runs"));
        assert!(!ignored(&[head, (".gitignore", "runs/\n"), ("sub/.gitignore", "!runs/\n")], "sub", "sub/runs"));
        assert!(ignored(&[head, (".gitignore", "/sub\n"), ("sub/.gitignore", "!runs\n")], "sub", "sub/runs"));
        assert!(ignored(&[head, (".git/info/exclude", "runs\n")], "", "runs"));
        assert!(!ignored(&[head, (".gitignore", "/run\n# runs\n")], "", "runs"));
        assert!(ignored(&[(".gitignore", "/runs/\n")], "", "runs"), "without git");
    }

    #[test]
    fn a_linked_worktree_leads_to_the_rules_of_its_repository() {
        let files = [
            ("main/.git/HEAD", ""),
            ("main/.git/info/exclude", "/runs\n"),
            ("main/.git/worktrees/w/commondir", "../..\n"),
            ("w/.git", "gitdir: ../main/.git/worktrees/w\n"),
        ];
        assert!(ignored(&files, "w", "w/runs"));
    }

    #[test]
    fn a_rule_names_one_folder() {
        assert_eq!(ignore_rule(Path::new("runs")), "/runs/");
        assert_eq!(ignore_rule(Path::new("a b/[x]")), "/a\\ b/\\[x\\]/");
    }
}
