//! A model whose answers are kept, to be replayed without it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::BoxFuture;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::files::{About, Answer, Kept, file};
use super::stable;
use crate::event::FailureClass;
use crate::ids::{Digest, ModelName};
use crate::model::{Delta, Known, Model, ModelFailure, Prices, Reply, Request};
use crate::sys::fs::{self, FileError};
use crate::text::Redactor;

/// The folder that a process records into, for all its models.
#[derive(Clone)]
pub(in crate::model) struct Tape {
    dir: PathBuf,
    redactor: Arc<Redactor>,
    /// How many answers to each question are there.
    counts: Arc<Mutex<BTreeMap<Digest, u32>>>,
}

struct Recorded {
    name: ModelName,
    prices: Option<Prices>,
    inner: Arc<dyn Model>,
    tape: Tape,
}

impl Tape {
    /// Makes the folder. What `redactor` knows is never written.
    pub(in crate::model) fn open(dir: PathBuf, redactor: Redactor) -> Result<Self, FileError> {
        fs::create_dirs(&dir)?;
        fs::may_write_in(&dir)?;
        Ok(Self { dir, redactor: Arc::new(redactor), counts: Arc::default() })
    }

    /// The same model, its answers kept.
    pub(in crate::model) fn around(&self, known: Known) -> Result<Known, FileError> {
        About::of(&known).write(&self.dir)?;
        let (name, prices) = (known.name.clone(), known.prices);
        let model = Arc::new(Recorded { name, prices, inner: known.model, tape: self.clone() });
        Ok(Known { model, ..known })
    }

    fn keep(&self, model: &ModelName, request: &Request, answer: Answer) -> Result<(), FileError> {
        let digest = stable::digest(request);
        // One at a time: the numbers of equal questions are given in the order of their answers.
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let mut n = counts.get(&digest).copied().unwrap_or(0) + 1;
        // A run that was resumed goes on where the one before stopped.
        while fs::kind(&file(&self.dir, &digest, n))?.is_some() {
            n += 1;
        }
        Kept { v: Kept::VERSION, digest: &digest, n, model, request, answer }.write(&self.dir, &self.redactor)?;
        counts.insert(digest, n);
        Ok(())
    }
}

impl Model for Recorded {
    fn send(
        &self,
        request: Request,
        cancel: CancellationToken,
        deltas: mpsc::Sender<Delta>,
    ) -> BoxFuture<'static, Result<Reply, ModelFailure>> {
        let (name, prices, tape) = (self.name.clone(), self.prices, self.tape.clone());
        let sent = self.inner.send(request.clone(), cancel, deltas.clone());
        Box::pin(async move {
            let outcome = sent.await;
            // What we ended ourselves is no answer of the model's.
            if outcome.as_ref().is_err_and(|failed| failed.failure.class == FailureClass::Cancelled) {
                return outcome;
            }
            let answer = Answer::of(&outcome, prices);
            let kept = tokio::task::spawn_blocking(move || tape.keep(&name, &request, answer)).await;
            let why = match kept {
                Ok(Ok(())) => return outcome,
                Ok(Err(error)) => error.to_string(),
                Err(error) => error.to_string(),
            };
            // The answer is paid for, and good.
            tracing::warn!(why, "an answer could not be recorded");
            drop(deltas.try_send(Delta::Aside(format!("this answer is not recorded: {why}"))));
            outcome
        })
    }
}
