//! What a model answered, read: a plan or a patch with what was mended in it, or everything that is wrong with it.

use std::collections::HashMap;

use super::demands;
use super::model::{ModelPlanner, Revision};
use crate::ids::TaskId;
use crate::plan::{
    CheckRef, Defaults, Draft, Fault, Faults, OnInterrupt, PLAN_SCHEMA, Plan, PlanPatch, Repair, RepairKind, Role,
    RunIf, Task, TaskLimits, parse,
};
use crate::text::printable;

/// Most faults of one answer that are told; those that follow are mostly of the same kind.
const TOLD: usize = 40;
/// Most characters of one.
const TOLD_CHARS: usize = 500;

/// A plan that a model proposed, found sound.
#[derive(Debug, Clone)]
pub struct Proposal {
    /// The plan: our id, time, ticket and author, and the model's title, goal and tasks.
    pub draft: Draft,
    /// What was mended.
    pub repairs: Vec<Repair>,
}

/// A change of a plan that a model proposed, found sound.
#[derive(Debug, Clone)]
pub struct Revised {
    /// The change, complete in itself.
    pub patch: PlanPatch,
    /// The plan with it.
    pub plan: Plan,
    /// What was mended.
    pub repairs: Vec<Repair>,
}

impl ModelPlanner {
    /// Reads a plan out of an answer, or says all that is wrong with it in sentences for people and models.
    pub fn read(&self, text: &str) -> Result<Proposal, Vec<String>> {
        self.plan_of(text).map_err(|faults| told(&faults))
    }

    /// Reads a change of a plan out of an answer, and holds it against the plan.
    pub fn read_patch(&self, text: &str, revision: &Revision<'_>) -> Result<Revised, Vec<String>> {
        self.patch_of(text, revision).map_err(|faults| told(&faults))
    }

    fn plan_of(&self, text: &str) -> Result<Proposal, Vec<Fault>> {
        let brief = &self.brief;
        let made = &brief.made;
        let defaults = Defaults { plan_id: made.plan_id.clone(), created_at: made.created_at };
        let mut parsed = parse(text, &brief.caps, &defaults).map_err(Faults::into_vec)?;
        let draft = &mut parsed.draft;
        self.few_enough(draft.tasks.len())?;
        // What a plan says of itself is ours to say, whatever the model wrote there.
        PLAN_SCHEMA.clone_into(&mut draft.schema);
        draft.plan_id = made.plan_id.clone();
        draft.created_at = made.created_at;
        draft.ticket = Some(brief.ticket.clone());
        draft.base.clone_from(&made.base);
        draft.planned_by = Some(brief.planned_by.clone());
        let mut faults = Vec::new();
        for (i, task) in draft.tasks.iter_mut().enumerate() {
            no_checks_named(task);
            demands::of_task(&format!("$.tasks[{i}]"), task, &brief.checks, &mut faults);
        }
        match parsed.accept(&brief.caps) {
            Err(more) => {
                let mut all = more.into_vec();
                all.append(&mut faults);
                Err(all)
            }
            Ok((plan, mut repairs)) => {
                demands::of_order(&plan, |_| true, &mut faults);
                if !faults.is_empty() {
                    return Err(faults);
                }
                repairs.retain(|repair| !is_ours_to_fill(repair));
                Ok(Proposal { draft: plan.into_draft(), repairs })
            }
        }
    }

    fn patch_of(&self, text: &str, revision: &Revision<'_>) -> Result<Revised, Vec<Fault>> {
        let brief = &self.brief;
        let (mut patch, mut repairs) = PlanPatch::parse(text, &brief.caps).map_err(Faults::into_vec)?;
        let before: HashMap<&TaskId, &Task> = revision.plan.tasks.iter().map(|task| (&task.id, task)).collect();
        let mut faults = Vec::new();
        for (k, task) in patch.add.iter_mut().enumerate() {
            no_checks_named(task);
            demands::of_task(&format!("$.add[{k}]"), task, &brief.checks, &mut faults);
        }
        for (k, task) in patch.replace.iter_mut().enumerate() {
            no_checks_named(task);
            let own = before.get(&task.id).map(|old| inherit(old, task)).unwrap_or_default();
            let mut judged = task.clone();
            // Checks that the task had are the plan's own, not the model's.
            judged.checks.iter_mut().for_each(|checks| checks.retain(|check| !own.contains(check)));
            demands::of_task(&format!("$.replace[{k}]"), &judged, &brief.checks, &mut faults);
        }
        let given_up = before.get(revision.given_up).map(|task| task.role);
        faults.extend(nothing_instead(&patch, revision.given_up, given_up));
        match patch.apply(revision.plan, revision.started, revision.given_up, &brief.caps) {
            Err(more) => {
                let mut all = more.into_vec();
                all.append(&mut faults);
                Err(all)
            }
            Ok(plan) => {
                // What is done counts no more: else a full plan could never be helped.
                let open = plan.tasks.iter().filter(|task| !(revision.started)(&task.id)).count();
                self.few_enough(open)?;
                demands::of_order(&plan, |task| is_new(&patch, task), &mut faults);
                if !faults.is_empty() {
                    return Err(faults);
                }
                repairs.retain(|repair| !is_ours_to_fill(repair));
                Ok(Revised { patch, plan, repairs })
            }
        }
    }

    fn few_enough(&self, tasks: usize) -> Result<(), Vec<Fault>> {
        let most = self.brief.made.max_tasks;
        if tasks <= most {
            return Ok(());
        }
        let message = format!("there are {tasks} tasks to be done; the most allowed is {most}");
        Err(vec![Fault::new("$.tasks", message).hint("put together what belongs together")])
    }
}

/// Schemas make a model write a list where it means nothing: an empty one is those of the role, not none.
fn no_checks_named(task: &mut Task) {
    task.checks.take_if(|checks| checks.is_empty());
}

/// A model is not shown all that a task can have. What it was not shown stays: what a person decided, above all. Returns the
/// checks that were the task's own.
fn inherit(old: &Task, new: &mut Task) -> Vec<CheckRef> {
    new.approval |= old.approval;
    if new.run_if == RunIf::Success {
        new.run_if = old.run_if;
    }
    if new.on_interrupt == OnInterrupt::Rerun {
        new.on_interrupt = old.on_interrupt;
    }
    if new.limits == TaskLimits::default() {
        new.limits = old.limits.clone();
    }
    for sentence in &old.scope.constraints {
        if !new.scope.constraints.contains(sentence) {
            new.scope.constraints.push(sentence.clone());
        }
    }
    let had: Vec<CheckRef> = old.checks.iter().flatten().cloned().collect();
    match &mut new.checks {
        None => new.checks.clone_from(&old.checks),
        Some(checks) => {
            // It knows the task's own checks by their names.
            for check in checks.iter_mut() {
                let CheckRef::Named(name) = check else { continue };
                let same = had.iter().find(|had| matches!(had, CheckRef::Own(own) if own.name == *name));
                if let Some(own) = same {
                    *check = own.clone();
                }
            }
        }
    }
    had
}

fn is_new(patch: &PlanPatch, task: &Task) -> bool {
    patch.add.iter().chain(&patch.replace).any(|changed| changed.id == task.id)
}

/// What the model was never asked for.
fn is_ours_to_fill(repair: &Repair) -> bool {
    repair.kind == RepairKind::Filled && matches!(repair.path.as_str(), "$.schema" | "$.plan_id" | "$.created_at")
}

/// What was given up has to be done in another way: a plan that leaves it out has nothing to fail, and would end well.
fn nothing_instead(patch: &PlanPatch, given_up: &TaskId, role: Option<Role>) -> Option<Fault> {
    let mut offered = patch.add.iter().chain(&patch.replace);
    let done = match role {
        Some(Role::Implement) => offered.any(|task| task.role == Role::Implement),
        Some(Role::Research | Role::Test | Role::Review) | None => offered.next().is_some(),
    };
    let fault = || {
        Fault::new("$.add", format!("nobody does what `{given_up}` was to do"))
            .hint("add a task that comes to the same in another way")
    };
    (!done).then(fault)
}

fn told(faults: &[Fault]) -> Vec<String> {
    let more = faults.len().saturating_sub(TOLD);
    let mut told: Vec<String> =
        faults.iter().take(TOLD).map(|fault| printable(&fault.to_string(), TOLD_CHARS)).collect();
    if more > 0 {
        told.push(format!("{more} more, mostly of the same kind"));
    }
    told
}
