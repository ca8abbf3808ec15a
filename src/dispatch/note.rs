//! The task message: what one attempt is told, put together from plan, ticket and what the tasks before it left.

use crate::event::FailureClass;
use crate::ids::Digest;
use crate::message::{
    ArtifactNote, DependencyNote, DependencyStatus, MESSAGE_SCHEMA, MessageLimits, PreviousFailure, ReviewNote,
    TaskMessage, TicketNote,
};
use crate::plan::Role;
use crate::run::{RunState, Status};
use crate::text;
use crate::ticket::Ticket;

/// The ticket as tasks are told it.
pub fn ticket_note(ticket: &Ticket) -> TicketNote {
    TicketNote {
        reference: ticket.key.clone(),
        digest: ticket.digest.clone(),
        title: ticket.title.clone(),
        text: ticket.text.clone(),
        acceptance: ticket.acceptance.clone(),
        diffs: ticket.diffs.iter().map(|diff| diff.text.clone()).collect(),
        paths: ticket.paths.clone(),
        identifiers: ticket.identifiers.clone(),
    }
}

/// The message for the next attempt of a task; nothing for a task that the plan does not have.
pub(super) fn message(state: &RunState, ticket: &TicketNote, task: u32) -> Option<TaskMessage> {
    let plan = state.plan()?;
    let planned = plan.tasks.get(task as usize)?;
    let graph = state.graph()?;
    let mut constraints: Vec<String> = plan.goal.success_criteria.clone();
    let mut dependencies = Vec::new();
    for dep in graph.deps(task) {
        constraints.extend(plan.tasks.get(*dep as usize)?.scope.constraints.iter().cloned());
        dependencies.push(dependency(state, *dep)?);
    }
    constraints.extend(planned.scope.constraints.iter().cloned());
    let mut seen = std::collections::HashSet::new();
    constraints.retain(|sentence| seen.insert(sentence.clone()));
    let tighter = |own: Option<crate::time::Span>, all| own.map_or(all, |own| own.min(all));
    Some(TaskMessage {
        schema: MESSAGE_SCHEMA.to_owned(),
        task_id: planned.id.clone(),
        parent_id: plan.plan_id.clone(),
        run: state.run.clone(),
        role: planned.role,
        title: planned.title.clone(),
        ticket: ticket.clone(),
        instructions: planned.instructions.clone(),
        constraints,
        dependencies,
        scope: planned.scope.clone(),
        checks: state.checks(task).iter().map(|check| check.name.clone()).collect(),
        artifacts: planned.artifacts.clone(),
        limits: MessageLimits {
            time: tighter(planned.limits.time, state.terms.task_time),
            idle: tighter(planned.limits.idle, state.terms.idle_time),
        },
        previous_failure: previous_failure(state, task),
        review: review(state, task),
    })
}

fn dependency(state: &RunState, task: u32) -> Option<DependencyNote> {
    let planned = state.plan()?.tasks.get(task as usize)?;
    let before = state.task(task)?;
    let (status, summary) = match &before.status {
        Status::Succeeded => {
            (DependencyStatus::Succeeded, before.done.as_ref().map_or("", |done| &done.result.summary).to_owned())
        }
        Status::Failed { class } | Status::Replaced { class } => {
            let detail = before.failure.as_ref().map_or("", |failure| failure.detail.as_str());
            (DependencyStatus::Failed, format!("{class}: {}", text::tail(detail, 1024)))
        }
        Status::Pending { .. }
        | Status::Running { .. }
        | Status::Checking { .. }
        | Status::Exhausted { .. }
        | Status::Skipped { .. }
        | Status::Cancelled => (DependencyStatus::Skipped, String::new()),
    };
    let artifacts = match (&status, &before.done) {
        (DependencyStatus::Succeeded, Some(done)) => done
            .artifacts
            .iter()
            .map(|artifact| ArtifactNote {
                path: artifact.path.clone(),
                size: artifact.size,
                sha256: artifact.sha256.clone(),
            })
            .collect(),
        _ => Vec::new(),
    };
    Some(DependencyNote { task_id: planned.id.clone(), status, summary, artifacts })
}

fn previous_failure(state: &RunState, task: u32) -> Option<PreviousFailure> {
    let failure = state.task(task)?.failure.as_ref()?;
    let role = state.plan()?.tasks.get(task as usize)?.role;
    match failure.class {
        // A reviewer who said no did nothing wrong, and is not to be talked into a yes.
        FailureClass::Reported if role == Role::Review => None,
        // Nothing in these is for the agent to mend.
        FailureClass::Quota | FailureClass::RateLimited | FailureClass::Transient => None,
        class => Some(PreviousFailure { class: class.to_string(), detail: failure.detail.clone() }),
    }
}

/// What a review said of the work that the task is to mend.
fn review(state: &RunState, task: u32) -> Option<ReviewNote> {
    let by = &state.task(task)?.rework.as_ref()?.by;
    let said = state.task(state.ordinal(by)?)?.refusal.as_deref()?;
    Some(ReviewNote {
        by: by.clone(),
        verdict: said.verdict,
        score: said.score,
        summary: said.summary.clone(),
        findings: said.findings.clone(),
    })
}

/// The digest of a message without its address, the run.
pub(super) fn message_digest(message: &TaskMessage) -> Result<Digest, serde_json::Error> {
    let mut value = serde_json::to_value(message)?;
    if let Some(fields) = value.as_object_mut() {
        fields.remove("run");
    }
    Digest::of_json(&value)
}
