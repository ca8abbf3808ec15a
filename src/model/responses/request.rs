//! A request as the Responses API wants it.

use serde_json::{Value, json};

use crate::ids::Digest;
use crate::model::http::{Delivery, Endpoint, Schemas};
use crate::model::{Keep, Part, Request, Said, Turn, schema};

pub(super) fn body(request: &Request, endpoint: &Endpoint) -> Value {
    let mut system: Vec<String> = request.system.iter().map(|block| block.text.clone()).collect();
    let enforced = endpoint.schemas == Schemas::Enforced;
    if let Some(wanted) = request.schema.as_ref().filter(|_| !enforced) {
        system.push(schema::asked(wanted));
    }
    system.retain(|text| !text.is_empty());
    let input: Vec<Value> = request.turns.iter().flat_map(items).collect();
    let mut body = json!({
        "model": endpoint.model,
        "input": input,
        "max_output_tokens": request.max_output_tokens,
        // Nothing is left with the provider; so it must give what it needs again.
        "store": false,
    });
    if !system.is_empty() {
        body["instructions"] = json!(system.join("\n\n"));
    }
    if thinks(&endpoint.model) {
        body["include"] = json!(["reasoning.encrypted_content"]);
    }
    if endpoint.delivery == Delivery::Streamed {
        body["stream"] = Value::Bool(true);
    }
    if let Some(wanted) = request.schema.as_ref().filter(|_| enforced) {
        let strict = schema::is_strict(&wanted.schema);
        let format = json!({"type": "json_schema", "name": wanted.name, "strict": strict, "schema": wanted.schema});
        body["text"] = json!({"format": format});
    }
    if !request.tools.is_empty() {
        let tools = request.tools.iter().map(|tool| {
            json!({
                "type": "function",
                "name": tool.name,
                "description": tool.description,
                "parameters": tool.parameters,
                // Left out it means true, and most schemas would be refused.
                "strict": schema::is_strict(&tool.parameters),
            })
        });
        body["tools"] = tools.collect();
    }
    if let Some(key) = shared(request) {
        body["prompt_cache_key"] = json!(key);
    }
    body
}

/// Requests that begin alike should come to the same machine, which has kept the beginning: the first of the places up to
/// which it is worth keeping says which these are.
fn shared(request: &Request) -> Option<String> {
    let end = request.system.iter().position(|block| block.keep == Keep::Cached)?;
    let beginning: String = request.system[..=end].iter().map(|block| block.text.as_str()).collect();
    Some(Digest::of(beginning.as_bytes()).short().to_owned())
}

/// Models that do not think refuse to be asked for their thoughts.
fn thinks(model: &str) -> bool {
    !["gpt-4", "gpt-3", "chatgpt-4"].iter().any(|old| model.contains(old))
}

fn items(turn: &Turn) -> Vec<Value> {
    match turn {
        Turn::User(parts) => {
            let texts: Vec<Value> = parts.iter().filter_map(text).collect();
            let message = (!texts.is_empty()).then(|| json!({"role": "user", "content": texts}));
            // Results belong to the calls before them.
            parts.iter().filter_map(result).chain(message).collect()
        }
        Turn::Model(said) => {
            let mut phase = Value::Null;
            said.iter().filter_map(|said| back(said, &mut phase)).collect()
        }
    }
}

fn text(part: &Part) -> Option<Value> {
    match part {
        Part::Text(block) if !block.text.is_empty() => Some(json!({"type": "input_text", "text": block.text})),
        Part::Text(_) | Part::ToolResult(_) => None,
    }
}

fn result(part: &Part) -> Option<Value> {
    let Part::ToolResult(result) = part else { return None };
    // There is no other place to say that it failed.
    let output = if result.failed { format!("error: {}", result.text) } else { result.text.clone() };
    Some(json!({"type": "function_call_output", "call_id": result.call, "output": output}))
}

fn back(said: &Said, phase: &mut Value) -> Option<Value> {
    match said {
        Said::Text(text) => {
            let content = json!([{"type": "output_text", "text": text}]);
            let mut message = json!({"type": "message", "role": "assistant", "content": content});
            if !phase.is_null() {
                message["phase"] = phase.take();
            }
            (!text.is_empty()).then_some(message)
        }
        Said::Call(call) => {
            Some(json!({"type": "function_call", "call_id": call.id, "name": call.name, "arguments": call.arguments}))
        }
        Said::Kept(kept) => match kept.get("phase") {
            Some(of_next) if kept.get("type").is_none() => {
                *phase = of_next.clone();
                None
            }
            _ => Some(kept.clone()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::sample::{conversation, endpoint, question};

    const BASE: &str = "https://api.openai.com/v1";

    #[test]
    fn a_whole_conversation_is_sent_exactly_so() {
        let reasoning = json!({"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "x"});
        let mut request = conversation(reasoning.clone());
        if let Turn::Model(said) = &mut request.turns[1] {
            said.insert(1, Said::Kept(json!({"phase": "commentary"})));
        }
        let expected = json!({
            "model": "the-model",
            "max_output_tokens": 700,
            "store": false,
            "stream": true,
            "include": ["reasoning.encrypted_content"],
            "instructions": "You plan.\n\nThe repository.",
            "input": [
                {"role": "user", "content": [{"type": "input_text", "text": "Why?"}]},
                reasoning,
                {"type": "message", "role": "assistant", "phase": "commentary",
                 "content": [{"type": "output_text", "text": "I look."}]},
                {"type": "function_call", "call_id": "c1", "name": "read", "arguments": "{\"path\":\"a\"}"},
                {"type": "function_call", "call_id": "c2", "name": "read", "arguments": "{\"path\":"},
                {"type": "function_call_output", "call_id": "c1", "output": "fn a() {}"},
                {"type": "function_call_output", "call_id": "c2", "output": "error: not JSON"},
                {"role": "user", "content": [{"type": "input_text", "text": "Go on."}]},
            ],
            "text": {"format": {"type": "json_schema", "name": "plan", "strict": false, "schema": {
                "type": "object", "properties": {"n": {"type": "integer", "minimum": 1}}, "required": ["n"],
            }}},
            "tools": [{
                "type": "function",
                "name": "read",
                "description": "Reads a file.",
                "parameters": {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]},
                "strict": false,
            }],
            "prompt_cache_key": Digest::of(b"You plan.").short(),
        });
        assert_eq!(body(&request, &endpoint(BASE)), expected);
    }

    #[test]
    fn a_question_alone_has_nothing_that_was_not_asked_for() {
        let whole = Endpoint { delivery: Delivery::Whole, model: "gpt-4.1".to_owned(), ..endpoint(BASE) };
        let expected = json!({
            "model": "gpt-4.1",
            "max_output_tokens": 9,
            "store": false,
            "input": [{"role": "user", "content": [{"type": "input_text", "text": "Why?"}]}],
        });
        assert_eq!(body(&question(), &whole), expected);
    }

    #[test]
    fn what_is_closed_and_complete_is_sent_as_strict() {
        let mut request = conversation(json!({"type": "reasoning"}));
        let closed =
            json!({"type": "object", "properties": {"n": {}}, "required": ["n"], "additionalProperties": false});
        request.tools[0].parameters = closed.clone();
        request.schema.as_mut().expect("a schema").schema = closed;
        let body = body(&request, &endpoint(BASE));
        assert_eq!((&body["tools"][0]["strict"], &body["text"]["format"]["strict"]), (&json!(true), &json!(true)));
    }

    #[test]
    fn requests_that_begin_alike_have_the_same_key_for_what_is_kept() {
        let key = |text: &str, more: &str| {
            let block = |text: &str, keep| crate::model::Block { text: text.to_owned(), keep };
            let system = vec![block(text, Keep::Cached), block(more, Keep::Cached)];
            body(&Request { system, ..question() }, &endpoint(BASE))["prompt_cache_key"].clone()
        };
        assert_eq!(key("a", "b"), key("a", "c"));
        assert_ne!(key("a", "b"), key("d", "b"));
    }
}
