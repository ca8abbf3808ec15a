//! OpenAI's Responses API. Nothing is stored there: what a model thought comes back encrypted, and is sent again.
//!
//! Source: <https://platform.openai.com/docs/api-reference/responses>.

mod answer;
mod request;
mod stream;

use serde_json::Value;

use super::failure::Answered;
use super::http::{Dialect, Endpoint, KeyHeader};
use super::{Reply, Request};

/// The Responses API.
pub(super) struct Responses;

impl Dialect for Responses {
    type Gather = stream::Stream;
    const PATH: &'static str = "responses";
    const KEY: KeyHeader = KeyHeader::Bearer;
    const HEADERS: &'static [(&'static str, &'static str)] = &[];

    fn body(&self, request: &Request, endpoint: &Endpoint) -> Value {
        request::body(request, endpoint)
    }

    fn gather(&self) -> Self::Gather {
        stream::Stream::default()
    }

    fn whole(&self, answer: &Value) -> Answered<Reply> {
        answer::whole(answer)
    }
}
