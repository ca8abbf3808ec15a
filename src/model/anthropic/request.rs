//! A request as the Messages API wants it.

use serde_json::{Map, Value, json};

use crate::model::http::{Delivery, Endpoint, Schemas};
use crate::model::{Keep, Part, Request, Said, ToolCall, Turn, schema};

/// The most places up to which a request may be kept.
const BREAKPOINTS: usize = 4;

pub(super) fn body(request: &Request, endpoint: &Endpoint) -> Value {
    let mut left = Breakpoints::of(request);
    let mut system: Vec<Value> = Vec::new();
    for block in request.system.iter().filter(|block| !block.text.is_empty()) {
        system.push(kept(json!({"type": "text", "text": block.text}), left.take(block.keep)));
    }
    let mut body = json!({"model": endpoint.model, "max_tokens": request.max_output_tokens});
    if endpoint.delivery == Delivery::Streamed {
        body["stream"] = Value::Bool(true);
    }
    if let Some(wanted) = &request.schema {
        let closed = schema::closed(&wanted.schema).filter(|_| endpoint.schemas == Schemas::Enforced);
        match closed {
            Some(closed) => body["output_config"] = json!({"format": {"type": "json_schema", "schema": closed}}),
            // It cannot be enforced, so it is asked for. It stands last: what was kept before stays the same.
            None => system.push(json!({"type": "text", "text": schema::asked(wanted)})),
        }
    }
    if !system.is_empty() {
        body["system"] = Value::Array(system);
    }
    if !request.tools.is_empty() {
        let tools = request
            .tools
            .iter()
            .map(|tool| json!({"name": tool.name, "description": tool.description, "input_schema": tool.parameters}));
        body["tools"] = tools.collect();
    }
    let mut messages: Vec<Value> = request.turns.iter().filter_map(|turn| message(turn, &mut left)).collect();
    if request.keep == Keep::Cached {
        keep_last(&mut messages);
    }
    body["messages"] = Value::Array(messages);
    body
}

fn message(turn: &Turn, left: &mut Breakpoints) -> Option<Value> {
    let (role, content): (_, Vec<Value>) = match turn {
        Turn::User(parts) => {
            let mut content: Vec<Value> = parts.iter().filter_map(|part| given(part, left)).collect();
            // Results come first, or they are not taken for the results of the calls before them.
            content.sort_by_key(|block| block["type"] != "tool_result");
            ("user", content)
        }
        Turn::Model(said) => ("assistant", said.iter().filter_map(back).collect()),
    };
    // Turns and texts without a word are refused.
    (!content.is_empty()).then(|| json!({"role": role, "content": content}))
}

fn given(part: &Part, left: &mut Breakpoints) -> Option<Value> {
    match part {
        Part::Text(block) if block.text.is_empty() => None,
        Part::Text(block) => Some(kept(json!({"type": "text", "text": block.text}), left.take(block.keep))),
        Part::ToolResult(result) => {
            let mut value = json!({"type": "tool_result", "tool_use_id": result.call, "content": result.text});
            if result.failed {
                value["is_error"] = Value::Bool(true);
            }
            Some(value)
        }
    }
}

fn back(said: &Said) -> Option<Value> {
    match said {
        Said::Text(text) => (!text.is_empty()).then(|| json!({"type": "text", "text": text})),
        Said::Call(call) => Some(json!({"type": "tool_use", "id": call.id, "name": call.name, "input": input(call)})),
        Said::Kept(value) => Some(value.clone()),
    }
}

/// The arguments must be an object. What the model wrote instead is shown to it as it was.
fn input(call: &ToolCall) -> Value {
    match serde_json::from_str::<Map<String, Value>>(&call.arguments) {
        Ok(object) => Value::Object(object),
        Err(_) => json!({"not_an_object": call.arguments}),
    }
}

fn kept(mut block: Value, keep: bool) -> Value {
    if keep {
        block["cache_control"] = json!({"type": "ephemeral"});
    }
    block
}

/// The last block of the conversation; thinking cannot be marked, and is never last.
fn keep_last(messages: &mut [Value]) {
    let content = messages.last_mut().and_then(|message| message["content"].as_array_mut());
    if let Some(block) = content.and_then(|content| content.last_mut()) {
        block["cache_control"] = json!({"type": "ephemeral"});
    }
}

/// How many places may still be marked. More than there may be are left out in the middle: the first are shared by most
/// requests, the last save most.
struct Breakpoints {
    seen: usize,
    of: usize,
    most: usize,
}

impl Breakpoints {
    fn of(request: &Request) -> Self {
        let system = request.system.iter().filter(|block| !block.text.is_empty() && block.keep == Keep::Cached).count();
        let given = request.turns.iter().map(|turn| match turn {
            Turn::User(parts) => parts.iter().filter(|part| is_marked(part)).count(),
            Turn::Model(_) => 0,
        });
        let most = BREAKPOINTS - usize::from(request.keep == Keep::Cached);
        Self { seen: 0, of: system + given.sum::<usize>(), most }
    }

    fn take(&mut self, keep: Keep) -> bool {
        if keep == Keep::Once {
            return false;
        }
        let place = self.seen;
        self.seen += 1;
        let first = self.most / 2;
        place < first || self.of - place <= self.most - first
    }
}

fn is_marked(part: &Part) -> bool {
    matches!(part, Part::Text(block) if !block.text.is_empty() && block.keep == Keep::Cached)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::sample::{conversation, endpoint, question};
    use crate::model::{Block, Tool};

    const BASE: &str = "https://api.anthropic.com";

    #[test]
    fn a_whole_conversation_is_sent_exactly_so() {
        let thinking = json!({"type": "thinking", "thinking": "hm", "signature": "s"});
        let cache = json!({"type": "ephemeral"});
        let expected = json!({
            "model": "the-model",
            "max_tokens": 700,
            "stream": true,
            "system": [
                {"type": "text", "text": "You plan."},
                {"type": "text", "text": "The repository.", "cache_control": cache},
            ],
            "output_config": {"format": {"type": "json_schema", "schema": {
                "type": "object",
                "properties": {"n": {"type": "integer", "description": "(minimum: 1)"}},
                "required": ["n"],
                "additionalProperties": false,
            }}},
            "tools": [{
                "name": "read",
                "description": "Reads a file.",
                "input_schema": {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]},
            }],
            "messages": [
                {"role": "user", "content": [{"type": "text", "text": "Why?"}]},
                {"role": "assistant", "content": [
                    thinking,
                    {"type": "text", "text": "I look."},
                    {"type": "tool_use", "id": "c1", "name": "read", "input": {"path": "a"}},
                    {"type": "tool_use", "id": "c2", "name": "read", "input": {"not_an_object": "{\"path\":"}},
                ]},
                {"role": "user", "content": [
                    {"type": "tool_result", "tool_use_id": "c1", "content": "fn a() {}"},
                    {"type": "tool_result", "tool_use_id": "c2", "content": "not JSON", "is_error": true},
                    {"type": "text", "text": "Go on.", "cache_control": cache},
                ]},
            ],
        });
        assert_eq!(body(&conversation(thinking), &endpoint(BASE)), expected);
    }

    #[test]
    fn a_question_alone_has_nothing_that_was_not_asked_for() {
        let whole = Endpoint { delivery: Delivery::Whole, ..endpoint(BASE) };
        let expected = json!({
            "model": "the-model",
            "max_tokens": 9,
            "messages": [{"role": "user", "content": [{"type": "text", "text": "Why?"}]}],
        });
        assert_eq!(body(&question(), &whole), expected);
    }

    #[test]
    fn a_schema_that_cannot_be_enforced_is_asked_for_after_all_else() {
        let mut request = conversation(json!({"type": "thinking"}));
        let asked = |request: &Request, endpoint: &Endpoint| {
            let body = body(request, endpoint);
            assert_eq!(body.get("output_config"), None);
            let last = body["system"][2]["text"].as_str().expect("a text").to_owned();
            assert!(last.starts_with("Answer with one JSON document"), "{last}");
        };
        asked(&request, &Endpoint { schemas: Schemas::Asked, ..endpoint(BASE) });
        let schema = request.schema.as_mut().expect("a schema");
        schema.schema = json!({"type": "object", "additionalProperties": {"type": "string"}});
        asked(&request, &endpoint(BASE));
    }

    #[test]
    fn no_more_than_four_places_are_marked_the_first_and_the_last() {
        for (keep, expected) in [(Keep::Once, vec![0, 1, 4, 5]), (Keep::Cached, vec![0, 4, 5])] {
            let system = (0..6).map(|n| Block { text: format!("{n}"), keep: Keep::Cached }).collect();
            let tools = vec![Tool { name: "t".to_owned(), description: String::new(), parameters: json!({}) }];
            let body = body(&Request { system, keep, tools, ..question() }, &endpoint(BASE));
            let blocks = body["system"].as_array().expect("blocks");
            let marked: Vec<usize> = (0..6).filter(|n| blocks[*n].get("cache_control").is_some()).collect();
            assert_eq!(marked, expected);
            let last = body["messages"][0]["content"][0].get("cache_control").is_some();
            assert_eq!(last, keep == Keep::Cached);
        }
    }
}
