//! `artifacts/manifest.json`: what a run kept, in one list.
//!
//! While tasks run, what each left is added to a file of lines; the list is made of it when a process ends its part of the
//! run. A task that wrote the list anew would make a long run pay for its length at every task. The lines of a process
//! that was killed are there for the next one.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Collect, RunDir, StoreError, write_json};
use crate::event::Artifact;
use crate::ids::{Digest, TaskId};
use crate::sys::fs;
use crate::time::Timestamp;

/// The most that is read of either file.
const CAP: u64 = 256 * 1024 * 1024;
/// The version of both files, counted from 1.
const FORMAT: u32 = 1;

/// `manifest.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Manifest {
    /// The version of this format, counted from 1.
    pub v: u32,
    /// All that is kept, by path.
    pub artifacts: Vec<ManifestEntry>,
}

/// One file in `manifest.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ManifestEntry {
    /// Relative to the manifest's folder.
    pub path: String,
    /// A media type, by the file's ending.
    #[serde(rename = "type")]
    pub kind: String,
    /// Bytes.
    pub size: u64,
    /// SHA-256 of what is stored.
    pub sha256: Digest,
    /// The task that left it.
    pub task: TaskId,
    /// Its attempt.
    pub attempt: u32,
    /// When it was kept, UTC.
    pub created_at: Timestamp,
}

/// One line: all that is kept of a task, in place of what was kept of it before.
#[derive(Debug, Serialize, Deserialize)]
struct Line {
    v: u32,
    task: TaskId,
    kept: Vec<ManifestEntry>,
}

/// Notes what is kept of a task from now on, and makes it safe; the file's name is safe when the caller has synced its
/// folder. Tasks may do so at the same time.
pub(super) fn note(from: &Collect, kept: &[Artifact]) -> Result<(), StoreError> {
    let path = from.dir.manifest_lines();
    let entry = |artifact: &Artifact| ManifestEntry {
        path: artifact.path.clone(),
        kind: media_type(&artifact.path).to_owned(),
        size: artifact.size,
        sha256: artifact.sha256.clone(),
        task: from.task.clone(),
        attempt: from.attempt,
        created_at: from.at,
    };
    let line = Line { v: FORMAT, task: from.task.clone(), kept: kept.iter().map(entry).collect() };
    // Begun on a line of its own: a process that was killed may have left half a one.
    let mut bytes = vec![b'\n'];
    serde_json::to_writer(&mut bytes, &line).map_err(|why| StoreError::Malformed { path: path.clone(), why })?;
    let mut file = match fs::kind(&path).map_err(StoreError::Unreadable)? {
        Some(_) => fs::append(&path),
        // Two that begin it at the same time both append.
        None => fs::create_new(&path).and(fs::append(&path)).or_else(|_| fs::append(&path)),
    }
    .map_err(StoreError::Unwritable)?;
    // One write to the end of a file is not mixed with another's.
    file.write_all(&bytes).map_err(|error| StoreError::write("write", &path, error))?;
    file.sync_data().map_err(|error| StoreError::write("sync", &path, error))
}

/// Makes the list of what was noted since it was last made. Nothing is made where nothing was ever kept.
pub fn write_manifest(dir: &RunDir) -> Result<(), StoreError> {
    let (path, lines) = (dir.manifest(), dir.manifest_lines());
    if fs::kind(&lines).map_err(StoreError::Unreadable)?.is_none() {
        return Ok(());
    }
    let before = match fs::kind(&path).map_err(StoreError::Unreadable)? {
        Some(_) => read(&path)?.artifacts,
        None => Vec::new(),
    };
    let mut kept: BTreeMap<TaskId, Vec<ManifestEntry>> = BTreeMap::new();
    for entry in before {
        kept.entry(entry.task.clone()).or_default().push(entry);
    }
    let noted = fs::read(&lines, CAP).map_err(StoreError::Unreadable)?;
    // Half a line is what a killed process began; its task is done again, or was noted again.
    for line in noted.split(|byte| *byte == b'\n') {
        refuse_newer(&lines, line)?;
        if let Ok(line) = serde_json::from_slice::<Line>(line) {
            kept.insert(line.task, line.kept);
        }
    }
    let mut artifacts: Vec<ManifestEntry> = kept.into_values().flatten().collect();
    artifacts.sort_by(|a, b| a.path.cmp(&b.path));
    write_json(&path, &Manifest { v: FORMAT, artifacts })?;
    fs::remove_file(&lines).map_err(StoreError::Unwritable)
}

/// The list at `path`; one of a later version is refused by name.
fn read(path: &Path) -> Result<Manifest, StoreError> {
    let bytes = fs::read(path, CAP).map_err(StoreError::Unreadable)?;
    refuse_newer(path, &bytes)?;
    serde_json::from_slice(&bytes).map_err(|why| StoreError::Malformed { path: path.to_path_buf(), why })
}

/// Whatever else a later version writes, it says which it is.
fn refuse_newer(path: &Path, json: &[u8]) -> Result<(), StoreError> {
    #[derive(Deserialize)]
    struct Version {
        v: u32,
    }
    match serde_json::from_slice::<Version>(json) {
        Ok(Version { v }) if v > FORMAT => {
            Err(StoreError::Newer { path: path.to_path_buf(), found: v, supported: FORMAT })
        }
        Ok(_) | Err(_) => Ok(()),
    }
}

/// The media type that a file's ending stands for.
fn media_type(path: &str) -> &'static str {
    let ending = path.rsplit_once('.').map_or("", |(_, ending)| ending).to_ascii_lowercase();
    match ending.as_str() {
        "md" | "markdown" => "text/markdown",
        "txt" | "log" => "text/plain",
        "json" => "application/json",
        "jsonl" => "application/jsonl",
        "yaml" | "yml" => "application/yaml",
        "xml" => "application/xml",
        "html" | "htm" => "text/html",
        "csv" => "text/csv",
        "diff" | "patch" => "text/x-diff",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "pdf" => "application/pdf",
        "gz" | "tgz" => "application/gzip",
        "zip" => "application/zip",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left(dir: &RunDir, task: &str, attempt: u32, paths: &[&str]) {
        let from = Collect {
            dir: dir.clone(),
            task: TaskId::new(task).unwrap(),
            attempt,
            folder: std::path::PathBuf::new(),
            workspace: std::path::PathBuf::new(),
            globs: Vec::new(),
            named: Vec::new(),
            at: Timestamp::from_millis(0),
        };
        let kept: Vec<Artifact> =
            paths.iter().map(|path| Artifact { path: (*path).to_owned(), size: 1, sha256: Digest::of(b"x") }).collect();
        note(&from, &kept).unwrap();
    }

    fn listed(dir: &RunDir) -> Vec<String> {
        write_manifest(dir).unwrap();
        let list = read(&dir.manifest()).unwrap();
        list.artifacts.iter().map(|entry| format!("{} {} {}", entry.path, entry.kind, entry.attempt)).collect()
    }

    #[test]
    fn the_list_has_the_last_word_of_every_task_over_several_processes() {
        let temp = tempfile::tempdir().unwrap();
        let dir = RunDir::at(temp.path().to_path_buf());
        fs::create_dirs(&dir.artifacts()).unwrap();
        write_manifest(&dir).unwrap();
        assert_eq!(fs::list(&dir.artifacts()).unwrap(), [], "nothing is made for nothing");
        left(&dir, "fix", 1, &["fix/z", "fix/b.XML"]);
        left(&dir, "find", 1, &["find/n.md"]);
        assert_eq!(
            listed(&dir),
            ["find/n.md text/markdown 1", "fix/b.XML application/xml 1", "fix/z application/octet-stream 1"]
        );
        left(&dir, "fix", 2, &["fix/z"]);
        // A process that was killed as it wrote.
        fs::append(&dir.manifest_lines()).unwrap().write_all(b"\n{\"task\":\"fi").unwrap();
        left(&dir, "find", 2, &[]);
        assert_eq!(listed(&dir), ["fix/z application/octet-stream 2"]);
        assert_eq!(fs::list(&dir.artifacts()).unwrap().len(), 1);
    }
    #[test]
    fn a_list_and_notes_of_a_later_version_are_refused_by_name_and_kept() {
        let temp = tempfile::tempdir().unwrap();
        let dir = RunDir::at(temp.path().to_path_buf());
        fs::create_dirs(&dir.artifacts()).unwrap();
        let newer = |path: &Path| match write_manifest(&dir).unwrap_err() {
            StoreError::Newer { path: named, found: 2, supported: FORMAT } => assert_eq!(named, path),
            other => panic!("{other:?}"),
        };
        left(&dir, "fix", 1, &["fix/z"]);
        fs::append(&dir.manifest_lines()).unwrap().write_all(b"\n{\"v\":2,\"files\":{}}").unwrap();
        newer(&dir.manifest_lines());
        assert_eq!(fs::kind(&dir.manifest()).unwrap(), None);
        fs::remove_file(&dir.manifest_lines()).unwrap();
        left(&dir, "fix", 1, &["fix/z"]);
        let later = b"{\"v\":2,\"files\":{}}";
        fs::write(&dir.manifest(), later).unwrap();
        newer(&dir.manifest());
        assert_eq!(fs::read(&dir.manifest(), CAP).unwrap(), later);
    }
}
