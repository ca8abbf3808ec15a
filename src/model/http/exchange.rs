//! One request in a provider's dialect, and its answer, streamed or whole: all that the clients have in common.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use serde_json::Value;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::answer::{Answer, Form};
use super::client::{KeyHeader, Wire};
use super::endpoint::{Delivery, Endpoint, EndpointError};
use super::{refused, transport};
use crate::event::Usage;
use crate::model::failure::Answered;
use crate::model::sse::{Decoder, Event, SseError};
use crate::model::{Delta, Model, ModelFailure, Reply, Request};

/// A provider's protocol.
pub(in crate::model) trait Dialect: Send + Sync + 'static {
    /// What puts a streamed answer together.
    type Gather: Gather;
    /// The path under the base address.
    const PATH: &'static str;
    /// Where the key stands.
    const KEY: KeyHeader;
    /// What else each request has.
    const HEADERS: &'static [(&'static str, &'static str)];

    /// The request as the provider wants it.
    fn body(&self, request: &Request, endpoint: &Endpoint) -> Value;
    /// For a streamed answer.
    fn gather(&self) -> Self::Gather;
    /// An answer that came whole. The usage of one that is a failure is told with it.
    fn whole(&self, answer: &Value) -> Answered<Reply>;
}

/// Puts an answer together from its events.
pub(in crate::model) trait Gather: Send {
    /// Takes an event; text in it is given to `heard`.
    fn take(&mut self, event: &Event, heard: &mut dyn FnMut(&str)) -> Answered<Next>;
    /// What it used so far.
    fn usage(&self) -> Usage;
    /// The answer, when its end was told or the stream is over.
    fn end(self) -> Answered<Reply>;
}

/// Whether there is more to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::model) enum Next {
    /// There is.
    More,
    /// That was the end.
    End,
}

/// A client of one provider's protocol.
pub(in crate::model) struct Client<D> {
    inner: Arc<(Wire, D)>,
}

impl<D: Dialect> Client<D> {
    pub(in crate::model) fn new(endpoint: Endpoint, dialect: D) -> Result<Self, EndpointError> {
        Ok(Self { inner: Arc::new((Wire::new(endpoint)?, dialect)) })
    }
}

impl<D: Dialect> Model for Client<D> {
    fn send(
        &self,
        request: Request,
        cancel: CancellationToken,
        deltas: mpsc::Sender<Delta>,
    ) -> BoxFuture<'static, Result<Reply, ModelFailure>> {
        let inner = Arc::clone(&self.inner);
        Box::pin(async move {
            let (wire, dialect) = &*inner;
            tokio::select! {
                biased;
                () = cancel.cancelled() => Err(ModelFailure::cancelled()),
                reply = exchange(wire, dialect, &request, &deltas) => reply,
            }
        })
    }
}

async fn exchange<D: Dialect>(
    wire: &Wire,
    dialect: &D,
    request: &Request,
    deltas: &mpsc::Sender<Delta>,
) -> Result<Reply, ModelFailure> {
    let body = dialect.body(request, wire.endpoint()).to_string();
    let mut answer = wire.post(D::PATH, D::KEY, D::HEADERS, body).await?;
    let streamed = wire.endpoint().delivery == Delivery::Streamed;
    let reply = match answer.form() {
        Form::Page => Err(transport::unreadable("the answer is a web page; is its base_url right?")),
        // Some servers do not stream whatever they are asked.
        Form::Events if streamed => stream(&mut answer, dialect.gather(), wire.endpoint().caps.line, deltas).await,
        Form::Events | Form::Document => whole(&mut answer, dialect).await,
    };
    match reply {
        Ok(reply) => {
            let request_id = answer.request_id();
            answer.rest().await;
            Ok(Reply { request_id, ..reply })
        }
        Err(failure) => Err(wire.explained(answer.signed(failure))),
    }
}

async fn whole<D: Dialect>(answer: &mut Answer, dialect: &D) -> Result<Reply, ModelFailure> {
    let body = answer.whole().await?;
    let value = document(&body)?;
    // Some gateways say that all is well, and then that it is not.
    if value.get("error").is_some_and(|error| !error.is_null()) {
        return Err(refused::Told::of(&value).failure());
    }
    Ok(dialect.whole(&value)?)
}

fn document(body: &[u8]) -> Answered<Value> {
    let unreadable = |what: &str| Err(Box::new(transport::unreadable(what)));
    if body.trim_ascii().is_empty() {
        return unreadable("the answer is empty");
    }
    if refused::is_page(body) {
        return unreadable("the answer is a web page; is its base_url right?");
    }
    if std::str::from_utf8(body).is_err() {
        return unreadable("the answer is not UTF-8");
    }
    serde_json::from_slice(body).or_else(|error| unreadable(&format!("the answer is not JSON: {error}")))
}

async fn stream<G: Gather>(
    answer: &mut Answer,
    mut gather: G,
    line: usize,
    deltas: &mpsc::Sender<Delta>,
) -> Result<Reply, ModelFailure> {
    match read(answer, &mut gather, line, deltas).await {
        Ok(()) => Ok(gather.end()?),
        Err(failure) => {
            let usage = Usage { partial: true, ..gather.usage() };
            Err(if failure.usage.is_unknown() && !usage.is_unknown() {
                ModelFailure { usage, ..failure }
            } else {
                failure
            })
        }
    }
}

/// Until its end is told, or the stream is over.
async fn read<G: Gather>(
    answer: &mut Answer,
    gather: &mut G,
    line: usize,
    deltas: &mpsc::Sender<Delta>,
) -> Result<(), ModelFailure> {
    let mut decoder = Decoder::new(line);
    let mut beginning = Vec::new();
    let mut heard_any = false;
    // A full channel loses live text, never the reply.
    let mut heard = |text: &str| drop(deltas.try_send(Delta::Text(text.to_owned())));
    while let Some(bytes) = answer.next().await? {
        let bytes = bytes.as_ref();
        decoder.push(bytes);
        while let Some(event) = decoder.event().map_err(broken)? {
            heard_any = true;
            if gather.take(&event, &mut heard)? == Next::End {
                return Ok(());
            }
        }
        if !heard_any && beginning.len() < 64 {
            beginning.extend_from_slice(&bytes[..bytes.len().min(64)]);
        }
    }
    if heard_any {
        return Ok(());
    }
    Err(match beginning.trim_ascii() {
        [] => transport::unreadable("the answer is empty"),
        page if refused::is_page(page) => transport::unreadable("the answer is a web page; is its base_url right?"),
        _ => transport::unreadable("the answer is not a stream of events"),
    })
}

fn broken(error: SseError) -> ModelFailure {
    transport::unreadable(&match error {
        SseError::NotText => "the answer is not UTF-8".to_owned(),
        SseError::LongLine { .. } | SseError::LongEvent { .. } => error.to_string(),
    })
}
