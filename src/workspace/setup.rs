//! What makes a fresh folder fit for work: the user's ignored files, and the set-up commands.

use std::ffi::OsString;
use std::path::{Component, Path};
use std::time::Duration;

use super::error::WorkspaceError;
use super::folders::Workspaces;
use crate::policy::Limits;
use crate::process::{Command, End, Exit, Sink, Stdin};
use crate::sys::fs::{self, Kind};
use crate::text;

/// The most a set-up command may take.
const TIME: Duration = Duration::from_secs(30 * 60);
/// The largest file that is copied.
const LARGEST: u64 = 64 << 20;

/// Copies the files the user named, such as `.env`, readable by the user alone. Links are not followed.
pub(super) fn copy(names: &[String], project: &Path, folder: &Path) -> Result<(), WorkspaceError> {
    for name in names {
        let refuse = |why| WorkspaceError::Copy { path: name.clone(), why };
        let relative = Path::new(name);
        if !relative.components().all(|part| matches!(part, Component::Normal(_))) || name.is_empty() {
            return Err(refuse("it is not a path inside the project"));
        }
        if !parents_are_folders(project, relative)? {
            return Err(refuse("a link leads to it, or nothing is there"));
        }
        match fs::kind(&project.join(relative))? {
            Some(Kind::File) => {}
            Some(Kind::Folder | Kind::Link | Kind::Special) => return Err(refuse("it is not a plain file")),
            None => return Err(refuse("it is not there")),
        }
        let target = folder.join(relative);
        // Looked at first: making the folders would follow a link that an agent has left.
        if leaves(folder, relative)? {
            return Err(refuse("in the workspace a link leads to it"));
        }
        if let Some(parent) = target.parent() {
            fs::create_dirs(parent)?;
        }
        fs::remove_file(&target)?;
        fs::write(&target, &fs::read(&project.join(relative), LARGEST)?)?;
    }
    Ok(())
}

/// Whether something that is there on the way is no folder.
fn leaves(root: &Path, relative: &Path) -> Result<bool, WorkspaceError> {
    let mut path = root.to_path_buf();
    for part in relative.parent().unwrap_or(Path::new("")).components() {
        path.push(part);
        match fs::kind(&path)? {
            Some(Kind::Folder) => {}
            Some(Kind::File | Kind::Link | Kind::Special) => return Ok(true),
            None => return Ok(false),
        }
    }
    Ok(false)
}

/// Whether every folder on the way is a real one.
pub(super) fn parents_are_folders(root: &Path, relative: &Path) -> Result<bool, WorkspaceError> {
    let mut path = root.to_path_buf();
    for part in relative.parent().unwrap_or(Path::new("")).components() {
        path.push(part);
        if fs::kind(&path)? != Some(Kind::Folder) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Runs the set-up commands in a folder, in order.
pub(super) async fn run(workspaces: &Workspaces, folder: &Path, name: &str) -> Result<(), WorkspaceError> {
    let tools = workspaces.tools();
    for (number, argv) in workspaces.options.setup.iter().enumerate() {
        let log = |stream: &str| Sink::File {
            path: workspaces.log(&format!("setup-{name}-{number}.{stream}")),
            cap: 4 << 20,
            tail: 1024,
            lines: None,
        };
        let command = Command {
            argv: argv.iter().map(OsString::from).collect(),
            env: workspaces.tool_environment(folder),
            cwd: folder.to_path_buf(),
            stdin: Stdin::Null,
            stdout: log("stdout"),
            stderr: log("stderr"),
            limits: Limits { wall: TIME, idle: TIME, ..Limits::default() },
        };
        let shown = text::printable(&argv.join(" "), 200);
        let exit = tools.supervisors.run(command, &tools.cancel).await;
        let exit = exit.map_err(|source| WorkspaceError::SetupNotStarted { command: shown.clone(), source })?;
        match exit.end {
            End::Code(0) => {}
            End::Cancelled => return Err(WorkspaceError::Cancelled),
            end @ (End::Code(_) | End::Signal(_) | End::TimedOut | End::Stalled | End::OutputCap) => {
                return Err(WorkspaceError::Setup { command: shown, end, tail: said(&exit) });
            }
        }
    }
    Ok(())
}

/// The end of both streams, clean.
fn said(exit: &Exit) -> String {
    let out = String::from_utf8_lossy(&exit.stdout.bytes);
    let err = String::from_utf8_lossy(&exit.stderr.bytes);
    text::clean(format!("{}\n{}", out.trim(), err.trim()).trim()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_made_behind_a_link_in_the_workspace() {
        let temp = tempfile::tempdir().unwrap();
        let at = |name: &str| temp.path().join(name);
        for folder in ["project/a/b", "work", "outside"] {
            fs::create_dirs(&at(folder)).unwrap();
        }
        fs::write(&at("project/a/b/.env"), b"x").unwrap();
        fs::symlink(&at("outside"), &at("work/a")).unwrap();
        let names = ["a/b/.env".to_owned()];
        let refused = copy(&names, &at("project"), &at("work")).unwrap_err();
        assert!(matches!(refused, WorkspaceError::Copy { .. }), "{refused}");
        assert!(fs::list(&at("outside")).unwrap().is_empty());
        fs::remove_file(&at("work/a")).unwrap();
        copy(&names, &at("project"), &at("work")).unwrap();
        assert_eq!(fs::read_text(&at("work/a/b/.env"), 10).unwrap(), "x");
    }
}
