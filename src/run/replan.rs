//! Another plan for the sake of a task that has failed for good: when one is asked for, what it may change, and what it
//! makes of the run.

use super::seeded::{Bug, seeded};
use super::state::{Accepted, Rejected, RunState};
use super::task::{Consent, Status, TaskState};
use crate::event::{Ask, Event, FailureClass, PlanRevised};
use crate::graph::Graph;
use crate::ids::TaskId;
use crate::plan::{Caps, Plan, PlanPatch};

/// What was asked for of other plans, over all processes of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Replans {
    /// How many were asked for and came to something: a plan, or a refusal.
    pub used: u32,
    /// A patch that was bought but not yet parsed, with the task that it is for.
    pub proposed: Option<(TaskId, String)>,
    /// What was proposed since the plan was last changed, and is unsound.
    pub rejected: Vec<Rejected>,
}

/// Whether another plan may help where a task failed in this way. What is wrong with a key, a quota or a budget is so under
/// every plan, and what a person or a rule forbids is not to be planned around.
fn may_help(class: FailureClass) -> bool {
    match class {
        FailureClass::Rejected
        | FailureClass::BadOutput
        | FailureClass::Exited
        | FailureClass::Reported
        | FailureClass::Timeout
        | FailureClass::Stalled => true,
        FailureClass::Auth
        | FailureClass::Unusable
        | FailureClass::Transient
        | FailureClass::RateLimited
        | FailureClass::Quota
        | FailureClass::PolicyDenied
        | FailureClass::BudgetExhausted
        | FailureClass::Interrupted
        | FailureClass::Cancelled => seeded(Bug::PlansAroundARule),
    }
}

impl RunState {
    /// The task for whose sake the planner is to change the plan; nothing where none is, or where none may.
    pub fn to_replan(&self) -> Option<u32> {
        self.accepted.as_ref()?.exhausted.iter().copied().find(|task| self.may_replan(*task))
    }

    /// Whether another plan may be asked for instead of giving a task up.
    pub(super) fn may_replan(&self, ordinal: u32) -> bool {
        let (Some(accepted), Some(task)) = (&self.accepted, self.task(ordinal)) else { return false };
        let left = self.replans.used < self.terms.max_replans || seeded(Bug::ForgetsTheReplanBound);
        let goes_on = accepted.first_failure.is_none() || self.terms.continue_on_error;
        let exhausted = matches!(task.status, Status::Exhausted { .. }) && !task.sent_back;
        let helps = task.failure.as_ref().is_some_and(|failure| may_help(failure.class));
        left && self.terms.max_replans > 0 && goes_on && exhausted && helps && self.send_back(ordinal).is_none()
    }

    /// Whether a task has been started, or is over: no other plan changes it.
    pub fn is_started(&self, id: &TaskId) -> bool {
        let task = self.ordinal(id).and_then(|task| self.task(task));
        task.is_some_and(|task| task.last_attempt > 0 || !matches!(task.status, Status::Pending { .. }))
    }

    /// The plan with a patch for the sake of `given_up`, or all that speaks against it, in words.
    pub fn revised(&self, patch: &PlanPatch, given_up: &TaskId, caps: &Caps) -> Result<Plan, Vec<String>> {
        let plan = self.plan().ok_or_else(|| vec!["there is no accepted plan".to_owned()])?;
        let started = |id: &TaskId| self.is_started(id) && !seeded(Bug::ReplacesAStartedTask);
        patch
            .apply(plan, &started, given_up, caps)
            .map_err(|faults| faults.into_vec().iter().map(ToString::to_string).collect())
    }

    /// A patch was bought for a task.
    pub(super) fn patch_proposed(&mut self, task: &TaskId, number: u32, text: &str) -> Result<(), String> {
        self.is_to_replan(task)?;
        if self.replans.proposed.as_ref().is_some_and(|(known, _)| known == task) {
            return Err("the patch before it was neither taken nor refused".to_owned());
        }
        if number != self.replans.used + 1 {
            return Err(format!("number {} was expected", self.replans.used + 1));
        }
        self.replans.proposed = Some((task.clone(), text.to_owned()));
        Ok(())
    }

    /// A patch is unsound, or none was given: that costs one as well.
    pub(super) fn patch_rejected(&mut self, task: &TaskId, faults: &[String]) -> Result<(), String> {
        self.is_to_replan(task)?;
        let bought = self.replans.proposed.take_if(|(known, _)| known == task);
        let text = bought.map(|(_, text)| text).unwrap_or_default();
        self.replans.used += 1;
        self.replans.rejected.push(Rejected { text, faults: faults.to_vec() });
        Ok(())
    }

    fn is_to_replan(&mut self, task: &TaskId) -> Result<u32, String> {
        let ordinal = self.executing()?.ordinal(task)?;
        if !self.is_idle() {
            return Err("a plan changes only while no task runs".to_owned());
        }
        if self.to_replan() != Some(ordinal) {
            return Err(format!("no other plan is asked for because of `{task}`"));
        }
        Ok(ordinal)
    }

    pub(super) fn plan_revised(&mut self, event: &Event, revised: &PlanRevised) -> Result<(), String> {
        let given_up = event.task.as_ref().ok_or("it names no task")?;
        let ordinal = self.is_to_replan(given_up)?;
        if revised.revision != self.revision() + 1 {
            return Err(format!("revision {} was expected", self.revision() + 1));
        }
        let plan = self.revised(&revised.patch, given_up, &Caps::NONE).map_err(|faults| faults.join("; "))?;
        let graph = Graph::of(&plan).map_err(|error| error.to_string())?;
        let class = self.task(ordinal).and_then(|task| task.failure.as_ref()).map(|failure| failure.class);
        let class = class.ok_or("the task did not fail")?;
        let Some(old) = self.accepted.take() else { return Err("there is no accepted plan".to_owned()) };
        let mut fresh = Accepted::new(revised.revision, plan, graph, old.catalogue.clone());
        if let Err((old, why)) = fresh.carry_over(old) {
            self.accepted = Some(*old);
            return Err(why);
        }
        for task in &revised.patch.replace {
            // Nothing that was said of a task holds of another one in its place.
            if let Some(ordinal) = fresh.index.get(&task.id).copied() {
                fresh.replaced(ordinal);
            }
        }
        let ordinal = fresh.ordinal(given_up)?;
        fresh.give_up(ordinal, class);
        self.accepted = Some(fresh);
        self.keyed.edited();
        self.replans.used += 1;
        self.replans.proposed = None;
        self.replans.rejected.clear();
        // Whoever wants to agree to a plan agrees to the one that is carried out.
        if self.terms.ask >= Ask::Plan && !seeded(Bug::ChangesThePlanUnasked) {
            self.plan_consent = Consent::NotAsked;
            self.asks_again = true;
        }
        Ok(())
    }
}

impl Accepted {
    /// Another task stands in the place of one that had not begun.
    fn replaced(&mut self, ordinal: u32) {
        let waiting = self.tasks[ordinal as usize].waiting;
        if let Some(at) = self.tasks[ordinal as usize].wakes {
            self.wake.remove(&(at, ordinal));
        }
        self.asking.remove(&ordinal);
        self.tasks[ordinal as usize] = TaskState::new(waiting);
        self.settle_readiness(ordinal);
    }
}
