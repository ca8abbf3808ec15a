//! What of a question is the same when the same work is done again: its digest, without what changes from one time to the
//! next. Results of tools are left out (they hold times and paths), and so are settings that change no question.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex_automata::meta::Regex;
use serde_json::{Value, json};

use crate::ids::Digest;
use crate::model::{Block, Part, Request, Said, Turn};

/// The digest of `request`, under which its answer is recorded and found.
pub(super) fn digest(request: &Request) -> Digest {
    let value = json!({
        "v": 1,
        "system": request.system.iter().map(text).collect::<Vec<_>>(),
        "turns": request.turns.iter().map(turn).collect::<Vec<_>>(),
        "tools": request.tools.iter().map(|tool| json!([tool.name, tool.description, tool.parameters])).collect::<Vec<_>>(),
        "schema": request.schema.as_ref().map(|schema| json!([schema.name, schema.schema])),
    });
    Digest::of(value.to_string().as_bytes())
}

fn turn(turn: &Turn) -> Value {
    match turn {
        Turn::User(parts) => json!({"user": parts.iter().map(part).collect::<Vec<_>>()}),
        Turn::Model(said) => json!({"model": said.iter().map(words).collect::<Vec<_>>()}),
    }
}

fn part(part: &Part) -> Value {
    match part {
        Part::Text(block) => text(block),
        Part::ToolResult(result) => json!({"result": result.call}),
    }
}

fn words(said: &Said) -> Value {
    match said {
        Said::Text(text) => json!(text),
        Said::Call(call) => json!([call.id, call.name, call.arguments]),
        Said::Kept(value) => json!({"kept": value}),
    }
}

fn text(block: &Block) -> Value {
    Value::String(steady(&block.text).into_owned())
}

/// What a second attempt is told of the first one is full of these: durations, times of day, the ids of runs with the
/// folders that are named after them, threads, addresses in memory, and hashes that depend on a folder.
static PASSING: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new_many(&[
        r"(?-u:\b)[0-9]+(\.[0-9]+)? ?(ns|us|µs|ms|s|sec|secs|seconds)(?-u:\b)",
        r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9:.]+Z?",
        r"(?-u:\b)[0-9]{2}:[0-9]{2}:[0-9]{2}(?-u:\b)",
        r"/[^ \n'\x22`]*/[0-9]{8}-[0-9]{6}-[0-9a-f]{4}(/[0-9]+)?",
        r"(?-u:\b)[0-9]{8}-[0-9]{6}-[0-9a-f]{4}(?-u:\b)",
        r"/tmp/[^ \n'\x22`:,)]+",
        r"' \([0-9]+\) panicked",
        r"(?-u:\b)0x[0-9a-f]{6,16}(?-u:\b)",
        r"-[0-9a-f]{16}(?-u:\b)",
    ])
    .ok()
});

fn steady(text: &str) -> Cow<'_, str> {
    let Some(passing) = PASSING.as_ref() else { return Cow::Borrowed(text) };
    let mut out = String::new();
    let mut end = 0;
    for found in passing.find_iter(text) {
        out.push_str(&text[end..found.start()]);
        out.push('…');
        end = found.end();
    }
    if end == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(&text[end..]);
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Keep, ToolResult};

    fn asked(text: &str) -> Request {
        let block = Block { text: text.to_owned(), keep: Keep::Once };
        Request { turns: vec![Turn::User(vec![Part::Text(block)])], max_output_tokens: 10, ..Request::default() }
    }

    #[test]
    fn what_passes_changes_no_digest_and_what_is_asked_does() {
        for (one, other) in [
            ("ok in 0.02s", "ok in 12.5s"),
            ("took 31 ms at 10:11:12", "took 7 ms at 23:59:59"),
            ("2026-11-22T00:35:36Z", "2027-01-02T10:00:00.5Z"),
            (
                "at /srv/a/.cache/orchestra/work/20261122-003512-a1b2/1/src/x.rs:3",
                "at /opt/c/work/20261123-101512-ffff/12/src/x.rs:3",
            ),
            ("in /tmp/.tmpAb12/x", "in /tmp/.tmpZz99/x"),
            ("thread 'a' (5539) panicked", "thread 'a' (77) panicked"),
            ("deps/orchestra-082aeee24cbdee59", "deps/orchestra-182aeee24cbdee5a"),
        ] {
            assert_eq!(digest(&asked(one)), digest(&asked(other)), "{one}");
        }
        for (one, other) in [("task t1", "task t2"), ("line 3", "line 4"), ("src/a.rs", "src/b.rs"), ("", "x")] {
            assert_ne!(digest(&asked(one)), digest(&asked(other)), "{one}");
        }
    }

    #[test]
    fn the_text_of_a_tools_result_is_no_part_of_it_but_that_there_was_one_is() {
        let result = |call: &str, text: &str| {
            let result = ToolResult { call: call.to_owned(), text: text.to_owned(), failed: false };
            Request { turns: vec![Turn::User(vec![Part::ToolResult(result)])], ..Request::default() }
        };
        assert_eq!(digest(&result("c1", "one")), digest(&result("c1", "two")));
        assert_ne!(digest(&result("c1", "one")), digest(&result("c2", "one")));
    }

    #[test]
    fn what_is_kept_and_how_long_an_answer_may_be_change_no_question() {
        let mut kept = asked("x");
        let Turn::User(parts) = &mut kept.turns[0] else { panic!() };
        parts[0] = Part::Text(Block { text: "x".to_owned(), keep: Keep::Cached });
        kept.max_output_tokens = 99;
        assert_eq!(digest(&kept), digest(&asked("x")));
    }
}
