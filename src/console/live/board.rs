//! PURE: what is going on in a run right now, folded from its events and from what is glimpsed between them.

use std::collections::{BTreeSet, HashMap};

use crate::event::{AttemptOutcome, Event, Kind, PauseCause};
use crate::ids::{CheckName, ModelName, TaskId};
use crate::report::{Summary, TaskStatus, words};
use crate::run::{Chance, chance};
use crate::text;
use crate::time::Timestamp;

/// More of a line is not looked at.
const LINE: usize = 4096;

/// What is going on.
#[derive(Debug, Clone, Default, PartialEq)]
pub(in super::super) struct Board {
    /// What is at work, in the order it began.
    pub rows: Vec<Row>,
    /// How many tasks came to what.
    pub counts: Counts,
    /// Tasks that wait to be tried again.
    pub retries: BTreeSet<TaskId>,
    /// Why nothing runs, if that is on purpose.
    pub paused: Option<String>,
    /// Since when everything stands still.
    pub(super) suspended: Option<Timestamp>,
    pub(super) attempts: u32,
    pub(super) allowances: HashMap<TaskId, Allowance>,
}

/// One thing at work.
#[derive(Debug, Clone, PartialEq)]
pub(in super::super) struct Row {
    /// The task; none for checks of the run as a whole.
    pub task: Option<TaskId>,
    pub role: &'static str,
    pub agent: String,
    /// Which attempt, and of how many.
    pub attempt: Option<(u32, u32)>,
    pub since: Timestamp,
    pub doing: Doing,
    /// The last line of the agent's output that showed something, clean.
    pub said: String,
    /// The last line since then, as it came.
    pub heard: Option<String>,
}

/// How far something at work is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Doing {
    /// Its workspace is made ready.
    Preparing,
    /// Its agent works.
    Working,
    /// This check runs on its result.
    Checking(CheckName),
    /// This check runs on what the run starts from.
    CheckingBase(CheckName),
    /// The agent has ended, and no check runs just now.
    Settling,
    /// This model is asked, for the run as a whole.
    Asking(ModelName),
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in super::super) struct Counts {
    pub planned: u32,
    pub passed: u32,
    pub failed: u32,
    /// Cancelled ones too.
    pub skipped: u32,
}

/// How many attempts a task has, where it is not as many as every task.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Allowance {
    own: Option<u32>,
    /// Attempts that have numbers and do not count: those of before it was reopened, interrupted ones.
    free: u32,
}

impl Board {
    /// What stands after these events of earlier processes: nothing of theirs is at work any more.
    pub fn after(events: &[Event], summary: &Summary) -> Self {
        let mut board = Self::default();
        for event in events {
            board.event(event, None, summary);
        }
        Self { rows: Vec::new(), retries: BTreeSet::new(), ..board }
    }

    /// Takes an event in; `before` is its task's status before it, and `summary` has it already.
    pub fn event(&mut self, event: &Event, before: Option<TaskStatus>, summary: &Summary) {
        match &event.kind {
            Kind::RunStarted(it) => self.attempts = it.terms.attempts,
            Kind::RunOpened(it) => self.attempts = it.terms.attempts,
            Kind::PlanAccepted(it) => {
                for task in &it.plan.tasks {
                    if task.limits.attempts.is_some() {
                        self.allowances.entry(task.id.clone()).or_default().own = task.limits.attempts;
                    }
                }
                self.recount(summary);
            }
            Kind::PlanRevised(it) => {
                for task in it.patch.add.iter().chain(&it.patch.replace) {
                    let allowance = self.allowances.entry(task.id.clone()).or_default();
                    allowance.own = task.limits.attempts;
                }
                self.recount(summary);
                return;
            }
            Kind::RunPaused { cause: PauseCause::Suspended, .. } => self.suspended = Some(event.at),
            Kind::RunPaused { why, until, cause: PauseCause::Waiting } => {
                let until = until.map_or_else(String::new, |until| format!(" until {} UTC", words::time(until)));
                self.paused = Some(text::bare(&format!("paused{until}: {why}")));
            }
            Kind::RunContinued {} => self.go_on(event.at),
            Kind::RunStopped { .. } | Kind::RunFinished { .. } => {
                self.rows.clear();
                self.retries.clear();
                (self.paused, self.suspended) = (None, None);
            }
            Kind::AttemptStarted(it) => self.begin(event, it.agent.name.as_str(), summary),
            Kind::AttemptFinished(it) => self.attempt_finished(event, &it.outcome, summary),
            Kind::CheckFinished(it) | Kind::BaseChecked(it) => self.checked(event.task.as_ref(), &it.check),
            Kind::TaskReopened { .. } => {
                if let Some(row) = event.task.as_ref().and_then(|task| summary.task(task)) {
                    self.allowances.entry(row.id.clone()).or_default().free = row.attempts;
                }
            }
            Kind::TaskSucceeded(_)
            | Kind::TaskFailed { .. }
            | Kind::TaskSkipped { .. }
            | Kind::TaskCancelled { .. }
            | Kind::TaskReused(_) => self.over(event.task.as_ref()),
            // What was asked for the run as a whole is answered.
            Kind::BudgetSettled { .. } => self.rows.retain(|row| !matches!(row.doing, Doing::Asking(_))),
            Kind::PlanProposed { .. }
            | Kind::PlanRejected { .. }
            | Kind::SummaryWritten { .. }
            | Kind::WorkspaceCreated(_)
            | Kind::PolicyDenied { .. }
            | Kind::ApprovalRequested {}
            | Kind::ApprovalDecided { .. }
            | Kind::BudgetReserved { .. }
            | Kind::BudgetWarned { .. }
            | Kind::BudgetRaised { .. }
            | Kind::ChangeApplied { .. } => {}
        }
        let after = event.task.as_ref().and_then(|task| summary.task(task)).map(|row| row.status);
        if let (Some(before), Some(after)) = (before, after) {
            self.counts.add(before, -1);
            self.counts.add(after, 1);
        }
    }

    /// Nothing ages while everything stands still.
    fn go_on(&mut self, at: Timestamp) {
        match self.suspended.take() {
            Some(since) => self.rows.iter_mut().for_each(|row| row.since = row.since.after(at.since(since))),
            None => self.paused = None,
        }
    }

    /// The whole summary counted: once per plan, never per event.
    pub fn recount(&mut self, summary: &Summary) {
        let census = summary.census();
        self.counts = Counts {
            planned: census.planned,
            passed: census.passed,
            failed: census.failed,
            skipped: census.skipped + census.cancelled + census.replaced,
        };
    }

    /// How far a task, or without one, the run as a whole, was seen to be.
    pub fn glimpse(&mut self, task: Option<&TaskId>, doing: Doing, at: Timestamp, summary: &Summary) {
        if let Some(row) = self.row(task) {
            // A glimpse of the agent may come later than the event of its end.
            if !row.doing.is_after_agent() || doing.is_after_agent() {
                row.doing = doing;
            }
            return;
        }
        let known = task.and_then(|task| summary.task(task));
        // Checks that an earlier process left to do; but not a glimpse that comes later than the end of what it shows.
        let is_due = known.map_or(task.is_none(), |row| row.status == TaskStatus::Checking);
        if doing.is_after_agent() && is_due {
            self.rows.push(Row {
                task: task.cloned(),
                role: known.map_or("", |row| row.role.as_str()),
                agent: String::new(),
                attempt: None,
                since: at,
                doing,
                said: String::new(),
                heard: None,
            });
        }
    }

    /// A line of an agent's live output. There may be very many, so that it is only kept until somebody looks.
    pub fn heard(&mut self, task: &TaskId, line: String) {
        if let Some(row) = self.row(Some(task))
            && !row.doing.is_after_agent()
        {
            row.doing = Doing::Working;
            if !line.trim().is_empty() {
                row.heard = Some(line);
            }
        }
    }

    /// Somebody looks: what was heard is made fit to be shown.
    pub fn look(&mut self) {
        for row in &mut self.rows {
            if let Some(line) = row.heard.take() {
                let said = text::bare(text::tail(&line, LINE));
                if !said.trim().is_empty() {
                    said.trim().clone_into(&mut row.said);
                }
            }
        }
    }

    fn row(&mut self, task: Option<&TaskId>) -> Option<&mut Row> {
        self.rows.iter_mut().find(|row| row.task.as_ref() == task)
    }

    fn begin(&mut self, event: &Event, agent: &str, summary: &Summary) {
        let Some(task) = &event.task else { return };
        // The run as a whole is checked before the first attempt and after the last.
        self.rows.retain(|row| row.task.is_some());
        self.over(Some(task));
        let attempt = event.attempt.unwrap_or(1);
        let Allowance { own, free } = self.allowances.get(task).copied().unwrap_or_default();
        let most = own.map_or(self.attempts, |own| own.min(self.attempts)).max(1);
        self.rows.push(Row {
            task: Some(task.clone()),
            role: summary.task(task).map_or("", |row| row.role.as_str()),
            agent: agent.to_owned(),
            attempt: Some((attempt, attempt.max(free + most))),
            since: event.at,
            doing: Doing::Preparing,
            said: String::new(),
            heard: None,
        });
    }

    fn attempt_finished(&mut self, event: &Event, outcome: &AttemptOutcome, summary: &Summary) {
        match outcome {
            AttemptOutcome::Ok(_) => {
                if let Some(row) = self.row(event.task.as_ref())
                    && !row.doing.is_after_agent()
                {
                    row.doing = Doing::Settling;
                }
            }
            AttemptOutcome::Failed(failure) => {
                self.over(event.task.as_ref());
                self.retries.extend(event.task.clone());
                let Some(row) = event.task.as_ref().and_then(|task| summary.task(task)) else { return };
                match chance(row.role, failure.class) {
                    Chance::Free | Chance::Pause => {
                        self.allowances.entry(row.id.clone()).or_default().free += 1;
                    }
                    Chance::Again | Chance::Never => {}
                }
            }
        }
    }

    fn checked(&mut self, task: Option<&TaskId>, check: &CheckName) {
        // A base check belongs to no task in the journal, and may be run for one.
        let is_it = |row: &Row| row.doing.check() == Some(check) && (task.is_none() || row.task.as_ref() == task);
        self.rows.retain(|row| row.task.is_some() || !is_it(row));
        if let Some(row) = self.rows.iter_mut().find(|row| is_it(row)) {
            row.doing = Doing::Settling;
        }
    }

    fn over(&mut self, task: Option<&TaskId>) {
        self.rows.retain(|row| row.task.as_ref() != task);
        if let Some(task) = task {
            self.retries.remove(task);
        }
    }
}

impl Doing {
    fn is_after_agent(&self) -> bool {
        match self {
            Self::Preparing | Self::Working => false,
            Self::Checking(_) | Self::CheckingBase(_) | Self::Settling | Self::Asking(_) => true,
        }
    }

    fn check(&self) -> Option<&CheckName> {
        match self {
            Self::Checking(check) | Self::CheckingBase(check) => Some(check),
            Self::Preparing | Self::Working | Self::Settling | Self::Asking(_) => None,
        }
    }
}

impl Counts {
    fn add(&mut self, status: TaskStatus, by: i32) {
        let count = match status {
            TaskStatus::Succeeded => &mut self.passed,
            TaskStatus::Failed => &mut self.failed,
            TaskStatus::Skipped | TaskStatus::Cancelled | TaskStatus::Replaced => &mut self.skipped,
            TaskStatus::Pending | TaskStatus::Running | TaskStatus::Checking | TaskStatus::Interrupted => return,
        };
        *count = count.saturating_add_signed(by);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::FailureClass;
    use crate::plan::Role;
    use crate::report::sample::{Story, id};

    /// A board that was fed a story event by event, as it happens.
    fn told(story: &Story) -> (Board, Summary) {
        let (mut board, mut summary) = (Board::default(), Summary::default());
        for event in &story.events {
            let before = event.task.as_ref().and_then(|task| summary.task(task)).map(|row| row.status);
            summary.apply(event);
            board.event(event, before, &summary);
        }
        (board, summary)
    }

    #[test]
    fn counting_event_by_event_is_counting_all() {
        for story in [Story::red_to_green(), Story::red_stays()] {
            for end in 0..=story.events.len() {
                let (mut board, summary) = told(&Story { events: story.events[..end].to_vec() });
                let counts = board.counts;
                board.recount(&summary);
                assert_eq!(counts, board.counts, "after {end} events");
            }
            assert!(told(&story).0.rows.is_empty(), "nothing is at work after the end");
        }
    }

    #[test]
    fn a_task_is_at_work_from_its_start_until_it_is_kept_or_fails() {
        let mut story = Story::opening("t", &[("a", Role::Implement), ("b", Role::Test)]);
        story.start("a");
        let (mut board, summary) = told(&story);
        assert_eq!((board.rows[0].doing.clone(), board.rows[0].attempt), (Doing::Preparing, Some((1, 2))));
        board.heard(&id("a"), "\u{1b}[32mone\u{1b}[0m\r".to_owned());
        board.look();
        board.heard(&id("a"), " \u{1b}[0m ".to_owned());
        board.look();
        assert_eq!((board.rows[0].doing.clone(), board.rows[0].said.as_str()), (Doing::Working, "one"));
        board.glimpse(Some(&id("b")), Doing::Working, summary.last_at(), &summary);
        assert_eq!(board.rows.len(), 1, "a glimpse of what is not at work is late");
        story.breaks("a", FailureClass::Exited, "x");
        let (failed, _) = told(&story);
        assert!(failed.rows.is_empty() && failed.retries.contains(&id("a")));
        story.start("a");
        let (again, _) = told(&story);
        assert_eq!((again.rows[0].attempt, again.retries.len()), (Some((2, 2)), 0));
        story.breaks("a", FailureClass::Interrupted, "x").start("a");
        assert_eq!(told(&story).0.rows[0].attempt, Some((3, 3)), "an interruption has a number and does not count");
    }

    #[test]
    fn checks_are_shown_while_they_run_and_late_glimpses_are_not() {
        let check = crate::report::sample::check_run("unit", crate::event::CheckStatus::Green);
        let unit = Doing::Checking(check.check.clone());
        let mut story = Story::opening("t", &[("a", Role::Implement)]);
        story.start("a").says("a", "done");
        let (mut board, summary) = told(&story);
        assert_eq!(board.rows[0].doing, Doing::Settling);
        board.glimpse(Some(&id("a")), unit.clone(), summary.last_at(), &summary);
        board.heard(&id("a"), "late".to_owned());
        board.look();
        assert_eq!((board.rows[0].doing.clone(), board.rows[0].said.as_str()), (unit.clone(), ""));
        story.add(Some("a"), Kind::CheckFinished(Box::new(check)));
        board.event(story.events.last().unwrap(), None, &summary);
        assert_eq!(board.rows[0].doing, Doing::Settling);
        // The run's own checks have a row of their own until they end.
        board.glimpse(None, unit, summary.last_at(), &summary);
        assert_eq!((board.rows.len(), &board.rows[1].task), (2, &None));
        board.checked(None, &CheckName::new("unit").unwrap());
        assert_eq!(board.rows.len(), 1);
    }

    #[test]
    fn what_an_earlier_process_had_at_work_is_not_at_work_now() {
        let mut story = Story::opening("t", &[("a", Role::Implement), ("b", Role::Test)]);
        story.start("a").breaks("a", FailureClass::Exited, "x").fail("a", FailureClass::Exited, "x");
        let before = story.events.len();
        story.add(Some("a"), Kind::reopened("again"));
        story.start("a");
        let summary = Summary::of(&story.events[..before]);
        let board = Board::after(&story.events[..before], &summary);
        assert!(board.rows.is_empty() && board.counts.failed == 1, "{board:?}");
        let (live, _) = told(&story);
        assert_eq!(live.rows[0].attempt, Some((2, 3)), "a fresh allowance, and numbers that go on");
    }
}
