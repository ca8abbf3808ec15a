//! The layers as they are found: files, variables and flags, each as a tree with its places.

use std::path::{Path, PathBuf};

use super::fault::{Fault, Origin, Spot};
use super::node::{Key, MAX_BYTES, Node, Source, Value};
use crate::sys::env::Env;
use crate::sys::fs::{self, Kind};

/// The embedded defaults: every key there is, with a comment.
pub(super) const DEFAULT: &str = include_str!("../../config/default.yaml");
/// What the name of a variable begins with that sets a key.
const VARIABLES: &str = "ORCHESTRA_CFG__";
/// The names under which a project's file is found, the usual one first.
pub const PROJECT_FILES: [&str; 2] = ["orchestra.yaml", ".orchestra.yaml"];

/// Where the configuration is looked for.
#[derive(Debug, Clone)]
pub struct Sources<'a> {
    /// The file the user named; it is trusted, and no other project file is looked for.
    pub named: Option<PathBuf>,
    /// What the user set by hand: `run.jobs=2`.
    pub sets: Vec<String>,
    /// The folder to start from; absolute.
    pub dir: Dir,
    /// The environment.
    pub env: &'a Env,
}

/// The folder to start from.
#[derive(Debug, Clone)]
pub enum Dir {
    /// The one the user named with `-C`.
    Given(PathBuf),
    /// The one the command was started in.
    Current(PathBuf),
    /// One whose project file does not count: it is still to be written, or cannot be read.
    Fresh(PathBuf),
}

impl Dir {
    /// The folder.
    pub fn path(&self) -> &Path {
        match self {
            Self::Given(path) | Self::Current(path) | Self::Fresh(path) => path,
        }
    }
}

/// One layer as it was read.
pub(super) struct Found {
    pub source: Source,
    pub tree: Node,
    /// What relative paths in it are relative to. `None` for the defaults, which wait for the project's folder.
    pub base: Option<PathBuf>,
}

/// All layers, the weakest first, and what could not be read.
pub(super) fn find(sources: &Sources<'_>) -> (Vec<Found>, Vec<Fault>) {
    let (mut found, mut faults) = (Vec::new(), Vec::new());
    let dir = sources.dir.path();
    let mut take = |layer: Result<Option<Found>, Box<Fault>>| match layer {
        Ok(layer) => found.extend(layer),
        Err(fault) => faults.push(*fault),
    };
    take(defaults().map(Some));
    if let Some(path) = user_file(sources.env) {
        take(optional_file(&path, Origin::User));
    }
    match (&sources.named, &sources.dir) {
        (Some(path), _) => take(file(&dir.join(path), Origin::Named).map(Some)),
        (None, Dir::Given(dir) | Dir::Current(dir)) => take(project_file(dir)),
        (None, Dir::Fresh(_)) => {}
    }
    for (name, value) in sources.env.table() {
        let Some(name) = name.to_str().filter(|name| name.starts_with(VARIABLES)) else { continue };
        take(variable(name, value.to_str(), dir));
    }
    for set in &sources.sets {
        take(flag(set, dir).map(Some));
    }
    (found, faults)
}

fn defaults() -> Result<Found, Box<Fault>> {
    let source = Source { origin: Origin::Default, text: DEFAULT.into() };
    let tree = Node::parse(&source, DEFAULT)?;
    Ok(Found { source, tree, base: None })
}

fn user_file(env: &Env) -> Option<PathBuf> {
    let absolute = |name: &str| env.get(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let folder = absolute("XDG_CONFIG_HOME").or_else(|| absolute("HOME").map(|home| home.join(".config")))?;
    Some(folder.join("orchestra/config.yaml"))
}

/// The project's file in `dir` or above it, up to the root of its repository. Without a repository only `dir` counts:
/// what lies above may be anyone's.
fn project_file(dir: &Path) -> Result<Option<Found>, Box<Fault>> {
    let top = git_root(dir).unwrap_or_else(|| dir.to_path_buf());
    for folder in dir.ancestors() {
        let mut layers = Vec::new();
        for name in PROJECT_FILES {
            layers.extend(optional_file(&folder.join(name), Origin::Project)?);
        }
        if let [first, second] = layers.as_slice() {
            let name = |layer: &Found| layer.source.origin.to_string();
            return Err(Fault::new(&second.source, Spot::default(), "the project has two configurations")
                .hinting(Some(format!("keep one of {} and {}", name(first), name(second))))
                .into());
        }
        if let Some(layer) = layers.pop() {
            return Ok(Some(layer));
        }
        if folder == top {
            break;
        }
    }
    Ok(None)
}

/// The nearest folder at or above `dir` that holds a `.git`.
pub(super) fn git_root(dir: &Path) -> Option<PathBuf> {
    let holds = |folder: &&Path| matches!(fs::kind(&folder.join(".git")), Ok(Some(_)));
    dir.ancestors().find(holds).map(Path::to_path_buf)
}

fn optional_file(path: &Path, origin: fn(PathBuf, u64) -> Origin) -> Result<Option<Found>, Box<Fault>> {
    match fs::kind(path) {
        Ok(None) => Ok(None),
        Ok(Some(_)) => file(path, origin).map(Some),
        Err(error) => Err(Fault::of_file(origin(path.to_path_buf(), 0), &error).into()),
    }
}

fn file(path: &Path, origin: fn(PathBuf, u64) -> Origin) -> Result<Found, Box<Fault>> {
    let origin = origin(path.to_path_buf(), 0);
    // Before it is opened: a pipe that nobody writes to would hold us up for ever.
    let real = fs::canonical(path).map_err(|error| Fault::of_file(origin.clone(), &error))?;
    if matches!(fs::kind(&real), Ok(Some(Kind::Special))) {
        return Err(Fault::bare(origin, "this is a device or a pipe, not a file").into());
    }
    let bytes = fs::read(path, MAX_BYTES).map_err(|error| Fault::of_file(origin.clone(), &error))?;
    let text = match std::str::from_utf8(&bytes) {
        Ok(text) => text.trim_start_matches('\u{feff}').into(),
        Err(error) => {
            let source = Source { origin, text: String::from_utf8_lossy(&bytes).into() };
            let spot = Spot::of_byte(&bytes, error.valid_up_to());
            return Err(Fault::new(&source, spot, "this is not UTF-8 text").into());
        }
    };
    let source = Source { origin, text };
    let tree = Node::parse(&source, &source.text)?;
    Ok(Found { base: path.parent().map(Path::to_path_buf), source, tree })
}

fn variable(name: &str, value: Option<&str>, dir: &Path) -> Result<Option<Found>, Box<Fault>> {
    let origin = Origin::Env(name.to_owned());
    let Some(value) = value else {
        return Err(Fault::bare(origin, "its value is not UTF-8 text").into());
    };
    // As everywhere, an empty variable counts as none.
    if value.is_empty() {
        return Ok(None);
    }
    let path = name.strip_prefix(VARIABLES).unwrap_or_default().to_lowercase();
    let keys: Vec<&str> = path.split("__").collect();
    let source = Source { origin, text: format!("{name}={value}").into() };
    assigned(source, &keys, name.len(), dir).map(Some)
}

fn flag(set: &str, dir: &Path) -> Result<Found, Box<Fault>> {
    let Some((path, _)) = set.split_once('=') else {
        let origin = Origin::Flag("--set".to_owned());
        let given = crate::text::printable(set, 60);
        return Err(Fault::bare(origin, format!("`{given}` is not key=value"))
            .hinting(Some("write for example --set run.jobs=2"))
            .into());
    };
    let source = Source { origin: Origin::Flag(format!("--set {path}")), text: set.into() };
    let keys: Vec<&str> = path.split('.').map(str::trim).collect();
    assigned(source, &keys, path.len(), dir)
}

/// The tree of `key=value`, where the value after byte `sign` is YAML.
fn assigned(source: Source, keys: &[&str], sign: usize, dir: &Path) -> Result<Found, Box<Fault>> {
    let spot = Spot { line: 1, column: 1, start: 0, len: sign };
    if keys.iter().any(|key| key.is_empty()) || keys.len() > 16 {
        return Err(Fault::new(&source, spot, "this is not the name of a key").into());
    }
    let value = source.text.get(sign + 1..).unwrap_or_default();
    // As YAML it would be the number without its sign, and nobody would hear that nothing was added.
    if value.strip_prefix('+').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit())) {
        let added = crate::text::printable(value, 40);
        let spot = Spot { line: 1, column: sign as u64 + 2, start: sign + 1, len: value.len() };
        return Err(Fault::new(&source, spot, format!("`{added}` would add to what there is"))
            .under(keys.join("."))
            .hinting(Some(
                "only `orchestra resume` adds, to limits.run, limits.launches, limits.run_bytes, budget.usd and \
                 budget.tokens; without the + the value is set",
            ))
            .into());
    }
    // Blanks for the key, so that places in the value are places in the whole.
    let yaml = format!("{}{}", " ".repeat(sign + 1), value);
    let mut tree = Node::parse(&source, &yaml)?;
    for key in keys.iter().rev() {
        let entry = (Key { name: (*key).to_owned(), spot }, tree);
        tree = Node { spot: entry.1.spot, value: Value::Map(vec![entry]) };
    }
    Ok(Found { source, tree, base: Some(dir.to_path_buf()) })
}
