//! Where a run is right now: what a report, which tells what it came to, leaves out.

use serde::Serialize;

use super::revised::Asking;
use super::{Facts, Liveness, Report, Summary, TaskRow, TaskStatus, hints};
use crate::event::{Amount, Failure, FailureClass, Verdict};
use crate::graph::{Graph, batch_name};
use crate::ids::{PlanId, TaskId};
use crate::money::Usd;
use crate::plan::Role;
use crate::time::Timestamp;

/// A report, and where its run is. Every field is always there; what is not known is null.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Status {
    /// What it came to so far.
    #[serde(flatten)]
    pub report: Report,
    /// Whether it runs, and if not, how it ended.
    pub status: State,
    /// How far it is.
    pub phase: Phase,
    /// The newest accepted plan.
    pub plan: Option<PlanStatus>,
    /// Tasks that may run at the same time, in the order the batches come.
    pub batches: Vec<BatchStatus>,
    /// What is being worked on.
    pub current: Vec<Current>,
    /// Tasks that succeeded, in the plan's order.
    pub completed: Vec<TaskId>,
    /// Tasks that failed, in the plan's order.
    pub failures: Vec<TaskFailure>,
    /// What waits for a person: `plan`, or a task's id.
    pub waiting: Vec<String>,
    /// What was used of what there is.
    pub budget: Budget,
}

/// Whether a run runs, and if not, how it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// A process works on it.
    Running,
    /// Its process is gone without a word.
    Interrupted,
    /// It ended before it was finished.
    Stopped,
    /// It is finished.
    Finished,
}

/// How far a run is. One that was stopped or interrupted is as far as it came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// There is no plan yet.
    Planning,
    /// There is one, and a person must decide about it.
    Approval,
    /// Its tasks are being carried out, or are about to be.
    Executing,
    /// A task has failed for good, and the planner is asked for another plan.
    Replanning,
    /// A model is asked to put the results into words.
    Synthesizing,
    /// All is done that will be done.
    Finished,
}

/// A plan in a few words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlanStatus {
    /// Its id.
    pub id: PlanId,
    /// One line for people.
    pub title: String,
    /// What it is for.
    pub goal: String,
    /// Counted from 1.
    pub revision: u32,
    /// Which planner made it.
    pub planned_by: Option<String>,
    /// How many tasks it has.
    pub tasks: usize,
}

/// One batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BatchStatus {
    /// `B1`, `B2`, …
    pub name: String,
    /// In the plan's order.
    pub tasks: Vec<BatchTask>,
}

/// A task of a batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BatchTask {
    /// Its id in the plan.
    pub id: TaskId,
    /// How far it is.
    pub status: TaskStatus,
    /// What the checks proved.
    pub verdict: Option<Verdict>,
}

/// A task that is being worked on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Current {
    /// Its id in the plan.
    pub task: TaskId,
    /// What kind of work it is.
    pub role: Role,
    /// Who does it.
    pub agent: Option<String>,
    /// `running` while its agent works, `checking` while its checks run.
    pub status: TaskStatus,
    /// Which attempt it is.
    pub attempt: u32,
    /// When that began.
    pub started_at: Option<Timestamp>,
    /// How long ago that is, in milliseconds.
    pub elapsed_ms: Option<u64>,
}

/// A task that failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TaskFailure {
    /// Its id in the plan.
    pub task: TaskId,
    /// What kind of failure.
    pub class: FailureClass,
    /// The detail without numbers and paths: the same failure has the same.
    pub signature: String,
    /// What was seen.
    pub detail: String,
    /// What to do about failures of this kind.
    pub hint: &'static str,
}

/// What was used of what there is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Budget {
    /// Wall time of all processes together, in milliseconds.
    pub time_ms: Used<u64>,
    /// Agents that were started.
    pub launches: Used<u32>,
    /// Tokens read and written, by those that told.
    pub tokens: Used<u64>,
    /// US dollars, by those that told.
    pub usd: Used<Usd>,
    /// Bytes written to the run directory.
    pub run_bytes: Used<u64>,
    /// What counts as used though nobody told of it.
    pub untold: Amount,
    /// What is set aside for what is under way.
    pub set_aside: Amount,
    /// Attempts and planning rounds that did not tell what they used.
    pub silent: u32,
}

/// An amount, and its limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Used<T> {
    /// Null where nobody told.
    pub used: Option<T>,
    /// Null where there is none.
    pub limit: Option<T>,
}

impl Status {
    /// Where a run is at `now`.
    pub fn of(summary: &Summary, facts: &Facts, now: Timestamp) -> Self {
        let rows = summary.tasks();
        Self {
            report: Report::of(summary, facts),
            status: summary.state(facts.liveness),
            phase: summary.phase(),
            plan: summary.plan().map(|plan| PlanStatus {
                id: plan.id.clone(),
                title: plan.title.clone(),
                goal: plan.goal.summary.clone(),
                revision: plan.revision,
                planned_by: plan.planned_by.clone(),
                tasks: rows.len(),
            }),
            batches: summary.batches(facts.liveness),
            current: current(rows, facts.liveness, now),
            completed: rows
                .iter()
                .filter(|row| row.status == TaskStatus::Succeeded)
                .map(|row| row.id.clone())
                .collect(),
            failures: rows.iter().filter_map(failure).collect(),
            waiting: summary
                .waiting()
                .iter()
                .map(|asked| asked.task.as_ref().map_or_else(|| "plan".to_owned(), ToString::to_string))
                .collect(),
            budget: summary.budget(facts.liveness, now),
        }
    }
}

impl Summary {
    fn state(&self, liveness: Liveness) -> State {
        match (&self.finished, &self.stopped, liveness) {
            (Some(_), _, _) => State::Finished,
            (None, Some(_), _) => State::Stopped,
            (None, None, Liveness::Live) => State::Running,
            (None, None, Liveness::Gone) => State::Interrupted,
        }
    }

    fn phase(&self) -> Phase {
        match &self.plan {
            _ if self.finished.is_some() => Phase::Finished,
            None => Phase::Planning,
            Some(_) if self.waiting.iter().any(|asked| asked.task.is_none()) => Phase::Approval,
            Some(_) => match self.asking {
                Some(Asking::Plan) => Phase::Replanning,
                Some(Asking::Words) => Phase::Synthesizing,
                None => Phase::Executing,
            },
        }
    }

    /// The tasks as a graph; none if what the journal tells of them is none.
    pub(super) fn graph(&self) -> Option<Graph> {
        let mut edges = Vec::new();
        for (at, task) in (0u32..).zip(&self.tasks) {
            let known = task.depends_on.iter().filter_map(|id| self.task_index.get(id));
            edges.extend(known.filter_map(|place| Some((at, u32::try_from(*place).ok()?))));
        }
        Graph::from_edges(self.tasks.len(), edges).ok()
    }

    fn batches(&self, liveness: Liveness) -> Vec<BatchStatus> {
        let Some(graph) = self.graph() else { return Vec::new() };
        let task = |at: &u32| {
            let row = self.tasks.get(*at as usize)?;
            Some(BatchTask { id: row.id.clone(), status: row.seen(liveness), verdict: row.verdict })
        };
        let batches = graph.batches();
        let batch = |(at, tasks): (usize, &Vec<u32>)| BatchStatus {
            name: batch_name(at),
            tasks: tasks.iter().filter_map(task).collect(),
        };
        batches.iter().enumerate().map(batch).collect()
    }

    fn budget(&self, liveness: Liveness, now: Timestamp) -> Budget {
        let elapsed = match self.state(liveness) {
            State::Running => self.elapsed_until(now),
            State::Interrupted | State::Stopped | State::Finished => self.elapsed(),
        };
        let usage = &self.usage;
        let terms = self.terms.as_ref();
        let run = terms.and_then(|terms| terms.budget.as_ref()).map(|budget| budget.run);
        let told = Amount { usd: usage.usd.unwrap_or_default(), tokens: usage.known().tokens().unwrap_or(0) };
        Budget {
            time_ms: Used { used: Some(elapsed.as_millis()), limit: terms.map(|terms| terms.run_time.as_millis()) },
            launches: Used {
                used: Some(self.tasks.iter().fold(0, |sum, task| sum + task.attempts)),
                limit: terms.map(|terms| terms.launches),
            },
            tokens: Used { used: usage.known().tokens(), limit: run.map(|run| run.tokens) },
            usd: Used { used: usage.usd, limit: run.map(|run| run.usd) },
            run_bytes: Used { used: Some(self.ledger.bytes()), limit: terms.and_then(|terms| terms.run_bytes) },
            untold: self.ledger.used().minus(told),
            set_aside: self.ledger.aside(),
            silent: usage.silent,
        }
    }
}

fn current(rows: &[TaskRow], liveness: Liveness, now: Timestamp) -> Vec<Current> {
    let at_work = |row: &&TaskRow| matches!(row.seen(liveness), TaskStatus::Running | TaskStatus::Checking);
    let one = |row: &TaskRow| Current {
        task: row.id.clone(),
        role: row.role,
        agent: row.agent.as_ref().map(|agent| agent.name.to_string()),
        status: row.status,
        attempt: row.attempts,
        started_at: row.attempt_at,
        elapsed_ms: row.attempt_at.map(|at| now.since(at).as_millis()),
    };
    rows.iter().filter(at_work).map(one).collect()
}

fn failure(row: &TaskRow) -> Option<TaskFailure> {
    let (class, detail) = row.error.as_ref().filter(|_| row.status == TaskStatus::Failed)?;
    let signature = Failure::new(*class, detail).signature;
    Some(TaskFailure {
        task: row.id.clone(),
        class: *class,
        signature,
        detail: detail.clone(),
        hint: hints::of(*class),
    })
}

#[cfg(test)]
mod tests {
    use super::super::sample::{Story, terms};
    use super::*;
    use crate::time::Span;

    fn status(story: &Story, liveness: Liveness) -> Status {
        let summary = Summary::of(&story.events);
        let facts = Facts { liveness, diff: None, called: String::new() };
        let now = summary.last_at().after(Span::from_secs(5));
        Status::of(&summary, &facts, now)
    }

    #[test]
    fn a_failed_task_is_told_with_its_class_its_signature_and_a_hint() {
        let status = status(&Story::red_stays(), Liveness::Gone);
        assert_eq!((status.status, status.phase), (State::Finished, Phase::Finished));
        assert_eq!(status.completed.iter().map(TaskId::as_str).collect::<Vec<_>>(), ["find"]);
        let [failure] = &status.failures[..] else { panic!("{:?}", status.failures) };
        assert_eq!((failure.task.as_str(), failure.class), ("fix", FailureClass::Rejected));
        assert!(failure.signature.starts_with("rejected: ") && !failure.hint.is_empty());
        let names: Vec<String> = status
            .batches
            .iter()
            .map(|batch| {
                let tasks: Vec<String> =
                    batch.tasks.iter().map(|task| format!("{} {}", task.id, task.status.as_str())).collect();
                format!("{}: {}", batch.name, tasks.join(", "))
            })
            .collect();
        assert_eq!(names, ["B1: find succeeded", "B2: fix failed", "B3: judge skipped"]);
    }

    #[test]
    fn what_is_worked_on_is_current_only_while_a_process_lives() {
        let mut story = Story::opening("t", &[("a", Role::Implement)]);
        story.start("a");
        let live = status(&story, Liveness::Live);
        let [current] = &live.current[..] else { panic!("{:?}", live.current) };
        assert_eq!((current.task.as_str(), current.attempt, current.elapsed_ms), ("a", 1, Some(5_000)));
        assert_eq!((live.status, live.phase), (State::Running, Phase::Executing));
        let gone = status(&story, Liveness::Gone);
        assert!(gone.current.is_empty());
        assert_eq!((gone.status, gone.batches[0].tasks[0].status), (State::Interrupted, TaskStatus::Interrupted));
        let used = |status: &Status| status.budget.time_ms.used.unwrap();
        assert_eq!(used(&live), used(&gone) + 5_000, "time passes while nothing is written down");
    }

    #[test]
    fn what_was_used_stands_beside_its_limit_and_what_nobody_told_is_null() {
        let mut story = Story::opening("t", &[("a", Role::Implement)]);
        story.start("a").says("a", "x");
        let budget = status(&story, Liveness::Gone).budget;
        assert_eq!(budget.launches, Used { used: Some(1), limit: Some(terms().launches) });
        assert_eq!(budget.time_ms.limit, Some(terms().run_time.as_millis()));
        assert_eq!((budget.tokens.used, budget.usd.used, budget.silent), (None, None, 1));
    }

    #[test]
    fn a_status_is_the_report_and_more() {
        let story = Story::red_to_green();
        let value = serde_json::to_value(status(&story, Liveness::Gone)).unwrap();
        for field in
            ["schema", "verdict", "steps", "status", "phase", "plan", "current", "completed", "failures", "budget"]
        {
            assert!(value.get(field).is_some(), "{field}");
        }
        assert_eq!((&value["status"], &value["phase"]), (&"finished".into(), &"finished".into()));
    }
}
