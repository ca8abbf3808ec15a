//! Keeping the runs of a project out of version control, by one line in its `.gitignore`.
//!
//! `.gitignore` rather than `.git/info/exclude`: whoever clones the project makes runs too, and the line also counts without
//! git, where the built-in agent searches and workspaces are copied.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::cli::CliError;
use crate::repo;
use crate::sys::fs::{self, FileError, Kind};

/// The most of a `.gitignore` that is read.
const MAX_FILE: u64 = 1 << 20;

/// A folder as runs are called: `/runs/*` leaves each of them out, though not the folder itself.
pub(in crate::cli) const ANY_RUN: &str = "20260101-000000-0000";

/// What was done about the folder of the runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Excluded {
    /// A line was added to this file.
    Added {
        /// The file.
        file: PathBuf,
        /// The line.
        rule: String,
    },
    /// It was left out already.
    Already,
    /// It is not in the project.
    Elsewhere,
    /// The file is none that git would read; the line is for the user to put where it belongs.
    Unfit {
        /// The file.
        file: PathBuf,
        /// The line.
        rule: String,
    },
}

/// Has version control leave out `runs`, a folder of the project at `root`.
pub(super) fn exclude(root: &Path, runs: &Path) -> Result<Excluded, CliError> {
    let Some(below) = runs.strip_prefix(root).ok().filter(|below| !below.as_os_str().is_empty()) else {
        return Ok(Excluded::Elsewhere);
    };
    if repo::is_ignored(&runs.join(ANY_RUN), root).map_err(|error| CliError::unreadable(&error))? {
        return Ok(Excluded::Already);
    }
    let (file, rule) = (root.join(".gitignore"), repo::ignore_rule(below));
    match fs::kind(&file).map_err(|error| CliError::unreadable(&error))? {
        None => fs::write_whole_shared(&file, format!("{rule}\n").as_bytes(), fs::Existing::Kept)
            .map_err(|error| CliError::unwritable(&error))?,
        Some(Kind::File) => append(&file, &rule).map_err(|error| CliError::unwritable(&error))?,
        Some(Kind::Folder | Kind::Link | Kind::Special) => return Ok(Excluded::Unfit { file, rule }),
    }
    Ok(Excluded::Added { file, rule })
}

/// One more line with the line ends that the file has; what is there stays as it is, byte for byte.
fn append(file: &Path, rule: &str) -> Result<(), FileError> {
    let before = fs::read(file, MAX_FILE)?;
    fs::append(file)?.write_all(&addition(&before, rule)).map_err(|error| FileError::writing(file, error))
}

fn addition(before: &[u8], rule: &str) -> Vec<u8> {
    let end = if before.windows(2).any(|pair| pair == b"\r\n") { "\r\n" } else { "\n" };
    let first = if before.is_empty() || before.ends_with(b"\n") { "" } else { end };
    format!("{first}{rule}{end}").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_added_with_the_line_ends_of_the_file() {
        for (before, added) in [
            (&b""[..], &b"/runs/\n"[..]),
            (b"/target\n", b"/runs/\n"),
            (b"/target", b"\n/runs/\n"),
            (b"a\r\nb\r\n", b"/runs/\r\n"),
            (b"a\r\n\xff", b"\r\n/runs/\r\n"),
        ] {
            assert_eq!(addition(before, "/runs/"), added);
        }
    }
}
