//! What a run leaves for people: the report in three forms and the change as a patch, all derived from the journal.

use std::path::PathBuf;

use tokio_util::sync::CancellationToken;

use super::{CliError, Session, plan_check};
use crate::console::{Output, Progress};
use crate::dispatch::{self, Work};
use crate::event::{Event, RunVerdict};
use crate::process::{Options, Supervisors};
use crate::report::{DiffFile, DiffStat, Facts, Liveness, Report, Summary};
use crate::run::{Phase, RunState};
use crate::store::{self, RunDir};
use crate::sys::{fs, machine};
use crate::workspace::{FileChange, Shadow, Space, Tools};

/// Writes `report.md`, `report.json`, `junit.xml` and `changes.patch`, and says the last words. Gives what is in
/// `junit.xml`.
pub(super) async fn report(
    session: &Session,
    work: &Work,
    state: &RunState,
    progress: &Progress,
) -> Result<String, CliError> {
    let diff = match &work.hands.space {
        // The run's own token has been cancelled by now; this is not part of the run.
        Space::Isolated(spaces) => {
            let tools = Tools { cancel: CancellationToken::new(), ..spaces.tools().clone() };
            change(&work.dir, state, &tools).await?
        }
        Space::InPlace(_) => None,
    };
    let facts = Facts { liveness: Liveness::Gone, diff, called: session.called() };
    let (report, junit) = write(&work.dir, progress.summary(), &facts)?;
    progress.close(&facts);
    let planned = state.plan().filter(|_| state.phase == Phase::Finished(RunVerdict::Planned));
    match (session.console.output(), planned) {
        (Output::Text, Some(plan)) => {
            for line in plan_check::lines(plan)? {
                session.console.line(&line);
            }
        }
        (Output::Json, Some(plan)) => session.document(plan)?,
        (Output::Json, None) => session.document(&report)?,
        // Under jsonl the events were the answer.
        (Output::Text, None) | (Output::Jsonl, _) => {}
    }
    Ok(junit)
}

/// Makes what a finished run leaves, where the process that ended it could not: the disk was full, or it was told twice
/// to stop.
pub(super) async fn complete(session: &Session, dir: &RunDir, events: &[Event]) -> Result<(), CliError> {
    // Made when a process ends its part: one that was killed after the last event has not come to it.
    store::write_manifest(dir)?;
    let left = [dir.report(), dir.junit(), dir.report_json()];
    let is_there = |path: &PathBuf| matches!(fs::kind(path), Ok(Some(_)));
    if left.iter().all(is_there) {
        return Ok(());
    }
    let state = dispatch::fold(events)?;
    let diff = match fs::kind(&dir.shadow()) {
        Ok(Some(_)) => {
            let program = machine::own_program().map_err(|error| CliError::internal(&error))?;
            let supervisors = Supervisors::start(Options { program, guard: None })?;
            let tools = Tools { supervisors, env: session.env.clone(), cancel: CancellationToken::new() };
            let diff = change(dir, &state, &tools).await?;
            tools.supervisors.shutdown().await;
            diff
        }
        // It worked in place.
        Ok(None) | Err(_) => None,
    };
    let facts = Facts { liveness: Liveness::Gone, diff, called: session.called() };
    write(dir, &Summary::of(events), &facts)?;
    session.console.note("its report was missing, and is written now");
    Ok(())
}

/// Writes the report in its three forms; gives the first for programs and the last.
fn write(dir: &RunDir, summary: &Summary, facts: &Facts) -> Result<(Report, String), CliError> {
    // One after the other: of a long run each is megabytes.
    let markdown = summary.markdown(facts).map_err(|error| CliError::internal(&error))?;
    fs::write_whole(&dir.report(), markdown.as_bytes()).map_err(|error| CliError::unwritable(&error))?;
    drop(markdown);
    let junit = summary.junit(facts).map_err(|error| CliError::internal(&error))?;
    fs::write_whole(&dir.junit(), junit.as_bytes()).map_err(|error| CliError::unwritable(&error))?;
    let report = Report::of(summary, facts);
    store::write_json(&dir.report_json(), &report)?;
    Ok((report, junit))
}

/// What the run changed so far, and the patch of it in the run directory.
async fn change(dir: &RunDir, state: &RunState, tools: &Tools) -> Result<Option<DiffStat>, CliError> {
    let (Some(base), Some(head)) = (&state.base.tree, state.head()) else { return Ok(None) };
    let shadow = Shadow::open(&dir.shadow(), tools)?;
    let files = shadow.changed_files(base, head).await?;
    shadow.write_patch(base, head, &dir.patch()).await?;
    Ok(Some(DiffStat { files: files.iter().map(diff_file).collect() }))
}

fn diff_file(file: &FileChange) -> DiffFile {
    let lines = file.lines.unwrap_or_default();
    DiffFile {
        path: file.path.to_string_lossy().into_owned(),
        added: u64::from(lines.added),
        removed: u64::from(lines.removed),
    }
}
