//! PURE: the conversation so far, kept within the model's window.

use std::fmt;

use super::tools::capped;
use crate::ids::Digest;
use crate::model::{Block, Keep, Part, Request, Said, Tool, ToolResult, Turn};

/// Results that are shorter than this are not worth dropping.
const SHORT: usize = 200;
/// How much of the window is in use after something was dropped, in tenths: what is kept with the provider is lost each
/// time that something is, so that much goes at once.
const AFTER: u64 = 7;

/// A conversation that grows, as the request that is sent next.
#[derive(Debug)]
pub(super) struct Conversation {
    request: Request,
    chain: Digest,
}

/// It does not fit, whatever is dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooLong {
    pub(super) tokens: u64,
    pub(super) window: u64,
}

impl fmt::Display for TooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the conversation has about {} tokens, and {} fit", self.tokens, self.window)
    }
}

impl Conversation {
    pub(super) fn new(system: Vec<Block>, first: Vec<Part>, tools: Vec<Tool>, max_output_tokens: u32) -> Self {
        let request = Request { system, tools, max_output_tokens, keep: Keep::Cached, ..Request::default() };
        let chain = Digest::of_json(&request).unwrap_or_else(|_| Digest::of(b""));
        let mut conversation = Self { request, chain };
        conversation.push(Turn::User(first));
        conversation
    }

    /// What is sent next.
    pub(super) fn request(&self) -> &Request {
        &self.request
    }

    /// What identifies all that was said until now; it costs no more in a long conversation than in a short one.
    pub(super) fn digest(&self) -> &Digest {
        &self.chain
    }

    /// Adds what the model said.
    pub(super) fn said(&mut self, said: Vec<Said>) {
        self.push(Turn::Model(said));
    }

    /// Adds our turn.
    pub(super) fn given(&mut self, parts: Vec<Part>) {
        self.push(Turn::User(parts));
    }

    /// Adds a sentence to our turn, which is the last.
    pub(super) fn add(&mut self, sentence: &str) {
        let part = text(sentence);
        self.link(&part);
        match self.request.turns.last_mut() {
            Some(Turn::User(parts)) => parts.push(part),
            Some(Turn::Model(_)) | None => self.request.turns.push(Turn::User(vec![part])),
        }
    }

    fn push(&mut self, turn: Turn) {
        self.link(&turn);
        self.request.turns.push(turn);
    }

    fn link(&mut self, with: &impl serde::Serialize) {
        // What is no JSON could not be sent either.
        if let Ok(added) = Digest::of_json(with) {
            self.chain = Digest::of(format!("{} {added}", self.chain).as_bytes());
        }
    }

    /// Makes room where the next request with its answer would pass `window` tokens: the oldest tool results become a line
    /// each. Our first turn always stays. Gives how many became one.
    pub(super) fn fit(&mut self, window: u64) -> Result<usize, TooLong> {
        let room = window.saturating_sub(u64::from(self.request.max_output_tokens));
        let tokens = self.request.tokens();
        if tokens <= room {
            return Ok(0);
        }
        let mut excess =
            usize::try_from(tokens.saturating_sub(room * AFTER / 10).saturating_mul(3)).unwrap_or(usize::MAX);
        let last = self.request.turns.len().saturating_sub(1);
        let mut dropped = 0;
        for result in results(&mut self.request.turns[..last]) {
            if excess == 0 {
                break;
            }
            if result.text.len() > SHORT {
                let line = format!(
                    "[{} bytes were dropped to make room: call the tool again if you need them]",
                    result.text.len()
                );
                excess = excess.saturating_sub(result.text.len() - line.len().min(result.text.len()));
                result.text = line;
                dropped += 1;
            }
        }
        // What came last is what the model waits for: shorter, but there.
        for cap in [8 << 10, 2 << 10, 512] {
            if self.request.tokens() <= room {
                break;
            }
            for result in results(&mut self.request.turns[last..]) {
                if result.text.len() > cap {
                    result.text = capped(&result.text, cap).into_owned();
                    dropped += 1;
                }
            }
        }
        let tokens = self.request.tokens();
        if tokens > room {
            return Err(TooLong { tokens, window: room });
        }
        self.link(&dropped);
        Ok(dropped)
    }
}

/// A sentence of ours.
pub(super) fn text(sentence: &str) -> Part {
    Part::Text(Block { text: sentence.to_owned(), keep: Keep::Once })
}

fn results(turns: &mut [Turn]) -> impl Iterator<Item = &mut ToolResult> {
    let parts = turns.iter_mut().filter_map(|turn| match turn {
        Turn::User(parts) => Some(parts),
        Turn::Model(_) => None,
    });
    parts.flatten().filter_map(|part| match part {
        Part::ToolResult(result) => Some(result),
        Part::Text(_) => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ToolCall;

    fn conversation(turns: usize, bytes: usize) -> Conversation {
        let mut conversation = Conversation::new(Vec::new(), vec![text(&"task ".repeat(100))], Vec::new(), 1000);
        for turn in 0..turns {
            let id = format!("c{turn}");
            conversation.said(vec![Said::Call(ToolCall {
                id: id.clone(),
                name: "read".into(),
                arguments: "{}".into(),
            })]);
            let text = format!("{turn} {}", "x".repeat(bytes));
            conversation.given(vec![Part::ToolResult(ToolResult { call: id, text, failed: false })]);
        }
        conversation
    }

    #[test]
    fn what_does_not_fit_is_dropped_from_the_oldest_on_and_the_task_stays() {
        let mut long = conversation(40, 3000);
        let first = long.request().turns[0].clone();
        let window = 21_000;
        assert!(long.request().tokens() > window - 1000);
        let dropped = long.fit(window).unwrap();
        assert!((10..39).contains(&dropped), "{dropped}");
        assert!(long.request().tokens() <= (window - 1000) * 8 / 10, "much goes at once");
        assert_eq!(long.request().turns[0], first);
        let kept: Vec<bool> = results(&mut long.request.turns).map(|result| result.text.len() > SHORT).collect();
        assert!(!kept[0] && kept[39] && kept.is_sorted(), "{kept:?}");
        assert_eq!(long.fit(window), Ok(0));
    }

    #[test]
    fn the_same_conversation_is_cut_to_the_same() {
        let (mut a, mut b) = (conversation(40, 3000), conversation(40, 3000));
        assert_eq!(a.fit(21_000), b.fit(21_000));
        assert_eq!((a.request(), a.digest()), (b.request(), b.digest()));
    }

    #[test]
    fn the_last_result_is_shortened_only_when_nothing_else_is_left() {
        let mut long = conversation(1, 60_000);
        assert!(long.fit(8000).unwrap() > 0);
        let shown = results(&mut long.request.turns).next().unwrap().text.clone();
        assert!(shown.starts_with("0 xxx") && shown.contains("bytes are left out"), "{}", shown.len());
        let error = conversation(1, 60_000).fit(1200).unwrap_err();
        assert_eq!(error.window, 200);
    }

    #[test]
    fn a_sentence_joins_our_own_turn() {
        let mut short = conversation(1, 10);
        let turns = short.request().turns.len();
        short.add("Go on.");
        assert_eq!(short.request().turns.len(), turns);
        short.said(vec![Said::Text("x".into())]);
        short.add("Finish.");
        assert_eq!(short.request().turns.len(), turns + 2);
    }
}
