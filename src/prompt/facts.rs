//! What is known of a project, as templates see it.

use serde::Serialize;

/// What is known of a project. Paths are relative to it; nothing of it changes while a run goes on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Facts {
    /// Its languages, most used first.
    pub languages: Vec<String>,
    /// Its files, as an indented list.
    pub tree: String,
    /// How many files are not in the list.
    pub tree_left: usize,
    /// The checks that can be run.
    pub checks: Vec<CheckFact>,
    /// Files that the user wants to be known, whole.
    pub context: Vec<FileFact>,
    /// What the project says of itself: instructions for agents, its readme.
    pub documents: Vec<FileFact>,
    /// Files that the ticket is about.
    pub files: Vec<FileFact>,
}

/// A check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CheckFact {
    /// Its name.
    pub name: String,
    /// Program and arguments.
    pub run: String,
}

/// Text out of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileFact {
    /// Which.
    pub path: String,
    /// Why it is here.
    pub why: String,
    /// As much of its text as there is room for.
    pub text: String,
    /// Whether there is more.
    pub cut: bool,
}

impl Facts {
    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
