//! The command: looks at the project, writes the file, and says what to type next.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::exclude::{Excluded, exclude};
use super::file::{Facts, text};
use crate::cli::args::InitArgs;
use crate::cli::{CliError, Exit, Session, known};
use crate::config::{self, Config, Dir, PROJECT_FILES, Sources};
use crate::plan::Check;
use crate::repo::{self, Detected, Files};
use crate::sys::env::Env;
use crate::sys::fs::{self, Existing, Kind};
use crate::text::printable;

/// What a project was found to be.
struct Project {
    root: PathBuf,
    kinds: Vec<Detected>,
    checks: Vec<Check>,
    words: String,
}

/// Writes a configuration for a project.
pub(in crate::cli) fn init(session: &Session, args: &InitArgs) -> Result<Exit, CliError> {
    if session.globals.config.is_some() {
        return Err(CliError::usage(
            "`init` writes orchestra.yaml into a project, and reads no file that --config names",
        )
        .hint("leave --config out; `--set` gives a value that is to stand in the new file"));
    }
    let folder = args.dir.as_ref().map_or_else(|| session.folder.clone(), |dir| session.path(dir));
    let target = if args.print { None } else { Some(target(&folder, args.force)?) };
    let project = look(&folder)?;
    let config = settings(session, &project.root)?;
    let checks = if config.checks().is_empty() { project.checks.clone() } else { config.checks() };
    let found = known::agents_on_path(&session.env, &project.root);
    let agents: Vec<&str> = found.iter().map(|(name, _)| *name).collect();
    let facts = Facts { project: &project.words, config: &config, checks: &checks, agents: &agents };
    let text = text(&facts);
    let Some((file, existing)) = target else {
        if session.is_for_programs() {
            session.document(&json!({"text": text}))?;
        } else {
            session.console.data(&text);
        }
        return Ok(Exit::Success);
    };
    // Another process may have written one meanwhile.
    fs::write_whole_shared(&file, text.as_bytes(), existing)
        .map_err(|error| if error.is_already_there() { there_already(&file) } else { CliError::unwritable(&error) })?;
    let runs = project.root.join(&config.runs.dir);
    let excluded = exclude(&project.root, &runs)?;
    tell(session, &project, &Written { file: &file, checks: &checks, agents: &agents, excluded: &excluded }, args)?;
    Ok(Exit::Success)
}

/// Where the file goes, and whether one may be there.
fn target(folder: &Path, force: bool) -> Result<(PathBuf, Existing), CliError> {
    fs::create_dirs_shared(folder).map_err(|error| {
        CliError::of(Exit::Usage, &error).hint("name a folder that is there, or one that can be made")
    })?;
    let mut there = Vec::new();
    for name in PROJECT_FILES {
        let path = folder.join(name);
        if let Some(kind) = fs::kind(&path).map_err(|error| CliError::unreadable(&error))? {
            there.push((path, kind));
        }
    }
    match (there.as_slice(), force) {
        ([], _) => Ok((folder.join(PROJECT_FILES[0]), Existing::Kept)),
        ([(file, _), ..], false) => Err(there_already(file)),
        ([(file, Kind::File)], true) => Ok((file.clone(), Existing::Replaced)),
        ([(file, Kind::Folder | Kind::Link | Kind::Special)], true) => {
            Err(CliError::usage(format!("{} is not a plain file, and is not written over", file.display()))
                .hint("remove it, and call `orchestra init` again"))
        }
        ([(first, _), (second, _), ..], true) => {
            Err(CliError::usage(format!("there are both {} and {}", first.display(), second.display()))
                .hint("remove one of them: a project has one configuration"))
        }
    }
}

fn there_already(file: &Path) -> CliError {
    CliError::usage(format!("{} is there already", file.display()))
        .hint("`orchestra config check` says whether it is sound; --force writes it anew, --print only shows what that would be")
}

fn look(folder: &Path) -> Result<Project, CliError> {
    let root = fs::canonical(folder).map_err(|error| CliError::unreadable(&error))?;
    let kinds = repo::detect(&root)?;
    let checks = repo::checks(&root)?;
    let words = match kinds.as_slice() {
        [] => {
            let languages = repo::languages(&Files::list(&root)?);
            match languages.first() {
                Some(language) => format!("files in {}", language.name),
                None => "nothing known by its files".to_owned(),
            }
        }
        kinds => {
            let known = kinds.iter().map(|kind| format!("{}, by {}", kind.kind, printable(&kind.because, 60)));
            known.collect::<Vec<_>>().join("; ")
        }
    };
    Ok(Project { root, kinds, checks, words })
}

/// What counts without the file: then nothing in it loosens anything, and all of it counts as soon as it is found.
fn settings(session: &Session, root: &Path) -> Result<Config, CliError> {
    // What holds for this shell only is not for a file that stays.
    let lasting =
        session.env.table().iter().filter(|(name, _)| !name.as_encoded_bytes().starts_with(b"ORCHESTRA_CFG__"));
    let env: Env = lasting.map(|(name, value)| (name.clone(), value.clone())).collect();
    let dir = Dir::Fresh(root.to_path_buf());
    let loaded = config::load(&Sources { named: None, sets: session.globals.set.clone(), dir, env: &env })?;
    let mut config = loaded.config;
    if let Ok(runs) = config.runs.dir.strip_prefix(&loaded.project_root) {
        config.runs.dir = runs.to_path_buf();
    }
    Ok(config)
}

struct Written<'a> {
    file: &'a Path,
    checks: &'a [Check],
    agents: &'a [&'a str],
    excluded: &'a Excluded,
}

fn tell(session: &Session, project: &Project, written: &Written<'_>, args: &InitArgs) -> Result<(), CliError> {
    let Written { file, checks, agents, excluded } = written;
    if session.is_for_programs() {
        let runs = match excluded {
            Excluded::Added { file, rule } => json!({"ignored": true, "file": file, "added": rule, "add": null}),
            Excluded::Already => json!({"ignored": true, "file": null, "added": null, "add": null}),
            Excluded::Elsewhere => json!({"ignored": null, "file": null, "added": null, "add": null}),
            Excluded::Unfit { file, rule } => json!({"ignored": false, "file": file, "added": null, "add": rule}),
        };
        let kinds: Vec<String> = project.kinds.iter().map(|kind| kind.kind.to_string()).collect();
        return session.document(&json!({
            "file": file, "project": project.root, "kinds": kinds, "checks": checks, "agents": agents, "runs": runs,
        }));
    }
    let near = |path: &Path| path.strip_prefix(&session.folder).unwrap_or(path).display().to_string();
    session.console.line(&format!("wrote {} ({})", near(file), project.words));
    session.console.line(&match checks {
        [] => "checks: none found; name some in it, or no work counts as done".to_owned(),
        checks => {
            let names: Vec<&str> = checks.iter().map(|check| check.name.as_str()).collect();
            format!("checks: {}", names.join(", "))
        }
    });
    match excluded {
        Excluded::Added { file, rule } => session.console.line(&format!("added {rule} to {}", near(file))),
        Excluded::Already | Excluded::Elsewhere => {}
        Excluded::Unfit { file, rule } => session
            .console
            .warn(&format!("{} is not a plain file, so git does not read it: add {rule} where git looks", near(file))),
    }
    let called = match (&args.dir, &session.globals.directory) {
        (None, _) => session.called(),
        (Some(dir), None) => Session::called_in(dir),
        (Some(_), Some(_)) => Session::called_in(&project.root),
    };
    session.console.note(&format!(
        "\nnext: orchestra doctor{called}\n      orchestra run -m \"what you want done\" --dry-run{called}"
    ));
    Ok(())
}
