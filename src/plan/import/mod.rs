//! Task lists of other tools as plans: Taskmaster's `tasks.json`, and beads issues, one to a line.
//!
//! A reader of one tool ([`taskmaster`], [`beads`]) turns its text into a [`Listing`] of items in the words of that
//! tool; the rest is common: links between items, what becomes of each, the order, the draft. Identifiers are
//! never guessed at: one that stands twice or waits for itself in a circle is a fault, one that leads nowhere is told.

mod beads;
mod body;
mod draft;
mod fates;
mod item;
mod links;
mod order;
mod recognise;
mod record;
mod state;
mod task_ids;
mod taskmaster;
mod told;

#[cfg(test)]
mod tests;

use super::fault::Faults;
use super::json::Json;
use super::parse::{Defaults, Parsed};
use super::repair::Repair;
use item::Listing;

pub(super) use recognise::{Likeness, fault, is_issue_lines, likeness};

/// A value that looks like another tool's file, as a draft. `part` names the tag that is meant.
pub(super) fn value(
    json: Json,
    likeness: Likeness,
    part: Option<&str>,
    repairs: Vec<Repair>,
    defaults: &Defaults,
) -> Result<Parsed, Faults> {
    let listing = match likeness {
        Likeness::Taskmaster => taskmaster::listing(json, part, repairs)?,
        Likeness::Beads => beads::of_list(json, part, repairs, defaults.created_at)?,
    };
    draft::of(listing, defaults)
}

/// A text of one issue to a line, as a draft.
pub(super) fn issue_lines(text: &str, part: Option<&str>, defaults: &Defaults) -> Result<Parsed, Faults> {
    let listing: Listing = beads::of_lines(text, part, defaults.created_at)?;
    draft::of(listing, defaults)
}
