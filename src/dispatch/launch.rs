//! The start of attempts: on record first, and begun once that is written.

use std::sync::Arc;

use super::dispatcher::Dispatcher;
use super::{DispatchError, worker};
use crate::event::{Amount, AttemptStarted, Kind, TaskReused, WorkspaceCreated};
use crate::process::Gate;

/// An attempt whose start is in the journal, but not yet on the disk: it is begun as soon as it is written, behind a gate
/// that opens when it is safe.
pub(super) struct Begun {
    plan: Box<worker::AttemptPlan>,
    gate: Gate,
}

impl Dispatcher {
    /// Puts the start of an attempt on record, or takes the result of an earlier one; it begins with the next commit.
    pub(super) fn launch(&mut self, task: u32, attempt: u32) -> Result<(), DispatchError> {
        let Some(key) = self.work.identity.key(&self.state, task)? else { return Ok(()) };
        let Some(planned) = self.state.plan().and_then(|plan| plan.tasks.get(task as usize)) else { return Ok(()) };
        let id = planned.id.clone();
        let head = self.state.head().cloned();
        let before = self.state.task(task);
        if let Some(done) = before.filter(|task| task.rework.is_none()).and_then(|task| task.done.as_ref())
            && done.key == key
            && done.input_tree == head
            // In place nothing tells whether the files are those of then.
            && head.is_some()
        {
            let reused = TaskReused { from: done.attempt, key };
            return self.append(Some(id), None, Kind::TaskReused(Box::new(reused)));
        }
        if !self.workspace_known {
            let created = WorkspaceCreated {
                ws: 0,
                kind: self.work.workspace_kind(),
                path: self.work.folder().display().to_string(),
                base: self.state.base.tree.clone(),
            };
            self.append(None, None, Kind::WorkspaceCreated(created))?;
            self.workspace_known = true;
        }
        let mut plan = worker::AttemptPlan::of(&self.state, &self.work, task, attempt)?;
        let offer = match &self.state.terms.budget {
            Some(budget) => match self.state.ledger.offer(budget, plan.agent.spends(), Amount::NONE) {
                Ok(offer) => Some(offer),
                // It is decided anew, and then as long as there is too little.
                Err(_) => return Ok(()),
            },
            None => None,
        };
        plan.cap = offer.map(|offer| offer.cap);
        let started = AttemptStarted {
            key,
            ws: 0,
            input_tree: head,
            agent: plan.agent.record(),
            message: plan.message_digest()?,
            reserved: plan.message.limits.time,
            budget: offer.map(|offer| offer.aside).unwrap_or_default(),
        };
        self.append(Some(id), Some(attempt), Kind::AttemptStarted(Box::new(started)))?;
        self.begun.push(Begun { plan: Box::new(plan), gate: Gate::shut() });
        Ok(())
    }

    /// Writes what was appended, in one piece, and lets begin what was launched: all of an attempt that is no effect is
    /// done while its start is on its way to the disk.
    pub(super) fn commit(&mut self) -> Result<(), DispatchError> {
        let begun = std::mem::take(&mut self.begun);
        self.record.commit(begun.iter().map(|begun| begun.gate.clone()).collect())?;
        for Begun { plan, gate } in begun {
            let eye = self.eye(Some(plan.message.task_id.clone()));
            let (work, out) = (Arc::clone(&self.work), self.outbox.clone());
            self.workers.spawn(worker::attempt(work, *plan, gate, (out, eye)));
        }
        Ok(())
    }
}
