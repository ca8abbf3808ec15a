//! The task message on stdin, refused with its place where it is none.

use std::path::Path;

use serde::Deserialize;

use crate::cli::error::Flaw;
use crate::cli::input::{self, Unread};
use crate::cli::{CliError, Session};
use crate::message::{MESSAGE_SCHEMA, TaskMessage};
use crate::plan::Role;
use crate::text::printable;
use crate::time::Span;

/// The most bytes a message may have: a ticket with its diffs, and what earlier tasks said.
const MAX: u64 = 16 << 20;
const WHAT: &str = "the task message";

/// Reads the message for `role`.
pub(super) fn read(session: &Session, role: Role) -> Result<TaskMessage, CliError> {
    let text = match input::read(session, Path::new("-"), MAX) {
        Ok(input) => input.text,
        Err(Unread::Unfit { why, .. }) => {
            return Err(CliError::usage(format!("{WHAT} on standard input cannot be used: {why}")).hint(HOW));
        }
        Err(Unread::Error(error)) => return Err(error.hint(HOW)),
    };
    let message = parse(&text)?;
    if message.role != role {
        let asked = message.role;
        return Err(CliError::usage(format!("the message asks for {asked}, and {role} was called"))
            .hint(format!("`orchestra agent {asked}` takes it")));
    }
    Ok(message)
}

const HOW: &str = "put one message there, such as the message.json of an attempt: orchestra agent ROLE < message.json";

fn parse(text: &str) -> Result<TaskMessage, CliError> {
    /// What says how the rest is to be read.
    #[derive(Deserialize)]
    struct Head {
        schema: Option<String>,
    }
    if text.trim().is_empty() {
        return Err(CliError::usage("there is nothing on standard input, where the task message belongs").hint(HOW));
    }
    let text = text.trim_start_matches('\u{feff}');
    let head: Head = decode(text)?;
    match head.schema.as_deref() {
        Some(MESSAGE_SCHEMA) => {}
        Some(other) => return Err(foreign(other)),
        None => {
            return Err(refused("$.schema", (None, None), "it is missing".to_owned())
                .hint(format!("a message begins with \"schema\": \"{MESSAGE_SCHEMA}\"")));
        }
    }
    let message: TaskMessage = decode(text)?;
    for (field, span) in [("time", message.limits.time), ("idle", message.limits.idle)] {
        if span == Span::default() {
            let path = format!("$.limits.{field}");
            return Err(refused(&path, (None, None), "no work is done in no time".to_owned())
                .hint("give it a span such as 30m"));
        }
    }
    Ok(message)
}

/// A schema that is not ours, in words that tell a newer one of the same kind from any other.
fn foreign(schema: &str) -> CliError {
    let shown = printable(schema, 60);
    let (kind, _) = MESSAGE_SCHEMA.split_once("/v").unwrap_or_default();
    let newer =
        schema.strip_prefix(kind).and_then(|rest| rest.strip_prefix("/v")).is_some_and(|n| n.parse::<u32>().is_ok());
    if newer {
        CliError::usage(format!("{WHAT} is in the format `{shown}`, and this build knows `{MESSAGE_SCHEMA}`"))
            .hint("use the version of orchestra that wrote it, or a newer one")
    } else {
        refused("$.schema", (None, None), format!("`{shown}` is no task message"))
            .hint(format!("a message begins with \"schema\": \"{MESSAGE_SCHEMA}\""))
    }
}

fn decode<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, CliError> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        let path = if path == "." { "$".to_owned() } else { format!("$.{}", printable(&path, 200)) };
        unfit(&path, error.inner())
    })?;
    reader.end().map_err(|error| unfit("$", &error))?;
    Ok(value)
}

/// The place is told beside the words, so it is taken out of them.
fn unfit(path: &str, error: &serde_json::Error) -> CliError {
    let said = error.to_string();
    let what = said.rsplit_once(" at line ").map_or(said.as_str(), |(what, _)| what);
    let place = (u64::try_from(error.line()).ok(), u64::try_from(error.column()).ok());
    refused(path, place, what.to_owned()).hint("`orchestra agent --help` names the format; docs/agents.md shows one")
}

fn refused(path: &str, (line, column): (Option<u64>, Option<u64>), message: String) -> CliError {
    let flaw = Flaw {
        path: path.to_owned(),
        source: Some("standard input".to_owned()),
        line,
        column,
        message,
        hint: None,
        excerpt: None,
    };
    CliError::usage(format!("{WHAT} has a fault")).flaws([flaw])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says(text: &str) -> String {
        let error = parse(text).unwrap_err();
        format!("{error}: {}", error.json()["error"]["faults"])
    }

    #[test]
    fn what_is_no_message_is_refused_with_its_place() {
        for (text, place) in [
            (" \n", "nothing on standard input"),
            ("{\"schema\": ", "\"line\":1"),
            ("[]", "\"path\":\"$\""),
            ("{}", "$.schema"),
            ("{\"schema\": 7}", "$.schema"),
            ("{\"schema\":\"orchestra.result/v1\"}", "is no task message"),
            ("{\"schema\":\"orchestra.message/v2\",\"new\":1}", "this build knows `orchestra.message/v1`"),
            ("{\"schema\":\"orchestra.message/v1\",\n\"role\":\"cook\"}", "\"path\":\"$.role\""),
            ("{\"schema\":\"orchestra.message/v1\",\"rolle\":\"test\"}", "rolle"),
            ("{\"schema\":\"orchestra.message/v1\",\"schema\":\"orchestra.message/v1\"}", "duplicate"),
        ] {
            assert!(says(text).contains(place), "{text}: {}", says(text));
        }
        let deep = format!("{{\"schema\":\"orchestra.message/v1\",\"x\":{}", "[".repeat(100_000));
        assert!(says(&deep).contains("has a fault"));
    }
}
