//! The files of a project: what people wrote, not what tools made of it.

use std::path::{Path, PathBuf};

use ignore::{DirEntry, WalkBuilder};

use crate::sys::fs::{self, Kind};

use super::RepoError;

/// More files than this are not looked at; the first in order are.
const MAX_FILES: usize = 20_000;
const MAX_DEPTH: usize = 64;
const IGNORE_FILE: &str = ".gitignore";
/// Folders of tools that belong to no project, ignored or not.
const NEVER: &[&str] = &[
    ".git",
    ".hg",
    ".svn",
    ".jj",
    "node_modules",
    "__pycache__",
    ".venv",
    ".tox",
    ".nox",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
    ".gradle",
    ".next",
    ".nuxt",
    ".terraform",
];

/// The files under a root, sorted by path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Files {
    root: PathBuf,
    list: Vec<ProjectFile>,
    truncated: bool,
}

/// One regular file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectFile {
    /// Relative to the root, with `/` between its parts.
    pub path: String,
    /// In bytes.
    pub size: u64,
}

impl Files {
    /// Lists the regular files under `root`. `.gitignore` files of the project hold, with or without git;
    /// links are not followed, hidden files count, names that are not UTF-8 and folders that cannot be read
    /// are passed over.
    pub fn list(root: &Path) -> Result<Self, RepoError> {
        Self::list_up_to(root, MAX_FILES)
    }

    fn list_up_to(root: &Path, cap: usize) -> Result<Self, RepoError> {
        if fs::canonical(root).and_then(|root| fs::kind(&root))? != Some(Kind::Folder) {
            return Err(RepoError::NotAFolder(root.to_path_buf()));
        }
        if fs::is_special(&root.join(IGNORE_FILE)) {
            // The walk would wait for ever; the reading says what it is.
            fs::read(&root.join(IGNORE_FILE), 0)?;
        }
        let walk = WalkBuilder::new(root)
            .standard_filters(false)
            .git_ignore(true)
            .require_git(false)
            .follow_links(false)
            .max_depth(Some(MAX_DEPTH))
            .sort_by_file_name(std::ffi::OsStr::cmp)
            .filter_entry(is_project)
            .build();
        let mut files = Self { root: root.to_path_buf(), list: Vec::new(), truncated: false };
        for entry in walk {
            let entry = match entry {
                Ok(entry) => entry,
                Err(source) if source.depth() == Some(0) => {
                    return Err(RepoError::Walk { root: root.to_path_buf(), source });
                }
                Err(_) => continue,
            };
            if !entry.file_type().is_some_and(|kind| kind.is_file()) {
                continue;
            }
            let Some(path) = relative(root, entry.path()) else { continue };
            if files.list.len() == cap {
                files.truncated = true;
                break;
            }
            files.list.push(ProjectFile { path, size: entry.metadata().map_or(0, |meta| meta.len()) });
        }
        files.list.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(files)
    }

    /// Where the project begins.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The files, sorted by path.
    pub fn iter(&self) -> std::slice::Iter<'_, ProjectFile> {
        self.list.iter()
    }

    /// Keeps the files whose paths `keeps` says it of.
    pub fn retain(&mut self, keeps: impl Fn(&str) -> bool) {
        self.list.retain(|file| keeps(&file.path));
    }

    /// How many files there are.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Whether the project holds more files than are looked at.
    pub fn is_truncated(&self) -> bool {
        self.truncated
    }
}

impl<'a> IntoIterator for &'a Files {
    type Item = &'a ProjectFile;
    type IntoIter = std::slice::Iter<'a, ProjectFile>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

fn is_project(entry: &DirEntry) -> bool {
    if entry.depth() == 0 || !entry.file_type().is_some_and(|kind| kind.is_dir()) {
        return true;
    }
    let never = entry.file_name().to_str().is_some_and(|name| NEVER.contains(&name));
    // Nor is a folder looked into whose ignore file nobody can read.
    let closed = fs::is_special(&entry.path().join(IGNORE_FILE));
    // What cargo and others build into says of itself that it can be made again.
    !never && !closed && !matches!(fs::kind(&entry.path().join("CACHEDIR.TAG")), Ok(Some(Kind::File)))
}

fn relative(root: &Path, path: &Path) -> Option<String> {
    let parts: Option<Vec<&str>> = path.strip_prefix(root).ok()?.iter().map(|part| part.to_str()).collect();
    Some(parts?.join("/"))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Makes a folder with these files.
    pub(in super::super) fn tree(files: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = root.path().join(path);
            fs::create_dirs(path.parent().unwrap()).unwrap();
            fs::write(&path, text.as_bytes()).unwrap();
        }
        root
    }

    fn paths(root: &Path) -> Vec<String> {
        Files::list(root).unwrap().iter().map(|file| file.path.clone()).collect()
    }

    #[test]
    fn ignore_rules_hold_without_git_and_tools_folders_never_count() {
        let root = tree(&[
            (".gitignore", "*.log\n/out/\n"),
            (".github/workflows/ci.yml", ""),
            ("b.rs", "x"),
            ("a/b.rs", ""),
            ("a-c.rs", ""),
            ("x.log", ""),
            ("out/made", ""),
            ("a/.gitignore", "secret\n"),
            ("a/secret", ""),
            ("node_modules/m/index.js", ""),
            (".git/config", ""),
            ("build/CACHEDIR.TAG", ""),
            ("build/x.o", ""),
        ]);
        assert_eq!(
            paths(root.path()),
            [".github/workflows/ci.yml", ".gitignore", "a-c.rs", "a/.gitignore", "a/b.rs", "b.rs"]
        );
    }

    #[test]
    fn links_are_not_followed_and_rules_above_the_root_do_not_hold() {
        let root = tree(&[(".gitignore", "*\n"), ("p/real.rs", "")]);
        let project = root.path().join("p");
        fs::symlink(Path::new("/etc"), &project.join("etc")).unwrap();
        fs::symlink(Path::new("real.rs"), &project.join("link.rs")).unwrap();
        fs::symlink(Path::new("."), &project.join("loop")).unwrap();
        assert_eq!(paths(&project), ["real.rs"]);
    }

    #[test]
    fn the_cap_keeps_the_first_files_and_says_so() {
        let root = tree(&[("a", ""), ("b", ""), ("c", "")]);
        let files = Files::list_up_to(root.path(), 2).unwrap();
        assert_eq!((files.len(), files.is_truncated()), (2, true));
        assert!(!Files::list_up_to(root.path(), 3).unwrap().is_truncated());
        assert!(Files::list(&root.path().join("none")).is_err());
        assert!(matches!(Files::list(&root.path().join("a")), Err(RepoError::NotAFolder(_))));
    }
}
