//! Applying the diffs that the ticket brings, in their order. One that is there already is fine; one that does not fit
//! ends the attempt, and the run takes the workspace back.

use std::path::Path;

use crate::message::{ResultStatus, TaskMessage, TaskResult};
use crate::text;
use crate::workspace::{PatchMode, Patched, Tools, WorkspaceError, apply_patch};

/// Why nothing could be implemented.
#[derive(Debug, thiserror::Error)]
pub(super) enum ImplementError {
    /// There is nothing it could apply.
    #[error(
        "the ticket brings no diff, and the builtin agent writes no code of its own; hint: name an agent that does under \
         `roles.implement`"
    )]
    NoDiff,
    /// A diff does not fit the workspace.
    #[error(
        "diff {number} of {total} in the ticket does not apply: {why}; hint: bring the ticket's diff up to date with the \
         base, or name an agent that writes code under `roles.implement`"
    )]
    Refused {
        /// Counted from 1.
        number: usize,
        /// How many there are.
        total: usize,
        /// What git says.
        why: String,
    },
    /// It could not even be tried.
    #[error("diff {number} of {total} in the ticket cannot be applied")]
    Tool {
        /// Counted from 1.
        number: usize,
        /// How many there are.
        total: usize,
        /// Why.
        #[source]
        source: WorkspaceError,
    },
}

/// Applies all diffs of the ticket.
pub(super) async fn implement(
    message: &TaskMessage,
    workspace: &Path,
    tools: &Tools,
) -> Result<TaskResult, ImplementError> {
    let diffs = &message.ticket.diffs;
    let total = diffs.len();
    if diffs.is_empty() {
        return Err(ImplementError::NoDiff);
    }
    let (mut files, mut there) = (Vec::new(), 0);
    for (number, diff) in (1..).zip(diffs) {
        let patched = apply_patch(tools, workspace, diff, PatchMode::Apply)
            .await
            .map_err(|source| ImplementError::Tool { number, total, source })?;
        match patched {
            Patched::Applied { paths } => files.extend(paths.iter().map(|path| path.display().to_string())),
            Patched::AlreadyApplied => there += 1,
            Patched::Refused { why } => return Err(ImplementError::Refused { number, total, why }),
        }
    }
    files.sort();
    files.dedup();
    Ok(TaskResult {
        status: ResultStatus::Done,
        summary: summary(total, there, &files),
        files,
        ..TaskResult::default()
    })
}

fn summary(total: usize, there: usize, files: &[String]) -> String {
    let diffs = |n: usize| text::count(n, "diff");
    let applied = match total - there {
        0 => return format!("All of the ticket's {} are in the tree already; nothing was changed.", diffs(total)),
        n => format!("Applied {} of the ticket to {}.", diffs(n), text::printable(&files.join(", "), 500)),
    };
    if there == 0 { applied } else { format!("{applied} In the tree already: {}.", diffs(there)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_says_what_was_done_and_what_was_there() {
        assert_eq!(summary(1, 0, &["a".to_owned()]), "Applied 1 diff of the ticket to a.");
        assert!(summary(3, 1, &["a".to_owned()]).ends_with("to a. In the tree already: 1 diff."));
        assert!(summary(2, 2, &[]).contains("already; nothing was changed"));
    }
}
