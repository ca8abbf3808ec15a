//! Writing a change into the user's tree: each file whole by rename, removals first, no link followed on the way.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use rustix::fs::{Mode as Bits, chmod, readlink, rmdir, stat};

use super::super::diff::{Side, Step};
use super::super::error::WorkspaceError;
use super::super::setup::parents_are_folders;
use super::super::shadow::{Mode, Shadow, bytes};
use super::super::snapshot::forget;
use super::super::unfinished::ON_THE_WAY;
use crate::ids::{Digest, ObjectId};
use crate::sys::fs::{self, Kind};

/// What stands where a new file is to go, although the snapshot knew nothing of it: an ignored file, a link on the way.
pub(super) fn in_the_way(project: &Path, steps: &[Step]) -> Result<Vec<PathBuf>, WorkspaceError> {
    let leaving: BTreeSet<&Path> =
        steps.iter().filter(|step| step.before.is_some()).map(|step| step.path.as_path()).collect();
    let mut found = Vec::new();
    for step in steps.iter().filter(|step| step.before.is_none()) {
        for path in step.path.ancestors().take_while(|path| !path.as_os_str().is_empty()) {
            let is_free = match fs::kind(&project.join(path))? {
                None => true,
                Some(Kind::Folder) => path != step.path || holds_only(project, path, &leaving)?,
                Some(Kind::File | Kind::Link | Kind::Special) => leaving.contains(path),
            };
            if !is_free {
                found.push(path.to_path_buf());
            }
        }
    }
    found.sort();
    found.dedup();
    Ok(found)
}

/// Whether all that is in a folder leaves with this change.
fn holds_only(project: &Path, folder: &Path, leaving: &BTreeSet<&Path>) -> Result<bool, WorkspaceError> {
    for entry in fs::list(&project.join(folder))? {
        let path = folder.join(&entry.name);
        let leaves = match entry.kind {
            Kind::Folder => holds_only(project, &path, leaving)?,
            Kind::File | Kind::Link | Kind::Special => leaving.contains(path.as_path()),
        };
        if !leaves {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Puts the files of `tree` that the steps bring into a folder of their own, from where they are moved one by one.
pub(super) async fn stage(
    shadow: &Shadow,
    tree: &ObjectId,
    steps: &[Step],
) -> Result<tempfile::TempDir, WorkspaceError> {
    let staged = tempfile::Builder::new().prefix(ON_THE_WAY).tempdir_in(shadow.path());
    let staged = staged.map_err(|error| WorkspaceError::system("create a folder in", shadow.path(), error))?;
    let list: Vec<&[u8]> = steps.iter().filter(|step| step.after.is_some()).map(|step| bytes(&step.path)).collect();
    let index = shadow.index("apply");
    forget(&index)?;
    shadow.git.call(["read-tree", tree.as_str()]).index(&index).output().await?;
    let call = shadow.git.call(["checkout-index", "--quiet", "-z", "--stdin"]).work_tree(staged.path());
    call.index(&index).stdin(list.join(&0)).output().await?;
    Ok(staged)
}

/// Makes the steps. Doing it again after a kill comes to the same.
pub(super) fn write(project: &Path, staged: &Path, steps: &[Step]) -> Result<(), WorkspaceError> {
    let mut touched = BTreeSet::new();
    for step in steps.iter().filter(|step| step.leaves_first()) {
        remove(project, &step.path)?;
        touched.insert(parent(&project.join(&step.path)));
    }
    for step in steps {
        let Some(after) = &step.after else { continue };
        bring(project, staged, &step.path, after)?;
        touched.insert(parent(&project.join(&step.path)));
    }
    for folder in touched {
        if fs::kind(&folder)? == Some(Kind::Folder) {
            fs::sync_dir(&folder)?;
        }
    }
    Ok(())
}

/// Removes what a killed apply may have left beside the files of these steps.
pub(super) fn clear(project: &Path, steps: &[Step]) -> Result<(), WorkspaceError> {
    for step in steps {
        if parents_are_folders(project, &step.path)? {
            fs::remove_file(&beside(&project.join(&step.path)))?;
        }
    }
    Ok(())
}

impl Step {
    /// A file that goes, or whose place another kind of thing takes.
    fn leaves_first(&self) -> bool {
        match (&self.before, &self.after) {
            (Some(_), None) => true,
            (Some(before), Some(after)) => (before.mode == Mode::Link) != (after.mode == Mode::Link),
            (None, _) => false,
        }
    }
}

/// Removes a file, and the folders that are empty without it.
fn remove(project: &Path, path: &Path) -> Result<(), WorkspaceError> {
    if !parents_are_folders(project, path)? || fs::kind(&project.join(path))? == Some(Kind::Folder) {
        return Ok(());
    }
    fs::remove_file(&project.join(path))?;
    for folder in path.ancestors().skip(1).take_while(|folder| !folder.as_os_str().is_empty()) {
        if rmdir(project.join(folder)).is_err() {
            break;
        }
    }
    Ok(())
}

fn bring(project: &Path, staged: &Path, path: &Path, after: &Side) -> Result<(), WorkspaceError> {
    let (from, to) = (staged.join(path), project.join(path));
    let folder = parent(&to);
    if !parents_are_folders(project, path)? {
        fs::create_dirs_shared(&folder)?;
        if !parents_are_folders(project, path)? {
            return Err(WorkspaceError::Replaced(folder));
        }
    }
    let new = beside(&to);
    fs::remove_file(&new)?;
    if after.mode == Mode::Link {
        let target =
            readlink(&from, Vec::new()).map_err(|error| WorkspaceError::system("read the link", &from, error))?;
        let target = super::super::shadow::path(target.as_bytes());
        fs::new_link(&target, &new)?;
        return Ok(fs::rename(&new, &to)?);
    }
    fs::copy(&from, &new)?;
    if fs::kind(&to)? == Some(Kind::File) {
        keep_rights(&to, &new, after.mode)?;
    }
    let file = fs::open(&new)?;
    file.sync_all().map_err(|error| WorkspaceError::system("sync", &new, error))?;
    Ok(fs::rename(&new, &to)?)
}

/// A file that was private stays private; only the right to execute follows the tree.
fn keep_rights(old: &Path, new: &Path, mode: Mode) -> Result<(), WorkspaceError> {
    let stat = stat(old).map_err(|error| WorkspaceError::system("look at", old, error))?;
    let bits = Bits::from_raw_mode(stat.st_mode) & (Bits::RWXU | Bits::RWXG | Bits::RWXO);
    let execute = Bits::XUSR | Bits::XGRP | Bits::XOTH;
    let readable = Bits::from_raw_mode((bits & (Bits::RUSR | Bits::RGRP | Bits::ROTH)).as_raw_mode() >> 2);
    let bits = if mode == Mode::Executable { bits | readable } else { bits - execute };
    chmod(new, bits).map_err(|error| WorkspaceError::system("set the rights of", new, error))
}

/// The name a file has until it is whole: short, and the same on every try.
fn beside(path: &Path) -> PathBuf {
    let name = Digest::of(path.file_name().unwrap_or_default().as_encoded_bytes());
    path.with_file_name(format!(".orchestra-apply-{}", name.short()))
}

fn parent(path: &Path) -> PathBuf {
    path.parent().unwrap_or(path).to_path_buf()
}
