//! The folders that a run writes to: may it, is there room, and does the disk keep what it is given?

use std::path::{Path, PathBuf};

use super::finding::{Area, Blame, Finding};
use crate::cli::init::ANY_RUN;
use crate::cli::{Session, equip};
use crate::config::Loaded;
use crate::repo;
use crate::report::words;
use crate::sys::fs::{self, DiskKind, Kind};
use crate::sys::machine;

/// Less room than this fails in the middle of something.
const TIGHT: u64 = 1 << 30;
/// Less than this fails at once.
const FULL: u64 = 16 << 20;

/// What a folder is for.
#[derive(Clone, Copy)]
struct Use<'a> {
    what: &'a str,
    /// How to use another one.
    elsewhere: &'a str,
    /// Whether what is in it must outlive the machine.
    keeps: Keeps,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Keeps {
    Records,
    Nothing,
}

/// Looks at the folders of runs, of workspaces, and of temporary files.
pub(super) fn look(session: &Session, loaded: Option<&Loaded>) -> Vec<Finding> {
    let mut found = Vec::new();
    if let Some(loaded) = loaded {
        let runs = &loaded.config.runs.dir;
        let elsewhere = "give yourself the right to write there, or name another folder with --runs-dir";
        found.extend(folder(runs, Use { what: "runs", elsewhere, keeps: Keeps::Records }));
        found.extend(left_out(runs, &loaded.project_root));
    }
    let cache = equip::cache_folder(session);
    let elsewhere = "point XDG_CACHE_HOME to a folder that you may write to";
    found.extend(folder(&cache, Use { what: "workspaces", elsewhere, keeps: Keeps::Nothing }));
    found.extend(loaded.and_then(|loaded| inside(&cache, &loaded.project_root)));
    found.extend(temporary_files(session));
    found
}

/// Where temporary files go.
pub(super) fn temporary(session: &Session) -> PathBuf {
    session.env.get("TMPDIR").map_or_else(machine::temp_dir, PathBuf::from)
}

fn folder(path: &Path, used: Use<'_>) -> Vec<Finding> {
    let Use { what, elsewhere, keeps } = used;
    let shown = path.display();
    let problem = |says: String| Finding::problem(Area::Folders, Blame::Machine, says, elsewhere);
    match fs::target_kind(path) {
        Ok(None | Some(Kind::Folder)) => {}
        Ok(Some(Kind::File | Kind::Link | Kind::Special)) => {
            return vec![problem(format!("{what}: {shown} is there and is no folder"))];
        }
        Err(error) => return vec![problem(format!("{what}: {error}"))],
    }
    if let Err(error) = fs::may_write(path) {
        return vec![problem(format!("{what}: {shown} cannot be written to ({})", error.cause))];
    }
    let disk = match fs::disk(path) {
        Ok(disk) => disk,
        Err(error) => return vec![Finding::warning(Area::Folders, format!("{what}: {error}"), elsewhere)],
    };
    let name = disk.name.unwrap_or("a disk");
    let room = format!("{what}: {shown}, {} free on {name}", words::bytes(disk.free));
    let mut found = vec![if disk.free < FULL {
        problem(room)
    } else if disk.free < TIGHT {
        Finding::warning(Area::Folders, room, "make room, or use a larger disk")
    } else {
        Finding::ok(Area::Folders, room)
    }];
    let unsafe_for = match (disk.kind, keeps) {
        (DiskKind::Lasting, _) | (DiskKind::Memory | DiskKind::Layer, Keeps::Nothing) => None,
        (DiskKind::Memory, Keeps::Records) => Some("what is in it is gone with the machine"),
        (DiskKind::Layer, Keeps::Records) => Some("what is in it is gone with the container"),
        (DiskKind::Remote, _) => Some("its locks and syncs may not hold, and it is slow"),
    };
    found.extend(unsafe_for.map(|why| {
        Finding::warning(
            Area::Folders,
            format!("{what} are on {name}: {why}"),
            "use a folder on a disk of this machine if they matter",
        )
    }));
    found
}

/// Whether version control leaves the runs out.
fn left_out(runs: &Path, project: &Path) -> Option<Finding> {
    let below = runs.strip_prefix(project).ok().filter(|below| !below.as_os_str().is_empty())?;
    if matches!(repo::repository(project), Ok(None)) {
        return None;
    }
    match repo::is_ignored(&runs.join(ANY_RUN), project) {
        Ok(true) => Some(Finding::ok(Area::Folders, "git leaves the runs out")),
        Ok(false) => {
            let hint = format!("put the line {} into .gitignore, as `orchestra init` does", repo::ignore_rule(below));
            Some(Finding::warning(Area::Folders, "git does not leave the runs out", hint))
        }
        Err(error) => {
            let (says, hint) = (error.to_string(), "see that the file can be read");
            Some(Finding::warning(Area::Folders, says, hint))
        }
    }
}

/// Tools search the folders above a workspace, and would find the project.
fn inside(cache: &Path, project: &Path) -> Option<Finding> {
    let real = fs::resolved(cache).ok()?;
    real.starts_with(project).then(|| {
        let says = format!("workspaces would lie in the project itself, at {}", cache.display());
        Finding::problem(Area::Folders, Blame::Config, says, "point XDG_CACHE_HOME to a folder outside the project")
    })
}

fn temporary_files(session: &Session) -> Vec<Finding> {
    let path = temporary(session);
    let shown = path.display();
    let hint = "point TMPDIR to a folder that you may write to";
    if !matches!(fs::target_kind(&path), Ok(Some(Kind::Folder))) {
        let says = format!("temporary files: {shown} is no folder");
        return vec![Finding::problem(Area::Folders, Blame::Machine, says, hint)];
    }
    let mut found = folder(&path, Use { what: "temporary files", elsewhere: hint, keeps: Keeps::Nothing });
    if fs::disk(&path).is_ok_and(|disk| !disk.runs_programs) {
        let says = format!("programs in {shown} cannot be started (noexec)");
        let hint = "point TMPDIR elsewhere: build tools and agents unpack programs there";
        found.push(Finding::warning(Area::Folders, says, hint));
    }
    found
}
