//! What a file named by the user holds: a plan of ours, or the task list of another tool.

use super::accept::Caps;
use super::fault::{Fault, Faults, quoted};
use super::find::{Wanted, find};
use super::import;
use super::parse::{self, Defaults, Parsed};
use super::strict::strictly;

/// The text of a file, and which part of it is meant.
#[derive(Debug, Clone, Copy)]
pub struct PlanText<'a> {
    /// The text.
    pub text: &'a str,
    /// The tag of a file that holds several lists.
    pub part: Option<&'a str>,
}

impl<'a> From<&'a str> for PlanText<'a> {
    fn from(text: &'a str) -> Self {
        Self { text, part: None }
    }
}

impl<'a> From<&'a String> for PlanText<'a> {
    fn from(text: &'a String) -> Self {
        Self { text, part: None }
    }
}

/// Reads a plan as [`parse`](parse::parse) does, and imports what Taskmaster or beads wrote.
///
/// Of such a list only what is open becomes tasks; what is left out, and why, is in the repairs. An id that stands twice
/// and a circle are faults that name items and places of the file.
pub fn read<'a>(source: impl Into<PlanText<'a>>, caps: &Caps, defaults: &Defaults) -> Result<Parsed, Faults> {
    let PlanText { text, part } = source.into();
    parse::fits(text, caps)?;
    if let Some(parsed) = strictly(text, defaults) {
        no_parts(part)?;
        return Ok(parsed);
    }
    if import::is_issue_lines(text) {
        return import::issue_lines(text, part, defaults);
    }
    let found = find(text, Wanted::Plan).map_err(Faults::from)?;
    if let Some(likeness) = import::likeness(&found.json) {
        return import::value(found.json, likeness, part, found.repairs, defaults);
    }
    no_parts(part)?;
    parse::leniently(found, caps, defaults)
}

fn no_parts(part: Option<&str>) -> Result<(), Faults> {
    let Some(part) = part else { return Ok(()) };
    let message = format!("a plan has no tags; {} names nothing in it", quoted(&format!("#{part}")));
    Err(Fault::new("$", message).hint("leave it away").into())
}
