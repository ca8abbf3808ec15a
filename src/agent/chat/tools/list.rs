//! `list`: the files of the project, without what version control leaves out.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use globset::{GlobBuilder, GlobMatcher};
use serde::Deserialize;
use serde_json::{Value, json};

use super::kit::{Kit, Told};
use super::place::{Place, place};
use super::shown::capped;
use crate::agent::records::chain;
use crate::repo::{Files, ProjectFile};
use crate::sys::fs::{self, Beneath, Kind};
use crate::text;

/// Lines that are shown.
const MAX: usize = 400;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    #[serde(default)]
    path: Option<String>,
    #[serde(default)]
    glob: Option<String>,
}

pub(super) fn parameters() -> Value {
    json!({
        "type": "object",
        "properties": {
            "path": {"type": "string", "description": "the folder, relative to the workspace; all of it if left out"},
            "glob": {"type": "string", "description": "only files whose path fits, at any depth: src/**/*.rs, *.md"},
        },
        "additionalProperties": false,
    })
}

pub(super) fn list(kit: &Kit, arguments: &str) -> Result<Told, Told> {
    let Arguments { path, glob } = super::arguments::read(arguments).map_err(Told::Wrong)?;
    let path = path.unwrap_or_default();
    let folder = match place(&path).map_err(Told::Failed)? {
        Place::Workspace(folder) => folder,
        Place::Inputs(below) => return inside(kit, &kit.job.inputs.join(below)),
        Place::Artifacts(below) => return inside(kit, &kit.job.artifacts.join(below)),
    };
    let beneath = Beneath::open(&kit.job.workspace).map_err(|error| Told::Failed(chain(&error)))?;
    match beneath.kind(&folder).map_err(|error| Told::Failed(chain(&error)))? {
        Some(Kind::Folder) => {}
        Some(Kind::File) => return Err(Told::Failed(format!("{path} is a file: `read` shows it"))),
        Some(Kind::Link | Kind::Special) => return Err(Told::Failed(format!("{path} is no folder"))),
        None => return Err(Told::Failed(format!("there is no folder {path}"))),
    }
    let glob = glob.map(|glob| matcher(&glob)).transpose()?;
    let files = Files::list(&kit.job.workspace).map_err(|error| Told::Failed(chain(&error)))?;
    let prefix = folder.to_str().map(|path| if path.is_empty() { String::new() } else { format!("{path}/") });
    let prefix = prefix.unwrap_or_default();
    let below = files.iter().filter(|file| file.path.starts_with(&prefix));
    let lines = match &glob {
        Some(glob) => below.filter(|file| glob.is_match(&file.path)).map(|file| line(&file.path, file)).collect(),
        None => entries(below, &prefix),
    };
    let mut out = shown(&lines);
    if files.is_truncated() {
        let _ = write!(out, "[only the first {} files of the project are looked at]", files.len());
    }
    Ok(Told::Done(capped(&out, kit.cap).into_owned()))
}

/// A glob over whole paths. One without a slash fits names in any folder.
pub(super) fn matcher(glob: &str) -> Result<GlobMatcher, Told> {
    let whole = if glob.contains('/') { glob.trim_start_matches("./").to_owned() } else { format!("**/{glob}") };
    let built = GlobBuilder::new(&whole).literal_separator(true).build();
    let built = built.map_err(|error| Told::Failed(format!("`{}` is no glob: {error}", text::printable(glob, 100))))?;
    Ok(built.compile_matcher())
}

fn line(name: &str, file: &ProjectFile) -> String {
    format!("{name}  {}", file.size)
}

/// What lies right in the folder: folders with the number of files below them, files with their size.
fn entries<'a>(below: impl Iterator<Item = &'a ProjectFile>, prefix: &str) -> Vec<String> {
    let mut folders: BTreeMap<&str, usize> = BTreeMap::new();
    let mut files = Vec::new();
    for file in below {
        match file.path[prefix.len()..].split_once('/') {
            Some((folder, _)) => *folders.entry(folder).or_default() += 1,
            None => files.push(line(&file.path[prefix.len()..], file)),
        }
    }
    let folders = folders.into_iter().map(|(name, files)| format!("{name}/  {}", text::count(files, "file")));
    folders.chain(files).collect()
}

/// A folder that is no part of the project.
fn inside(kit: &Kit, folder: &std::path::Path) -> Result<Told, Told> {
    let found = fs::list(folder).map_err(|error| Told::Failed(chain(&error)))?;
    let names = found.iter().map(|entry| {
        let mark = if entry.kind == Kind::Folder { "/" } else { "" };
        format!("{}{mark}", entry.name.to_string_lossy())
    });
    Ok(Told::Done(capped(&shown(&names.collect::<Vec<_>>()), kit.cap).into_owned()))
}

fn shown(lines: &[String]) -> String {
    let mut out = String::new();
    for line in lines.iter().take(MAX) {
        out.push_str(line);
        out.push('\n');
    }
    if lines.is_empty() {
        out.push_str("[nothing that version control would keep]\n");
    } else if lines.len() > MAX {
        let _ = writeln!(out, "[{} more: name a folder or a glob]", lines.len() - MAX);
    }
    out
}
