//! How each event changes the summary. One exhaustive match; what an event says stands in one place.

use std::collections::HashMap;

use super::summary::{Asked, PlanNote};
use super::{
    ArtifactRow, ArtifactType, CheckRow, Claim, Concern, ConcernKind, Finding, Moment, Opinion, Pause, Session,
    Summary, TaskRow, TaskStatus, words,
};
use crate::event::{
    AttemptFinished, AttemptOutcome, AttemptStarted, CheckRun, Event, Failure, FailureClass, Gauge, Kind, PauseCause,
    PlanAccepted, RunOpened, RunStarted, TaskSucceeded,
};
use crate::plan::CheckRef;
use crate::text;
use crate::time::Span;

/// What is kept of an agent's words: enough to read, not the whole of it (that is in `result.json`).
const MAX_OUTPUT: usize = 4096;

impl Summary {
    /// Takes the next event in.
    pub fn apply(&mut self, event: &Event) {
        self.observe(event);
        self.ledger.take(event);
        self.ask(event);
        match &event.kind {
            Kind::RunStarted(it) => self.run_started(event, it),
            Kind::RunOpened(it) => self.run_opened(event, it),
            Kind::PlanRejected { faults } => self.plan_rejected(event, faults),
            Kind::PlanRevised(it) => self.plan_revised(event, it),
            Kind::SummaryWritten { text, by } => self.summary_written(text.as_deref(), by),
            Kind::PlanAccepted(it) => self.plan_accepted(it),
            // What a proposal took is told by its request's `budget.settled`, and counts once.
            Kind::PlanProposed { .. }
            | Kind::WorkspaceCreated(_)
            | Kind::BudgetReserved { .. }
            | Kind::BudgetRaised { .. } => {}
            Kind::BaseChecked(it) => self.base_checked(it),
            Kind::AttemptStarted(it) => self.attempt_started(event, it),
            Kind::AttemptFinished(it) => self.attempt_finished(event, it),
            Kind::CheckFinished(it) => self.check_finished(event, it),
            Kind::TaskSucceeded(it) => self.task_succeeded(event, it),
            Kind::TaskFailed { class, detail } => self.task_failed(event, *class, detail),
            Kind::TaskSkipped { cause } => self.with_task(event, |row| {
                row.status = TaskStatus::Skipped;
                row.skipped = Some(cause.clone());
            }),
            Kind::TaskCancelled { .. } => self.with_task(event, |row| {
                row.status = TaskStatus::Cancelled;
                row.ended_at = Some(event.at);
            }),
            Kind::TaskReused(_) => self.task_reused(event),
            Kind::TaskReopened { .. } => self.task_reopened(event),
            Kind::PolicyDenied { rule, paths } => self.policy_denied(event, rule, paths),
            // A resumed process asks again.
            Kind::ApprovalRequested {} if self.waiting.iter().any(|asked| asked.task == event.task) => {}
            Kind::ApprovalRequested {} => {
                self.waiting.push(Asked { task: event.task.clone(), interrupted: event.attempt });
            }
            Kind::ApprovalDecided { .. } => self.waiting.retain(|asked| asked.task != event.task),
            Kind::BudgetSettled { used, .. } => self.usage.add(used),
            Kind::BudgetWarned { limit, used, of } => {
                let gauge = words::gauge(&Gauge { limit: *limit, used: *used, of: *of });
                let text = format!("{gauge} were used of {}", limit.key());
                self.concerns.push(Concern { kind: ConcernKind::Budget, task: None, text });
            }
            Kind::RunPaused { why, until, cause } => {
                let (why, until, cause) = (why.clone(), *until, *cause);
                self.pauses.push(Pause { why, at: event.at, until, continued_at: None, cause });
            }
            Kind::RunContinued {} => self.run_continued(event),
            Kind::RunStopped { why } => {
                self.stopped = Some(why.clone());
                self.end_session();
            }
            Kind::RunFinished { verdict, exit } => {
                self.finished = Some((*verdict, *exit));
                self.stopped = None;
                self.end_session();
            }
            Kind::ChangeApplied { onto } => {
                self.applied.push(onto.clone());
                self.end_session();
            }
        }
        if let Some(what) = moment(&event.kind) {
            let (task, attempt) = (event.task.clone(), event.attempt);
            self.timeline.push(Moment { seq: event.seq, at: event.at, task, attempt, what });
        }
    }

    fn run_continued(&mut self, event: &Event) {
        let since = self.suspended();
        if let (Some(since), Some(session)) = (since, self.sessions.last_mut()) {
            session.suspended_ms = session.suspended_ms.saturating_add(event.at.since(since).as_millis());
        }
        let ends = |pause: &&mut Pause| since.is_none() || pause.cause == PauseCause::Suspended;
        if let Some(pause) = self.pauses.iter_mut().rev().find(ends) {
            pause.continued_at = Some(event.at);
        }
    }

    fn observe(&mut self, event: &Event) {
        if self.run.is_none() {
            self.run = Some(event.run.clone());
            self.first_at = event.at;
        }
        self.last_at = self.last_at.max(event.at);
        // A new process is a session of its own, and what is applied afterwards takes none of the run's time.
        if !matches!(event.kind, Kind::RunOpened(_) | Kind::ChangeApplied { .. })
            && let Some(session) = self.sessions.last_mut()
        {
            session.last_at = session.last_at.max(event.at);
        }
    }

    pub(super) fn with_task(&mut self, event: &Event, change: impl FnOnce(&mut TaskRow)) {
        let place = event.task.as_ref().and_then(|task| self.task_index.get(task));
        if let Some(row) = place.and_then(|place| self.tasks.get_mut(*place)) {
            change(row);
        }
    }

    fn open_session(&mut self, event: &Event, pid: u32, version: &str) {
        self.sessions.push(Session {
            pid,
            version: version.to_owned(),
            started_at: event.at,
            last_at: event.at,
            suspended_ms: 0,
            ended: false,
        });
    }

    fn end_session(&mut self) {
        if let Some(session) = self.sessions.last_mut() {
            session.ended = true;
        }
    }

    /// Work goes on, so an earlier end was not the end.
    fn reopen(&mut self) {
        self.finished = None;
        self.stopped = None;
    }

    fn run_started(&mut self, event: &Event, it: &RunStarted) {
        self.open_session(event, it.pid, &it.versions.orchestra);
        self.terms = Some(it.terms.clone());
        self.started = Some(Box::new(it.clone()));
    }

    fn run_opened(&mut self, event: &Event, it: &RunOpened) {
        self.open_session(event, it.pid, &it.version);
        self.terms = Some(it.terms.clone());
        self.stopped = None;
        if it.healed_bytes > 0 {
            let text = format!("a torn last line of {} was cut off the journal", words::bytes(it.healed_bytes));
            self.concerns.push(Concern { kind: ConcernKind::Healed, task: None, text });
        }
    }

    fn plan_rejected(&mut self, event: &Event, faults: &[String]) {
        let first = faults.first().map_or("", String::as_str);
        let what = if event.task.is_some() { "a change of the plan" } else { "a proposed plan" };
        let text = format!("{what} was refused: {}: {first}", words::count(faults.len(), "fault"));
        self.concerns.push(Concern { kind: ConcernKind::Replanned, task: event.task.clone(), text });
    }

    pub(super) fn plan_accepted(&mut self, it: &PlanAccepted) {
        self.reopen();
        self.in_force = Some(it.plan.clone());
        self.plan = Some(PlanNote {
            id: it.plan.plan_id.clone(),
            title: it.plan.title.clone(),
            goal: it.plan.goal.clone(),
            revision: it.revision,
            planned_by: it.plan.planned_by.clone(),
        });
        let mut known: HashMap<_, _> =
            std::mem::take(&mut self.tasks).into_iter().map(|row| (row.id.clone(), row)).collect();
        self.tasks.reserve_exact(it.plan.tasks.len());
        self.task_index.reserve(it.plan.tasks.len());
        for task in &it.plan.tasks {
            let mut row = TaskRow::new(task);
            if let Some(before) = known.remove(&task.id) {
                let (title, role, depends_on) = (row.title, row.role, row.depends_on);
                row = TaskRow { title, role, depends_on, ..before };
            }
            self.task_index.insert(task.id.clone(), self.tasks.len());
            self.tasks.push(row);
            for check in task.checks.iter().flatten() {
                if let CheckRef::Own(check) = check {
                    self.expects.insert((Some(task.id.clone()), check.name.clone()), check.expect);
                }
            }
        }
        for gone in known.keys() {
            self.task_index.remove(gone);
        }
        for check in &it.checks {
            self.expects.insert((None, check.name.clone()), check.expect);
        }
    }

    fn base_checked(&mut self, it: &CheckRun) {
        self.base.insert(it.of.clone(), it.outcome.clone());
    }

    fn attempt_started(&mut self, event: &Event, it: &AttemptStarted) {
        self.reopen();
        self.launches = self.launches.saturating_add(1);
        self.narrative = None;
        self.with_task(event, |row| {
            row.status = TaskStatus::Running;
            row.agent = Some(it.agent.clone());
            row.attempts = row.attempts.saturating_add(1);
            row.started_at = row.started_at.or(Some(event.at));
            row.attempt_at = Some(event.at);
            row.ended_at = None;
            row.claim = None;
            row.opinion = None;
            row.skipped = None;
        });
    }

    fn attempt_finished(&mut self, event: &Event, it: &AttemptFinished) {
        self.usage.add(&it.usage);
        self.with_task(event, |row| {
            row.worked = row.worked.plus(Span::from_millis(it.ms));
            row.usage = row.usage.plus(it.usage);
            match &it.outcome {
                AttemptOutcome::Ok(result) => {
                    row.status = TaskStatus::Checking;
                    row.claim = Some(if result.status.is_done() { Claim::Done } else { Claim::Failed });
                    row.opinion = Opinion::of(result);
                    text::clip(&result.summary, MAX_OUTPUT).clone_into(&mut row.summary);
                    text::clip(&result.output, MAX_OUTPUT).clone_into(&mut row.output);
                    row.findings = result
                        .findings
                        .iter()
                        .map(|finding| Finding {
                            file: finding.file.clone(),
                            line: finding.line,
                            severity: finding.severity.as_str().to_owned(),
                            text: finding.text.clone(),
                        })
                        .collect();
                }
                AttemptOutcome::Failed(failure) => {
                    row.status = TaskStatus::Pending;
                    row.error = Some((failure.class, failure.detail.clone()));
                }
            }
        });
        if let (AttemptOutcome::Failed(failure), Some(task)) = (&it.outcome, &event.task) {
            self.errors.add(task, failure, event.at);
        }
        if it.leaked > 0 {
            let text = words::left_behind(it);
            self.concerns.push(Concern { kind: ConcernKind::Leaked, task: event.task.clone(), text });
        }
        if !it.touched.is_empty() {
            let text = format!("it changed what judges it: {}", it.touched.join(", "));
            self.concerns.push(Concern { kind: ConcernKind::Touched, task: event.task.clone(), text });
        }
        if it.truncated {
            let text = "its output was longer than the cap and was cut".to_owned();
            self.concerns.push(Concern { kind: ConcernKind::Truncated, task: event.task.clone(), text });
        }
    }

    fn check_finished(&mut self, event: &Event, it: &CheckRun) {
        self.with_task(event, |row| row.worked = row.worked.plus(Span::from_millis(it.outcome.ms)));
        let key = (event.task.clone(), it.check.clone());
        let expect = self.expects.get(&key).or_else(|| self.expects.get(&(None, it.check.clone())));
        let row = CheckRow {
            name: it.check.clone(),
            of: it.of.clone(),
            expect: expect.copied(),
            task: event.task.clone(),
            attempt: event.attempt,
            before: self.base.get(&it.of).cloned(),
            after: it.outcome.clone(),
        };
        if let Some(place) = self.check_index.get(&key) {
            self.checks[*place] = row;
        } else {
            let place = self.checks.len();
            self.with_task(event, |task| task.checks.push(place));
            self.check_index.insert(key, place);
            self.checks.push(row);
        }
    }

    fn task_succeeded(&mut self, event: &Event, it: &TaskSucceeded) {
        self.with_task(event, |row| {
            row.status = TaskStatus::Succeeded;
            row.verdict = Some(it.verdict);
            row.ended_at = Some(event.at);
            row.error = None;
            row.reused = false;
            row.artifacts = it
                .artifacts
                .iter()
                .map(|artifact| ArtifactRow {
                    kind: ArtifactType::of(&artifact.path),
                    path: format!("artifacts/{}", artifact.path),
                    size: artifact.size,
                    sha256: artifact.sha256.clone(),
                    task: row.id.clone(),
                    attempt: event.attempt.unwrap_or(row.attempts),
                    created_at: event.at,
                })
                .collect();
        });
    }

    fn task_failed(&mut self, event: &Event, class: FailureClass, detail: &str) {
        let mut counted = false;
        self.with_task(event, |row| {
            // An attempt that failed was counted when it did; red checks, say, are seen here first.
            counted = row.error.as_ref().is_some_and(|(known, _)| *known == class);
            row.status = TaskStatus::Failed;
            row.verdict = None;
            row.error = Some((class, detail.to_owned()));
            row.ended_at = Some(event.at);
        });
        if let (false, Some(task)) = (counted, &event.task) {
            self.errors.add(task, &Failure::new(class, detail), event.at);
        }
    }

    fn task_reused(&mut self, event: &Event) {
        self.with_task(event, |row| {
            row.status = TaskStatus::Succeeded;
            row.reused = true;
            row.ended_at = row.ended_at.or(Some(event.at));
            row.error = None;
            row.skipped = None;
            if let Some((verdict, artifacts)) = row.before.take() {
                row.verdict = Some(verdict);
                row.artifacts = artifacts;
            }
        });
    }

    fn task_reopened(&mut self, event: &Event) {
        self.reopen();
        self.with_task(event, |row| {
            let artifacts = std::mem::take(&mut row.artifacts);
            if let Some(verdict) = row.verdict.take() {
                row.before = Some((verdict, artifacts));
            }
            row.status = TaskStatus::Pending;
            row.ended_at = None;
            row.error = None;
            row.skipped = None;
        });
    }

    fn policy_denied(&mut self, event: &Event, rule: &str, paths: &[String]) {
        let text = if paths.is_empty() { rule.to_owned() } else { format!("{rule}: {}", paths.join(", ")) };
        self.concerns.push(Concern { kind: ConcernKind::Denied, task: event.task.clone(), text });
    }
}

/// What the timeline says of an event; nothing for those that only a machine needs.
fn moment(kind: &Kind) -> Option<String> {
    Some(match kind {
        Kind::RunStarted(it) => format!("run started by orchestra {}", it.versions.orchestra),
        Kind::RunOpened(it) => format!("run opened again by orchestra {}", it.version),
        Kind::PlanProposed { round, .. } => format!("plan proposed, round {round}"),
        Kind::PlanRejected { faults } => format!("plan refused: {}", words::count(faults.len(), "fault")),
        Kind::PlanAccepted(it) => {
            format!("plan accepted, revision {}: {}", it.revision, words::count(it.plan.tasks.len(), "task"))
        }
        Kind::PlanRevised(it) => format!("plan changed, revision {}: {}", it.revision, words::last_line(&it.reason)),
        Kind::SummaryWritten { text: Some(_), by } => format!("the results were put into words by {by}"),
        Kind::SummaryWritten { text: None, by } => format!("{by} could not put the results into words"),
        Kind::AttemptStarted(it) => format!("started ({})", it.agent.name),
        Kind::AttemptFinished(it) => match &it.outcome {
            AttemptOutcome::Ok(result) => format!("{}, after {}", words::said(result), words::millis(it.ms)),
            AttemptOutcome::Failed(failure) => {
                format!("failed ({}) after {}", failure.class, words::millis(it.ms))
            }
        },
        Kind::CheckFinished(it) => format!("check {} {}", it.check, words::colour(it.outcome.status)),
        Kind::TaskSucceeded(it) => format!("succeeded, {}", words::verdict(it.verdict)),
        Kind::TaskFailed { class, .. } => format!("given up: {class}"),
        Kind::TaskSkipped { cause } => format!("skipped: {}", words::skip(cause)),
        Kind::TaskCancelled { by } => format!("cancelled by {by}"),
        Kind::TaskReused(it) => format!("reused from attempt {}", it.from),
        Kind::TaskReopened { why, .. } => format!("reopened: {why}"),
        Kind::PolicyDenied { rule, .. } => format!("broke a rule: {rule}"),
        Kind::ApprovalRequested {} => "a decision was asked for".to_owned(),
        Kind::ApprovalDecided { by, decision } => format!("{by}: {}", words::decision(*decision)),
        Kind::BudgetWarned { limit, used, of } => {
            let gauge = Gauge { limit: *limit, used: *used, of: *of };
            format!("{} of {}", words::gauge(&gauge), limit.key())
        }
        Kind::BudgetRaised { limit, from, to, by } => {
            let gauge = Gauge { limit: *limit, used: *from, of: *to };
            format!("{by}: {} raised, {}", limit.key(), words::gauge(&gauge).replace(" of ", " → "))
        }
        Kind::RunPaused { why, .. } => format!("paused: {why}"),
        Kind::RunContinued {} => "continued".to_owned(),
        Kind::RunStopped { why } => format!("stopped: {}", words::stop(why)),
        Kind::RunFinished { verdict, exit } => format!("run finished: {verdict} (exit {exit})"),
        Kind::ChangeApplied { onto } => format!("change applied onto {}", onto.path),
        Kind::BaseChecked(_) | Kind::WorkspaceCreated(_) | Kind::BudgetReserved { .. } | Kind::BudgetSettled { .. } => {
            return None;
        }
    })
}
