//! Looking at what a task left before any of it is kept, and at what was kept before it is handed on.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::beneath::{Found, Root};
use super::wanted::{Origin, Roots};
use super::{Collect, RunDir, StoreError};
use crate::event::Artifact;
use crate::ids::Digest;

/// What is at a path at which a task was to leave something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Left {
    /// Nothing.
    Nothing,
    /// A folder.
    Folder,
    /// A regular file, of which so much was read as was asked for and one byte more.
    File(Vec<u8>),
    /// Something that is not kept, and why.
    Unfit(&'static str),
}

/// Looks where [`super::collect`] would: first in the folder that the agent was given, then in the workspace. At most
/// `cap` bytes and one more are read: a longer answer is a longer file. No link is followed.
pub fn left(from: &Collect, path: &str, cap: u64) -> Result<Left, StoreError> {
    let roots = Roots::open(from, &mut Vec::new())?;
    for origin in [Origin::Folder, Origin::Workspace] {
        match roots.find(origin, Path::new(path)) {
            Ok(Found::Nothing) => {}
            Ok(Found::Folder(_)) => return Ok(Left::Folder),
            Ok(Found::Other) => return Ok(Left::Unfit("it is a link or a special file")),
            Ok(Found::File(file)) => {
                let mut bytes = Vec::new();
                return Ok(match file.take(cap.saturating_add(1)).read_to_end(&mut bytes) {
                    Ok(_) => Left::File(bytes),
                    Err(_) => Left::Unfit("it cannot be read"),
                });
            }
            Err(_) => return Ok(Left::Unfit("it cannot be read")),
        }
    }
    Ok(Left::Nothing)
}

/// Holds kept files against what the journal says of them: what is handed on is what was left.
pub fn check_kept(dir: &RunDir, artifacts: &[Artifact]) -> Result<(), StoreError> {
    if artifacts.is_empty() {
        return Ok(());
    }
    let all = dir.artifacts();
    let open = |path: &Path| Root::open(path).map_err(|error| StoreError::read("open", path, error.into()));
    let root = open(&all)?;
    for artifact in artifacts {
        let found = match root.as_ref().map(|root| root.find(Path::new(&artifact.path))) {
            Some(Ok(Found::File(file))) => digest(file).ok(),
            Some(_) | None => None,
        };
        if found.as_ref() != Some(&artifact.sha256) {
            return Err(StoreError::Altered { path: all.join(&artifact.path) });
        }
    }
    Ok(())
}

fn digest(mut file: File) -> std::io::Result<Digest> {
    let (mut hash, mut buffer) = (Sha256::new(), vec![0; 64 * 1024]);
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok(Digest::finish(hash)),
            Ok(got) => hash.update(&buffer[..got]),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::TaskId;
    use crate::sys::fs;
    use crate::time::Timestamp;

    fn collect(root: &Path) -> Collect {
        Collect {
            dir: RunDir::at(root.join("run")),
            task: TaskId::new("plan").unwrap(),
            attempt: 1,
            folder: root.join("folder"),
            workspace: root.join("work"),
            globs: Vec::new(),
            named: Vec::new(),
            at: Timestamp::from_millis(0),
        }
    }

    #[test]
    fn the_agents_folder_goes_before_the_workspace_and_no_link_is_followed() {
        let temp = tempfile::tempdir().unwrap();
        let from = collect(temp.path());
        for folder in ["run", "folder", "work/dist"] {
            fs::create_dirs(&temp.path().join(folder)).unwrap();
        }
        fs::write(&temp.path().join("work/a"), b"workspace").unwrap();
        assert_eq!(left(&from, "a", 4).unwrap(), Left::File(b"works".to_vec()));
        fs::write(&temp.path().join("folder/a"), b"folder").unwrap();
        assert_eq!(left(&from, "a", 100).unwrap(), Left::File(b"folder".to_vec()));
        fs::symlink(Path::new("a"), &temp.path().join("folder/link")).unwrap();
        assert_eq!(left(&from, "link", 9).unwrap(), Left::Unfit("it is a link or a special file"));
        assert_eq!(left(&from, "dist", 9).unwrap(), Left::Folder);
        for nothing in ["gone", "../run", "a/b"] {
            assert_eq!(left(&from, nothing, 9).unwrap(), Left::Nothing, "{nothing}");
        }
    }

    #[test]
    fn a_kept_file_that_was_altered_or_removed_is_not_handed_on() {
        let temp = tempfile::tempdir().unwrap();
        let from = collect(temp.path());
        for folder in ["run", "folder", "work"] {
            fs::create_dirs(&temp.path().join(folder)).unwrap();
        }
        fs::write(&temp.path().join("folder/a"), b"folder").unwrap();
        let kept = super::super::collect(&from).unwrap().artifacts;
        check_kept(&from.dir, &kept).unwrap();
        let file = from.dir.artifacts().join("plan/a");
        fs::write(&file, b"folders").unwrap();
        assert!(matches!(check_kept(&from.dir, &kept), Err(StoreError::Altered { path }) if path == file));
        fs::remove_file(&file).unwrap();
        assert!(matches!(check_kept(&from.dir, &kept), Err(StoreError::Altered { .. })));
    }
}
