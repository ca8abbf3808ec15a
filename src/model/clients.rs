//! The clients that ask a provider: made without a word on the wire, and without TLS, which comes with the first request.

use std::sync::Arc;

use super::Model;
use super::anthropic::Messages;
use super::chat::{Completions, MaxTokens};
use super::http::{Client, Endpoint, EndpointError};
use super::responses::Responses;

/// Anthropic's Messages API, under `v1/messages` of the address.
pub fn anthropic(endpoint: Endpoint) -> Result<Arc<dyn Model>, EndpointError> {
    Ok(Arc::new(Client::new(endpoint, Messages)?))
}

/// OpenAI's Chat Completions API and what is compatible with it, under `chat/completions` of the address.
pub fn openai_chat(endpoint: Endpoint, max_tokens: MaxTokens) -> Result<Arc<dyn Model>, EndpointError> {
    Ok(Arc::new(Client::new(endpoint, Completions { max_tokens })?))
}

/// OpenAI's Responses API, under `responses` of the address.
pub fn openai_responses(endpoint: Endpoint) -> Result<Arc<dyn Model>, EndpointError> {
    Ok(Arc::new(Client::new(endpoint, Responses)?))
}
