//! Whatever a list holds, it is a plan or a fault.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{issues, link, read};

fn any_status() -> impl Strategy<Value = Value> {
    let words = ["done", "cancelled", "deferred", "blocked", "review", "?"];
    prop_oneof![
        6 => Just(json!("pending")),
        6 => prop::sample::select(words.to_vec()).prop_map(Value::from),
        1 => Just(Value::Null),
    ]
}

fn any_id() -> impl Strategy<Value = Value> {
    prop_oneof![
        8 => (0..12u32).prop_map(Value::from),
        3 => (0..12u32).prop_map(|n| json!(n.to_string())),
        2 => "[0-9]\\.[0-9]".prop_map(Value::from),
        1 => ".{0,4}".prop_map(Value::from),
    ]
}

fn any_tasks() -> impl Strategy<Value = Value> {
    let fields = || (any_id(), any_status(), prop::collection::vec(any_id(), 0..4), ".{0,12}");
    let leaf = fields()
        .prop_map(|(id, status, on, title)| json!({"id": id, "title": title, "status": status, "dependencies": on}))
        .boxed();
    let whole = (fields(), prop::collection::vec(leaf.clone(), 0..4)).prop_map(|((id, status, on, title), subs)| {
        json!({"id": id, "title": title, "status": status, "dependencies": on, "subtasks": subs, "details": "D"})
    });
    prop::collection::vec(prop_oneof![leaf, whole], 0..8).prop_map(Value::from)
}

proptest! {
    #[test]
    fn no_list_of_tasks_panics_and_each_is_a_plan_or_a_fault(tasks in any_tasks(), shape in 0..3u8) {
        let root = match shape {
            0 => json!({"tasks": tasks}),
            1 => json!({"master": {"tasks": tasks, "metadata": {}}}),
            _ => tasks,
        };
        let (said, plan) = read(&root.to_string());
        prop_assert_eq!(plan.is_some(), said.faults.is_empty());
    }

    #[test]
    fn no_list_of_issues_panics_however_it_is_cut(
        list in prop::collection::vec((0..9u8, 0..6u8, prop::collection::vec((0..9u8, 0..6u8), 0..4)), 1..8),
        cut in 0..400usize,
    ) {
        let kinds = ["blocks", "parent-child", "related", "waits-for", "conditional-blocks", "x"];
        let states = ["open", "closed", "in_progress", "deferred", "blocked", "tombstone"];
        let list: Vec<Value> = list.into_iter().map(|(id, state, on)| {
            let links: Vec<Value> = on.into_iter().map(|(on, kind)| link(&format!("bd-{on}"), kinds[usize::from(kind)])).collect();
            json!({"id": format!("bd-{id}"), "status": states[usize::from(state)], "dependencies": links})
        }).collect();
        let text = issues(&list);
        let (said, plan) = read(&text);
        prop_assert_eq!(plan.is_some(), said.faults.is_empty());
        let cut = text.len().saturating_sub(cut);
        let (said, plan) = read(&text[..cut]);
        prop_assert_eq!(plan.is_some(), said.faults.is_empty());
    }

    #[test]
    fn no_text_panics(text in "[\\[{\"_type:issu}\\], \\ndtask0-9\u{feff}]{0,200}") {
        let (said, plan) = read(&text);
        prop_assert_eq!(plan.is_some(), said.faults.is_empty());
    }
}
