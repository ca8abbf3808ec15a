//! A request that brought no whole answer.

use crate::event::{Failure, FailureClass, Usage};
use crate::time::Span;

/// Why there is no whole answer. It may have cost something all the same.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{}: {}", failure.class, failure.detail)]
pub struct ModelFailure {
    /// What kind of failure, and what was seen.
    pub failure: Failure,
    /// Tokens it took, as far as the provider told.
    pub usage: Usage,
    /// Whether the same request may be sent again.
    pub again: Again,
    /// The HTTP status, where one came.
    pub status: Option<u16>,
    /// The provider's name for the request, where one came.
    pub request_id: Option<String>,
}

/// Whether, and when, the same request may be sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Again {
    /// It would come to the same.
    Never,
    /// After a wait of our own choice.
    Backoff,
    /// The provider says how long to wait.
    After(Span),
}

/// What is put together out of an answer, or why it is none. Boxed: nothing should carry the room for a failure about.
pub(super) type Answered<T> = Result<T, Box<ModelFailure>>;

impl From<Box<ModelFailure>> for ModelFailure {
    fn from(boxed: Box<Self>) -> Self {
        *boxed
    }
}

impl ModelFailure {
    /// A failure of which nothing else is known.
    pub fn new(class: FailureClass, detail: &str, again: Again) -> Self {
        Self { failure: Failure::new(class, detail), usage: Usage::default(), again, status: None, request_id: None }
    }

    /// What a cancelled request comes to.
    pub fn cancelled() -> Self {
        Self::new(FailureClass::Cancelled, "the request was cancelled", Again::Never)
    }
}
