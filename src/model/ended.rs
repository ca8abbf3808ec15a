//! Answers that ended, but not as an answer should: never a success, and named.

use super::{Again, ModelFailure};
use crate::event::{FailureClass, Usage};
use crate::text;

/// Why a model stopped short.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ended {
    /// It may not say more.
    Length,
    /// What it was asked and what it said do not fit its context.
    Window,
    /// It will not say it, maybe with a reason.
    Refusal(String),
    /// The provider kept it back.
    Filter,
    /// The provider wants the same again, for tools of its own, which we do not use.
    Pause,
    /// A reason that was not there when this was written.
    Unknown(String),
    /// It calls tools, and names none.
    NoCall,
}

impl Ended {
    /// As a failure: the same request would end the same way.
    pub(super) fn failure(&self, usage: Usage) -> ModelFailure {
        let (class, detail) = match self {
            Self::Length => (FailureClass::BadOutput, "the answer was cut off at `max_output_tokens`".to_owned()),
            Self::Window => {
                (FailureClass::Unusable, "request and answer do not fit the context window of the model".to_owned())
            }
            Self::Refusal(why) if why.trim().is_empty() => {
                (FailureClass::Unusable, "the model refused to answer".to_owned())
            }
            Self::Refusal(why) => {
                (FailureClass::Unusable, format!("the model refused to answer: {}", text::printable(why.trim(), 600)))
            }
            Self::Filter => (FailureClass::Unusable, "the provider's content filter held the answer back".to_owned()),
            Self::Pause => (FailureClass::BadOutput, "the provider paused in the middle of the answer".to_owned()),
            Self::Unknown(reason) => {
                let reason = text::printable(reason, 80);
                (FailureClass::BadOutput, format!("the answer ended for an unknown reason: `{reason}`"))
            }
            Self::NoCall => {
                (FailureClass::BadOutput, "the answer ended to call a tool, and it names no tool".to_owned())
            }
        };
        ModelFailure { usage, ..ModelFailure::new(class, &detail, Again::Never) }
    }
}
