//! What an answer does to the workspace, before it says anything.

use std::path::{Path, PathBuf};

use super::script::Answer;
use crate::event::FailureClass;
use crate::sys::fs::{self, FileError, Kind};
use crate::workspace::{PatchMode, Patched, Tools, WorkspaceError, apply_patch};

/// Why an answer's deeds could not be done.
#[derive(Debug, thiserror::Error)]
pub(super) enum ActError {
    /// A link could lead anywhere.
    #[error("{} is a link; a script does not write through links", .0.display())]
    Link(PathBuf),
    /// The system does not let it.
    #[error(transparent)]
    File(#[from] FileError),
    /// The diff does not fit.
    #[error("the script's diff does not apply: {0}")]
    Refused(String),
    /// The diff could not even be tried.
    #[error("the script's diff cannot be applied")]
    Patch(#[from] WorkspaceError),
}

impl ActError {
    /// What kind of failure it is.
    pub(super) fn class(&self) -> FailureClass {
        match self {
            Self::Refused(_) => FailureClass::Reported,
            Self::Patch(WorkspaceError::Cancelled) => FailureClass::Cancelled,
            Self::Link(_) | Self::File(_) | Self::Patch(_) => FailureClass::Unusable,
        }
    }
}

/// Removes, writes, applies, leaves. In this order, so that a file can be replaced by a folder.
pub(super) async fn act(answer: &Answer, workspace: &Path, artifacts: &Path, tools: &Tools) -> Result<(), ActError> {
    for path in &answer.deletes {
        fs::remove_file(&place(workspace, path)?)?;
    }
    for (path, content) in &answer.writes {
        write(&place(workspace, path)?, content)?;
    }
    if let Some(diff) = &answer.diff {
        match apply_patch(tools, workspace, diff, PatchMode::Apply).await? {
            Patched::Applied { paths: _ } | Patched::AlreadyApplied => {}
            Patched::Refused { why } => return Err(ActError::Refused(why)),
        }
    }
    for (path, content) in &answer.leaves {
        write(&place(artifacts, path)?, content)?;
    }
    Ok(())
}

fn write(path: &Path, content: &str) -> Result<(), ActError> {
    if let Some(folder) = path.parent() {
        fs::create_dirs_shared(folder)?;
    }
    Ok(fs::write(path, content.as_bytes())?)
}

/// The path within the folder, no part of it a link.
fn place(folder: &Path, path: &str) -> Result<PathBuf, ActError> {
    let mut place = folder.to_owned();
    for part in Path::new(path) {
        place.push(part);
        if fs::kind(&place)? == Some(Kind::Link) {
            return Err(ActError::Link(place));
        }
    }
    Ok(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_does_not_follow_a_link_out_of_the_workspace() {
        let (workspace, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::symlink(outside.path(), &workspace.path().join("a")).unwrap();
        assert!(matches!(place(workspace.path(), "a/b"), Err(ActError::Link(_))));
        assert!(place(workspace.path(), "b/c").is_ok());
    }
}
