//! The beginning of a run: a directory made whole under a hidden name, shown once its first events are durable.

use std::collections::BTreeMap;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::{DispatchError, Hands, Identity, Lent, Planning, Work, planning};
use crate::agent::{self, AgentError, Agents, Spec};
use crate::event::{Base, Event, FORMAT, Host, Kind, PlanAccepted, RunStarted, Sandbox, Terms, Versions};
use crate::ids::{AgentName, Digest, TraceId};
use crate::model::{Models, Patience};
use crate::plan::{Caps, Check, Draft, Role};
use crate::process::{self, ProcessError, Supervisors};
use crate::prompt::{Facts, Templates};
use crate::run::RunState;
use crate::store::{Journal, Lock, Staged, SyncMode, wait_durable};
use crate::sys::env::Env;
use crate::sys::machine::{self, Machine};
use crate::sys::{clock, fs};
use crate::text::Redactor;
use crate::ticket::Ticket;
use crate::verify::{self, Checker};
use crate::workspace::{self, Prepared, Tools};

/// What is the same for a new and a resumed run.
pub struct Equipment {
    /// Our own binary.
    pub program: PathBuf,
    /// How journals are synced.
    pub sync: SyncMode,
    /// How workspaces are made.
    pub workspace: workspace::Options,
    /// How checks are run.
    pub checks: verify::Options,
    /// How prompts are made.
    pub templates: Templates,
    /// The agents that the roles name.
    pub agents: BTreeMap<AgentName, Spec>,
    /// Which agent does which kind of work.
    pub roles: BTreeMap<Role, AgentName>,
    /// Who plans with a model, where one does.
    pub planning: Option<Planning>,
    /// The models that may be asked.
    pub models: Models,
    /// The variables that hold their keys.
    pub keys: Vec<String>,
    /// How long a request to one is tried.
    pub patience: Patience,
    /// What models are told of the project.
    pub facts: Facts,
    /// SHA-256 over the rules that children work under.
    pub policy: Digest,
    /// Our own environment, of which children see a part.
    pub env: Env,
    /// Ends what is under way before the loop begins.
    pub cancel: CancellationToken,
    /// Where the supervisors are shown as soon as there are any: what they run may have to stand still by then.
    pub shown: watch::Sender<Option<Supervisors>>,
}

impl Equipment {
    /// The agents that the roles name; one that cannot be used is an error.
    pub fn make_agents(&self, supervisors: &Supervisors) -> Result<Agents, AgentError> {
        let context = agent::Context {
            supervisors: supervisors.clone(),
            env: self.env.clone(),
            project: self.workspace.project.clone(),
            models: self.models.clone(),
            patience: self.patience,
            facts: self.facts.clone(),
            templates: self.templates.clone(),
        };
        Agents::build(&self.agents, &context)
    }

    /// The supervisors, which keep the secrets that are handed to agents out of everything that is written.
    pub fn supervisors(&self, guard: Option<OwnedFd>) -> Result<Supervisors, ProcessError> {
        let supervisors = Supervisors::start(process::Options { program: self.program.clone(), guard })?;
        let names = self.agents.values().flat_map(Spec::secrets).chain(&self.keys);
        let values = names.filter_map(|name| self.env.text(name).map(|value| (name.clone(), value.to_owned())));
        let supervisors = supervisors.redacting(Redactor::new(values));
        self.shown.send_replace(Some(supervisors.clone()));
        Ok(supervisors)
    }

    /// What of all this goes into keys.
    pub fn identity(&self, ticket: &Digest, agents: &Agents) -> Result<Identity, AgentError> {
        Identity::of(ticket, &self.roles, agents, &self.templates, &self.policy)
    }
}

/// What a new run is made of. Everything in it was checked before.
pub struct NewRun {
    /// The folder of all runs.
    pub runs: PathBuf,
    /// What was asked for.
    pub ticket: Ticket,
    /// A sound plan; nothing where a model is to be asked for one.
    pub plan: Option<Draft>,
    /// What the plan was held to.
    pub caps: Caps,
    /// The project's checks.
    pub catalogue: Vec<Check>,
    /// The effective configuration as YAML, without secrets.
    pub config: String,
    /// Where values that are not defaults came from.
    pub origins: Vec<(String, String)>,
    /// The rules.
    pub terms: Terms,
    /// Whether only the plan was asked for.
    pub plan_only: bool,
    /// Ties journal, trace and children together.
    pub trace: TraceId,
}

/// A run that this process owns, ready to go on.
pub struct Opened {
    /// The state after the last event.
    pub state: RunState,
    /// The journal, open for more.
    pub journal: Journal,
    /// What workers share.
    pub work: Arc<Work>,
    /// The ownership; kept until the process is done with the run.
    pub lock: Lock,
    /// Events of this process so far; shown once they are durable.
    pub events: Vec<Event>,
    /// Sentences for the user.
    pub notes: Vec<String>,
}

/// Makes a run directory with everything in it that is known before the first task.
pub async fn begin(mut new: NewRun, equipment: Equipment) -> Result<Opened, DispatchError> {
    let staged = Staged::begin(&new.runs, clock::now())?;
    let dir = staged.dir().clone();
    let guard = fs::create_new(&dir.supervisors_lock())?;
    let supervisors = equipment.supervisors(Some(guard.into()))?;
    let agents = equipment.make_agents(&supervisors)?;
    let identity = equipment.identity(&new.ticket.digest, &agents)?;
    let tools =
        Tools { supervisors: supervisors.clone(), env: equipment.env.clone(), cancel: equipment.cancel.clone() };
    let prepared = workspace::prepare(equipment.workspace.clone(), &dir.shadow(), staged.run(), &tools).await?;
    let mut notes = prepared.notes.clone();
    let base = Base { commit: prepared.commit.clone(), tree: prepared.tree.clone() };
    let plan = accepted_plan(&mut new, &base)?;
    let planned_by = planned_by(plan.as_ref(), equipment.planning.as_ref())?;
    fs::write_synced(&dir.ticket(), new.ticket.text.as_bytes())?;
    fs::write_synced(&dir.config(), new.config.as_bytes())?;
    if let Some(accepted) = &plan {
        planning::write_plan(&dir, &accepted.plan, accepted.revision)?;
    }
    let mut started = run_started(&new, planned_by, base.clone(), &prepared, &equipment.workspace.project);
    started.identity = Some(identity.digest()?);
    let mut journal = staged.journal(equipment.sync)?;
    let first = Event {
        v: FORMAT,
        seq: 1,
        at: clock::now(),
        run: staged.run().clone(),
        task: None,
        attempt: None,
        kind: Kind::RunStarted(Box::new(started)),
    };
    let mut state = RunState::begin(&first)?;
    journal.append(&first)?;
    let mut events = vec![first];
    if let Some(plan) = plan {
        let second = super::dispatcher::next_event(&state, None, None, Kind::PlanAccepted(Box::new(plan)));
        state.apply(&second)?;
        journal.append(&second)?;
        events.push(second);
    }
    journal.urge()?;
    wait_durable(&mut journal.durable(), state.seq).await.map_err(DispatchError::Journal)?;
    let published = staged.publish()?;
    if let Err(error) = &published.latest {
        notes.push(format!("`latest` could not be pointed at this run: {error}"));
    }
    let space = super::hands::space(equipment.workspace, &published.dir.shadow(), &state, &tools)?;
    let checker = Checker::new(equipment.checks, &space, &tools);
    let hands = Hands { supervisors, agents, space, checker, templates: equipment.templates };
    let work = Work {
        hands,
        lent: Lent::within(published.dir.lent())?,
        dir: published.dir,
        ticket: super::ticket_note(&new.ticket),
        planning: equipment.planning.map(Arc::new),
        identity,
        trace: new.trace,
        cancel: equipment.cancel,
    };
    Ok(Opened { state, journal, work: Arc::new(work), lock: published.lock, events, notes })
}

/// The plan with the base it is run against written into it.
fn accepted_plan(new: &mut NewRun, base: &Base) -> Result<Option<PlanAccepted>, DispatchError> {
    let Some(mut draft) = new.plan.take() else { return Ok(None) };
    draft.base = planning::plan_base(base);
    let plan = draft.accept(&new.caps)?;
    let checks_sha = Digest::of_json(&new.catalogue)?;
    Ok(Some(PlanAccepted { revision: 1, plan, checks: new.catalogue.clone(), checks_sha }))
}

/// Who made the plan, or will make it.
fn planned_by(plan: Option<&PlanAccepted>, planning: Option<&Planning>) -> Result<String, DispatchError> {
    match (plan, planning) {
        (Some(accepted), _) => Ok(accepted.plan.planned_by.clone().unwrap_or_else(|| "file".to_owned())),
        (None, Some(planning)) => Ok(planning.planned_by()),
        (None, None) => Err(DispatchError::NoPlan),
    }
}

fn run_started(new: &NewRun, planned_by: String, base: Base, prepared: &Prepared, project: &Path) -> RunStarted {
    let machine = Machine::this();
    RunStarted {
        versions: Versions {
            orchestra: env!("CARGO_PKG_VERSION").to_owned(),
            format: FORMAT,
            git: prepared.git.clone(),
        },
        title: new.ticket.title.clone(),
        reference: new.ticket.key.clone(),
        ticket_sha: new.ticket.digest.clone(),
        config_sha: Digest::of(new.config.as_bytes()),
        config_origins: new.origins.clone(),
        project: project.display().to_string(),
        base,
        planned_by,
        sandbox: Sandbox::None,
        terms: new.terms.clone(),
        host: Host { os: machine.os, arch: machine.arch, cpus: u32::try_from(machine.cpus).unwrap_or(u32::MAX) },
        trace_id: new.trace.clone(),
        pid: machine::pid(),
        identity: None,
        plan_only: new.plan_only,
    }
}
