//! The three protocols side by side: the same request, and answers that mean the same.

use std::sync::Arc;
use std::time::Duration;

use orchestra::event::{FailureClass, Usage};
use orchestra::ids::{Digest, ModelName};
use orchestra::model::{
    Access, Again, AskFailure, BaseUrl, Block, Delivery, Delta, Endpoint, Keep, Key, Known, MaxTokens, Meter, Model,
    ModelFailure, Part, Patience, Reply, Request, Share, Turn, anthropic, ask, openai_chat, openai_responses,
};
use orchestra::time::Span;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::fake::{Fake, Step};

pub const KEY: &str = "sk-test-5f0c1e-very-secret";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Api {
    Anthropic,
    Chat,
    Responses,
}

impl Api {
    pub const ALL: [Self; 3] = [Self::Anthropic, Self::Chat, Self::Responses];

    /// A recorded answer: it says something, and calls a tool.
    pub fn stream(self) -> &'static str {
        match self {
            Self::Anthropic => include_str!("../fixtures/models/anthropic.sse"),
            Self::Chat => include_str!("../fixtures/models/chat.sse"),
            Self::Responses => include_str!("../fixtures/models/responses.sse"),
        }
    }

    /// The same, not streamed.
    pub fn document(self) -> &'static str {
        match self {
            Self::Anthropic => include_str!("../fixtures/models/anthropic.json"),
            Self::Chat => include_str!("../fixtures/models/chat.json"),
            Self::Responses => include_str!("../fixtures/models/responses.json"),
        }
    }

    /// The stream up to the middle of an event, after usage or text was told.
    pub fn torn(self) -> &'static [u8] {
        let stream = self.stream().as_bytes();
        &stream[..stream.len() * 2 / 3]
    }

    /// What its provider sends when it fails in the middle.
    pub fn error_event(self) -> &'static str {
        match self {
            Self::Anthropic => {
                "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n"
            }
            Self::Chat => "data: {\"error\":{\"message\":\"Overloaded\",\"type\":\"server_error\",\"code\":null}}\n\n",
            Self::Responses => {
                "event: error\ndata: {\"type\":\"error\",\"code\":\"server_error\",\"message\":\"Overloaded\",\"param\":null}\n\n"
            }
        }
    }

    pub fn model(self, endpoint: Endpoint) -> Arc<dyn Model> {
        match self {
            Self::Anthropic => anthropic(endpoint),
            Self::Chat => openai_chat(endpoint, MaxTokens::default()),
            Self::Responses => openai_responses(endpoint),
        }
        .unwrap()
    }
}

/// Limits that no test comes near, unless it sets its own.
pub fn endpoint(base: &str) -> Endpoint {
    let access = Access::Key(Key::new("TEST_KEY", KEY).unwrap());
    Endpoint::new(BaseUrl::new(base).unwrap(), access, "the-model")
}

pub fn not_streamed(base: &str) -> Endpoint {
    Endpoint { delivery: Delivery::Whole, ..endpoint(base) }
}

pub fn request() -> Request {
    let question = Block { text: "What is in src/a.rs?".to_owned(), keep: Keep::Once };
    Request { turns: vec![Turn::User(vec![Part::Text(question)])], max_output_tokens: 500, ..Request::default() }
}

/// Sends one request.
pub async fn send(model: &Arc<dyn Model>) -> Result<Reply, ModelFailure> {
    let (deltas, _live) = mpsc::channel(1);
    let sent = model.send(request(), CancellationToken::new(), deltas);
    tokio::time::timeout(Duration::from_secs(120), sent).await.expect("it is over within two minutes")
}

/// Sends one request to a server that plays `script`; the failure it comes to.
pub async fn failure(api: Api, script: Vec<Step>) -> ModelFailure {
    let fake = Fake::always(script);
    let failure = send(&api.model(endpoint(&fake.base()))).await.expect_err("a failure");
    assert_eq!(fake.asked().len(), 1, "{api:?} repeats nothing by itself: {failure}");
    clean(&failure);
    failure
}

/// No failure tells the key, whatever its cause.
#[track_caller]
pub fn clean(failure: &ModelFailure) {
    let shown = format!("{failure} {failure:?}");
    assert!(!shown.contains("very-secret") && !shown.contains("/v1"), "{shown}");
}

#[track_caller]
pub fn is(failure: &ModelFailure, class: FailureClass, again: Again, detail: &str) {
    assert_eq!((failure.failure.class, failure.again), (class, again), "{failure}");
    assert!(failure.failure.detail.contains(detail), "`{detail}` is not in: {failure}");
}

/// Asks with the patience of a test: three tries, waits of our own choice of no time at all.
pub async fn asked(api: Api, fake: &Fake) -> (Result<Reply, AskFailure>, Vec<String>) {
    let patience = Patience { tries: 3, first: Span::ZERO, max: Span::ZERO, asked: Span::from_secs(60) };
    let model = api.model(endpoint(&fake.base()));
    let known = Known {
        name: ModelName::new("main").unwrap(),
        model,
        prices: None,
        context_tokens: 100_000,
        max_output_tokens: 500,
        digest: Digest::of(b"main"),
    };
    let (deltas, mut live) = mpsc::channel(64);
    let mut meter = Meter::Share(Share::default());
    let cancel = CancellationToken::new();
    let request = request();
    let answer = ask(&known, &request, &mut meter, &patience, &cancel, &deltas);
    let answer = tokio::time::timeout(Duration::from_secs(120), answer).await.expect("it is over within two minutes");
    let mut asides = Vec::new();
    while let Ok(delta) = live.try_recv() {
        if let Delta::Aside(aside) = delta {
            asides.push(aside);
        }
    }
    (answer, asides)
}

/// What the recorded answers used.
pub fn usage() -> Usage {
    Usage {
        input_tokens: Some(42),
        output_tokens: Some(89),
        cache_read_tokens: Some(5000),
        cache_write_tokens: Some(300),
        ..Usage::default()
    }
}
