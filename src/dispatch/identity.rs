//! The key of a task's next attempt, from what the state and the configuration say now.

use std::collections::{BTreeMap, HashMap};
use std::thread;

use serde::Serialize;

use crate::agent::{AgentError, Agents};
use crate::ids::{AgentName, Digest};
use crate::plan::Role;
use crate::prompt::Templates;
use crate::run::{DependencyPart, KEY_VERSION, KeyParts, RunState};
use crate::sys::machine;

/// What of a configuration goes into keys.
#[derive(Debug, Clone, Serialize)]
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

    /// The same identity gives every task the same key, as long as plan and base are the same.
    pub fn digest(&self) -> Result<Digest, serde_json::Error> {
        Digest::of_json(&(KEY_VERSION, self))
    }

    /// The identity of the work that `task` stands for; its dependencies must be over. Nothing for a task that the
    /// plan does not have.
    pub fn key(&self, state: &RunState, task: u32) -> Result<Option<Digest>, serde_json::Error> {
        self.key_with(state, task, |dep| part(state, dep))
    }

    /// Succeeded tasks whose key is no longer what it was, in the order in which they succeeded. Nobody is started before
    /// this is known, so a long list is shared out among the processors. Where an earlier process knew it and nothing it
    /// depends on was edited since, nothing is worked out.
    pub fn differing(&self, state: &RunState) -> Result<Vec<u32>, serde_json::Error> {
        /// Fewer than this are not worth a thread.
        const PIECE: usize = 500;
        if state.settled_identity().is_some_and(|settled| self.digest().is_ok_and(|digest| digest == *settled)) {
            return Ok(Vec::new());
        }
        let chain = state.chain();
        let piece = chain.len().div_ceil(machine::cpus().max(1)).max(PIECE);
        let found = thread::scope(|scope| {
            let mut pieces = chain.chunks(piece);
            let first = pieces.next().unwrap_or_default();
            let others: Vec<_> = pieces.map(|piece| scope.spawn(move || self.differing_of(state, piece))).collect();
            let first = self.differing_of(state, first);
            let joined = others.into_iter().map(thread::ScopedJoinHandle::join);
            let others = joined.map(|other| other.unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
            std::iter::once(first).chain(others).collect::<Result<Vec<_>, _>>()
        })?;
        Ok(found.concat())
    }

    fn differing_of(&self, state: &RunState, tasks: &[u32]) -> Result<Vec<u32>, serde_json::Error> {
        // What a task adds to the keys of those that wait for it is worked out once.
        let mut parts: HashMap<u32, DependencyPart> = HashMap::new();
        let mut differing = Vec::new();
        for task in tasks {
            let Some(done) = state.task(*task).and_then(|task| task.done.as_ref()) else { continue };
            let key = self.key_with(state, *task, |dep| {
                if let Some(known) = parts.get(&dep) {
                    return Ok(known.clone());
                }
                let part = part(state, dep)?;
                parts.insert(dep, part.clone());
                Ok(part)
            })?;
            if key.as_ref() != Some(&done.key) {
                differing.push(*task);
            }
        }
        Ok(differing)
    }

    fn key_with(
        &self,
        state: &RunState,
        task: u32,
        part: impl FnMut(u32) -> Result<DependencyPart, serde_json::Error>,
    ) -> Result<Option<Digest>, serde_json::Error> {
        let (Some(plan), Some(graph)) = (state.plan(), state.graph()) else { return Ok(None) };
        let Some(planned) = plan.tasks.get(task as usize) else { return Ok(None) };
        let dependencies = graph.deps(task).iter().copied().map(part).collect::<Result<_, _>>()?;
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

/// What a dependency contributes as it stands.
fn part(state: &RunState, dep: u32) -> Result<DependencyPart, serde_json::Error> {
    Ok(match state.task(dep).and_then(|task| task.done.as_ref()) {
        Some(done) => DependencyPart {
            tree: done.tree.clone(),
            result: DependencyPart::result_digest(&done.result)?,
            artifacts: done.artifacts.iter().map(|artifact| artifact.sha256.clone()).collect(),
        },
        None => DependencyPart { tree: None, result: Digest::of(b""), artifacts: Vec::new() },
    })
}
