//! One attempt with somebody who listens.

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{Agent, Job, Link, Note, Outcome};
use crate::event::{AttemptOutcome, Failure, FailureClass, Usage};
use crate::model::Delta;

/// Output that waits to be heard; beyond that the agent's reader waits.
const DELTAS: usize = 64;

/// Has the agent do its attempt. `hears` gets what it prints as it is printed, and notes go to the diagnostics: somebody
/// reads both until the attempt is over, so that the agent never waits for a reader. An agent that tells to have used
/// more than it may is ended.
pub async fn attend(agent: &dyn Agent, job: Job, cancel: &CancellationToken, mut hears: impl FnMut(Delta)) -> Outcome {
    let (deltas, mut printed) = mpsc::channel(DELTAS);
    let (notes, mut said) = mpsc::unbounded_channel();
    // Ours alone: the end of this attempt is not the end of the run.
    let ends = cancel.child_token();
    let link = Link { deltas, notes, cancel: ends.clone() };
    let cap = job.cap;
    let hear = async {
        while let Some(delta) = printed.recv().await {
            hears(delta);
        }
    };
    let note = async {
        let (mut so_far, mut passed) = (Usage::default(), None);
        while let Some(note) = said.recv().await {
            tracing::info!(?note, "the agent says");
            match note {
                Note::Usage(usage) => {
                    so_far = so_far.max(usage);
                    passed = passed.or_else(|| cap?.passed_by(&so_far));
                    if passed.is_some() {
                        ends.cancel();
                    }
                }
                // What is paid for is there: ending it now would save nothing and lose the work.
                Note::Answer(usage) => so_far = so_far.max(usage),
                Note::Session(_) | Note::Retry(_) => {}
            }
        }
        (so_far, passed)
    };
    let (mut outcome, (), (so_far, passed)) = tokio::join!(agent.attempt(job, link), hear, note);
    // What it told on its way is the least it was, where it did not come to tell all, or tells less in the end.
    let partial = outcome.usage.partial || (outcome.usage.is_unknown() && !so_far.is_unknown());
    outcome.usage = Usage { partial, ..outcome.usage.max(so_far) };
    if let Some(passed) = passed.filter(|_| matches!(outcome.outcome, AttemptOutcome::Failed(_))) {
        let detail = format!("it was ended because it had used {passed}");
        outcome.outcome = AttemptOutcome::Failed(Failure::new(FailureClass::BudgetExhausted, &detail));
    }
    outcome
}
