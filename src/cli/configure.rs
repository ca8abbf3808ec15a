//! `config`: what counts, who said so, and whether it is sound.

use serde_json::{Value, json};

use super::args::ConfigCommand;
use super::error::CliError;
use super::exit::Exit;
use super::session::Session;
use crate::config::{Ignored, Loaded, Origin, schema};
use crate::report::words;

/// `config show|check|schema`.
pub fn configure(session: &Session, command: ConfigCommand) -> Result<Exit, CliError> {
    match command {
        ConfigCommand::Show { origin: false } => show(session)?,
        ConfigCommand::Show { origin: true } => show_origins(session)?,
        ConfigCommand::Check { file } => {
            let named = file.or_else(|| session.globals.config.clone());
            let loaded = session.config_of(named, Vec::new())?;
            session.tell_ignored(&loaded);
            check(session, &loaded)?;
        }
        ConfigCommand::Schema => session.json(&schema())?,
    }
    Ok(Exit::Success)
}

fn show(session: &Session) -> Result<(), CliError> {
    let loaded = session.config(Vec::new())?;
    session.document(&loaded.config)?;
    if !session.is_for_programs() {
        let yaml = loaded.config.to_yaml().map_err(|error| CliError::internal(&error))?;
        session.console.data(&yaml);
    }
    Ok(())
}

fn show_origins(session: &Session) -> Result<(), CliError> {
    let loaded = session.config(Vec::new())?;
    let whole = serde_json::to_value(&loaded.config).map_err(|error| CliError::internal(&error))?;
    let mut leaves = Vec::new();
    flatten(&whole, String::new(), &mut leaves);
    let origin = |key: &str| origin(&loaded, key).to_string();
    if session.is_for_programs() {
        let origins: serde_json::Map<String, Value> =
            leaves.iter().map(|(key, _)| (key.clone(), origin(key).into())).collect();
        return session.document(&json!({"config": whole, "origins": origins}));
    }
    let lines: Vec<(String, String)> =
        leaves.into_iter().map(|(key, value)| (format!("{key}: {value}"), origin(&key))).collect();
    let width = lines.iter().map(|(line, _)| line.chars().count()).max().unwrap_or(0).min(60);
    for (line, origin) in lines {
        session.console.line(&format!("{line:<width$}  # {origin}"));
    }
    Ok(())
}

fn check(session: &Session, loaded: &Loaded) -> Result<(), CliError> {
    let file = loaded.file.as_deref().map(|path| path.display().to_string());
    if session.is_for_programs() {
        let ignored = |it: &Ignored| json!({"key": it.key, "path": it.path, "line": it.line, "why": it.why});
        let ignored: Vec<Value> = loaded.ignored.iter().map(ignored).collect();
        return session.document(&json!({"file": file, "project": loaded.project_root, "ignored": ignored}));
    }
    let what = file.unwrap_or_else(|| "no file for this project; the defaults count".to_owned());
    let ignored = match loaded.ignored.len() {
        0 => String::new(),
        n => format!(", {} ignored", words::count(n, "key")),
    };
    session.console.line(&format!("ok: {what}{ignored}"));
    Ok(())
}

/// Where the value of `key` came from. A key within a value that was set as a whole came from where that did.
fn origin<'a>(loaded: &'a Loaded, key: &str) -> &'a Origin {
    let mut at = key;
    loop {
        if let Some(origin) = loaded.origins.get(at) {
            return origin;
        }
        match at.rsplit_once('.') {
            Some((above, _)) => at = above,
            None => return &Origin::Default,
        }
    }
}

/// The values with their dotted keys; a list is one value, and so is a map without entries.
fn flatten(value: &Value, key: String, leaves: &mut Vec<(String, String)>) {
    match value {
        Value::Object(entries) if !entries.is_empty() || key.is_empty() => {
            for (name, inner) in entries {
                let dot = if key.is_empty() { "" } else { "." };
                flatten(inner, format!("{key}{dot}{name}"), leaves);
            }
        }
        Value::Null => {}
        Value::String(text) if is_plain(text) => leaves.push((key, text.clone())),
        Value::Object(_) | Value::Array(_) | Value::String(_) | Value::Bool(_) | Value::Number(_) => {
            leaves.push((key, value.to_string()));
        }
    }
}

/// Whether a text reads the same in YAML without quotes.
fn is_plain(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '_' | '-'))
}
