//! The agents of a run by name, each found usable before anything starts.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use super::builtin::Builtin;
use super::chat::ChatAgent;
use super::command::CommandAgent;
use super::error::AgentError;
use super::job::Agent;
use super::scripted::ScriptedAgent;
use super::spec::{ChatSpec, Spec};
use crate::ids::{AgentName, Digest, ModelName};
use crate::model::{Models, Patience};
use crate::process::Supervisors;
use crate::prompt::{Facts, Templates};
use crate::sys::env::Env;

/// What agents are made from, beside their settings.
#[derive(Clone)]
pub struct Context {
    /// Where their processes run.
    pub supervisors: Supervisors,
    /// Our own environment: what may be handed on is picked from it.
    pub env: Env,
    /// The project's folder: relative paths in the settings begin here.
    pub project: PathBuf,
    /// The models that may be asked.
    pub models: Models,
    /// How long they are tried.
    pub patience: Patience,
    /// How they are told what to do.
    pub templates: Templates,
    /// What models are told of the project.
    pub facts: Facts,
}

/// The agents of a run. `builtin` is always among them, and `chat` wherever there is a model with the name `main`.
#[derive(Clone)]
pub struct Agents {
    entries: BTreeMap<AgentName, Entry>,
    models: Models,
}

#[derive(Clone)]
struct Entry {
    agent: Arc<dyn Agent>,
    digest: Digest,
}

impl Agents {
    /// The agent that is always there.
    pub const BUILTIN: &str = "builtin";
    /// The agent that asks the model [`Agents::MODEL`], unless the configuration says otherwise.
    pub const CHAT: &str = "chat";
    /// The model that is asked where none is named.
    pub const MODEL: &str = "main";

    /// Makes every agent of `specs`: pass only those that are used, since one that cannot be used is an error.
    pub fn build(specs: &BTreeMap<AgentName, Spec>, context: &Context) -> Result<Self, AgentError> {
        let mut agents = BTreeMap::new();
        for (name, spec) in specs {
            agents.insert(name.clone(), entry(name, spec, context)?);
        }
        if !agents.contains_key(Self::BUILTIN) {
            let name = AgentName::new(Self::BUILTIN)?;
            agents.insert(name.clone(), entry(&name, &Spec::Builtin {}, context)?);
        }
        let (name, main) = (AgentName::new(Self::CHAT)?, ModelName::new(Self::MODEL)?);
        if !agents.contains_key(&name) && context.models.get(&main).is_ok() {
            agents.insert(name.clone(), entry(&name, &Spec::Chat(ChatSpec::of(main)), context)?);
        }
        Ok(Self { entries: agents, models: context.models.clone() })
    }

    /// The agent with this name.
    pub fn get(&self, name: &AgentName) -> Result<&Arc<dyn Agent>, AgentError> {
        self.entry(name).map(|entry| &entry.agent)
    }

    /// What identifies an agent's work: its kind, its settings and, of a scripted one, its script. Never its version.
    pub fn digest(&self, name: &AgentName) -> Result<&Digest, AgentError> {
        self.entry(name).map(|entry| &entry.digest)
    }

    /// All names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &AgentName> {
        self.entries.keys()
    }

    fn entry(&self, name: &AgentName) -> Result<&Entry, AgentError> {
        if let Some(entry) = self.entries.get(name) {
            return Ok(entry);
        }
        // It would be there if its model were.
        if name.as_str() == Self::CHAT
            && let Err(source) = self.models.get(&ModelName::new(Self::MODEL)?)
        {
            return Err(AgentError::NoModel { agent: name.clone(), source });
        }
        Err(AgentError::Unknown { name: name.clone(), known: self.entries.keys().cloned().collect() })
    }
}

fn entry(name: &AgentName, spec: &Spec, context: &Context) -> Result<Entry, AgentError> {
    let fits = match name.as_str() {
        Agents::BUILTIN => *spec == (Spec::Builtin {}),
        Agents::CHAT => matches!(spec, Spec::Chat(_)),
        _ => true,
    };
    if !fits {
        return Err(AgentError::Reserved { name: name.clone(), kind: spec.kind() });
    }
    let settings = Digest::of_json(spec)?;
    Ok(match spec {
        Spec::Builtin {} => Entry { agent: Arc::new(Builtin::new(name, context)), digest: settings },
        Spec::Chat(chat) => {
            let agent = ChatAgent::new(name, chat, context)?;
            let digest = Digest::of(format!("{settings} {}", agent.digest()?).as_bytes());
            Entry { agent: Arc::new(agent), digest }
        }
        Spec::Command(command) => {
            Entry { agent: Arc::new(CommandAgent::new(name, command, context)?), digest: settings }
        }
        Spec::Scripted(script) => {
            let (agent, text) = ScriptedAgent::load(name, &context.project.join(&script.file), context)?;
            Entry { agent: Arc::new(agent), digest: Digest::of(format!("{settings} {text}").as_bytes()) }
        }
    })
}
