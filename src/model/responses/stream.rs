//! A streamed answer of the Responses API, put together.

use std::collections::BTreeMap;

use serde_json::Value;

use super::answer;
use crate::event::Usage;
use crate::model::Reply;
use crate::model::failure::Answered;
use crate::model::http::{Gather, Next, Told, cut, unreadable};
use crate::model::sse::Event;

/// What came so far.
#[derive(Default)]
pub(in crate::model) struct Stream {
    /// Items that are whole, by their place. Those of the last event may lack what was encrypted.
    items: BTreeMap<u64, Value>,
    /// The response as its last event tells it.
    response: Option<Value>,
}

impl Gather for Stream {
    fn take(&mut self, event: &Event, heard: &mut dyn FnMut(&str)) -> Answered<Next> {
        if event.data.trim() == "[DONE]" {
            return Ok(Next::End);
        }
        let mut data: Value = serde_json::from_str(&event.data)
            .map_err(|error| unreadable(&format!("an event of the answer is not JSON: {error}")))?;
        match data["type"].as_str().unwrap_or(&event.name) {
            "response.output_text.delta" => heard(data["delta"].as_str().unwrap_or_default()),
            "response.output_item.done" => {
                let place = data["output_index"].as_u64().unwrap_or(self.items.len() as u64);
                self.items.insert(place, data["item"].take());
            }
            kind @ ("response.completed" | "response.incomplete" | "response.failed") => {
                let status = kind.trim_start_matches("response.").to_owned();
                let mut response = data["response"].take();
                if let Some(fields) = response.as_object_mut() {
                    // The event says it, whatever the response does.
                    fields.insert("status".to_owned(), Value::String(status));
                }
                self.response = Some(response);
                return Ok(Next::End);
            }
            "error" => return Err(Told::of(&data).failure().into()),
            // Beginnings, parts and summaries of what comes whole, and what comes after this was written.
            _ => {}
        }
        Ok(Next::More)
    }

    fn usage(&self) -> Usage {
        self.response.as_ref().map(|response| answer::usage(&response["usage"])).unwrap_or_default()
    }

    fn end(self) -> Answered<Reply> {
        let Some(response) = self.response else { return Err(cut().into()) };
        let items: Vec<Value> = self.items.into_values().collect();
        let told = response["output"].as_array().map_or(&[][..], Vec::as_slice);
        answer::reply(if items.is_empty() { told } else { &items }, &response)
    }
}
