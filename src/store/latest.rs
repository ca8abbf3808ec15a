//! `latest`, a link beside the runs that leads to the newest of them, for people and scripts.
//!
//! Nothing in the program depends on it. It is relative, so that the folder can be moved, and it never takes the place of
//! anything that is not a link.

use std::fs::File;
use std::path::Path;

use super::StoreError;
use super::list::ids;
use crate::ids::RunId;
use crate::sys::fs::{self, Kind};

const LATEST: &str = "latest";

/// Makes `latest` lead to the newest run there is, or takes it away where there is none. What is right already is left
/// alone.
pub fn mend_latest(runs: &Path) -> Result<(), StoreError> {
    if fs::kind(runs).map_err(StoreError::Unreadable)?.is_none() {
        return Ok(());
    }
    let _guard = guard(runs)?;
    match ids(runs)?.first() {
        Some(newest) => point_latest(runs, newest),
        None if is_link(runs)? => fs::remove_file(&runs.join(LATEST)).map_err(StoreError::Unwritable),
        None => Ok(()),
    }
}

/// Makes `latest` lead to this run. The caller holds the guard.
pub(super) fn point_latest(runs: &Path, run: &RunId) -> Result<(), StoreError> {
    let (link, target) = (runs.join(LATEST), Path::new(run.as_str()));
    if is_link(runs)? && fs::link_target(&link).as_deref() == Some(target) {
        return Ok(());
    }
    fs::symlink(target, &link).map_err(StoreError::Unwritable)
}

/// Keeps other processes from making, renaming or tidying up folders beside the runs; held for moments only.
pub(super) fn guard(runs: &Path) -> Result<File, StoreError> {
    let folder = fs::open(runs).map_err(StoreError::Unwritable)?;
    folder.lock().map_err(|error| StoreError::write("lock", runs, error))?;
    Ok(folder)
}

/// Whether there is a link that is ours to change; anything else in its place is refused.
fn is_link(runs: &Path) -> Result<bool, StoreError> {
    let path = runs.join(LATEST);
    match fs::kind(&path).map_err(StoreError::Unreadable)? {
        None => Ok(false),
        Some(Kind::Link) => Ok(true),
        Some(Kind::File | Kind::Folder | Kind::Special) => Err(StoreError::NotALink { path }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(runs: &Path, name: &str) -> RunId {
        fs::create_dir(&runs.join(name)).unwrap();
        RunId::new(name).unwrap()
    }

    #[test]
    fn the_link_leads_to_the_newest_run_and_goes_with_the_last() {
        let temp = tempfile::tempdir().unwrap();
        let target = || fs::link_target(&temp.path().join(LATEST));
        mend_latest(&temp.path().join("absent")).unwrap();
        mend_latest(temp.path()).unwrap();
        assert_eq!(target(), None);
        let old = run(temp.path(), "20261121-093312-a1b2");
        let new = run(temp.path(), "20261122-093312-a1b2");
        point_latest(temp.path(), &old).unwrap();
        assert_eq!(target().as_deref(), Some(Path::new(old.as_str())));
        mend_latest(temp.path()).unwrap();
        assert_eq!(target().as_deref(), Some(Path::new(new.as_str())));
        for run in [&new, &old] {
            fs::remove_dir_all(&temp.path().join(run.as_str())).unwrap();
        }
        mend_latest(temp.path()).unwrap();
        assert_eq!(fs::kind(&temp.path().join(LATEST)).unwrap(), None);
    }

    #[test]
    fn what_is_no_link_is_never_replaced() {
        let temp = tempfile::tempdir().unwrap();
        let run = run(temp.path(), "20261121-093312-a1b2");
        fs::write(&temp.path().join(LATEST), b"mine").unwrap();
        assert!(matches!(point_latest(temp.path(), &run), Err(StoreError::NotALink { .. })));
        assert!(matches!(mend_latest(temp.path()), Err(StoreError::NotALink { .. })));
        assert_eq!(fs::read_text(&temp.path().join(LATEST), 10).unwrap(), "mine");
    }
}
