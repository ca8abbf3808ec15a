//! The examples of tickets and plans: shown to who plans, and held to what holds of every plan before.

use serde::Serialize;

use super::files::PAIRS;
use super::templates::{PromptError, Templates};
use crate::ids::PlanId;
use crate::plan::{Caps, Defaults, parse};
use crate::time::Timestamp;

/// A ticket, and a plan that does what it asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Example<'a> {
    /// As its author wrote it, with what the planner knows of the project.
    pub ticket: &'a str,
    /// As the planner is to answer.
    pub plan: &'a str,
}

/// Those that both have a ticket and a plan: one of somebody's own is left out by an empty file.
pub fn examples(templates: &Templates) -> Vec<Example<'_>> {
    let pairs =
        PAIRS.iter().map(|(ticket, plan)| Example { ticket: templates.text(ticket), plan: templates.text(plan) });
    pairs.filter(|pair| !pair.ticket.trim().is_empty() && !pair.plan.trim().is_empty()).collect()
}

/// Refuses examples that would be refused as plans: nothing teaches faults better.
pub(super) fn check(templates: &Templates) -> Result<(), PromptError> {
    let epoch = Timestamp::from_millis(0);
    let defaults = Defaults { plan_id: PlanId::at(epoch, 0), created_at: epoch };
    let caps = Caps::default();
    for (_, name) in PAIRS {
        let text = templates.text(name);
        if !text.trim().is_empty() {
            let read = parse(text, &caps, &defaults).and_then(|parsed| parsed.accept(&caps));
            read.map_err(|source| PromptError::Example { name, source })?;
        }
    }
    Ok(())
}
