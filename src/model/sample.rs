//! A conversation with everything in it, for the tests of this room.

use serde_json::json;

use super::http::{Access, BaseUrl, Endpoint};
use super::{Block, Keep, Part, Request, Said, Schema, Tool, ToolCall, ToolResult, Turn};

/// What was said, asked, called and answered; `kept` is what the model's turn begins with.
pub(super) fn conversation(kept: serde_json::Value) -> Request {
    let block = |text: &str, keep| Block { text: text.to_owned(), keep };
    let call = ToolCall { id: "c1".to_owned(), name: "read".to_owned(), arguments: r#"{"path":"a"}"#.to_owned() };
    let broken = ToolCall { id: "c2".to_owned(), name: "read".to_owned(), arguments: r#"{"path":"#.to_owned() };
    let result = |call: &str, text: &str, failed| {
        Part::ToolResult(ToolResult { call: call.to_owned(), text: text.to_owned(), failed })
    };
    Request {
        system: vec![block("You plan.", Keep::Once), block("", Keep::Cached), block("The repository.", Keep::Cached)],
        turns: vec![
            Turn::User(vec![Part::Text(block("Why?", Keep::Once)), Part::Text(block("", Keep::Once))]),
            Turn::Model(vec![Said::Kept(kept), Said::Text("I look.".to_owned()), Said::Call(call), Said::Call(broken)]),
            Turn::User(vec![
                Part::Text(block("Go on.", Keep::Once)),
                result("c1", "fn a() {}", false),
                result("c2", "not JSON", true),
            ]),
        ],
        keep: Keep::Cached,
        tools: vec![Tool {
            name: "read".to_owned(),
            description: "Reads a file.".to_owned(),
            parameters: json!({"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]}),
        }],
        schema: Some(Schema {
            name: "plan".to_owned(),
            schema: json!({"type": "object", "properties": {"n": {"type": "integer", "minimum": 1}}, "required": ["n"]}),
        }),
        max_output_tokens: 700,
    }
}

/// The least there can be.
pub(super) fn question() -> Request {
    let question = Block { text: "Why?".to_owned(), keep: Keep::Once };
    Request { turns: vec![Turn::User(vec![Part::Text(question)])], max_output_tokens: 9, ..Request::default() }
}

pub(super) fn endpoint(base: &str) -> Endpoint {
    Endpoint::new(BaseUrl::new(base).expect("an address"), Access::Open, "the-model")
}
