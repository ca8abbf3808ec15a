//! What a provider bills for a series of requests, by its own rules of caching.
//!
//! Source of the rules: Anthropic's documentation of prompt caching. A cache holds what a request has up to each of its
//! marks, in the order tools, system, messages; a later request reads the longest beginning that is held, at most twenty
//! blocks before one of its own marks. Written tokens cost 1.25 times as much as others, read ones a tenth, and what is
//! shorter than 1,024 tokens is not held.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use serde_json::Value;

/// Bytes of a token, for a mean of prose and code.
const BYTES: usize = 4;
const SHORTEST: usize = 1_024;
const LOOKED_BACK: usize = 20;

/// Input tokens of a series of requests.
#[derive(Debug, Clone, Copy, Default)]
pub struct Billed {
    /// As they are.
    pub plain: f64,
    /// In tokens of the plain price, after what a cache adds and takes off.
    pub cached: f64,
}

/// Goes through `requests` in their order, as one provider sees them.
#[expect(clippy::cast_precision_loss, reason = "a few million tokens at most")]
pub fn billed(requests: &[Value]) -> Billed {
    let mut held: HashSet<u64> = HashSet::new();
    let mut sum = Billed::default();
    for request in requests {
        let blocks = blocks(request);
        // Bytes and content up to the end of each block.
        let mut ends = Vec::with_capacity(blocks.len());
        let (mut length, mut hash) = (0, DefaultHasher::new());
        for block in &blocks {
            length += block.text.len();
            block.text.hash(&mut hash);
            ends.push((length, hash.finish()));
        }
        let marks: Vec<usize> = blocks.iter().enumerate().filter(|(_, block)| block.marked).map(|(at, _)| at).collect();
        let is_held = |at: &usize| held.contains(&ends[*at].1);
        let read = marks.iter().rev().find_map(|mark| (mark.saturating_sub(LOOKED_BACK)..=*mark).rev().find(is_held));
        let read = read.map_or(0, |at| ends[at].0);
        let written = marks.last().map_or(read, |at| ends[*at].0.max(read));
        let [all, read, written] = [length, read, written].map(|bytes| (bytes / BYTES) as f64);
        sum.plain += all;
        sum.cached += read * 0.1 + (written - read) * 1.25 + (all - written);
        held.extend(marks.iter().filter(|at| ends[**at].0 / BYTES >= SHORTEST).map(|at| ends[*at].1));
    }
    sum
}

struct Block {
    text: String,
    marked: bool,
}

fn blocks(request: &Value) -> Vec<Block> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let mut blocks: Vec<Block> =
        list(&request["tools"]).into_iter().chain(list(&request["system"])).map(block).collect();
    for message in list(&request["messages"]) {
        match &message["content"] {
            Value::Array(parts) => blocks.extend(parts.iter().cloned().map(block)),
            content => blocks.push(block(content.clone())),
        }
    }
    blocks
}

fn block(mut value: Value) -> Block {
    let marked = value.as_object_mut().and_then(|fields| fields.remove("cache_control")).is_some();
    Block { text: value.to_string(), marked }
}
