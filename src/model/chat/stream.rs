//! A streamed answer of Chat Completions, put together.

use std::collections::BTreeMap;

use serde_json::Value;

use super::answer::{self, Call, Message, THOUGHTS};
use crate::event::Usage;
use crate::model::failure::Answered;
use crate::model::http::{Gather, Next, Told, cut, unreadable};
use crate::model::sse::Event;
use crate::model::{ModelFailure, Reply};

/// What came so far.
#[derive(Default)]
pub(in crate::model) struct Stream {
    message: Message,
    /// By the number that the server gives them.
    calls: BTreeMap<u64, Call>,
    /// The call that grew last.
    last: u64,
    ended: bool,
}

impl Gather for Stream {
    fn take(&mut self, event: &Event, heard: &mut dyn FnMut(&str)) -> Answered<Next> {
        if event.data.trim() == "[DONE]" {
            self.ended = true;
            return Ok(Next::End);
        }
        let data: Value = serde_json::from_str(&event.data)
            .map_err(|error| unreadable(&format!("an event of the answer is not JSON: {error}")))?;
        if data.get("error").is_some_and(|error| !error.is_null()) || event.name == "error" {
            return Err(Told::of(&data).failure().into());
        }
        if let Some(model) = data["model"].as_str().filter(|model| !model.is_empty()) {
            model.clone_into(&mut self.message.model);
        }
        // Some servers tell it with every piece, growing.
        self.message.usage = self.message.usage.max(answer::usage(&data["usage"]));
        let choice = &data["choices"][0];
        // Some send the last piece as a whole message.
        let delta = if choice["delta"].is_object() { &choice["delta"] } else { &choice["message"] };
        self.grow(delta, heard);
        if let Some(reason) = choice["finish_reason"].as_str().filter(|reason| !reason.is_empty()) {
            self.message.reason = Some(reason.to_owned());
        }
        Ok(Next::More)
    }

    fn usage(&self) -> Usage {
        self.message.usage
    }

    fn end(mut self) -> Answered<Reply> {
        // The reason is an end as well: not every server says `[DONE]` after it. `[DONE]` alone is none: it says nothing.
        if self.message.reason.is_none() {
            let usage = Usage { partial: true, ..self.message.usage };
            return Err(Box::new(if self.message.usage.is_unknown() {
                cut()
            } else {
                ModelFailure { usage, ..cut() }
            }));
        }
        self.message.calls = self.calls.into_values().collect();
        self.message.reply()
    }
}

impl Stream {
    fn grow(&mut self, delta: &Value, heard: &mut dyn FnMut(&str)) {
        let text = answer::content(&delta["content"]);
        if !text.is_empty() {
            heard(&text);
            self.message.text.push_str(&text);
        }
        self.message.refusal.push_str(delta["refusal"].as_str().unwrap_or_default());
        for key in THOUGHTS {
            self.think(key, &delta[key]);
        }
        for call in delta["tool_calls"].as_array().map_or(&[][..], Vec::as_slice) {
            self.call(call);
        }
    }

    fn think(&mut self, key: &str, more: &Value) {
        match (self.message.thoughts.get_mut(key), more) {
            (Some(Value::String(text)), Value::String(more)) => text.push_str(more),
            (Some(Value::Array(parts)), Value::Array(more)) => parts.extend(more.iter().cloned()),
            (None, first) if !first.is_null() => drop(self.message.thoughts.insert(key.to_owned(), first.clone())),
            (Some(_) | None, _) => {}
        }
    }

    /// A call, or more of one. Where the server gives no number, one with an id or a name of its own begins anew.
    fn call(&mut self, piece: &Value) {
        let function = &piece["function"];
        let id = piece["id"].as_str().unwrap_or_default();
        let name = function["name"].as_str().unwrap_or_default();
        let number = match piece["index"].as_u64() {
            Some(number) => number,
            None if self.calls.is_empty() => 0,
            None => {
                let last = self.calls.get(&self.last);
                let goes_on = last.is_some_and(|last| if id.is_empty() { name.is_empty() } else { last.id == id });
                if goes_on { self.last } else { self.calls.keys().next_back().map_or(0, |last| last.saturating_add(1)) }
            }
        };
        self.last = number;
        let call = self.calls.entry(number).or_default();
        if call.id.is_empty() {
            id.clone_into(&mut call.id);
        }
        // Some say the name with every piece.
        if call.name.is_empty() {
            name.clone_into(&mut call.name);
        }
        call.arguments.push_str(&answer::arguments(&function["arguments"]));
        if call.extra.is_null() {
            call.extra = piece["extra_content"].clone();
        }
    }
}
