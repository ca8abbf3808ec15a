//! What a run came to, as one value. `fold.rs` says how each event changes it.

use std::collections::HashMap;

use super::errors::Errors;
use super::revised::Asking;
use super::{
    ArtifactRow, CheckRow, Concern, ErrorGroup, Moment, Narrative, Pause, Session, TaskRow, TaskStatus, UsageTotal,
    measure,
};
use crate::event::{AppliedOnto, CheckOutcome, Event, PauseCause, RunStarted, RunVerdict, StopCause, Terms};
use crate::ids::{CheckName, Digest, PlanId, RunId, TaskId};
use crate::plan::{Expect, Goal, Plan};
use crate::run::Ledger;
use crate::time::{Span, Timestamp};

/// A fold over the events of one run. It refuses nothing: the dispatcher's own fold has already refused
/// what cannot be, and a report of a strange journal is better than none.
///
/// Each event costs the same however many there were before it, so N tasks cost O(N).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Summary {
    pub(super) run: Option<RunId>,
    pub(super) started: Option<Box<RunStarted>>,
    /// The rules that the newest process goes by.
    pub(super) terms: Option<Terms>,
    pub(super) plan: Option<PlanNote>,
    /// The plan itself, which a change is made of.
    pub(super) in_force: Option<Plan>,
    pub(super) asking: Option<Asking>,
    pub(super) narrative: Option<Narrative>,
    pub(super) tasks: Vec<TaskRow>,
    pub(super) task_index: HashMap<TaskId, usize>,
    pub(super) checks: Vec<CheckRow>,
    pub(super) check_index: HashMap<(Option<TaskId>, CheckName), usize>,
    /// What checks showed on the base, by the digest of their definition.
    pub(super) base: HashMap<Digest, CheckOutcome>,
    pub(super) expects: HashMap<(Option<TaskId>, CheckName), Expect>,
    pub(super) errors: Errors,
    pub(super) timeline: Vec<Moment>,
    pub(super) usage: UsageTotal,
    pub(super) sessions: Vec<Session>,
    pub(super) pauses: Vec<Pause>,
    pub(super) concerns: Vec<Concern>,
    /// Decisions that were asked for and not made.
    pub(super) waiting: Vec<Asked>,
    pub(super) applied: Vec<AppliedOnto>,
    pub(super) finished: Option<(RunVerdict, u8)>,
    pub(super) stopped: Option<StopCause>,
    pub(super) ledger: Ledger,
    /// Attempts begun, those of tasks that are in the plan no more included.
    pub(super) launches: u32,
    pub(super) first_at: Timestamp,
    pub(super) last_at: Timestamp,
}

/// A decision that a person was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Asked {
    /// Over which task; without one, over the plan.
    pub task: Option<TaskId>,
    /// The attempt that was interrupted, where it is whether to run the task again.
    pub interrupted: Option<u32>,
}

/// What a report says of the plan.
#[derive(Debug, Clone, PartialEq)]
pub struct PlanNote {
    /// Its id.
    pub id: PlanId,
    /// One line for people.
    pub title: String,
    /// What it is for.
    pub goal: Goal,
    /// Counted from 1.
    pub revision: u32,
    /// Which planner made it.
    pub planned_by: Option<String>,
}

impl Summary {
    /// The summary of a whole journal.
    pub fn of(events: &[Event]) -> Self {
        let mut summary = Self::default();
        for event in events {
            summary.apply(event);
        }
        summary
    }

    /// The run; none before its first event.
    pub fn run(&self) -> Option<&RunId> {
        self.run.as_ref()
    }

    /// What the run began with.
    pub fn started(&self) -> Option<&RunStarted> {
        self.started.as_deref()
    }

    /// One line for people: the ticket's title, else the plan's.
    pub fn title(&self) -> &str {
        match (&self.started, &self.plan) {
            (Some(started), _) if !started.title.is_empty() => &started.title,
            (_, Some(plan)) => &plan.title,
            (Some(_) | None, None) => "",
        }
    }

    /// The ticket's key, where it has one.
    pub fn reference(&self) -> Option<&str> {
        self.started.as_ref().and_then(|started| started.reference.as_deref())
    }

    /// The newest accepted plan.
    pub fn plan(&self) -> Option<&PlanNote> {
        self.plan.as_ref()
    }

    /// The tasks, in the plan's order.
    pub fn tasks(&self) -> &[TaskRow] {
        &self.tasks
    }

    /// One task.
    pub fn task(&self, id: &TaskId) -> Option<&TaskRow> {
        self.task_index.get(id).map(|place| &self.tasks[*place])
    }

    /// The checks, in the order they first ended; of several runs for one task the last counts.
    pub fn checks(&self) -> &[CheckRow] {
        &self.checks
    }

    /// What a check showed for a task, or without one, for the run as a whole.
    pub fn check(&self, task: Option<&TaskId>, name: &CheckName) -> Option<&CheckRow> {
        self.check_index.get(&(task.cloned(), name.clone())).map(|place| &self.checks[*place])
    }

    /// The checks of one task, in the order they first ended.
    pub fn checks_of(&self, task: &TaskId) -> impl Iterator<Item = &CheckRow> {
        self.task(task).into_iter().flat_map(|row| &row.checks).map(|place| &self.checks[*place])
    }

    /// Files that succeeded tasks left, in the plan's order.
    pub fn artifacts(&self) -> impl Iterator<Item = &ArtifactRow> {
        self.tasks.iter().flat_map(|task| &task.artifacts)
    }

    /// Failures, grouped.
    pub fn errors(&self) -> &[ErrorGroup] {
        &self.errors.groups
    }

    /// What happened, in order.
    pub fn timeline(&self) -> &[Moment] {
        &self.timeline
    }

    /// What all attempts and plans used.
    pub fn usage(&self) -> &UsageTotal {
        &self.usage
    }

    /// The processes that worked on it.
    pub fn sessions(&self) -> &[Session] {
        &self.sessions
    }

    /// The times in which nothing ran on purpose.
    pub fn pauses(&self) -> &[Pause] {
        &self.pauses
    }

    /// What a reader should know that is no failure by itself.
    pub fn concerns(&self) -> &[Concern] {
        &self.concerns
    }

    /// Decisions that were asked for and not made.
    pub(super) fn waiting(&self) -> &[Asked] {
        &self.waiting
    }

    /// Where its change was brought.
    pub fn applied(&self) -> &[AppliedOnto] {
        &self.applied
    }

    /// When the first event was recorded.
    pub fn first_at(&self) -> Timestamp {
        self.first_at
    }

    /// When the last event was recorded.
    pub fn last_at(&self) -> Timestamp {
        self.last_at
    }

    /// Wall time of all its processes together: what lies between them is not in it.
    pub fn elapsed(&self) -> Span {
        measure::elapsed(&self.sessions)
    }

    /// The same, with what the process at work has not written down yet: it has passed all the same, unless everything
    /// stands still.
    pub fn elapsed_until(&self, now: Timestamp) -> Span {
        match self.sessions.last() {
            Some(session) if self.suspended().is_none() => self.elapsed().plus(now.since(session.last_at)),
            Some(_) | None => self.elapsed(),
        }
    }

    /// Since when everything stands still because a person wants it so.
    pub fn suspended(&self) -> Option<Timestamp> {
        let began = self.sessions.last().map(|session| session.started_at).unwrap_or_default();
        let pause = self.pauses.iter().rev().find(|pause| pause.cause == PauseCause::Suspended)?;
        (pause.continued_at.is_none() && pause.at >= began).then_some(pause.at)
    }

    /// The last review that ended with an answer.
    pub fn final_review(&self) -> Option<&TaskRow> {
        self.tasks.iter().rev().find(|task| {
            task.role == crate::plan::Role::Review
                && matches!(task.status, TaskStatus::Succeeded | TaskStatus::Failed)
                && task.claim.is_some()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::{Story, id};
    use super::super::{Facts, Liveness, Outcome, words};
    use super::*;
    use crate::event::{Amount, FailureClass, Kind, Limit, Purpose, RunOpened, Usage, Verdict};
    use crate::money::Usd;
    use crate::plan::Role;

    const GONE: Facts = Facts { liveness: Liveness::Gone, diff: None, called: String::new() };

    #[test]
    fn a_check_is_seen_going_from_red_to_green() {
        let summary = Summary::of(&Story::red_to_green().events);
        assert_eq!(words::change(&summary.checks()[0]), "red → green");
        assert_eq!(summary.standing(Liveness::Gone).outcome(), Outcome::Success);
        assert_eq!(summary.exit_code(), Some(0));
        let census = summary.census();
        assert_eq!((census.planned, census.run, census.passed, census.unverified), (2, 2, 2, 0));
        insta::assert_snapshot!(summary.synthesis(&GONE).join("\n"), @"
        “Fix median” (PROJ-7) became a plan of 2 tasks, by the template planner.
        2 of 2 tasks succeeded in 10.0s.
        What proves it: the check unit was red before the change and green after it.
        What remains: apply the change to your files.
        ");
    }

    #[test]
    fn what_an_agent_claims_stands_beside_what_was_found() {
        let summary = Summary::of(&Story::red_stays().events);
        let row = summary.task(&id("fix")).unwrap();
        assert_eq!((row.claim, row.status, row.attempts), (Some(super::super::Claim::Done), TaskStatus::Failed, 2));
        assert_eq!(summary.errors().len(), 1);
        assert_eq!(summary.errors()[0].class, FailureClass::Rejected);
        insta::assert_snapshot!(summary.synthesis(&GONE).join("\n"), @r#"
        “Fix median” (PROJ-7) became a plan of 3 tasks, by the template planner.
        1 of 3 tasks succeeded, 1 failed, 1 skipped in 14.0s.
        Nothing proves it: the check unit is red after the change.
        Task fix failed, though its agent said done: rejected: test median ... FAILED.
        What remains: rerun what failed or was skipped; finished tasks are not run again.
        "#);
    }

    #[test]
    fn the_same_failure_of_many_tasks_is_one_group() {
        let mut story = Story::opening("t", &[("a", Role::Implement), ("b", Role::Implement)]);
        for task in ["a", "b", "a"] {
            story.start(task).breaks(task, FailureClass::Exited, &format!("exit 7 at /tmp/{task}"));
        }
        story.fail("a", FailureClass::Exited, "exit 7 at /tmp/a");
        let summary = Summary::of(&story.events);
        assert_eq!(summary.errors().len(), 1, "{:?}", summary.errors());
        assert_eq!((summary.errors()[0].count, summary.errors()[0].tasks.len()), (3, 2));
    }

    #[test]
    fn usage_that_nobody_told_is_unknown_and_not_zero() {
        let mut story = Story::opening("t", &[("a", Role::Implement)]);
        story.start("a").says("a", "x");
        assert_eq!(Summary::of(&story.events).usage().input_tokens, None);
        story.start("a").spends("a", Usage { input_tokens: Some(7), ..Usage::default() });
        let summary = Summary::of(&story.events);
        assert_eq!((summary.usage().input_tokens, summary.usage().usd), (Some(7), None));
        assert_eq!((summary.usage().told, summary.usage().silent), (1, 1));
    }

    #[test]
    fn what_a_planner_asked_for_counts_once_and_when_it_is_settled() {
        let mut story = Story::opening("t", &[("a", Role::Implement)]);
        let usage =
            Usage { input_tokens: Some(7), output_tokens: Some(1), usd: Some(Usd::from_micros(5)), ..Usage::default() };
        let amount = Amount { usd: Usd::from_micros(9), tokens: 90 };
        story.add(None, Kind::BudgetReserved { id: 1, r#for: Purpose::Plan(1), amount });
        story.add(None, Kind::BudgetSettled { id: 1, used: usage });
        story.add(None, Kind::PlanProposed { round: 1, text: "{}".to_owned(), usage });
        let summary = Summary::of(&story.events);
        assert_eq!((summary.usage().known(), summary.usage().told, summary.usage().silent), (usage, 1, 0));
        assert_eq!(summary.ledger.used(), Amount { usd: Usd::from_micros(5), tokens: 8 });
    }

    #[test]
    fn attempts_of_a_task_that_a_new_plan_leaves_out_were_launched_all_the_same() {
        let mut story = Story::opening("t", &[("a", Role::Implement), ("b", Role::Implement)]);
        story.start("b").breaks("b", FailureClass::Exited, "exit 7");
        let Kind::PlanAccepted(mut less) = Story::opening("t", &[("a", Role::Implement)]).events.remove(1).kind else {
            panic!("the plan is the second event")
        };
        less.revision = 2;
        story.add(None, Kind::PlanAccepted(less));
        story.start("a");
        let summary = Summary::of(&story.events);
        assert_eq!(summary.metrics(Liveness::Gone).attempts, 2);
        assert!(summary.gauges().iter().any(|gauge| gauge.limit == Limit::Launches && gauge.used == 2));
    }

    #[test]
    fn a_killed_run_is_interrupted_until_a_process_holds_its_lock() {
        let mut story = Story::opening("t", &[("a", Role::Implement)]);
        story.start("a");
        let summary = Summary::of(&story.events);
        assert_eq!(summary.standing(Liveness::Gone).outcome(), Outcome::Interrupted);
        assert_eq!(summary.standing(Liveness::Live).outcome(), Outcome::Running);
        assert_eq!(summary.tasks()[0].seen(Liveness::Gone), TaskStatus::Interrupted);
        assert_eq!((summary.exit_code(), summary.metrics(Liveness::Gone).interruptions), (None, 1));
        assert_eq!(summary.metrics(Liveness::Live).interruptions, 0);
    }

    #[test]
    fn a_reopened_run_is_not_finished_any_more_and_a_reuse_brings_the_verdict_back() {
        let mut story = Story::red_to_green();
        let terms = super::super::sample::terms();
        let opened =
            RunOpened { pid: 9, boot: None, version: "0.1.0".to_owned(), healed_bytes: 12, identity: None, terms };
        story.add(None, Kind::RunOpened(Box::new(opened)));
        assert_eq!(Summary::of(&story.events).exit_code(), Some(0), "opening alone changes nothing");
        story.add(Some("fix"), Kind::reopened("its input changed"));
        let reopened = Summary::of(&story.events);
        assert_eq!((reopened.exit_code(), reopened.census().open), (None, 1));
        let key = Digest::of(b"fix");
        story.add(Some("fix"), Kind::TaskReused(Box::new(crate::event::TaskReused { from: 1, key })));
        let summary = Summary::of(&story.events);
        let row = summary.task(&id("fix")).unwrap();
        assert_eq!((row.verdict, row.reused), (Some(Verdict::Verified), true));
        assert_eq!(summary.census().reused, 1);
        assert!(summary.concerns()[0].text.contains("12 B"), "{:?}", summary.concerns());
    }

    #[test]
    fn folding_one_by_one_is_folding_all() {
        let story = Story::red_stays();
        let mut summary = Summary::default();
        story.events.iter().for_each(|event| summary.apply(event));
        assert_eq!(summary, Summary::of(&story.events));
    }
}
