//! What a model is asked, and what is taken of its answers.

use std::collections::BTreeSet;

use super::*;
use crate::ids::{CheckName, PlanId, TaskId};
use crate::model::{Keep, Part, Request, Said, Turn};
use crate::plan::{Caps, Plan, PlanPatch, RepairKind, TicketRef};
use crate::prompt::{Asked, Facts, Progress, Shared, Templates, examples};
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

macro_rules! answer {
    ($name:literal) => {
        include_str!(concat!("../../tests/fixtures/plans/models/", $name))
    };
}

fn refused(text: &str) -> String {
    planner().read(text).unwrap_err().join("\n")
}

#[test]
fn a_plan_is_found_in_what_models_write_around_it_and_all_that_was_mended_is_told() {
    let kinds = |text: &str| {
        let proposal = planner().read(text).unwrap_or_else(|faults| panic!("{faults:?}"));
        let ids: Vec<&str> = proposal.draft.tasks.iter().map(|task| task.id.as_str()).collect();
        assert_eq!(ids, ["find", "fix", "test"]);
        proposal.repairs.iter().map(|repair| repair.kind).collect::<Vec<_>>()
    };
    assert_eq!(kinds(answer!("fenced.md")), [RepairKind::FencedBlock]);
    assert_eq!(kinds(answer!("prose.md")), [RepairKind::ProseAround, RepairKind::TrailingComma]);
    let sloppy: BTreeSet<String> = kinds(answer!("sloppy.json")).iter().map(|kind| format!("{kind:?}")).collect();
    assert_eq!(sloppy.into_iter().collect::<Vec<_>>(), ["Alias", "Comment", "IgnoredField", "RoleName"]);
}

#[test]
fn what_a_plan_says_of_itself_is_ours() {
    let forged = answer!("fenced.md").replace(
        "\"title\": \"median of",
        "\"plan_id\": \"OP-20200101-000000-FFFF\", \"created_at\": \"2020-01-01T00:00:00.000Z\", \"planned_by\": \"you\",
         \"base\": {\"tree\": \"4b825dc642cb6eb9a060e54bf8d69288fbee4904\"}, \"title\": \"median of",
    );
    let draft = planner().read(&forged).unwrap().draft;
    assert_eq!(draft.plan_id.as_str(), "OP-20261121-093312-A1B2");
    assert_eq!((draft.planned_by.as_deref(), draft.base), (Some("main"), None));
    assert_eq!(draft.created_at, Timestamp::from_millis(1_795_253_592_123));
    assert_eq!(draft.ticket.unwrap().text.as_deref(), Some(TICKET));
}

#[test]
fn an_answer_that_could_be_meant_otherwise_is_refused_in_words_to_act_on() {
    for (text, says) in [
        (answer!("truncated.md"), "it was cut"),
        (answer!("two-plans.md"), "the text holds 2 plans"),
        (answer!("duplicate-keys.json"), "the key `role` stands twice in one object"),
        (answer!("five-hundred.json"), "there are 500 tasks to be done; the most allowed is 20 (put together"),
        (answer!("cyclic.json"), "tasks wait for each other in a circle: find → test → fix → find"),
        (answer!("ignores-schema.json"), "$.tasks: the plan has no `tasks`"),
        (answer!("asks-back.md"), "there is no plan in the text (a plan is one JSON object"),
        ("", "the text is empty"),
    ] {
        let said = refused(text);
        assert!(said.contains(says), "{said}");
    }
}

#[test]
fn more_is_demanded_of_a_model_than_of_a_person_and_all_of_it_is_said_at_once() {
    insta::assert_snapshot!(refused(answer!("house-rules.json")), @r"
    $.tasks[0].instructions: task `find` has no instructions (say what is to be done, where, and how one sees that it is done)
    $.tasks[1].scope.write[0]: `**` lets task `fix` change everything (name the files or folders that it needs)
    $.tasks[1].checks[0]: `mine` is a check of its own, and a plan like this names checks only (take one of cargo-build, cargo-test, pytest, unit, or leave `checks` empty)
    $.tasks[2].checks[0]: there is no check `units` (take one of cargo-build, cargo-test, pytest, unit, or leave `checks` empty)
    $.tasks[1]: nothing tests or reviews what task `fix` changes (add a `test` or `review` task that depends on it, directly or further on)
    ");
    let open = planner_with(&[], 20).read(answer!("fenced.md")).unwrap_err().join("\n");
    assert!(open.contains("there is no check `unit` (the project has none: leave `checks` empty)"), "{open}");
    let unnamed = answer!("fenced.md").replace("\"src/stats.rs\"", "").replace("\"unit\"", "");
    let said = refused(&unnamed);
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.contains("$.tasks[1].scope.write: task `fix` does not say what it may change"), "{said}");
}

#[test]
fn an_empty_list_of_checks_means_those_of_the_role() {
    let plan = answer!("fenced.md").replace("\"unit\"", "");
    assert!(planner().read(&plan).unwrap().draft.tasks.iter().all(|task| task.checks.is_none()));
}

#[test]
fn of_very_many_faults_the_first_are_told() {
    let task = |n| format!(r#"{{"id": "t{n}", "title": "T", "role": "implement"}}"#);
    let tasks: Vec<String> = (0..60).map(task).collect();
    let faults =
        planner_with(&[], 100).read(&format!(r#"{{"title": "T", "tasks": [{}]}}"#, tasks.join(","))).unwrap_err();
    assert_eq!(faults.len(), 41);
    assert!(faults[40].ends_with("more, mostly of the same kind"), "{}", faults[40]);
}

fn texts(request: &Request) -> Vec<String> {
    let part = |part: &Part| match part {
        Part::Text(block) => format!("we: {}", block.text),
        Part::ToolResult(result) => result.text.clone(),
    };
    let said = |said: &Said| match said {
        Said::Text(text) => format!("model: {text}"),
        Said::Call(_) | Said::Kept(_) => String::new(),
    };
    let turn = |turn: &Turn| match turn {
        Turn::User(parts) => parts.iter().map(part).collect::<Vec<_>>(),
        Turn::Model(parts) => parts.iter().map(said).collect(),
    };
    request.turns.iter().flat_map(turn).collect()
}

fn rejected(text: &str) -> Rejected {
    Rejected { text: text.to_owned(), faults: vec!["$.tasks: # not\nsound".to_owned(), "second".to_owned()] }
}

#[test]
fn each_round_goes_on_where_the_last_one_ended() {
    let planner = planner();
    let first = planner.request(&[]).unwrap();
    assert_eq!(first, planner.request(&[]).unwrap());
    let keeps: Vec<Keep> = first.system.iter().map(|block| block.keep).collect();
    assert_eq!(keeps, [Keep::Once, Keep::Once, Keep::Cached]);
    let second = planner.request(&[rejected("{\"title\":")]).unwrap();
    assert_eq!((&second.system, &second.schema), (&first.system, &first.schema));
    assert_eq!(second.turns[0], first.turns[0]);
    let said = texts(&second);
    assert_eq!((said.len(), said[1].as_str()), (3, "model: {\"title\":"));
    assert!(
        said[2].contains("- $.tasks: # not sound\n- second\n") && said[2].contains("whole plan again"),
        "{}",
        said[2]
    );
    // A model that said nothing has no turn: providers refuse an empty one, and two of ours in a row.
    let third = planner.request(&[rejected("{"), rejected(" \n"), rejected("}")]).unwrap();
    let kinds: Vec<bool> = third.turns.iter().map(|turn| matches!(turn, Turn::User(_))).collect();
    assert_eq!(kinds, [true, false, true, false, true]);
    assert_eq!(third.turns[..2], planner.request(&[rejected("{")]).unwrap().turns[..2]);
    let long = planner.request(&[rejected(&"é".repeat(200_000))]).unwrap();
    assert!(long.tokens() < 60_000, "{}", long.tokens());
}

fn id(text: &str) -> TaskId {
    TaskId::new(text).unwrap()
}

/// `look` is done, `fix` was given up, `prove` needs a person's word and brings a check of its own.
fn begun() -> Plan {
    let text = r#"{"title": "T", "goal": {"summary": "G"}, "tasks": [
        {"id": "look", "title": "L", "role": "research", "instructions": "i"},
        {"id": "fix", "title": "F", "role": "implement", "instructions": "i", "depends_on": ["look"]},
        {"id": "prove", "title": "P", "role": "test", "instructions": "i", "depends_on": ["fix"], "approval": true,
         "on_interrupt": "ask", "run_if": "always", "limits": {"attempts": 1}, "scope": {"constraints": ["Be slow."]},
         "checks": [{"name": "own", "run": ["make", "own"], "expect": "change"}]}]}"#;
    let made = planner().brief.made;
    let defaults = crate::plan::Defaults { plan_id: made.plan_id, created_at: made.created_at };
    crate::plan::parse(text, &Caps::default(), &defaults).unwrap().accept(&Caps::default()).unwrap().0
}

fn with_revision<T>(plan: &Plan, then: impl FnOnce(&Revision<'_>) -> T) -> T {
    let started = |id: &TaskId| matches!(id.as_str(), "look" | "fix");
    let progress = |name: &str, state: &str, note: &str| Progress {
        id: name.to_owned(),
        state: state.to_owned(),
        note: note.to_owned(),
    };
    let progress = [progress("look", "succeeded", "found it"), progress("prove", "not started", "")];
    then(&Revision { plan, given_up: &id("fix"), why: "red: left 2, right 3", progress: &progress, started: &started })
}

#[test]
fn a_revision_and_a_summary_begin_like_all_the_rest() {
    let planner = planner();
    let first = planner.request(&[]).unwrap();
    let plan = begun();
    let revision = with_revision(&plan, |revision| planner.revision_request(revision, &[]).unwrap());
    assert_eq!(revision.system, first.system);
    assert_eq!(revision.schema.as_ref().unwrap().name, "plan_patch");
    let said = texts(&revision).concat();
    for part in ["red: left 2, right 3", "\"id\": \"prove\"", "- `look`: succeeded", "found it", "\"own\""] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let again = with_revision(&plan, |revision| planner.revision_request(revision, &[rejected("no")]).unwrap());
    assert_eq!((&again.system, &again.turns[0]), (&revision.system, &revision.turns[0]));
    assert!(texts(&again)[2].contains("whole patch again"));
    let summary = planner.summary_request("1 of 2 tasks succeeded").unwrap();
    assert_eq!((summary.system, summary.schema), (first.system, None));
}

const PATCH: &str = r#"{"reason": "the parser is generated", "remove": [],
    "add": [{"id": "regenerate", "title": "R", "role": "implement", "instructions": "i", "depends_on": ["look"],
             "scope": {"read": [], "write": ["gen/**"]}, "checks": [], "artifacts": []}],
    "replace": [{"id": "prove", "title": "P", "role": "test", "instructions": "i", "depends_on": ["regenerate"],
                 "scope": {"read": [], "write": ["tests/gen.rs"]}, "checks": [], "artifacts": []}]}"#;

fn patched(text: &str) -> Result<Revised, Vec<String>> {
    let plan = begun();
    with_revision(&plan, |revision| planner().read_patch(text, revision))
}

#[test]
fn what_a_model_was_not_shown_of_a_task_stays_when_it_is_replaced() {
    let revised = patched(PATCH).unwrap();
    let (before, plan) = (begun(), revised.plan);
    let (old, new) = (&before.tasks[2], &plan.tasks[2]);
    assert_eq!((new.approval, new.on_interrupt, new.run_if), (true, old.on_interrupt, old.run_if));
    assert_eq!((&new.limits, &new.checks, &new.scope.constraints), (&old.limits, &old.checks, &old.scope.constraints));
    assert_eq!(new.depends_on, [id("regenerate")]);
    assert_eq!(plan.tasks[3].id, id("regenerate"));
    // What is on record gives the same plan without us.
    let started = |id: &TaskId| matches!(id.as_str(), "look" | "fix");
    assert_eq!(revised.patch.apply(&before, &started, &id("fix"), &Caps::default()).unwrap(), plan);
    assert!(revised.repairs.is_empty(), "{:?}", revised.repairs);
    let by_name = patched(
        &PATCH.replace("\"tests/gen.rs\"]}, \"checks\": []", "\"tests/gen.rs\"]}, \"checks\": [\"own\", \"unit\"]"),
    );
    let named = by_name.unwrap().plan.tasks[2].checks.clone().unwrap();
    assert_eq!((named.len(), &named[0]), (2, &old.checks.as_ref().unwrap()[0]));
}

#[test]
fn a_patch_is_held_to_what_is_demanded_of_plans() {
    let said = patched(&PATCH.replace("gen/**", "**").replace("\"regenerate\"]", "\"fix\"]")).unwrap_err().join("\n");
    assert!(said.contains("$.add[0].scope.write[0]: `**` lets task `regenerate` change everything"), "{said}");
    assert!(!said.contains("waits for `fix`"), "what runs after failures may: {said}");
    let loose = PATCH.replace("\"depends_on\": [\"regenerate\"]", "\"depends_on\": [\"look\"]");
    let said = patched(&loose).unwrap_err().join("\n");
    assert!(said.contains("nothing tests or reviews what task `regenerate` changes"), "{said}");
    let started = PATCH.replace("\"remove\": []", "\"remove\": [\"look\"]");
    assert!(patched(&started).unwrap_err().join("\n").contains("task `look` has been started, so it stays"));
    let few = with_revision(&begun(), |revision| planner_with(&["unit"], 1).read_patch(PATCH, revision));
    assert!(few.unwrap_err().join("\n").contains("there are 2 tasks to be done; the most allowed is 1"));
    assert_eq!(PlanPatch::parse(PATCH, &Caps::default()).unwrap().0.add.len(), 1);
}
