//! The trait of one request to a language model, and what goes in and comes out. It never repeats a request
//! by itself: retrying is the caller's, who reserves before each.

use futures_util::future::BoxFuture;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::event::{Failure, Usage};

/// A language model that takes one request at a time.
pub trait Model: Send + Sync {
    /// Sends `request` once. After `cancel` it returns soon, with the class `cancelled`. Text is sent to `deltas` as
    /// it comes; a full channel loses deltas, never the reply.
    fn send(
        &self,
        request: Request,
        cancel: CancellationToken,
        deltas: mpsc::Sender<Delta>,
    ) -> BoxFuture<'static, Result<Reply, ModelFailure>>;
}

/// What is asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// What holds for the whole conversation; the same bytes in every request of a run, so that it is cached.
    pub system: String,
    /// The conversation so far, oldest first; the last turn is the user's.
    pub turns: Vec<Turn>,
    /// The JSON schema that the reply has to follow.
    pub schema: Option<serde_json::Value>,
    /// Most tokens the reply may have; reserved before the request.
    pub max_output_tokens: u32,
}

/// One turn of a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Turn {
    /// From us.
    User(String),
    /// From the model.
    Model(String),
}

/// A reply that is whole: one that was cut off or refused is a [`ModelFailure`].
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    /// Its text.
    pub text: String,
    /// What it cost, by the provider's account.
    pub usage: Usage,
}

/// A request that brought no whole reply. It may have cost something all the same.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{}: {}", failure.class, failure.detail)]
pub struct ModelFailure {
    /// Why, and when it may be tried again.
    pub failure: Failure,
    /// What it cost.
    pub usage: Usage,
}

/// A piece of live output: shown and logged, never journalled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delta {
    /// Part of the answer, or a line on stdout.
    Text(String),
    /// Talk beside it: a line on stderr, a tool call.
    Aside(String),
}
