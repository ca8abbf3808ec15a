//! What changed from one tree to another.

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::error::WorkspaceError;
use super::git::{Call, parts};
use super::shadow::{Mode, Shadow, path};
use crate::ids::ObjectId;
use crate::process::{End, Sink};
use crate::sys::fs;

/// The difference of two trees.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Change {
    /// In git's order.
    pub files: Vec<FileChange>,
    /// As text, with whole blobs where a file is binary; at most as long as was asked for.
    pub patch: String,
    /// Whether the patch was cut.
    pub truncated: bool,
}

/// One file of a difference. A renamed file is one removed and one added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileChange {
    /// Relative to the project.
    pub path: PathBuf,
    /// What happened to it.
    pub status: FileStatus,
    /// Lines; none for a binary file.
    pub lines: Option<Lines>,
    /// Whether it is a link, before or after.
    pub is_link: bool,
}

/// Lines of a file's difference.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Lines {
    pub added: u32,
    pub removed: u32,
}

/// What became of a patch that was to be written to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PatchFile {
    /// Nothing differs; there is no file.
    Empty,
    Whole,
    /// Only the beginning is there, of this many bytes.
    Cut {
        of: u64,
    },
}

/// What happened to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileStatus {
    Added,
    Modified,
    Removed,
    /// A file became a link, or the other way round.
    TypeChanged,
}

/// One file's entries on both sides, for whoever moves files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) path: PathBuf,
    pub(super) before: Option<Side>,
    pub(super) after: Option<Side>,
}

#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) struct Side {
    pub(super) mode: Mode,
    pub(super) object: ObjectId,
}

/// The most of a patch that is kept as a file.
const LARGEST_PATCH: u64 = 256 << 20;

const FLAGS: [&str; 7] =
    ["-r", "--no-renames", "--no-ext-diff", "--no-textconv", "--full-index", "--no-color", "--ignore-submodules=all"];

impl Shadow {
    /// Everything that differs, with a patch of at most `cap` bytes.
    pub async fn diff(&self, a: &ObjectId, b: &ObjectId, cap: usize) -> Result<Change, WorkspaceError> {
        if a == b {
            return Ok(Change::default());
        }
        let files = self.changed_files(a, b).await?;
        let patch = ["-p", "--binary"];
        let exit = self.diff_tree(&patch, a, b).exit(Sink::Memory { cap }).await?;
        if !matches!(exit.end, End::Code(0)) {
            return Err(self.git.failed("diff-tree", &exit));
        }
        let text = String::from_utf8_lossy(&exit.stdout.bytes).into_owned();
        Ok(Change { files, patch: text, truncated: exit.stdout.truncated })
    }

    /// Which paths differ.
    pub async fn changed_paths(&self, a: &ObjectId, b: &ObjectId) -> Result<Vec<PathBuf>, WorkspaceError> {
        Ok(self.steps(a, b).await?.into_iter().map(|step| step.path).collect())
    }

    /// Which files differ, and by how many lines.
    pub async fn changed_files(&self, a: &ObjectId, b: &ObjectId) -> Result<Vec<FileChange>, WorkspaceError> {
        let steps = self.steps(a, b).await?;
        let said = self.diff_tree(&["--numstat", "-z"], a, b).output().await?;
        let lines: HashMap<PathBuf, Option<Lines>> = parts(&said).filter_map(numstat).collect();
        let files = steps.into_iter().map(|step| FileChange {
            status: step.status(),
            lines: lines.get(&step.path).copied().flatten(),
            is_link: [&step.before, &step.after].into_iter().flatten().any(|side| side.mode == Mode::Link),
            path: step.path,
        });
        Ok(files.collect())
    }

    /// Writes the whole difference to a file, which is made only if there is one.
    pub async fn write_patch(&self, a: &ObjectId, b: &ObjectId, file: &Path) -> Result<PatchFile, WorkspaceError> {
        if a == b {
            return Ok(PatchFile::Empty);
        }
        // Under a hidden name until it is whole: who finds the patch applies it.
        let mut name = OsString::from(fs::UNFINISHED);
        name.push(file.file_name().unwrap_or_default());
        let fresh = file.with_file_name(name);
        let sink = Sink::File { path: fresh.clone(), cap: LARGEST_PATCH, tail: 0, lines: None };
        let exit = self.diff_tree(&["-p", "--binary"], a, b).exit(sink).await?;
        if exit.end == End::Code(0) {
            fs::rename_synced(&fresh, file)?;
        }
        match exit.end {
            End::Code(0) if exit.stdout.total > LARGEST_PATCH => Ok(PatchFile::Cut { of: exit.stdout.total }),
            End::Code(0) => Ok(PatchFile::Whole),
            End::Code(_) | End::Signal(_) | End::TimedOut | End::Stalled | End::Cancelled | End::OutputCap => {
                Err(self.git.failed("diff-tree", &exit))
            }
        }
    }

    pub(super) async fn steps(&self, a: &ObjectId, b: &ObjectId) -> Result<Vec<Step>, WorkspaceError> {
        let said = self.diff_tree(&["--raw", "-z"], a, b).output().await?;
        let fields: Vec<&[u8]> = parts(&said).collect();
        fields
            .chunks(2)
            .map(|pair| step(pair).ok_or_else(|| WorkspaceError::Garbled { command: "diff-tree".into() }))
            .collect()
    }

    fn diff_tree(&self, how: &[&str], a: &ObjectId, b: &ObjectId) -> Call<'_> {
        let args = ["diff-tree"].iter().chain(&FLAGS).chain(how).copied();
        self.git.call(args).arg(a.as_str()).arg(b.as_str())
    }
}

impl Step {
    fn status(&self) -> FileStatus {
        match (&self.before, &self.after) {
            (None, _) => FileStatus::Added,
            (_, None) => FileStatus::Removed,
            (Some(before), Some(after)) if (before.mode == Mode::Link) != (after.mode == Mode::Link) => {
                FileStatus::TypeChanged
            }
            (Some(_), Some(_)) => FileStatus::Modified,
        }
    }
}

/// `:<mode> <mode> <object> <object> <status>`, then the path.
fn step(pair: &[&[u8]]) -> Option<Step> {
    let [meta, name] = pair else { return None };
    let meta = std::str::from_utf8(meta).ok()?.strip_prefix(':')?;
    let words: Vec<&str> = meta.split(' ').collect();
    let [before, after, old, new, _] = words.as_slice() else { return None };
    let side = |mode: &str, object: &str| match mode {
        "000000" => Some(None),
        mode => Some(Some(Side { mode: Mode::parse(mode.as_bytes())?, object: ObjectId::new(object).ok()? })),
    };
    Some(Step { path: path(name), before: side(before, old)?, after: side(after, new)? })
}

/// `<added>\t<removed>\t<path>`; dashes for a binary file.
fn numstat(part: &[u8]) -> Option<(PathBuf, Option<Lines>)> {
    let mut fields = part.splitn(3, |byte| *byte == b'\t');
    let mut count = || std::str::from_utf8(fields.next()?).ok()?.parse::<u32>().ok();
    let (added, removed) = (count(), count());
    let lines = added.zip(removed).map(|(added, removed)| Lines { added, removed });
    Some((path(fields.next()?), lines))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_raw_line_tells_what_happened() {
        let (zero, one) = ("0".repeat(40), "1".repeat(40));
        let line = |text: String| step(&[text.as_bytes(), b"a\nb"]).map(|step| step.status());
        assert_eq!(line(format!(":000000 100644 {zero} {one} A")), Some(FileStatus::Added));
        assert_eq!(line(format!(":100644 000000 {one} {zero} D")), Some(FileStatus::Removed));
        assert_eq!(line(format!(":100644 120000 {one} {one} T")), Some(FileStatus::TypeChanged));
        assert_eq!(line(format!(":100644 100755 {one} {one} M")), Some(FileStatus::Modified));
        assert_eq!(line("nonsense".into()), None);
    }

    #[test]
    fn a_binary_file_has_no_lines() {
        assert_eq!(numstat(b"-\t-\tx y"), Some(("x y".into(), None)));
        assert_eq!(numstat(b"3\t1\ta\tb"), Some(("a\tb".into(), Some(Lines { added: 3, removed: 1 }))));
    }
}
