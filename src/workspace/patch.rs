//! Applying a patch that someone else wrote: inside one folder, whole or not at all.

use std::path::{Path, PathBuf};

use super::error::WorkspaceError;
use super::git::{Git, Tools, parts};
use crate::process::{End, Exit, Sink};
use crate::sys::fs::{self, Kind};
use crate::sys::machine;
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

/// How the lines of a patch may be counted: as it says, or anew, because people and models count wrong.
const COUNTS: [&[&str]; 2] = [&[], &["--recount"]];

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
    let scratch = fs::temp_dir_in(&machine::temp_dir())?;
    let git = Git::new(tools, scratch.path());
    git.call(["init", "--quiet", "--bare", "--template="]).output().await?;
    let patch = completed(patch);
    let attempt = Attempt { git: &git, folder, patch: patch.as_bytes(), strip: strip(&patch) };

    let mut first_refusal = None;
    for reading in COUNTS {
        let tried = attempt.run(reading, &["--check"]).await?;
        if tried.end == End::Code(0) {
            let paths = attempt.paths(reading).await?;
            if mode == PatchMode::Apply {
                let exit = attempt.run(reading, &[]).await?;
                if exit.end != End::Code(0) {
                    return Err(git.failed("apply", &exit));
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
    strip: &'static str,
}

impl Attempt<'_> {
    async fn run(&self, reading: &[&str], how: &[&str]) -> Result<Exit, WorkspaceError> {
        let args = ["apply", "--whitespace=nowarn", self.strip]
            .into_iter()
            .chain(reading.iter().copied())
            .chain(how.iter().copied());
        let call = self.git.call(args).arg("-").work_tree(self.folder).stdin(self.patch.to_vec());
        call.exit(Sink::Memory { cap: 1 << 20 }).await
    }

    async fn paths(&self, reading: &[&str]) -> Result<Vec<PathBuf>, WorkspaceError> {
        let args = ["apply", "--numstat", "-z", self.strip].into_iter().chain(reading.iter().copied());
        let said = self.git.call(args).arg("-").work_tree(self.folder).stdin(self.patch.to_vec()).output().await?;
        Ok(parts(&said)
            .filter_map(|part| part.splitn(3, |byte| *byte == b'\t').nth(2).map(super::shadow::path))
            .collect())
    }
}

/// The patch with what git wants to be told beside `/dev/null`: without the line that says that a file is new or gone, it
/// takes that for a name like any other, and a file that should go would be moved to `dev/null` in the folder. People and
/// models leave the line out.
fn completed(patch: &str) -> String {
    let mut out = String::with_capacity(patch.len() + 64);
    let mut rest = patch;
    while let Some(line) = rest.split_inclusive('\n').next() {
        rest = &rest[line.len()..];
        out.push_str(line);
        if !line.ends_with('\n') {
            out.push('\n');
        }
        if line.starts_with("diff --git ") {
            let header: Vec<&str> =
                rest.lines().take_while(|line| !line.starts_with("@@ ") && !line.starts_with("diff --git ")).collect();
            let has = |begin: &str| header.iter().any(|line| line.starts_with(begin));
            for (side, mode) in [("--- /dev/null", "new file mode "), ("+++ /dev/null", "deleted file mode ")] {
                if has(side) && !has(mode) {
                    out.push_str(mode);
                    out.push_str("100644\n");
                }
            }
        }
    }
    out
}

/// Whether the names in a patch begin with a folder that is none: `a/` and `b/`, or the letters of
/// `diff.mnemonicPrefix` (git-config). Guessing by what fits would put new files in wrong places.
fn strip(patch: &str) -> &'static str {
    let header = |line: &str| {
        let name = line
            .strip_prefix("--- ")
            .or_else(|| line.strip_prefix("+++ "))
            .or_else(|| line.strip_prefix("diff --git "))?;
        Some(name.trim_start_matches('"').to_owned()).filter(|name| !name.starts_with("/dev/null"))
    };
    let is_prefixed = |name: &String| matches!(name.as_bytes(), [b'a' | b'b' | b'c' | b'i' | b'o' | b'w', b'/', ..]);
    let mut names = patch.lines().take_while(|line| !line.starts_with("@@ ")).filter_map(header);
    if names.all(|name| is_prefixed(&name)) { "-p1" } else { "-p0" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_comes_or_goes_is_said_to_where_the_patch_does_not() {
        let gone = "diff --git a/x b/x\n--- a/x\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n";
        let new = "diff --git a/y b/y\nindex 0..1\n--- /dev/null\n+++ b/y\n@@ -0,0 +1 @@\n+--- /dev/null";
        let both = completed(&format!("{gone}{new}"));
        assert_eq!(
            both,
            "diff --git a/x b/x\ndeleted file mode 100644\n--- a/x\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n\
             diff --git a/y b/y\nnew file mode 100644\nindex 0..1\n--- /dev/null\n+++ b/y\n@@ -0,0 +1 @@\n+--- /dev/null\n"
        );
        assert_eq!(completed(&both), both);
        let plain = "--- a/x\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n";
        assert_eq!(completed(plain), plain);
    }

    #[test]
    fn the_first_folder_is_dropped_only_where_it_is_none() {
        assert_eq!(strip("diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n--- odd\n"), "-p1");
        assert_eq!(strip("--- /dev/null\n+++ b/new\n@@ -0,0 +1 @@\n+x\n"), "-p1");
        assert_eq!(strip("--- src/x\n+++ src/x\n@@ -1 +1 @@\n"), "-p0");
        assert_eq!(strip("--- /dev/null\n+++ src/new\n@@ -0,0 +1 @@\n+x\n"), "-p0");
    }
}
