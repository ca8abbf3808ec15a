//! What tasks hand on in files: whether what a task is given is what was left, whether it left what its plan promises,
//! and what a reviewer's file says.

use std::path::Path;
use std::sync::Arc;

use super::worker::blocking;
use super::{DispatchError, Work};
use crate::event::{Artifact, Failure, FailureClass};
use crate::message::{Handed, HandedKind, ResultStatus, ReviewFile, ReviewVerdict, Severity, TaskMessage, TaskResult};
use crate::store::{self, Collect, Left};
use crate::text::printable;
use crate::time::Timestamp;

/// Checks that the files a task is pointed at are there, and as they were when they were kept.
pub(super) async fn check_inputs(work: &Arc<Work>, message: &TaskMessage) -> Result<(), DispatchError> {
    let notes = message.dependencies.iter().flat_map(|dependency| &dependency.artifacts);
    let kept: Vec<Artifact> =
        notes.map(|note| Artifact { path: note.path.clone(), size: note.size, sha256: note.sha256.clone() }).collect();
    let dir = work.dir.clone();
    if kept.is_empty() { Ok(()) } else { Ok(blocking(move || store::check_kept(&dir, &kept)).await??) }
}

/// Where a task may have left files, and which of them it promised.
pub(super) struct Promised<'a> {
    pub message: &'a TaskMessage,
    pub attempt: u32,
    pub folder: &'a Path,
}

impl Promised<'_> {
    fn collect(&self, work: &Work, claim: &TaskResult) -> Collect {
        Collect {
            dir: work.dir.clone(),
            task: self.message.task_id.clone(),
            attempt: self.attempt,
            folder: self.folder.to_path_buf(),
            workspace: work.folder(),
            globs: self.message.artifacts.clone(),
            named: claim.artifacts.clone(),
            at: Timestamp::default(),
        }
    }
}

/// Holds a claim that the work is done against the files that were promised. What a reviewer's file rejects is no longer
/// claimed to be done. Gives the failure where a file is missing or of no use.
pub(super) async fn hold_to_promise(
    work: &Arc<Work>,
    promised: &Promised<'_>,
    claim: &mut TaskResult,
) -> Result<Option<Failure>, DispatchError> {
    if !claim.status.is_done() {
        return Ok(None);
    }
    let from = promised.collect(work, claim);
    let literals = promised.message.artifacts.iter().filter(|glob| is_literal(glob)).cloned();
    let wanted: Vec<String> = literals.map(|path| path.trim_start_matches("./").to_owned()).collect();
    if wanted.is_empty() {
        return Ok(None);
    }
    let role = promised.message.role;
    let looked = blocking(move || -> Result<_, store::StoreError> {
        let look = |path: String| {
            // Of other files it is enough to know that they are there.
            let cap = HandedKind::promised(role, &path).map_or(0, |_| HandedKind::MAX_BYTES);
            let found = store::left(&from, &path, cap)?;
            Ok((path, found))
        };
        wanted.into_iter().map(look).collect::<Result<Vec<_>, _>>()
    });
    for (path, found) in looked.await?? {
        match judge(HandedKind::promised(role, &path), &path, found) {
            Ok(Some(handed)) => adopt(claim, handed),
            Ok(None) => {}
            Err(why) => return Ok(Some(Failure::new(FailureClass::BadOutput, &why))),
        }
    }
    *claim = claim.clipped();
    Ok(None)
}

/// Keeps what a task left that says of itself that it failed, for people: no task is handed it.
pub(super) async fn keep_for_people(
    work: &Arc<Work>,
    promised: &Promised<'_>,
    claim: &TaskResult,
    at: Timestamp,
) -> Result<(), DispatchError> {
    let from = Collect { at, ..promised.collect(work, claim) };
    for note in &blocking(move || store::collect(&from)).await??.refused {
        tracing::warn!(task = promised.message.task_id.as_str(), %note, "an artifact was not kept");
    }
    Ok(())
}

/// A path is a promise; a pattern keeps what there is.
fn is_literal(glob: &str) -> bool {
    !glob.contains(['*', '?', '[', '{', '\\'])
}

/// What is to be read of a promised file, or why it is none.
fn judge(kind: Option<HandedKind>, path: &str, found: Left) -> Result<Option<Handed>, String> {
    let shown = printable(path, 200);
    match (found, kind) {
        (Left::Nothing, _) => Err(format!(
            "it says that it is done, but the artifact `{shown}` that its task declares is not there; it belongs into the \
             folder that ORCHESTRA_ARTIFACTS names"
        )),
        (Left::Unfit(why), _) => Err(format!("the artifact `{shown}` cannot be kept: {why}")),
        (Left::Folder, Some(_)) => Err(format!("the artifact `{shown}` is a folder")),
        (Left::File(bytes), Some(_)) if bytes.len() as u64 > HandedKind::MAX_BYTES => {
            Err(format!("the artifact `{shown}` has more than {} bytes", HandedKind::MAX_BYTES))
        }
        (Left::File(bytes), Some(kind)) => kind.read(&bytes).map(Some).map_err(|error| {
            let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
            format!("{error}{cause}")
        }),
        (Left::Folder | Left::File(_), None) => Ok(None),
    }
}

/// Lets a file say what the claim itself does not.
fn adopt(claim: &mut TaskResult, handed: Handed) {
    let fill = |text: &mut String, other: String| {
        if text.trim().is_empty() {
            *text = other;
        }
    };
    match handed {
        Handed::Plan(plan) => fill(&mut claim.summary, plan.summary),
        Handed::Code(code) => {
            fill(&mut claim.summary, code.summary);
            if claim.files.is_empty() {
                claim.files = code.files;
            }
        }
        Handed::Review(review) => {
            match review.verdict {
                ReviewVerdict::Approve => fill(&mut claim.summary, review.summary),
                ReviewVerdict::RequestChanges => {
                    claim.status = ResultStatus::Failed;
                    claim.summary = rejection(&review);
                }
            }
            if claim.findings.is_empty() {
                claim.findings = review.findings;
            }
        }
    }
}

/// The reason, and in its last line, which is what a list of failures shows, the first thing that must not stay.
fn rejection(review: &ReviewFile) -> String {
    const REJECTS: &str = "the review rejects the change: ";
    let first = review.findings.iter().find(|finding| finding.severity == Severity::Error);
    let Some(first) = first.filter(|first| first.text != review.reason()) else {
        return format!("{REJECTS}{}", review.reason());
    };
    let place = match (&first.file, first.line) {
        (Some(file), Some(line)) => format!("{file}:{line}: "),
        (Some(file), None) => format!("{file}: "),
        (None, _) => String::new(),
    };
    format!("{}\n{REJECTS}{place}{}", review.reason(), first.text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Finding;

    fn file(text: &str) -> Left {
        Left::File(text.as_bytes().to_vec())
    }

    #[test]
    fn a_promised_file_is_there_and_one_that_is_handed_on_is_sound() {
        assert!(is_literal("plan.json") && !is_literal("**/*.json"));
        assert!(judge(None, "a", Left::Nothing).unwrap_err().contains("the artifact `a` that its task declares"));
        assert_eq!(judge(None, "dist", Left::Folder), Ok(None));
        assert_eq!(judge(None, "a", file("anything")), Ok(None));
        let kind = Some(HandedKind::Plan);
        assert!(judge(kind, "plan.json", Left::Folder).is_err());
        assert!(judge(kind, "plan.json", Left::Unfit("it is a link")).unwrap_err().ends_with("it is a link"));
        assert!(judge(kind, "plan.json", file("{")).unwrap_err().contains("EOF"));
        assert!(judge(kind, "plan.json", file(r#"{"version":1,"steps":[{"text":"a"}]}"#)).unwrap().is_some());
        let long = " ".repeat(usize::try_from(HandedKind::MAX_BYTES).unwrap() + 1);
        assert!(judge(kind, "plan.json", file(&long)).unwrap_err().contains("more than 1048576 bytes"));
    }

    #[test]
    fn a_rejection_outweighs_what_the_agent_claims_and_says_where() {
        let finding =
            Finding { file: Some("a.rs".to_owned()), line: Some(3), severity: Severity::Error, text: "no".to_owned() };
        let mut claim = TaskResult { summary: "All fine.".to_owned(), ..TaskResult::default() };
        let approved = ReviewFile::new(ReviewVerdict::Approve, "Read it.".to_owned(), Vec::new());
        adopt(&mut claim, Handed::Review(approved));
        assert_eq!((claim.status, claim.summary.as_str()), (ResultStatus::Done, "All fine."));
        let rejected = ReviewFile::new(ReviewVerdict::RequestChanges, "One fault.".to_owned(), vec![finding]);
        adopt(&mut claim, Handed::Review(rejected));
        assert_eq!(claim.status, ResultStatus::Failed);
        assert_eq!(claim.summary, "One fault.\nthe review rejects the change: a.rs:3: no");
        assert_eq!(claim.findings.len(), 1);
    }
}
