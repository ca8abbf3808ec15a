//! OpenAI's Chat Completions API, as OpenAI, Ollama, vLLM, llama.cpp, LM Studio and gateways speak it. They differ in what
//! they leave out; what they leave out is unknown here, and not an error.
//!
//! Source: <https://platform.openai.com/docs/api-reference/chat>.

mod answer;
mod request;
mod stream;

use serde_json::Value;

use super::failure::Answered;
use super::http::{Dialect, Endpoint, KeyHeader};
use super::{Reply, Request};

/// How the most tokens of an answer are called: OpenAI's newer models refuse the old name, other servers know no other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MaxTokens {
    /// As the host, or the model by its name, is known to want it.
    #[default]
    ByHost,
    /// `max_tokens`.
    Old,
    /// `max_completion_tokens`.
    New,
}

/// The Chat Completions API.
pub(super) struct Completions {
    pub max_tokens: MaxTokens,
}

impl Dialect for Completions {
    type Gather = stream::Stream;
    const PATH: &'static str = "chat/completions";
    const KEY: KeyHeader = KeyHeader::Bearer;
    const HEADERS: &'static [(&'static str, &'static str)] = &[];

    fn body(&self, request: &Request, endpoint: &Endpoint) -> Value {
        request::body(request, endpoint, self.max_tokens)
    }

    fn gather(&self) -> Self::Gather {
        stream::Stream::default()
    }

    fn whole(&self, answer: &Value) -> Answered<Reply> {
        answer::whole(answer)
    }
}
