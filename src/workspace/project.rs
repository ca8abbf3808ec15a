//! The user's side: which git repository, if any, the project is in. Only ever read here.

use std::path::{Path, PathBuf};

use super::error::WorkspaceError;
use super::git::{Git, PROBE, Tools};
use super::ignores;
use super::shadow::path;
use super::snapshot::refuse_no_rules;
use crate::process::{End, Sink};
use crate::sys::fs::{self, Kind};

/// The most of a `.gitignore` that is read.
const IGNORE_FILE: u64 = 1 << 20;

/// The git repository a project is in.
pub(super) struct UserGit {
    pub(super) git: Git,
    /// The top of its working tree.
    pub(super) root: PathBuf,
    /// The project within it; empty when it is the top.
    pub(super) prefix: PathBuf,
    pub(super) objects: PathBuf,
    /// `sha1` or `sha256`.
    pub(super) format: String,
    /// What HEAD names, unless nothing is committed yet.
    pub(super) head: Option<String>,
    common: PathBuf,
}

/// Looks for a repository from `project` upwards, as git would.
pub(super) async fn find(project: &Path, tools: &Tools) -> Result<Option<UserGit>, WorkspaceError> {
    for folder in project.ancestors() {
        if is_bare(folder)? {
            return Err(WorkspaceError::Bare(folder.to_path_buf()));
        }
        let dot_git = folder.join(".git");
        if is_repository(&dot_git)? {
            return open(&dot_git, folder, project, tools).await.map(Some);
        }
    }
    Ok(None)
}

impl UserGit {
    /// A commit of the user's by any name for it.
    pub(super) async fn commit(&self, rev: &str) -> Result<String, WorkspaceError> {
        let found = resolve(&self.git, &format!("{rev}^{{commit}}")).await?;
        found.ok_or_else(|| WorkspaceError::NoRevision(rev.to_owned()))
    }

    /// The tree of the project's folder in `commit`, if it was there.
    pub(super) async fn tree(&self, commit: &str) -> Result<Option<String>, WorkspaceError> {
        let mut name = std::ffi::OsString::from(format!("{commit}^{{tree}}"));
        if !self.prefix.as_os_str().is_empty() {
            name = std::ffi::OsString::from(format!("{commit}:"));
            name.push(&self.prefix);
        }
        resolve(&self.git, name).await
    }

    /// Whether git itself would leave the project's folder out.
    pub(super) async fn ignores_project(&self) -> Result<bool, WorkspaceError> {
        if self.prefix.as_os_str().is_empty() {
            return Ok(false);
        }
        for below in self.prefix.ancestors().skip(1) {
            refuse_no_rules(&self.root.join(below))?;
        }
        let call = self.git.call(["check-ignore", "--quiet", "--"]).arg(&self.prefix).work_tree(&self.root);
        Ok(call.exit(Sink::Memory { cap: 1024 }).await?.end == End::Code(0))
    }

    /// The ignore rules that apply to the project but are written down outside it.
    pub(super) fn outer_rules(&self) -> Result<String, WorkspaceError> {
        let mut rules = rules_in(&self.common.join("info/exclude"), &self.prefix)?;
        let mut folder = self.root.clone();
        let mut below = self.prefix.as_path();
        while let Some(step) = below.components().next() {
            rules.push_str(&rules_in(&folder.join(".gitignore"), below)?);
            folder.push(step);
            below = below.strip_prefix(step).unwrap_or(Path::new(""));
        }
        Ok(rules)
    }
}

fn rules_in(file: &Path, below: &Path) -> Result<String, WorkspaceError> {
    if fs::kind(file)? != Some(Kind::File) {
        return Ok(String::new());
    }
    let text = fs::read(file, IGNORE_FILE)?;
    Ok(ignores::carried(&String::from_utf8_lossy(&text), below))
}

async fn open(dot_git: &Path, root: &Path, project: &Path, tools: &Tools) -> Result<UserGit, WorkspaceError> {
    let git = Git::new(tools, dot_git);
    // Its `.git` may be a file, in which no command can run: everything is asked with the root as folder.
    let said = git
        .call(["rev-parse", "--path-format=absolute", "--show-object-format", "--git-dir", "--git-common-dir"])
        .work_tree(root)
        .within(PROBE)
        .output()
        .await
        .map_err(|error| WorkspaceError::broken(dot_git, error))?;
    let garbled = || WorkspaceError::Garbled { command: "rev-parse".into() };
    let mut lines = said.split(|byte| *byte == b'\n');
    let format = String::from_utf8_lossy(lines.next().ok_or_else(garbled)?).into_owned();
    let own = path(lines.next().ok_or_else(garbled)?);
    let common = path(lines.next().ok_or_else(garbled)?);
    let git = Git::new(tools, &own);
    let head = resolve(&git, "HEAD^{commit}").await?;
    let prefix = project.strip_prefix(root).unwrap_or(Path::new("")).to_path_buf();
    Ok(UserGit { git, root: root.to_path_buf(), prefix, objects: common.join("objects"), format, head, common })
}

/// The object `name` stands for, if any. The name is never taken for an option.
async fn resolve(git: &Git, name: impl AsRef<std::ffi::OsStr>) -> Result<Option<String>, WorkspaceError> {
    let call = git.call(["rev-parse", "--verify", "--quiet", "--end-of-options"]).arg(name);
    let exit = call.exit(Sink::Memory { cap: 1024 }).await?;
    let said = String::from_utf8_lossy(&exit.stdout.bytes).trim().to_owned();
    Ok((exit.end == End::Code(0) && !said.is_empty()).then_some(said))
}

/// A `.git` that git would accept; git passes over any other on its way up.
fn is_repository(dot_git: &Path) -> Result<bool, WorkspaceError> {
    Ok(match fs::kind(dot_git)? {
        Some(Kind::Folder | Kind::Link) => has_git_layout(dot_git)?,
        Some(Kind::File) => fs::read(dot_git, 64 << 10).is_ok_and(|text| text.starts_with(b"gitdir:")),
        Some(Kind::Special) | None => false,
    })
}

fn is_bare(folder: &Path) -> Result<bool, WorkspaceError> {
    let inside_dot_git = folder.file_name().is_some_and(|name| name == ".git");
    Ok(!inside_dot_git && fs::kind(&folder.join("config"))?.is_some() && has_git_layout(folder)?)
}

fn has_git_layout(folder: &Path) -> Result<bool, WorkspaceError> {
    for (name, kinds) in [
        ("HEAD", [Kind::File, Kind::Link]),
        ("objects", [Kind::Folder, Kind::Link]),
        ("refs", [Kind::Folder, Kind::Link]),
    ] {
        if !fs::kind(&folder.join(name))?.is_some_and(|kind| kinds.contains(&kind)) {
            return Ok(false);
        }
    }
    Ok(true)
}
