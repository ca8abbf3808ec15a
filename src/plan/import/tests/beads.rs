//! beads issues: links, kinds, lines.

use serde_json::{Value, json};

use super::{edges, flat, issues, link, plan, read, task};
use crate::plan::{RepairKind, Role};

#[test]
fn only_blocking_links_order_issues() {
    let (plan, notes) = plan(include_str!("../../../../tests/fixtures/plans/import/beads.jsonl"));
    // The most pressing first.
    assert_eq!(
        edges(&plan),
        "dd-v6t after dd-pk3, dd-e1 after dd-pk3 dd-v6t dd-e1.2, dd-e1.2 after dd-v6t dd-pk3, dd-pk3, dd-uqk"
    );
    assert_eq!((task(&plan, "dd-e1").role, task(&plan, "dd-uqk").role), (Role::Test, Role::Research));
    let told = &task(&plan, "dd-v6t").instructions;
    for said in [
        "beads issue dd-v6t, part of dd-e1 (Compression 2.0). It was begun",
        "Design:\nCount",
        "It is done when:\nRound",
        "Notes:\nSee",
    ] {
        assert!(told.contains(said), "{said}: {told}");
    }
    insta::assert_snapshot!(notes.join("\n"), @r#"
    passed over: $: links that order nothing: `discovered-from`, `related`
    passed over: $: records that are no issues: `memory`
    dangling: $[2].dependencies[2] (line 3, column 1): `dd-e1.2` waits for `dd-gone`, which is not in the file: dropped
    left out: $[3] (line 4, column 1): dd-0ob is done
    left out: $[6] (line 7, column 1): dd-900 is deferred
    left out: $[7] (line 8, column 1): `dd-6ft` waits for `dd-900` "Consider a size threshold", which is left out
    "#);
}

#[test]
fn issues_that_are_no_work_or_wait_for_the_world_are_left_out() {
    let (plan, notes) = plan(&issues(&[
        json!({"id": "a", "dependencies": [link("pin", "blocks"), link("note", "blocks")]}),
        json!({"id": "pin", "status": "pinned"}),
        json!({"id": "note", "issue_type": "message"}),
        json!({"id": "gate", "issue_type": "gate"}),
        json!({"id": "b", "dependencies": [link("gate", "blocks")]}),
        json!({"id": "c", "dependencies": [link("a", "conditional-blocks")]}),
        json!({"id": "later", "defer_until": "2999-01-01T00:00:00Z"}),
        json!({"id": "due", "defer_until": "2020-01-01T00:00:00Z", "labels": ["role:review"]}),
    ]));
    assert_eq!(edges(&plan), "a, due");
    assert_eq!(task(&plan, "due").role, Role::Review);
    let notes = notes.join("\n");
    for said in [
        "pin, note are no work",
        "`gate` waits for something outside",
        "`b` waits for `gate`",
        "`c` is only for when something else fails",
        "later is deferred",
    ] {
        assert!(notes.contains(said), "{said}\n{notes}");
    }
}

#[test]
fn issues_come_in_a_list_too() {
    let list: Vec<Value> = issues(&[json!({"id": "a"}), json!({"id": "b", "dependencies": ["a"]})])
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(edges(&plan(&Value::from(list.clone()).to_string()).0), "a, b after a");
    assert_eq!(edges(&plan(&list[0].to_string()).0), "a");
}

#[test]
fn a_byte_order_mark_and_windows_line_ends_do_no_harm() {
    let text = format!("\u{feff}{}", issues(&[json!({"id": "a"}), json!({"id": "b"})]).replace('\n', "\r\n"));
    let (said, issues) = read(&text);
    assert_eq!((edges(&issues.unwrap()).as_str(), said.repairs[0].kind), ("a, b", RepairKind::ByteOrderMark));
    let text = format!(
        "\u{feff}{}",
        serde_json::to_string_pretty(&serde_json::from_str::<Value>(&flat(&[json!({"id": 1})])).unwrap())
            .unwrap()
            .replace('\n', "\r\n")
    );
    assert_eq!(edges(&plan(&text).0), "1");
}
