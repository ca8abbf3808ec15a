//! From a listing to a draft: the tasks that are left, in the order of their ranks.

use super::fates::fates;
use super::item::{Item, Listing};
use super::links::links;
use super::{body, order, task_ids, told};
use crate::ids::TaskId;
use crate::plan::fault::Faults;
use crate::plan::model::{Draft, Goal, OnInterrupt, PLAN_SCHEMA, RunIf, Scope, Task, TaskLimits};
use crate::plan::parse::{Defaults, Parsed};
use crate::text::printable;

/// A draft of what is left to do, or all that is wrong with the listing.
pub(super) fn of(mut listing: Listing, defaults: &Defaults) -> Result<Parsed, Faults> {
    let mut faults = std::mem::take(&mut listing.faults);
    let mut repairs = std::mem::take(&mut listing.repairs);
    let links = links(&listing.items, &mut faults, &mut repairs);
    let fates = fates(&listing.items, &links);
    let before = order::order(&listing.items, &links, &fates, &mut faults);
    if !faults.is_empty() {
        return Err(faults.into());
    }
    // From here on no two items have the same key.
    let ids = task_ids::task_ids(&listing.items, &mut repairs);
    told::told(&listing, &links, &fates, &mut repairs);

    let items = &listing.items;
    let mut running: Vec<usize> = (0..items.len()).filter(|&i| fates[i].runs()).collect();
    if running.is_empty() {
        let fault = listing.spot.fault(told::nothing_left(items, &fates));
        return Err(fault.hint("reopen what is to be done, in the tool it comes from").into());
    }
    running.sort_by_key(|&i| items[i].rank);
    let task = |&i: &usize| Task {
        id: ids[i].clone(),
        title: title(&items[i], &ids[i]),
        role: body::role(&items[i], &links, &fates, i),
        instructions: body::instructions(listing.tool, items, &links, &fates, i),
        depends_on: before[i].iter().map(|&on| ids[on].clone()).collect(),
        scope: Scope::default(),
        checks: None,
        artifacts: Vec::new(),
        approval: false,
        run_if: RunIf::default(),
        on_interrupt: OnInterrupt::default(),
        limits: TaskLimits::default(),
    };
    let draft = Draft {
        schema: PLAN_SCHEMA.to_owned(),
        plan_id: defaults.plan_id.clone(),
        title: listing.title,
        goal: Goal { summary: listing.goal, success_criteria: Vec::new() },
        created_at: defaults.created_at,
        ticket: None,
        base: None,
        planned_by: Some(listing.tool.name().to_owned()),
        tasks: running.iter().map(task).collect(),
        batches: Vec::new(),
    };
    let origins = running.iter().map(|&i| items[i].spot.path.clone()).collect();
    Ok(Parsed::imported(draft, repairs, origins))
}

/// An id that had to be changed stands in front of its title as it was.
fn title(item: &Item, id: &TaskId) -> String {
    if id.as_str() == item.key {
        return item.title.clone();
    }
    format!("{}: {}", printable(&item.key, 80), item.title.trim())
}
