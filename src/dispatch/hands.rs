//! What the loop works with: the hands that touch the world, and what is the same for every task of the run.

use std::sync::Arc;

use super::{DispatchError, Identity};
use crate::agent::{Agent, Agents};
use crate::ids::TraceId;
use crate::message::TicketNote;
use crate::plan::Role;
use crate::process::Supervisors;
use crate::prompt::Templates;
use crate::store::RunDir;
use crate::verify::Checker;
use crate::workspace::Space;

/// The hands that touch the world.
#[derive(Debug)]
pub struct Hands {
    /// Starts every child.
    pub supervisors: Supervisors,
    /// Does the attempts.
    pub agents: Agents,
    /// Holds the files.
    pub space: Space,
    /// Runs the checks.
    pub checker: Checker,
    /// Makes the prompts.
    pub templates: Templates,
}

/// Everything that workers share.
#[derive(Debug)]
pub struct Work {
    /// The hands.
    pub hands: Hands,
    /// Where the run is kept.
    pub dir: RunDir,
    /// What was asked for.
    pub ticket: TicketNote,
    /// What of the configuration goes into keys; it names each role's agent.
    pub identity: Identity,
    /// Ties journal, trace and children together.
    pub trace: TraceId,
}

impl Work {
    /// The agent for a kind of work.
    pub fn agent(&self, role: Role) -> Result<Arc<dyn Agent>, DispatchError> {
        let name = self.identity.roles.get(&role);
        name.and_then(|name| self.hands.agents.get(name)).ok_or(DispatchError::NoAgent { role })
    }
}
