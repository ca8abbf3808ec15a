//! What a model answers, in no provider's words.

use serde::{Deserialize, Serialize};

use super::request::{Said, ToolCall};
use crate::event::Usage;

/// An answer that is whole: one that was cut off, refused, or ended for an unknown reason is a
/// [`ModelFailure`](super::ModelFailure).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reply {
    /// What it said, in its order; sent back as it is with the next request of a conversation.
    pub said: Vec<Said>,
    /// Why it ended.
    pub stop: Stop,
    /// Tokens it took, by the provider's account: those from and to a cache apart from the others. No price.
    pub usage: Usage,
    /// The model that answered, as the provider names it; empty where it does not say.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub model: String,
    /// The provider's name for the request, to be told to its support.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

/// Why an answer ended in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stop {
    /// It was at its end.
    End,
    /// It waits for what the tools give that it called.
    Tools,
}

impl Reply {
    /// All its text.
    pub fn text(&self) -> String {
        let texts = self.said.iter().filter_map(|said| match said {
            Said::Text(text) => Some(text.as_str()),
            Said::Call(_) | Said::Kept(_) => None,
        });
        texts.collect()
    }

    /// The tools it called, in its order.
    pub fn calls(&self) -> impl Iterator<Item = &ToolCall> {
        self.said.iter().filter_map(|said| match said {
            Said::Call(call) => Some(call),
            Said::Text(_) | Said::Kept(_) => None,
        })
    }
}

/// A piece of live output: shown and logged, never journalled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delta {
    /// Part of the answer, or a line on stdout.
    Text(String),
    /// Talk beside it: a line on stderr, a tool call.
    Aside(String),
}
