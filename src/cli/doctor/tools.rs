//! Programs that a run needs whatever its agents are: git, and those that checks and set-up commands begin with.

use std::collections::BTreeMap;
use std::ffi::OsStr;

use super::finding::{Area, Blame, Finding};
use super::probe::Probe;
use crate::cli::{Session, equip, known};
use crate::config::Loaded;
use crate::process::{self, ProcessError};
use crate::repo;
use crate::text::printable;
use crate::workspace::{OLDEST_GIT, WorkspaceMode, git_numbers};

/// Git: every workspace is filled by it and compared by it, whether or not the project is in git.
pub(super) async fn git(probe: &Probe, loaded: Option<&Loaded>) -> Vec<Finding> {
    let (major, minor) = OLDEST_GIT;
    let in_place = loaded.is_some_and(|loaded| loaded.config.workspace.mode == WorkspaceMode::InPlace);
    let hint = format!("install git {major}.{minor} or newer, and see that its folder is in PATH");
    let lacks = |says: String| {
        if in_place {
            // Only the diffs of a ticket are applied with it then.
            Finding::warning(Area::Git, says, &hint)
        } else {
            Finding::problem(Area::Git, Blame::Machine, says, &hint)
        }
    };
    let Some(path) = known::on_path("git", &probe.env, probe.folder.path()) else {
        return vec![lacks("there is no git".to_owned())];
    };
    let Some(said) = probe.ask(&path, "version").await else {
        return vec![lacks(format!("{} does not say its version", path.display()))];
    };
    let version = said.trim_start_matches("git version ");
    if git_numbers(version) < OLDEST_GIT {
        return vec![lacks(format!("git {version}, at {}, is too old", path.display()))];
    }
    vec![
        Finding::ok(Area::Git, format!("version {version}, at {}", path.display())),
        Finding::ok(Area::Git, "no identity is needed: the commits of a run are made in its own name"),
    ]
}

/// The project's checks and set-up commands, each by the program it begins with.
pub(super) fn checks(session: &Session, loaded: &Loaded) -> Vec<Finding> {
    let mut found = Vec::new();
    for setup in &loaded.config.workspace.setup {
        if let Err(error) = program(session, loaded, setup) {
            let says = format!("the set-up command `{}`: {}", equip::shown(setup), printable(&error.to_string(), 200));
            found.push(Finding::problem(Area::Checks, Blame::Machine, says, "install it, or mend `workspace.setup`"));
        }
    }
    let checks = match equip::catalogue(loaded) {
        Ok(checks) => checks,
        Err(error) => {
            let (says, hint) = error.in_short();
            let hint = hint.unwrap_or("see that the project's files can be read");
            found.push(Finding::problem(Area::Checks, Blame::Machine, says, hint));
            return found;
        }
    };
    if checks.is_empty() {
        let hint = "name the commands that prove that the project works under `checks` in a file for --config";
        found.push(Finding::warning(
            Area::Checks,
            "no check was found, and work that nothing checked is not done",
            hint,
        ));
    }
    // One line for each program, however many checks begin with it.
    let mut programs: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for check in &checks {
        if let Some(program) = check.run.first() {
            programs.entry(program).or_default().push(check.name.as_str());
        }
    }
    let kinds = repo::detect(&loaded.project_root).unwrap_or_default();
    for (name, checks) in programs {
        let of = checks.join(", ");
        let shown = printable(name, 60);
        found.push(match program(session, loaded, &[name.to_owned()]) {
            Ok(path) => Finding::ok(Area::Checks, format!("{of}: {path}")),
            Err(error) => {
                let kind = kinds.iter().find(|kind| kind.tool() == Some(name));
                let kind = kind.map_or_else(String::new, |kind| format!(" (this is a project of {})", kind.kind));
                let says = format!("{of}: {}{kind}", printable(&error.to_string(), 200));
                Finding::warning(Area::Checks, says, format!("install {shown}, or these checks prove nothing"))
            }
        });
    }
    found
}

fn program(session: &Session, loaded: &Loaded, argv: &[String]) -> Result<String, ProcessError> {
    let name = argv.first().ok_or(ProcessError::Empty)?;
    let path = session.env.get("PATH").map(OsStr::to_owned);
    Ok(process::find(OsStr::new(name), path, &loaded.project_root)?.display().to_string())
}
