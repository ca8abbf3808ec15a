//! A scripted world around fold and decide: no disk, no clock, no process; every answer comes from a script.

use std::collections::{BTreeMap, HashMap};

use orchestra::event::{
    AgentRecord, Amount, Ask, AttemptFinished, AttemptOutcome, AttemptStarted, Base, CheckOutcome, CheckRun,
    CheckStatus, Event, FORMAT, Failure, FailureClass, Host, Kind, PlanAccepted, RunOpened, RunStarted, Sandbox,
    TaskSucceeded, Terms, Versions,
};
use orchestra::ids::{AgentName, CheckName, Digest, ObjectId, PlanId, RunId, TaskId, TraceId};
use orchestra::message::{ResultStatus, TaskResult};
use orchestra::plan::{
    Caps, Check, CheckKind, Draft, Expect, Goal, OnInterrupt, PLAN_SCHEMA, Plan, Role, RunIf, Scope, Task, TaskLimits,
};
use orchestra::run::{Action, Busy, Place, Probe, RunState, Status, check_identity, decide};
use orchestra::time::{Span, Timestamp};

/// What one attempt that counts does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Does {
    /// The agent says it is done, and its check turns green.
    Succeed,
    /// The agent says it is done, and its check stays red.
    Lie,
    /// The agent says it failed, and its check is green all the same.
    Despair,
    /// Its process ends with an error.
    Exit,
    /// Its key is refused: no second attempt.
    Auth,
}

/// A task of a scripted plan.
#[derive(Debug, Clone)]
pub struct Script {
    pub deps: Vec<usize>,
    pub always: bool,
    /// One entry per attempt that counts; the last one repeats.
    pub does: Vec<Does>,
}

/// Work that was begun and not answered yet.
#[derive(Debug, Clone, PartialEq)]
pub enum Begun {
    Attempt { task: u32, attempt: u32 },
    Check { task: Option<u32>, probes: Vec<Probe> },
    Settle { task: u32, attempt: u32, verdict: orchestra::event::Verdict },
}

/// A run in progress.
#[derive(Clone)]
pub struct World {
    pub scripts: Vec<Script>,
    pub state: RunState,
    pub busy: Busy,
    pub journal: Vec<Event>,
    pub begun: Vec<Begun>,
    pub now: Timestamp,
    pub results: HashMap<ObjectId, (u32, Does)>,
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

pub fn check() -> Check {
    Check {
        name: CheckName::new("unit").unwrap(),
        run: vec!["check".to_owned()],
        timeout: None,
        expect: Expect::Change,
        kind: CheckKind::Suite,
    }
}

pub fn plan(scripts: &[Script]) -> Plan {
    let tasks = scripts
        .iter()
        .enumerate()
        .map(|(n, script)| Task {
            id: task_id(n),
            title: format!("task {n}"),
            role: Role::Implement,
            instructions: String::new(),
            depends_on: script.deps.iter().map(|dep| task_id(*dep)).collect(),
            scope: Scope::default(),
            checks: Some(vec![orchestra::plan::CheckRef::Own(check())]),
            artifacts: Vec::new(),
            approval: false,
            run_if: if script.always { RunIf::Always } else { RunIf::Success },
            on_interrupt: OnInterrupt::Rerun,
            limits: TaskLimits::default(),
        })
        .collect();
    let draft = Draft {
        schema: PLAN_SCHEMA.to_owned(),
        plan_id: PlanId::new("OP-20261121-093312-A1B2").unwrap(),
        title: "scripted".to_owned(),
        goal: Goal { summary: "scripted".to_owned(), success_criteria: Vec::new() },
        created_at: Timestamp::from_millis(0),
        ticket: None,
        base: None,
        planned_by: Some("file".to_owned()),
        tasks,
        batches: Vec::new(),
    };
    draft.accept(&Caps::default()).unwrap()
}

pub fn terms(continue_on_error: bool) -> Terms {
    Terms {
        jobs: 1,
        continue_on_error,
        attempts: 2,
        backoff: Span::from_secs(1),
        max_backoff: Span::from_secs(60),
        ask: Ask::Never,
        allow_unchecked: false,
        run_time: Span::from_secs(1_000_000),
        task_time: Span::from_secs(60),
        idle_time: Span::from_secs(60),
        launches: 10_000,
        quota_wait: Span::ZERO,
        in_place: false,
        budget: None,
        run_bytes: None,
        output_bytes: None,
    }
}

pub fn started(terms: Terms, plan_only: bool) -> Kind {
    Kind::RunStarted(Box::new(RunStarted {
        versions: Versions { orchestra: "0".to_owned(), format: FORMAT, git: None },
        title: "scripted".to_owned(),
        reference: None,
        ticket_sha: Digest::of(b""),
        config_sha: Digest::of(b""),
        config_origins: Vec::new(),
        project: "/p".to_owned(),
        base: Base { commit: None, tree: Some(tree("base")) },
        planned_by: "file".to_owned(),
        sandbox: Sandbox::None,
        terms,
        host: Host { os: "linux".to_owned(), arch: "x86_64".to_owned(), cpus: 1 },
        trace_id: TraceId::new("0af7651916cd43dd8448eb211c80319c").unwrap(),
        pid: 1,
        plan_only,
    }))
}

pub fn opened(terms: Terms) -> Kind {
    Kind::RunOpened(Box::new(RunOpened { pid: 2, boot: None, version: "0".to_owned(), healed_bytes: 0, terms }))
}

pub fn accepted(plan: Plan, revision: u32) -> Kind {
    Kind::PlanAccepted(Box::new(PlanAccepted { revision, plan, checks: vec![], checks_sha: Digest::of(b"") }))
}

pub fn attempt_started(input: Option<ObjectId>) -> Kind {
    Kind::AttemptStarted(Box::new(AttemptStarted {
        key: Digest::of(b"key"),
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

pub fn failure(class: FailureClass, detail: &str) -> AttemptOutcome {
    AttemptOutcome::Failed(Failure::new(class, detail))
}

pub fn check_run(tree: ObjectId, status: CheckStatus, tail: &str) -> CheckRun {
    let outcome = CheckOutcome { status, exit: None, ms: 1, failing: None, tests: None, tail: tail.to_owned() };
    CheckRun { check: check().name, of: check_identity(&check()), tree: Some(tree), outcome }
}

impl World {
    pub fn new(scripts: Vec<Script>, continue_on_error: bool) -> Self {
        let now = Timestamp::from_millis(1_000_000);
        let first = Event {
            v: FORMAT,
            seq: 1,
            at: now,
            run: run_id(),
            task: None,
            attempt: None,
            kind: started(terms(continue_on_error), false),
        };
        let mut world = Self {
            state: RunState::begin(&first).unwrap(),
            busy: Busy::default(),
            journal: vec![first],
            begun: Vec::new(),
            now,
            results: HashMap::new(),
            scripts,
        };
        let plan = plan(&world.scripts);
        world.append(None, None, accepted(plan, 1));
        world
    }

    /// A world that goes on where a journal was cut, as a resume does.
    pub fn resumed(&self, cut: usize) -> Self {
        let journal = self.journal[..cut].to_vec();
        let mut world = Self {
            state: RunState::fold(&journal).unwrap().unwrap(),
            busy: Busy::default(),
            now: self.journal[cut - 1].at,
            begun: Vec::new(),
            journal,
            scripts: self.scripts.clone(),
            results: self.results.clone(),
        };
        if world.state.plan().is_none() {
            let plan = plan(&world.scripts);
            world.append(None, None, accepted(plan, 1));
        }
        let terms = world.state.terms.clone();
        world.append(None, None, opened(terms));
        world
    }

    pub fn append(&mut self, task: Option<TaskId>, attempt: Option<u32>, kind: Kind) {
        self.now = self.now.after(Span::from_millis(1));
        let event = Event { v: FORMAT, seq: self.state.seq + 1, at: self.now, run: run_id(), task, attempt, kind };
        self.state.apply(&event).unwrap_or_else(|error| panic!("{error}\n{:#?}", self.journal));
        self.journal.push(event);
    }

    /// Decides and begins what follows, until only answers can move the run.
    pub fn settle(&mut self) {
        for _ in 0..10_000 {
            let actions = decide(&self.state, &self.busy, self.now);
            assert_eq!(actions, decide(&self.state, &self.busy, self.now), "the same question has one answer");
            let mut moved = false;
            for action in actions {
                moved |= self.act(action);
            }
            if !moved {
                return;
            }
        }
        panic!("the run never comes to rest:\n{:#?}", self.journal);
    }

    fn act(&mut self, action: Action) -> bool {
        match action {
            Action::Record { task, attempt, kind } => self.append(task, attempt, kind),
            Action::Launch { task, attempt } => {
                let input = self.state.head().cloned();
                self.append(some_id(task), Some(attempt), attempt_started(input));
                self.begun.push(Begun::Attempt { task, attempt });
            }
            Action::Verify { task, probes } => {
                match task {
                    Some(task) => assert!(self.busy.tasks.insert(task)),
                    None => self.busy.verifying = true,
                }
                self.begun.push(Begun::Check { task, probes });
            }
            Action::Settle { task, attempt, verdict } => {
                assert!(self.busy.tasks.insert(task));
                self.begun.push(Begun::Settle { task, attempt, verdict });
            }
            Action::Wait { until } => {
                assert!(until > self.now);
                self.now = until;
            }
            other => panic!("nothing in this world asks for {other:?}"),
        }
        true
    }

    /// What the script says of the attempt that is running: interrupted ones do not count.
    fn does(&self, task: u32) -> Does {
        let counted = self
            .journal
            .iter()
            .filter(|event| event.task == some_id(task))
            .filter(|event| match &event.kind {
                Kind::AttemptFinished(finished) => match &finished.outcome {
                    AttemptOutcome::Ok(_) => true,
                    AttemptOutcome::Failed(failure) => failure.class != FailureClass::Interrupted,
                },
                _ => false,
            })
            .count();
        let does = &self.scripts[task as usize].does;
        does[counted.min(does.len() - 1)]
    }

    /// Answers one piece of work that was begun.
    pub fn answer(&mut self, which: usize) {
        match self.begun.remove(which) {
            Begun::Attempt { task, attempt } => {
                let does = self.does(task);
                let result = tree(&format!("{task}/{attempt}/{:?}", self.state.head()));
                let outcome = match does {
                    Does::Succeed | Does::Lie => claim(ResultStatus::Done),
                    Does::Despair => claim(ResultStatus::Failed),
                    Does::Exit => failure(FailureClass::Exited, &format!("exit of attempt number {}", word(attempt))),
                    Does::Auth => failure(FailureClass::Auth, "key refused"),
                };
                let tree = matches!(outcome, AttemptOutcome::Ok(_)).then(|| result.clone());
                self.results.insert(result, (task, does));
                self.append(some_id(task), Some(attempt), finished(outcome, tree));
            }
            Begun::Check { task, probes } => {
                let attempt = task.and_then(|task| self.state.task(task)).map(|task| task.last_attempt);
                for probe in probes {
                    match probe.place {
                        Place::Base(tree) => {
                            let run = Box::new(check_run(tree.unwrap(), CheckStatus::Red, ""));
                            self.append(None, None, Kind::BaseChecked(run));
                        }
                        Place::Result(tree) => {
                            let tree = tree.unwrap();
                            let status = match self.results.get(&tree) {
                                Some((_, Does::Lie)) => CheckStatus::Red,
                                _ => CheckStatus::Green,
                            };
                            let run =
                                Box::new(check_run(tree, status, &format!("tail {}", word(attempt.unwrap_or(0)))));
                            let id = task.and_then(some_id);
                            self.append(id, attempt, Kind::CheckFinished(run));
                        }
                    }
                }
                match task {
                    Some(task) => drop(self.busy.tasks.remove(&task)),
                    None => self.busy.verifying = false,
                }
            }
            Begun::Settle { task, attempt, verdict } => {
                let Some(Status::Checking { tree, .. }) = self.state.task(task).map(|task| task.status.clone()) else {
                    panic!("only what is checked is settled")
                };
                self.busy.tasks.remove(&task);
                let commit = tree.clone();
                let succeeded = TaskSucceeded { tree, commit, artifacts: Vec::new(), verdict };
                self.append(some_id(task), Some(attempt), Kind::TaskSucceeded(Box::new(succeeded)));
            }
        }
    }

    /// Runs to the end, answering in the order that `pick` chooses.
    pub fn finish(&mut self, mut pick: impl FnMut(usize) -> usize) {
        loop {
            self.settle();
            if self.begun.is_empty() {
                return;
            }
            let which = pick(self.begun.len());
            self.answer(which);
        }
    }

    /// How every task ended, by id.
    pub fn ends(&self) -> BTreeMap<String, String> {
        self.state
            .tasks()
            .iter()
            .enumerate()
            .map(|(n, task)| {
                let end = match &task.status {
                    Status::Failed { class } => format!("failed {class}"),
                    Status::Skipped { cause } => format!("skipped {cause:?}"),
                    status => status.word().to_owned(),
                };
                (task_id(n).to_string(), end)
            })
            .collect()
    }
}

fn some_id(task: u32) -> Option<TaskId> {
    (task != u32::MAX).then(|| task_id(task as usize))
}

/// A number in letters: digits are taken out of failure signatures.
fn word(n: u32) -> String {
    "x".repeat(n as usize)
}
