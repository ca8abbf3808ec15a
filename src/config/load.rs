//! The layers laid over one another: default, user, project or named file, environment, flags.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::decode::decode;
use super::fault::{ConfigErrors, Fault, Origin};
use super::narrow::{Ignored, narrow};
use super::node::{Node, Source, Value};
use super::setting::{Setting, Unset};
use super::shape::{Config, Layer};
use super::sources::{Dir, Found, Sources, find, git_root};
use super::{paths, rules};
use crate::sys::fs;

/// The configuration in force.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// What counts.
    pub config: Config,
    /// Where each value came from, by dotted key. A key that is not here has no value of its own.
    pub origins: BTreeMap<String, Origin>,
    /// What a discovered project file said in vain.
    pub ignored: Vec<Ignored>,
    /// The folder that is worked on: absolute, without links. The same as `config.project.root`.
    pub project_root: PathBuf,
    /// The project's file, named or discovered.
    pub file: Option<PathBuf>,
}

/// Reads all layers; every fault of every layer is in the error.
pub fn load(sources: &Sources<'_>) -> Result<Loaded, ConfigErrors> {
    let (found, faults) = find(sources);
    let mut stack = Stack { faults, ..Stack::default() };
    for layer in found {
        stack.lay(layer);
    }
    ConfigErrors::check(std::mem::take(&mut stack.faults))?;
    stack.finish(&sources.dir)
}

#[derive(Default)]
struct Stack {
    merged: Layer,
    /// Dotted key → the last word on it.
    origins: BTreeMap<String, Origin>,
    /// The layers so far, for faults that only the whole shows.
    layers: Vec<(Source, Node)>,
    ignored: Vec<Ignored>,
    faults: Vec<Fault>,
    file: Option<PathBuf>,
}

impl Stack {
    fn lay(&mut self, found: Found) {
        let Found { source, tree, base } = found;
        let secrets = rules::secrets(&tree, &source);
        let (mut layer, mut faults) = decode::<Layer>(&mut tree.clone(), &source);
        if faults.is_empty() {
            faults = rules::faults(&layer, &tree, &source);
        }
        // An excerpt could show a secret that stands beside a fault.
        let hidden = !secrets.is_empty();
        self.faults.extend(secrets);
        self.faults.extend(faults.into_iter().map(|fault| if hidden { fault.unshown() } else { fault }));
        if let Some(base) = &base {
            paths::resolve(&mut layer, base);
        }
        match &source.origin {
            Origin::Project(path, _) => {
                self.file = Some(path.clone());
                self.ignored.extend(narrow(&mut layer, &self.merged, path, &tree));
            }
            Origin::Named(path, _) => self.file = Some(path.clone()),
            Origin::Default | Origin::User(..) | Origin::Env(_) | Origin::Flag(_) => {}
        }
        self.note_origins(&tree, &source);
        self.layers.push((source, tree));
        self.merged = layer.over(std::mem::take(&mut self.merged));
    }

    fn note_origins(&mut self, tree: &Node, source: &Source) {
        let left_out: BTreeSet<&str> = match source.origin {
            Origin::Project(..) => self.ignored.iter().map(|ignored| ignored.key.as_str()).collect(),
            Origin::Default | Origin::User(..) | Origin::Named(..) | Origin::Env(_) | Origin::Flag(_) => {
                BTreeSet::new()
            }
        };
        let is_left_out = |key: &str| {
            let ends = key.match_indices('.').map(|(end, _)| end).chain([key.len()]);
            ends.into_iter().any(|end| left_out.contains(&key[..end]))
        };
        let mut leaves = Vec::new();
        collect_leaves(tree, String::new(), &mut leaves);
        leaves.retain(|(key, _)| !is_left_out(key));
        // An agent is replaced as a whole, so nothing of a weaker one is left.
        let agents: BTreeSet<&str> = leaves.iter().filter_map(|(key, _)| agent_of(key)).collect();
        self.origins.retain(|key, _| agent_of(key).is_none_or(|agent| !agents.contains(agent)));
        // So is a model, where another provider is to answer.
        let models: BTreeMap<&str, &str> = leaves.iter().filter_map(|(key, _)| model_of(key)).collect();
        let stays = |(name, provider): (&str, &str)| models.get(name).is_none_or(|new| *new == provider);
        self.origins.retain(|key, _| model_of(key).is_none_or(stays));
        self.origins.extend(leaves.iter().map(|(key, line)| (key.clone(), source.origin.on_line(*line))));
    }

    fn finish(self, dir: &Dir) -> Result<Loaded, ConfigErrors> {
        let project_root = self.project_root(dir)?;
        let blame = |key: &str| self.blame(key);
        let unset = |unset: Unset| Box::new(blame(&unset.0).saying("this key must be set"));
        let mut config = self.merged.clone().plain().map_err(unset)?;
        ConfigErrors::check(rules::faults_of_whole(&config, blame))?;
        config.runs.dir = project_root.join(&config.runs.dir);
        config.project.root.clone_from(&project_root);
        Ok(Loaded { config, origins: self.origins, ignored: self.ignored, project_root, file: self.file })
    }

    /// What the configuration says; else the folder the user named; else the project file's; else the repository's;
    /// else the folder the command was started in.
    fn project_root(&self, dir: &Dir) -> Result<PathBuf, Box<Fault>> {
        let said =
            self.merged.project.as_ref().and_then(|project| project.root.as_ref()).filter(|root| root.is_absolute());
        let folder = match (said, dir) {
            (Some(root), _) => root.clone(),
            (None, Dir::Given(dir)) => dir.clone(),
            (None, Dir::Current(dir) | Dir::Fresh(dir)) => match self.file.as_deref().and_then(Path::parent) {
                Some(folder) => folder.to_path_buf(),
                None => git_root(dir).unwrap_or_else(|| dir.clone()),
            },
        };
        let wrong = |why: String| self.blame("project.root").saying(why);
        let real = fs::canonical(&folder).map_err(|error| wrong(error.to_string()))?;
        match fs::kind(&real) {
            Ok(Some(fs::Kind::Folder)) => Ok(real),
            _ => Err(wrong(format!("`{}` is not a folder", folder.display())).into()),
        }
    }

    /// A fault at the last word on `key`, or on the nearest key above it.
    fn blame(&self, key: &str) -> Fault {
        let path: Vec<&str> = key.split('.').collect();
        for len in (1..=path.len()).rev() {
            for (source, tree) in self.layers.iter().rev() {
                if let Some((name, node)) = tree.at(&path[..len]) {
                    let spot = if node.spot.len > 0 { node.spot } else { name.spot };
                    return Fault::new(source, spot, String::new()).under(key);
                }
            }
        }
        Fault::bare(Origin::Default, String::new()).under(key)
    }
}

/// `agents.NAME` of a key below it.
fn agent_of(key: &str) -> Option<&str> {
    let rest = key.strip_prefix("agents.")?;
    Some(rest.split('.').next().unwrap_or(rest))
}

/// `NAME` and its provider of a key below `models.NAME`.
fn model_of(key: &str) -> Option<(&str, &str)> {
    let mut parts = key.strip_prefix("models.")?.split('.');
    Some((parts.next()?, parts.next()?))
}

/// The values of a tree with their dotted keys and lines; a list is one value.
fn collect_leaves(node: &Node, key: String, leaves: &mut Vec<(String, u64)>) {
    match &node.value {
        Value::Null => {}
        Value::Map(entries) => {
            for (name, value) in entries {
                let dot = if key.is_empty() { "" } else { "." };
                collect_leaves(value, format!("{key}{dot}{}", name.name), leaves);
            }
        }
        Value::Bool(_) | Value::Int(..) | Value::Float(..) | Value::Text(_) | Value::List(_) => {
            leaves.push((key, node.spot.line));
        }
    }
}
