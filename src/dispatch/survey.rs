//! What a resume would do, found out on a copy of the state: the events it would append first, task by task the reason,
//! and what an edit would run again. `--explain` shows it, a resume does it.

use std::collections::BTreeSet;

use super::Identity;
use crate::event::{AttemptFinished, Decision, Event, FORMAT, Kind, Limit, PlanAccepted, RunOpened, RunVerdict, Terms};
use crate::ids::{ObjectId, TaskId};
use crate::plan::Role;
use crate::run::seeded::{Bug, seeded};
use crate::run::{Consent, Done, Illegal, Phase, RunState, Status, TaskState};
use crate::time::Timestamp;

/// What is asked of a resume, beside going on.
#[derive(Debug, Clone, Default)]
pub struct Wishes {
    /// A plan or checks that differ from those in force.
    pub plan: Option<Box<PlanAccepted>>,
    /// Run finished tasks again where an edit touches them.
    pub accept_changed: bool,
    /// Decisions of a person.
    pub decisions: Vec<(Over, Decision)>,
}

/// What a person decides over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Over {
    /// The plan.
    Plan,
    /// Whether a task may run.
    Task(TaskId),
    /// Whether a task runs again whose attempt was interrupted; only such a one.
    Interruption(TaskId),
}

impl Over {
    /// The task, if it is not the plan.
    pub fn task(&self) -> Option<&TaskId> {
        match self {
            Self::Plan => None,
            Self::Task(task) | Self::Interruption(task) => Some(task),
        }
    }
}

/// A finished task that an edit would run again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// The task.
    pub task: TaskId,
    /// What of it was edited.
    pub cause: String,
}

/// What a resume will do with one task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explained {
    /// The task.
    pub task: TaskId,
    /// Where it stands.
    pub now: &'static str,
    /// What happens to it, and why.
    pub what: String,
}

/// What a resume will do.
#[derive(Debug)]
pub struct Survey {
    /// Nothing at all: the run succeeded.
    pub nothing_to_do: bool,
    /// Events to append before the first decision, `run.opened` first.
    pub records: Vec<Event>,
    /// Finished tasks that an edit touches.
    pub changed: Vec<Changed>,
    /// The state after the records.
    pub after: RunState,
}

/// Why a resume cannot be worked out.
#[derive(Debug, thiserror::Error)]
pub enum SurveyError {
    /// The edit or a decision does not fit the run.
    #[error(transparent)]
    Unfit(#[from] Illegal),
    /// A decision over a task that nobody was asked about.
    #[error("nobody was asked about {}", .0.as_ref().map_or_else(|| "the plan".to_owned(), |task| format!("task `{task}`")))]
    NotAsked(Option<TaskId>),
    /// A decision over an interruption that there is none of, or that nobody is asked about.
    #[error("no interrupted attempt of task `{0}` waits for a decision")]
    NotHeld(TaskId),
    /// A value has no JSON: our own fault.
    #[error("internal error: a value has no JSON")]
    Encode(#[from] serde_json::Error),
}

/// Works out what a resume does.
pub fn survey(
    state: RunState,
    identity: &Identity,
    wishes: &Wishes,
    opened: RunOpened,
    now: Timestamp,
) -> Result<Survey, SurveyError> {
    // Only an edit makes a task's work another: without one there is nothing to compare with.
    let before = wishes.plan.is_some().then(|| state.clone());
    let was_over = state.phase.is_over();
    let raised = raised(&state.terms, &opened.terms);
    let succeeded = matches!(state.phase, Phase::Finished(RunVerdict::Success));
    let mut draft = Draft { state, records: Vec::new(), now };
    draft.record(None, None, Kind::RunOpened(Box::new(opened)))?;
    for kind in raised {
        draft.record(None, None, kind)?;
    }
    for (task, attempt) in draft.state.lost() {
        draft.interrupt(task, attempt)?;
    }
    if let Some(accepted) = &wishes.plan {
        draft.record(None, None, Kind::PlanAccepted(accepted.clone()))?;
    }
    if let Some(task) = draft.state.chain().last().filter(|_| seeded(Bug::RunsASuccessAgain)) {
        draft.record(draft.id(*task), None, Kind::reopened("again"))?;
    }
    let changed = changed(before.as_ref(), &draft.state, identity)?;
    let runs_again = wishes.accept_changed && !changed.is_empty();
    let nothing_to_do = succeeded && wishes.plan.is_none() && !runs_again;
    if wishes.accept_changed {
        draft.reopen_chain(&changed)?;
    }
    // After a process that died the run goes on as it would have: what failed in it had its chances. Whoever resumes a
    // run that had ended, or brings another plan, asks for more.
    let asks_for_more = was_over || seeded(Bug::TriesAgainAfterADeath);
    if asks_for_more || wishes.plan.is_some() || runs_again {
        draft.reopen_unsuccessful()?;
        draft.reopen_overtaken()?;
    }
    for (over, decision) in &wishes.decisions {
        draft.decide(over, *decision)?;
    }
    Ok(Survey { nothing_to_do, records: draft.records, changed, after: draft.state })
}

/// The limits of which there is more from now on.
fn raised(before: &Terms, after: &Terms) -> Vec<Kind> {
    let more = |limit: Limit| {
        let (from, to) = (before.limit(limit)?, after.limit(limit)?);
        (to > from).then(|| Kind::BudgetRaised { limit, from, to, by: "command line".to_owned() })
    };
    Limit::ALL.into_iter().filter_map(more).collect()
}

struct Draft {
    state: RunState,
    records: Vec<Event>,
    now: Timestamp,
}

impl Draft {
    fn record(&mut self, task: Option<TaskId>, attempt: Option<u32>, kind: Kind) -> Result<(), Illegal> {
        let event = Event {
            v: FORMAT,
            seq: self.state.seq + 1,
            at: self.now,
            run: self.state.run.clone(),
            task,
            attempt,
            kind,
        };
        self.state.apply(&event)?;
        self.records.push(event);
        Ok(())
    }

    fn id(&self, task: u32) -> Option<TaskId> {
        self.state.plan().and_then(|plan| plan.tasks.get(task as usize)).map(|task| task.id.clone())
    }

    /// An attempt whose end nobody saw.
    fn interrupt(&mut self, task: u32, attempt: u32) -> Result<(), Illegal> {
        self.record(self.id(task), Some(attempt), Kind::AttemptFinished(Box::new(AttemptFinished::lost())))
    }

    /// Opens the changed tasks, and everything whose work was put on top of theirs, last first.
    fn reopen_chain(&mut self, changed: &[Changed]) -> Result<(), Illegal> {
        let chain = self.state.chain().to_vec();
        let first = chain
            .iter()
            .position(|task| self.id(*task).is_some_and(|id| changed.iter().any(|changed| changed.task == id)));
        let Some(first) = first else { return Ok(()) };
        for task in chain[first..].iter().rev() {
            let Some(id) = self.id(*task) else { continue };
            let why = match changed.iter().find(|changed| changed.task == id) {
                Some(changed) => format!("changed: {}", changed.cause),
                None => "work before it is done again".to_owned(),
            };
            self.record(Some(id), None, Kind::reopened(why))?;
        }
        Ok(())
    }

    /// Failed, skipped and cancelled tasks get a fresh allowance.
    fn reopen_unsuccessful(&mut self) -> Result<(), Illegal> {
        let ended: Vec<(u32, String)> = (0_u32..)
            .zip(self.state.tasks())
            .filter_map(|(ordinal, task)| match &task.status {
                Status::Failed { .. } if seeded(Bug::KeepsFailuresClosed) => None,
                Status::Failed { class } => Some((ordinal, format!("failed: {class}"))),
                Status::Skipped { .. } => Some((ordinal, "skipped".to_owned())),
                Status::Cancelled => Some((ordinal, "cancelled".to_owned())),
                Status::Pending { .. }
                | Status::Running { .. }
                | Status::Checking { .. }
                | Status::Exhausted { .. }
                | Status::Replaced { .. }
                | Status::Succeeded => None,
            })
            .collect();
        for (ordinal, why) in ended {
            self.record(self.id(ordinal), None, Kind::reopened(why))?;
        }
        Ok(())
    }

    /// What ran although a dependency had failed (`run_if: always`) has seen nothing of the work that is done now: it, and
    /// what builds on it, comes after that work again. Where the work fails again its result is taken.
    fn reopen_overtaken(&mut self) -> Result<(), Illegal> {
        let Some(graph) = self.state.graph() else { return Ok(()) };
        let chain = self.state.chain().to_vec();
        let mut overtaken = BTreeSet::new();
        // A task stands in the chain behind all that it depends on, so one pass finds them all.
        for task in &chain {
            // What was replaced is not done again, either.
            let stays = |dep: &u32| {
                let status = self.state.task(*dep).map(|dep| &dep.status);
                matches!(status, Some(Status::Succeeded | Status::Replaced { .. }))
            };
            if graph.deps(*task).iter().any(|dep| overtaken.contains(dep) || !stays(dep)) {
                overtaken.insert(*task);
            }
        }
        overtaken.retain(|_| !seeded(Bug::KeepsWhatWasOvertaken));
        for task in chain.into_iter().rev().filter(|task| overtaken.contains(task)) {
            let role = self.state.plan().and_then(|plan| plan.tasks.get(task as usize)).map(|task| task.role);
            // Finished work that others were put on top of stays: it is never paid for again unasked.
            if role.is_some_and(Role::is_read_only) || self.state.chain().last() == Some(&task) {
                let why = "a task it depends on is done again".to_owned();
                self.record(self.id(task), None, Kind::reopened(why))?;
            }
        }
        Ok(())
    }

    fn decide(&mut self, over: &Over, decision: Decision) -> Result<(), SurveyError> {
        let task = over.task();
        let state = task.and_then(|id| self.state.ordinal(id)).and_then(|task| self.state.task(task));
        let held = state.and_then(TaskState::held_attempt);
        if let (Over::Interruption(task), None) = (over, held) {
            return Err(SurveyError::NotHeld(task.clone()));
        }
        let consent = match over {
            Over::Plan => Some(self.state.plan_consent),
            Over::Task(_) | Over::Interruption(_) => state.map(|task| task.consent),
        };
        match consent {
            Some(Consent::Asked) => {}
            // Agreeing in advance is agreeing: the question is recorded with its answer.
            Some(Consent::NotAsked) => self.record(task.cloned(), held, Kind::ApprovalRequested {})?,
            Some(Consent::Given(_)) | None => return Err(SurveyError::NotAsked(task.cloned())),
        }
        let by = "command line".to_owned();
        Ok(self.record(task.cloned(), held, Kind::ApprovalDecided { by, decision })?)
    }
}

/// Succeeded tasks whose key is no longer what it was, because of an edit.
fn changed(
    before: Option<&RunState>,
    after: &RunState,
    identity: &Identity,
) -> Result<Vec<Changed>, serde_json::Error> {
    let mut changed: Vec<Changed> = Vec::new();
    for task in identity.differing(after)? {
        let (Some(state), Some(plan)) = (after.task(task), after.plan()) else { continue };
        let (Some(done), Some(planned)) = (&state.done, plan.tasks.get(task as usize)) else { continue };
        let edits = before.map_or_else(Vec::new, |before| edits(before, after, task));
        // What it depends on was done again after it: that alone gives it another key, and nobody edited anything.
        if edits.is_empty() && was_overtaken(after, task, done) && !seeded(Bug::TakesTheOvertakenForEdited) {
            continue;
        }
        let cause = if edits.is_empty() { "agent, prompt template or policy".to_owned() } else { edits.join(", ") };
        changed.push(Changed { task: planned.id.clone(), cause });
    }
    Ok(changed)
}

/// Whether a dependency was done again since a task, which runs `always`, had begun.
fn was_overtaken(state: &RunState, task: u32, done: &Done) -> bool {
    let deps = state.graph().map_or(&[][..], |graph| graph.deps(task));
    let again = |dep: &u32| state.task(*dep).and_then(|dep| dep.done.as_ref()).is_some_and(|dep| dep.kept > done.begun);
    deps.iter().any(again)
}

/// What of a task was edited, as far as the two plans tell.
fn edits(before: &RunState, after: &RunState, task: u32) -> Vec<&'static str> {
    let Some(new) = after.plan().and_then(|plan| plan.tasks.get(task as usize)) else { return Vec::new() };
    let old_ordinal = before.ordinal(&new.id);
    let old = old_ordinal.and_then(|task| before.plan()?.tasks.get(task as usize));
    let (Some(old), Some(old_ordinal)) = (old, old_ordinal) else { return vec!["it is new"] };
    let parts = [
        ("role", old.role != new.role),
        ("instructions", old.instructions != new.instructions),
        ("scope", old.scope != new.scope),
        ("artifacts", old.artifacts != new.artifacts),
        ("depends_on", old.depends_on != new.depends_on),
        ("checks", before.checks(old_ordinal) != after.checks(task)),
    ];
    parts.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name).collect()
}

pub fn explained(before: &RunState, survey: &Survey, accept: bool) -> Vec<Explained> {
    let (after, changed) = (&survey.after, &survey.changed);
    let Some(plan) = after.plan() else { return Vec::new() };
    let mut lines = Vec::new();
    for (planned, task) in plan.tasks.iter().zip(after.tasks()) {
        let old = before.ordinal(&planned.id).and_then(|task| before.task(task));
        let touched = changed.iter().find(|changed| changed.task == planned.id);
        let what = match (old.map(|old| &old.status), touched) {
            (Some(Status::Succeeded), Some(changed)) if accept => {
                format!("runs again: {} changed, and --accept-changed was given", changed.cause)
            }
            (Some(Status::Succeeded), Some(changed)) => {
                format!("{} changed since it succeeded; it runs again only with --accept-changed", changed.cause)
            }
            (Some(Status::Succeeded), None) if task.status == Status::Succeeded => {
                format!("kept: it succeeded{}", short(task.done.as_ref().and_then(|done| done.commit.as_ref())))
            }
            (Some(Status::Succeeded), None) => {
                "opened again, since work before it is done again; its result is taken if its inputs come out the same"
                    .to_owned()
            }
            (Some(Status::Running { attempt }), _) => {
                format!(
                    "attempt {attempt} was running when the process died: it is marked interrupted and does not count; {}",
                    next(&planned.id, task)
                )
            }
            (Some(Status::Checking { attempt, .. }), _) => {
                format!("attempt {attempt} had ended in order: only its missing checks run")
            }
            (Some(Status::Exhausted { .. }), _) => "its last attempt failed: it is recorded as failed".to_owned(),
            (Some(Status::Replaced { class }), _) => {
                format!("it failed ({class}), and the plan was changed for its sake: it does not run again")
            }
            (Some(Status::Failed { class }), _) if task.status.is_over() => {
                format!(
                    "it failed ({class}), and the run goes on as it would have; resumed after its end, it is tried again"
                )
            }
            (Some(Status::Skipped { .. } | Status::Cancelled), _) if task.status.is_over() => {
                "it was left out, and the run goes on as it would have".to_owned()
            }
            (Some(Status::Failed { class }), _) => {
                format!("it failed ({class}): a fresh allowance, {}", next(&planned.id, task))
            }
            (Some(Status::Skipped { .. }), _) => {
                "it was skipped: it runs when what it depends on has succeeded".to_owned()
            }
            (Some(Status::Cancelled), _) => format!("it was cancelled: {}", next(&planned.id, task)),
            (Some(Status::Pending { .. }) | None, _) => match task.consent {
                _ if task.held => {
                    format!("attempt {} was interrupted: {}", task.last_attempt, next(&planned.id, task))
                }
                Consent::Given(Decision::Reject) => "it is left out, as was decided".to_owned(),
                Consent::Asked => format!("it waits for a decision: --approve {0} or --reject {0}", planned.id),
                Consent::NotAsked | Consent::Given(_) if task.last_attempt > 0 => {
                    format!("its last attempt ended before its turn: {}", next(&planned.id, task))
                }
                Consent::NotAsked | Consent::Given(_) => "it has not begun: it runs in its turn".to_owned(),
            },
        };
        let now = old.map_or("new", |old| old.status.word());
        lines.push(Explained { task: planned.id.clone(), now, what });
    }
    lines
}

fn next(id: &TaskId, task: &TaskState) -> String {
    match (&task.status, task.held && !matches!(task.consent, Consent::Given(_))) {
        (_, true) => format!("a person must decide first: --decide {id}=rerun or --decide {id}=skip"),
        (_, false) if task.consent == Consent::Given(Decision::Reject) => "it is left out, as was decided".to_owned(),
        // An attempt without an input tree worked in place: there is nothing to go back to.
        (Status::Pending { next_attempt, .. }, false) if task.last_attempt > 0 && task.input_tree.is_none() => {
            format!("attempt {next_attempt} starts from the files as they are")
        }
        (Status::Pending { next_attempt, .. }, false) => {
            format!("attempt {next_attempt} starts from the last good tree")
        }
        (status, false) => status.word().to_owned(),
    }
}

fn short(commit: Option<&ObjectId>) -> String {
    commit.map_or_else(String::new, |commit| format!(", commit {}", commit.short()))
}
