//! Applying a patch that someone else wrote: inside one folder, whole or not at all.

use std::path::{Path, PathBuf};

use super::error::WorkspaceError;
use super::git::{Git, Tools, parts};
use crate::process::{End, Exit, Sink};
use crate::sys::fs::{self, Kind};
use crate::text;

/// Whether a patch is to be applied or only tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PatchMode {
    Apply,
    Check,
}

/// What came of a patch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Patched {
    /// It fits, and with [`PatchMode::Apply`] it is in the folder now. These files are touched.
    Applied { paths: Vec<PathBuf> },
    /// The folder has all of it already.
    AlreadyApplied,
    /// It does not fit, or reaches outside the folder.
    Refused { why: String },
}

/// How a patch may be read, strictest first: with and without the usual first folder, and with line counts that people and
/// models get wrong.
const READINGS: [&[&str]; 4] = [&["-p1"], &["-p0"], &["-p1", "--recount"], &["-p0", "--recount"]];

/// Applies a unified diff to the files in `folder`. Paths outside it and paths through links are refused.
pub async fn apply_patch(
    tools: &Tools,
    folder: &Path,
    patch: &str,
    mode: PatchMode,
) -> Result<Patched, WorkspaceError> {
    if fs::kind(folder)? != Some(Kind::Folder) {
        return Err(WorkspaceError::Replaced(folder.to_path_buf()));
    }
    // A repository of its own, and empty: with none, git would look for one, and find what an agent put there.
    let scratch =
        tempfile::tempdir().map_err(|error| WorkspaceError::system("create a folder in", Path::new("temp"), error))?;
    let git = Git::new(tools, scratch.path());
    git.call(["init", "--quiet", "--bare", "--template="]).output().await?;
    let patch = if patch.ends_with('\n') { patch.to_owned() } else { format!("{patch}\n") };
    let attempt = Attempt { git: &git, folder, patch: patch.as_bytes() };

    let mut first_refusal = None;
    for reading in READINGS {
        let tried = attempt.run(reading, &["--check"]).await?;
        if tried.end == End::Code(0) {
            let paths = attempt.paths(reading).await?;
            if mode == PatchMode::Apply {
                let exit = attempt.run(reading, &[]).await?;
                if exit.end != End::Code(0) {
                    return Err(super::git::failed("apply".into(), &exit));
                }
            }
            return Ok(Patched::Applied { paths });
        }
        if attempt.run(reading, &["--check", "--reverse"]).await?.end == End::Code(0) {
            return Ok(Patched::AlreadyApplied);
        }
        first_refusal.get_or_insert(tried);
    }
    let said = first_refusal.map(|exit| String::from_utf8_lossy(&exit.stderr.bytes).into_owned()).unwrap_or_default();
    Ok(Patched::Refused { why: text::clean(text::clip(said.trim(), 1024)).into_owned() })
}

struct Attempt<'a> {
    git: &'a Git,
    folder: &'a Path,
    patch: &'a [u8],
}

impl Attempt<'_> {
    async fn run(&self, reading: &[&str], how: &[&str]) -> Result<Exit, WorkspaceError> {
        let args = ["apply", "--whitespace=nowarn"].iter().chain(reading).chain(how);
        let call = self.git.call(args).arg("-").work_tree(self.folder).stdin(self.patch.to_vec());
        call.exit(Sink::Memory { cap: 1 << 20 }).await
    }

    async fn paths(&self, reading: &[&str]) -> Result<Vec<PathBuf>, WorkspaceError> {
        let args = ["apply", "--numstat", "-z"].iter().chain(reading);
        let said = self.git.call(args).arg("-").work_tree(self.folder).stdin(self.patch.to_vec()).output().await?;
        Ok(parts(&said)
            .filter_map(|part| part.splitn(3, |byte| *byte == b'\t').nth(2).map(super::shadow::path))
            .collect())
    }
}
