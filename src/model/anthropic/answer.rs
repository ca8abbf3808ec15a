//! What the Messages API answers, in our words.

use serde_json::Value;

use crate::event::Usage;
use crate::model::ended::Ended;
use crate::model::failure::Answered;
use crate::model::http::unreadable;
use crate::model::{Reply, Said, Stop, ToolCall};

/// An answer that came whole.
pub(super) fn whole(answer: &Value) -> Answered<Reply> {
    let Some(content) = answer["content"].as_array() else {
        return Err(unreadable("the answer has no `content`").into());
    };
    let said = content.iter().filter_map(said).collect();
    let usage = usage(&answer["usage"]);
    reply(said, &answer["stop_reason"], &answer["stop_details"], usage, &answer["model"])
}

/// One block. An answer says nothing by an empty text.
pub(super) fn said(block: &Value) -> Option<Said> {
    let text = |key: &str| block[key].as_str().unwrap_or_default().to_owned();
    match block["type"].as_str()? {
        "text" => Some(text("text")).filter(|text| !text.is_empty()).map(Said::Text),
        "tool_use" => {
            let arguments = match &block["input"] {
                Value::Null => "{}".to_owned(),
                input => input.to_string(),
            };
            Some(Said::Call(ToolCall { id: text("id"), name: text("name"), arguments }))
        }
        // Thinking, and what comes after this was written.
        _ => Some(Said::Kept(block.clone())),
    }
}

/// Source: "Handling stop reasons".
pub(super) fn reply(said: Vec<Said>, reason: &Value, details: &Value, usage: Usage, model: &Value) -> Answered<Reply> {
    let calls = said.iter().any(|said| matches!(said, Said::Call(_)));
    let stop = match reason.as_str() {
        Some("end_turn" | "stop_sequence") => Ok(if calls { Stop::Tools } else { Stop::End }),
        Some("tool_use") if calls => Ok(Stop::Tools),
        Some("tool_use") => Err(Ended::NoCall),
        Some("max_tokens") => Err(Ended::Length),
        Some("model_context_window_exceeded") => Err(Ended::Window),
        Some("refusal") => Err(Ended::Refusal(details["explanation"].as_str().unwrap_or_default().to_owned())),
        Some("pause_turn") => Err(Ended::Pause),
        Some(reason) => Err(Ended::Unknown(reason.to_owned())),
        None => Err(Ended::Unknown(String::new())),
    };
    let stop = stop.map_err(|ended| ended.failure(usage))?;
    Ok(Reply { said, stop, usage, model: model.as_str().unwrap_or_default().to_owned(), request_id: None })
}

/// Tokens from and to the cache are not among `input_tokens` here.
pub(super) fn usage(usage: &Value) -> Usage {
    let told = serde_json::from_value::<Usage>(usage.clone()).unwrap_or_default();
    // Only tokens are told by this provider; anything else in their place is not for us.
    Usage { usd: None, partial: false, ..told }
}
