//! Why an agent cannot be used, found out before anything runs.

use std::path::PathBuf;

use crate::ids::{AgentName, InvalidId, ModelName};
use crate::model::UnknownModel;
use crate::process::ProcessError;
use crate::sys::fs::FileError;

/// Why an agent cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    /// Its argv is empty.
    #[error("the agent `{agent}` has no command: its argv is empty")]
    NoCommand {
        /// Which agent.
        agent: AgentName,
    },
    /// An argument cannot be read.
    #[error("the agent `{agent}`: argument {index} of its argv, `{argument}`: {why}")]
    Argument {
        /// Which agent.
        agent: AgentName,
        /// Counted from 0, the program.
        index: usize,
        /// The argument.
        argument: String,
        /// What is wrong.
        why: String,
    },
    /// A variable with a name that no variable can have, or that is ours.
    #[error("the agent `{agent}` cannot be given the variable `{name}`: {why}")]
    Variable {
        /// Which agent.
        agent: AgentName,
        /// The variable.
        name: String,
        /// Why not.
        why: &'static str,
    },
    /// Its program is not there or cannot be executed.
    #[error("the agent `{agent}` cannot be started")]
    Program {
        /// Which agent.
        agent: AgentName,
        /// Why.
        #[source]
        source: ProcessError,
    },
    /// Its model is not configured.
    #[error("the agent `{agent}` has no model")]
    NoModel {
        /// Which agent.
        agent: AgentName,
        /// Which model there is not.
        #[source]
        source: UnknownModel,
    },
    /// There is no shell for it.
    #[error("the agent `{agent}` has no shell")]
    Shell {
        /// Which agent.
        agent: AgentName,
        /// Why.
        #[source]
        source: ProcessError,
    },
    /// A setting outside its bounds.
    #[error("the agent `{agent}`: its `{}` cannot be used: {}", why.0, why.1)]
    Setting {
        /// Which agent.
        agent: AgentName,
        /// Which setting, and what is wrong with it.
        why: (&'static str, String),
    },
    /// Its script cannot be read.
    #[error("the agent `{agent}` has no script")]
    NoScript {
        /// Which agent.
        agent: AgentName,
        /// Why.
        #[source]
        source: FileError,
    },
    /// Its script cannot be understood.
    #[error("the script {} of the agent `{agent}` cannot be used", path.display())]
    Script {
        /// Which agent.
        agent: AgentName,
        /// The script.
        path: PathBuf,
        /// Where and why.
        #[source]
        source: Box<serde_yaml::Error>,
    },
    /// Its script asks for something it may not do.
    #[error("the script {} of the agent `{agent}`: answer {index} (task `{task}`): {why}", path.display())]
    Answer {
        /// Which agent.
        agent: AgentName,
        /// The script.
        path: PathBuf,
        /// Counted from 1.
        index: usize,
        /// The answer's task.
        task: String,
        /// What is wrong.
        why: String,
    },
    /// Its settings cannot be written down.
    #[error("the settings of the agents cannot be recorded")]
    Record(#[from] serde_json::Error),
    /// A name of ours is none.
    #[error(transparent)]
    Name(#[from] InvalidId),
    /// `builtin` and `chat` are ours.
    #[error("the name `{name}` belongs to an agent that is always there; it cannot be a {kind} agent")]
    Reserved {
        /// The name.
        name: AgentName,
        /// What it was to be.
        kind: &'static str,
    },
    /// No agent has this name.
    #[error("there is no agent `{name}`")]
    Unknown {
        /// The name asked for.
        name: AgentName,
        /// The names there are.
        known: Vec<AgentName>,
    },
}

/// Whose fault it is that an agent cannot be used; decides the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The config's.
    Config,
    /// The machine's: the program is missing.
    Machine,
}

impl AgentError {
    /// Whose fault it is.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Program { .. } | Self::Shell { .. } => Fault::Machine,
            Self::NoCommand { .. }
            | Self::Argument { .. }
            | Self::Variable { .. }
            | Self::NoModel { .. }
            | Self::Setting { .. }
            | Self::NoScript { .. }
            | Self::Script { .. }
            | Self::Answer { .. }
            | Self::Record(_)
            | Self::Name(_)
            | Self::Reserved { .. }
            | Self::Unknown { .. } => Fault::Config,
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> String {
        match self {
            Self::NoCommand { agent } => {
                format!("write `agents: {{{agent}: {{command: {{argv: [program, \"{{message}}\"]}}}}}}`")
            }
            Self::Argument { .. } => "what is to stay as it is gets double braces: `{{name}}`".to_owned(),
            Self::Variable { .. } => "take it out of `env` and `pass_env`".to_owned(),
            Self::Program { agent, .. } => format!(
                "install the program, or give its path in `agents.{agent}.command.argv`, or let another agent do the role \
                 under `roles`"
            ),
            Self::NoModel { source, .. } => no_model_hint(source),
            Self::Shell { agent, .. } => {
                format!(
                    "put the folder of bash or sh into PATH, or say `bash: {{use: never}}` in `agents.{agent}.chat`"
                )
            }
            Self::Setting { agent, why } => format!("change `agents.{agent}.chat.{}`", why.0),
            Self::NoScript { agent, .. } => format!("`agents.{agent}.scripted.file` is relative to the project"),
            Self::Script { .. } | Self::Answer { .. } => {
                "a script holds `version: 1` and a list `answers`, each with a `task` (an id or `*`)".to_owned()
            }
            Self::Record(_) | Self::Name(_) => "this is a fault of orchestra; please report it".to_owned(),
            Self::Reserved { .. } => "give the agent another name".to_owned(),
            Self::Unknown { name, known } => unknown_hint(name, known),
        }
    }
}

fn no_model_hint(unknown: &UnknownModel) -> String {
    let names: Vec<&str> = unknown.known.iter().map(ModelName::as_str).collect();
    match nearest(unknown.name.as_str(), &names) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!(
            "name it under `models` in a file for --config, as in `models: {{{}: {{anthropic: {{model: NAME, api_key_env: \
             ANTHROPIC_API_KEY}}}}}}`",
            unknown.name
        ),
    }
}

fn unknown_hint(name: &AgentName, known: &[AgentName]) -> String {
    let names: Vec<&str> = known.iter().map(AgentName::as_str).collect();
    match nearest(name.as_str(), &names) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("the agents are: {}", names.join(", ")),
    }
}

/// The candidate that was probably meant: at most two letters away, or a third of the word.
pub(super) fn nearest<'a>(word: &str, candidates: &[&'a str]) -> Option<&'a str> {
    let near = candidates.iter().map(|candidate| (strsim::osa_distance(word, candidate), *candidate)).min()?;
    (near.0 <= 2.max(word.chars().count() / 3)).then_some(near.1)
}
