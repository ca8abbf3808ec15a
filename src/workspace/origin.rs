//! Which run a folder of workspaces belongs to. All runs of a user share one cache, whatever their projects: without the
//! mark, nobody could tell a folder whose run is gone from that of a run kept elsewhere.

use std::ffi::OsStr;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use super::error::WorkspaceError;
use crate::ids::RunId;
use crate::sys::fs::{self, Kind};

/// Beside the workspaces of a run, never in one: the path of the run directory.
const MARK: &str = "run";
/// The longest path that is read back.
const LONGEST: u64 = 64 * 1024;

/// Writes down in `folder` which run directory it belongs to.
pub(super) fn mark(folder: &Path, run: &Path) -> Result<(), WorkspaceError> {
    let run = fs::resolved(run)?;
    // By rename: whatever an agent put in its place is replaced, and never written through.
    Ok(fs::write_whole(&folder.join(MARK), run.as_os_str().as_bytes())?)
}

/// The folder in `cache` that holds the workspaces of the run at `run`, where there is one. A folder without a mark, as
/// earlier versions made them, counts by its name.
pub fn workspaces_of(cache: &Path, run: &Path) -> Result<Option<PathBuf>, WorkspaceError> {
    let Some(name) = run.file_name() else { return Ok(None) };
    let folder = cache.join(name);
    if fs::kind(&folder)? != Some(Kind::Folder) {
        return Ok(None);
    }
    let ours = match marked(&folder) {
        Some(marked) => marked == place(run, name)?,
        None => true,
    };
    Ok(ours.then_some(folder))
}

/// Folders of workspaces in `cache` whose run was kept in `runs` and is gone. Those of runs elsewhere are not ours to
/// judge: where they are kept may just not be there right now.
pub fn orphans(cache: &Path, runs: &Path) -> Result<Vec<PathBuf>, WorkspaceError> {
    if fs::kind(cache)? != Some(Kind::Folder) {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for entry in fs::list(cache)? {
        let is_run = entry.name.to_str().is_some_and(|name| RunId::new(name).is_ok());
        if entry.kind != Kind::Folder || !is_run {
            continue;
        }
        let run = place(&runs.join(&entry.name), &entry.name)?;
        if marked(&entry.path).is_some_and(|marked| marked == run) && fs::kind(&run)?.is_none() {
            found.push(entry.path);
        }
    }
    Ok(found)
}

fn marked(folder: &Path) -> Option<PathBuf> {
    let bytes = fs::read(&folder.join(MARK), LONGEST).ok()?;
    Some(PathBuf::from(std::ffi::OsString::from_vec(bytes)))
}

/// Where the run is, or was, as a mark says it: its folder may be gone.
fn place(run: &Path, name: &OsStr) -> Result<PathBuf, WorkspaceError> {
    Ok(fs::resolved(run.parent().unwrap_or(Path::new("/")))?.join(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RUN: &str = "20261121-093312-a1b2";

    #[test]
    fn a_folder_is_an_orphan_once_its_own_run_is_gone_and_not_before() {
        let temp = tempfile::tempdir().unwrap();
        let at = |name: &str| temp.path().join(name);
        let (cache, folder) = (at("cache"), at("cache").join(RUN));
        let run = at("runs").join(RUN);
        assert!(orphans(&cache, &at("runs")).unwrap().is_empty());
        for dir in [&folder, &run, &at("elsewhere"), &cache.join("20261121-093312-ffff"), &cache.join("mine")] {
            fs::create_dirs(dir).unwrap();
        }
        assert_eq!(workspaces_of(&cache, &run).unwrap(), Some(folder.clone()), "by its name alone");
        mark(&folder, &run).unwrap();
        assert_eq!(workspaces_of(&cache, &run).unwrap(), Some(folder.clone()));
        assert_eq!(workspaces_of(&cache, &at("elsewhere").join(RUN)).unwrap(), None, "of a namesake");
        assert!(orphans(&cache, &at("runs")).unwrap().is_empty());
        fs::remove_dir_all(&run).unwrap();
        assert!(orphans(&cache, &at("elsewhere")).unwrap().is_empty());
        assert_eq!(orphans(&cache, &at("runs")).unwrap(), std::slice::from_ref(&folder));
        fs::remove_dir_all(&at("runs")).unwrap();
        assert_eq!(orphans(&cache, &at("runs")).unwrap(), [folder], "also when all runs are gone");
    }

    #[test]
    fn a_run_is_the_same_through_a_link_to_its_folder() {
        let temp = tempfile::tempdir().unwrap();
        let at = |name: &str| temp.path().join(name);
        let folder = at("cache").join(RUN);
        fs::create_dirs(&folder).unwrap();
        fs::create_dirs(&at("runs").join(RUN)).unwrap();
        fs::symlink(&at("runs"), &at("link")).unwrap();
        mark(&folder, &at("link").join(RUN)).unwrap();
        for runs in ["runs", "link"] {
            assert_eq!(workspaces_of(&at("cache"), &at(runs).join(RUN)).unwrap(), Some(folder.clone()));
        }
    }
}
