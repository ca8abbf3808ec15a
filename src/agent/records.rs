//! What an attempt leaves on record: the message it was given, and its result where there is more to it than a line. A
//! silent attempt leaves one file.

use super::job::{AttemptFiles, Job, Outcome};
use crate::event::FailureClass;
use crate::message::{RESULT_SCHEMA, TaskResult};
use crate::sys::fs::{self, FileError};

/// Writes the message: complete, and nothing else. Gives the bytes written.
pub(super) fn open(job: &Job) -> Result<u64, RecordError> {
    let (path, bytes) = (job.files.message(), json(&job.message)?);
    match fs::write(&path, &bytes) {
        Err(error) if error.is_not_found() => {
            // Almost always the folder is there, so that is not asked before.
            fs::create_dirs(path.parent().unwrap_or(&path))?;
            fs::write(&path, &bytes)
        }
        other => other,
    }?;
    Ok(bytes.len() as u64)
}

/// Keeps a result, whole, before the journal gets its clipped copy. Gives the bytes written.
pub(super) fn keep(files: &AttemptFiles, result: &TaskResult) -> Result<u64, RecordError> {
    let line = TaskResult { status: result.status, summary: result.summary.clone(), ..TaskResult::default() };
    if *result == line.clipped() {
        return Ok(0);
    }
    let whole = json(&Stored { schema: RESULT_SCHEMA, result })?;
    fs::write(&files.result(), &whole)?;
    Ok(whole.len() as u64)
}

/// A result as it stands in a file.
#[derive(serde::Serialize)]
struct Stored<'a> {
    schema: &'static str,
    #[serde(flatten)]
    result: &'a TaskResult,
}

/// A claim, its result kept; a failure if it cannot be kept.
pub(super) fn claim(files: &AttemptFiles, result: &TaskResult) -> Outcome {
    match keep(files, result) {
        Ok(bytes) => Outcome { bytes, ..Outcome::claim(result) },
        Err(error) => error.into(),
    }
}

/// The files of an attempt cannot be written.
#[derive(Debug, thiserror::Error)]
pub(super) enum RecordError {
    /// The disk does not take it.
    #[error(transparent)]
    File(#[from] FileError),
    /// It is no JSON.
    #[error("cannot write as JSON")]
    Json(#[from] serde_json::Error),
}

impl From<RecordError> for Outcome {
    fn from(error: RecordError) -> Self {
        match error {
            RecordError::File(error) => Self::unwritable(error),
            RecordError::Json(_) => Self::failed(FailureClass::Unusable, &chain(&error)),
        }
    }
}

/// An error and all its causes in one line, for a failure's detail.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

/// JSON as it stands in files: for people, too.
pub(super) fn json<T: serde::Serialize>(value: &T) -> Result<Vec<u8>, serde_json::Error> {
    let mut bytes = serde_json::to_vec_pretty(value)?;
    bytes.push(b'\n');
    Ok(bytes)
}
