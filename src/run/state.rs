//! The state of a run, and what can be read from it. Only `fold` changes it.

use std::collections::{BTreeSet, HashMap};

use super::budget::Ledger;
use super::checks::{check_identity, checks_of};
use super::keyed::Keyed;
use super::replan::Replans;
use super::seeded::{Bug, seeded};
use super::task::{Consent, Status, TaskState};
use crate::event::{Base, CheckOutcome, Decision, Gauge, RunVerdict, StopCause, Terms};
use crate::graph::Graph;
use crate::ids::{Digest, ObjectId, RunId, TaskId};
use crate::plan::{Check, Plan};
use crate::time::{Span, Timestamp};

/// Where a run as a whole stands.
#[derive(Debug, Clone, PartialEq)]
pub enum Phase {
    /// There is no sound plan yet.
    Planning {
        /// A proposal that was bought but not yet parsed, with its round.
        proposed: Option<(u32, String)>,
        /// What was proposed before, and is unsound.
        rejected: Vec<Rejected>,
    },
    /// Tasks run, or could.
    Executing,
    /// This process ended before the run did.
    Stopped(StopCause),
    /// The run ended.
    Finished(RunVerdict),
}

impl Phase {
    /// Whether the run, or the process that had it, came to an end that is on record.
    pub fn is_over(&self) -> bool {
        match self {
            Self::Stopped(_) | Self::Finished(_) => true,
            Self::Planning { .. } | Self::Executing => false,
        }
    }
}

/// A proposal that was unsound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    /// What the planner said, as it said it.
    pub text: String,
    /// All that is wrong with it.
    pub faults: Vec<String>,
}

/// An event that cannot follow what came before it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("event {seq} (`{kind}`) cannot follow: {why}")]
pub struct Illegal {
    /// The event's number.
    pub seq: u64,
    /// Its name.
    pub kind: &'static str,
    /// What rules it out.
    pub why: String,
}

/// A run as far as its events tell. Made by folding; equal journals give equal states.
#[derive(Debug, Clone)]
pub struct RunState {
    /// The run.
    pub run: RunId,
    /// The rules in force.
    pub terms: Terms,
    /// What the work starts from.
    pub base: Base,
    /// Where the run as a whole stands.
    pub phase: Phase,
    /// Whether only a plan was asked for, and no later process asked for more.
    pub plan_only: bool,
    /// The number of the newest event.
    pub seq: u64,
    /// What a person said of the plan.
    pub plan_consent: Consent,
    pub(super) accepted: Option<Accepted>,
    pub(super) session_start: Timestamp,
    pub(super) last_at: Timestamp,
    pub(super) earlier: Span,
    /// Attempts launched, over all processes.
    pub launches: u32,
    /// What was used and set aside of the budget.
    pub ledger: Ledger,
    /// Nothing runs until then.
    pub paused: Option<Option<Timestamp>>,
    /// Since when everything stands still because a person wants it so.
    pub suspended: Option<Timestamp>,
    /// How long everything stood still before, in this process.
    pub(super) stood_still: Span,
    /// A failure asks for a pause that is not recorded yet.
    pub(super) pause_due: Option<(String, Option<Timestamp>)>,
    pub(super) keyed: Keyed,
    /// What was asked for of other plans.
    pub replans: Replans,
    /// The plan was changed, and a person must agree to it, however much has begun.
    pub(super) asks_again: bool,
    /// What a model wrote about the results.
    pub narrative: Option<Narrative>,
}

/// What a model wrote about a run's results.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Narrative {
    /// Its words; none where it could not, and then the template's stand alone.
    pub text: Option<String>,
    /// Who it is.
    pub by: String,
}

/// The plan in force, and its tasks' states.
#[derive(Debug, Clone)]
pub(super) struct Accepted {
    pub revision: u32,
    pub plan: Plan,
    pub graph: Graph,
    pub catalogue: Vec<Check>,
    pub checks: Vec<Vec<Check>>,
    pub index: HashMap<TaskId, u32>,
    pub tasks: Vec<TaskState>,
    /// Startable now: (hops below, negated so that most come first; ordinal).
    pub ready: BTreeSet<(std::cmp::Reverse<u32>, u32)>,
    /// Startable at a time.
    pub wake: BTreeSet<(Timestamp, u32)>,
    pub asking: BTreeSet<u32>,
    pub running: BTreeSet<u32>,
    pub checking: BTreeSet<u32>,
    pub exhausted: BTreeSet<u32>,
    /// Attempts of an earlier process whose end nobody saw.
    pub lost: BTreeSet<u32>,
    /// Tasks that will never run, with the reason due.
    pub doomed: BTreeSet<u32>,
    /// Succeeded tasks in the order of their commits; the last one's tree is the head.
    pub chain: Vec<u32>,
    /// The first task that failed.
    pub first_failure: Option<u32>,
    pub over: u32,
    pub outcomes: HashMap<(Digest, ObjectId), CheckOutcome>,
    pub in_place_base: HashMap<Digest, CheckOutcome>,
    pub in_place_final: HashMap<Digest, CheckOutcome>,
}

impl RunState {
    /// What went into the keys of all finished tasks, beside plan and base; nothing where it is not known of them all.
    pub fn settled_identity(&self) -> Option<&Digest> {
        self.keyed.identity()
    }

    /// The plan in force.
    pub fn plan(&self) -> Option<&Plan> {
        self.accepted.as_ref().map(|accepted| &accepted.plan)
    }

    /// The plan's revision; 0 before there is one.
    pub fn revision(&self) -> u32 {
        self.accepted.as_ref().map_or(0, |accepted| accepted.revision)
    }

    /// The plan's graph.
    pub fn graph(&self) -> Option<&Graph> {
        self.accepted.as_ref().map(|accepted| &accepted.graph)
    }

    /// The project's checks, as accepted with the plan.
    pub fn catalogue(&self) -> &[Check] {
        self.accepted.as_ref().map_or(&[], |accepted| &accepted.catalogue)
    }

    /// All tasks in plan order.
    pub fn tasks(&self) -> &[TaskState] {
        self.accepted.as_ref().map_or(&[], |accepted| &accepted.tasks)
    }

    /// One task by its ordinal in the plan.
    pub fn task(&self, ordinal: u32) -> Option<&TaskState> {
        self.tasks().get(ordinal as usize)
    }

    /// The ordinal of a task.
    pub fn ordinal(&self, id: &TaskId) -> Option<u32> {
        self.accepted.as_ref().and_then(|accepted| accepted.index.get(id).copied())
    }

    /// The checks that decide over a task.
    pub fn checks(&self, ordinal: u32) -> &[Check] {
        self.accepted.as_ref().and_then(|accepted| accepted.checks.get(ordinal as usize)).map_or(&[], Vec::as_slice)
    }

    /// The tree that the next task starts from; missing in place.
    pub fn head(&self) -> Option<&ObjectId> {
        let last = self.accepted.as_ref().and_then(|accepted| accepted.chain.last());
        match last.and_then(|ordinal| self.task(*ordinal)).and_then(|task| task.done.as_ref()) {
            Some(done) => done.tree.as_ref(),
            None => self.base.tree.as_ref(),
        }
    }

    /// The commit that the next task's commit follows: that of the newest success, which has one wherever there are
    /// trees. In place there are none, and looking for one through all tasks would cost each of them all the others.
    pub fn head_commit(&self) -> Option<&ObjectId> {
        let last = self.task(*self.chain().last()?)?;
        last.done.as_ref()?.commit.as_ref()
    }

    /// Succeeded tasks in the order in which their work was put on top of each other.
    pub fn chain(&self) -> &[u32] {
        self.accepted.as_ref().map_or(&[], |accepted| &accepted.chain)
    }

    /// Wall time used so far, over all processes, up to `now`. While everything stands still, none is used.
    pub fn elapsed(&self, now: Timestamp) -> Span {
        let until = self.suspended.map_or(now, |since| since.min(now));
        self.earlier.plus(until.since(self.session_start).minus(self.stood_still))
    }

    /// Each limit with what is used of it.
    pub fn gauges(&self, now: Timestamp) -> Vec<Gauge> {
        self.ledger.gauges(&self.terms, self.elapsed(now), self.launches)
    }

    /// How long until most of the run's time is used, or all of it.
    pub fn time_to_next_mark(&self, now: Timestamp) -> Span {
        let (elapsed, all) = (self.elapsed(now).as_millis(), self.terms.run_time.as_millis());
        // Rounded up: a mark that is not quite reached when it is looked at would be looked at again and again.
        let most = all - all / 5;
        Span::from_millis(if elapsed < most { most - elapsed } else { all.saturating_sub(elapsed) })
    }

    /// Whether anything changed the tree since the base.
    pub fn has_change(&self) -> bool {
        self.base.tree.is_none() || self.head() != self.base.tree.as_ref()
    }

    /// What a check showed before any work.
    pub fn base_outcome(&self, check: &Check) -> Option<&CheckOutcome> {
        let accepted = self.accepted.as_ref()?;
        let of = check_identity(check);
        match &self.base.tree {
            Some(tree) => accepted.outcomes.get(&(of, tree.clone())),
            None => accepted.in_place_base.get(&of),
        }
    }

    /// What a check showed of a task's newest attempt.
    pub fn task_outcome(&self, ordinal: u32, check: &Check) -> Option<&CheckOutcome> {
        let accepted = self.accepted.as_ref()?;
        let of = check_identity(check);
        let task = accepted.tasks.get(ordinal as usize)?;
        let tree = match &task.status {
            Status::Checking { tree, .. } => tree.as_ref(),
            Status::Pending { .. }
            | Status::Running { .. }
            | Status::Exhausted { .. }
            | Status::Succeeded
            | Status::Failed { .. }
            | Status::Replaced { .. }
            | Status::Skipped { .. }
            | Status::Cancelled => task.done.as_ref().and_then(|done| done.tree.as_ref()),
        };
        match tree {
            Some(tree) => accepted.outcomes.get(&(of, tree.clone())),
            None => task.in_place.get(&of),
        }
    }

    /// What a check showed of the whole result.
    pub fn final_outcome(&self, check: &Check) -> Option<&CheckOutcome> {
        let accepted = self.accepted.as_ref()?;
        let of = check_identity(check);
        match self.head() {
            Some(tree) => accepted.outcomes.get(&(of, tree.clone())),
            None => accepted.in_place_final.get(&of),
        }
    }

    /// Whether nothing is at work.
    pub fn is_idle(&self) -> bool {
        self.accepted.as_ref().is_none_or(|accepted| {
            accepted.running.is_empty() && accepted.checking.is_empty() && accepted.lost.is_empty()
        })
    }

    /// Whether no attempt runs; checks may.
    pub fn is_idle_of_attempts(&self) -> bool {
        self.accepted.as_ref().is_none_or(|accepted| accepted.running.is_empty())
    }

    /// Attempts whose end nobody saw, as (task, attempt).
    pub fn lost(&self) -> Vec<(u32, u32)> {
        let Some(accepted) = &self.accepted else { return Vec::new() };
        accepted
            .lost
            .iter()
            .filter_map(|ordinal| accepted.tasks.get(*ordinal as usize).map(|task| (*ordinal, task.last_attempt)))
            .collect()
    }
}

impl Accepted {
    pub fn new(revision: u32, plan: Plan, graph: Graph, catalogue: Vec<Check>) -> Self {
        let count = plan.tasks.len();
        let checks = plan.tasks.iter().map(|task| checks_of(task, &catalogue)).collect();
        let index = plan.tasks.iter().zip(0_u32..).map(|(task, ordinal)| (task.id.clone(), ordinal)).collect();
        let tasks = (0..count).map(|ordinal| TaskState::new(waiting(&graph, ordinal))).collect();
        let mut accepted = Self {
            revision,
            plan,
            graph,
            catalogue,
            checks,
            index,
            tasks,
            ready: BTreeSet::new(),
            wake: BTreeSet::new(),
            asking: BTreeSet::new(),
            running: BTreeSet::new(),
            checking: BTreeSet::new(),
            exhausted: BTreeSet::new(),
            lost: BTreeSet::new(),
            doomed: BTreeSet::new(),
            chain: Vec::new(),
            first_failure: None,
            over: 0,
            outcomes: HashMap::new(),
            in_place_base: HashMap::new(),
            in_place_final: HashMap::new(),
        };
        for ordinal in 0..u32::try_from(count).unwrap_or(u32::MAX) {
            accepted.settle_readiness(ordinal);
        }
        accepted
    }

    /// Puts a pending task where it belongs: ready, waking later, doomed, or none of them while it waits.
    pub fn settle_readiness(&mut self, ordinal: u32) {
        let place = (std::cmp::Reverse(self.graph.height(ordinal)), ordinal);
        self.ready.remove(&place);
        self.doomed.remove(&ordinal);
        let task = &mut self.tasks[ordinal as usize];
        if let Some(at) = task.wakes.take() {
            self.wake.remove(&(at, ordinal));
        }
        let task = &self.tasks[ordinal as usize];
        let Status::Pending { not_before, .. } = task.status else { return };
        if task.consent == Consent::Given(Decision::Reject) {
            self.doomed.insert(ordinal);
            return;
        }
        let waits = task.waiting > 0 && !seeded(Bug::BeginsBeforeItsDependencies);
        if waits || self.asking.contains(&ordinal) {
            return;
        }
        if self.blocking_dependency(ordinal).is_some() {
            self.doomed.insert(ordinal);
            return;
        }
        match not_before {
            Some(at) => {
                self.tasks[ordinal as usize].wakes = Some(at);
                self.wake.insert((at, ordinal));
            }
            None => {
                self.ready.insert(place);
            }
        }
    }

    /// The dependency that keeps a task from ever running: one that did not succeed, unless the task runs `always`
    /// and the dependency at least ran.
    pub fn blocking_dependency(&self, ordinal: u32) -> Option<u32> {
        let always = self.plan.tasks[ordinal as usize].run_if == crate::plan::RunIf::Always;
        self.graph.deps(ordinal).iter().copied().find(|dep| match &self.tasks[*dep as usize].status {
            Status::Failed { .. } | Status::Replaced { .. } => !always || seeded(Bug::ForgetsAlways),
            Status::Skipped { .. } | Status::Cancelled => !seeded(Bug::RunsBelowASkip),
            Status::Succeeded
            | Status::Pending { .. }
            | Status::Running { .. }
            | Status::Checking { .. }
            | Status::Exhausted { .. } => false,
        })
    }
}

fn waiting(graph: &Graph, ordinal: usize) -> u32 {
    let ordinal = u32::try_from(ordinal).unwrap_or(u32::MAX);
    u32::try_from(graph.deps(ordinal).len()).unwrap_or(u32::MAX)
}
