//! The folders agents and checks work in: filled from a tree, taken back to one, captured as one.

use std::path::{Path, PathBuf};

use super::error::WorkspaceError;
use super::ignores::Rules;
use super::options::{Filled, Options};
use super::shadow::{Mode, Shadow, TreeEntry};
use super::snapshot::{Source, forget, lock};
use super::sweep::{self, Keep};
use super::{origin, setup};
use crate::ids::{ObjectId, RunId};
use crate::sys::fs::{self, Kind};
use crate::sys::machine::Machine;

/// The most of an `info/exclude`.
const RULES: u64 = 16 << 20;

/// The workspaces of one run, and the shadow repository behind them.
#[derive(Clone)]
pub struct Workspaces {
    pub(super) shadow: Shadow,
    pub(super) options: Options,
    /// `<cache>/<run>`.
    pub(super) folder: PathBuf,
    pub(super) base: ObjectId,
    pub(super) filled: Filled,
}

/// What a folder is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Work(u32),
    Check(u32),
}

impl Place {
    fn name(self) -> String {
        match self {
            Self::Work(n) => n.to_string(),
            Self::Check(n) => format!("check-{n}"),
        }
    }
}

impl Workspaces {
    /// Those of a run that was begun before. `base` is the tree its journal names.
    pub fn open(
        options: Options,
        shadow: &Path,
        run: &RunId,
        base: &ObjectId,
        tools: &super::Tools,
    ) -> Result<Self, WorkspaceError> {
        let shadow = Shadow::open(shadow, tools)?;
        let filled = if shadow.has_alternates()? { Filled::FromGit } else { Filled::ByCopy };
        Ok(Self::new(shadow, options, run, base.clone(), filled))
    }

    pub(super) fn new(shadow: Shadow, options: Options, run: &RunId, base: ObjectId, filled: Filled) -> Self {
        let folder = options.cache.join(run.as_str());
        Self { shadow, options, folder, base, filled }
    }

    /// The repository behind them.
    pub fn shadow(&self) -> &Shadow {
        &self.shadow
    }

    /// The tree every workspace begins with.
    pub fn base(&self) -> &ObjectId {
        &self.base
    }

    /// Where the base came from.
    pub fn filled(&self) -> Filled {
        self.filled
    }

    /// The user's folder.
    pub fn project(&self) -> &Path {
        &self.options.project
    }

    /// Where a workspace is, or will be.
    pub fn path(&self, ws: u32) -> PathBuf {
        self.dir(Place::Work(ws))
    }

    /// Makes a workspace from the base and sets it up. One that is there and whole stays.
    pub async fn create(&self, ws: u32) -> Result<PathBuf, WorkspaceError> {
        self.ensure(Place::Work(ws)).await
    }

    /// Takes a workspace to exactly this tree; made first if it is missing. Ignored files, build output above all, stay.
    pub async fn reset(&self, ws: u32, tree: &ObjectId) -> Result<PathBuf, WorkspaceError> {
        self.take_to(Place::Work(ws), tree).await
    }

    /// The workspace as a tree, by the ignore rules in it.
    pub async fn capture(&self, ws: u32) -> Result<ObjectId, WorkspaceError> {
        self.capture_of(Place::Work(ws)).await
    }

    /// A tree in a folder for checks, number `n`: no agent ever works there.
    pub async fn checkout(&self, n: u32, tree: &ObjectId) -> Result<PathBuf, WorkspaceError> {
        self.take_to(Place::Check(n), tree).await
    }

    /// Where the logs of commands that we run ourselves go: beside the folders, so that no tree holds them.
    pub fn log(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.log"))
    }

    /// What set-up commands and checks get as their environment in `folder`.
    pub fn tool_environment(
        &self,
        folder: &Path,
    ) -> std::collections::BTreeMap<std::ffi::OsString, std::ffi::OsString> {
        super::tool_environment(&self.shadow.git.tools().env, &self.options.pass_env, folder)
    }

    /// What commands are run with.
    pub fn tools(&self) -> &super::Tools {
        self.shadow.git.tools()
    }

    /// Removes all workspaces of the run; the shadow repository stays.
    pub fn remove(&self) -> Result<(), WorkspaceError> {
        Ok(fs::remove_tree(&self.folder)?)
    }

    fn dir(&self, place: Place) -> PathBuf {
        self.folder.join(place.name())
    }

    /// Says that a folder was filled and set up to the end, and under which boot of the machine: nothing in it is synced, so
    /// after a power cut its files may be empty, and those that no tree holds would stay so.
    fn ready_mark(&self, place: Place) -> PathBuf {
        self.folder.join(format!("{}.ready", place.name()))
    }

    async fn ensure(&self, place: Place) -> Result<PathBuf, WorkspaceError> {
        let dir = self.dir(place);
        let boot = Machine::this().boot;
        if fs::kind(&dir)? == Some(Kind::Folder) && self.is_ready(place, &boot)? {
            return Ok(dir);
        }
        self.make_empty(place)?;
        self.fill(place, &self.base).await?;
        setup::run(self, &dir, &place.name()).await?;
        if !self.options.setup.is_empty() {
            self.hide_what_set_up_left(place).await?;
            self.fill(place, &self.base).await?;
        }
        fs::write(&self.ready_mark(place), boot.as_bytes())?;
        Ok(dir)
    }

    fn is_ready(&self, place: Place, boot: &str) -> Result<bool, WorkspaceError> {
        const LONGEST: u64 = 100;
        let mark = self.ready_mark(place);
        Ok(fs::kind(&mark)?.is_some() && fs::read_text(&mark, LONGEST).is_ok_and(|marked| marked == boot))
    }

    async fn take_to(&self, place: Place, tree: &ObjectId) -> Result<PathBuf, WorkspaceError> {
        let dir = self.ensure(place).await?;
        self.fill(place, tree).await?;
        Ok(dir)
    }

    fn make_empty(&self, place: Place) -> Result<(), WorkspaceError> {
        fs::create_dirs(&self.folder)?;
        if fs::kind(&self.folder)? != Some(Kind::Folder) {
            return Err(WorkspaceError::Replaced(self.folder.clone()));
        }
        // The shadow lies in the run directory.
        if let Some(run) = self.shadow.path().parent() {
            origin::mark(&self.folder, run)?;
        }
        fs::remove_file(&self.ready_mark(place))?;
        let dir = self.dir(place);
        fs::remove_tree(&dir)?;
        forget(&self.shadow.index(&place.name()))?;
        Ok(fs::create_dir(&dir)?)
    }

    /// The folder holds exactly the tree, ignored files apart.
    async fn fill(&self, place: Place, tree: &ObjectId) -> Result<(), WorkspaceError> {
        let dir = self.dir(place);
        let keep = self.keep(tree).await?;
        // A file that became part of the tree is the tree's: no older version goes over it.
        let copied: Vec<String> =
            self.options.copy.iter().filter(|name| !keep.files.contains(Path::new(name))).cloned().collect();
        let root = dir.clone();
        tokio::task::spawn_blocking(move || sweep::sweep(&root, &keep)).await??;
        let index = self.shadow.index(&place.name());
        fs::remove_file(&lock(&index))?;
        // The index remembers which files are as it left them, so that only changed ones are written: build tools go by
        // file times.
        if self.read_tree(&dir, &index, tree).await.is_err() {
            // It may be damaged. Without it, every file is written again; an error now is a real one.
            forget(&index)?;
            self.read_tree(&dir, &index, tree).await?;
        }
        setup::copy(&copied, &self.options.project, &dir)
    }

    async fn read_tree(&self, dir: &Path, index: &Path, tree: &ObjectId) -> Result<(), WorkspaceError> {
        let call = self.shadow.git.call(["read-tree", "--reset", "-u", tree.as_str()]);
        call.work_tree(dir).index(index).output().await.map(drop)
    }

    async fn keep(&self, tree: &ObjectId) -> Result<Keep, WorkspaceError> {
        let entries = self.shadow.entries(tree).await?;
        let is_rules = |entry: &&TreeEntry| {
            matches!(entry.mode, Mode::File | Mode::Executable)
                && entry.path.file_name().is_some_and(|name| name == ".gitignore")
        };
        let files: Vec<&TreeEntry> = entries.iter().filter(is_rules).collect();
        let objects: Vec<ObjectId> = files.iter().map(|entry| entry.object.clone()).collect();
        let texts = self.shadow.blobs(&objects).await?;
        let folders = files.iter().map(|entry| entry.path.parent().unwrap_or(Path::new("")).to_path_buf());
        let texts = texts.iter().map(|text| String::from_utf8_lossy(text).into_owned());
        let rules = Rules::new(folders.zip(texts), &self.general_rules()?);
        Ok(Keep::new(entries.into_iter().map(|entry| entry.path), rules))
    }

    async fn capture_of(&self, place: Place) -> Result<ObjectId, WorkspaceError> {
        let (dir, name) = (self.dir(place), place.name());
        let excluded = [PathBuf::from(super::OWN_FOLDER)];
        self.shadow.capture(&Source { folder: &dir, excluded: &excluded, index: &name }).await
    }

    /// Files that set-up commands made and no rule ignores are no agent's work: from here on they are ignored.
    async fn hide_what_set_up_left(&self, place: Place) -> Result<(), WorkspaceError> {
        let dir = self.dir(place);
        let call = self.shadow.git.call(["ls-files", "-z", "--others", "--exclude-standard", "--directory"]);
        let said = call.work_tree(&dir).index(&self.shadow.index(&place.name())).output().await?;
        let mut rules = self.general_rules()?;
        let before = rules.len();
        for path in super::git::parts(&said) {
            let rule = super::ignores::exactly(&String::from_utf8_lossy(path));
            if !rules.contains(&rule) {
                rules.push_str(&rule);
            }
        }
        if rules.len() > before {
            fs::write_whole(&self.rules_file(), rules.as_bytes())?;
        }
        Ok(())
    }

    fn rules_file(&self) -> PathBuf {
        self.shadow.path().join("info/exclude")
    }

    fn general_rules(&self) -> Result<String, WorkspaceError> {
        Ok(fs::read_text(&self.rules_file(), RULES)?)
    }
}
