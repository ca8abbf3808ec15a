//! A folder's files as a tree, ignore rules honoured, links kept as links, nothing in the folder touched.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use ignore::WalkBuilder;

use super::error::WorkspaceError;
use super::git::parts;
use super::ignores;
use super::shadow::{Mode, Shadow, bytes, path};
use crate::ids::ObjectId;
use crate::process::{End, Sink};
use crate::sys::fs::{self, Kind};

/// Beside small files git puts one above this size into a pack of its own, and under `core.fsyncMethod=batch` cannot find
/// that pack again: no file is above it.
const ONE_BY_ONE: &str = "core.bigFileThreshold=1024g";

/// What to take a snapshot of.
pub(super) struct Source<'a> {
    pub(super) folder: &'a Path,
    /// Paths in it to leave out.
    pub(super) excluded: &'a [PathBuf],
    /// The index to use, by name.
    pub(super) index: &'a str,
}

/// A tree, and the repositories inside the folder that are not part of it.
pub(super) struct Taken {
    pub(super) tree: ObjectId,
    pub(super) nested: Vec<PathBuf>,
}

impl Shadow {
    /// Takes a folder as a tree. Files of `seed` that are still there are taken even if a rule ignores them, as git does
    /// with tracked files.
    pub(super) async fn snapshot(&self, source: &Source<'_>, seed: Option<&str>) -> Result<Taken, WorkspaceError> {
        let index = self.index(source.index);
        forget(&index)?;
        if let Some(seed) = seed {
            self.git.call(["read-tree", seed]).index(&index).output().await?;
        }
        let mut nested = self.drop_repositories(&index).await?;
        nested.extend(self.nested(source).await?);
        nested.sort();
        nested.dedup();
        self.add(source, &nested).await?;
        nested.extend(self.drop_repositories(&index).await?);
        let tree = self.git.call(["write-tree"]).index(&index).object().await?;
        Ok(Taken { tree, nested })
    }

    /// A tree of the user's, without entries that stand for repositories.
    pub(super) async fn without_repositories(&self, index: &str, tree: &str) -> Result<Taken, WorkspaceError> {
        let index = self.index(index);
        forget(&index)?;
        self.git.call(["read-tree", tree]).index(&index).output().await?;
        let nested = self.drop_repositories(&index).await?;
        let tree = self.git.call(["write-tree"]).index(&index).object().await?;
        Ok(Taken { tree, nested })
    }

    /// A workspace as a tree: its index is kept, and a repository in it is an error.
    pub(super) async fn capture(&self, source: &Source<'_>) -> Result<ObjectId, WorkspaceError> {
        if fs::kind(source.folder)? != Some(Kind::Folder) {
            return Err(WorkspaceError::Replaced(source.folder.to_path_buf()));
        }
        let index = self.index(source.index);
        fs::remove_file(&lock(&index))?;
        let nested = self.nested(source).await?;
        if !nested.is_empty() {
            return Err(WorkspaceError::NestedRepository(nested));
        }
        self.add(source, &[]).await?;
        let nested = self.drop_repositories(&index).await?;
        if !nested.is_empty() {
            return Err(WorkspaceError::NestedRepository(nested));
        }
        self.git.call(["write-tree"]).index(&index).object().await
    }

    async fn add(&self, source: &Source<'_>, nested: &[PathBuf]) -> Result<(), WorkspaceError> {
        // As ignore rules, not as pathspecs: git refuses a pathspec whose path is ignored already.
        let rules: String = source.excluded.iter().map(|path| ignores::exactly(&path.to_string_lossy())).collect();
        let file = self.path().join(format!("info/excluded-{}", source.index));
        fs::write(&file, rules.as_bytes())?;
        let mut config = OsString::from("core.excludesFile=");
        config.push(&file);
        let mut call = self.git.call(["add", "--all", "--", "."]).config(config).config(ONE_BY_ONE.into());
        for path in nested {
            let mut spec = OsString::from(":(exclude,top,literal)");
            spec.push(path);
            call = call.arg(spec);
        }
        call.work_tree(source.folder).index(&self.index(source.index)).output().await?;
        Ok(())
    }

    /// Takes entries that stand for repositories out of an index, before git could look into one.
    async fn drop_repositories(&self, index: &Path) -> Result<Vec<PathBuf>, WorkspaceError> {
        let said = self.git.call(["ls-files", "--stage", "-z"]).index(index).output().await?;
        let found: Vec<&[u8]> = parts(&said)
            .filter(|line| line.get(..6).and_then(Mode::parse) == Some(Mode::Repository))
            .filter_map(|line| line.iter().position(|byte| *byte == b'\t').map(|tab| &line[tab + 1..]))
            .collect();
        if !found.is_empty() {
            let list = found.join(&0);
            self.git
                .call(["update-index", "--force-remove", "-z", "--stdin"])
                .index(index)
                .stdin(list)
                .output()
                .await?;
        }
        Ok(found.into_iter().map(path).collect())
    }

    /// Repositories below the folder's top, where no rule ignores them. git would take each for a single entry, or fail.
    async fn nested(&self, source: &Source<'_>) -> Result<Vec<PathBuf>, WorkspaceError> {
        let (folder, excluded) = (source.folder.to_path_buf(), source.excluded.to_vec());
        let found = tokio::task::spawn_blocking(move || repositories(&folder, &excluded)).await??;
        if found.is_empty() {
            return Ok(found);
        }
        // The walk knows only the `.gitignore` files; the repository has rules besides.
        let list = found.iter().map(|path| bytes(path)).collect::<Vec<_>>().join(&0);
        let call = self.git.call(["check-ignore", "-z", "--stdin"]).work_tree(source.folder);
        let exit = call.index(&self.index("none")).stdin(list).exit(Sink::Memory { cap: 16 << 20 }).await?;
        let ignored: Vec<PathBuf> =
            if exit.end == End::Code(0) { parts(&exit.stdout.bytes).map(path).collect() } else { Vec::new() };
        Ok(found.into_iter().filter(|path| !ignored.contains(path)).collect())
    }
}

/// Forgets an index, and a lock that a killed git left on it. Only one orchestra works on a run.
pub(super) fn forget(index: &Path) -> Result<(), WorkspaceError> {
    fs::remove_file(index)?;
    fs::remove_file(&lock(index))?;
    Ok(())
}

pub(super) fn lock(index: &Path) -> PathBuf {
    let mut name = index.as_os_str().to_owned();
    name.push(".lock");
    name.into()
}

/// Refuses rules in a folder that git would wait for; through a link it reads none.
pub(super) fn refuse_no_rules(folder: &Path) -> Result<(), WorkspaceError> {
    let rules = folder.join(".gitignore");
    if fs::kind(&rules)? == Some(Kind::Special) { Err(WorkspaceError::NoRules(rules)) } else { Ok(()) }
}

fn repositories(folder: &Path, excluded: &[PathBuf]) -> Result<Vec<PathBuf>, WorkspaceError> {
    refuse_no_rules(folder)?;
    let excluded: Vec<PathBuf> = excluded.iter().map(|path| folder.join(path)).collect();
    let closed = Arc::new(Mutex::new(Vec::new()));
    let met = Arc::clone(&closed);
    let walk = WalkBuilder::new(folder)
        .hidden(false)
        .parents(false)
        .ignore(false)
        .git_global(false)
        .git_exclude(false)
        .git_ignore(true)
        .require_git(false)
        .follow_links(false)
        .filter_entry(move |entry| {
            let is_top_git = entry.depth() == 1 && entry.file_name() == ".git";
            let inside_git = entry.depth() > 1 && entry.path().parent().is_some_and(|up| up.ends_with(".git"));
            let left_out = is_top_git || inside_git || excluded.iter().any(|path| path == entry.path());
            // The walk, too, would wait for ever for what such a file holds.
            if !left_out && fs::is_special(&entry.path().join(".gitignore")) {
                met.lock().unwrap_or_else(PoisonError::into_inner).push(entry.path().to_path_buf());
                return false;
            }
            !left_out
        })
        .build();
    let found = walk
        .flatten()
        .filter(|entry| entry.depth() > 1 && entry.file_name() == ".git")
        .filter_map(|entry| entry.path().parent()?.strip_prefix(folder).ok().map(Path::to_path_buf))
        .collect();
    for folder in closed.lock().unwrap_or_else(PoisonError::into_inner).iter() {
        refuse_no_rules(folder)?;
    }
    Ok(found)
}
