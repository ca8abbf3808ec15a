//! PURE: an agent's output as a task result. Truncated or unclear output is refused, never guessed at.

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::job::Note;
use super::spec::Parser;
use crate::event::Usage;
use crate::message::{RESULT_SCHEMA, ResultStatus, TaskResult};
use crate::text;

/// The longest summary, in bytes.
const MAX_SUMMARY: usize = 1500;

/// A result, and what the agent says it used.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Answer {
    /// Its claim.
    pub(super) result: TaskResult,
    /// By its own account.
    pub(super) usage: Usage,
}

/// How much of the output is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Have {
    /// All of it.
    All,
    /// Its end.
    End,
}

/// Why an output is no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unusable {
    /// There is nothing.
    #[error("the agent ended in order but printed no result; one JSON object was expected as the last line")]
    Nothing,
    /// It is not a result.
    #[error("the last line of the agent's output is not a task result")]
    NotAResult(#[source] serde_json::Error),
    /// It is a result of another kind.
    #[error("the agent's result has the schema `{}`, this build reads `{RESULT_SCHEMA}`", text::printable(.0, 80))]
    Schema(String),
}

/// Reads the output of an agent that ended with code 0.
pub(super) fn parse(parser: Parser, output: &[u8], have: Have) -> Result<Answer, Unusable> {
    let output = String::from_utf8_lossy(output);
    match parser {
        Parser::Text => Ok(Answer { result: prose(&output), usage: Usage::default() }),
        Parser::Json => json(output.trim(), have),
    }
}

/// Ending in order is the claim; the last paragraph sums it up.
fn prose(output: &str) -> TaskResult {
    let output = output.replace("\r\n", "\n");
    let output = output.trim();
    let summary = output.rsplit("\n\n").map(str::trim).find(|paragraph| !paragraph.is_empty()).unwrap_or_default();
    let more = if summary.len() == output.len() && summary.len() <= MAX_SUMMARY { "" } else { output };
    TaskResult {
        status: ResultStatus::Done,
        summary: text::clip(summary, MAX_SUMMARY).to_owned(),
        output: more.to_owned(),
        ..TaskResult::default()
    }
}

/// The last line if it is an object, else all of the output.
fn json(output: &str, have: Have) -> Result<Answer, Unusable> {
    let last = output.lines().next_back().map(str::trim).unwrap_or_default();
    if last.is_empty() {
        return Err(Unusable::Nothing);
    }
    let in_last_line = answer(last);
    match (in_last_line, have) {
        (Err(Unusable::NotAResult(_)), Have::All) if last.len() < output.len() => answer(output),
        (result, Have::All | Have::End) => result,
    }
}

fn answer(object: &str) -> Result<Answer, Unusable> {
    /// What a result may bring beside itself.
    #[derive(Deserialize)]
    struct Beside {
        schema: Option<String>,
        #[serde(default, deserialize_with = "account")]
        usage: Usage,
    }
    let beside: Beside = serde_json::from_str(object).map_err(Unusable::NotAResult)?;
    if let Some(schema) = beside.schema.filter(|schema| schema != RESULT_SCHEMA) {
        return Err(Unusable::Schema(schema));
    }
    let result = serde_json::from_str(object).map_err(Unusable::NotAResult)?;
    Ok(Answer { result, usage: beside.usage })
}

/// What a line tells of the usage: `{"usage": {…}}`, with whatever stands beside it. With a status that an answer has, it
/// may be the answer.
pub(super) fn told(parser: Parser, line: &[u8]) -> Option<Note> {
    #[derive(Deserialize)]
    struct Line {
        #[serde(deserialize_with = "account")]
        usage: Usage,
    }
    #[derive(Deserialize)]
    struct Claim {
        #[serde(rename = "status")]
        _status: ResultStatus,
    }
    const KEY: &[u8] = b"\"usage\"";
    let line = match parser {
        Parser::Text => return None,
        Parser::Json if !line.starts_with(b"{") || !line.windows(KEY.len()).any(|at| at == KEY) => return None,
        Parser::Json => line,
    };
    let usage = serde_json::from_slice::<Line>(line).ok()?.usage;
    if usage.is_unknown() {
        return None;
    }
    let is_claim = serde_json::from_slice::<Claim>(line).is_ok();
    Some(if is_claim { Note::Answer(usage) } else { Note::Usage(usage) })
}

/// An account of usage, whatever stands in its place: one that cannot be read tells nothing, and spoils no answer.
fn account<'de, D: Deserializer<'de>>(from: D) -> Result<Usage, D::Error> {
    let account = Box::<RawValue>::deserialize(from)?;
    Ok(serde_json::from_str(account.get()).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(output: &str) -> Result<Answer, Unusable> {
        parse(Parser::Json, output.as_bytes(), Have::All)
    }

    #[test]
    fn prose_ends_in_its_summary() {
        let answer = parse(Parser::Text, b"I looked.\r\n\r\nFixed the\nbound.\n\n", Have::All).unwrap();
        assert_eq!(answer.result.summary, "Fixed the\nbound.");
        assert!(answer.result.output.starts_with("I looked."));
        let short = parse(Parser::Text, b"ok\n", Have::All).unwrap().result;
        assert_eq!((short.summary.as_str(), short.output.as_str()), ("ok", ""));
        assert_eq!(parse(Parser::Text, b"", Have::All).unwrap().result, TaskResult::default());
    }

    #[test]
    fn bytes_that_are_no_text_do_not_stop_the_reading() {
        let answer = parse(Parser::Text, b"\xff\xfe done", Have::All).unwrap();
        assert!(answer.result.summary.ends_with("done"));
        let answer = parse(Parser::Json, b"\xff log\n{\"status\":\"done\",\"summary\":\"a\"}", Have::All).unwrap();
        assert_eq!(answer.result.summary, "a");
    }

    #[test]
    fn a_json_result_is_the_last_line_or_the_whole_output() {
        let line = r#"{"schema":"orchestra.result/v1","status":"failed","summary":"b","usage":{"input_tokens":7}}"#;
        for output in [line.to_owned(), format!("log {{\n{line}\n"), format!("{{\"status\":\"done\"}}\n{line}")] {
            let answer = read(&output).unwrap();
            assert_eq!((answer.result.status, answer.usage.input_tokens), (ResultStatus::Failed, Some(7)));
        }
        assert_eq!(read("{\n  \"status\": \"done\",\n  \"summary\": \"c\"\n}\n").unwrap().result.summary, "c");
    }

    #[test]
    fn what_is_no_result_is_refused() {
        assert!(matches!(read(" \n"), Err(Unusable::Nothing)));
        for bad in [
            "{\"status\":\"done\",\"summ",
            "{\"status\":\"done\"}{\"status\":\"done\"}",
            "{\"status\":\"done\",\"status\":\"failed\"}",
            "{\"summary\":\"no status\"}",
            "{\"status\":\"perhaps\"}",
            "Done!",
            "[]",
            "null",
        ] {
            assert!(matches!(read(bad), Err(Unusable::NotAResult(_))), "{bad}");
        }
        assert!(matches!(read(r#"{"schema":"x/v9","status":"done"}"#), Err(Unusable::Schema(_))));
    }

    #[test]
    fn an_account_that_makes_no_sense_is_unknown_and_the_answer_stands() {
        for bad in [
            "5",
            "null",
            "\"much\"",
            "[]",
            "{\"usd\":-1,\"input_tokens\":1e308,\"output_tokens\":\"7\"}",
            "{\"usd\":1,\"usd\":2}",
            "{\"input_tokens\":18446744073709551616,\"output_tokens\":-1}",
        ] {
            let answer = read(&format!("{{\"status\":\"done\",\"usage\":{bad}}}")).unwrap();
            assert!(answer.usage.is_unknown(), "{bad}: {:?}", answer.usage);
        }
    }

    #[test]
    fn a_line_before_the_answer_may_tell_of_the_usage_so_far() {
        let read = |line: &str| told(Parser::Json, line.as_bytes());
        let seven = Usage { input_tokens: Some(7), ..Usage::default() };
        assert_eq!(read(r#"{"usage":{"input_tokens":7}}"#), Some(Note::Usage(seven)));
        assert_eq!(
            read(r#"{"step":2,"status":"going on","usage":{"input_tokens":7},"x":[]}"#),
            Some(Note::Usage(seven))
        );
        assert_eq!(read(r#"{"status":"done","usage":{"input_tokens":7}}"#), Some(Note::Answer(seven)));
        for none in ["", "{", r#"{"usage":5}"#, r#"{"usage":{}}"#, r#"{"Usage":{"input_tokens":7}}"#, "\u{1}\"usage\""]
        {
            assert_eq!(read(none), None, "{none}");
        }
        assert_eq!(told(Parser::Text, br#"{"usage":{"input_tokens":7}}"#), None);
    }

    #[test]
    fn of_a_cut_output_only_the_last_line_counts() {
        let cut = "\"status\": \"done\"\n}";
        assert!(parse(Parser::Json, cut.as_bytes(), Have::End).is_err());
    }
}
