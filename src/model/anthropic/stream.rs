//! A streamed answer of the Messages API, put together.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::answer;
use crate::event::Usage;
use crate::model::failure::Answered;
use crate::model::http::{Gather, Next, Told, cut, unreadable};
use crate::model::sse::Event;
use crate::model::{ModelFailure, Reply, Said, ToolCall};

/// What came so far.
#[derive(Default)]
pub(in crate::model) struct Stream {
    blocks: BTreeMap<u64, Block>,
    usage: Usage,
    model: Value,
    reason: Value,
    details: Value,
    ended: bool,
}

/// A block that grows.
struct Block {
    /// As it began, and what was added to its texts.
    value: Value,
    /// The text that grows most, and the arguments of a tool, which come as pieces of JSON.
    text: String,
}

impl Gather for Stream {
    fn take(&mut self, event: &Event, heard: &mut dyn FnMut(&str)) -> Answered<Next> {
        let data: Value = match serde_json::from_str(&event.data) {
            Ok(data) => data,
            // Some gateways send an error, or an end, that is no JSON.
            Err(_) if event.name == "ping" || event.data == "[DONE]" => return Ok(Next::More),
            Err(error) => return Err(unreadable(&format!("an event of the answer is not JSON: {error}")).into()),
        };
        match data["type"].as_str().unwrap_or(&event.name) {
            "message_start" => {
                let message = &data["message"];
                self.model = message["model"].clone();
                self.usage = self.usage.max(answer::usage(&message["usage"]));
            }
            "content_block_start" => {
                let block = Block { value: data["content_block"].clone(), text: String::new() };
                self.blocks.insert(index(&data), block);
            }
            "content_block_delta" => self.grow(&data, heard)?,
            "message_delta" => {
                self.usage = self.usage.max(answer::usage(&data["usage"]));
                let delta = &data["delta"];
                if !delta["stop_reason"].is_null() {
                    self.reason = delta["stop_reason"].clone();
                    self.details = delta["stop_details"].clone();
                }
            }
            "message_stop" => {
                self.ended = true;
                return Ok(Next::End);
            }
            "error" => return Err(Told::of(&data).failure().into()),
            // `content_block_stop`, `ping`, and what comes after this was written.
            _ => {}
        }
        Ok(Next::More)
    }

    fn usage(&self) -> Usage {
        self.usage
    }

    fn end(self) -> Answered<Reply> {
        if !self.ended {
            let usage = Usage { partial: true, ..self.usage };
            return Err(Box::new(if self.usage.is_unknown() { cut() } else { ModelFailure { usage, ..cut() } }));
        }
        let said = self.blocks.into_values().filter_map(Block::said).collect();
        answer::reply(said, &self.reason, &self.details, self.usage, &self.model)
    }
}

impl Stream {
    fn grow(&mut self, data: &Value, heard: &mut dyn FnMut(&str)) -> Answered<()> {
        let Some(block) = self.blocks.get_mut(&index(data)) else {
            return Err(unreadable("a part of the answer goes on that did not begin").into());
        };
        let delta = &data["delta"];
        let piece = |key: &str| delta[key].as_str().unwrap_or_default();
        match delta["type"].as_str().unwrap_or_default() {
            "text_delta" => {
                heard(piece("text"));
                block.text.push_str(piece("text"));
            }
            "thinking_delta" => block.text.push_str(piece("thinking")),
            "input_json_delta" => block.text.push_str(piece("partial_json")),
            "signature_delta" => {
                let signature = block.value["signature"].as_str().unwrap_or_default().to_owned() + piece("signature");
                if let Some(value) = block.value.as_object_mut() {
                    value.insert("signature".to_owned(), Value::String(signature));
                }
            }
            _ => {}
        }
        Ok(())
    }
}

impl Block {
    fn said(mut self) -> Option<Said> {
        let kind = self.value["type"].as_str().unwrap_or_default();
        let key = match kind {
            "text" => "text",
            "thinking" => "thinking",
            "tool_use" if !self.text.is_empty() => {
                let field = |key: &str| self.value[key].as_str().unwrap_or_default().to_owned();
                return Some(Said::Call(ToolCall { id: field("id"), name: field("name"), arguments: self.text }));
            }
            _ => return answer::said(&self.value),
        };
        let whole = self.value[key].as_str().unwrap_or_default().to_owned() + &self.text;
        self.value[key] = json!(whole);
        answer::said(&self.value)
    }
}

fn index(data: &Value) -> u64 {
    data["index"].as_u64().unwrap_or(0)
}
