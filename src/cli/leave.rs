//! What a run leaves for people: the report in three forms and the change as a patch, all derived from the journal.

use tokio_util::sync::CancellationToken;

use super::{CliError, Session, plan_check};
use crate::console::{Output, Progress};
use crate::dispatch::Work;
use crate::event::RunVerdict;
use crate::report::{DiffFile, DiffStat, Facts, Liveness, Report};
use crate::run::{Phase, RunState};
use crate::store;
use crate::sys::fs;
use crate::workspace::{FileChange, Shadow, Space, Tools};

/// Writes `report.md`, `report.json`, `junit.xml` and `changes.patch`, and says the last words. Gives what is in
/// `junit.xml`.
pub(super) async fn report(
    session: &Session,
    work: &Work,
    state: &RunState,
    progress: &Progress,
) -> Result<String, CliError> {
    let summary = progress.summary();
    let facts = Facts { liveness: Liveness::Gone, diff: change(work, state).await?, called: session.called() };
    let markdown = summary.markdown(&facts).map_err(|error| CliError::internal(&error))?;
    let junit = summary.junit(&facts).map_err(|error| CliError::internal(&error))?;
    let report = Report::of(summary, &facts);
    fs::write_whole(&work.dir.report(), markdown.as_bytes()).map_err(|error| CliError::unwritable(&error))?;
    fs::write_whole(&work.dir.junit(), junit.as_bytes()).map_err(|error| CliError::unwritable(&error))?;
    store::write_json(&work.dir.report_json(), &report)?;
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

/// What the run changed so far, and the patch of it in the run directory.
async fn change(work: &Work, state: &RunState) -> Result<Option<DiffStat>, CliError> {
    let (Space::Isolated(spaces), Some(base), Some(head)) = (&work.hands.space, &state.base.tree, state.head()) else {
        return Ok(None);
    };
    // The run's own token has been cancelled by now; this is not part of the run.
    let tools = Tools { cancel: CancellationToken::new(), ..spaces.tools().clone() };
    let shadow = Shadow::open(&work.dir.shadow(), &tools)?;
    let files = shadow.changed_files(base, head).await?;
    shadow.write_patch(base, head, &work.dir.patch()).await?;
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
