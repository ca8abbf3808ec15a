//! What the Responses API answers, in our words.

use serde_json::{Value, json};

use crate::event::Usage;
use crate::model::ended::Ended;
use crate::model::failure::Answered;
use crate::model::http::{Told, unreadable};
use crate::model::{ModelFailure, Reply, Said, Stop, ToolCall};

/// An answer that came whole.
pub(super) fn whole(answer: &Value) -> Answered<Reply> {
    let Some(output) = answer["output"].as_array() else {
        return Err(unreadable("the answer has no `output`").into());
    };
    reply(output, answer)
}

/// `output` with the rest of its response.
pub(super) fn reply(output: &[Value], response: &Value) -> Answered<Reply> {
    let usage = usage(&response["usage"]);
    let failed = |ended: Ended| Err(Box::new(ended.failure(usage)));
    match response["status"].as_str() {
        // Some gateways leave it out where all is well.
        Some("completed") | None => {}
        Some("incomplete") => {
            return failed(match response["incomplete_details"]["reason"].as_str() {
                Some("max_output_tokens") => Ended::Length,
                Some("content_filter") => Ended::Filter,
                reason => Ended::Unknown(reason.unwrap_or("incomplete").to_owned()),
            });
        }
        Some("failed") => return Err(Box::new(ModelFailure { usage, ..Told::of(response).failure() })),
        Some(status) => return failed(Ended::Unknown(status.to_owned())),
    }
    let mut said = Vec::new();
    for item in output {
        match item["type"].as_str() {
            Some("message") => {
                if let Some(refusal) = item["content"].as_array().and_then(|parts| refusal(parts)) {
                    return failed(Ended::Refusal(refusal));
                }
                message(item, &mut said);
            }
            Some("function_call") => said.push(Said::Call(call(item))),
            Some(_) => said.push(Said::Kept(kept(item))),
            None => {}
        }
    }
    let stop = if said.iter().any(|said| matches!(said, Said::Call(_))) { Stop::Tools } else { Stop::End };
    let model = response["model"].as_str().unwrap_or_default().to_owned();
    Ok(Reply { said, stop, usage, model, request_id: None })
}

fn refusal(parts: &[Value]) -> Option<String> {
    let part = parts.iter().find(|part| part["type"] == "refusal")?;
    Some(part["refusal"].as_str().unwrap_or_default().to_owned())
}

/// Its text; before it, where it has one, its phase, which is wanted back with it.
fn message(item: &Value, said: &mut Vec<Said>) {
    let parts = item["content"].as_array().map_or(&[][..], Vec::as_slice);
    let text: String = parts.iter().filter_map(|part| part["text"].as_str()).collect();
    if text.is_empty() {
        return;
    }
    if !item["phase"].is_null() {
        said.push(Said::Kept(json!({"phase": item["phase"]})));
    }
    said.push(Said::Text(text));
}

fn call(item: &Value) -> ToolCall {
    let field = |key: &str| item[key].as_str().unwrap_or_default().to_owned();
    let id = if field("call_id").is_empty() { field("id") } else { field("call_id") };
    let arguments = match &item["arguments"] {
        Value::String(text) if !text.trim().is_empty() => text.clone(),
        Value::String(_) | Value::Null => "{}".to_owned(),
        // As some servers send it.
        value => value.to_string(),
    };
    ToolCall { id, name: field("name"), arguments }
}

/// Reasoning as it goes back. Its status is for reading only.
fn kept(item: &Value) -> Value {
    let mut item = item.clone();
    if let Some(fields) = item.as_object_mut() {
        fields.remove("status");
    }
    item
}

/// Tokens from and to the cache are among `input_tokens` here, and not among ours.
pub(super) fn usage(usage: &Value) -> Usage {
    let details = &usage["input_tokens_details"];
    let (read, written) = (details["cached_tokens"].as_u64(), details["cache_write_tokens"].as_u64());
    let cached = read.unwrap_or(0).saturating_add(written.unwrap_or(0));
    Usage {
        input_tokens: usage["input_tokens"].as_u64().map(|all| all.saturating_sub(cached)),
        output_tokens: usage["output_tokens"].as_u64(),
        cache_read_tokens: read,
        cache_write_tokens: written,
        ..Usage::default()
    }
}
