//! Agents as the config names them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::ModelName;
use crate::policy::Spends;
use crate::time::Span;

/// What kind of agent it is, and its settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum Spec {
    /// Ours, without any model.
    Builtin {},
    /// A language model with tools.
    Chat(ChatSpec),
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
            Self::Chat(_) => "chat",
            Self::Command(_) => "command",
            Self::Scripted(_) => "scripted",
        }
    }

    /// Whether it uses tokens or money, and tells how much. Prose has no place for it. Of a model it depends on whether its
    /// prices are known, which the model itself says.
    pub fn spends(&self) -> Spends {
        match self {
            Self::Builtin {} => Spends::Nothing,
            Self::Chat(_) | Self::Scripted(_) => Spends::Tells,
            Self::Command(command) => command.spends(),
        }
    }

    /// The names of variables whose values must not show up in anything that is kept or shown.
    pub fn secrets(&self) -> &[String] {
        match self {
            Self::Builtin {} | Self::Scripted(_) => &[],
            Self::Chat(chat) => &chat.pass_env,
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

/// A model that does the work, turn by turn, with tools to read, search, change and run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChatSpec {
    /// Which of `models`.
    pub model: ModelName,
    /// Most answers of the model in an attempt.
    #[serde(default = "default_turns")]
    pub turns: u32,
    /// Most tokens of one answer; as the model allows where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_tokens: Option<u32>,
    /// Most bytes that a tool shows to the model; of what is longer the beginning and the end.
    #[serde(default = "default_tool_output")]
    pub tool_output: usize,
    /// The shell.
    #[serde(default)]
    pub bash: BashSpec,
    /// Variables set for what it runs.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, String>,
    /// Names of variables handed on to what it runs. Their values are taken out of everything that is printed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pass_env: Vec<String>,
}

/// The shell of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct BashSpec {
    /// Who has it.
    pub r#use: BashUse,
    /// The longest that a command may take.
    pub timeout: Span,
}

/// Who has a shell.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum BashUse {
    /// Tasks that may change files: implement and test.
    #[default]
    Writers,
    /// Nobody.
    Never,
}

impl Default for BashSpec {
    fn default() -> Self {
        Self { r#use: BashUse::Writers, timeout: Span::from_secs(10 * 60) }
    }
}

fn default_turns() -> u32 {
    50
}

fn default_tool_output() -> usize {
    16 << 10
}

impl ChatSpec {
    /// One that only names its model.
    pub fn of(model: ModelName) -> Self {
        Self {
            model,
            turns: default_turns(),
            output_tokens: None,
            tool_output: default_tool_output(),
            bash: BashSpec::default(),
            env: BTreeMap::new(),
            pass_env: Vec::new(),
        }
    }

    /// Why it cannot be used: a number outside its bounds.
    pub fn unfit(&self) -> Option<(&'static str, String)> {
        let between = |least: usize, most: usize| format!("it must be from {least} to {most}");
        if !(1..=1000).contains(&self.turns) {
            return Some(("turns", between(1, 1000)));
        }
        if self.output_tokens == Some(0) {
            return Some(("output_tokens", "it must be 1 or more".to_owned()));
        }
        if !(1 << 10..=1 << 20).contains(&self.tool_output) {
            return Some(("tool_output", between(1 << 10, 1 << 20)));
        }
        if self.bash.timeout.as_millis() == 0 {
            return Some(("bash.timeout", "it must be longer than nothing".to_owned()));
        }
        None
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
