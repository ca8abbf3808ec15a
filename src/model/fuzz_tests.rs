//! What providers send, changed in every way: it is put together or refused, the same however it was cut, and no answer is
//! made out of what is none.

use super::anthropic::Messages;
use super::chat::{Completions, MaxTokens};
use super::failure::Answered;
use super::http::{Dialect, Gather, Next, unreadable};
use super::responses::Responses;
use super::sse::Decoder;
use super::{Reply, Stop};
use crate::kit::{changed, hold, soon};

const CHAT: Completions = Completions { max_tokens: MaxTokens::ByHost };

/// As a client does it, without the wire.
fn put_together<D: Dialect>(dialect: &D, bytes: &[u8], cut: usize) -> Answered<(Reply, String)> {
    let mut decoder = Decoder::new(16 << 10);
    let mut gather = dialect.gather();
    let mut text = String::new();
    'stream: for chunk in bytes.chunks(cut) {
        decoder.push(chunk);
        while let Some(event) = decoder.event().map_err(|error| unreadable(&error.to_string()))? {
            if gather.take(&event, &mut |heard| text.push_str(heard))? == Next::End {
                break 'stream;
            }
        }
    }
    gather.end().map(|reply| (reply, text))
}

fn is_sound<D: Dialect>(dialect: &D, bytes: &[u8]) {
    let whole = soon(bytes.len(), || put_together(dialect, bytes, bytes.len().max(1)));
    assert_eq!(put_together(dialect, bytes, 1), whole);
    assert_eq!(put_together(dialect, bytes, 7), whole);
    if let Ok((reply, _)) = &whole {
        assert_eq!(reply.stop == Stop::Tools, reply.calls().next().is_some());
    }
    if let Ok(value) = serde_json::from_slice(bytes)
        && let Ok(reply) = soon(bytes.len(), || dialect.whole(&value))
    {
        assert_eq!(reply.stop == Stop::Tools, reply.calls().next().is_some());
    }
}

#[test]
fn a_changed_answer_of_anthropic_is_put_together_or_refused() {
    let seeds = [
        include_bytes!("../../tests/fixtures/models/anthropic.sse").as_slice(),
        include_bytes!("../../tests/fixtures/models/anthropic.json"),
    ];
    hold(2, changed(seeds), |bytes| is_sound(&Messages, &bytes));
}

#[test]
fn a_changed_answer_of_chat_completions_is_put_together_or_refused() {
    let seeds = [
        include_bytes!("../../tests/fixtures/models/chat.sse").as_slice(),
        include_bytes!("../../tests/fixtures/models/chat.json"),
    ];
    hold(2, changed(seeds), |bytes| is_sound(&CHAT, &bytes));
}

#[test]
fn a_changed_answer_of_responses_is_put_together_or_refused() {
    let seeds = [
        include_bytes!("../../tests/fixtures/models/responses.sse").as_slice(),
        include_bytes!("../../tests/fixtures/models/responses.json"),
    ];
    hold(2, changed(seeds), |bytes| is_sound(&Responses, &bytes));
}

/// Cut anywhere before its end was told, it is no answer; from there on it is the one that was recorded.
#[test]
fn an_answer_that_is_cut_anywhere_is_none_until_its_end_was_told() {
    fn whole_from<D: Dialect>(dialect: &D, stream: &str, end: &str) {
        let recorded = put_together(dialect, stream.as_bytes(), 64).expect("the recorded answer");
        let told = stream.rfind(end).expect("its end") + end.len();
        for cut in 0..=stream.len() {
            let answer = put_together(dialect, &stream.as_bytes()[..cut], 64);
            match answer {
                Ok(answer) => assert!(cut >= told && answer.0.said == recorded.0.said, "cut at {cut}"),
                Err(_) => assert!(cut < told, "cut at {cut}"),
            }
        }
    }
    let stop = "{\"type\":\"message_stop\"}\n\n";
    whole_from(&Messages, include_str!("../../tests/fixtures/models/anthropic.sse"), stop);
    // The reason is its end: what comes after it is its usage, and `[DONE]`.
    let reason = "\"finish_reason\":\"tool_calls\"}],\"usage\":null}\n\n";
    whole_from(&CHAT, include_str!("../../tests/fixtures/models/chat.sse"), reason);
    let responses = include_str!("../../tests/fixtures/models/responses.sse");
    whole_from(&Responses, responses, &responses[responses.rfind("event: response.completed").expect("its end")..]);
}
