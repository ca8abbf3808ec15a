//! Journals made up for tests: a story is told event by event, a second apart.

use crate::event::{
    AgentRecord, Amount, Ask, AttemptFinished, AttemptOutcome, AttemptStarted, Base, CheckOutcome, CheckRun,
    CheckStatus, Event, FORMAT, Failure, FailureClass, Host, Kind, Narrator, PlanAccepted, RunStarted, RunVerdict,
    Sandbox, TaskSucceeded, Terms, Usage, Verdict, Versions,
};
use crate::ids::{AgentName, CheckName, Digest, PlanId, RunId, TaskId, TraceId};
use crate::plan::{Check, CheckKind, Draft, Expect, Goal, PLAN_SCHEMA, Role, Task};
use crate::time::{Span, Timestamp};

/// Events so far. Each starts one second after the one before.
#[derive(Default)]
pub(crate) struct Story {
    pub(crate) events: Vec<Event>,
}

pub(crate) fn id(text: &str) -> TaskId {
    TaskId::new(text).unwrap()
}

pub(crate) fn check_run(name: &str, status: CheckStatus) -> CheckRun {
    CheckRun {
        check: CheckName::new(name).unwrap(),
        of: Digest::of(name.as_bytes()),
        tree: None,
        outcome: CheckOutcome {
            status,
            exit: None,
            ms: 700,
            failing: None,
            tests: Some(12),
            tail: if status == CheckStatus::Red { "test median ... FAILED\n".to_owned() } else { String::new() },
        },
    }
}

pub(crate) fn terms() -> Terms {
    Terms {
        jobs: 1,
        jobs_why: None,
        continue_on_error: false,
        attempts: 2,
        backoff: Span::from_secs(1),
        max_backoff: Span::from_secs(60),
        ask: Ask::Never,
        allow_unchecked: false,
        plan_rounds: None,
        run_time: Span::from_secs(3600),
        task_time: Span::from_secs(60),
        idle_time: Span::from_secs(60),
        launches: 200,
        quota_wait: Span::ZERO,
        in_place: false,
        budget: None,
        run_bytes: None,
        output_bytes: None,
        review: None,
        max_replans: 0,
        summary: Narrator::Template,
    }
}

impl Story {
    pub(crate) fn add(&mut self, task: Option<&str>, kind: Kind) -> &mut Self {
        let seq = self.events.len() as u64 + 1;
        let at = Timestamp::from_millis(1_795_253_592_000 + 1000 * i64::try_from(seq).unwrap());
        let attempt = match &kind {
            Kind::AttemptStarted(_) => Some(1 + self.attempts(task)),
            Kind::AttemptFinished(_) | Kind::CheckFinished(_) => task.map(|_| self.attempts(task)),
            _ => None,
        };
        let run = RunId::new("20261121-093312-a1b2").unwrap();
        self.events.push(Event { v: FORMAT, seq, at, run, task: task.map(id), attempt, kind });
        self
    }

    fn attempts(&self, task: Option<&str>) -> u32 {
        let of_task = |event: &&Event| {
            matches!(event.kind, Kind::AttemptStarted(_)) && event.task.as_ref().map(TaskId::as_str) == task
        };
        u32::try_from(self.events.iter().filter(of_task).count()).unwrap()
    }

    /// `run.started` and `plan.accepted`, with tasks `(id, role)` in a row.
    pub(crate) fn opening(title: &str, tasks: &[(&str, Role)]) -> Self {
        let mut story = Self::default();
        story.add(
            None,
            Kind::RunStarted(Box::new(RunStarted {
                versions: Versions { orchestra: "0.1.0".to_owned(), format: FORMAT, git: None },
                title: title.to_owned(),
                reference: Some("PROJ-7".to_owned()),
                ticket_sha: Digest::of(b"ticket"),
                config_sha: Digest::of(b"config"),
                config_origins: Vec::new(),
                project: "/p".to_owned(),
                base: Base::default(),
                planned_by: "template".to_owned(),
                sandbox: Sandbox::None,
                terms: terms(),
                host: Host { os: "linux".to_owned(), arch: "x86_64".to_owned(), cpus: 2 },
                trace_id: TraceId::new("0af7651916cd43dd8448eb211c80319c").unwrap(),
                pid: 41,
                identity: None,
                plan_only: false,
            })),
        );
        let mut before: Option<TaskId> = None;
        let tasks = tasks
            .iter()
            .map(|(name, role)| {
                let task = task(name, *role, before.take());
                before = Some(task.id.clone());
                task
            })
            .collect();
        let check = Check {
            name: CheckName::new("unit").unwrap(),
            run: vec!["cargo".to_owned(), "test".to_owned()],
            timeout: None,
            expect: Expect::Change,
            kind: CheckKind::Suite,
        };
        let plan = Draft {
            schema: PLAN_SCHEMA.to_owned(),
            plan_id: PlanId::new("OP-20261121-093312-A1B2").unwrap(),
            title: title.to_owned(),
            goal: Goal { summary: "A median that is right.".to_owned(), success_criteria: Vec::new() },
            created_at: story.events[0].at,
            ticket: None,
            base: None,
            planned_by: Some("template".to_owned()),
            tasks,
            batches: Vec::new(),
        };
        let checks_sha = Digest::of(b"checks");
        story.add(
            None,
            Kind::PlanAccepted(Box::new(PlanAccepted {
                revision: 1,
                plan: plan.try_into().unwrap(),
                checks: vec![check],
                checks_sha,
            })),
        );
        story
    }

    pub(crate) fn start(&mut self, task: &str) -> &mut Self {
        let agent = AgentRecord {
            name: AgentName::new("builtin").unwrap(),
            kind: "builtin".to_owned(),
            version: None,
            model: None,
        };
        let (key, message) = (Digest::of(task.as_bytes()), Digest::of(b"message"));
        let started = AttemptStarted {
            key,
            ws: 1,
            input_tree: None,
            agent,
            message,
            reserved: Span::from_secs(60),
            budget: Amount::NONE,
        };
        self.add(Some(task), Kind::AttemptStarted(Box::new(started)))
    }

    fn finish(&mut self, task: &str, outcome: AttemptOutcome, usage: Usage) -> &mut Self {
        let finished = AttemptFinished {
            outcome,
            tree: None,
            usage,
            exit: None,
            leaked: 0,
            left: Vec::new(),
            truncated: false,
            bytes: 0,
            touched: Vec::new(),
            ms: 1_200,
        };
        self.add(Some(task), Kind::AttemptFinished(Box::new(finished)))
    }

    pub(crate) fn says(&mut self, task: &str, summary: &str) -> &mut Self {
        let mut outcome = AttemptOutcome::Ok(Box::default());
        if let AttemptOutcome::Ok(result) = &mut outcome {
            summary.clone_into(&mut result.summary);
        }
        self.finish(task, outcome, Usage::default())
    }

    pub(crate) fn spends(&mut self, task: &str, usage: Usage) -> &mut Self {
        self.finish(task, AttemptOutcome::Ok(Box::default()), usage)
    }

    pub(crate) fn breaks(&mut self, task: &str, class: FailureClass, detail: &str) -> &mut Self {
        self.finish(task, AttemptOutcome::Failed(Failure::new(class, detail)), Usage::default())
    }

    pub(crate) fn base(&mut self, name: &str, status: CheckStatus) -> &mut Self {
        self.add(None, Kind::BaseChecked(Box::new(check_run(name, status))))
    }

    pub(crate) fn check(&mut self, task: &str, name: &str, status: CheckStatus) -> &mut Self {
        self.add(Some(task), Kind::CheckFinished(Box::new(check_run(name, status))))
    }

    pub(crate) fn succeed(&mut self, task: &str, verdict: Verdict) -> &mut Self {
        let done = TaskSucceeded { tree: None, commit: None, artifacts: Vec::new(), verdict };
        self.add(Some(task), Kind::TaskSucceeded(Box::new(done)))
    }

    pub(crate) fn fail(&mut self, task: &str, class: FailureClass, detail: &str) -> &mut Self {
        self.add(Some(task), Kind::TaskFailed { class, detail: detail.to_owned() })
    }

    pub(crate) fn end(&mut self, verdict: RunVerdict) -> &mut Self {
        self.add(None, Kind::RunFinished { verdict, exit: verdict.exit() })
    }

    /// Two tasks, the second turning `unit` from red to green.
    pub(crate) fn red_to_green() -> Self {
        let mut story = Self::opening("Fix median", &[("find", Role::Research), ("fix", Role::Implement)]);
        story.base("unit", CheckStatus::Red);
        story.start("find").says("find", "It is in src/lib.rs.").succeed("find", Verdict::Verified);
        story.start("fix").says("fix", "Sorted first.");
        story.check("fix", "unit", CheckStatus::Green).succeed("fix", Verdict::Verified);
        story.end(RunVerdict::Success);
        story
    }

    /// The second of three tasks fails its check twice; the third is skipped.
    pub(crate) fn red_stays() -> Self {
        let roles = [("find", Role::Research), ("fix", Role::Implement), ("judge", Role::Review)];
        let mut story = Self::opening("Fix median", &roles);
        story.base("unit", CheckStatus::Red);
        story.start("find").says("find", "Found.").succeed("find", Verdict::Verified);
        for _ in 0..2 {
            story.start("fix").says("fix", "Done!").check("fix", "unit", CheckStatus::Red);
        }
        story.fail("fix", FailureClass::Rejected, "unit is red\ntest median ... FAILED");
        let cause = crate::event::SkipCause::Dependency(id("fix"));
        story.add(Some("judge"), Kind::TaskSkipped { cause });
        story.end(RunVerdict::Failed);
        story
    }
}

fn task(name: &str, role: Role, after: Option<TaskId>) -> Task {
    Task {
        id: id(name),
        title: format!("Title of {name}"),
        role,
        instructions: String::new(),
        depends_on: after.into_iter().collect(),
        scope: crate::plan::Scope::default(),
        checks: None,
        artifacts: Vec::new(),
        approval: false,
        run_if: crate::plan::RunIf::default(),
        on_interrupt: crate::plan::OnInterrupt::default(),
        limits: crate::plan::TaskLimits::default(),
    }
}
