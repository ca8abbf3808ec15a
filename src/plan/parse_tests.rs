//! What is read, what is mended and said, and what is refused.

use std::fmt::Write as _;

use proptest::prelude::*;

use super::json::Reader;
use super::*;
use crate::ids::{PlanId, TaskId};
use crate::time::Timestamp;

fn defaults() -> Defaults {
    Defaults {
        plan_id: PlanId::new("OP-20261121-093312-A1B2").unwrap(),
        created_at: Timestamp::from_millis(1_795_253_592_123),
    }
}

fn read(text: &str) -> (PlanCheck, Option<Plan>) {
    let checked = check(text, &Caps::default(), &defaults());
    (checked.said(), checked.plan)
}

fn refused(text: &str) -> String {
    let (said, plan) = read(text);
    assert!(plan.is_none(), "{text:?} was accepted");
    assert!(said.tasks.is_empty());
    said.faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

fn kinds(text: &str) -> Vec<RepairKind> {
    let (said, plan) = read(text);
    assert!(plan.is_some(), "{:?}", said.faults);
    said.repairs.iter().map(|repair| repair.kind).collect()
}

const GOOD: &str = r#"{
  "schema": "orchestra.plan/v1", "plan_id": "OP-20261121-093312-A1B2", "title": "T", "goal": {"summary": "G"},
  "created_at": "2026-11-21T09:33:12.123Z",
  "tasks": [{"id": "a", "title": "A", "role": "research"},
            {"id": "b", "title": "B", "role": "implement", "depends_on": ["a"]}]
}"#;

#[test]
fn a_strict_plan_is_read_without_a_repair() {
    let (said, plan) = read(GOOD);
    assert_eq!(said.repairs, []);
    assert_eq!(
        serde_json::to_string(&said).unwrap(),
        r#"{"tasks":[{"id":"a","depends_on":[]},{"id":"b","depends_on":["a"]}],"repairs":[],"faults":[]}"#
    );
    assert_eq!(plan.unwrap().title, "T");
}

#[test]
fn what_is_left_out_is_filled_alike_on_the_strict_way_and_on_the_forgiving_one() {
    let fields = [
        r#""schema":"orchestra.plan/v1""#,
        r#""plan_id":"OP-20251121-093312-A1B2""#,
        r#""title":"T""#,
        r#""goal":{"summary":" "}"#,
        r#""created_at":"2025-11-21T09:33:12.123Z""#,
    ];
    let tasks = r#""tasks":[{"id":"a","title":"A","role":"research"}]"#;
    // All of them together are what we write ourselves, and nothing of that is mended.
    for left_out in 1u32..32 {
        let kept = (0..).zip(fields).filter(|(bit, _)| left_out & (1 << bit) == 0).map(|(_, field)| field);
        let text = format!("{{{}}}", kept.chain([tasks]).collect::<Vec<_>>().join(","));
        let (strict, plan) = read(&text);
        let (mut forgiving, same) = read(&format!("// a comment makes it the forgiving way\n{text}"));
        assert_eq!(forgiving.repairs.remove(0).kind, RepairKind::Comment);
        assert_eq!(strict, forgiving, "{text}");
        assert!(plan.is_some() && plan == same, "{text}");
    }
    let newer = "{\"schema\":\"orchestra.plan/v2\",\"tasks\":[]}";
    assert_eq!(refused(newer), refused(&format!("// c\n{newer}")));
}

#[test]
fn each_named_repair_is_recorded() {
    use RepairKind as K;
    let prose = format!("Here is {{the}} plan:\n{GOOD}\nGood luck {{x}}!");
    assert_eq!(kinds(&prose), [K::ProseAround]);
    assert_eq!(kinds(&format!("Sure.\n```json\n{GOOD}\n```\nUse `fn main() {{ '\"' }}`.")), [K::FencedBlock]);
    assert_eq!(kinds(&format!("\u{feff}{GOOD}")), [K::ByteOrderMark]);
    assert_eq!(kinds(&GOOD.replace("[\"a\"]}]", "[\"a\",]},]")), [K::TrailingComma, K::TrailingComma]);
    assert_eq!(kinds(&GOOD.replace("\"tasks\":", "// the work\n \"tasks\": /* all */")), [K::Comment, K::Comment]);
    assert_eq!(kinds(&format!("{GOOD} // end")), [K::Comment]);
    assert_eq!(kinds(&GOOD.replace("\"tasks\"", "tasks")), [K::UnquotedKey]);
    assert_eq!(kinds(&GOOD.replace("\"title\": \"T\"", "\"title\": \"T\nU\"")), [K::RawNewline]);
    assert_eq!(kinds(&GOOD.replace("\"title\": \"T\"", "“title”: “T \"quoted\"”")), [K::SmartQuotes, K::SmartQuotes]);
    assert_eq!(kinds(&GOOD.replace("\"summary\": \"G\"", "\"summary\": \"G\", \"mood\": 1")), [K::IgnoredField]);
}

#[test]
fn repairs_have_places() {
    let (said, _) = read(&GOOD.replace("\"tasks\"", "tasks"));
    assert_eq!(said.repairs[0].place, Some(Place { line: 4, column: 3 }));
}

#[test]
fn other_names_are_read_and_said() {
    let text = r#"{"goal": "Do it", "createdAt": "2026-11-21T09:33:12Z", "planId": "OP-20261121-093312-A1B2", "subTasks": [
        {"id": 1, "title": "look", "agentType": "analysis", "files_read": ["src/**"]},
        {"id": 2, "title": "do", "task_type": "code", "dependsOn": [1], "files_write": ["src/**"]},
        {"id": "3", "role": "verify", "depends-on": ["2"], "Instructions": "x"}]}"#;
    let (said, plan) = read(text);
    let plan = plan.unwrap();
    let lines: Vec<String> = said.repairs.iter().map(|r| format!("{} {}", r.path, r.note)).collect();
    insta::assert_snapshot!(lines.join("\n"), @r#"
    $.created_at `createdAt` was read as `created_at`
    $.plan_id `planId` was read as `plan_id`
    $.tasks `subTasks` was read as `tasks`
    $.schema the schema was taken to be orchestra.plan/v1
    $.goal the goal's text was taken as its summary
    $.subTasks[0].role `agentType` was read as `role`
    $.subTasks[0].id the number 1 was taken as the id `1`
    $.subTasks[0].agentType `analysis` was read as the role research
    $.subTasks[0].files_read `files_read` was read as `scope.read`
    $.subTasks[1].role `task_type` was read as `role`
    $.subTasks[1].depends_on `dependsOn` was read as `depends_on`
    $.subTasks[1].id the number 2 was taken as the id `2`
    $.subTasks[1].task_type `code` was read as the role implement
    $.subTasks[1].dependsOn[0] the number 1 was taken as the id `1`
    $.subTasks[1].files_write `files_write` was read as `scope.write`
    $.subTasks[2].depends_on `depends-on` was read as `depends_on`
    $.subTasks[2].instructions `Instructions` was read as `instructions`
    $.subTasks[2].title the title was taken from the id
    $.subTasks[2].role `verify` was read as the role test
    $.title the title was taken from the goal
    "#);
    assert_eq!(plan.title, "Do it");
    assert_eq!(plan.tasks[1].scope.write, ["src/**"]);
    assert_eq!(plan.tasks[2].role, Role::Test);
    assert_eq!(plan.tasks[2].depends_on, [TaskId::new("2").unwrap()]);
}

#[test]
fn what_cannot_be_told_is_refused() {
    for (text, says) in [
        ("", "the text is empty"),
        ("I cannot make a plan for this.", "there is no plan in the text"),
        ("Use {braces} or {\"a\": 1}.", "no object in the text has tasks"),
        ("[1, 2]", "a plan is an object; this is a list"),
        (&GOOD[..GOOD.len() - 1], "it was cut"),
        (&GOOD[..GOOD.len() - 5], "it was cut"),
        (&format!("Here you are:\n```json\n{}\n```", &GOOD[..250]), "it was cut"),
        (&format!("{GOOD}\n{GOOD}"), "the text holds 2 plans"),
        (&format!("```\n{GOOD}\n```\nor\n```\n{GOOD}\n```"), "the text holds 2 plans"),
        (&format!("{GOOD}\nor better {}", &GOOD[..250]), "it was cut"),
        (
            &GOOD.replace("\"title\": \"B\"", "\"title\": \"B\", \"title\": \"C\""),
            "$.tasks[1] (line 5, column 39): the key `title` stands twice",
        ),
        (&GOOD.replace("\"B\"", "'B'"), "$.tasks[1].title (line 5, column 34): expected a value, found `'`"),
        (&GOOD.replace("\"B\"", "True"), "expected a value, found `True`"),
        (&GOOD.replace("\"B\"", "\"\\q\""), "a string with an escape that does not exist"),
        (&GOOD.replace("\"B\"", "NaN"), "expected a value, found `NaN`"),
    ] {
        let said = refused(text);
        assert!(said.contains(says), "{text}\n→ {said}");
    }
}

#[test]
fn wrong_types_and_misspelt_fields_are_named_together_with_what_follows() {
    let text = r#"{"title": 7, "tasks": [
        {"id": "a", "title": "A", "role": "builder", "dependson": "b", "limits": {"attempts": -1, "time": "soon"}},
        {"id": "b c", "title": "B", "role": "test", "instuctions": "x", "approval": "yes"},
        {"id": "c", "title": "C", "role": "test", "depends_on": ["nope", "c"], "checks": ["cargo test", {"name": "u"}]},
        {"id": "d", "role": "review", "run_if": "maybe", "subtasks": [{"id": "e"}], "scope": {"write": ["/etc"]}},
        7]}"#;
    insta::assert_snapshot!(refused(text), @r#"
    $.tasks[0].role: expected one of research, implement, test, review, found `builder`
    $.tasks[0].dependson: expected a list, found text
    $.tasks[0].limits.time: `soon` is not a duration like 90s, 10m or 1h30m
    $.tasks[0].limits.attempts: expected a whole number from 1, found `-1`
    $.tasks[1].instuctions: unknown field `instuctions` (did you mean `instructions`?)
    $.tasks[1].id: `b c` is not a task id: only letters, digits, `.`, `_` and `-` are allowed
    $.tasks[1].approval: expected true or false, found text
    $.tasks[2].checks[0]: `cargo test` is not a check name: only letters, digits, `.`, `_` and `-` are allowed (a check is a name, or {"name": …, "run": [program, argument, …]})
    $.tasks[2].checks[1].run: `run` is missing: the program and its arguments as a list
    $.tasks[3].subtasks: a task cannot hold tasks (put them in the plan's `tasks` and order them by depends_on)
    $.tasks[3].run_if: expected one of success, always, found `maybe`
    $.tasks[4]: expected an object, found a number
    $.title: expected text, found a number
    $.tasks[3].scope.write[0]: `/etc` is an absolute path (globs are relative to the project, like src/**/*.rs)
    $.tasks[3].scope.write: a review task leaves the tree as it was, so it may not write (remove it, or give the task another role)
    $.tasks[2].depends_on[0]: there is no task `nope`
    $.tasks[2].depends_on[1]: task `c` depends on itself
    "#);
}

#[test]
fn a_newer_version_is_the_only_thing_said() {
    let text = r#"{"schema": "orchestra.plan/v2", "tasks": {"a": {"what": "new"}}, "task": 1}"#;
    insta::assert_snapshot!(refused(text), @"$.schema: the plan is `orchestra.plan/v2`; this build reads orchestra.plan/v1 (use a newer orchestra, or make the plan again with this one)");
}

#[test]
fn batches_with_tasks_inside_become_edges() {
    let text = r#"{"title": "T", "batches": [
        {"id": "B1", "name": "first", "tasks": [{"id": "a", "title": "A", "role": "research"}, {"id": "b", "title": "B", "role": "code"}]},
        {"id": "B2", "type": "sequential", "depends_on": ["B1"], "tasks": [{"id": "c", "title": "C", "role": "test"}, "d"]}],
      "tasks": [{"id": "d", "title": "D", "role": "review"}]}"#;
    let (said, plan) = read(text);
    let edges: Vec<String> = said.tasks.iter().map(|task| format!("{} {:?}", task.id, task.depends_on)).collect();
    assert_eq!(edges, ["d [\"c\"]", "a []", "b []", "c [\"a\", \"b\"]"]);
    let plan = plan.unwrap();
    let again = read(&serde_json::to_string_pretty(&plan).unwrap());
    assert_eq!(again.0.repairs, []);
    assert_eq!(again.1.unwrap(), plan);
    let wrong = text.replace("\"id\": \"c\"", "\"id\": \"c\", \"depends_on\": [\"nope\"]");
    assert!(refused(&wrong).starts_with("$.batches[1].tasks[0].depends_on[0]: there is no task `nope`"));
}

#[test]
fn hostile_sizes_are_refused_at_once() {
    let brackets = "[".repeat(200_000);
    let braces = "{\"a\":".repeat(200_000);
    let nested = GOOD.replace("\"G\"", &format!("{}{}", "[".repeat(5000), "]".repeat(5000)));
    for text in [&brackets, &braces, &nested, &format!("x {braces}")] {
        assert!(refused(text).contains("nested deeper than 128 levels"), "{}", &text[..20]);
    }
    for text in [
        "{/* */ ".repeat(300_000),
        "{}".repeat(500_000),
        "{x} ".repeat(300_000),
        "{\"".repeat(300_000),
        "```\n{".repeat(300_000),
    ] {
        refused(&text);
    }
    let mut many = String::from("{\"title\": \"T\", \"tasks\": [");
    for i in 0..20_000 {
        write!(many, "{{\"id\": \"t{i}\", \"role\": \"test\"}},").unwrap();
    }
    many.push_str("]}");
    assert!(refused(&many).contains("the plan has 20000 tasks; the most allowed is 10000"));
    assert!(refused(&" ".repeat(5 << 20)).contains("the most allowed is 4194304"));
}

#[test]
fn lists_of_other_tools_are_no_plan_of_ours() {
    for (text, says) in [
        (include_str!("../../tests/fixtures/plans/import/taskmaster-tagged.json"), "Taskmaster"),
        (include_str!("../../tests/fixtures/plans/import/taskmaster-flat.json"), "Taskmaster"),
        (include_str!("../../tests/fixtures/plans/import/beads.jsonl"), "beads"),
        (include_str!("../../tests/fixtures/plans/ruvnet__ruflo__taskmaster_tasks_tasks.json"), "Taskmaster"),
    ] {
        let said = parse(text, &Caps::default(), &defaults()).unwrap_err().to_string();
        assert!(said.contains(says), "{said}");
    }
    assert!(
        refused("{\"tasks\": [{\"id\": \"T1\", \"name\": \"N\", \"prompt\": \"P\"}]}").contains("the role is missing")
    );
}

#[test]
fn repairs_and_faults_survive_write_and_read() {
    let (said, _) = read(&GOOD.replace("\"tasks\"", "tasks"));
    let text = serde_json::to_string(&said.repairs).unwrap();
    assert_eq!(serde_json::from_str::<Vec<Repair>>(&text).unwrap(), said.repairs);
    let (said, _) = read("{");
    let text = serde_json::to_string(&said.faults).unwrap();
    assert_eq!(serde_json::from_str::<Vec<Fault>>(&text).unwrap(), said.faults);
}

fn any_json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<i32>().prop_map(|n| (f64::from(n) / 8.0).into()),
        ".*".prop_map(Into::into),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Into::into),
            prop::collection::btree_map(".*", inner, 0..6)
                .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
        ]
    })
}

fn plain(json: &json::Json) -> serde_json::Value {
    use super::json::Json as J;
    match json {
        J::Null => serde_json::Value::Null,
        J::Bool(value) => (*value).into(),
        J::Number(digits) => serde_json::from_str(digits).unwrap(),
        J::Text(text) => text.clone().into(),
        J::List(items) => items.iter().map(plain).collect(),
        J::Object(entries) => entries.iter().map(|(key, value)| (key.clone(), plain(value))).collect(),
    }
}

fn any_plan() -> impl Strategy<Value = String> {
    prop::collection::vec((any::<u8>(), ".{0,20}", 0usize..4, prop::bool::ANY), 1..12).prop_map(|tasks| {
        let roles = ["research", "implement", "test", "review"];
        let tasks: Vec<_> = tasks
            .into_iter()
            .enumerate()
            .map(|(i, (dep, text, role, approval))| {
                let deps: Vec<String> = (0..i).filter(|k| dep >> (k % 8) & 1 == 1).map(|k| format!("t{k}")).collect();
                serde_json::json!({"id": format!("t{i}"), "title": format!("x{text}"), "role": roles[role],
                    "instructions": text, "depends_on": deps, "approval": approval})
            })
            .collect();
        serde_json::json!({"title": "T", "tasks": tasks}).to_string()
    })
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in ".*", cut in 0usize..600, with in r#"[{}\[\]",:/\\*`“”a-c0-9 \n]{0,40}"#) {
        let _ = read(&text);
        let _ = read(&with);
        let cut = GOOD.char_indices().map(|(at, _)| at).nth(cut).unwrap_or(GOOD.len());
        let _ = read(&format!("{}{with}{}", &GOOD[..cut], &GOOD[cut..]));
    }

    #[test]
    fn a_cut_plan_is_never_accepted(cut in 0usize..330) {
        prop_assume!(cut < GOOD.len());
        prop_assert!(read(&GOOD[..cut]).1.is_none());
        let fenced = format!("Plan:\n```json\n{}", &GOOD[..cut]);
        prop_assert!(read(&fenced).1.is_none());
    }

    #[test]
    fn strict_json_is_read_as_any_reader_reads_it(value in any_json()) {
        let text = value.to_string();
        let mut reader = Reader::new(&text, 0, text.len());
        // A bare number at the very end may have been cut; inside anything it cannot.
        prop_assume!(!value.is_number());
        let json = reader.value().map_err(|t| TestCaseError::fail(format!("{t:?}")))?;
        prop_assert!(reader.notes.is_empty());
        prop_assert_eq!(plain(&json), value);
    }

    #[test]
    fn a_plan_written_is_the_plan_read(text in any_plan()) {
        let plan = read(&text).1.expect("sound");
        let written = serde_json::to_string_pretty(&plan).unwrap();
        let (said, again) = read(&written);
        prop_assert_eq!(said.repairs, vec![]);
        prop_assert_eq!(again, Some(plan));
    }
}
