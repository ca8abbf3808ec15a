//! A model that answers from recordings: no network, no key, and a loud failure where there is no answer.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::BoxFuture;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::files::{About, Answer, RecordingError};
use super::stable;
use crate::event::{FailureClass, Usage};
use crate::ids::{Digest, ModelName};
use crate::model::{Again, Delta, Known, Model, ModelFailure, Part, Reply, Request, Said, Turn};
use crate::text::printable;

struct Replayed {
    dir: PathBuf,
    /// How often each question was asked.
    counts: Arc<Mutex<BTreeMap<Digest, u32>>>,
}

/// The model whose answers are in `dir`, as it was known when it gave them.
pub(in crate::model) fn replayed(name: &ModelName, dir: &Path) -> Result<Known, RecordingError> {
    let about = About::find(dir, name)?;
    Ok(Known {
        name: name.clone(),
        model: Arc::new(Replayed { dir: dir.to_path_buf(), counts: Arc::default() }),
        prices: about.prices,
        context_tokens: about.context_tokens,
        max_output_tokens: about.max_output_tokens,
        digest: about.digest,
    })
}

impl Model for Replayed {
    fn send(
        &self,
        request: Request,
        cancel: CancellationToken,
        deltas: mpsc::Sender<Delta>,
    ) -> BoxFuture<'static, Result<Reply, ModelFailure>> {
        let digest = stable::digest(&request);
        let n = {
            let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
            let count = counts.entry(digest.clone()).or_default();
            *count += 1;
            *count
        };
        let dir = self.dir.clone();
        Box::pin(async move {
            if cancel.is_cancelled() {
                return Err(ModelFailure::cancelled());
            }
            let asked = (dir.clone(), digest.clone());
            let found = tokio::task::spawn_blocking(move || Answer::find(&asked.0, &asked.1, n)).await;
            let outcome = match found {
                Ok(Ok(Some(answer))) => answer.outcome().map_err(|failure| *failure),
                Ok(Ok(None)) => Err(missed(&dir, &digest, n, &request)),
                Ok(Err(error)) => Err(unusable(&error.to_string())),
                Err(error) => Err(unusable(&error.to_string())),
            };
            if let Ok(reply) = &outcome {
                drop(deltas.try_send(Delta::Text(reply.text())));
            }
            outcome
        })
    }
}

fn missed(dir: &Path, digest: &Digest, n: u32, request: &Request) -> ModelFailure {
    let which = match n {
        1 => "this question".to_owned(),
        n => format!("the question when it is asked for the {n}. time"),
    };
    unusable(&format!(
        "nothing is recorded for {which}: {digest}-{n}.json is not in {}. It begins with: {}. Record again with \
         `model.record`: the ticket, the code, a prompt or the configuration has changed since",
        dir.display(),
        printable(&first_words(request), 200)
    ))
}

/// A replay costs nothing that is not recorded.
fn unusable(detail: &str) -> ModelFailure {
    let failure = ModelFailure::new(FailureClass::Unusable, detail, Again::Never);
    ModelFailure { usage: Usage::NOTHING, ..failure }
}

/// The latest thing that was said, which tells one question of a conversation from another.
fn first_words(request: &Request) -> String {
    let last = request.turns.last().map(|turn| match turn {
        Turn::User(parts) => parts.last().map(|part| match part {
            Part::Text(block) => block.text.clone(),
            Part::ToolResult(result) => format!("the result of the call {}", result.call),
        }),
        Turn::Model(said) => said.iter().find_map(|said| match said {
            Said::Text(text) => Some(text.clone()),
            Said::Call(_) | Said::Kept(_) => None,
        }),
    });
    last.flatten().unwrap_or_default()
}
