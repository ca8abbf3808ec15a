//! Real tickets and made ones, through the built-in templates.

use super::*;
use crate::graph::Graph;
use crate::ids::{PlanId, TaskId};
use crate::plan::{Role, RunIf};
use crate::ticket::{Source, Ticket};
use crate::time::Timestamp;

fn made(max_tasks: usize) -> Made {
    Made {
        plan_id: PlanId::new("OP-20261121-093312-A1B2").unwrap(),
        created_at: Timestamp::from_millis(1_795_253_592_123),
        base: None,
        max_tasks,
    }
}

fn planned(text: &str, max_tasks: usize) -> Planned {
    let template = Template::embedded(Workflow::Default).unwrap();
    from_template(&template, &Ticket::parse(text, Source::Stdin).unwrap(), made(max_tasks)).unwrap()
}

fn outline(planned: &Planned) -> String {
    let lines: Vec<String> = planned
        .plan
        .tasks
        .iter()
        .map(|task| {
            let deps: Vec<&str> = task.depends_on.iter().map(TaskId::as_str).collect();
            format!("{} [{}] {} <- [{}]", task.id, task.role, task.title, deps.join(", "))
        })
        .chain(planned.notes.iter().map(|note| format!("note: {note}")))
        .collect();
    lines.join("\n")
}

#[test]
fn a_ticket_without_structure_still_gives_a_sensible_plan() {
    insta::assert_snapshot!(outline(&planned("Fix the off-by-one in median()", 20)), @r#"
    research [research] Research: Fix the off-by-one in median() <- []
    implement [implement] Fix the off-by-one in median() <- [research]
    test [test] Test: Fix the off-by-one in median() <- [implement]
    review [review] Review: Fix the off-by-one in median() <- [test]
    "#);
}

#[test]
fn items_become_tasks_in_the_order_they_promise() {
    let text = "# Export\n\n## Tasks\n\n1. Add `src/export.rs`\n   - CSV only\n2. Wire it into the CLI\n\n## Todo\n- [x] done already\n- [ ] Document it\n  - [ ] in README.md\n  - [x] in the manual\n\n## Acceptance criteria\n- `export --csv` writes a file\n";
    let planned = planned(text, 20);
    insta::assert_snapshot!(outline(&planned), @r#"
    research [research] Research: Export <- []
    add-src-export-rs [implement] Add `src/export.rs` <- [research]
    wire-it-into-the-cli [implement] Wire it into the CLI <- [add-src-export-rs]
    in-readme-md [implement] in README.md <- [research]
    document-it [implement] Document it <- [in-readme-md]
    test [test] Test: Export <- [wire-it-into-the-cli, document-it]
    review [review] Review: Export <- [test]
    "#);
    insta::assert_snapshot!(planned.plan.tasks[1].instructions, @r#"
    This is part 1 of 4 of the ticket. Do this part and leave the others alone:

    Add `src/export.rs`
    - CSV only
    "#);
    assert_eq!(planned.plan.tasks[1].scope.read, ["src/export.rs"]);
    assert_eq!(planned.plan.goal.success_criteria, ["`export --csv` writes a file"]);
    assert!(planned.plan.tasks.last().unwrap().instructions.contains("- `export --csv` writes a file"));
}

#[test]
fn what_is_all_ticked_is_one_piece_of_work() {
    let planned = planned("# T\n## Tasks\n- [x] a\n- [X] b\n", 20);
    assert_eq!(planned.plan.tasks.len(), 4);
    assert_eq!(planned.plan.tasks[1].id.as_str(), "implement");
}

#[test]
fn work_beyond_the_cap_is_one_task_and_said() {
    let items: Vec<String> = (1..=30).map(|n| format!("{n}. Step {n}")).collect();
    let items = items.join("\n");
    let planned = planned(&format!("# Many\n## Tasks\n{items}"), 6);
    insta::assert_snapshot!(outline(&planned), @r#"
    research [research] Research: Many <- []
    step-1 [implement] Step 1 <- [research]
    step-2 [implement] Step 2 <- [step-1]
    the-remaining-28-items [implement] The remaining 28 items <- [step-2]
    test [test] Test: Many <- [the-remaining-28-items]
    review [review] Review: Many <- [test]
    note: the ticket lists 30 open items; the last 28 are one task, because a plan has at most 6 tasks
    "#);
    assert!(planned.plan.tasks[3].instructions.contains("- Step 30"));
}

#[test]
fn a_ticket_is_data_and_never_expanded() {
    let text = "# {{ ticket.text }} {% for x in range(9) %}\n## Tasks\n- [ ] {{ 7 * 7 }} \u{1b}[31m ../../etc {# x #}\n- [ ] research\n";
    let planned = planned(text, 20);
    assert_eq!(planned.plan.title, "{{ ticket.text }} {% for x in range(9) %}");
    assert!(planned.plan.tasks[1].instructions.contains("{{ 7 * 7 }}"));
    assert!(!planned.plan.tasks[1].title.contains('\u{1b}'));
    assert_eq!(planned.plan.tasks[2].id.as_str(), "research-2");
}

#[test]
fn files_outside_the_project_are_not_in_the_scope() {
    let planned = planned("Look at `/etc/passwd`, `../up.rs`, `~/.bashrc` and `app/[id]/page.tsx` or src/main.rs", 20);
    for task in &planned.plan.tasks {
        for glob in &task.scope.read {
            assert!(!glob.starts_with(['/', '~', '.']), "{glob}");
        }
        assert!(task.scope.read.iter().any(|glob| glob == "src/main.rs"));
    }
}

#[test]
fn a_bug_report_is_one_piece_of_work_and_a_list_of_changes_its_parts() {
    let bugs = [
        include_str!("../../tests/fixtures/tickets/BurntSushi__ripgrep-2576.md"),
        include_str!("../../tests/fixtures/tickets/biomejs__biome-2044.md"),
        include_str!("../../tests/fixtures/tickets/clap-rs__clap-2253.md"),
        include_str!("../../tests/fixtures/tickets/expensify-28153_817.md"),
        include_str!("../../tests/fixtures/tickets/nushell__nushell-10395.md"),
        include_str!("../../tests/fixtures/tickets/tokio-rs__axum-1934.md"),
    ];
    for text in bugs {
        let planned = planned(text, 20);
        assert_eq!(
            planned.plan.tasks.iter().filter(|task| task.role == Role::Implement).count(),
            1,
            "{}",
            outline(&planned)
        );
        assert!(Graph::of(&planned.plan).is_ok());
    }
    let changes = include_str!("../../tests/fixtures/tickets/injection-lobehub-10581.md");
    insta::assert_snapshot!(outline(&planned(changes, 20)), @r#"
    research [research] Research: 🔒 fix(security): prevent prompt injection in Claude workflows <- []
    claude-issue-triage-yml-high-risk-fixed [implement] claude-issue-triage.yml (High Risk → Fixed) <- [research]
    test [test] Test: 🔒 fix(security): prevent prompt injection in Claude workflows <- [claude-issue-triage-yml-high-risk-fixed]
    review [review] Review: 🔒 fix(security): prevent prompt injection in Claude workflows <- [test]
    "#);
}

#[test]
fn the_same_ticket_gives_the_same_plan_with_every_built_in_template() {
    let text = include_str!("../../tests/fixtures/tickets/injection-lobehub-10581.md");
    let ticket = Ticket::parse(text, Source::Stdin).unwrap();
    for workflow in Workflow::ALL {
        let template = Template::embedded(workflow).unwrap();
        let one = from_template(&template, &ticket, made(20)).unwrap();
        assert_eq!(one.plan, from_template(&template, &ticket, made(20)).unwrap().plan);
        assert_eq!(one.plan.ticket.as_ref().unwrap().digest, ticket.digest);
    }
}

#[test]
fn plan_code_review_hands_each_step_what_the_steps_before_left() {
    let text = "# Export\n\n- [ ] CSV\n- [ ] JSON\n\n## Acceptance criteria\n- a file\n";
    let template = Template::embedded(Workflow::PlanCodeReview).unwrap();
    let planned = from_template(&template, &Ticket::parse(text, Source::Stdin).unwrap(), made(20)).unwrap();
    insta::assert_snapshot!(outline(&planned), @r#"
    plan [research] Plan: Export <- []
    code [implement] Export <- [plan]
    review [review] Review: Export <- [plan, code]
    "#);
    let tasks = &planned.plan.tasks;
    let left: Vec<&str> = tasks.iter().flat_map(|task| &task.artifacts).map(String::as_str).collect();
    assert_eq!(left, ["plan.json", "code.json", "review.json"]);
    assert_eq!(
        tasks.iter().map(|task| task.run_if).collect::<Vec<_>>(),
        [RunIf::Success, RunIf::Success, RunIf::Always]
    );
}

#[test]
fn what_is_wrong_with_a_template_is_said_before_it_is_used() {
    let refused = |text: &str| {
        let error = Template::parse("mine.yaml", text).unwrap_err();
        let source = std::error::Error::source(&error).map(|source| format!(": {source}")).unwrap_or_default();
        format!("{error}{source}")
    };
    let step = "version: 1\nsteps:\n  - {id: a, role: research, title: x";
    assert!(refused("version: 2\nsteps: []").contains("version 2"));
    assert!(refused("version: 1\nsteps: []").contains("no steps"));
    assert!(refused(&format!("{step}, after: [b]}}")).contains("step `a` comes after `b`"));
    assert!(refused(&format!("{step}}}\n  - {{id: a, role: test, title: y}}")).contains("two steps have the id `a`"));
    assert!(refused(&format!("{step}, instrctions: x}}")).contains("line 3"));
    assert!(refused(&step.replace("title: x", "title: \"{{ x\"}")).starts_with("the title of step `a`"));
    let template = Template::parse("mine.yaml", &step.replace("title: x", "title: \"{{ tiket.title }}\"}")).unwrap();
    let ticket = Ticket::parse("# T\nx", Source::Stdin).unwrap();
    assert!(matches!(from_template(&template, &ticket, made(20)), Err(PlannerError::Text { field: "title", .. })));
}
