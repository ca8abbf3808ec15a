//! Agents as the config names them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::policy::Spends;

/// What kind of agent it is, and its settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum Spec {
    /// Ours, without any model.
    Builtin {},
    /// Any program.
    Command(CommandSpec),
    /// Answers read from a file.
    Scripted(ScriptedSpec),
}

impl Spec {
    /// The kind's name, as in the config and the journal.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Builtin {} => "builtin",
            Self::Command(_) => "command",
            Self::Scripted(_) => "scripted",
        }
    }

    /// Whether it uses tokens or money, and tells how much. Prose has no place for it.
    pub fn spends(&self) -> Spends {
        match self {
            Self::Builtin {} => Spends::Nothing,
            Self::Scripted(_) => Spends::Tells,
            Self::Command(command) => command.spends(),
        }
    }

    /// The names of variables whose values must not show up in anything that is kept or shown.
    pub fn secrets(&self) -> &[String] {
        match self {
            Self::Builtin {} | Self::Scripted(_) => &[],
            Self::Command(command) => &command.pass_env,
        }
    }
}

impl CommandSpec {
    /// The same of a program.
    pub(super) fn spends(&self) -> Spends {
        match self.parser {
            Parser::Json => Spends::Tells,
            Parser::Text => Spends::Untold,
        }
    }
}

/// A program that does the work.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CommandSpec {
    /// The program and its arguments; no shell. In each, `{message}`, `{prompt}`, `{prompt_file}`, `{workspace}`,
    /// `{artifacts}`, `{inputs}`, `{change}`, `{task}` and `{role}` are filled in; `{{name}}` stands for `{name}`.
    pub argv: Vec<String>,
    /// How its output is read.
    #[serde(default)]
    pub parser: Parser,
    /// What it finds on its standard input.
    #[serde(default)]
    pub stdin: StdinSpec,
    /// Variables set for it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, String>,
    /// Names of variables handed on to it. Their values are taken out of everything it prints.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pass_env: Vec<String>,
}

/// How an agent's output is read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Parser {
    /// Prose: its last paragraph is the summary, and exit code 0 the claim that the work is done.
    #[default]
    Text,
    /// A task result as JSON: the last line, or all of the output.
    Json,
}

/// What an agent finds on its standard input. Always a file, never a pipe.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum StdinSpec {
    /// Nothing.
    None,
    /// The task message, `message.json`.
    #[default]
    Message,
    /// The prompt.
    Prompt,
}

/// Where the answers are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScriptedSpec {
    /// A YAML or JSON file, relative to the project.
    pub file: PathBuf,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_agent_is_named_by_its_kind_and_a_wrong_key_is_refused() {
        let spec: Spec = serde_yaml::from_str("command: {argv: [tool, '{message}'], parser: json}").unwrap();
        let Spec::Command(command) = spec else { panic!("{spec:?}") };
        assert_eq!((command.parser, command.stdin), (Parser::Json, StdinSpec::Message));
        assert_eq!(serde_yaml::from_str::<Spec>("builtin: {}").unwrap(), Spec::Builtin {});
        assert!(serde_yaml::from_str::<Spec>("builtin: {model: x}").is_err());
        let error = serde_yaml::from_str::<Spec>("command:\n  argv: [a]\n  parsr: text\n").unwrap_err();
        assert!(error.to_string().contains("parsr"), "{error}");
    }
}
