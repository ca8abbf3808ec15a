//! An answer on its way: every wait has its limit, and so has its size.

use std::time::Instant;

use reqwest::header::{CONTENT_TYPE, HeaderMap};
use reqwest::{Response, StatusCode};
use tokio::time::timeout;

use super::endpoint::{Caps, Timeouts};
use super::transport;
use crate::event::FailureClass;
use crate::model::{Again, ModelFailure};
use crate::sys::clock;
use crate::text;
use crate::time::Span;

/// An answer whose beginning has come.
pub(super) struct Answer {
    response: Response,
    host: String,
    start: Instant,
    timeouts: Timeouts,
    caps: Caps,
    taken: u64,
}

/// What an answer says it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// One JSON document.
    Document,
    /// For people.
    Page,
    /// Events, or it does not say.
    Events,
}

impl Answer {
    pub(super) fn new(response: Response, host: String, start: Instant, timeouts: Timeouts, caps: Caps) -> Self {
        Self { response, host, start, timeouts, caps, taken: 0 }
    }

    pub(super) fn status(&self) -> StatusCode {
        self.response.status()
    }

    pub(super) fn headers(&self) -> &HeaderMap {
        self.response.headers()
    }

    pub(super) fn form(&self) -> Form {
        let kind = self.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match kind.as_str() {
            "application/json" => Form::Document,
            "text/html" | "application/xhtml+xml" => Form::Page,
            _ => Form::Events,
        }
    }

    /// The provider's name for the request, as its support asks for it.
    pub(super) fn request_id(&self) -> Option<String> {
        let names = ["request-id", "x-request-id", "x-amzn-requestid", "cf-ray"];
        let id = names.iter().find_map(|name| self.headers().get(*name)?.to_str().ok())?;
        Some(text::printable(id, 128)).filter(|id| !id.is_empty())
    }

    /// A failure of this request.
    pub(super) fn signed(&self, failure: ModelFailure) -> ModelFailure {
        ModelFailure { status: Some(self.status().as_u16()), request_id: self.request_id(), ..failure }
    }

    /// The next bytes; none at the end.
    pub(super) async fn next(&mut self) -> Result<Option<impl AsRef<[u8]> + use<>>, ModelFailure> {
        let left = self.timeouts.total.minus(clock::monotonic().saturating_duration_since(self.start).into());
        let wait = self.timeouts.idle.min(left);
        let chunk = match timeout(wait.as_duration(), self.response.chunk()).await {
            _ if left == Span::ZERO => return Err(transport::timed_out(&self.host, self.timeouts.total)),
            Ok(Ok(chunk)) => chunk,
            Ok(Err(error)) => return Err(transport::failed(&error, &self.host)),
            Err(_) if wait == left => return Err(transport::timed_out(&self.host, self.timeouts.total)),
            Err(_) => return Err(transport::stalled(&self.host, wait)),
        };
        self.taken += chunk.as_ref().map_or(0, |chunk| chunk.len() as u64);
        if self.taken > self.caps.body {
            let detail = format!("the answer is longer than {} bytes", self.caps.body);
            return Err(ModelFailure::new(FailureClass::BadOutput, &detail, Again::Never));
        }
        Ok(chunk)
    }

    /// All of it.
    pub(super) async fn whole(&mut self) -> Result<Vec<u8>, ModelFailure> {
        let mut body = Vec::new();
        while let Some(chunk) = self.next().await? {
            body.extend_from_slice(chunk.as_ref());
        }
        Ok(body)
    }

    /// As much of an error as says what it is; what does not come is left out.
    pub(super) async fn beginning(&mut self) -> Vec<u8> {
        const ENOUGH: usize = 64 << 10;
        const SOON: Span = Span::from_secs(10);
        self.timeouts.idle = self.timeouts.idle.min(SOON);
        let mut body = Vec::new();
        let end = clock::later(clock::monotonic(), SOON.as_duration());
        while body.len() < ENOUGH && clock::monotonic() < end {
            let Ok(Some(chunk)) = self.next().await else { break };
            let chunk = chunk.as_ref();
            body.extend_from_slice(&chunk[..chunk.len().min(ENOUGH - body.len())]);
        }
        body
    }

    /// Reads on to the end where it is near: a connection that was read to its end serves the next request.
    pub(super) async fn rest(mut self) {
        const NEAR: Span = Span::from_millis(100);
        let end = async { while let Ok(Some(_)) = self.next().await {} };
        // A server that keeps it open longer costs a new connection, and no time.
        drop(timeout(NEAR.as_duration(), end).await);
    }
}
