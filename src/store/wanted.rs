//! Which files are meant as artifacts: those in the agent's folder, those the plan's globs fit, those the agent names.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use rustix::io::Errno;

use super::beneath::{Found, Root};
use super::{Caps, Collect, Refused, StoreError};

/// Where a wanted file lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Origin {
    /// In the folder the agent was given.
    Folder,
    /// In the workspace.
    Workspace,
}

/// The folders that artifacts come from, open.
pub(super) struct Roots {
    folder: Option<Root>,
    workspace: Option<Root>,
}

impl Roots {
    /// Both folders were within the agent's reach: one that it put a link in the place of is refused.
    pub(super) fn open(from: &Collect, refused: &mut Vec<Refused>) -> Result<Self, StoreError> {
        let mut open = |path: &Path, opened: Result<Option<Root>, Errno>| match opened {
            Ok(root) => Ok(root),
            Err(Errno::NOTDIR | Errno::LOOP) => {
                refused.push(Refused { what: path.to_string_lossy().into_owned(), why: "it is no longer a folder" });
                Ok(None)
            }
            Err(error) => Err(StoreError::read("open", path, error.into())),
        };
        let folder = match from.folder.strip_prefix(from.dir.root()) {
            Ok(below) => Root::open(from.dir.root()).and_then(|run| run.map_or(Ok(None), |run| run.below(below))),
            Err(_) => Root::open(&from.folder),
        };
        Ok(Self { folder: open(&from.folder, folder)?, workspace: open(&from.workspace, Root::open(&from.workspace))? })
    }

    pub(super) fn find(&self, from: Origin, path: &Path) -> Result<Found, Errno> {
        let root = match from {
            Origin::Folder => &self.folder,
            Origin::Workspace => &self.workspace,
        };
        root.as_ref().map_or(Ok(Found::Nothing), |root| root.find(path))
    }

    /// Everything that is meant, by its path. What the agent put into its folder goes before a file of the same name.
    pub(super) fn wanted(
        &self,
        from: &Collect,
        caps: Caps,
        refused: &mut Vec<Refused>,
    ) -> Result<BTreeMap<String, Origin>, StoreError> {
        let mut wanted = BTreeMap::new();
        let most = caps.files.saturating_mul(200);
        if let Some(root) = &self.folder {
            let files = walk(root, &from.folder, Path::new(""), most, refused)?;
            add(&mut wanted, files, Origin::Folder, refused);
        }
        let Some(root) = &self.workspace else { return Ok(wanted) };
        if let Some(set) = globs(&from.globs, refused) {
            let files = walk(root, &from.workspace, Path::new(""), most, refused)?;
            let fits = |path: &PathBuf| path.ancestors().any(|part| set.is_match(part));
            add(&mut wanted, files.into_iter().filter(fits).collect(), Origin::Workspace, refused);
        }
        for name in &from.named {
            let refusal = self.add_named(name, from, most, (&mut wanted, refused))?;
            refused.extend(refusal.map(|why| Refused { what: name.clone(), why }));
        }
        Ok(wanted)
    }

    /// Adds one path that the agent named; gives the reason if it does not.
    fn add_named(
        &self,
        name: &str,
        from: &Collect,
        most: usize,
        (wanted, refused): (&mut BTreeMap<String, Origin>, &mut Vec<Refused>),
    ) -> Result<Option<&'static str>, StoreError> {
        let Some(root) = &self.workspace else { return Ok(Some("there is no workspace")) };
        // Agents like to name files by their whole path.
        let given = Path::new(name).strip_prefix(&from.workspace).unwrap_or(Path::new(name));
        let path: PathBuf = given.components().filter(|part| *part != Component::CurDir).collect();
        if path.components().any(|part| !matches!(part, Component::Normal(_))) {
            return Ok(Some("it is outside the workspace"));
        }
        if path.as_os_str().is_empty() || path.components().any(|part| part.as_os_str() == ".git") {
            return Ok(Some("it is no file of the work"));
        }
        match root.find(&path) {
            Ok(Found::Folder(_)) => {
                let files = walk(root, &from.workspace, &path, most, refused)?;
                add(wanted, files, Origin::Workspace, refused);
                Ok(None)
            }
            // It may be one of those that were put into the folder.
            Ok(Found::Nothing) if path.to_str().is_some_and(|path| wanted.contains_key(path)) => Ok(None),
            Ok(Found::Nothing) => Ok(Some("it is not there")),
            Ok(Found::File(_) | Found::Other) | Err(_) => {
                add(wanted, vec![path], Origin::Workspace, refused);
                Ok(None)
            }
        }
    }
}

fn add(wanted: &mut BTreeMap<String, Origin>, files: Vec<PathBuf>, from: Origin, refused: &mut Vec<Refused>) {
    for path in files {
        match path.to_str() {
            Some(text) => {
                wanted.entry(text.to_owned()).or_insert(from);
            }
            None => refused.push(Refused { what: path.to_string_lossy().into_owned(), why: "its name is not UTF-8" }),
        }
    }
}

fn walk(
    root: &Root,
    shown: &Path,
    start: &Path,
    most: usize,
    refused: &mut Vec<Refused>,
) -> Result<Vec<PathBuf>, StoreError> {
    let not_git = |path: &Path| !path.ends_with(".git");
    let (files, complete) =
        root.walk(start, most, not_git).map_err(|error| StoreError::read("list", shown, error.into()))?;
    if !complete {
        let what = shown.join(start).to_string_lossy().into_owned();
        refused.push(Refused { what, why: "it holds more files than are looked at" });
    }
    Ok(files)
}

/// The set of all sound globs, or nothing if there are none.
fn globs(patterns: &[String], refused: &mut Vec<Refused>) -> Option<GlobSet> {
    let mut set = GlobSetBuilder::new();
    let mut sound = 0;
    for pattern in patterns {
        match GlobBuilder::new(pattern.trim_start_matches("./")).literal_separator(true).build() {
            Ok(glob) => {
                set.add(glob);
                sound += 1;
            }
            Err(_) => refused.push(Refused { what: pattern.clone(), why: "it is not a glob" }),
        }
    }
    set.build().ok().filter(|_| sound > 0)
}
