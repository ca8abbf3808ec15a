//! The key of a task's next attempt, from what the state and the configuration say now.

use std::collections::BTreeMap;

use crate::agent::{AgentError, Agents};
use crate::ids::{AgentName, Digest};
use crate::plan::Role;
use crate::prompt::Templates;
use crate::run::{DependencyPart, KEY_VERSION, KeyParts, RunState};

/// What of a configuration goes into keys.
#[derive(Debug, Clone)]
pub struct Identity {
    /// SHA-256 of the ticket.
    pub ticket: Digest,
    /// Which agent does which kind of work.
    pub roles: BTreeMap<Role, AgentName>,
    /// SHA-256 over kind, model and flags of each agent.
    pub agents: BTreeMap<AgentName, Digest>,
    /// SHA-256 of the templates behind each role's prompt.
    pub prompts: BTreeMap<Role, Digest>,
    /// SHA-256 over the rules that children work under.
    pub policy: Digest,
}

impl Identity {
    /// The identity of work that these agents do from these templates.
    pub fn of(
        ticket: &Digest,
        roles: &BTreeMap<Role, AgentName>,
        agents: &Agents,
        templates: &Templates,
        policy: &Digest,
    ) -> Result<Self, AgentError> {
        let digest = |name: &AgentName| agents.digest(name).map(|digest| (name.clone(), digest.clone()));
        Ok(Self {
            ticket: ticket.clone(),
            roles: roles.clone(),
            agents: roles.values().map(digest).collect::<Result<_, _>>()?,
            prompts: Role::ALL.into_iter().map(|role| (role, templates.digest(role))).collect(),
            policy: policy.clone(),
        })
    }

    /// The identity of the work that `task` stands for; its dependencies must be over. Nothing for a task that the
    /// plan does not have.
    pub fn key(&self, state: &RunState, task: u32) -> Result<Option<Digest>, serde_json::Error> {
        let (Some(plan), Some(graph)) = (state.plan(), state.graph()) else { return Ok(None) };
        let Some(planned) = plan.tasks.get(task as usize) else { return Ok(None) };
        let mut dependencies = Vec::new();
        for dep in graph.deps(task) {
            dependencies.push(match state.task(*dep).and_then(|task| task.done.as_ref()) {
                Some(done) => DependencyPart {
                    tree: done.tree.clone(),
                    result: DependencyPart::result_digest(&done.result)?,
                    artifacts: done.artifacts.iter().map(|artifact| artifact.sha256.clone()).collect(),
                },
                None => DependencyPart { tree: None, result: Digest::of(b""), artifacts: Vec::new() },
            });
        }
        let nothing = Digest::of(b"");
        let agent = self.roles.get(&planned.role).and_then(|name| self.agents.get(name)).unwrap_or(&nothing);
        let parts = KeyParts {
            version: KEY_VERSION,
            role: planned.role,
            instructions: &planned.instructions,
            scope: &planned.scope,
            checks: state.checks(task),
            artifacts: &planned.artifacts,
            ticket: &self.ticket,
            prompt: self.prompts.get(&planned.role).unwrap_or(&nothing),
            agent,
            dependencies,
            base: state.base.tree.as_ref(),
            policy: &self.policy,
        };
        parts.key().map(Some)
    }
}
