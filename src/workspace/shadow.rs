//! The run's own bare repository: snapshots, commits and merges live here, so that the user's `.git` is only read.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use super::error::WorkspaceError;
use super::git::{Git, Tools, parts};
use super::names::Names;
use super::snapshot::lock;
use crate::ids::ObjectId;
use crate::sys::fs;
use crate::time::Timestamp;

/// Takes away every attribute by which a file would be changed, hidden from a diff, or handed to a program on its way in
/// or out: what is in the tree is what is on the disk, byte for byte.
const ATTRIBUTES: &str = "* -text !eol -crlf -ident -filter -working-tree-encoding !diff !merge\n";

/// The shadow repository of one run.
#[derive(Clone)]
pub struct Shadow {
    pub(super) git: Git,
    names: Names,
}

/// What a commit is made of. The same inputs make the same commit, on any machine.
#[derive(Debug)]
pub struct NewCommit<'a> {
    /// What it holds.
    pub tree: &'a ObjectId,
    /// In order; none for the first.
    pub parents: &'a [ObjectId],
    /// Author's and committer's date, to the second.
    pub at: Timestamp,
    /// Made from ids.
    pub message: &'a str,
}

/// One entry of a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TreeEntry {
    pub(super) mode: Mode,
    pub(super) object: ObjectId,
    pub(super) path: PathBuf,
}

/// What an entry of a tree is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Mode {
    File,
    Executable,
    Link,
    /// A commit of another repository. Snapshots hold none.
    Repository,
}

impl Mode {
    pub(super) fn parse(text: &[u8]) -> Option<Self> {
        match text {
            b"100644" => Some(Self::File),
            b"100755" => Some(Self::Executable),
            b"120000" => Some(Self::Link),
            b"160000" => Some(Self::Repository),
            _ => None,
        }
    }
}

impl Shadow {
    /// One that is there already.
    pub fn open(path: &Path, tools: &Tools) -> Result<Self, WorkspaceError> {
        let head = path.join("HEAD");
        if fs::kind(&head)? == Some(fs::Kind::File) {
            return Ok(Self { git: Git::new(tools, path), names: Names::default() });
        }
        Err(WorkspaceError::NoShadow(path.to_path_buf()))
    }

    /// A new one. `objects` is the user's object folder, read as an alternate.
    pub(super) async fn create(
        path: &Path,
        tools: &Tools,
        format: &str,
        objects: Option<&Path>,
        ignores: &str,
    ) -> Result<Self, WorkspaceError> {
        fs::create_dirs(path)?;
        let git = Git::new(tools, path);
        git.call(["init", "--quiet", "--bare", "--shared=0600", "--template=", "--initial-branch=base"])
            .arg(format!("--object-format={format}"))
            .output()
            .await?;
        fs::create_dirs(&path.join("info"))?;
        fs::create_dirs(&path.join("indexes"))?;
        fs::write_whole(&path.join("info/attributes"), ATTRIBUTES.as_bytes())?;
        fs::write_whole(&path.join("info/exclude"), ignores.as_bytes())?;
        if let Some(objects) = objects {
            fs::create_dirs(&path.join("objects/info"))?;
            let mut line = quoted(objects);
            line.push(b'\n');
            fs::write_whole(&path.join("objects/info/alternates"), &line)?;
        }
        // git makes objects and refs durable, but not what `init` wrote.
        for name in ["HEAD", "config"] {
            let file = path.join(name);
            fs::open(&file)?.sync_all().map_err(|error| WorkspaceError::system("sync", &file, error))?;
        }
        fs::sync_dir(path)?;
        fs::sync_dir(&path.join("info"))?;
        Ok(Self { git, names: Names::default() })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.git.dir()
    }

    /// Whether it reads the user's objects.
    pub(super) fn has_alternates(&self) -> Result<bool, WorkspaceError> {
        Ok(fs::kind(&self.path().join("objects/info/alternates"))?.is_some())
    }

    /// An index file of its own for every folder; kept, because it remembers what needs no second look.
    pub(super) fn index(&self, name: &str) -> PathBuf {
        self.path().join("indexes").join(name)
    }

    /// Makes a commit and a ref that keeps it. The ref's name holds an ordinal, never an id from outside.
    pub async fn commit(&self, commit: NewCommit<'_>, ordinal: u32) -> Result<ObjectId, WorkspaceError> {
        let made = self.commit_without_ref(&commit).await?;
        self.point(&format!("refs/orchestra/tasks/{ordinal}"), &made).await?;
        Ok(made)
    }

    /// Makes a ref lead to a commit. The ref, and all objects so far, survive a power cut when this returns.
    pub(super) async fn point(&self, name: &str, commit: &ObjectId) -> Result<(), WorkspaceError> {
        // One process owns the run, and its git has ended: a lock was left by a git that could not tidy up.
        fs::remove_file(&lock(&self.path().join(name)))?;
        self.git.call(["update-ref", name, commit.as_str()]).output().await?;
        self.keep().await
    }

    /// All objects so far survive a power cut when this returns.
    pub(super) async fn keep(&self) -> Result<(), WorkspaceError> {
        self.names.keep(self.path()).await
    }

    pub(super) async fn commit_without_ref(&self, commit: &NewCommit<'_>) -> Result<ObjectId, WorkspaceError> {
        let date = format!("@{} +0000", commit.at.as_millis().div_euclid(1000).max(0));
        let mut call = self.git.call(["commit-tree", commit.tree.as_str(), "-F", "-"]);
        for parent in commit.parents {
            call = call.arg("-p").arg(parent.as_str());
        }
        call.env("GIT_AUTHOR_DATE", &date)
            .env("GIT_COMMITTER_DATE", &date)
            .stdin(format!("{}\n", commit.message.trim_end()).into_bytes())
            .object()
            .await
    }

    /// Those of `objects` that are not there. One process, however many.
    pub async fn missing(&self, objects: &[ObjectId]) -> Result<Vec<ObjectId>, WorkspaceError> {
        if objects.is_empty() {
            return Ok(Vec::new());
        }
        let said = self.git.call(["cat-file", "--batch-check=%(objectname) %(objecttype)"]);
        let said = said.stdin(lines(objects)).output().await?;
        let missing: Vec<String> = String::from_utf8_lossy(&said)
            .lines()
            .filter_map(|line| line.strip_suffix(" missing").map(str::to_owned))
            .collect();
        Ok(objects.iter().filter(|object| missing.iter().any(|m| m == object.as_str())).cloned().collect())
    }

    /// The tree of a commit, or the tree itself.
    pub async fn tree_of(&self, object: &ObjectId) -> Result<ObjectId, WorkspaceError> {
        self.git
            .call(["rev-parse", "--verify", "--quiet", "--end-of-options"])
            .arg(format!("{object}^{{tree}}"))
            .object()
            .await
    }

    /// All entries of a tree, in git's order.
    pub(super) async fn entries(&self, tree: &ObjectId) -> Result<Vec<TreeEntry>, WorkspaceError> {
        let said = self.git.call(["ls-tree", "-r", "-z", "--full-tree", tree.as_str()]).output().await?;
        parts(&said)
            .map(|line| entry(line).ok_or_else(|| WorkspaceError::Garbled { command: "ls-tree".into() }))
            .collect()
    }

    /// The content of some blobs, in order.
    pub(super) async fn blobs(&self, objects: &[ObjectId]) -> Result<Vec<Vec<u8>>, WorkspaceError> {
        if objects.is_empty() {
            return Ok(Vec::new());
        }
        let said = self.git.call(["cat-file", "--batch=%(objectsize)"]).stdin(lines(objects)).output().await?;
        batch(&said, objects.len()).ok_or_else(|| WorkspaceError::Garbled { command: "cat-file".into() })
    }
}

fn lines(objects: &[ObjectId]) -> Vec<u8> {
    objects.iter().flat_map(|object| object.as_str().bytes().chain([b'\n'])).collect()
}

/// `<mode> <type> <object>\t<path>`
fn entry(line: &[u8]) -> Option<TreeEntry> {
    let tab = line.iter().position(|byte| *byte == b'\t')?;
    let mut words = line[..tab].split(|byte| *byte == b' ');
    let mode = Mode::parse(words.next()?)?;
    let object = std::str::from_utf8(words.nth(1)?).ok()?;
    Some(TreeEntry { mode, object: ObjectId::new(object).ok()?, path: path(&line[tab + 1..]) })
}

/// `<size>\n<bytes>\n`, again and again.
fn batch(mut said: &[u8], count: usize) -> Option<Vec<Vec<u8>>> {
    let mut blobs = Vec::with_capacity(count);
    for _ in 0..count {
        let end = said.iter().position(|byte| *byte == b'\n')?;
        let size: usize = std::str::from_utf8(&said[..end]).ok()?.parse().ok()?;
        blobs.push(said.get(end + 1..end + 1 + size)?.to_vec());
        said = said.get(end + 2 + size..)?;
    }
    Some(blobs)
}

/// A path from git's bytes.
pub(super) fn path(bytes: &[u8]) -> PathBuf {
    PathBuf::from(OsString::from_vec(bytes.to_vec()))
}

/// A path as git's bytes.
pub(super) fn bytes(path: &Path) -> &[u8] {
    OsStr::as_bytes(path.as_os_str())
}

/// A line of `alternates`; quoted where it could be taken for something else.
fn quoted(path: &Path) -> Vec<u8> {
    let raw = bytes(path);
    if !raw.iter().any(|byte| matches!(byte, b'\n' | b'"' | b'\\' | b'#')) {
        return raw.to_vec();
    }
    let mut out = vec![b'"'];
    for byte in raw {
        match byte {
            b'\n' => out.extend_from_slice(b"\\n"),
            b'"' | b'\\' => out.extend([b'\\', *byte]),
            byte => out.push(*byte),
        }
    }
    out.push(b'"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listing_keeps_any_name() {
        let id = "a".repeat(40);
        let line = [b"100755 blob ", id.as_bytes(), b"\ta \xff\nb"].concat();
        let entry = entry(&line).unwrap();
        assert_eq!((entry.mode, bytes(&entry.path)), (Mode::Executable, &b"a \xff\nb"[..]));
        assert!(super::entry(b"100644 blob zz\tx").is_none());
    }

    #[test]
    fn a_batch_is_cut_by_size_not_by_newline() {
        assert_eq!(batch(b"3\na\nb\n0\n\n", 2).unwrap(), [b"a\nb".to_vec(), Vec::new()]);
        assert!(batch(b"9\nabc\n", 1).is_none());
    }

    #[test]
    fn an_alternate_with_odd_characters_is_quoted() {
        assert_eq!(quoted(Path::new("/a b")), b"/a b");
        assert_eq!(quoted(Path::new("/a\n\"b")), b"\"/a\\n\\\"b\"");
    }
}
