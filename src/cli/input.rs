//! Files that a user names: read whole, with a cap, and never waited for.

use std::io::Read;
use std::path::{Path, PathBuf};

use super::error::CliError;
use super::session::Session;
use crate::sys::fs::{self, Cause};
use crate::text::printable;

/// A file's text, and what to call it.
#[derive(Debug, Clone)]
pub struct Input {
    /// As the user named it.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// Why a file gave no text.
#[derive(Debug)]
pub enum Unread {
    /// It is there, but not what it should be: whoever knows what it should be says so.
    Unfit {
        /// As the user named it.
        name: String,
        /// What is wrong with it.
        why: String,
        /// What to do about it.
        hint: &'static str,
    },
    /// It cannot be had at all.
    Error(CliError),
}

impl From<Unread> for CliError {
    fn from(unread: Unread) -> Self {
        match unread {
            Unread::Unfit { name, why, hint } => Self::usage(format!("{name} cannot be used: {why}")).hint(hint),
            Unread::Error(error) => error,
        }
    }
}

/// Reads the file a user named, or standard input for `-`: UTF-8 of at most `cap` bytes.
pub fn read(session: &Session, named: &Path, cap: u64) -> Result<Input, Unread> {
    if named == Path::new("-") {
        return standard_input(cap);
    }
    let path = session.path(named);
    // Opening a pipe would wait for its writer, perhaps for ever.
    if is_special(&path) {
        let message = format!("{} is a pipe, a socket or a device, not a file", named.display());
        let error = CliError::usage(message).hint("to read a pipe, use `-` and redirect it to standard input");
        return Err(Unread::Error(error));
    }
    let name = printable(&named.display().to_string(), 200);
    match fs::read_text(&path, cap) {
        Ok(text) => Ok(Input { name, text }),
        Err(error) => Err(match error.cause {
            Cause::TooLarge { cap } => too_large(name, cap),
            Cause::NotText { valid } => not_text(name, valid),
            Cause::Io(_) | Cause::IsFolder => {
                let failed = CliError::unreadable(&error);
                Unread::Error(match error.is_not_found().then(|| near(&path)).flatten() {
                    Some(near) => failed.hint(format!("did you mean `{}`?", near.display())),
                    None => failed,
                })
            }
        }),
    }
}

/// A file and the part of it that is meant, of `FILE#PART`. A file of the whole name comes first.
pub fn part(session: &Session, named: &Path) -> Result<(PathBuf, Option<String>), CliError> {
    let whole = || (named.to_path_buf(), None);
    let Some(text) = named.to_str() else { return Ok(whole()) };
    let is_there = |path: &str| -> Result<bool, CliError> {
        let kind = |path| fs::kind(path).map_err(|error| CliError::unreadable(&error));
        Ok(path == "-" || kind(&session.path(Path::new(path)))?.is_some())
    };
    if !text.contains('#') || is_there(text)? {
        return Ok(whole());
    }
    // A file's name may hold the sign as well, so the longest that is there is meant.
    for (at, sign) in text.rmatch_indices('#').filter(|(at, _)| *at > 0) {
        if is_there(&text[..at])? {
            return Ok((PathBuf::from(&text[..at]), Some(text[at + sign.len()..].to_owned())));
        }
    }
    Ok(whole())
}

fn standard_input(cap: u64) -> Result<Input, Unread> {
    let name = "standard input".to_owned();
    let stdin = std::io::stdin();
    if rustix::termios::isatty(&stdin) {
        let error = CliError::usage("standard input is a terminal").hint("redirect a file or a pipe to it");
        return Err(Unread::Error(error));
    }
    let mut bytes = Vec::new();
    stdin.take(cap.saturating_add(1)).read_to_end(&mut bytes).map_err(|error| {
        Unread::Error(CliError::usage("standard input cannot be read").because(&error).hint("redirect a file to it"))
    })?;
    if bytes.len() as u64 > cap {
        return Err(too_large(name, cap));
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Input { name, text }),
        Err(error) => Err(not_text(name, error.utf8_error().valid_up_to())),
    }
}

fn too_large(name: String, cap: u64) -> Unread {
    Unread::Unfit { name, why: format!("it has more than {cap} bytes"), hint: "make it smaller, or raise the cap" }
}

fn not_text(name: String, at: usize) -> Unread {
    let why = format!("it is not UTF-8 text (byte {at})");
    Unread::Unfit { name, why, hint: "save it as UTF-8, for example with `iconv -t UTF-8`" }
}

fn is_special(path: &Path) -> bool {
    matches!(fs::target_kind(path), Ok(Some(fs::Kind::Special)))
}

/// A file in the same folder whose name is nearly this one.
fn near(path: &Path) -> Option<PathBuf> {
    let wanted = path.file_name()?.to_str()?;
    let folder = path.parent()?;
    let names = fs::list(folder).ok()?.into_iter().filter(|entry| entry.kind == fs::Kind::File);
    let (distance, name) = names
        .filter_map(|entry| Some((strsim::damerau_levenshtein(wanted, entry.name.to_str()?), entry.name)))
        .min()?;
    (distance <= 2.max(wanted.len() / 4)).then(|| PathBuf::from(name))
}
