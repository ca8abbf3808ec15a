//! Finding the program of a command, so that a missing one is named before anything starts.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, access};
use rustix::io::Errno;

use super::command::Command;
use super::error::ProcessError;
use crate::sys::fs;

/// The absolute path of the program. The child's own `PATH` and folder decide, not ours.
pub(super) fn program(command: &Command) -> Result<PathBuf, ProcessError> {
    let name = command.argv.first().ok_or(ProcessError::Empty)?;
    find(name, command.env.get(OsStr::new("PATH")).cloned(), &command.cwd)
}

/// What a command whose argv begins with `name` would run, with this `PATH` and in this folder: so that a missing program
/// is named before there is any work to lose.
pub fn find(name: &OsStr, path: Option<OsString>, cwd: &Path) -> Result<PathBuf, ProcessError> {
    if name.is_empty() {
        return Err(ProcessError::Empty);
    }
    let cwd = folder(name, cwd)?;
    if name.as_bytes().contains(&b'/') {
        return usable(name, std::iter::once(cwd.join(name)), None);
    }
    // An empty element of PATH means the current folder, by an old rule that shells keep.
    let folders = path.clone().unwrap_or_default();
    usable(name, std::env::split_paths(&folders).map(|dir| cwd.join(dir).join(name)), path)
}

/// The folder to run in, absolute and there.
fn folder(program: &OsStr, cwd: &Path) -> Result<PathBuf, ProcessError> {
    let found = std::path::absolute(cwd).and_then(|cwd| {
        access(&cwd, Access::EXEC_OK)?;
        if cwd.is_dir() { Ok(cwd) } else { Err(std::io::ErrorKind::NotADirectory.into()) }
    });
    found.map_err(|source| ProcessError::NoFolder { program: program.to_owned(), cwd: cwd.to_owned(), source })
}

/// The first candidate that can be executed. One that is there but cannot be is remembered: naming it helps more than
/// "not found".
fn usable(
    name: &OsStr,
    candidates: impl Iterator<Item = PathBuf>,
    path: Option<OsString>,
) -> Result<PathBuf, ProcessError> {
    let mut blocked = None;
    for candidate in candidates {
        let executable = access(&candidate, Access::EXEC_OK);
        if matches!(executable, Err(Errno::NOENT | Errno::NOTDIR)) && path.is_some() {
            // Most folders of a PATH do not have it, so that this is the one look at each.
            continue;
        }
        if !candidate.is_file() {
            if blocked.is_none() && matches!(fs::kind(&candidate), Ok(Some(_))) && path.is_none() {
                blocked = Some(candidate);
            }
        } else if executable.is_ok() {
            return Ok(candidate);
        } else if blocked.is_none() {
            blocked = Some(candidate);
        }
    }
    Err(match blocked {
        Some(path) => ProcessError::NotExecutable { path },
        None => ProcessError::NotFound { program: name.to_owned(), path },
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::{Sink, Stdin};
    use super::*;
    use crate::policy::Limits;

    fn look(name: &str, path: &Path, cwd: &Path) -> Result<PathBuf, ProcessError> {
        program(&Command {
            argv: vec![name.into()],
            env: BTreeMap::from([("PATH".into(), path.into())]),
            cwd: cwd.to_owned(),
            stdin: Stdin::Null,
            stdout: Sink::Memory { cap: 0 },
            stderr: Sink::Memory { cap: 0 },
            limits: Limits::default(),
        })
    }

    #[test]
    fn a_program_is_looked_up_in_the_childs_own_path() {
        let dir = tempfile::tempdir().unwrap();
        assert!(look("sh", Path::new("/usr/bin:/bin"), dir.path()).unwrap().ends_with("sh"));
        let missing = look("sh", dir.path(), dir.path()).unwrap_err();
        assert!(matches!(missing, ProcessError::NotFound { .. }), "{missing}");
        assert_eq!(missing.to_string(), "command not found: sh");
    }

    #[test]
    fn a_file_that_cannot_be_executed_is_named_as_such() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(&dir.path().join("tool"), b"#!/bin/sh\n").unwrap();
        for name in ["tool", "./tool"] {
            let error = look(name, dir.path(), dir.path()).unwrap_err();
            assert!(matches!(error, ProcessError::NotExecutable { .. }), "{error}");
        }
        let folder = look("./.", dir.path(), dir.path()).unwrap_err();
        assert!(matches!(folder, ProcessError::NotExecutable { .. }), "{folder}");
    }

    #[test]
    fn a_missing_folder_is_not_a_missing_command() {
        let dir = tempfile::tempdir().unwrap();
        let error = look("sh", Path::new("/bin"), &dir.path().join("gone")).unwrap_err();
        assert!(matches!(error, ProcessError::NoFolder { .. }), "{error}");
    }
}
