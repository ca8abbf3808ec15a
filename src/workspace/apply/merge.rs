//! Three trees made one, in the object database: no file is touched, and a conflict is a list of names.

use std::path::PathBuf;

use super::super::error::WorkspaceError;
use super::super::git::parts;
use super::super::shadow::{NewCommit, Shadow, path};
use crate::ids::ObjectId;
use crate::process::{End, Sink};
use crate::time::Timestamp;

pub(super) enum Merged {
    Tree(ObjectId),
    Conflicts(Vec<PathBuf>),
}

/// Brings the change from `base` to `theirs` onto `ours`.
pub(super) async fn merge(
    shadow: &Shadow,
    base: &ObjectId,
    ours: &ObjectId,
    theirs: &ObjectId,
) -> Result<Merged, WorkspaceError> {
    if ours == base {
        return Ok(Merged::Tree(theirs.clone()));
    }
    // The merge finds its base through commits; git before 2.45 takes no bare trees here.
    let root = commit(shadow, base, &[]).await?;
    let parents = [root];
    let ours = commit(shadow, ours, &parents).await?;
    let theirs = commit(shadow, theirs, &parents).await?;
    let call = shadow.git.call(["merge-tree", "--write-tree", "-z", "--name-only", "--no-messages"]);
    let exit = call.arg(ours.as_str()).arg(theirs.as_str()).exit(Sink::Memory { cap: 64 << 20 }).await?;
    let mut said = parts(&exit.stdout.bytes);
    let tree = said.next().and_then(|tree| ObjectId::new(&String::from_utf8_lossy(tree)).ok());
    match (exit.end, tree) {
        (End::Code(0), Some(tree)) => Ok(Merged::Tree(tree)),
        (End::Code(1), Some(_)) => {
            let mut names: Vec<PathBuf> = said.map(path).collect();
            names.sort();
            names.dedup();
            Ok(Merged::Conflicts(names))
        }
        _ => Err(shadow.git.failed("merge-tree", &exit)),
    }
}

async fn commit(shadow: &Shadow, tree: &ObjectId, parents: &[ObjectId]) -> Result<ObjectId, WorkspaceError> {
    let at = Timestamp::from_millis(0);
    shadow.commit_without_ref(&NewCommit { tree, parents, at, message: "side of a merge" }).await
}
