//! Language models: one request to one of them, what goes in and what comes out, and the clients that speak the providers'
//! protocols. A [`Model`] never repeats a request by itself; [`ask`] is the one place that does, and it reserves before
//! each.

mod anthropic;
mod ask;
mod build;
mod chat;
mod clients;
mod ended;
mod error;
mod failure;
mod http;
mod known;
mod listed;
mod meter;
mod prices;
mod reach;
mod recording;
mod reply;
mod request;
mod responses;
mod schema;
mod spec;
mod sse;

#[cfg(test)]
mod ask_tests;
#[cfg(test)]
mod fuzz_tests;
#[cfg(test)]
mod sample;

pub use ask::{AskFailure, Patience, ask};
pub use build::{Options, build};
pub use chat::MaxTokens;
pub use clients::{anthropic, openai_chat, openai_responses};
pub use error::{Blame, ModelError};
pub use failure::{Again, ModelFailure};
pub use http::{
    Access, AddressError, BaseUrl, Caps, Delivery, Endpoint, EndpointError, Headers, Key, KeyError, Schemas, Timeouts,
};
pub use known::{Known, Models, UnknownModel};
pub use listed::prices_as_of;
pub use meter::{Grant, Meter, Share, Withheld};
pub use prices::Prices;
pub use reach::{Unreached, reach};
pub use recording::RecordingError;
pub use reply::{Delta, Reply, Stop};
pub use request::{Block, Keep, Part, Request, Said, Schema, Tool, ToolCall, ToolResult, Turn};
pub use spec::{Recordings, Service, Spec, Tokens};

use futures_util::future::BoxFuture;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

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
