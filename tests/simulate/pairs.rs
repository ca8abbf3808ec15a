//! Every (state, event) pair, held against the two tables in `docs/events.md`: what has a mark there is taken, everything
//! else is refused and changes nothing.

use crate::event::{
    Amount, AppliedOnto, CheckStatus, Decision, Event, FORMAT, FailureClass, Kind, Limit, PauseCause, PlanRevised,
    Purpose, RunVerdict, SkipCause, StopCause, TaskReused, TaskSucceeded, Usage, Verdict, WorkspaceCreated,
    WorkspaceKind,
};
use crate::ids::{Digest, TaskId};
use crate::message::ResultStatus;
use crate::plan::PlanPatch;
use crate::run::RunState;
use crate::time::Timestamp;

use super::script::{
    Does, Script, Setup, attempt_started, claim, failure, finished, opened, own, plan_accepted, run_id, task_id, tree,
};

use super::turns::{given_up, sent_back};

const DOCUMENT: &str = include_str!("../../docs/events.md");

const NAMES: [&str; 30] = [
    "run.started",
    "run.opened",
    "plan.proposed",
    "plan.rejected",
    "plan.accepted",
    "plan.revised",
    "workspace.created",
    "base.checked",
    "attempt.started",
    "attempt.finished",
    "check.finished",
    "task.succeeded",
    "task.failed",
    "task.skipped",
    "task.cancelled",
    "task.reused",
    "task.reopened",
    "policy.denied",
    "approval.requested",
    "approval.decided",
    "budget.reserved",
    "budget.settled",
    "budget.warned",
    "budget.raised",
    "summary.written",
    "run.paused",
    "run.continued",
    "run.stopped",
    "run.finished",
    "change.applied",
];

/// The cell of the table whose header begins with `header`, at event and column.
fn cell(header: &str, event: &str, column: &str) -> String {
    let mut lines = DOCUMENT.lines().skip_while(|line| !line.starts_with(header));
    let found = lines.next().and_then(|columns| {
        let at = columns.split('|').position(|name| name.trim() == column)?;
        let row = lines.find(|line| line.contains(&format!("`{event}`")))?;
        Some(row.split('|').nth(at)?.trim().to_owned())
    });
    found.unwrap_or_else(|| panic!("no cell for `{event}` under {column}"))
}

pub fn setup() -> Setup {
    let one = || Script::new(&[], &[Does::Succeed]);
    Setup::new(vec![one(), one()]).continued()
}

pub fn started(plan_only: bool) -> Kind {
    let Kind::RunStarted(mut started) = setup().started() else { panic!("a run starts") };
    started.plan_only = plan_only;
    Kind::RunStarted(started)
}

pub fn accepted(revision: u32) -> Kind {
    Kind::PlanAccepted(Box::new(plan_accepted(setup().plan(), revision)))
}

pub fn attempt(input: Option<crate::ids::ObjectId>) -> Kind {
    attempt_started(input, Digest::of(b"key"))
}

pub fn check_run(tree: crate::ids::ObjectId, status: CheckStatus) -> crate::event::CheckRun {
    super::script::check_run(&own(), Some(tree), status, "")
}

pub fn begin(plan_only: bool) -> RunState {
    let kind = started(plan_only);
    let event =
        Event { v: FORMAT, seq: 1, at: Timestamp::from_millis(0), run: run_id(), task: None, attempt: None, kind };
    RunState::begin(&event).unwrap()
}

pub fn event(state: &RunState, task: Option<TaskId>, attempt: Option<u32>, kind: Kind) -> Event {
    Event { v: FORMAT, seq: state.seq + 1, at: Timestamp::from_millis(0), run: run_id(), task, attempt, kind }
}

pub fn apply(state: &mut RunState, task: Option<usize>, attempt: Option<u32>, kind: Kind) {
    let event = event(state, task.map(task_id), attempt, kind);
    state.apply(&event).unwrap();
}

fn executing() -> RunState {
    let mut state = begin(false);
    apply(&mut state, None, None, accepted(1));
    state
}

/// Task 0 in the given status; task 1 stays pending.
fn with_task(status: &str) -> RunState {
    let mut state = executing();
    let head = state.head().cloned();
    let skip = |state: &mut RunState| {
        apply(state, Some(0), None, Kind::ApprovalRequested {});
        apply(state, Some(0), None, Kind::ApprovalDecided { by: "p".to_owned(), decision: Decision::Reject });
        apply(state, Some(0), None, Kind::TaskSkipped { cause: SkipCause::Rejected });
    };
    let run = |state: &mut RunState| apply(state, Some(0), Some(1), attempt(head.clone()));
    let end = |state: &mut RunState| {
        run(state);
        apply(state, Some(0), Some(1), finished(claim(ResultStatus::Done), Some(tree("a"))));
    };
    match status {
        "pending" => {}
        "running" => run(&mut state),
        "checking" => end(&mut state),
        "exhausted" | "failed" => {
            run(&mut state);
            apply(&mut state, Some(0), Some(1), finished(failure(FailureClass::Auth, "no"), None));
            if status == "failed" {
                let kind = Kind::TaskFailed { class: FailureClass::Auth, detail: "no".to_owned() };
                apply(&mut state, Some(0), None, kind);
            }
        }
        "succeeded" => {
            end(&mut state);
            check_both(&mut state);
            apply(&mut state, Some(0), Some(1), succeeded());
        }
        "skipped" => skip(&mut state),
        "replaced" => {
            state = given_up();
            let (_, _, kind) = candidate("plan.revised", &state);
            apply(&mut state, Some(0), None, kind);
        }
        "cancelled" => apply(&mut state, Some(0), None, Kind::TaskCancelled { by: "p".to_owned() }),
        other => panic!("no status {other}"),
    }
    state
}

fn check_both(state: &mut RunState) {
    apply(state, None, None, Kind::BaseChecked(Box::new(check_run(tree("base"), CheckStatus::Red))));
    apply(state, Some(0), Some(1), Kind::CheckFinished(Box::new(check_run(tree("a"), CheckStatus::Green))));
}

pub fn succeeded() -> Kind {
    Kind::TaskSucceeded(Box::new(TaskSucceeded {
        tree: Some(tree("a")),
        commit: Some(tree("commit")),
        artifacts: Vec::new(),
        verdict: Verdict::Verified,
    }))
}

/// A well-formed event of this name about task 0 or the whole run: one that fits, wherever one can.
fn candidate(name: &str, state: &RunState) -> (Option<usize>, Option<u32>, Kind) {
    let outcome = || failure(FailureClass::Exited, "x");
    match name {
        "run.started" => (None, None, started(false)),
        "run.opened" => (None, None, Kind::RunOpened(Box::new(opened(setup().terms())))),
        "plan.proposed" | "plan.rejected" if state.to_replan().is_some() => {
            let kind = match name {
                "plan.proposed" => Kind::PlanProposed { round: 1, text: "{}".to_owned(), usage: Usage::default() },
                _ => Kind::PlanRejected { faults: Vec::new() },
            };
            (Some(0), None, kind)
        }
        "plan.revised" => {
            let mut patch = PlanPatch::new("why");
            patch.remove = vec![task_id(1)];
            (Some(0), None, Kind::PlanRevised(Box::new(PlanRevised::new(state.revision() + 1, patch))))
        }
        "summary.written" => (None, None, Kind::SummaryWritten { text: None, by: "m".to_owned() }),
        "plan.proposed" => {
            (None, None, Kind::PlanProposed { round: 1, text: "{}".to_owned(), usage: Usage::default() })
        }
        "plan.rejected" => (None, None, Kind::PlanRejected { faults: Vec::new() }),
        "plan.accepted" => (None, None, accepted(state.revision() + 1)),
        "workspace.created" => {
            let kind = WorkspaceKind::Copy;
            (None, None, Kind::WorkspaceCreated(WorkspaceCreated { ws: 0, kind, path: "/w".to_owned(), base: None }))
        }
        "base.checked" => (None, None, Kind::BaseChecked(Box::new(check_run(tree("base"), CheckStatus::Red)))),
        "attempt.started" => (Some(0), Some(1), attempt(state.head().cloned())),
        "attempt.finished" => (Some(0), Some(1), finished(outcome(), None)),
        "check.finished" => (Some(0), Some(1), Kind::CheckFinished(Box::new(check_run(tree("a"), CheckStatus::Green)))),
        "task.succeeded" => (Some(0), Some(1), succeeded()),
        "task.failed" => (Some(0), None, Kind::TaskFailed { class: FailureClass::Auth, detail: "no".to_owned() }),
        "task.skipped" => (Some(0), None, Kind::TaskSkipped { cause: SkipCause::Rejected }),
        "task.cancelled" => (Some(0), None, Kind::TaskCancelled { by: "p".to_owned() }),
        "task.reused" => (Some(0), None, Kind::TaskReused(Box::new(TaskReused { from: 1, key: Digest::of(b"key") }))),
        "task.reopened" => (Some(0), None, Kind::reopened("w")),
        "policy.denied" => (Some(0), None, Kind::PolicyDenied { rule: "r".to_owned(), paths: Vec::new() }),
        "approval.requested" => (Some(0), None, Kind::ApprovalRequested {}),
        "approval.decided" => {
            (Some(0), None, Kind::ApprovalDecided { by: "p".to_owned(), decision: Decision::Approve })
        }
        "budget.reserved" => {
            (None, None, Kind::BudgetReserved { id: 1, r#for: Purpose::Plan(1), amount: Amount::NONE })
        }
        "budget.settled" => (None, None, Kind::BudgetSettled { id: 1, used: Usage::default() }),
        "budget.warned" => (None, None, Kind::BudgetWarned { limit: Limit::Tokens, used: 4, of: 5 }),
        "budget.raised" => {
            (None, None, Kind::BudgetRaised { limit: Limit::Tokens, from: 5, to: 6, by: "p".to_owned() })
        }
        "run.paused" => (None, None, paused()),
        "run.continued" => (None, None, Kind::RunContinued {}),
        "run.stopped" => (None, None, Kind::RunStopped { why: StopCause::Signal(2) }),
        "run.finished" => (None, None, Kind::RunFinished { verdict: RunVerdict::Success, exit: 0 }),
        "change.applied" => {
            let onto = AppliedOnto { path: "/p".to_owned(), before: tree("b"), after: tree("a"), run: None };
            (None, None, Kind::ChangeApplied { onto })
        }
        other => panic!("no event {other}"),
    }
}

fn paused() -> Kind {
    Kind::RunPaused { why: "w".to_owned(), until: None, cause: PauseCause::Waiting }
}

/// What an event needs before it that its own row does not say; the numbered conditions below the tables.
fn prepare(name: &str, state: &mut RunState) {
    match name {
        "task.skipped" => {
            apply(state, Some(0), None, Kind::ApprovalRequested {});
            let decision = Decision::Reject;
            apply(state, Some(0), None, Kind::ApprovalDecided { by: "p".to_owned(), decision });
        }
        "approval.decided" => apply(state, Some(0), None, Kind::ApprovalRequested {}),
        "task.reused" => {
            let head = state.head().cloned();
            apply(state, Some(0), Some(1), attempt(head));
            apply(state, Some(0), Some(1), finished(claim(ResultStatus::Done), Some(tree("a"))));
            check_both(state);
            apply(state, Some(0), Some(1), succeeded());
            apply(state, Some(0), None, Kind::reopened("w"));
        }
        "budget.settled" => {
            let amount = Amount::NONE;
            apply(state, None, None, Kind::BudgetReserved { id: 1, r#for: Purpose::Plan(1), amount });
        }
        "run.continued" => apply(state, None, None, paused()),
        "plan.proposed" | "plan.rejected" => *state = given_up(),
        "run.finished" | "summary.written" => {
            for task in 0..2 {
                apply(state, Some(task), None, Kind::TaskCancelled { by: "p".to_owned() });
            }
        }
        _ => {}
    }
}

fn hold(name: &str, place: &str, state: &RunState, legal: bool) {
    let (task, attempt, kind) = candidate(name, state);
    assert_eq!(kind.name(), name);
    let mut after = state.clone();
    let result = after.apply(&event(state, task.map(task_id), attempt, kind));
    assert_eq!(result.is_ok(), legal, "`{name}` while {place}: {result:?}");
    if !legal {
        assert_eq!(format!("{after:?}"), format!("{state:?}"), "a refused `{name}` while {place} changed the state");
    }
}

#[test]
fn every_event_in_every_phase_is_taken_or_refused_as_the_table_says() {
    for name in NAMES {
        for phase in ["planning", "proposed", "executing", "stopped", "finished"] {
            let legal = cell("| event | planning |", name, phase).contains('✓');
            let is_about_a_task = candidate(name, &executing()).0.is_some();
            if phase == "executing" && is_about_a_task {
                assert!(legal, "`{name}` is about a task, so it can stand while the run executes");
                continue;
            }
            let mut state = match phase {
                "planning" | "proposed" => begin(false),
                _ => executing(),
            };
            match phase {
                "planning" if name == "budget.settled" => prepare(name, &mut state),
                "proposed" => {
                    if name == "budget.settled" {
                        prepare(name, &mut state);
                    }
                    let kind = Kind::PlanProposed { round: 1, text: "{}".to_owned(), usage: Usage::default() };
                    apply(&mut state, None, None, kind);
                }
                "executing" => prepare(name, &mut state),
                "stopped" => apply(&mut state, None, None, Kind::RunStopped { why: StopCause::Approval }),
                "finished" => {
                    prepare("run.finished", &mut state);
                    apply(&mut state, None, None, Kind::RunFinished { verdict: RunVerdict::Denied, exit: 5 });
                }
                _ => {}
            }
            hold(name, phase, &state, legal);
        }
    }
}

#[test]
fn every_event_on_every_task_status_is_taken_or_refused_as_the_table_says() {
    for name in NAMES {
        if candidate(name, &executing()).0.is_none() {
            continue;
        }
        for status in
            ["pending", "running", "checking", "exhausted", "succeeded", "failed", "skipped", "cancelled", "replaced"]
        {
            let legal = cell("| event | pending |", name, status).contains('✓');
            let mut state = with_task(status);
            if status == "pending" {
                prepare(name, &mut state);
            }
            if name == "plan.revised" && status == "exhausted" {
                state = given_up();
            }
            if name == "task.reopened" && status == "exhausted" {
                state = sent_back();
            }
            if name == "task.succeeded" && status == "checking" {
                check_both(&mut state);
            }
            hold(name, status, &state, legal);
        }
    }
}

#[test]
fn wrong_numbers_wrong_runs_and_wrong_attempts_are_refused() {
    let state = with_task("running");
    let kind = || finished(failure(FailureClass::Exited, "x"), None);
    let good = event(&state, Some(task_id(0)), Some(1), kind());
    let mut gap = good.clone();
    gap.seq += 1;
    let mut other = good.clone();
    other.run = crate::ids::RunId::new("20261121-093312-ffff").unwrap();
    let mut attempt = good.clone();
    attempt.attempt = Some(2);
    let mut unknown = good.clone();
    unknown.task = Some(TaskId::new("nobody").unwrap());
    for bad in [gap, other, attempt, unknown] {
        assert!(state.clone().apply(&bad).is_err(), "{bad:?}");
    }
    assert!(state.clone().apply(&good).is_ok());
}

#[test]
fn the_tables_name_every_event_there_is() {
    let all: std::collections::BTreeSet<&str> = NAMES.into_iter().collect();
    assert_eq!(all.len(), NAMES.len());
    for name in NAMES {
        assert!(DOCUMENT.contains(&format!("`{name}`")), "{name}");
    }
}
