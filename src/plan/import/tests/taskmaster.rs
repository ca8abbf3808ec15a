//! Taskmaster lists: subtasks, statuses, tags, ids.

use serde_json::json;

use super::{defaults, edges, flat, issues, plan, read, refused, task};
use crate::plan::{Caps, Checked, PlanText, RepairKind, Role, check};

#[test]
fn numbers_and_texts_name_the_same_tasks() {
    let text = flat(&[
        json!({"id": 1}),
        json!({"id": "2", "dependencies": [1]}),
        json!({"id": 3, "dependencies": ["2", "1"]}),
    ]);
    let (plan, notes) = plan(&text);
    assert_eq!(edges(&plan), "1, 2 after 1, 3 after 2 1");
    assert_eq!(notes, [""; 0]);
    assert_eq!(plan.planned_by.as_deref(), Some("taskmaster"));
}

#[test]
fn a_task_comes_after_its_subtasks_and_they_wait_for_what_it_waits_for() {
    let text = flat(&[
        json!({"id": 1}),
        json!({"id": 2, "dependencies": [1], "testStrategy": "Look.", "description": "Both.", "subtasks": [
            {"id": 1, "title": "A", "status": "pending"},
            {"id": 2, "title": "B", "status": "pending", "dependencies": [1, "2.1"], "details": "D"}]}),
        json!({"id": 3, "dependencies": [2]}),
        json!({"id": 4, "dependencies": ["2.1"]}),
    ]);
    let (plan, _) = plan(&text);
    assert_eq!(edges(&plan), "1, 2.1 after 1, 2.2 after 2.1 1, 2 after 1 2.1 2.2, 3 after 2, 4 after 2.1");
    let whole = task(&plan, "2");
    assert_eq!((whole.role, task(&plan, "2.1").role), (Role::Test, Role::Implement));
    assert!(whole.instructions.contains("- 2.1 A\n- 2.2 B") && whole.instructions.contains("How it is tested:\nLook."));
    let part = &task(&plan, "2.2").instructions;
    assert!(part.starts_with("Taskmaster task 2.2, part of 2 (T)."), "{part}");
    assert!(part.contains("Details:\nD") && part.contains("What it is part of:\nBoth."), "{part}");
}

#[test]
fn a_bare_number_in_a_subtask_is_one_beside_it() {
    let sub = json!([{"id": 1, "title": "A", "status": "pending", "dependencies": [3]}]);
    let text = flat(&[json!({"id": 3}), json!({"id": 4, "subtasks": sub})]);
    let (plan, notes) = plan(&text);
    assert_eq!(edges(&plan), "3, 4.1, 4 after 4.1");
    assert_eq!(
        notes,
        ["dangling: $.tasks[1].subtasks[0].dependencies[0]: `4.1` waits for `4.3`, which is not in the file: dropped"]
    );
}

#[test]
fn what_is_over_is_left_out_and_what_waits_for_it_need_not() {
    let text = flat(&[
        json!({"id": 1, "status": "done"}),
        json!({"id": 2, "status": "Completed"}),
        json!({"id": 3, "status": "cancelled", "subtasks": [{"id": 1, "title": "A", "status": "pending"}]}),
        json!({"id": 4, "status": "in-progress", "dependencies": [1, 2, 3, 5]}),
        json!({"id": 5, "status": "review"}),
    ]);
    let (plan, notes) = plan(&text);
    assert_eq!(edges(&plan), "4");
    assert!(plan.tasks[0].instructions.contains("It was begun before"));
    assert_eq!(
        notes,
        [
            "left out: $.tasks: 1, 2 are done",
            "left out: $.tasks[4]: 5 is in review",
            "left out: $.tasks[2]: 3 is cancelled, with 1 part below"
        ]
    );
}

#[test]
fn what_is_put_off_holds_what_waits_for_it() {
    let text = flat(&[
        json!({"id": 1, "status": "deferred"}),
        json!({"id": 2, "dependencies": [1]}),
        json!({"id": 3, "dependencies": [2]}),
        json!({"id": 4, "status": "someday"}),
        json!({"id": 5, "subtasks": [
            {"id": 1, "title": "A", "status": "deferred"}, {"id": 2, "title": "B", "status": "pending"}]}),
        json!({"id": 6, "status": "blocked"}),
        json!({"id": 7, "status": "blocked", "dependencies": [5]}),
    ]);
    let (plan, notes) = plan(&text);
    assert_eq!(edges(&plan), "5.2, 5 after 5.2, 7 after 5");
    let notes = notes.join("\n");
    for said in [
        "$.tasks: 1, 5.1 are deferred",
        "$.tasks[1]: `2` waits for `1` \"T\", which is left out",
        "$.tasks[2]: `3` waits for `2`",
        "$.tasks[3]: `4` has the status `someday`, which is not known here",
        "$.tasks[5]: `6` is blocked, and nothing in the file says by what",
    ] {
        assert!(notes.contains(said), "{said}\n{notes}");
    }
}

#[test]
fn open_parts_of_what_is_done_stay_tasks_and_are_told() {
    let (plan, notes) =
        plan(include_str!("../../../../tests/fixtures/plans/ruvnet__ruflo__taskmaster_tasks_tasks.json"));
    assert_eq!(plan.tasks.len(), 3);
    assert!(
        notes.iter().any(|note| note.starts_with("taken: $[0]: `welcome-task` is done, but its parts")),
        "{notes:?}"
    );
}

#[test]
fn a_part_cannot_wait_for_its_whole() {
    let sub = json!([
        {"id": "login", "title": "A", "dependencies": ["auth"]},
        {"id": 2, "title": "B", "dependencies": ["auth.login"]}
    ]);
    let (plan, notes) = plan(&flat(&[json!({"id": "auth", "dependencies": ["auth.2"], "subtasks": sub})]));
    assert_eq!(edges(&plan), "auth.login, auth.2 after auth.login, auth after auth.2 auth.login");
    assert!(notes[0].ends_with("`auth.login` is part of `auth` and cannot wait for it: dropped"), "{notes:?}");
}

#[test]
fn the_tag_is_the_only_one_or_master_or_the_one_that_is_named() {
    let list = |title: &str| json!({"tasks": [{"id": 1, "title": title, "status": "pending"}], "metadata": {}});
    let titled = |text: &str, part: Option<&str>| {
        let Checked { plan, faults, .. } = check(PlanText { text, part }, &Caps::default(), &defaults());
        plan.map(|plan| plan.tasks[0].title.clone()).ok_or_else(|| faults[0].to_string())
    };
    let one = json!({"v2": list("only")}).to_string();
    assert_eq!(titled(&one, None), Ok("only".to_owned()));
    let two = json!({"v2": list("theirs"), "master": list("ours")}).to_string();
    assert_eq!(titled(&two, None), Ok("ours".to_owned()));
    assert_eq!(read(&two).0.repairs[0].kind, RepairKind::TagChosen);
    assert_eq!(titled(&two, Some("v2")), Ok("theirs".to_owned()));
    let none = json!({"v2": list("a"), "v3": list("b")}).to_string();
    let said = titled(&none, None).unwrap_err();
    assert!(
        said.contains("2 tags, and which is meant cannot be told: `v2`, `v3`") && said.contains("FILE#v2"),
        "{said}"
    );
    let said = titled(&none, Some("v22")).unwrap_err();
    assert!(said.contains("there is no tag `v22`; the tags are `v2`, `v3`"), "{said}");
    for flat in [
        flat(&[json!({"id": 1})]),
        issues(&[json!({"id": "a"})]),
        r#"{"tasks": [{"id": "a", "role": "test"}]}"#.to_owned(),
    ] {
        let said = titled(&flat, Some("v2")).unwrap_err();
        assert!(said.contains("no tags; `#v2` names nothing in it"), "{said}");
    }
}

#[test]
fn ids_that_cannot_be_a_tasks_are_changed_alike_each_time_and_stay_visible() {
    let text = flat(&[
        json!({"id": "Fix the bug!"}),
        json!({"id": "fix"}),
        json!({"id": "FIX", "dependencies": ["Fix the bug!", "fix"]}),
        json!({"id": "../../etc"}),
        json!({"id": "\u{1b}[31m\u{202e}"}),
        json!({"id": "ü".repeat(300)}),
        json!({"id": "Fix-the-bug-"}),
    ]);
    let (plan, notes) = plan(&text);
    let ids: Vec<&str> = plan.tasks.iter().map(|task| task.id.as_str()).collect();
    assert_eq!(ids[1], "fix");
    assert!(ids[0].starts_with("Fix-the-bug-") && ids[2].starts_with("FIX-") && ids[3].starts_with("etc-"), "{ids:?}");
    assert_eq!(plan.tasks[2].depends_on.iter().map(crate::ids::TaskId::as_str).collect::<Vec<_>>(), [ids[0], "fix"]);
    assert_eq!(plan.tasks[0].title, "Fix the bug!: T");
    assert_eq!(notes.len(), 5, "{notes:?}");
    assert!(!notes.join("").contains(['\u{1b}', '\u{202e}']));
    let (again, _) = read(&text);
    assert_eq!(again.tasks.iter().map(|task| task.id.as_str()).collect::<Vec<_>>(), ids);
}

#[test]
fn pressing_tasks_stand_first_and_subtasks_are_as_pressing_as_their_task() {
    let sub = json!([{"id": 1, "title": "S"}, {"id": 2, "title": "S", "priority": "low"}]);
    let text = flat(&[
        json!({"id": 1, "priority": "low"}),
        json!({"id": 2}),
        json!({"id": 3, "priority": "high", "subtasks": sub}),
    ]);
    let (plan, _) = plan(&text);
    assert_eq!(edges(&plan), "3.1, 3 after 3.1 3.2, 2, 1, 3.2");
}

#[test]
fn tasks_that_stand_one_to_a_line_are_no_issues() {
    let one = r#"{"id": 1, "title": "A", "status": "pending"}"#;
    let two = r#"{"id": 2, "title": "B", "status": "pending"}"#;
    for text in [
        format!("{{\"tasks\": [\n{one},\n{two}\n]}}"),
        format!("{{\"tasks\": [\n{one},\n{two}]}}"),
        format!("{{\"master\": {{\"tasks\": [\n  {one},\n  {two}\n]\n}}}}"),
        format!("[\n{one},\n{two}\n]\n"),
        format!("[{one}\n,{two}]"),
    ] {
        assert_eq!(edges(&plan(&text).0), "1, 2", "{text}");
    }
    assert_eq!(edges(&plan(&format!("{{\"tasks\": [\n{one}\n]}}")).0), "1");
    assert_eq!(edges(&plan(&format!("[\n{one}\n]")).0), "1");
}

#[test]
fn a_list_with_a_role_in_it_is_ours_and_judged_as_such() {
    let text = flat(&[json!({"id": "a", "role": "review"}), json!({"id": "b"})]);
    let said = refused(&text);
    assert!(said.contains("$.tasks[1].role: the role is missing"), "{said}");
    let said = refused(&format!("{{\"schema\": \"orchestra.plan/v1\", {}", &flat(&[json!({"id": "a"})])[1..]));
    assert!(said.contains("$.tasks[0].role: the role is missing"), "{said}");
}
