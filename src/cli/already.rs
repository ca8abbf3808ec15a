//! A ticket whose change is in the project already: said before a run is made, because it could prove nothing.

use std::path::PathBuf;

use super::asked::Task;
use super::{CliError, Session};
use crate::agent::Agents;
use crate::config::Loaded;
use crate::dispatch::Equipment;
use crate::plan::Role;
use crate::text;
use crate::workspace::{PatchMode, Patched, Tools, apply_patch};

/// Refuses a run in which `builtin` would apply diffs that are all in the project. With `--base` the work starts from
/// elsewhere, and what the project's files hold says nothing.
pub(super) async fn refuse_done(
    session: &Session,
    loaded: &Loaded,
    task: &Task,
    equipment: &Equipment,
) -> Result<(), CliError> {
    let by_diff = loaded.config.agent_of(Role::Implement).as_str() == Agents::BUILTIN
        && task.plan.as_ref().is_none_or(|plan| plan.tasks.iter().any(|task| task.role == Role::Implement));
    if !by_diff || task.ticket.diffs.is_empty() || equipment.workspace.base_rev.is_some() {
        return Ok(());
    }
    let supervisors = equipment.supervisors(None)?;
    let tools =
        Tools { supervisors: supervisors.clone(), env: equipment.env.clone(), cancel: equipment.cancel.clone() };
    let mut done = true;
    for diff in &task.ticket.diffs {
        done &=
            apply_patch(&tools, &loaded.project_root, &diff.text, PatchMode::Check).await? == Patched::AlreadyApplied;
        if !done {
            break;
        }
    }
    supervisors.shutdown().await;
    if !done {
        return Ok(());
    }
    let files = files(session, loaded, task);
    Err(CliError::usage(format!(
        "the change that this ticket brings is in your files already: {}",
        text::printable(&files.join(", "), 500)
    ))
    .hint(format!("to start over, undo it, for example `git checkout -- {}`", text::printable(&files.join(" "), 500))))
}

/// The files of the diffs, as they are named from where the user is.
fn files(session: &Session, loaded: &Loaded, task: &Task) -> Vec<String> {
    let root = loaded.project_root.strip_prefix(&session.folder).unwrap_or(&loaded.project_root);
    let mut files: Vec<PathBuf> =
        task.ticket.diffs.iter().flat_map(|diff| &diff.files).map(|file| root.join(file)).collect();
    files.sort();
    files.dedup();
    files.iter().map(|file| file.display().to_string()).collect()
}
