//! A request as Chat Completions wants it. Texts are plain strings rather than lists of parts: every server takes those.

use serde_json::{Map, Value, json};

use super::MaxTokens;
use super::answer::THOUGHTS;
use crate::model::http::{Delivery, Endpoint, Schemas};
use crate::model::{Part, Request, Said, ToolResult, Turn, schema};

pub(super) fn body(request: &Request, endpoint: &Endpoint, max_tokens: MaxTokens) -> Value {
    let mut messages = Vec::new();
    let mut system: Vec<String> = request.system.iter().map(|block| block.text.clone()).collect();
    let enforced = endpoint.schemas == Schemas::Enforced;
    if let Some(wanted) = request.schema.as_ref().filter(|_| !enforced) {
        system.push(schema::asked(wanted));
    }
    system.retain(|text| !text.is_empty());
    if !system.is_empty() {
        messages.push(json!({"role": "system", "content": system.join("\n\n")}));
    }
    for turn in &request.turns {
        match turn {
            Turn::User(parts) => given(parts, &mut messages),
            Turn::Model(said) => messages.extend(back(said)),
        }
    }
    let mut body = json!({"model": endpoint.model, "messages": messages});
    body[limit(endpoint, max_tokens)] = json!(request.max_output_tokens);
    if endpoint.delivery == Delivery::Streamed {
        body["stream"] = Value::Bool(true);
        body["stream_options"] = json!({"include_usage": true});
    }
    if let Some(wanted) = request.schema.as_ref().filter(|_| enforced) {
        let strict = schema::is_strict(&wanted.schema);
        let format = json!({"name": wanted.name, "strict": strict, "schema": wanted.schema});
        body["response_format"] = json!({"type": "json_schema", "json_schema": format});
    }
    if !request.tools.is_empty() {
        let tools = request.tools.iter().map(|tool| {
            let function = json!({"name": tool.name, "description": tool.description, "parameters": tool.parameters});
            json!({"type": "function", "function": function})
        });
        body["tools"] = tools.collect();
    }
    body
}

fn limit(endpoint: &Endpoint, max_tokens: MaxTokens) -> &'static str {
    const NEW: &str = "max_completion_tokens";
    let host = endpoint.base_url.host_name();
    let is_openai = ["openai.com", "openai.azure.com"]
        .iter()
        .any(|ours| host == *ours || host.strip_suffix(ours).is_some_and(|rest| rest.ends_with('.')));
    match max_tokens {
        MaxTokens::New => NEW,
        MaxTokens::ByHost if is_openai => NEW,
        MaxTokens::ByHost | MaxTokens::Old => "max_tokens",
    }
}

/// Results must follow the calls at once, so they come before any text of the same turn.
fn given(parts: &[Part], messages: &mut Vec<Value>) {
    let mut texts = Vec::new();
    for part in parts {
        match part {
            Part::Text(block) => texts.push(block.text.as_str()),
            Part::ToolResult(result) => {
                messages.push(json!({"role": "tool", "tool_call_id": result.call, "content": told(result)}))
            }
        }
    }
    texts.retain(|text| !text.is_empty());
    if !texts.is_empty() {
        messages.push(json!({"role": "user", "content": texts.join("\n\n")}));
    }
}

/// There is no other place to say that a tool failed.
fn told(result: &ToolResult) -> String {
    if result.failed { format!("error: {}", result.text) } else { result.text.clone() }
}

fn back(said: &[Said]) -> Option<Value> {
    let mut message = Map::new();
    let mut text = String::new();
    let mut calls: Vec<Value> = Vec::new();
    let mut extra = Value::Null;
    for said in said {
        match said {
            Said::Text(more) => text.push_str(more),
            Said::Kept(kept) => {
                for key in THOUGHTS {
                    message.extend(kept.get(key).map(|value| (key.to_owned(), value.clone())));
                }
                extra = kept.get("extra_content").cloned().unwrap_or(Value::Null);
            }
            Said::Call(call) => {
                let function = json!({"name": call.name, "arguments": call.arguments});
                let mut call = json!({"id": call.id, "type": "function", "function": function});
                if !extra.is_null() {
                    call["extra_content"] = extra.take();
                }
                calls.push(call);
            }
        }
    }
    if text.is_empty() && calls.is_empty() {
        return None;
    }
    message.insert("role".to_owned(), json!("assistant"));
    // Not `null`: the templates of some servers print it.
    message.insert("content".to_owned(), json!(text));
    if !calls.is_empty() {
        message.insert("tool_calls".to_owned(), Value::Array(calls));
    }
    Some(Value::Object(message))
}
