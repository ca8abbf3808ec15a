//! `apply` from end to end.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::super::diff::{FileChange, Side, Step};
use super::super::error::WorkspaceError;
use super::super::project;
use super::super::shadow::{NewCommit, Shadow};
use super::super::snapshot::Source;
use super::intent::Intent;
use super::merge::{Merged, merge};
use super::{risky, write};
use crate::ids::{ObjectId, RunId};
use crate::time::Timestamp;

/// What is to be brought where.
pub struct ApplyRequest<'a> {
    /// Holds both trees.
    pub shadow: &'a Shadow,
    /// The run, for names.
    pub run: &'a RunId,
    /// What the run started from.
    pub base: &'a ObjectId,
    /// What it came to.
    pub result: &'a ObjectId,
    /// The user's folder.
    pub project: &'a Path,
    /// Folders that are no part of it: where runs are kept.
    pub exclude: &'a [PathBuf],
    /// Where to record what is under way: `apply.json` in the run directory.
    pub record: &'a Path,
    /// The date of the backup.
    pub at: Timestamp,
}

/// What came of it.
#[derive(Debug)]
pub enum ApplyOutcome {
    /// The change is in the folder.
    Applied(Box<Applied>),
    /// It was there before.
    AlreadyApplied,
    /// The run changed nothing.
    Empty,
    /// Both sides changed these; nothing was touched.
    Conflicts(Vec<PathBuf>),
    /// These stand where new files are to go, and no snapshot knew of them; nothing was touched.
    InTheWay(Vec<PathBuf>),
}

/// A change that was brought into a folder.
#[derive(Debug)]
pub struct Applied {
    /// The folder as it was, before the first try where an earlier one was cut short.
    pub before: ObjectId,
    /// The folder as it is.
    pub after: ObjectId,
    /// What changed.
    pub files: Vec<FileChange>,
    /// Those of them that run by themselves.
    pub running: Vec<PathBuf>,
    /// The ref of the folder as it was.
    pub backup: String,
    /// What the user should be told, a line each.
    pub notes: Vec<String>,
}

/// Brings the change from base to result into the user's folder. Their index, HEAD and branches stay as they are.
///
/// After [`ApplyOutcome::Applied`] the record stays until [`settle`]: whoever asked writes down what came of it first,
/// and a kill before that makes the next call say `Applied` once more.
pub async fn apply(request: &ApplyRequest<'_>) -> Result<ApplyOutcome, WorkspaceError> {
    let shadow = request.shadow;
    if request.base == request.result {
        return Ok(ApplyOutcome::Empty);
    }
    let mut notes = Vec::new();
    let mut left = Intent::read(request.record)?;
    if let Some(intent) = left.take_if(|intent| intent.project != request.project) {
        notes.push(format!("an earlier apply to {} was cut short; repeat it there", intent.project.display()));
    }
    if let Some(intent) = &left {
        write::clear(request.project, &shadow.steps(&intent.before, &intent.after).await?)?;
    }
    let now = snapshot(request).await?;
    if let Some(intent) = &left
        && let Some(steps) = unfinished(shadow, intent, &now).await?
    {
        notes.push("an apply that was cut short is finished".to_owned());
        carry_out(request, intent, &steps).await?;
        return applied(request, intent, notes).await;
    }
    let after = match merge(shadow, request.base, &now, request.result).await? {
        Merged::Tree(tree) if tree == now => {
            if left.is_some() {
                Intent::clear(request.record)?;
            }
            return Ok(ApplyOutcome::AlreadyApplied);
        }
        Merged::Tree(tree) => tree,
        Merged::Conflicts(paths) => return Ok(ApplyOutcome::Conflicts(paths)),
    };
    let steps = shadow.steps(&now, &after).await?;
    let blocked = write::in_the_way(request.project, &steps)?;
    if !blocked.is_empty() {
        return Ok(ApplyOutcome::InTheWay(blocked));
    }
    if let Some(intent) = &left {
        notes.push("files were edited since an apply that was cut short; the change was merged anew".to_owned());
        notes.push(format!("the folder before that is tree {} in {}", intent.before, shadow.path().display()));
    }
    let intent = Intent::new(request.run, request.project, &now, &after);
    notes.extend(keep_backup(request, &now).await?);
    intent.write(request.record)?;
    carry_out(request, &intent, &steps).await?;
    applied(request, &intent, notes).await
}

/// Nothing is under way any more: takes the record away.
pub fn settle(record: &Path) -> Result<(), WorkspaceError> {
    Intent::clear(record)
}

async fn snapshot(request: &ApplyRequest<'_>) -> Result<ObjectId, WorkspaceError> {
    let inside = |path: &PathBuf| path.strip_prefix(request.project).ok().map(Path::to_path_buf);
    let mut excluded: Vec<PathBuf> = request.exclude.iter().filter_map(inside).collect();
    excluded.retain(|path| !path.as_os_str().is_empty());
    excluded.push(super::super::OWN_FOLDER.into());
    let source = Source { folder: request.project, excluded: &excluded, index: "apply" };
    Ok(request.shadow.snapshot(&source, Some(request.base.as_str())).await?.tree)
}

/// The steps still to be made, if every file is either as it was or as it shall be. Otherwise someone edited in between.
async fn unfinished(shadow: &Shadow, intent: &Intent, now: &ObjectId) -> Result<Option<Vec<Step>>, WorkspaceError> {
    let steps = shadow.steps(&intent.before, &intent.after).await?;
    let there: HashMap<PathBuf, Side> = shadow
        .entries(now)
        .await?
        .into_iter()
        .map(|entry| (entry.path, Side { mode: entry.mode, object: entry.object }))
        .collect();
    let mut open = Vec::new();
    for step in steps {
        let found = there.get(&step.path);
        if found == step.after.as_ref() {
            continue;
        }
        if found != step.before.as_ref() {
            return Ok(None);
        }
        open.push(step);
    }
    Ok(Some(open))
}

async fn carry_out(request: &ApplyRequest<'_>, intent: &Intent, steps: &[Step]) -> Result<(), WorkspaceError> {
    let staged = write::stage(request.shadow, &intent.after, steps).await?;
    let (project, steps) = (request.project.to_path_buf(), steps.to_vec());
    tokio::task::spawn_blocking(move || write::write(&project, staged.path(), &steps)).await??;
    Ok(())
}

async fn applied(
    request: &ApplyRequest<'_>,
    intent: &Intent,
    notes: Vec<String>,
) -> Result<ApplyOutcome, WorkspaceError> {
    let files = request.shadow.changed_files(&intent.before, &intent.after).await?;
    let running = files.iter().map(|file| file.path.clone()).filter(|path| risky::runs_by_itself(path)).collect();
    Ok(ApplyOutcome::Applied(Box::new(Applied {
        before: intent.before.clone(),
        after: intent.after.clone(),
        files,
        running,
        backup: backup_ref(request.run),
        notes,
    })))
}

pub(super) fn backup_ref(run: &RunId) -> String {
    format!("refs/orchestra/backup/{run}")
}

/// Keeps the folder as it was under a ref: in the user's repository where there is one, and always in the shadow.
async fn keep_backup(request: &ApplyRequest<'_>, now: &ObjectId) -> Result<Option<String>, WorkspaceError> {
    let shadow = request.shadow;
    let message = format!("before run {} was applied", request.run);
    let commit = NewCommit { tree: now, parents: &[], at: request.at, message: &message };
    let commit = shadow.commit_without_ref(&commit).await?;
    let name = backup_ref(request.run);
    shadow.point(&name, &commit).await?;
    let in_shadow = Ok(Some(format!("the folder as it was before is kept as {name} in {}", shadow.path().display())));
    let Some(user) = project::find(request.project, shadow.git.tools()).await? else { return in_shadow };
    let call = user.git.call(["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules"]);
    let fetched = call.arg("--").arg(shadow.path()).arg(format!("+{name}:{name}")).output().await;
    match fetched {
        Ok(_) => Ok(Some(format!(
            "the folder as it was before is kept in its git repository: `git restore --source={name} -- .` brings its files back"
        ))),
        // Another object format, or no right to write: the shadow has it all the same.
        Err(WorkspaceError::Git { .. }) => in_shadow,
        Err(error) => Err(error),
    }
}
