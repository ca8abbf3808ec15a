//! What is accepted, what is refused, and that all faults come at once.

use proptest::prelude::*;

use super::edges::cycles;
use super::*;
use crate::ids::{PlanId, TaskId};

fn task(id: &str, deps: &[&str]) -> Task {
    Task {
        id: TaskId::new(id).unwrap(),
        title: id.to_owned(),
        role: Role::Implement,
        instructions: String::new(),
        depends_on: deps.iter().map(|dep| TaskId::new(dep).unwrap()).collect(),
        scope: Scope::default(),
        checks: None,
        artifacts: Vec::new(),
        approval: false,
        run_if: RunIf::Success,
        on_interrupt: OnInterrupt::Rerun,
        limits: TaskLimits::default(),
    }
}

fn draft(tasks: Vec<Task>) -> Draft {
    Draft {
        schema: PLAN_SCHEMA.to_owned(),
        plan_id: PlanId::new("OP-20261121-093312-A1B2").unwrap(),
        title: "a plan".to_owned(),
        goal: Goal::default(),
        created_at: crate::time::Timestamp::from_millis(1_795_253_592_123),
        ticket: None,
        base: None,
        planned_by: None,
        tasks,
        batches: Vec::new(),
    }
}

fn batch(id: &str, kind: BatchType, on: &[&str], tasks: &[&str]) -> Batch {
    Batch {
        id: id.to_owned(),
        name: None,
        kind,
        depends_on: on.iter().map(|&id| id.to_owned()).collect(),
        tasks: tasks.iter().map(|id| TaskId::new(id).unwrap()).collect(),
    }
}

fn faults(draft: Draft) -> String {
    draft.accept(&Caps::default()).unwrap_err().to_string()
}

fn deps(plan: &Plan, task: usize) -> Vec<&str> {
    plan.tasks[task].depends_on.iter().map(TaskId::as_str).collect()
}

#[test]
fn an_empty_plan_is_refused() {
    insta::assert_snapshot!(faults(draft(vec![])), @"$.tasks: the plan is empty: it has no task");
}

#[test]
fn all_faults_come_at_once() {
    let mut tasks =
        vec![task("a", &["a"]), task("b", &["bild"]), task("build", &["c"]), task("c", &["build"]), task("B", &[])];
    tasks[1].title = " ".to_owned();
    tasks[2].limits.attempts = Some(0);
    tasks[3].role = Role::Review;
    tasks[3].scope.write = vec!["src/**".to_owned()];
    insta::assert_snapshot!(faults(draft(tasks)), @r"
    $.tasks[1].title: task `b` has no title
    $.tasks[2].limits.attempts: a task has at least 1 attempt
    $.tasks[3].scope.write: a review task leaves the tree as it was, so it may not write (remove it, or give the task another role)
    $.tasks[4].id: the id `B` differs only by case from `b` of $.tasks[1] (ids are unique, also without case)
    $.tasks[0].depends_on[0]: task `a` depends on itself
    $.tasks[1].depends_on[0]: there is no task `bild` (did you mean `build`?)
    $.tasks[2].depends_on: tasks wait for each other in a circle: build → c → build (remove one of these dependencies)
    ");
}

#[test]
fn globs_stay_inside_the_project() {
    for bad in [
        "",
        "/etc/passwd",
        "../x",
        "src/../../x",
        "~/.bashrc",
        "C:/x",
        "a\\..\\b",
        "\\\\host",
        "a\u{1b}b",
        "a\u{202e}b",
        "[",
        "{a,/etc}",
        "{..,b}/x",
        "src/{../..,x}",
        "a\nb",
    ] {
        let mut one = task("a", &[]);
        one.scope.write = vec![bad.to_owned()];
        assert!(draft(vec![one]).accept(&Caps::default()).is_err(), "{bad:?}");
    }
    let mut one = task("a", &[]);
    one.scope.write = vec!["./src/".to_owned(), "docs/*.md".to_owned(), "a..b".to_owned()];
    let plan = draft(vec![one]).accept(&Caps::default()).unwrap();
    assert_eq!(plan.tasks[0].scope.write, ["src/**", "docs/*.md", "a..b"]);
}

#[test]
fn titles_become_one_clean_line() {
    let mut one = task("a", &[]);
    one.title = " red\u{1b}[31m\nnext\u{202e} ".to_owned();
    let plan = draft(vec![one]).accept(&Caps::default()).unwrap();
    assert_eq!(plan.tasks[0].title, "red\\u{1b}[31m next\\u{202e}");
}

#[test]
fn a_newer_version_is_named() {
    let mut newer = draft(vec![task("a", &[])]);
    newer.schema = "orchestra.plan/v7".to_owned();
    assert!(faults(newer).contains("the plan is `orchestra.plan/v7`; this build reads orchestra.plan/v1"));
}

#[test]
fn too_many_tasks_and_too_long_instructions_are_refused() {
    let many = draft((0..5).map(|i| task(&format!("t{i}"), &[])).collect());
    let caps = Caps { tasks: 4, ..Caps::default() };
    assert!(many.accept(&caps).unwrap_err().to_string().contains("5 tasks; the most allowed is 4"));
    let mut long = task("a", &[]);
    long.instructions = "x".repeat(70_000);
    assert!(faults(draft(vec![long])).starts_with("$.tasks[0].instructions"));
}

#[test]
fn one_check_name_has_one_meaning_and_a_command() {
    let check = |run: &[&str]| {
        CheckRef::Own(Check {
            name: crate::ids::CheckName::new("unit").unwrap(),
            run: run.iter().map(|&s| s.to_owned()).collect(),
            timeout: None,
            expect: Expect::Keep,
            kind: CheckKind::Suite,
        })
    };
    let mut tasks = vec![task("a", &[]), task("b", &[]), task("c", &[])];
    tasks[0].checks = Some(vec![check(&["cargo", "test"])]);
    tasks[1].checks = Some(vec![check(&["cargo", "test"])]);
    assert!(draft(tasks.clone()).accept(&Caps::default()).is_ok());
    tasks[1].checks = Some(vec![check(&["true"])]);
    tasks[2].checks = Some(vec![check(&[])]);
    let text = faults(draft(tasks));
    assert!(text.contains("$.tasks[1].checks[0].name: `unit` already means another check"), "{text}");
    assert!(text.contains("$.tasks[2].checks[0].run: it has no command"), "{text}");
}

#[test]
fn batches_become_edges_from_sources_to_sinks() {
    let mut plan = draft(["a", "b", "c", "d", "e"].map(|id| task(id, &[])).into());
    plan.batches = vec![
        batch("second", BatchType::Sequential, &["first"], &["c", "d", "e"]),
        batch("first", BatchType::Parallel, &[], &["a", "b"]),
    ];
    let plan = plan.accept(&Caps::default()).unwrap();
    assert_eq!(deps(&plan, 2), ["a", "b"]);
    assert_eq!(deps(&plan, 3), ["c"]);
    assert_eq!(deps(&plan, 4), ["d"]);
    let again = plan.clone().into_draft().accept(&Caps::default()).unwrap();
    assert_eq!(plan, again);
}

#[test]
fn unsound_batches_are_named() {
    let mut plan = draft(["a", "b"].map(|id| task(id, &[])).into());
    plan.batches = vec![
        batch("one", BatchType::Parallel, &["two"], &["a"]),
        batch("two", BatchType::Parallel, &["one", "tow"], &["b", "a"]),
        batch("two", BatchType::Parallel, &["nope"], &[]),
    ];
    insta::assert_snapshot!(faults(plan), @r"
    $.batches[2].id: the id `two` is already that of $.batches[1]
    $.batches[1].depends_on[1]: there is no batch `tow` (did you mean `two`?)
    $.batches[2].depends_on[0]: there is no batch `nope`
    $.batches[1].tasks[1]: task `a` is already in $.batches[0] (a task belongs to one batch)
    $.batches[2].tasks: batch `two` has no task
    $.batches[0].depends_on: batches wait for each other in a circle: one → two → one
    ");
}

#[test]
fn a_plan_survives_write_and_read_and_an_unsound_one_is_not_read() {
    let plan = draft(vec![task("a", &[]), task("b", &["a", "a"])]).accept(&Caps::default()).unwrap();
    let text = serde_json::to_string(&plan).unwrap();
    assert_eq!(serde_json::from_str::<Plan>(&text).unwrap(), plan);
    assert!(serde_json::from_str::<Plan>(&text.replace("[\"a\"]", "[\"b\"]")).is_err());
}

#[test]
fn a_circle_of_a_hundred_thousand_tasks_is_found_whole() {
    let deps = (0..100_000u32).map(|t| vec![(t + 1) % 100_000]).collect();
    assert_eq!(cycles(&deps).first().map(Vec::len), Some(100_000));
}

proptest! {
    #[test]
    fn cycles_are_found_exactly_where_the_graph_has_one(raw in prop::collection::vec((0u32..12, 0u32..12), 0..40)) {
        let mut deps = vec![Vec::new(); 12];
        let mut graph = petgraph::graph::DiGraph::<(), ()>::new();
        let nodes: Vec<_> = (0..12).map(|_| graph.add_node(())).collect();
        for (task, dep) in raw.into_iter().filter(|(task, dep)| task != dep) {
            if !deps[task as usize].contains(&dep) {
                deps[task as usize].push(dep);
                graph.add_edge(nodes[task as usize], nodes[dep as usize], ());
            }
        }
        let found = cycles(&deps.iter().cloned().collect());
        prop_assert_eq!(found.is_empty(), !petgraph::algo::is_cyclic_directed(&graph));
        for cycle in found {
            for (k, node) in cycle.iter().enumerate() {
                prop_assert!(deps[*node as usize].contains(&cycle[(k + 1) % cycle.len()]));
            }
        }
    }
}

#[test]
fn globs_that_no_scope_could_be_judged_by_are_refused_before_anything_runs() {
    let written = |write: Vec<String>| {
        let mut one = task("a", &[]);
        one.scope.write = write;
        draft(vec![one]).accept(&Caps::default())
    };
    let nested = |depth: usize| format!("{}a{}", "{b,".repeat(depth), "}".repeat(depth));
    assert!(written(vec![nested(8)]).is_ok());
    let said = written(vec![nested(200)]).unwrap_err().to_string();
    assert!(said.contains("has alternatives nested deeper than 8 levels"), "{said}");
    let long = vec![format!("{}[ab]", "x".repeat(900)); 100];
    let said = written(long).unwrap_err().to_string();
    assert!(said.starts_with("$.tasks[0].scope.write: the globs have 90400 bytes together"), "{said}");
}

#[test]
fn of_very_many_faults_the_first_are_named_and_the_others_counted() {
    let many = draft((0..5_000).map(|i| task(&format!("t{i}"), &["nobody"])).collect());
    let faults = many.accept(&Caps::default()).unwrap_err().into_vec();
    assert_eq!(faults.len(), 1001);
    assert_eq!(faults[1000].message, "there are 4000 faults more, which are not listed");
}
