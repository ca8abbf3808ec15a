//! Tickets: Markdown with and without front matter, and what GitHub's tools print.

use orchestra::ids::PlanId;
use orchestra::plan::{Caps, Plan};
use orchestra::planner::{Made, Template, Workflow, from_template};
use orchestra::ticket::{Source, Ticket, TicketError};
use orchestra::time::Timestamp;
use proptest::prelude::*;

use crate::kit::{changed_text, hold, is_live, soon};

const JSON: &str = r#"{"number": 7, "title": "Median of an even count", "body": "It is wrong.\r\n\r\n## Tasks\r\n\r\n- [ ] fix `src/lib.rs`\r\n- [x] look\r\n",
 "labels": [{"name": "bug"}, "good first"], "html_url": "https://example.org/a/b/issues/7", "state": "open", "user": {"login": "x"}}"#;
const FRONT: &str = "---\ntitle: Median\nkey: PROJ-7\nlabels: [bug, maths]\nurl: https://example.org/PROJ-7\n---\n\n# Median\n\nWrong.\n";
const DIFF: &str = "# Fix the bound\n\nApply this:\n\n```diff\ndiff --git a/src/lib.rs b/src/lib.rs\n--- a/src/lib.rs\n+++ b/src/lib.rs\n@@ -1,3 +1,3 @@\n one\n-two\n+2\n three\n```\n\nAcceptance criteria:\n\n1. It is fixed.\n2. `cargo test` is green.\n";

fn corpus() -> Vec<&'static str> {
    vec![
        JSON,
        JSON,
        FRONT,
        DIFF,
        include_str!("../fixtures/tickets/BurntSushi__ripgrep-2576.md"),
        include_str!("../fixtures/tickets/expensify-28153_817.md"),
        include_str!("../fixtures/tickets/injection-lobehub-10581.md"),
        include_str!("../fixtures/tickets/tokio-rs__axum-1934.md"),
        include_str!("../../examples/plan-code-review/ticket.md"),
    ]
}

fn source() -> impl Strategy<Value = Source> {
    prop::sample::select(vec![Source::Text, Source::Stdin, Source::File("t.md".into()), Source::File("t.json".into())])
}

fn parse(text: &str, source: Source) -> Result<Ticket, TicketError> {
    soon(text.len(), || Ticket::parse(text, source))
}

#[test]
fn a_ticket_reads_back_from_its_own_text_and_from_what_is_stored_of_it() {
    hold(2, (changed_text(corpus()), source()), |(text, source)| match parse(&text, source.clone()) {
        Ok(ticket) => {
            assert_eq!(parse(&ticket.text, source).as_ref().ok(), Some(&ticket));
            let stored = serde_json::to_string(&ticket).unwrap();
            assert_eq!(serde_json::from_str::<Ticket>(&stored).unwrap(), ticket);
        }
        Err(error) => {
            assert!(!error.to_string().is_empty() && !error.hint().is_empty());
        }
    });
}

#[test]
fn what_is_taken_out_of_a_ticket_stands_in_it() {
    hold(2, (changed_text(corpus()), source()), |(text, source)| {
        let Ok(ticket) = parse(&text, source) else { return };
        assert!(!ticket.title.contains('\n') && !ticket.title.chars().any(is_live), "{:?}", ticket.title);
        assert!(!ticket.title.is_empty() || !ticket.body.trim().is_empty());
        let lines: std::collections::HashSet<&str> = ticket.body.lines().map(str::trim_start).collect();
        for diff in &ticket.diffs {
            for line in diff.text.lines() {
                // A block in a list or a quotation stands behind its marks.
                let line = line.trim_start();
                assert!(lines.iter().any(|known| known.ends_with(line)), "{line:?}");
            }
        }
        let size: usize = ticket.code.iter().map(|block| block.text.len()).sum();
        assert!(size <= 2 * ticket.body.len() + 2);
        assert!(ticket.prose().len() <= ticket.title.len() + ticket.body.len() + 2);
        let mut paths = ticket.paths.clone();
        paths.sort();
        paths.dedup();
        assert_eq!(paths.len(), ticket.paths.len());
    });
}

/// What our own planner makes of a stranger's words must stand before our own judge.
#[test]
fn every_ticket_becomes_a_sound_plan() {
    let templates = Workflow::ALL.map(|workflow| Template::embedded(workflow).unwrap());
    hold(4, (changed_text(corpus()), prop::sample::select(&[1usize, 4, 20][..])), |(text, max_tasks)| {
        let Ok(ticket) = parse(&text, Source::Text) else { return };
        for template in &templates {
            let (plan_id, created_at) = (PlanId::new("OP-20261121-093312-A1B2").unwrap(), Timestamp::from_millis(0));
            let made = Made { plan_id, created_at, base: None, max_tasks };
            let plan = soon(text.len(), || from_template(template, &ticket, made)).unwrap().plan;
            assert_eq!(plan.clone().into_draft().accept(&Caps::default()).as_ref(), Ok(&plan));
            let stored = serde_json::to_string(&plan).unwrap();
            assert_eq!(serde_json::from_str::<Plan>(&stored).unwrap(), plan);
        }
    });
}
