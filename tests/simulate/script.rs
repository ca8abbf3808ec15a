//! What a scripted run is made of: its tasks, its rules, what each attempt does, and the events of that.

use proptest::prelude::*;

use super::plans::Proposes;
use crate::event::{
    AgentRecord, Amount, Ask, AttemptFinished, AttemptOutcome, AttemptStarted, Base, CheckOutcome, CheckRun,
    CheckStatus, FORMAT, Failure, FailureClass, Host, Kind, Narrator, PlanAccepted, ReviewTerms, RunOpened, RunStarted,
    Sandbox, Terms, Versions,
};
use crate::ids::{AgentName, CheckName, Digest, ObjectId, PlanId, RunId, TaskId, TraceId};
use crate::message::{ResultStatus, ReviewVerdict, TaskResult};
use crate::plan::{
    Caps, Check, CheckKind, CheckRef, Draft, Expect, Goal, OnInterrupt, PLAN_SCHEMA, Plan, Role, RunIf, Scope, Task,
    TaskLimits,
};
use crate::run::check_identity;
use crate::time::{Span, Timestamp};

/// What one attempt that counts does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Does {
    /// The agent says it is done, and its check turns green.
    Succeed,
    /// As above, but it breaks what the project as a whole is held to.
    Spoil,
    /// The agent says it is done, and its check stays red.
    Lie,
    /// The agent says it failed, and its check is green all the same.
    Despair,
    /// A review asks for changes; of another task, as if it succeeded.
    Object,
    /// A review approves, with a score that is too low; of another task, as if it succeeded.
    Doubt,
    /// It fails in this way, in other words every time.
    Fail(FailureClass),
    /// It fails in this way, in the same words every time.
    Repeat(FailureClass),
    /// It fails in this way, and is not to be tried again for as many seconds.
    Later(FailureClass, u32),
}

/// A task of a scripted plan.
#[expect(clippy::struct_excessive_bools, reason = "each is a rule of its own that a case may have or not")]
#[derive(Debug, Clone)]
pub struct Script {
    /// Tasks that stand before it.
    pub deps: Vec<usize>,
    pub always: bool,
    /// It only looks: no check, and the tree stays as it is.
    pub review: bool,
    /// It writes tests: its work is no work that a review sends back.
    pub test: bool,
    pub approval: bool,
    /// An interruption is for a person to decide over.
    pub asks: bool,
    /// One entry per attempt that counts; the last one repeats.
    pub does: Vec<Does>,
}

impl Script {
    pub fn new(deps: &[usize], does: &[Does]) -> Self {
        Self {
            deps: deps.to_vec(),
            always: false,
            review: false,
            test: false,
            approval: false,
            asks: false,
            does: does.to_vec(),
        }
    }

    pub fn always(self) -> Self {
        Self { always: true, ..self }
    }
}

/// A scripted run: tasks, rules, and what there was before.
#[expect(clippy::struct_excessive_bools, reason = "each is a rule of its own that a case may have or not")]
#[derive(Debug, Clone)]
pub struct Setup {
    pub tasks: Vec<Script>,
    pub jobs: u32,
    pub continue_on_error: bool,
    pub attempts: u32,
    pub launches: u32,
    pub run_time: Span,
    pub backoff: Span,
    pub quota_wait: Span,
    pub ask: Ask,
    /// What a person answers; without one nobody can be asked.
    pub person: Option<bool>,
    /// Without trees; tasks write to places of their own and may share the folder.
    pub in_place: bool,
    /// The check of every task is green before any work.
    pub green_before: bool,
    /// The project has a check of its own, held against the end.
    pub final_check: bool,
    /// How long an attempt takes.
    pub takes: Span,
    /// What a review's no does.
    pub review: Option<ReviewTerms>,
    /// How often the plan may be changed, and what the planner proposes then; the last one repeats.
    pub max_replans: u32,
    pub proposes: Vec<Proposes>,
    /// What a task does that a changed plan adds.
    pub mends: Vec<Does>,
    /// Who puts the results into words.
    pub summary: Narrator,
}

impl Setup {
    pub fn new(tasks: Vec<Script>) -> Self {
        Self {
            tasks,
            jobs: 1,
            continue_on_error: false,
            attempts: 2,
            launches: 1_000,
            run_time: Span::from_secs(1_000_000),
            backoff: Span::from_secs(1),
            quota_wait: Span::from_secs(1_000),
            ask: Ask::Never,
            person: Some(true),
            in_place: false,
            green_before: false,
            final_check: false,
            takes: Span::ZERO,
            review: Some(reviewed(1)),
            max_replans: 0,
            proposes: vec![Proposes::Mend],
            mends: vec![Does::Succeed],
            summary: Narrator::Template,
        }
    }

    pub fn continued(self) -> Self {
        Self { continue_on_error: true, ..self }
    }

    pub fn in_place(self, jobs: u32) -> Self {
        Self { in_place: true, jobs, ..self }
    }

    pub fn terms(&self) -> Terms {
        Terms {
            jobs: self.jobs,
            jobs_why: None,
            continue_on_error: self.continue_on_error,
            attempts: self.attempts,
            backoff: self.backoff,
            max_backoff: Span::from_secs(60),
            ask: self.ask,
            allow_unchecked: false,
            plan_rounds: None,
            run_time: self.run_time,
            task_time: Span::from_secs(60),
            idle_time: Span::from_secs(60),
            launches: self.launches,
            quota_wait: self.quota_wait,
            in_place: self.in_place,
            budget: None,
            run_bytes: None,
            output_bytes: None,
            review: self.review,
            max_replans: self.max_replans,
            summary: self.summary,
        }
    }

    /// What the work starts from; in place there is no tree.
    pub fn base(&self) -> Option<ObjectId> {
        (!self.in_place).then(|| tree("base"))
    }

    pub fn started(&self) -> Kind {
        Kind::RunStarted(Box::new(RunStarted {
            base: Base { commit: None, tree: self.base() },
            terms: self.terms(),
            ..run_started()
        }))
    }

    pub fn accepted(&self) -> Kind {
        let mut accepted = plan_accepted(self.plan(), 1);
        accepted.checks = if self.final_check { vec![whole()] } else { Vec::new() };
        Kind::PlanAccepted(Box::new(accepted))
    }

    pub fn plan(&self) -> Plan {
        plan_of(&self.tasks, self.in_place)
    }
}

/// A review is a no below this score, and sends work back as often.
pub fn reviewed(reworks: u32) -> ReviewTerms {
    ReviewTerms { threshold: "0.7".parse().unwrap(), reworks }
}

pub fn task_id(n: usize) -> TaskId {
    TaskId::new(&format!("t{n}")).unwrap()
}

pub fn tree(text: &str) -> ObjectId {
    ObjectId::new(&Digest::of(text.as_bytes()).as_str()[..40]).unwrap()
}

pub fn run_id() -> RunId {
    RunId::new("20261121-093312-a1b2").unwrap()
}

/// The check that every task is held to: red before, green after.
pub fn own() -> Check {
    check("unit", Expect::Change)
}

/// The check that the whole is held to.
pub fn whole() -> Check {
    check("whole", Expect::Keep)
}

fn check(name: &str, expect: Expect) -> Check {
    Check {
        name: CheckName::new(name).unwrap(),
        run: vec![format!("check-{name}")],
        timeout: None,
        expect,
        kind: CheckKind::Suite,
    }
}

pub fn plan_of(scripts: &[Script], in_place: bool) -> Plan {
    let tasks = scripts.iter().enumerate().map(|(n, script)| Task {
        id: task_id(n),
        title: format!("task {n}"),
        role: match (script.review, script.test) {
            (true, _) => Role::Review,
            (false, true) => Role::Test,
            (false, false) => Role::Implement,
        },
        instructions: String::new(),
        depends_on: script.deps.iter().map(|dep| task_id(*dep)).collect(),
        // Every third task writes where another one does: the two cannot run side by side.
        scope: Scope {
            write: if in_place && !script.review { vec![format!("s{}/**", n - n % 3 / 2)] } else { Vec::new() },
            ..Scope::default()
        },
        checks: (!script.review).then(|| vec![CheckRef::Own(own())]),
        artifacts: Vec::new(),
        approval: script.approval,
        run_if: if script.always { RunIf::Always } else { RunIf::Success },
        on_interrupt: if script.asks { OnInterrupt::Ask } else { OnInterrupt::Rerun },
        limits: TaskLimits::default(),
    });
    let draft = Draft {
        schema: PLAN_SCHEMA.to_owned(),
        plan_id: PlanId::new("OP-20261121-093312-A1B2").unwrap(),
        title: "scripted".to_owned(),
        goal: Goal { summary: "scripted".to_owned(), success_criteria: Vec::new() },
        created_at: Timestamp::from_millis(0),
        ticket: None,
        base: None,
        planned_by: Some("file".to_owned()),
        tasks: tasks.collect(),
        batches: Vec::new(),
    };
    draft.accept(&Caps::default()).unwrap()
}

fn run_started() -> RunStarted {
    RunStarted {
        versions: Versions { orchestra: "0".to_owned(), format: FORMAT, git: None },
        title: "scripted".to_owned(),
        reference: None,
        ticket_sha: Digest::of(b""),
        config_sha: Digest::of(b""),
        config_origins: Vec::new(),
        project: "/p".to_owned(),
        base: Base { commit: None, tree: None },
        planned_by: "file".to_owned(),
        sandbox: Sandbox::None,
        terms: Setup::new(Vec::new()).terms(),
        host: Host { os: "linux".to_owned(), arch: "x86_64".to_owned(), cpus: 1 },
        trace_id: TraceId::new("0af7651916cd43dd8448eb211c80319c").unwrap(),
        pid: 1,
        identity: None,
        plan_only: false,
    }
}

pub fn opened(terms: Terms) -> RunOpened {
    RunOpened { pid: 2, boot: None, version: "0".to_owned(), healed_bytes: 0, identity: None, terms }
}

pub fn plan_accepted(plan: Plan, revision: u32) -> PlanAccepted {
    PlanAccepted { revision, plan, checks: vec![], checks_sha: Digest::of(b"") }
}

pub fn attempt_started(input: Option<ObjectId>, key: Digest) -> Kind {
    Kind::AttemptStarted(Box::new(AttemptStarted {
        key,
        ws: 0,
        input_tree: input,
        agent: AgentRecord {
            name: AgentName::new("scripted").unwrap(),
            kind: "scripted".to_owned(),
            version: None,
            model: None,
        },
        message: Digest::of(b"message"),
        reserved: Span::from_secs(1),
        budget: Amount::NONE,
    }))
}

pub fn finished(outcome: AttemptOutcome, tree: Option<ObjectId>) -> Kind {
    Kind::AttemptFinished(Box::new(AttemptFinished {
        outcome,
        tree,
        ms: 1,
        ..AttemptFinished::failed(Failure::new(FailureClass::Exited, ""))
    }))
}

pub fn claim(status: ResultStatus) -> AttemptOutcome {
    AttemptOutcome::Ok(Box::new(TaskResult { status, summary: "said".to_owned(), ..TaskResult::default() }))
}

/// A review's no, by its verdict or by its score.
pub fn a_no(does: Does) -> AttemptOutcome {
    let (verdict, score) = match does {
        Does::Doubt => (ReviewVerdict::Approve, "0.4"),
        _ => (ReviewVerdict::RequestChanges, "0.9"),
    };
    let (verdict, score) = (Some(verdict), score.parse().ok());
    AttemptOutcome::Ok(Box::new(TaskResult { summary: "no".to_owned(), verdict, score, ..TaskResult::default() }))
}

pub fn failure(class: FailureClass, detail: &str) -> AttemptOutcome {
    AttemptOutcome::Failed(Failure::new(class, detail))
}

pub fn check_run(check: &Check, tree: Option<ObjectId>, status: CheckStatus, tail: &str) -> CheckRun {
    let outcome = CheckOutcome { status, exit: None, ms: 1, failing: None, tests: None, tail: tail.to_owned() };
    CheckRun { check: check.name.clone(), of: check_identity(check), tree, outcome }
}

/// Every way in which an attempt can go.
pub fn does() -> impl Strategy<Value = Does> {
    use FailureClass::{
        Auth, BadOutput, BudgetExhausted, Exited, PolicyDenied, Quota, RateLimited, Stalled, Timeout, Transient,
        Unusable,
    };
    let ends = prop::sample::select(vec![Auth, PolicyDenied, BudgetExhausted, Unusable]);
    let again = prop::sample::select(vec![Transient, Timeout, Stalled, BadOutput, Exited]);
    let waits = prop::sample::select(vec![RateLimited, Quota]);
    prop_oneof![
        12 => Just(Does::Succeed),
        1 => Just(Does::Spoil),
        2 => Just(Does::Lie),
        1 => Just(Does::Despair),
        2 => Just(Does::Object),
        1 => Just(Does::Doubt),
        2 => again.clone().prop_map(Does::Fail),
        1 => again.prop_map(Does::Repeat),
        1 => ends.prop_map(Does::Fail),
        1 => (waits, prop::sample::select(vec![1_u32, 30, 90, 5_000])).prop_map(|(class, wait)| Does::Later(class, wait)),
    ]
}

fn scripts(most: usize) -> impl Strategy<Value = Vec<Script>> {
    let index = any::<prop::sample::Index>;
    let task = (
        prop::collection::vec(index(), 0..4),
        prop::bool::weighted(0.25),
        prop::sample::select(vec![0_u8, 0, 0, 1, 2]),
        prop::bool::weighted(0.15),
        prop::bool::weighted(0.15),
        prop::collection::vec(does(), 1..4),
    );
    prop::collection::vec(task, 1..most).prop_map(|tasks| {
        let numbered = tasks.into_iter().enumerate();
        numbered
            .map(|(n, (deps, always, role, approval, asks, does))| {
                let mut deps: Vec<usize> = if n == 0 { vec![] } else { deps.iter().map(|dep| dep.index(n)).collect() };
                deps.sort_unstable();
                deps.dedup();
                Script { deps, always, review: role == 1, test: role == 2, approval, asks, does }
            })
            .collect()
    })
}

/// Random graphs under random rules.
pub fn setups(most: usize) -> impl Strategy<Value = Setup> {
    let rules = (
        1_u32..4,
        any::<bool>(),
        1_u32..4,
        prop_oneof![6 => Just(1_000_u32), 1 => 1_u32..6],
        prop_oneof![6 => Just(1_000_000_u64), 1 => 5_u64..60],
        prop::sample::select(vec![0_u64, 1, 3]),
        prop::sample::select(vec![0_u64, 100, 10_000]),
        prop_oneof![6 => Just(Ask::Never), 1 => Just(Ask::Plan), 1 => Just(Ask::Task)],
    );
    let scene = (
        prop_oneof![5 => Just(Some(true)), 1 => Just(Some(false)), 1 => Just(None)],
        any::<bool>(),
        prop::bool::weighted(0.2),
        any::<bool>(),
        0_u64..3,
        prop_oneof![1 => Just(None), 4 => (0_u32..3).prop_map(|reworks| Some(reviewed(reworks)))],
    );
    let planner = (
        prop_oneof![2 => Just(0_u32), 1 => 1_u32..4],
        prop::collection::vec(prop::sample::select(Proposes::ALL.to_vec()), 1..4),
        prop::collection::vec(does(), 1..3),
        prop_oneof![3 => Just(Narrator::Template), 1 => Just(Narrator::Model)],
    );
    (scripts(most), rules, scene, planner).prop_map(|(tasks, rules, scene, planner)| {
        let (jobs, continue_on_error, attempts, launches, run_time, backoff, quota_wait, ask) = rules;
        let (max_replans, proposes, mends, summary) = planner;
        let (person, in_place, green_before, final_check, takes, review) = scene;
        Setup {
            tasks,
            jobs,
            continue_on_error,
            attempts,
            launches,
            run_time: Span::from_secs(run_time),
            backoff: Span::from_secs(backoff),
            quota_wait: Span::from_secs(quota_wait),
            ask,
            person,
            in_place,
            green_before,
            final_check,
            takes: Span::from_secs(takes),
            review,
            max_replans,
            proposes,
            mends,
            summary,
        }
    })
}
