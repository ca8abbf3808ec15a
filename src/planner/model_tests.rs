//! What a model is asked, and what is taken of its answers.

use std::collections::BTreeSet;

use super::*;
use crate::ids::{CheckName, PlanId};
use crate::plan::{Caps, TicketRef};
use crate::prompt::{Asked, Facts, Shared, Templates, examples};
use crate::ticket::{Source, Ticket};
use crate::time::Timestamp;

const TICKET: &str = "# `median()` is off by one\n\nIt gives 2 for [1, 2].\n";

fn planner_with(checks: &[&str], max_tasks: usize) -> ModelPlanner {
    let templates = Templates::built_in().unwrap();
    let ticket = Ticket::parse(TICKET, Source::Stdin).unwrap();
    let facts = Facts { tree: "src/\n  stats.rs\n".to_owned(), ..Facts::default() };
    ModelPlanner::new(Brief {
        shared: Shared::new(&templates, &Asked::from(&ticket), &facts).unwrap(),
        templates,
        ticket: TicketRef { reference: None, digest: ticket.digest, text: Some(ticket.text) },
        checks: checks.iter().map(|name| CheckName::new(name).unwrap()).collect::<BTreeSet<_>>(),
        made: Made {
            plan_id: PlanId::new("OP-20261121-093312-A1B2").unwrap(),
            created_at: Timestamp::from_millis(1_795_253_592_123),
            base: None,
            max_tasks,
        },
        caps: Caps::default(),
        planned_by: "main".to_owned(),
        max_output_tokens: 16_000,
    })
    .unwrap()
}

fn planner() -> ModelPlanner {
    planner_with(&["unit", "pytest", "cargo-build", "cargo-test"], 20)
}

#[test]
fn every_example_is_what_we_would_take() {
    let templates = Templates::built_in().unwrap();
    for example in examples(&templates) {
        let proposal = planner().read(example.plan).unwrap_or_else(|faults| panic!("{faults:?}"));
        assert!(proposal.repairs.is_empty(), "{:?}", proposal.repairs);
    }
}
