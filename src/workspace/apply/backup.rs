//! The backup that `apply` leaves in the user's repository. It is the user's way back: it goes only when they ask for it.

use std::path::Path;

use super::super::error::WorkspaceError;
use super::super::git::{Call, Tools};
use super::super::project::{self, UserGit};
use super::onto::backup_ref;
use crate::ids::RunId;
use crate::process::{End, Sink};

/// The most that git says to these questions.
const ANSWER: usize = 4096;

/// The ref of a run's backup in the repository that `project` is in, where there is one.
pub async fn backup_of(project: &Path, run: &RunId, tools: &Tools) -> Result<Option<String>, WorkspaceError> {
    let Some(user) = project::find(project, tools).await? else { return Ok(None) };
    let name = backup_ref(run);
    Ok(is_there(&user, &name).await?.then_some(name))
}

/// Removes that ref. What it kept stays in the repository until git tidies up.
pub async fn remove_backup(project: &Path, run: &RunId, tools: &Tools) -> Result<(), WorkspaceError> {
    let Some(user) = project::find(project, tools).await? else { return Ok(()) };
    let name = backup_ref(run);
    ask(&user, &["update-ref", "-d", &name]).output().await.map(drop)
}

async fn is_there(user: &UserGit, name: &str) -> Result<bool, WorkspaceError> {
    let exit = ask(user, &["show-ref", "--verify", "--quiet", name]).exit(Sink::Memory { cap: ANSWER }).await?;
    Ok(exit.end == End::Code(0))
}

fn ask<'a>(user: &'a UserGit, args: &[&str]) -> Call<'a> {
    user.git.call(args.iter().copied())
}
