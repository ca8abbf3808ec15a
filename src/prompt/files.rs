//! The files that prompts are made from, as they are built in, and what each may name.

use crate::plan::Role;

pub(super) const SYSTEM: &str = "system.md.j2";
pub(super) const PREAMBLE: &str = "preamble.md.j2";
pub(super) const TICKET: &str = "ticket.md.j2";
pub(super) const FACTS: &str = "facts.md.j2";
pub(super) const TASK: &str = "task.md.j2";
pub(super) const PLAN: &str = "plan.md.j2";
pub(super) const RULES: &str = "rules.md.j2";
pub(super) const AGAIN: &str = "again.md.j2";
pub(super) const REVISE: &str = "revise.md.j2";
pub(super) const SUMMARY: &str = "summary.md.j2";

/// What every conversation with a model begins with.
pub(super) const SHARED: [&str; 3] = [SYSTEM, TICKET, FACTS];

/// The examples: a ticket, and the plan that was made of it.
pub(super) const PAIRS: [(&str, &str); 3] = [
    ("examples/bug.ticket.md", "examples/bug.plan.json"),
    ("examples/two.ticket.md", "examples/two.plan.json"),
    ("examples/docs.ticket.md", "examples/docs.plan.json"),
];

/// One file.
#[derive(Debug)]
pub(super) struct File {
    /// Relative to the folder of prompts.
    pub(super) name: &'static str,
    /// As it is built in.
    pub(super) text: &'static str,
    /// How it is used.
    pub(super) holds: Holds,
}

/// What is in a file.
#[derive(Debug)]
pub(super) enum Holds {
    /// A template that may name these.
    Template(&'static [Named]),
    /// Text that is taken as it is.
    Text,
}

/// A value that a template is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Named {
    Ticket,
    Task,
    Facts,
    Plan,
    Rules,
    Examples,
    Again,
    Revise,
    Summary,
}

impl Named {
    /// All names under it.
    pub(super) fn names(self) -> Vec<String> {
        let (name, fields): (&str, &[&str]) = match self {
            Self::Ticket => ("ticket", &["ref", "title", "text", "acceptance", "paths", "identifiers"]),
            Self::Task => (
                "task",
                &[
                    "id",
                    "role",
                    "title",
                    "instructions",
                    "constraints",
                    "dependencies",
                    "scope",
                    "checks",
                    "artifacts",
                    "previous_failure",
                    "review",
                ],
            ),
            Self::Facts => ("facts", &["languages", "tree", "tree_left", "checks", "context", "documents", "files"]),
            Self::Plan => ("plan", &["max_tasks", "checks"]),
            Self::Rules => ("plan", &["rules"]),
            Self::Examples => return vec!["examples".to_owned()],
            Self::Again => ("again", &["what", "faults"]),
            Self::Revise => ("revise", &["given_up", "why", "tasks", "progress"]),
            Self::Summary => ("summary", &["outcome"]),
        };
        fields.iter().map(|field| format!("{name}.{field}")).collect()
    }
}

macro_rules! file {
    ($name:expr, $path:literal, $holds:expr) => {
        File { name: $name, text: include_str!(concat!("../../config/prompts/", $path)), holds: $holds }
    };
}

/// All of them.
pub(super) const FILES: &[File] = &[
    file!(SYSTEM, "system.md.j2", Holds::Template(&[])),
    file!(PREAMBLE, "preamble.md.j2", Holds::Template(&[Named::Ticket])),
    file!(TICKET, "ticket.md.j2", Holds::Template(&[Named::Ticket])),
    file!(FACTS, "facts.md.j2", Holds::Template(&[Named::Facts])),
    file!(TASK, "task.md.j2", Holds::Template(&[Named::Ticket, Named::Task])),
    file!("research.md.j2", "research.md.j2", Holds::Template(&[Named::Ticket, Named::Task])),
    file!("implement.md.j2", "implement.md.j2", Holds::Template(&[Named::Ticket, Named::Task])),
    file!("test.md.j2", "test.md.j2", Holds::Template(&[Named::Ticket, Named::Task])),
    file!("review.md.j2", "review.md.j2", Holds::Template(&[Named::Ticket, Named::Task])),
    file!(PLAN, "plan.md.j2", Holds::Template(&[Named::Plan, Named::Rules, Named::Examples])),
    file!(RULES, "rules.md.j2", Holds::Template(&[Named::Plan])),
    file!(AGAIN, "again.md.j2", Holds::Template(&[Named::Again])),
    file!(REVISE, "revise.md.j2", Holds::Template(&[Named::Plan, Named::Rules, Named::Revise])),
    file!(SUMMARY, "summary.md.j2", Holds::Template(&[Named::Summary])),
    file!(PAIRS[0].0, "examples/bug.ticket.md", Holds::Text),
    file!(PAIRS[0].1, "examples/bug.plan.json", Holds::Text),
    file!(PAIRS[1].0, "examples/two.ticket.md", Holds::Text),
    file!(PAIRS[1].1, "examples/two.plan.json", Holds::Text),
    file!(PAIRS[2].0, "examples/docs.ticket.md", Holds::Text),
    file!(PAIRS[2].1, "examples/docs.plan.json", Holds::Text),
];

/// What the role asks for.
pub(super) fn role_file(role: Role) -> &'static str {
    match role {
        Role::Research => "research.md.j2",
        Role::Implement => "implement.md.j2",
        Role::Test => "test.md.j2",
        Role::Review => "review.md.j2",
    }
}
