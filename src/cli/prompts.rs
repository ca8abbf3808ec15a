//! The prompts of a run: those that are built in, or the user's in their place.

use std::collections::BTreeMap;
use std::path::Path;

use super::CliError;
use crate::config::Config;
use crate::prompt::Templates;
use crate::sys::fs::{self, Kind};

/// The most of one file that is read.
const MAX_FILE: u64 = 1 << 20;
/// The one folder in a folder of prompts.
const INNER: &str = "examples";

/// The templates that the configuration asks for. A file that no prompt is made from is an error: a misspelt name would leave
/// the built-in text in place without a word.
pub(super) fn templates(config: &Config) -> Result<Templates, CliError> {
    let Some(dir) = &config.prompts.dir else { return Ok(Templates::built_in()?) };
    let mut own = BTreeMap::new();
    read(dir, "", &mut own)?;
    Templates::with(|name| own.remove(name)).map_err(|error| in_dir(dir, error.into()))
}

fn read(dir: &Path, within: &str, own: &mut BTreeMap<&'static str, String>) -> Result<(), CliError> {
    for entry in fs::list(dir).map_err(|error| in_dir(dir, CliError::unreadable(&error)))? {
        let name = format!("{within}{}", entry.name.to_string_lossy());
        if entry.name.to_string_lossy().starts_with('.') {
            // Editors and systems leave such files everywhere.
            continue;
        }
        if name == INNER && entry.kind == Kind::Folder {
            read(&entry.path, &format!("{INNER}/"), own)?;
            continue;
        }
        let known = Templates::named(&name).map_err(|error| in_dir(dir, error.into()))?;
        let text = fs::read_text(&entry.path, MAX_FILE).map_err(|error| in_dir(dir, CliError::unreadable(&error)))?;
        own.insert(known, text);
    }
    Ok(())
}

fn in_dir(dir: &Path, error: CliError) -> CliError {
    error.what_for(&format!("the prompts in {} (`prompts.dir`) cannot be used", dir.display()))
}
