//! What clap has to say about the arguments, in the words and the shape of all other errors.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::CliError;
use crate::console::{Options, Output};

/// What clap found instead of a command to carry out.
#[derive(Debug)]
pub enum Typed {
    /// Help or version: data, and not an error.
    Asked(String),
    /// What was typed is wrong.
    Wrong(CliError),
}

impl Typed {
    /// What `error` is about.
    pub fn of(error: &clap::Error) -> Self {
        let rendered = error.render().to_string();
        match error.kind() {
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Self::Asked(rendered.trim_end().to_owned() + "\n"),
            ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
                Self::Wrong(CliError::usage("a command is missing").hint(commands(&rendered)))
            }
            _ => Self::Wrong(wrong(error, &rendered)),
        }
    }
}

/// Of a whole help, the usage and the commands there are.
fn commands(help: &str) -> String {
    let usage = help.lines().filter(|line| line.starts_with("Usage: "));
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let lines: Vec<&str> = usage.chain(listed).chain(["see --help"]).collect();
    lines.join("\n")
}

fn wrong(error: &clap::Error, rendered: &str) -> CliError {
    // Its first paragraph says what is wrong; tips and usage follow.
    let first = rendered.split("\n\n").next().unwrap_or(rendered).trim();
    let message = first.strip_prefix("error: ").unwrap_or(first);
    let usage = rendered.lines().find_map(|line| line.strip_prefix("Usage: "));
    let near = [ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand, ContextKind::SuggestedValue]
        .into_iter()
        .find_map(|kind| suggestion(error.get(kind)?));
    let hint = match (near, usage) {
        (Some(near), _) => format!("did you mean `{near}`?"),
        (None, Some(usage)) => format!("usage: {usage}\n  see --help"),
        (None, None) => "see --help".to_owned(),
    };
    CliError::usage(message).hint(hint)
}

fn suggestion(value: &ContextValue) -> Option<String> {
    match value {
        ContextValue::String(one) => Some(one.clone()),
        ContextValue::Strings(several) => several.first().cloned(),
        _ => None,
    }
}

/// What stdout should carry, as far as arguments that cannot be read tell: a script that asks for JSON gets JSON.
pub fn asked_output(args: &[OsString]) -> Options {
    let words: Vec<&str> = args.iter().filter_map(|arg| arg.to_str()).take_while(|arg| *arg != "--").collect();
    let named = words.iter().enumerate().find_map(|(at, word)| match *word {
        "--json" => Some("json"),
        "--output" => words.get(at + 1).copied(),
        _ => word.strip_prefix("--output="),
    });
    let output = match named {
        Some("json") => Output::Json,
        Some("jsonl") => Output::Jsonl,
        Some(_) | None => Output::Text,
    };
    Options { output, ..Options::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(args: &[&str]) -> Output {
        asked_output(&args.iter().map(OsString::from).collect::<Vec<_>>()).output
    }

    #[test]
    fn json_is_found_in_arguments_that_cannot_be_read() {
        assert_eq!(asked(&["orchestra", "--bogus", "--json"]), Output::Json);
        assert_eq!(asked(&["orchestra", "--output", "jsonl", "x"]), Output::Jsonl);
        assert_eq!(asked(&["orchestra", "--output=json"]), Output::Json);
        assert_eq!(asked(&["orchestra", "--", "--json"]), Output::Text);
    }
}
