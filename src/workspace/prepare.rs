//! The start of a run: where work will happen, and the tree it starts from.

use std::path::{Path, PathBuf};

use super::error::WorkspaceError;
use super::folders::Workspaces;
use super::git::{self, Git, Tools};
use super::ignores;
use super::options::{Filled, Options, WorkspaceMode};
use super::project::{self, UserGit};
use super::shadow::Shadow;
use super::snapshot::{Source, Taken};
use crate::ids::{ObjectId, RunId};
use crate::sys::fs;

/// Where work happens. An enum, because without snapshots there is no rollback, no proof and no apply: whoever uses it has
/// to say what then.
#[derive(Clone)]
pub enum Space {
    /// In workspaces of its own.
    Isolated(Box<Workspaces>),
    /// In the user's own folder.
    InPlace(PathBuf),
}

impl Space {
    /// The workspaces, where there are any.
    pub fn isolated(&self) -> Option<&Workspaces> {
        match self {
            Self::Isolated(workspaces) => Some(workspaces),
            Self::InPlace(_) => None,
        }
    }
}

/// What a run starts with.
pub struct Prepared {
    /// Where work happens.
    pub space: Space,
    /// The user's commit, where the project is in git.
    pub commit: Option<String>,
    /// The snapshot; missing in place.
    pub tree: Option<ObjectId>,
    /// The version of git, where it is used.
    pub git: Option<String>,
    /// What the user should be told, a line each.
    pub notes: Vec<String>,
}

/// Decides how workspaces are filled, makes the shadow repository at `shadow` and takes the base snapshot. No workspace is
/// made yet, and nothing of the user's is changed.
pub async fn prepare(options: Options, shadow: &Path, run: &RunId, tools: &Tools) -> Result<Prepared, WorkspaceError> {
    if options.mode == WorkspaceMode::InPlace {
        return Ok(in_place(options));
    }
    let version = git::version(&Git::new(tools, &options.project)).await?;
    let user = project::find(&options.project, tools).await?;
    let filled = filled(&options, user.as_ref()).await?;
    let ignores = rules(&options, user.as_ref())?;
    let (format, objects) = match (&user, filled) {
        (Some(user), Filled::FromGit) => (user.format.as_str(), Some(user.objects.as_path())),
        (_, Filled::FromGit | Filled::ByCopy) => ("sha1", None),
    };
    let shadow = Shadow::create(shadow, tools, format, objects, &ignores).await?;
    let base = match (&user, filled) {
        (Some(user), Filled::FromGit) => from_git(&shadow, &options, user).await?,
        (_, Filled::FromGit | Filled::ByCopy) => {
            let taken = snapshot(&shadow, &options, None).await?;
            let note = format!("workspaces start from a copy of {}", options.project.display());
            Base { commit: user.and_then(|user| user.head), taken, note }
        }
    };
    shadow.keep().await?;
    let mut notes = vec![base.note];
    let nested =
        base.taken.nested.iter().map(|path| format!("left out: {} is a git repository of its own", path.display()));
    notes.extend(nested);
    // Before anyone hears of the run: a cache that cannot be written to would only show with the first task.
    fs::create_dirs(&options.cache)?;
    let tree = base.taken.tree;
    let space = Space::Isolated(Box::new(Workspaces::new(shadow, options, run, tree.clone(), filled)));
    Ok(Prepared { space, commit: base.commit, tree: Some(tree), git: Some(version), notes })
}

struct Base {
    commit: Option<String>,
    taken: Taken,
    note: String,
}

fn in_place(options: Options) -> Prepared {
    let note =
        "work happens in the project's own folder: no snapshot, no rollback, no proof of what changed".to_owned();
    let space = Space::InPlace(options.project);
    Prepared { space, commit: None, tree: None, git: None, notes: vec![note] }
}

async fn filled(options: &Options, user: Option<&UserGit>) -> Result<Filled, WorkspaceError> {
    let not_in_git = |what| WorkspaceError::NotInGit { path: options.project.clone(), what };
    match (options.mode, user) {
        (WorkspaceMode::Worktree, None) => Err(not_in_git("`workspace.mode: worktree`")),
        (WorkspaceMode::Copy, _) | (_, None) if options.base_rev.is_some() => Err(not_in_git("a base revision")),
        (WorkspaceMode::Copy, _) | (_, None) => Ok(Filled::ByCopy),
        (WorkspaceMode::Worktree, Some(_)) => Ok(Filled::FromGit),
        // A folder that its repository ignores is not in git, whatever lies above it.
        (WorkspaceMode::Auto | WorkspaceMode::InPlace, Some(user)) => {
            Ok(if user.ignores_project().await? { Filled::ByCopy } else { Filled::FromGit })
        }
    }
}

/// The rules of the shadow repository: those from outside the project, and what must never be part of a result.
fn rules(options: &Options, user: Option<&UserGit>) -> Result<String, WorkspaceError> {
    let mut rules = user.map(UserGit::outer_rules).transpose()?.unwrap_or_default();
    rules.push_str(&ignores::exactly(super::OWN_FOLDER));
    for name in &options.copy {
        rules.push_str(&ignores::exactly(name));
    }
    Ok(rules)
}

async fn from_git(shadow: &Shadow, options: &Options, user: &UserGit) -> Result<Base, WorkspaceError> {
    if let Some(rev) = &options.base_rev {
        let commit = user.commit(rev).await?;
        let tree = user.tree(&commit).await?.ok_or_else(|| WorkspaceError::NoRevision(rev.clone()))?;
        let note = format!("workspaces start from commit {}", short(&commit));
        return Ok(Base { commit: Some(commit), taken: shadow.without_repositories("base", &tree).await?, note });
    }
    let seed = match &user.head {
        Some(commit) => user.tree(commit).await?,
        None => None,
    };
    let taken = snapshot(shadow, options, seed.as_deref()).await?;
    let note = match (&user.head, &seed) {
        (Some(head), Some(seed)) if seed == taken.tree.as_str() => {
            format!("workspaces start from commit {}", short(head))
        }
        (Some(head), _) => {
            format!("workspaces start from the files as they are: commit {} and what is not committed", short(head))
        }
        (None, _) => "workspaces start from the files as they are; nothing is committed yet".to_owned(),
    };
    Ok(Base { commit: user.head.clone(), taken, note })
}

async fn snapshot(shadow: &Shadow, options: &Options, seed: Option<&str>) -> Result<Taken, WorkspaceError> {
    let excluded = options.excluded();
    shadow.snapshot(&Source { folder: &options.project, excluded: &excluded, index: "base" }, seed).await
}

fn short(commit: &str) -> &str {
    crate::text::clip(commit, 10)
}
