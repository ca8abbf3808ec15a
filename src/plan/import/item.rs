//! What both tools' files come to: items with a place, a state, and what they wait for.

use super::state::State;
use crate::plan::fault::{Fault, Place};
use crate::plan::gathered::Gathered;
use crate::plan::model::Role;
use crate::plan::repair::{Repair, RepairKind};

/// Where something stands in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Spot {
    /// As a JSON path.
    pub path: String,
    /// Its line, where the text has one item to a line.
    pub place: Option<Place>,
}

impl Spot {
    /// A place below this one.
    pub fn below(&self, step: &str) -> Self {
        Self { path: format!("{}{step}", self.path), place: self.place }
    }

    /// A fault here.
    pub fn fault(&self, message: impl Into<String>) -> Fault {
        Fault { path: self.path.clone(), place: self.place, message: message.into(), hint: None }
    }

    /// A repair here.
    pub fn repair(&self, kind: RepairKind, note: impl Into<String>) -> Repair {
        Repair { kind, path: self.path.clone(), place: self.place, note: note.into() }
    }
}

/// Another item as a file names it.
#[derive(Debug, Clone)]
pub(super) struct Named {
    /// The keys it may mean, the likeliest first.
    pub keys: Vec<String>,
    /// Where it is named.
    pub spot: Spot,
}

/// A task or an issue, finished or not.
#[derive(Debug, Clone)]
pub(super) struct Item {
    /// Its whole id in the file: a subtask's holds its parent's.
    pub key: String,
    pub spot: Spot,
    pub title: String,
    pub state: State,
    /// Smaller goes first among those that are ready.
    pub rank: u32,
    /// What it is part of.
    pub parents: Vec<Named>,
    /// What must be done before it.
    pub waits: Vec<Named>,
    /// What is to be done, as (heading, text); the first has no heading.
    pub sections: Vec<(&'static str, String)>,
    /// Its role when it has no parts, and when it has.
    pub alone: Role,
    pub whole: Role,
}

/// All of a file, or of one tag in it.
#[derive(Debug)]
pub(super) struct Listing {
    pub tool: Tool,
    pub title: String,
    pub goal: String,
    pub items: Vec<Item>,
    /// Where the items stand.
    pub spot: Spot,
    pub faults: Gathered,
    pub repairs: Vec<Repair>,
}

/// Whose file it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tool {
    Taskmaster,
    Beads,
}

impl Tool {
    /// Its name, which is also what a plan says it was planned by.
    pub fn name(self) -> &'static str {
        match self {
            Self::Taskmaster => "taskmaster",
            Self::Beads => "beads",
        }
    }

    /// What it calls an item.
    pub fn item(self) -> &'static str {
        match self {
            Self::Taskmaster => "Taskmaster task",
            Self::Beads => "beads issue",
        }
    }
}
