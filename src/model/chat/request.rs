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
    match max_tokens {
        MaxTokens::New => NEW,
        MaxTokens::ByHost if is_openai(endpoint) => NEW,
        MaxTokens::ByHost | MaxTokens::Old => "max_tokens",
    }
}

/// OpenAI's own servers, and its newer models behind a gateway.
fn is_openai(endpoint: &Endpoint) -> bool {
    let host = endpoint.base_url.host_name();
    let ours = ["openai.com", "openai.azure.com"];
    let model = endpoint.model.rsplit('/').next().unwrap_or_default();
    ours.iter().any(|ours| host == *ours || host.strip_suffix(ours).is_some_and(|rest| rest.ends_with('.')))
        || ["o1", "o3", "o4", "gpt-5"].iter().any(|new| model.starts_with(new))
}

/// Results must follow the calls at once, so they come before any text of the same turn.
fn given(parts: &[Part], messages: &mut Vec<Value>) {
    let mut texts = Vec::new();
    for part in parts {
        match part {
            Part::Text(block) => texts.push(block.text.as_str()),
            Part::ToolResult(result) => {
                messages.push(json!({"role": "tool", "tool_call_id": result.call, "content": told(result)}));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::sample::{conversation, endpoint, question};

    const LOCAL: &str = "http://127.0.0.1:11434/v1";

    #[test]
    fn a_whole_conversation_is_sent_exactly_so() {
        let expected = json!({
            "model": "the-model",
            "max_tokens": 700,
            "stream": true,
            "stream_options": {"include_usage": true},
            "messages": [
                {"role": "system", "content": "You plan.\n\nThe repository."},
                {"role": "user", "content": "Why?"},
                {"role": "assistant", "content": "I look.", "reasoning_content": "hm", "tool_calls": [
                    {"id": "c1", "type": "function", "function": {"name": "read", "arguments": "{\"path\":\"a\"}"}},
                    {"id": "c2", "type": "function", "function": {"name": "read", "arguments": "{\"path\":"}},
                ]},
                {"role": "tool", "tool_call_id": "c1", "content": "fn a() {}"},
                {"role": "tool", "tool_call_id": "c2", "content": "error: not JSON"},
                {"role": "user", "content": "Go on."},
            ],
            "response_format": {"type": "json_schema", "json_schema": {"name": "plan", "strict": false, "schema": {
                "type": "object", "properties": {"n": {"type": "integer", "minimum": 1}}, "required": ["n"],
            }}},
            "tools": [{"type": "function", "function": {
                "name": "read",
                "description": "Reads a file.",
                "parameters": {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]},
            }}],
        });
        let request = conversation(json!({"reasoning_content": "hm"}));
        assert_eq!(body(&request, &endpoint(LOCAL), MaxTokens::ByHost), expected);
    }

    #[test]
    fn a_question_alone_has_nothing_that_was_not_asked_for() {
        let whole = Endpoint { delivery: Delivery::Whole, ..endpoint(LOCAL) };
        let expected =
            json!({"model": "the-model", "max_tokens": 9, "messages": [{"role": "user", "content": "Why?"}]});
        assert_eq!(body(&question(), &whole, MaxTokens::ByHost), expected);
    }

    #[test]
    fn a_schema_may_be_asked_for_in_words() {
        let asked = Endpoint { schemas: Schemas::Asked, ..endpoint(LOCAL) };
        let body = body(&conversation(json!({})), &asked, MaxTokens::ByHost);
        assert_eq!(body.get("response_format"), None);
        let system = body["messages"][0]["content"].as_str().expect("a text");
        assert!(system.starts_with("You plan.\n\nThe repository.\n\nAnswer with one JSON document"), "{system}");
    }

    #[test]
    fn the_limit_is_called_as_the_host_wants_it_or_as_it_is_told() {
        let gateway = Endpoint { model: "openai/gpt-5.1".to_owned(), ..endpoint("https://gateway.example/v1") };
        assert_eq!(body(&question(), &gateway, MaxTokens::ByHost)["max_completion_tokens"], 9);
        for (base, told, name) in [
            ("https://api.openai.com/v1", MaxTokens::ByHost, "max_completion_tokens"),
            ("https://mine.openai.azure.com/openai/v1", MaxTokens::ByHost, "max_completion_tokens"),
            ("https://notopenai.com/v1", MaxTokens::ByHost, "max_tokens"),
            (LOCAL, MaxTokens::ByHost, "max_tokens"),
            (LOCAL, MaxTokens::New, "max_completion_tokens"),
            ("https://api.openai.com/v1", MaxTokens::Old, "max_tokens"),
        ] {
            let body = body(&question(), &endpoint(base), told);
            let names = ["max_tokens", "max_completion_tokens"].map(|name| body.get(name).is_some().then_some(name));
            assert_eq!(names.into_iter().flatten().collect::<Vec<_>>(), [name], "{base}");
        }
    }
}
