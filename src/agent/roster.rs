//! The agents of a run by name, each found usable before anything starts.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use super::builtin::Builtin;
use super::command::CommandAgent;
use super::error::AgentError;
use super::job::Agent;
use super::scripted::ScriptedAgent;
use super::spec::Spec;
use crate::ids::{AgentName, Digest};
use crate::process::Supervisors;
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
}

/// The agents of a run. `builtin` is always among them.
#[derive(Clone)]
pub struct Agents(BTreeMap<AgentName, Entry>);

#[derive(Clone)]
struct Entry {
    agent: Arc<dyn Agent>,
    digest: Digest,
}

impl Agents {
    /// The agent that is always there.
    pub const BUILTIN: &str = "builtin";

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
        Ok(Self(agents))
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
        self.0.keys()
    }

    fn entry(&self, name: &AgentName) -> Result<&Entry, AgentError> {
        self.0
            .get(name)
            .ok_or_else(|| AgentError::Unknown { name: name.clone(), known: self.0.keys().cloned().collect() })
    }
}

fn entry(name: &AgentName, spec: &Spec, context: &Context) -> Result<Entry, AgentError> {
    if name.as_str() == Agents::BUILTIN && *spec != (Spec::Builtin {}) {
        return Err(AgentError::Reserved { kind: spec.kind() });
    }
    let settings = Digest::of_json(spec)?;
    Ok(match spec {
        Spec::Builtin {} => Entry { agent: Arc::new(Builtin::new(name, context)), digest: settings },
        Spec::Command(command) => {
            Entry { agent: Arc::new(CommandAgent::new(name, command, context)?), digest: settings }
        }
        Spec::Scripted(script) => {
            let (agent, text) = ScriptedAgent::load(name, &context.project.join(&script.file), context)?;
            Entry { agent: Arc::new(agent), digest: Digest::of(format!("{settings} {text}").as_bytes()) }
        }
    })
}
