//! Anthropic's Messages API.
//!
//! Source: <https://platform.claude.com/docs/en/api/messages>, and "Streaming messages" there; version 2023-06-01.

mod answer;
mod request;
mod stream;

use serde_json::Value;

use super::failure::Answered;
use super::http::{Dialect, Endpoint, KeyHeader};
use super::{Reply, Request};

/// The Messages API.
pub(super) struct Messages;

impl Dialect for Messages {
    type Gather = stream::Stream;
    const PATH: &'static str = "v1/messages";
    const KEY: KeyHeader = KeyHeader::Own("x-api-key");
    const HEADERS: &'static [(&'static str, &'static str)] = &[("anthropic-version", "2023-06-01")];

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
