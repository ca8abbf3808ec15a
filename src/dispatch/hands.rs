//! What the loop works with: the hands that touch the world, and what is the same for every task of the run.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::{DispatchError, Identity, Lent, Planning};
use crate::agent::{Agent, Agents};
use crate::event::WorkspaceKind;
use crate::ids::TraceId;
use crate::message::TicketNote;
use crate::plan::Role;
use crate::policy::Spends;
use crate::process::Supervisors;
use crate::prompt::Templates;
use crate::run::{RoleSpends, RunState};
use crate::store::RunDir;
use crate::verify::Checker;
use crate::workspace::{Filled, Options, Space, Tools, WorkspaceError, Workspaces};

/// The hands that touch the world.
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
pub struct Work {
    /// The hands.
    pub hands: Hands,
    /// Where the run is kept.
    pub dir: RunDir,
    /// Folders for what attempts leave.
    pub lent: Lent,
    /// What was asked for.
    pub ticket: TicketNote,
    /// Who plans with a model, where one does.
    pub planning: Option<Arc<Planning>>,
    /// What of the configuration goes into keys; it names each role's agent.
    pub identity: Identity,
    /// Ties journal, trace and children together.
    pub trace: TraceId,
    /// Ends everything that is under way, git and set-up commands included.
    pub cancel: CancellationToken,
}

impl Work {
    /// Where tasks work.
    pub fn folder(&self) -> PathBuf {
        match &self.hands.space {
            Space::Isolated(spaces) => spaces.path(0),
            Space::InPlace(project) => project.clone(),
        }
    }

    /// How that folder is filled.
    pub fn workspace_kind(&self) -> WorkspaceKind {
        match &self.hands.space {
            Space::Isolated(spaces) => match spaces.filled() {
                Filled::FromGit => WorkspaceKind::Worktree,
                Filled::ByCopy => WorkspaceKind::Copy,
            },
            Space::InPlace(_) => WorkspaceKind::InPlace,
        }
    }

    /// What the agents of the roles spend; a role without one begins nothing.
    pub fn spends(&self) -> RoleSpends {
        let of = |role| self.agent(role).map_or(Spends::Nothing, |agent| agent.spends());
        RoleSpends {
            research: of(Role::Research),
            implement: of(Role::Implement),
            test: of(Role::Test),
            review: of(Role::Review),
        }
    }

    /// The agent for a kind of work.
    pub fn agent(&self, role: Role) -> Result<Arc<dyn Agent>, DispatchError> {
        let name = self.identity.roles.get(&role);
        let name = name.ok_or(DispatchError::NoAgent { role })?;
        Ok(Arc::clone(self.hands.agents.get(name)?))
    }
}

/// Where a run works, by what its journal says it started from.
pub(super) fn space(options: Options, shadow: &Path, state: &RunState, tools: &Tools) -> Result<Space, WorkspaceError> {
    match &state.base.tree {
        Some(tree) => Ok(Space::Isolated(Box::new(Workspaces::open(options, shadow, &state.run, tree, tools)?))),
        None => Ok(Space::InPlace(options.project)),
    }
}
