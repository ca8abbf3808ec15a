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
        Turn::User(parts) => ("user", parts.iter().filter_map(|part| given(part, left)).collect()),
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
