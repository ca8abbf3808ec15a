//! Plan text: ours, from models, and of other tools.

use orchestra::graph::Graph;
use orchestra::ids::PlanId;
use orchestra::plan::{Caps, Defaults, Fault, Place, Plan, PlanCheck, PlanText, RepairKind, check};
use orchestra::time::Timestamp;
use proptest::prelude::*;

use crate::kit::{changed_text, hold, is_live, soon, words};

/// Every field there is.
pub const FULL: &str = r#"{
  "schema": "orchestra.plan/v1",
  "plan_id": "OP-20261121-093312-A1B2",
  "title": "Make the median right",
  "goal": {"summary": "It is right.", "success_criteria": ["tests are green", "no new warnings"]},
  "created_at": "2026-11-21T09:33:12.123Z",
  "ticket": {"digest": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "text": "Median"},
  "planned_by": "template default",
  "tasks": [
    {"id": "look", "title": "Find it", "role": "research", "instructions": "Look.\nThen tell.", "scope": {"read": ["src/**"]}},
    {"id": "fix", "title": "Fix it", "role": "implement", "instructions": "Do it.", "depends_on": ["look"],
     "scope": {"read": ["**"], "write": ["src/**", "docs/*.md"]}, "artifacts": ["target/report-*.txt"],
     "checks": ["unit", {"name": "own", "run": ["cargo", "test"], "timeout": "10m", "expect": "keep"}],
     "approval": true, "limits": {"attempts": 2, "time": "30m", "idle": "5m"}},
    {"id": "tests", "title": "Test it", "role": "test", "depends_on": ["fix"], "scope": {"write": ["tests/**"]}, "checks": []},
    {"id": "review", "title": "Read it", "role": "review", "depends_on": ["fix", "tests"], "run_if": "always"}
  ],
  "batches": [
    {"id": "B1", "name": "first", "type": "parallel", "tasks": ["look"]},
    {"id": "B2", "type": "sequential", "depends_on": ["B1"], "tasks": ["fix", "tests"]}
  ]
}
"#;

/// As models write them.
const LOOSE: &str = r#"Here is {the} plan:
```json
{"goal": "Do it", "createdAt": "2026-11-21T09:33:12Z", // when
 "subTasks": [
  {"id": 1, "title": “look”, agentType: "analysis", "files_read": ["src/**"],},
  {"id": 2, "title": "do", "task_type": "code", "dependsOn": [1], "files_write": ["src/**"]},
  {"id": "3", "role": "verify", "depends-on": ["2"], "Instructions": "x"}]}
```
Good luck!
"#;

const CORPUS: [&str; 7] = [
    FULL,
    FULL,
    LOOSE,
    include_str!("../fixtures/plans/ruvnet__ruflo__taskmaster_tasks_tasks.json"),
    include_str!("../fixtures/plans/AISmithLab__appointment-scheduling-benchmark__tasks_tasks.json"),
    include_str!("../fixtures/plans/import/beads.jsonl"),
    r#"{"title":"T","batches":[{"id":"B1","tasks":[{"id":"a","title":"A","role":"research"}]},{"id":"B2","type":"sequential","depends_on":["B1"],"tasks":[{"id":"c","title":"C","role":"test"},"d"]}],"tasks":[{"id":"d","title":"D","role":"review"}]}"#,
];

fn caps() -> Caps {
    Caps { tasks: 100, bytes: 1 << 20 }
}

fn read(text: &str, part: Option<&str>) -> (PlanCheck, Option<Plan>) {
    let defaults = Defaults {
        plan_id: PlanId::new("OP-20251121-093312-A1B2").unwrap(),
        created_at: Timestamp::from_millis(1_795_253_592_123),
    };
    let checked = soon(text.len(), || check(PlanText { text, part }, &caps(), &defaults));
    (checked.said(), checked.plan)
}

fn is_within(place: Place, text: &str) -> bool {
    let line = text.split('\n').nth(place.line.saturating_sub(1) as usize);
    place.line > 0 && place.column > 0 && line.is_some_and(|line| place.column as usize <= line.chars().count() + 1)
}

fn is_told_well(text: &str, path: &str, place: Option<Place>, words: &[&str]) {
    assert!(path.starts_with('$') || path.starts_with("line "), "{path:?}");
    for said in words.iter().chain([&path]) {
        assert!(!said.is_empty() && !said.chars().any(is_live), "{said:?}");
        assert!(said.len() < 4096, "{said:?}");
    }
    if let Some(place) = place {
        assert!(is_within(place, text), "{path}: {place} is outside");
    }
}

#[test]
fn what_is_wrong_with_a_plan_is_told_with_a_place_in_it() {
    hold(2, (changed_text(CORPUS), prop::option::weighted(0.2, words())), |(text, part)| {
        let (said, plan) = read(&text, part.as_deref());
        assert_eq!(plan.is_some(), said.faults.is_empty());
        assert!(plan.is_some() || said.tasks.is_empty());
        for Fault { path, place, message, hint } in &said.faults {
            is_told_well(&text, path, *place, &[message, hint.as_deref().unwrap_or("-")]);
        }
        for repair in &said.repairs {
            is_told_well(&text, &repair.path, repair.place, &[&repair.note]);
        }
        // Twenty thousand faults would be no help: there is one to a place.
        assert!(said.faults.len() <= text.len() + 2);
        let stored = serde_json::to_string(&said.faults).unwrap();
        assert_eq!(serde_json::from_str::<Vec<Fault>>(&stored).unwrap(), said.faults);
    });
}

#[test]
fn a_plan_that_was_taken_is_written_read_and_judged_to_the_same_again() {
    hold(2, changed_text(CORPUS), |text| {
        let (_, Some(plan)) = read(&text, None) else { return };
        let written = serde_json::to_string_pretty(&plan).unwrap();
        let (said, again) = read(&written, None);
        assert_eq!((said.repairs.as_slice(), said.faults.as_slice()), ([].as_slice(), [].as_slice()), "{written}");
        assert_eq!(again.as_ref(), Some(&plan));
        assert_eq!(plan.clone().into_draft().accept(&caps()).as_ref(), Ok(&plan));
        assert_eq!(serde_json::from_str::<Plan>(&written).unwrap(), plan);
        let graph = Graph::of(&plan).unwrap();
        assert_eq!(graph.len(), plan.tasks.len());
        for task in &plan.tasks {
            assert!(!task.title.is_empty() && !task.title.contains('\n') && !task.title.chars().any(is_live));
        }
    });
}

/// What makes the strict way give up, and changes nothing else.
fn forgivingly(text: &str) -> (PlanCheck, Option<Plan>) {
    let (mut said, plan) = read(&format!("// c\n{text}"), None);
    if said.repairs.first().is_some_and(|repair| repair.kind == RepairKind::Comment) {
        said.repairs.remove(0);
    }
    (said, plan)
}

#[test]
fn the_strict_way_and_the_forgiving_one_come_to_the_same() {
    hold(2, changed_text([FULL]), |text| {
        // A value that is whole and by itself: what else there is may be prose to the one and a comment to the other.
        if serde_json::from_str::<serde::de::IgnoredAny>(&text).is_err() || text.starts_with("// c") {
            return;
        }
        let (strict, plan) = read(&text, None);
        let (forgiving, same) = forgivingly(&text);
        assert_eq!(plan, same);
        assert_eq!(strict.tasks, forgiving.tasks);
        let paths = |said: &PlanCheck| -> Vec<String> { said.faults.iter().map(|fault| fault.path.clone()).collect() };
        assert_eq!(paths(&strict), paths(&forgiving));
        assert_eq!(strict.repairs.len(), forgiving.repairs.len(), "{:?} {:?}", strict.repairs, forgiving.repairs);
    });
}

#[test]
fn what_stands_around_a_plan_changes_nothing_of_it() {
    hold(3, changed_text([FULL]), |text| {
        let (said, Some(plan)) = read(&text, None) else { return };
        if !said.repairs.is_empty() || text.contains("```") || text.contains('\u{feff}') {
            return;
        }
        for around in [
            format!("Here it is:\n\n```json\n{text}\n```\nGood luck.\n"),
            format!("\u{feff}{text}"),
            text.replace('\n', "\r\n"),
        ] {
            let (said, same) = read(&around, None);
            assert_eq!(same.as_ref(), Some(&plan), "{:?}", said.faults);
        }
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(read(&value.to_string(), None).1, Some(plan), "the order of keys means nothing");
    });
}

#[test]
fn every_tag_names_its_own_list_and_none_other() {
    let tagged = include_str!("../fixtures/plans/import/taskmaster-tagged.json");
    let file: serde_json::Value = serde_json::from_str(tagged).unwrap();
    let tags: Vec<String> = file.as_object().unwrap().keys().cloned().collect();
    hold(8, (prop::sample::select(tags), words()), |(tag, other)| {
        assert!(read(tagged, Some(&tag)).1.is_some());
        let known = file.get(&other).is_some();
        assert_eq!(read(tagged, Some(&other)).1.is_some(), known, "{other:?}");
    });
}
