//! What surrounds a run and is no folder: home, shell, clock, proxies, open files.

use std::path::Path;

use super::finding::{Area, Finding};
use crate::agent::Spec;
use crate::cli::{Session, known};
use crate::config::Loaded;
use crate::plan::Role;
use crate::sys::{clock, kernel};
use crate::time::Timestamp;

/// Fewer open files than this are too few for a run and what it starts.
const FILES: u64 = 256;
/// 2020-01-01: no clock that was ever set shows less.
const LONG_AGO: i64 = 1_577_836_800_000;
const PROXIES: [&str; 8] =
    ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY", "https_proxy", "http_proxy", "all_proxy", "no_proxy"];

/// Looks around.
pub(super) fn look(session: &Session, loaded: Option<&Loaded>) -> Vec<Finding> {
    let mut found = vec![home(session), shell(session)];
    found.extend(proxies(session, loaded));
    found.extend(time());
    found.extend(open_files());
    found
}

fn home(session: &Session) -> Finding {
    match session.env.get("HOME").map(Path::new) {
        Some(home) if home.is_absolute() && home.is_dir() => {
            Finding::ok(Area::System, format!("HOME is {}", home.display()))
        }
        Some(home) => Finding::warning(
            Area::System,
            format!("HOME is {}, which is no folder", home.display()),
            "set it to your own: agents look for their logins there, and tools for their settings",
        ),
        None => Finding::warning(
            Area::System,
            "HOME is not set",
            "set it: agents look for their logins there, and your own configuration is there",
        ),
    }
}

/// Orchestra itself runs everything without one.
fn shell(session: &Session) -> Finding {
    match known::on_path("sh", &session.env, &session.folder) {
        Some(path) => Finding::ok(Area::System, format!("sh, at {}", path.display())),
        None => Finding::warning(
            Area::System,
            "there is no sh in PATH",
            "put its folder into PATH: many agents and tools call it",
        ),
    }
}

fn proxies(session: &Session, loaded: Option<&Loaded>) -> Option<Finding> {
    let set: Vec<&str> = PROXIES.into_iter().filter(|name| session.env.get(name).is_some()).collect();
    if set.is_empty() {
        return None;
    }
    let shown = set.join(", ");
    let unaware = |spec: &Spec| match spec {
        Spec::Command(command) => !set
            .iter()
            .any(|name| command.pass_env.iter().any(|passed| passed == name) || command.env.contains_key(*name)),
        // The requests of a chat agent go through a proxy by themselves; what its shell runs seldom needs one.
        Spec::Builtin {} | Spec::Scripted(_) | Spec::Chat(_) => false,
    };
    let config = loaded.map(|loaded| &loaded.config)?;
    let used = Role::ALL.into_iter().map(|role| config.agent_of(role));
    let agent = used.into_iter().find(|name| config.agents.get(*name).is_some_and(unaware));
    Some(match agent {
        Some(agent) => Finding::warning(
            Area::System,
            format!("a proxy is set ({shown}), and {agent} does not see it"),
            format!("name these variables in `agents.{agent}.command.pass_env` if it needs the network"),
        ),
        None => Finding::ok(Area::System, format!("a proxy is set: {shown}")),
    })
}

fn time() -> Option<Finding> {
    let now = clock::now();
    (now < Timestamp::from_millis(LONG_AGO)).then(|| {
        Finding::warning(
            Area::System,
            format!("the clock shows {now}"),
            "set it: runs are sorted by time, and services refuse who lives in the past",
        )
    })
}

fn open_files() -> Option<Finding> {
    let files = kernel::open_files().filter(|files| *files < FILES)?;
    let says = format!("a process may have no more than {files} open files");
    Some(Finding::warning(Area::System, says, format!("raise the limit: ulimit -n {}", FILES * 4)))
}
