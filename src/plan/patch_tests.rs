//! What a patch may change of a plan, and how one is read out of a text.

use super::*;
use crate::ids::{PlanId, TaskId};
use crate::time::Timestamp;

fn plan(text: &str) -> Plan {
    let defaults = Defaults {
        plan_id: PlanId::new("OP-20261121-093312-A1B2").unwrap(),
        created_at: Timestamp::from_millis(1_795_253_592_123),
    };
    parse(text, &Caps::default(), &defaults).unwrap().accept(&Caps::default()).unwrap().0
}

/// `look` is done, `fix` was given up, the rest has not begun.
fn begun() -> Plan {
    plan(
        r#"{"title": "T", "goal": {"summary": "G"}, "tasks": [
        {"id": "look", "title": "L", "role": "research"},
        {"id": "fix", "title": "F", "role": "implement", "depends_on": ["look"]},
        {"id": "docs", "title": "D", "role": "implement", "depends_on": ["look"], "approval": true},
        {"id": "test", "title": "T", "role": "test", "depends_on": ["fix"]},
        {"id": "judge", "title": "J", "role": "review", "depends_on": ["test", "docs"], "run_if": "always"}]}"#,
    )
}

fn patch(text: &str) -> PlanPatch {
    PlanPatch::parse(text, &Caps::default()).unwrap().0
}

fn apply(text: &str) -> Result<Plan, Faults> {
    let started = |id: &TaskId| matches!(id.as_str(), "look" | "fix");
    patch(text).apply(&begun(), &started, &TaskId::new("fix").unwrap(), &Caps::default())
}

fn refused(text: &str) -> String {
    apply(text).unwrap_err().to_string()
}

fn unread(text: &str) -> String {
    PlanPatch::parse(text, &Caps::default()).unwrap_err().to_string()
}

fn outline(plan: &Plan) -> Vec<String> {
    let line = |task: &Task| {
        let deps: Vec<&str> = task.depends_on.iter().map(TaskId::as_str).collect();
        format!("{} <- {}", task.id, deps.join(" "))
    };
    plan.tasks.iter().map(line).collect()
}

const GOOD: &str = r#"{"schema": "orchestra.patch/v1", "reason": "the parser is generated",
  "add": [{"id": "regenerate", "title": "R", "role": "implement", "depends_on": ["look"]}],
  "replace": [{"id": "test", "title": "T", "role": "test", "depends_on": ["regenerate"]}]}"#;

#[test]
fn a_patch_gives_the_plan_with_its_change_and_all_else_as_it_was() {
    let changed = apply(GOOD).unwrap();
    assert_eq!(
        outline(&changed),
        ["look <- ", "fix <- look", "docs <- look", "test <- regenerate", "judge <- test docs", "regenerate <- look"]
    );
    let before = begun();
    assert_eq!(changed.tasks[..3], before.tasks[..3]);
    assert_eq!((changed.plan_id.clone(), changed.created_at), (before.plan_id.clone(), before.created_at));
}

#[test]
fn what_is_added_takes_the_place_of_what_is_removed() {
    let changed = apply(
        r#"{"reason": "r", "remove": ["docs", "test"],
        "add": [{"id": "one", "title": "1", "role": "implement"}],
        "replace": [{"id": "judge", "title": "J", "role": "review", "depends_on": ["one"]}]}"#,
    );
    assert_eq!(outline(&changed.unwrap()), ["look <- ", "fix <- look", "one <- ", "judge <- one"]);
}

#[test]
fn everything_that_speaks_against_a_patch_is_said_at_once_with_its_places() {
    insta::assert_snapshot!(refused(r#"{"reason": "r",
        "add": [{"id": "test", "title": "again", "role": "test"}, {"id": "new", "title": "N", "role": "implement", "depends_on": ["look", "fix"]}],
        "replace": [{"id": "fix", "title": "F", "role": "implement"}, {"id": "docs", "title": "D", "role": "implement"},
                    {"id": "jugde", "title": "J", "role": "review"}],
        "remove": ["look", "docs"]}"#), @r#"
    $.add[0].id: there is a task `test` already (take another id, or put the task into `replace`)
    $.replace[0].id: task `fix` has been started, so it stays (change only tasks that have not been started; add one that mends its work)
    $.replace[2].id: there is no task `jugde` (did you mean `judge`?)
    $.remove[0]: task `look` has been started, so it stays (change only tasks that have not been started; add one that mends its work)
    $.remove[1]: task `docs` is in $.replace[1].id already (name each task once)
    $.replace[1].approval: task `docs` needs the approval of a person (keep `"approval": true`)
    $.add[1].depends_on[0]: task `new` waits for `look`, which the patch removes (let it wait for another task, in `replace`, or remove it)
    $.add[1].depends_on[1]: task `new` waits for `fix`, which was given up (let it wait for another task, in `replace`, or remove it)
    $.tasks[3].depends_on[0]: task `test` waits for `fix`, which was given up (let it wait for another task, in `replace`, or remove it)
    $.tasks[4].depends_on[1]: task `judge` waits for `docs`, which the patch removes (let it wait for another task, in `replace`, or remove it)
    "#);
}

#[test]
fn nothing_may_wait_any_longer_for_what_was_given_up_but_what_runs_after_failures() {
    let added = r#"{"id": "new", "title": "N", "role": "implement", "depends_on": ["fix"]}"#;
    let mended = r#""replace": [{"id": "test", "title": "T", "role": "test", "depends_on": ["look"]}]"#;
    let said = refused(&format!(r#"{{"reason": "r", "add": [{added}], {mended}}}"#));
    assert!(said.starts_with("$.add[0].depends_on[0]: task `new` waits for `fix`, which was given up"), "{said}");
    let always = added.replace("\"depends_on\"", "\"run_if\": \"always\", \"depends_on\"");
    assert!(apply(&format!(r#"{{"reason": "r", "add": [{always}], {mended}}}"#)).is_ok());
}

#[test]
fn the_changed_plan_is_held_to_what_holds_of_every_plan_and_faults_name_the_patch() {
    let said = refused(
        r#"{"reason": "r", "replace": [{"id": "test", "title": "T", "role": "test", "depends_on": ["mend"]}],
        "add": [{"id": "mend", "title": "M", "role": "implement", "depends_on": ["test", "nowhere"]},
                {"id": "see", "title": "S", "role": "review", "scope": {"write": ["/etc"]}}]}"#,
    );
    assert!(said.contains("$.add[0].depends_on[1]: there is no task `nowhere`"), "{said}");
    assert!(said.contains("$.add[1].scope.write[0]: `/etc` is an absolute path"), "{said}");
    assert!(said.contains("$.replace[0].depends_on: tasks wait for each other in a circle"), "{said}");
    let caps = Caps { tasks: 5, ..Caps::default() };
    let fix = TaskId::new("fix").unwrap();
    let said = patch(GOOD).apply(&begun(), &|id| matches!(id.as_str(), "look" | "fix"), &fix, &caps).unwrap_err();
    assert!(said.to_string().contains("6 tasks; the most allowed is 5"), "{said}");
}

#[test]
fn a_group_that_asks_for_what_was_given_up_is_dissolved() {
    let grouped = plan(
        r#"{"title": "T", "goal": {"summary": "G"},
        "tasks": [{"id": "a", "title": "A", "role": "implement"}, {"id": "b", "title": "B", "role": "implement"}],
        "batches": [{"id": "one", "tasks": ["a"]}, {"id": "two", "tasks": ["b"], "depends_on": ["one"]}]}"#,
    );
    let a = TaskId::new("a").unwrap();
    let patch = patch(r#"{"reason": "r", "replace": [{"id": "b", "title": "B", "role": "implement"}]}"#);
    let changed = patch.apply(&grouped, &|id| *id == a, &a, &Caps::default()).unwrap();
    assert_eq!(outline(&changed), ["a <- ", "b <- "]);
}

#[test]
fn a_patch_that_changes_nothing_is_refused() {
    assert!(unread(r#"{"reason": "all is well", "add": []}"#).contains("the patch changes nothing"));
    let free = plan(
        r#"{"title": "T", "goal": {"summary": "G"}, "tasks": [{"id": "a", "title": "A", "role": "test"},
        {"id": "judge", "title": "J", "role": "review"}]}"#,
    );
    let one = serde_json::to_string(&free.tasks[1]).unwrap();
    let a = TaskId::new("a").unwrap();
    let patch = patch(&format!(r#"{{"reason": "r", "replace": [{one}]}}"#));
    let said = patch.apply(&free, &|id| *id == a, &a, &Caps::default()).unwrap_err().to_string();
    assert!(said.contains("every task in `replace` is as it was"), "{said}");
}

#[test]
fn a_patch_is_found_and_mended_as_a_plan_is() {
    let kinds = |text: &str| {
        let (patch, repairs) = PlanPatch::parse(text, &Caps::default()).unwrap();
        assert_eq!(patch, self::patch(GOOD));
        repairs.iter().map(|repair| repair.kind).collect::<Vec<_>>()
    };
    assert_eq!(kinds(GOOD), []);
    assert_eq!(kinds(&format!("I would add: one task.\n```json\n{GOOD}\n```\nGood luck.")), [RepairKind::ProseAround]);
    assert_eq!(kinds(&format!("Here it is:\n```json\n{GOOD}\n```\n")), [RepairKind::FencedBlock]);
    assert_eq!(kinds(&GOOD.replace("\"look\"]}]", "\"look\",]}]")), [RepairKind::TrailingComma]);
    assert_eq!(kinds(&GOOD.replace("\"replace\"", "replaced")), [RepairKind::UnquotedKey, RepairKind::Alias]);
    let bare = GOOD.replace("\"schema\": \"orchestra.patch/v1\", ", "").replace("\"depends_on\"", "\"needs\"");
    assert_eq!(kinds(&bare), [RepairKind::Filled, RepairKind::Alias, RepairKind::Alias]);
}

#[test]
fn what_could_be_meant_otherwise_is_refused() {
    for cut in 1..GOOD.len() - 1 {
        if GOOD.is_char_boundary(cut) {
            assert!(PlanPatch::parse(&GOOD[..cut], &Caps::default()).is_err(), "cut at {cut}");
        }
    }
    assert!(unread(&format!("{GOOD}\n{GOOD}")).contains("the text holds 2 patches"));
    assert!(unread(&GOOD[..200]).contains("the text ends before the patch does"));
    assert!(unread(r#"{"reason": "r", "remove": ["a"], "remove": []}"#).contains("stands twice in one object"));
    assert!(
        unread(r#"{"title": "T", "tasks": [{"id": "a", "title": "A", "role": "test"}]}"#).contains("this is a plan")
    );
    assert!(unread(&GOOD.replace("patch/v1", "patch/v2")).contains("expected orchestra.patch/v1"));
    assert!(unread("I would do nothing.").contains("there is no patch in the text"));
    assert!(unread("[]").contains("a patch is an object; this is a list"));
    assert!(unread(r#"{"reason": "r", "add": [{"title": "no id", "role": "test"}]}"#).contains("the task has no id"));
    assert!(unread(&" ".repeat(5 << 20)).contains("the most allowed is 4194304"));
}

#[test]
fn a_patch_survives_write_and_read() {
    let patch = patch(GOOD);
    let text = serde_json::to_string(&patch).unwrap();
    assert_eq!(serde_json::from_str::<PlanPatch>(&text).unwrap(), patch);
    assert!(serde_json::from_str::<PlanPatch>(&text.replace("\"reason\"", "\"raeson\"")).is_err());
}
