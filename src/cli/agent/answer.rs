//! The one result on stdout, and what the attempt comes to for whoever looks at the exit code.

use serde::Serialize;

use crate::agent::{AttemptFiles, Outcome};
use crate::cli::Exit;
use crate::event::{AttemptOutcome, Failure, FailureClass, Usage};
use crate::message::{RESULT_SCHEMA, ResultStatus, TaskResult};
use crate::run::{RunEnds, run_verdict};
use crate::sys::fs;
use crate::text::clip;
use crate::time::Timestamp;

/// Whoever runs us looks for an answer in the last MiB of what we print.
const MAX: usize = (1 << 20) - (1 << 10);
/// A result in a file may be larger than its one line: it is indented, and held all of an answer.
const MAX_FILE: u64 = 16 << 20;

/// A task result, with what is known beside it.
#[derive(Serialize)]
pub(super) struct Answer {
    schema: &'static str,
    #[serde(flatten)]
    result: TaskResult,
    #[serde(skip_serializing_if = "Usage::is_unknown")]
    usage: Usage,
    /// Why there is no claim of the agent's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<Shown>,
}

#[derive(Serialize)]
struct Shown {
    class: FailureClass,
    detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_at: Option<Timestamp>,
}

impl Answer {
    /// What an attempt answered. `files` hold the whole of a long result.
    pub(super) fn of(outcome: Outcome, files: &AttemptFiles) -> Self {
        let usage = outcome.usage;
        match outcome.outcome {
            AttemptOutcome::Ok(clipped) => {
                let whole = whole(files).unwrap_or_else(|| (*clipped).clone());
                let answer = Self { schema: RESULT_SCHEMA, result: whole, usage, failure: None };
                let fits = serde_json::to_vec(&answer).is_ok_and(|line| line.len() <= MAX);
                if fits { answer } else { Self { result: *clipped, ..answer } }
            }
            AttemptOutcome::Failed(failure) => {
                let Failure { class, detail, retry_at, .. } = failure;
                let summary = clip(&format!("{class}: {detail}"), 2048).to_owned();
                let result = TaskResult { status: ResultStatus::Failed, summary, ..TaskResult::default() };
                Self { schema: RESULT_SCHEMA, result, usage, failure: Some(Shown { class, detail, retry_at }) }
            }
        }
    }

    /// What it comes to: the same as a run of this one task that nothing else decides over.
    pub(super) fn exit(&self) -> Exit {
        match (&self.failure, self.result.status) {
            (Some(failure), _) => of_class(failure.class),
            (None, ResultStatus::Failed) => of_class(FailureClass::Reported),
            (None, ResultStatus::Done) => Exit::Success,
        }
    }

    /// What went wrong, in a line.
    pub(super) fn why(&self) -> &str {
        match self.result.summary.as_str() {
            "" => "the agent says that it failed",
            summary => summary,
        }
    }
}

fn of_class(class: FailureClass) -> Exit {
    run_verdict(&[class], &[], RunEnds::default()).into()
}

fn whole(files: &AttemptFiles) -> Option<TaskResult> {
    let text = fs::read_text(&files.result(), MAX_FILE).ok()?;
    serde_json::from_str(&text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_has_the_code_that_a_run_of_one_task_would_end_with() {
        for class in FailureClass::ALL {
            let code = match class {
                FailureClass::Transient
                | FailureClass::RateLimited
                | FailureClass::Quota
                | FailureClass::Auth
                | FailureClass::Unusable => 6,
                FailureClass::BudgetExhausted => 4,
                FailureClass::PolicyDenied => 5,
                FailureClass::Rejected => 3,
                FailureClass::Timeout
                | FailureClass::Stalled
                | FailureClass::BadOutput
                | FailureClass::Exited
                | FailureClass::Reported
                | FailureClass::Interrupted
                | FailureClass::Cancelled => 1,
            };
            assert_eq!(of_class(class).code(), code, "{class}");
        }
    }
}
