//! The beginning of a run: a directory made whole under a hidden name, shown once its first events are durable.

use std::path::PathBuf;
use std::sync::Arc;

use super::{DispatchError, Hands, Identity, Work};
use crate::agent::{AgentError, Agents};
use crate::event::{Base, Event, FORMAT, Host, Kind, PlanAccepted, RunStarted, Sandbox, Terms, Versions};
use crate::ids::{Digest, TraceId};
use crate::plan::{Caps, Check, Draft, PlanBase};
use crate::process::{self, Supervisors};
use crate::prompt::Templates;
use crate::run::RunState;
use crate::store::{self, Journal, Lock, Staged, SyncMode, wait_durable};
use crate::sys::machine::{self, Machine};
use crate::sys::{clock, fs};
use crate::ticket::Ticket;
use crate::verify::{self, Checker};
use crate::workspace::{self, Workspaces};

/// Makes the agents once the supervisors are there.
pub type MakeAgents = Box<dyn FnOnce(&Supervisors) -> Result<Agents, AgentError> + Send>;

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
    /// Makes the agents.
    pub agents: MakeAgents,
    /// What of the configuration goes into keys.
    pub identity: Identity,
}

/// What a new run is made of. Everything in it was checked before.
pub struct NewRun {
    /// The folder of all runs.
    pub runs: PathBuf,
    /// What was asked for.
    pub ticket: Ticket,
    /// A sound plan.
    pub plan: Draft,
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
    /// Events of this process so far, all durable.
    pub events: Vec<Event>,
    /// Sentences for the user.
    pub notes: Vec<String>,
}

/// Makes a run directory with everything in it that is known before the first task.
pub async fn begin(new: NewRun, equipment: Equipment) -> Result<Opened, DispatchError> {
    let staged = Staged::begin(&new.runs, clock::now())?;
    let dir = staged.dir().clone();
    let guard = fs::create_new(&dir.supervisors_lock())?;
    let supervisors = Supervisors::start(process::Options { program: equipment.program, guard: Some(guard.into()) })?;
    let agents = (equipment.agents)(&supervisors)?;
    let (mut spaces, base, mut notes) =
        Workspaces::prepare(equipment.workspace, &dir.shadow(), staged.run(), supervisors.clone()).await?;
    let plan = accepted_plan(&new, &base)?;
    fs::write(&dir.ticket(), new.ticket.text.as_bytes())?;
    fs::write(&dir.config(), new.config.as_bytes())?;
    store::write_json(&dir.plan(), &plan.plan)?;
    store::write_json(&dir.plan_revision(1), &plan.plan)?;
    let started = run_started(&new, &plan, &base, &spaces);
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
    let second = super::dispatcher::next_event(&state, None, None, Kind::PlanAccepted(Box::new(plan)));
    state.apply(&second)?;
    journal.append(&second)?;
    wait_durable(&mut journal.durable(), second.seq).await.map_err(DispatchError::Journal)?;
    let published = staged.publish()?;
    if let Err(error) = &published.latest {
        notes.push(format!("`latest` could not be pointed at this run: {error}"));
    }
    spaces.moved_to(&published.dir.shadow());
    let checker = Checker::new(equipment.checks, &spaces, supervisors.clone());
    let hands = Hands { supervisors, agents, workspaces: spaces, checker, templates: equipment.templates };
    let work = Work {
        hands,
        dir: published.dir,
        ticket: super::ticket_note(&new.ticket),
        identity: equipment.identity,
        trace: new.trace,
    };
    Ok(Opened { state, journal, work: Arc::new(work), lock: published.lock, events: vec![first, second], notes })
}

/// The plan with the base it is run against written into it.
fn accepted_plan(new: &NewRun, base: &Base) -> Result<PlanAccepted, DispatchError> {
    let mut draft = new.plan.clone();
    draft.base = base.tree.clone().map(|tree| PlanBase { tree, commit: base.commit.clone() });
    let plan = draft.accept(&new.caps)?;
    let checks_sha = Digest::of_json(&new.catalogue)?;
    Ok(PlanAccepted { revision: 1, plan, checks: new.catalogue.clone(), checks_sha })
}

fn run_started(new: &NewRun, accepted: &PlanAccepted, base: &Base, spaces: &Workspaces) -> RunStarted {
    let machine = Machine::this();
    RunStarted {
        versions: Versions {
            orchestra: env!("CARGO_PKG_VERSION").to_owned(),
            format: FORMAT,
            git: spaces.git_version().map(ToOwned::to_owned),
        },
        title: new.ticket.title.clone(),
        reference: new.ticket.key.clone(),
        ticket_sha: new.ticket.digest.clone(),
        config_sha: Digest::of(new.config.as_bytes()),
        config_origins: new.origins.clone(),
        project: spaces.project().display().to_string(),
        base: base.clone(),
        planned_by: accepted.plan.planned_by.clone().unwrap_or_else(|| "file".to_owned()),
        sandbox: Sandbox::None,
        terms: new.terms.clone(),
        host: Host { os: machine.os, arch: machine.arch, cpus: u32::try_from(machine.cpus).unwrap_or(u32::MAX) },
        trace_id: new.trace.clone(),
        pid: machine::pid(),
        plan_only: new.plan_only,
    }
}
