//! `--junit FILE`: where CI looks for the results. Refused before anything begins if it cannot be written.

use std::path::{Path, PathBuf};

use super::{CliError, Exit, Session};
use crate::report::{Facts, Summary};
use crate::sys::fs::{self, Existing, FileError, Kind};

/// As much of a file is looked at before it is written over; XML shows itself at once.
const HEAD: u64 = 4 << 10;

/// The file that gets the results.
#[derive(Debug, Clone)]
pub(super) struct JunitFile {
    path: PathBuf,
}

impl JunitFile {
    /// The file that `--junit` names, if it can be written there.
    pub(super) fn asked(session: &Session, named: Option<&Path>) -> Result<Option<Self>, CliError> {
        named.map(|named| Self::at(session, named)).transpose()
    }

    fn at(session: &Session, named: &Path) -> Result<Self, CliError> {
        let refused = |why: &str| CliError::usage(format!("--junit {}: {why}", named.display()));
        if named == Path::new("-") {
            return Err(refused("standard output has the run's own words")
                .hint("name a file; `orchestra runs report --format junit` prints it afterwards"));
        }
        let unfit = |error: FileError| CliError::of(Exit::Usage, &error).hint("--junit takes the name of a file");
        // Through links: the file they lead to is written, and the link stays.
        let path = fs::resolved(&session.path(named)).map_err(unfit)?;
        let says_folder = named.as_os_str().is_empty() || named.to_string_lossy().ends_with('/');
        match fs::target_kind(&path).map_err(unfit)? {
            Some(Kind::Folder) => return Err(refused("it is a folder").hint("name a file in it")),
            Some(Kind::Special) => return Err(refused("it is no file").hint("name a file")),
            None if says_folder => return Err(refused("it is no file").hint("name a file")),
            Some(Kind::File | Kind::Link) if !may_go(&path).map_err(unfit)? => {
                return Err(refused("it is there, and holds no XML: it is not written over")
                    .hint("name another file, or remove this one first"));
            }
            Some(Kind::File | Kind::Link) | None => {}
        }
        let folder = path.parent().unwrap_or(Path::new("/"));
        match fs::target_kind(folder).map_err(unfit)? {
            Some(Kind::Folder) => {}
            Some(Kind::File | Kind::Link | Kind::Special) => {
                return Err(refused(&format!("{} is not a folder", folder.display())).hint("name a file in a folder"));
            }
            None => {
                return Err(refused(&format!("there is no folder {}", folder.display())).hint("make the folder first"));
            }
        }
        fs::may_write_in(folder).map_err(|error| unfit(error).hint("name a file where you may write"))?;
        Ok(Self { path })
    }

    /// The file becomes this, or stays as it was.
    pub(super) fn write(&self, document: &str) -> Result<(), CliError> {
        fs::write_whole_shared(&self.path, document.as_bytes(), Existing::Replaced).map_err(|error| {
            CliError::of(Exit::Records, &error)
                .hint("the run is as it says; `orchestra runs report --format junit` prints what should stand there")
        })
    }

    /// The same for a run as its events tell it.
    pub(super) fn write_of(&self, summary: &Summary, facts: &Facts) -> Result<(), CliError> {
        self.write(&summary.junit(facts).map_err(|error| CliError::internal(&error))?)
    }
}

/// Whether what stands there may go: nothing, or XML, as the results of an earlier run. A plan, a ticket or a source that
/// was named by mistake would be lost.
fn may_go(path: &Path) -> Result<bool, FileError> {
    let there = fs::read_head(path, HEAD)?;
    let there = there.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&there).trim_ascii_start();
    Ok(there.is_empty() || there.starts_with(b"<"))
}
