//! What is refused, and how its place is named.

use serde_json::{Value, json};

use super::{defaults, edges, flat, issues, link, plan, refused};
use crate::plan::{Caps, Checked, check};

#[test]
fn ids_that_stand_twice_are_refused_with_both_places() {
    let text = flat(&[json!({"id": 1, "title": "First"}), json!({"id": "1"}), json!({"id": 1, "status": "done"})]);
    let said = refused(&text);
    assert!(said.contains("$.tasks[1].id: the id `1` is already that of $.tasks[0] (\"First\")"), "{said}");
    assert!(said.contains("$.tasks[2].id: the id `1`"), "{said}");
    let sub = json!([{"id": 1, "title": "A"}, {"id": 1, "title": "B"}]);
    let said = refused(&flat(&[json!({"id": 7, "subtasks": sub})]));
    assert!(
        said.contains("$.tasks[0].subtasks[1].id: the id `7.1` is already that of $.tasks[0].subtasks[0]"),
        "{said}"
    );
    let said = refused(&issues(&[json!({"id": "bd-1"}), json!({"id": "bd-2"}), json!({"id": "bd-1"})]));
    assert!(said.contains("$[2].id (line 3, column 1): the id `bd-1` is already that of line 1"), "{said}");
}

#[test]
fn circles_are_refused_with_the_items_in_them() {
    let ring = [
        json!({"id": 1, "dependencies": [3]}),
        json!({"id": 2, "dependencies": [1]}),
        json!({"id": 3, "dependencies": [2]}),
    ];
    let said = refused(&flat(&ring));
    assert!(
        said.contains("$.tasks[0].dependencies[0]: items wait for each other in a circle: `1` → `3` → `2` → `1`"),
        "{said}"
    );
    let said = refused(&flat(&[json!({"id": 5, "dependencies": [5]})]));
    assert!(said.contains("$.tasks[0].dependencies[0]: `5` waits for itself"), "{said}");
    // Through a whole: the part takes over what the whole waits for, and that waits for the part.
    let sub = json!([{"id": 1, "title": "A"}]);
    let said = refused(&flat(&[
        json!({"id": 1, "dependencies": [2], "subtasks": sub}),
        json!({"id": 2, "dependencies": ["1.1"]}),
    ]));
    assert!(said.contains("`1.1` (as part of `1`) → `2` → `1.1`"), "{said}");
    let said = refused(&issues(&[
        json!({"id": "a", "dependencies": [link("b", "parent-child")]}),
        json!({"id": "b", "dependencies": [link("a", "parent-child")]}),
    ]));
    assert!(said.contains("(whose part is)"), "{said}");
}

#[test]
fn a_circle_of_what_is_over_stops_nobody() {
    let text = flat(&[
        json!({"id": 1, "status": "done", "dependencies": [2]}),
        json!({"id": 2, "status": "done", "dependencies": [1, 2]}),
        json!({"id": 3, "dependencies": [2]}),
    ]);
    assert_eq!(edges(&plan(&text).0), "3");
}

#[test]
fn wrong_types_are_faults_at_their_places() {
    for (wrong, place) in [
        (json!({"id": 1, "title": 5}), "$.tasks[0].title: expected text, found a number"),
        (json!({"id": {}, "title": "T"}), "$.tasks[0].id: expected an id as text or whole number, found an object"),
        (json!({"id": -1}), "$.tasks[0].id: expected an id"),
        (json!({"id": " "}), "$.tasks[0].id: the id is empty"),
        (json!({"title": "T"}), "$.tasks[0].id: it has no id"),
        (json!({"id": 1, "status": true}), "$.tasks[0].status: expected text, found true or false"),
        (json!({"id": 1, "dependencies": "2"}), "$.tasks[0].dependencies: expected a list, found text"),
        (json!({"id": 1, "dependencies": [null]}), "$.tasks[0].dependencies[0]: expected an id"),
        (json!({"id": 1, "subtasks": {"a": 1}}), "$.tasks[0].subtasks: expected a list, found an object"),
        (json!({"id": 1, "subtasks": [7]}), "$.tasks[0].subtasks[0]: expected an object, found a number"),
        (json!({"id": 1, "details": [1]}), "$.tasks[0].details[0]: expected text, found a number"),
        (json!({"id": 1, "priority": []}), "$.tasks[0].priority: expected text, found a list"),
    ] {
        let said = refused(&flat(std::slice::from_ref(&wrong)));
        assert!(said.contains(place), "{wrong}: {said}");
    }
    let said = refused(r#"{"master": {"tasks": "none", "metadata": {}}}"#);
    assert!(said.contains("$.master.tasks: expected a list, found text"), "{said}");
    let said = refused(&issues(&[json!({"id": "a"}), json!({"id": "b", "priority": "high", "dependencies": [{}]})]));
    assert!(said.contains("$[1].priority (line 2, column 1): expected a priority from 0 to 4, found text"), "{said}");
    assert!(said.contains("$[1].dependencies[0].depends_on_id (line 2, column 1)"), "{said}");
}

#[test]
fn an_empty_list_and_a_finished_one_say_that_nothing_is_to_be_done() {
    assert!(refused(r#"{"master": {"tasks": [], "metadata": {}}}"#).contains("$.master.tasks: the list is empty"));
    let said = refused(include_str!("../../../../tests/fixtures/plans/day8__de-dupe__beads_issues.jsonl"));
    assert!(said.contains("$: nothing is left to do: all 13 are done"), "{said}");
    let said = refused(&flat(&[json!({"id": 1, "status": "done"}), json!({"id": 2, "status": "deferred"})]));
    assert!(said.contains("nothing is left to do: of 2, 1 is done, 1 is held back"), "{said}");
}

#[test]
fn every_bad_line_is_named() {
    let good = issues(&[json!({"id": "a"})]);
    let line = good.trim_end();
    let text =
        format!("{line}\n\n<<<<<<< HEAD\n{}\n[1]\n{line}{line}\n{{\"id\": \"x\", \"id\": 2}}\nnot json\n", &line[..40]);
    let said = refused(&text);
    for place in [
        "$[1] (line 3, column 1): a merge left its marks here",
        "(line 4, column 41): the line ends before its issue does: it was cut",
        "$[3] (line 5, column 1): expected an issue as an object, found a list",
        "$[4] (line 6,",
        "$[5] (line 7, column 13): the key `id` stands twice in one object",
        "$[6] (line 8, column 1)",
    ] {
        assert!(said.contains(place), "{place}\n{said}");
    }
}

#[test]
fn a_product_of_subtasks_and_dependencies_is_refused_before_it_fills_the_memory() {
    let many: Vec<Value> = (0..2000).map(|n| json!({"id": format!("t{n}")})).collect();
    let subs: Vec<Value> = (0..2000).map(|n| json!({"id": n, "title": "S"})).collect();
    let names: Vec<String> = (0..2000).map(|n| format!("t{n}")).collect();
    let tasks = [many, vec![json!({"id": "whole", "dependencies": names, "subtasks": subs})]].concat();
    let said = refused(&flat(&tasks));
    assert!(said.contains("the dependencies are more than 500000"), "{said}");
    let chain: Vec<Value> = (0..5000)
        .map(|n| json!({"id": format!("c{n}"), "dependencies": [link(&format!("c{}", n + 1), "parent-child")]}))
        .collect();
    assert!(refused(&issues(&chain)).contains("parts of parts go deeper"));
}

#[test]
fn a_list_larger_than_the_cap_is_refused() {
    let tasks: Vec<Value> = (0..30).map(|n| json!({"id": n})).collect();
    let caps = Caps { tasks: 20, ..Caps::default() };
    let Checked { plan, faults, .. } = check(&flat(&tasks), &caps, &defaults());
    assert!(plan.is_none() && faults[0].to_string().contains("the plan has 30 tasks; the most allowed is 20"));
}

#[test]
fn one_id_on_every_line_is_refused_in_time() {
    let said = refused(&issues(&[json!({"id": "a"})]).repeat(5_000));
    assert!(said.contains("(line 1001, column 1): the id `a` is already that of line 1"));
}
