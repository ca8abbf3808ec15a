//! `write` and `leave`: whole files, in the workspace and for the tasks that come after.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Value, json};

use super::kit::{Kit, Told};
use super::place::{Place, place};
use crate::agent::records::chain;
use crate::sys::fs::{Beneath, Wrote};
use crate::text;
use crate::workspace::outside_scope;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    path: String,
    content: String,
}

pub(super) fn parameters() -> Value {
    parameters_of("the file, relative to the workspace; folders are made as needed")
}

pub(super) fn parameters_to_leave() -> Value {
    parameters_of("its name, as the task says it")
}

fn parameters_of(path: &str) -> Value {
    json!({
        "type": "object",
        "properties": {
            "path": {"type": "string", "description": path},
            "content": {"type": "string", "description": "all of the file"},
        },
        "required": ["path", "content"],
        "additionalProperties": false,
    })
}

pub(super) fn write(kit: &Kit, arguments: &str) -> Result<Told, Told> {
    let Arguments { path, content } = super::arguments::read(arguments).map_err(Told::Wrong)?;
    let wrote = put(kit, Path::new(&path), content.as_bytes())?;
    Ok(Told::Done(told(&path, &content, wrote)))
}

pub(super) fn leave(kit: &Kit, arguments: &str) -> Result<Told, Told> {
    let Arguments { path, content } = super::arguments::read(arguments).map_err(Told::Wrong)?;
    let below = match place(&path).map_err(Told::Failed)? {
        Place::Workspace(below) | Place::Artifacts(below) => below,
        Place::Inputs(_) => return Err(Told::Failed("what earlier tasks left is only for reading".to_owned())),
    };
    let wrote = into(&kit.job.artifacts, &below, content.as_bytes())?;
    Ok(Told::Done(told(&path, &content, wrote)))
}

fn told(path: &str, content: &str, wrote: Wrote) -> String {
    let size = text::count(content.len(), "byte");
    match wrote {
        Wrote::New => format!("made {path} of {size}"),
        Wrote::Replaced => format!("replaced {path}, now of {size}"),
    }
}

/// Puts a file where this task may write.
pub(super) fn put(kit: &Kit, path: &Path, bytes: &[u8]) -> Result<Wrote, Told> {
    let below = match place(&path.to_string_lossy()).map_err(Told::Failed)? {
        Place::Workspace(below) => below,
        Place::Artifacts(below) => return into(&kit.job.artifacts, &below, bytes),
        Place::Inputs(_) => return Err(Told::Failed("what earlier tasks left is only for reading".to_owned())),
    };
    let message = &kit.job.message;
    let outside = outside_scope(message.role, &message.scope, &[PathBuf::from(&below)]);
    if !outside.map_err(|error| Told::Failed(chain(&error)))?.is_empty() {
        let may = match message.scope.write.as_slice() {
            [] => "this task may write no file".to_owned(),
            globs => format!("this task may write only {}", text::printable(&globs.join(", "), 500)),
        };
        return Err(Told::Failed(format!("{} was not written: {may}", below.display())));
    }
    into(&kit.job.workspace, &below, bytes)
}

fn into(folder: &Path, below: &Path, bytes: &[u8]) -> Result<Wrote, Told> {
    let failed = |error| Told::Failed(chain(&error));
    Beneath::open(folder).map_err(failed)?.write(below, bytes).map_err(failed)
}
