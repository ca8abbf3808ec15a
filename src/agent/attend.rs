//! One attempt with somebody who listens.

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{Agent, Job, Link, Outcome};
use crate::model::Delta;

/// Output that waits to be heard; beyond that the agent's reader waits.
const DELTAS: usize = 64;

/// Has the agent do its attempt. `hears` gets what it prints as it is printed, and notes go to the diagnostics: somebody
/// reads both until the attempt is over, so that the agent never waits for a reader.
pub async fn attend(agent: &dyn Agent, job: Job, cancel: &CancellationToken, mut hears: impl FnMut(Delta)) -> Outcome {
    let (deltas, mut printed) = mpsc::channel(DELTAS);
    let (notes, mut said) = mpsc::unbounded_channel();
    let link = Link { deltas, notes, cancel: cancel.clone() };
    let hear = async {
        while let Some(delta) = printed.recv().await {
            hears(delta);
        }
    };
    let note = async {
        while let Some(note) = said.recv().await {
            tracing::info!(?note, "the agent says");
        }
    };
    let (outcome, (), ()) = tokio::join!(agent.attempt(job, link), hear, note);
    outcome
}
