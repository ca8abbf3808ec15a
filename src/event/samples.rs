//! One event of every kind, with every optional field both present and absent somewhere: for tests that no kind may escape.

use super::*;
use crate::ids::{AgentName, CheckName, Digest, ObjectId, TraceId};
use crate::message::{Finding, ResultStatus, Severity, TaskResult};
use crate::money::Usd;
use crate::plan::{Check, CheckKind, CheckRef, Draft, Expect, Goal, PLAN_SCHEMA, Plan, PlanPatch, Role, Task};
use crate::time::Span;

/// The run all samples belong to.
pub(crate) fn run() -> RunId {
    RunId::new("20261121-093312-a1b2").unwrap()
}

/// A sound sequence number and envelope around `kind`; task and attempt where the kind is about them.
pub(crate) fn event(seq: u64, kind: Kind) -> Event {
    let about_task = kind.name().starts_with("task.") || kind.name().starts_with("attempt.");
    Event {
        v: FORMAT,
        seq,
        at: Timestamp::from_millis(1_795_253_592_123 + i64::try_from(seq).unwrap()),
        run: run(),
        task: about_task.then(task_id),
        attempt: kind.name().starts_with("attempt.").then_some(1),
        kind,
    }
}

/// One event of every kind, numbered from 1. An order a run could have only at its beginning and end.
pub(crate) fn every_kind() -> Vec<Event> {
    let kinds = run_kinds().into_iter().chain(plan_kinds()).chain(work_kinds()).chain(end_kinds());
    (1..).zip(kinds).map(|(seq, kind)| event(seq, kind)).collect()
}

pub(crate) fn task_id() -> TaskId {
    TaskId::new("fix").unwrap()
}

pub(crate) fn terms() -> Terms {
    Terms {
        jobs: 2,
        jobs_why: None,
        continue_on_error: true,
        attempts: 2,
        backoff: Span::from_secs(1),
        max_backoff: Span::from_secs(60),
        ask: Ask::Plan,
        allow_unchecked: false,
        plan_rounds: None,
        run_time: Span::from_secs(28_800),
        task_time: Span::from_secs(1800),
        idle_time: Span::from_secs(300),
        launches: 200,
        quota_wait: Span::ZERO,
        in_place: false,
        budget: Some(Budget {
            run: Amount { usd: Usd::from_micros(5_000_000), tokens: 2_000_000 },
            attempt: Amount { usd: Usd::from_micros(1_250_000), tokens: 500_000 },
            untold_usd: Untold::Counts,
            untold_tokens: Untold::Passes,
        }),
        run_bytes: Some(1 << 40),
        output_bytes: None,
        review: None,
        max_replans: 0,
        summary: Narrator::Template,
    }
}

pub(crate) fn run_started() -> Kind {
    Kind::RunStarted(Box::new(RunStarted {
        versions: Versions { orchestra: "0.1.0".to_owned(), format: FORMAT, git: Some("2.39".to_owned()) },
        title: "Fix the \"median\" \u{1b}[31m of nothing 🎼\n".to_owned(),
        reference: Some("ABC-1".to_owned()),
        ticket_sha: Digest::of(b"ticket"),
        config_sha: Digest::of(b"config"),
        config_origins: vec![("run.jobs".to_owned(), "--jobs".to_owned())],
        project: "/home/user/project".to_owned(),
        base: Base { commit: None, tree: Some(tree()) },
        planned_by: "template".to_owned(),
        sandbox: Sandbox::None,
        terms: terms(),
        host: Host { os: "linux".to_owned(), arch: "x86_64".to_owned(), cpus: 2 },
        trace_id: TraceId::new(&"1".repeat(32)).unwrap(),
        pid: 4242,
        identity: Some(Digest::of(b"identity")),
        plan_only: true,
    }))
}

fn run_kinds() -> Vec<Kind> {
    let mut kinds = vec![
        run_started(),
        Kind::RunOpened(Box::new(RunOpened {
            pid: 4243,
            boot: Some("boot".to_owned()),
            version: "0.1.0".to_owned(),
            healed_bytes: 17,
            identity: None,
            terms: terms(),
        })),
        paused("quota", Some(Timestamp::from_millis(1)), PauseCause::Waiting),
        paused("approval", None, PauseCause::Waiting),
        paused("suspended", None, PauseCause::Suspended),
        Kind::RunContinued {},
        Kind::ApprovalRequested {},
        Kind::ApprovalDecided { by: "me".to_owned(), decision: Decision::Approve },
        Kind::ApprovalDecided { by: "me".to_owned(), decision: Decision::Reject },
    ];
    let amount = Amount { usd: Usd::from_micros(1), tokens: 1 };
    kinds.push(Kind::BudgetReserved { id: 1, r#for: Purpose::Plan(1), amount });
    let used = Usage { cache_read_tokens: Some(3), cache_write_tokens: Some(4), partial: true, ..Usage::default() };
    kinds.push(Kind::BudgetSettled { id: 1, used });
    kinds.push(Kind::BudgetSettled { id: 2, used: Usage::default() });
    kinds.extend(Limit::ALL.map(|limit| Kind::BudgetWarned { limit, used: 4, of: 5 }));
    kinds.push(Kind::BudgetRaised { limit: Limit::Usd, from: 5, to: 6, by: "me".to_owned() });
    kinds
}

fn paused(why: &str, until: Option<Timestamp>, cause: PauseCause) -> Kind {
    Kind::RunPaused { why: why.to_owned(), until, cause }
}

fn patch() -> PlanPatch {
    let mut patch = PlanPatch::new("it \u{1b}[31mcannot\nbe done so");
    patch.remove = vec![task_id()];
    patch
}

fn plan_kinds() -> Vec<Kind> {
    let usage = Usage { input_tokens: Some(u64::MAX), usd: Some(Usd::from_micros(250_000)), ..Usage::default() };
    vec![
        Kind::PlanProposed { round: 1, text: "{\"tasks\": [\u{0}]}\r\n".to_owned(), usage },
        Kind::PlanRejected { faults: vec!["tasks: empty".to_owned()] },
        Kind::PlanRevised(Box::new(PlanRevised::new(2, patch()))),
        Kind::PlanAccepted(Box::new(PlanAccepted {
            revision: 1,
            plan: plan(),
            checks: vec![check()],
            checks_sha: Digest::of(b"checks"),
        })),
    ]
}

fn plan() -> Plan {
    let draft = serde_json::json!({
        "schema": PLAN_SCHEMA,
        "plan_id": "OP-20261121-093312-A1B2",
        "title": "Plan",
        "goal": Goal::default(),
        "created_at": "2026-11-21T09:33:12.123Z",
        "tasks": [],
    });
    let mut draft: Draft = serde_json::from_value(draft).unwrap();
    let task = serde_json::json!({"id": "fix", "title": "Fix", "role": Role::Implement});
    let task: Task = serde_json::from_value(task).unwrap();
    draft.tasks = vec![Task {
        checks: Some(vec![CheckRef::Own(check()), CheckRef::Named(CheckName::new("unit").unwrap())]),
        ..task
    }];
    serde_json::from_value(serde_json::to_value(draft).unwrap()).unwrap()
}

fn check() -> Check {
    Check {
        name: CheckName::new("unit").unwrap(),
        run: vec!["cargo".to_owned(), "test".to_owned()],
        timeout: Some(Span::from_secs(600)),
        expect: Expect::Change,
        kind: CheckKind::Build,
    }
}

fn tree() -> ObjectId {
    ObjectId::new(&"a1".repeat(20)).unwrap()
}

fn check_run(status: CheckStatus, exit: Option<Ended>) -> CheckRun {
    CheckRun {
        check: CheckName::new("unit").unwrap(),
        of: Digest::of(b"unit"),
        tree: exit.map(|_| tree()),
        outcome: CheckOutcome {
            status,
            exit,
            ms: 12,
            failing: exit.map(|_| vec!["tests::median".to_owned()]),
            tests: exit.map(|_| 3),
            tail: "FAILED\n".to_owned(),
        },
    }
}

fn finished(outcome: AttemptOutcome, exit: Option<Ended>) -> Kind {
    let tree = matches!(outcome, AttemptOutcome::Ok(_)).then(tree);
    Kind::AttemptFinished(Box::new(AttemptFinished {
        outcome,
        tree,
        usage: Usage::default(),
        exit,
        leaked: 1,
        left: vec![Straggler { pid: 4711, name: "sleep".to_owned() }],
        truncated: true,
        bytes: 812,
        touched: vec!["tests/a.rs".to_owned()],
        ms: 99,
    }))
}

fn result() -> TaskResult {
    TaskResult {
        status: ResultStatus::Failed,
        summary: "half".to_owned(),
        output: "é\u{2028}".to_owned(),
        files: vec!["src/lib.rs".to_owned()],
        artifacts: vec!["out.txt".to_owned()],
        findings: vec![Finding { file: None, line: Some(3), severity: Severity::Warning, text: "odd".to_owned() }],
        verdict: None,
        score: None,
    }
}

fn work_kinds() -> Vec<Kind> {
    let ends = [Ended::Code(1), Ended::Signal(9), Ended::TimedOut, Ended::Stalled, Ended::Cancelled];
    let mut kinds = vec![
        Kind::WorkspaceCreated(WorkspaceCreated {
            ws: 1,
            kind: WorkspaceKind::InPlace,
            path: "/w".to_owned(),
            base: None,
        }),
        Kind::BaseChecked(Box::new(check_run(CheckStatus::Red, Some(Ended::Code(101))))),
        Kind::AttemptStarted(Box::new(AttemptStarted {
            key: Digest::of(b"key"),
            ws: 1,
            input_tree: Some(tree()),
            agent: AgentRecord {
                name: AgentName::new("mine").unwrap(),
                kind: "command".to_owned(),
                version: Some("2.1".to_owned()),
                model: None,
            },
            message: Digest::of(b"message"),
            reserved: Span::from_secs(1800),
            budget: Amount { usd: Usd::from_micros(1_250_000), tokens: 7 },
        })),
        finished(AttemptOutcome::Ok(Box::new(result())), None),
        Kind::CheckFinished(Box::new(check_run(CheckStatus::Missing, None))),
        Kind::PolicyDenied { rule: "scope".to_owned(), paths: vec!["a".to_owned()] },
    ];
    let failed = |class| Failure::new(class, "it broke").not_before(Timestamp::from_millis(7));
    kinds.extend(ends.map(|end| finished(AttemptOutcome::Failed(failed(FailureClass::Exited)), Some(end))));
    kinds.extend(FailureClass::ALL.map(|class| Kind::TaskFailed { class, detail: "why".to_owned() }));
    kinds
}

fn end_kinds() -> Vec<Kind> {
    let artifact = Artifact { path: "fix/out.txt".to_owned(), size: 3, sha256: Digest::of(b"out") };
    let succeeded = |verdict| {
        Kind::TaskSucceeded(Box::new(TaskSucceeded {
            tree: Some(tree()),
            commit: Some(tree()),
            artifacts: vec![artifact.clone()],
            verdict,
        }))
    };
    let mut kinds: Vec<Kind> = Verdict::ALL.map(succeeded).into();
    let causes = [SkipCause::Dependency(task_id()), SkipCause::Stopped(task_id()), SkipCause::Rejected];
    kinds.extend(causes.map(|cause| Kind::TaskSkipped { cause }));
    kinds.push(Kind::TaskCancelled { by: "me".to_owned() });
    kinds.push(Kind::TaskReused(Box::new(TaskReused { from: 1, key: Digest::of(b"key") })));
    kinds.push(Kind::reopened("resumed"));
    let sent_back_by = Some(TaskId::new("judge").unwrap());
    kinds.push(Kind::TaskReopened { why: "a review sent it back".to_owned(), sent_back_by });
    let stops = [
        StopCause::Signal(15),
        StopCause::Limit("run".to_owned()),
        StopCause::Approval,
        StopCause::Quota(Some(Timestamp::from_millis(1))),
        StopCause::Quota(None),
    ];
    kinds.extend(stops.map(|why| Kind::RunStopped { why }));
    kinds.push(Kind::RunFinished { verdict: RunVerdict::Unverified, exit: 3 });
    kinds.push(Kind::SummaryWritten { text: Some("It\u{1b}[2J works.".to_owned()), by: "main".to_owned() });
    kinds.push(Kind::SummaryWritten { text: None, by: "main".to_owned() });
    let onto = AppliedOnto { path: "/p".to_owned(), before: tree(), after: tree(), run: Some(run()) };
    kinds.push(Kind::ChangeApplied { onto });
    kinds
}
