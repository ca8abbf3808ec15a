//! A later process on a run: it takes the lock, waits for what its predecessor left behind, and goes on where the journal ends.

use std::sync::Arc;
use std::time::Duration;

use super::start::{Equipment, Opened};
use super::survey::{Survey, Wishes, survey};
use super::{DispatchError, Hands, Identity, Lent, Work, planning};
use crate::event::{Event, Kind, RunOpened, RunStarted, Terms};
use crate::process::{ProcessError, wait_for_old_supervisors};
use crate::run::RunState;
use crate::store::{self, Journal, Lock, RunDir, wait_durable};
use crate::sys::machine::{self, Machine};
use crate::sys::{clock, fs};
use crate::ticket::Ticket;
use crate::verify::Checker;
use crate::workspace::{self, Space, Tools, WorkspaceError};

/// How long what a killed process left behind may take to end: its supervisors' grace, with room.
const PREDECESSOR: Duration = Duration::from_secs(30);

/// A run that this process owns, folded but not yet changed.
#[derive(Debug)]
pub struct Held {
    /// Where it is.
    pub dir: RunDir,
    /// The ownership.
    pub lock: Lock,
    /// The journal, open for more.
    pub journal: Journal,
    /// The state after the last event.
    pub state: RunState,
    /// The events so far.
    pub events: Arc<Vec<Event>>,
    /// Bytes of a torn last line that were cut off.
    pub healed_bytes: u64,
}

impl Held {
    /// Becomes the owner of a run and reads it.
    pub fn take(dir: RunDir, sync: store::SyncMode) -> Result<Self, DispatchError> {
        let lock = Lock::take(&dir, clock::now())?;
        store::remove_unfinished(&dir);
        let opened = Journal::open(&dir.journal(), sync)?;
        let state = fold(&opened.events)?;
        Ok(Self {
            dir,
            lock,
            journal: opened.journal,
            state,
            events: Arc::new(opened.events),
            healed_bytes: opened.healed_bytes,
        })
    }

    /// What this process would say of itself in the journal.
    fn opening(&self, identity: &Identity, terms: Terms) -> Result<RunOpened, DispatchError> {
        Ok(RunOpened {
            pid: machine::pid(),
            boot: Some(Machine::this().boot),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            healed_bytes: self.healed_bytes,
            identity: Some(identity.digest()?),
            terms,
        })
    }
}

/// The state that a stored journal tells of.
pub fn fold(events: &[Event]) -> Result<RunState, DispatchError> {
    match RunState::fold(events) {
        Ok(Some(state)) => Ok(state),
        Ok(None) => Err(DispatchError::Panic("an empty journal was read".to_owned())),
        Err(illegal) => Err(DispatchError::Unsound(illegal)),
    }
}

/// Waits until nothing is alive of what an earlier process started for this run, and removes what they were making. The
/// caller owns the run.
pub async fn clear_up(dir: &RunDir) -> Result<(), ProcessError> {
    wait_for_old_supervisors(&dir.supervisors_lock(), PREDECESSOR).await?;
    workspace::remove_unfinished(&dir.shadow());
    Ok(())
}

/// Goes on with a run: waits for what is left of the last process, makes the hands, and appends what the survey found.
/// Nothing comes back, and nothing is appended, where there is nothing to do.
pub async fn open(
    held: Held,
    ticket: &Ticket,
    equipment: Equipment,
    wishes: &Wishes,
    terms: Terms,
) -> Result<Option<Opened>, DispatchError> {
    tokio::select! {
        cleared = clear_up(&held.dir) => cleared?,
        () = equipment.cancel.cancelled() => return Err(WorkspaceError::Cancelled.into()),
    }
    let guard = fs::append(&held.dir.supervisors_lock())?;
    let supervisors = equipment.supervisors(Some(guard.into()))?;
    let agents = equipment.make_agents(&supervisors)?;
    let identity = equipment.identity(&ticket.digest, &agents)?;
    let opening = held.opening(&identity, terms)?;
    let Held { dir, lock, mut journal, state, events: before, .. } = held;
    let found = survey(state, &identity, wishes, opening, clock::now())?;
    if found.nothing_to_do {
        return Ok(None);
    }
    if !found.changed.is_empty() && !wishes.accept_changed {
        return Err(DispatchError::Changed(found.changed));
    }
    let tools = Tools { supervisors: supervisors.clone(), env: equipment.env, cancel: equipment.cancel.clone() };
    let space = super::hands::space(equipment.workspace, &dir.shadow(), &found.after, &tools)?;
    check_objects(&space, &found.after, &dir).await?;
    let checker = Checker::new(equipment.checks, &space, &tools);
    let hands = Hands { supervisors, agents, space, checker, templates: equipment.templates };
    let work = Work {
        hands,
        lent: Lent::within(dir.lent())?,
        dir,
        ticket: super::ticket_note(ticket),
        planning: equipment.planning.map(Arc::new),
        identity,
        trace: beginning(&before)?.trace_id.clone(),
        cancel: equipment.cancel,
    };
    let Survey { records: events, after: state, .. } = found;
    // Effects follow from them: each waits for an event of its own, which is behind these.
    for event in &events {
        journal.append(event)?;
    }
    journal.urge()?;
    // A plan that came after the run's first moment may not be written yet.
    if let Some(plan) = state.plan().filter(|_| state.revision() > 1 || work.planning.is_some()) {
        wait_durable(&mut journal.durable(), state.seq).await.map_err(DispatchError::Journal)?;
        planning::write_plan(&work.dir, plan, state.revision())?;
    }
    Ok(Some(Opened { state, journal, work: Arc::new(work), lock, events, notes: Vec::new() }))
}

/// What a resume would do, without doing anything: for `--explain`.
pub fn explain(
    state: &RunState,
    ticket: &Ticket,
    equipment: &Equipment,
    wishes: &Wishes,
    terms: Terms,
) -> Result<Survey, DispatchError> {
    // Agents are looked at but not used, so nothing is waited for and nothing is held.
    let agents = equipment.make_agents(&equipment.supervisors(None)?)?;
    let identity = equipment.identity(&ticket.digest, &agents)?;
    let opened = RunOpened {
        pid: machine::pid(),
        boot: None,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        healed_bytes: 0,
        identity: Some(identity.digest()?),
        terms,
    };
    Ok(survey(state.clone(), &identity, wishes, opened, clock::now())?)
}

/// The commits of all that succeeded must still be there.
async fn check_objects(space: &Space, state: &RunState, dir: &RunDir) -> Result<(), DispatchError> {
    let objects: Vec<_> = state
        .tasks()
        .iter()
        .filter_map(|task| task.done.as_ref())
        .flat_map(|done| [done.commit.clone(), done.tree.clone()])
        .flatten()
        .chain(state.base.tree.clone())
        .collect();
    let Some(spaces) = space.isolated() else { return Ok(()) };
    match spaces.shadow().missing(&objects).await?.first() {
        None => Ok(()),
        Some(missing) => Err(DispatchError::MissingObject { object: missing.clone(), path: dir.shadow() }),
    }
}

/// What the first event of a journal says; every folded journal begins with it.
pub fn beginning(events: &[Event]) -> Result<&RunStarted, DispatchError> {
    match events.first().map(|event| &event.kind) {
        Some(Kind::RunStarted(started)) => Ok(started),
        _ => Err(DispatchError::Panic("a folded journal without a beginning".to_owned())),
    }
}
