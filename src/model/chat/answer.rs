//! What Chat Completions answers, in our words.

use serde_json::{Value, json};

use crate::event::Usage;
use crate::model::ended::Ended;
use crate::model::failure::Answered;
use crate::model::http::unreadable;
use crate::model::{Reply, Said, Stop, ToolCall};

/// Where servers put what a model thought; with a call it is wanted back.
pub(super) const THOUGHTS: [&str; 2] = ["reasoning_content", "reasoning_details"];

/// An answer, however it came.
#[derive(Debug, Default)]
pub(super) struct Message {
    pub text: String,
    pub refusal: String,
    pub calls: Vec<Call>,
    /// By the names of [`THOUGHTS`].
    pub thoughts: serde_json::Map<String, Value>,
    pub reason: Option<String>,
    pub usage: Usage,
    pub model: String,
}

/// A call as it was put together.
#[derive(Debug, Default)]
pub(super) struct Call {
    pub id: String,
    pub name: String,
    pub arguments: String,
    /// What some providers want back with the call.
    pub extra: Value,
}

/// An answer that came whole.
pub(super) fn whole(answer: &Value) -> Answered<Reply> {
    let choice = &answer["choices"][0];
    let from = &choice["message"];
    if !from.is_object() {
        return Err(unreadable("the answer has no `choices` with a message").into());
    }
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let calls = from["tool_calls"].as_array().map_or(&[][..], Vec::as_slice).iter().map(|call| Call {
        id: text(&call["id"]),
        name: text(&call["function"]["name"]),
        arguments: arguments(&call["function"]["arguments"]),
        extra: call["extra_content"].clone(),
    });
    let thoughts = THOUGHTS.iter().filter_map(|key| Some(((*key).to_owned(), from.get(*key)?.clone())));
    let message = Message {
        text: content(&from["content"]),
        refusal: text(&from["refusal"]),
        calls: calls.collect(),
        thoughts: thoughts.filter(|(_, value)| !value.is_null()).collect(),
        reason: choice["finish_reason"].as_str().map(str::to_owned),
        usage: usage(&answer["usage"]),
        model: text(&answer["model"]),
    };
    message.reply()
}

impl Message {
    /// Source: OpenAI, "The chat completion object", `finish_reason`. Some servers say `stop` where they call tools.
    pub(super) fn reply(self) -> Answered<Reply> {
        let calls = !self.calls.is_empty();
        let stop = match self.reason.as_deref() {
            _ if !self.refusal.is_empty() => Err(Ended::Refusal(self.refusal.clone())),
            // `eos` and `end_turn` of some gateways.
            Some("stop" | "eos" | "end_turn") => Ok(if calls { Stop::Tools } else { Stop::End }),
            Some("tool_calls" | "function_call" | "tool_use") if calls => Ok(Stop::Tools),
            Some("tool_calls" | "function_call" | "tool_use") => Err(Ended::NoCall),
            Some("length" | "max_tokens") => Err(Ended::Length),
            Some("content_filter") => Err(Ended::Filter),
            Some("model_context_window_exceeded") => Err(Ended::Window),
            Some(reason) => Err(Ended::Unknown(reason.to_owned())),
            None => Err(Ended::Unknown(String::new())),
        };
        let stop = stop.map_err(|ended| ended.failure(self.usage))?;
        let mut said = Vec::new();
        if calls && !self.thoughts.is_empty() {
            said.push(Said::Kept(Value::Object(self.thoughts)));
        }
        if !self.text.is_empty() {
            said.push(Said::Text(self.text));
        }
        for (number, call) in (1_u32..).zip(self.calls) {
            if !call.extra.is_null() {
                said.push(Said::Kept(json!({"extra_content": call.extra})));
            }
            // The result must refer to something, also where the server gives no name.
            let id = if call.id.is_empty() { format!("call_{number}") } else { call.id };
            let arguments = if call.arguments.trim().is_empty() { "{}".to_owned() } else { call.arguments };
            said.push(Said::Call(ToolCall { id, name: call.name, arguments }));
        }
        Ok(Reply { said, stop, usage: self.usage, model: self.model, request_id: None })
    }
}

/// A text, or a list of parts with texts.
pub(super) fn content(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts.iter().filter_map(|part| part["text"].as_str()).collect(),
        _ => String::new(),
    }
}

/// A text that holds JSON; some servers send the JSON itself.
pub(super) fn arguments(arguments: &Value) -> String {
    match arguments {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        value => value.to_string(),
    }
}

/// Tokens from and to the cache are among `prompt_tokens` here, and not among ours. Missing is unknown.
pub(super) fn usage(usage: &Value) -> Usage {
    let details = &usage["prompt_tokens_details"];
    let read = details["cached_tokens"].as_u64().or_else(|| usage["prompt_cache_hit_tokens"].as_u64());
    let written = details["cache_write_tokens"].as_u64();
    let cached = read.unwrap_or(0).saturating_add(written.unwrap_or(0));
    Usage {
        input_tokens: usage["prompt_tokens"].as_u64().map(|all| all.saturating_sub(cached)),
        output_tokens: usage["completion_tokens"].as_u64(),
        cache_read_tokens: read,
        cache_write_tokens: written,
        ..Usage::default()
    }
}
