//! A run as it goes: one readable line per event on stderr, and under `jsonl` the event itself on stdout.
//!
//! It keeps a [`Summary`] of its own, so that a line can say what its event alone does not know.

use super::live::{Doing, Drawing};
use super::style::{Mark, Paint};
use super::{Console, Output, Verbosity};
use crate::event::{
    AttemptFinished, AttemptOutcome, AttemptStarted, CheckRun, CheckStatus, Decision, Event, FailureClass, Gauge, Kind,
    PauseCause, PlanRevised, RunStarted, Sandbox, Verdict,
};
use crate::ids::TaskId;
use crate::report::{CheckRow, Facts, Outcome, Summary, words};
use crate::text;
use crate::time::Timestamp;

/// Lines shown of a red check's or a failed attempt's output.
const TAIL: usize = 8;
/// Most faults of a proposed plan that are shown; all of them are in the journal.
const FAULTS: usize = 10;

/// Tells of one run. Feed it every event, after it is durable, in order.
#[derive(Debug)]
pub struct Progress {
    console: Console,
    summary: Summary,
    drawing: Option<Drawing>,
}

impl Progress {
    /// From the run's beginning.
    pub fn new(console: Console) -> Self {
        Self { console, summary: Summary::default(), drawing: None }
    }

    /// From here on; `before` has been told already, by another process.
    pub fn resumed(console: Console, before: &[Event]) -> Self {
        Self { console, summary: Summary::of(before), drawing: None }
    }

    /// What the run has come to so far.
    pub fn summary(&self) -> &Summary {
        &self.summary
    }

    /// From now on a terminal shows below the lines what is going on; `before` has happened already. Where nothing can be
    /// drawn there are the lines alone.
    pub fn begin_drawing(&mut self, before: &[Event]) {
        self.drawing = Drawing::begin(&self.console, before, &self.summary);
    }

    /// Whether something is drawn.
    #[cfg(test)]
    pub(super) fn is_drawing(&self) -> bool {
        self.drawing.is_some()
    }

    /// Draws what is going on, if that has changed.
    pub fn draw(&mut self, now: Timestamp) {
        if let Some(drawing) = &mut self.drawing {
            drawing.draw(&self.summary, now);
        }
    }

    /// Only the lines are left. Waits until all of them are on the terminal.
    pub fn end_drawing(&mut self) {
        self.drawing = None;
    }

    /// What was seen of a task, or without one, of the run as a whole, between two events: it is only drawn.
    pub fn glimpse(&mut self, task: Option<&TaskId>, doing: Doing, at: Timestamp) {
        if let Some(drawing) = &mut self.drawing {
            drawing.glimpse(task, doing, at, &self.summary);
        }
    }

    /// A line of an agent's live output: it is only drawn.
    pub fn heard(&mut self, task: &TaskId, line: String) {
        if let Some(drawing) = &mut self.drawing {
            drawing.heard(task, line);
        }
    }

    /// Tells of the next event.
    pub fn event(&mut self, event: &Event) -> serde_json::Result<()> {
        let before = self.row(event).map(|row| row.status);
        self.summary.apply(event);
        if let Some(drawing) = &mut self.drawing {
            drawing.event(event, before, &self.summary);
        }
        match self.console.output() {
            Output::Jsonl => self.console.json_line(event)?,
            Output::Text | Output::Json => {}
        }
        if event.task.is_some() {
            self.task_event(event);
        } else {
            self.run_event(event);
        }
        Ok(())
    }

    /// The last words: verdict, census, what the checks showed, what to type next. Under `-q` only when
    /// the run did not succeed.
    pub fn close(&self, facts: &Facts) {
        let outcome = self.summary.standing(facts.liveness).outcome();
        let (from, mark, paint) = match outcome {
            Outcome::Success | Outcome::Planned | Outcome::Running => (Verbosity::Normal, Mark::Good, Paint::Good),
            Outcome::Unverified | Outcome::Stopped | Outcome::Interrupted => {
                (Verbosity::Quiet, Mark::Warn, Paint::Warn)
            }
            Outcome::Failed | Outcome::Exhausted | Outcome::Denied | Outcome::Unusable => {
                (Verbosity::Quiet, Mark::Bad, Paint::Bad)
            }
        };
        self.console.mark(from, Mark::None, &[]);
        let exit = self.summary.exit_code().map_or_else(String::new, |code| format!(" (exit {code})"));
        self.console.mark(from, mark, &[(paint, outcome.as_str()), (Paint::Plain, &exit)]);
        for sentence in self.summary.synthesis(facts) {
            self.console.mark(from, Mark::None, &[(Paint::Plain, &sentence)]);
        }
        for step in self.summary.next_steps(facts) {
            self.console.mark(
                from,
                Mark::None,
                &[(Paint::Bold, &step.command), (Paint::Dim, "  # "), (Paint::Dim, &step.why)],
            );
        }
    }

    fn run_event(&self, event: &Event) {
        let say = |mark, what: &str| self.console.mark(Verbosity::Normal, mark, &[(Paint::Plain, what)]);
        match &event.kind {
            Kind::RunStarted(it) => self.run_started(event, it),
            // What was healed was said when the journal was opened.
            Kind::RunOpened(_) => {
                let census = self.summary.census();
                let open = format!("  {} of {} tasks done", census.passed, census.planned);
                self.console.mark(
                    Verbosity::Normal,
                    Mark::None,
                    &[(Paint::Bold, "run "), (Paint::Bold, event.run.as_str()), (Paint::Plain, &open)],
                );
            }
            Kind::PlanAccepted(it) => {
                let tasks = words::count(it.plan.tasks.len(), "task");
                say(Mark::None, &format!("plan {}  {tasks}", it.plan.plan_id));
            }
            Kind::PlanRejected { faults } => {
                self.problem(&format!("the proposed plan has {}", words::count(faults.len(), "fault")), "");
                for fault in faults.iter().take(FAULTS) {
                    self.problem("  ", fault);
                }
            }
            Kind::CheckFinished(it) => self.check(event, it),
            Kind::ApprovalRequested {} => self.problem("the plan waits for a decision", ""),
            Kind::ApprovalDecided { by, decision } => self.decided("plan", by, *decision),
            Kind::RunPaused { cause: PauseCause::Suspended, .. } => {
                say(Mark::None, "suspended, with everything it started");
            }
            Kind::RunPaused { why, until, cause: PauseCause::Waiting } => {
                let until = until.map_or_else(String::new, |until| format!(" until {} UTC", words::time(until)));
                self.problem("paused: ", &format!("{why}{until}"));
            }
            Kind::RunContinued {} => say(Mark::None, "continued"),
            Kind::SummaryWritten { text: Some(_), by } => {
                say(Mark::None, &format!("the results were put into words by {by}"));
            }
            Kind::SummaryWritten { text: None, by } => {
                self.problem(&format!("{by} could not put the results into words"), "");
            }
            Kind::RunStopped { why } => self.problem("stopped: ", &self.summary.why_stopped(why)),
            Kind::BudgetWarned { limit, used, of } => {
                let gauge = words::gauge(&Gauge { limit: *limit, used: *used, of: *of });
                let line = format!("{gauge} used; the run stops at the limit ({})", limit.key());
                self.problem(&format!("{}: ", words::limit(*limit)), &line);
            }
            Kind::BudgetRaised { limit, from, to, by } => {
                let gauge = words::gauge(&Gauge { limit: *limit, used: *from, of: *to }).replace(" of ", " → ");
                say(Mark::None, &format!("{}: {gauge}, by {by}", limit.key()));
            }
            Kind::ChangeApplied { onto } => say(Mark::Good, &format!("change applied onto {}", onto.path)),
            // The last words tell of the end; the others are for `-v`.
            Kind::RunFinished { .. } => {}
            Kind::BaseChecked(it) => {
                let what = format!("base: {} is {}", it.check, words::colour(it.outcome.status));
                self.console.mark(Verbosity::Verbose, Mark::None, &[(Paint::Dim, &what)]);
            }
            Kind::BudgetReserved { r#for, amount, .. } => {
                let most = format!("at most ${} and {} tokens", amount.usd, amount.tokens);
                say(Mark::None, &format!("asks the model for {}: {most}", words::purpose(*r#for)));
            }
            Kind::BudgetSettled { used, .. } => say(Mark::None, &format!("it used {}", words::usage(used))),
            Kind::PlanProposed { .. }
            | Kind::WorkspaceCreated(_)
            | Kind::AttemptStarted(_)
            | Kind::AttemptFinished(_)
            | Kind::TaskSucceeded(_)
            | Kind::TaskFailed { .. }
            | Kind::TaskSkipped { .. }
            | Kind::TaskCancelled { .. }
            | Kind::TaskReused(_)
            | Kind::TaskReopened { .. }
            | Kind::PlanRevised(_)
            | Kind::PolicyDenied { .. } => self.step(event),
        }
    }

    fn task_event(&self, event: &Event) {
        let task = event.task.as_ref().map_or("", |task| task.as_str());
        let say = |mark, from, what: &str| {
            self.console.mark(from, mark, &[(Paint::Bold, task), (Paint::Plain, "  "), (Paint::Plain, what)]);
        };
        match &event.kind {
            Kind::AttemptStarted(it) => self.attempt_started(event, it),
            Kind::AttemptFinished(it) => self.attempt_finished(event, it),
            Kind::CheckFinished(it) => self.check(event, it),
            Kind::TaskSucceeded(it) => self.succeeded(event, it.verdict),
            Kind::TaskFailed { class, detail } => self.failed(event, *class, detail),
            Kind::TaskSkipped { cause } => {
                say(Mark::Skip, Verbosity::Normal, &format!("skipped: {}", words::skip(cause)));
            }
            Kind::TaskCancelled { by } => say(Mark::Bad, Verbosity::Quiet, &format!("cancelled by {by}")),
            Kind::TaskReused(it) => say(Mark::Good, Verbosity::Normal, &format!("reused from attempt {}", it.from)),
            Kind::TaskReopened { why, .. } => say(Mark::None, Verbosity::Normal, &format!("runs again: {why}")),
            Kind::PlanProposed { .. } => say(Mark::None, Verbosity::Verbose, "another plan was proposed for its sake"),
            Kind::PlanRejected { faults } => {
                let (count, first) = (words::count(faults.len(), "fault"), faults.first().map_or("", String::as_str));
                let first = text::printable(first, 200);
                say(Mark::Warn, Verbosity::Quiet, &format!("the change of the plan has {count}: {first}"));
            }
            Kind::PlanRevised(it) => self.revised(task, it),
            Kind::PolicyDenied { rule, paths } => {
                say(Mark::Warn, Verbosity::Quiet, &format!("broke a rule: {rule} {}", paths.join(", ")));
            }
            Kind::ApprovalRequested {} => {
                let why = event.attempt.map(|attempt| format!(": attempt {attempt} was interrupted"));
                say(Mark::Warn, Verbosity::Quiet, &format!("waits for a decision{}", why.unwrap_or_default()));
            }
            Kind::ApprovalDecided { by, decision } => self.decided(task, by, *decision),
            Kind::RunStarted(_)
            | Kind::RunOpened(_)
            | Kind::PlanAccepted(_)
            | Kind::SummaryWritten { .. }
            | Kind::WorkspaceCreated(_)
            | Kind::BaseChecked(_)
            | Kind::BudgetReserved { .. }
            | Kind::BudgetSettled { .. }
            | Kind::BudgetWarned { .. }
            | Kind::BudgetRaised { .. }
            | Kind::RunPaused { .. }
            | Kind::RunContinued {}
            | Kind::RunStopped { .. }
            | Kind::RunFinished { .. }
            | Kind::ChangeApplied { .. } => self.step(event),
        }
    }

    fn run_started(&self, event: &Event, it: &RunStarted) {
        let title = text::printable(&it.title, 100);
        self.console.mark(
            Verbosity::Normal,
            Mark::None,
            &[(Paint::Bold, "run "), (Paint::Bold, event.run.as_str()), (Paint::Plain, "  "), (Paint::Plain, &title)],
        );
        match it.sandbox {
            Sandbox::None => self.console.mark(
                Verbosity::Normal,
                Mark::Warn,
                &[(
                    Paint::Warn,
                    "sandbox: none. Agents and checks run with your own rights; do not run strangers' tickets.",
                )],
            ),
        }
    }

    fn revised(&self, task: &str, it: &PlanRevised) {
        let parts =
            [(it.patch.add.len(), "new"), (it.patch.replace.len(), "changed"), (it.patch.remove.len(), "removed")];
        let parts = parts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}"));
        let parts = parts.collect::<Vec<_>>().join(", ");
        let reason = text::printable(words::last_line(&it.reason), 200);
        let line = format!("  given up; the plan is changed, revision {} ({parts}): {reason}", it.revision);
        self.console.mark(Verbosity::Quiet, Mark::Warn, &[(Paint::Bold, task), (Paint::Plain, &line)]);
    }

    fn attempt_started(&self, event: &Event, it: &AttemptStarted) {
        // What is drawn says so already, for as long as it is true.
        let from =
            if self.drawing.is_some() && self.console.is_drawing() { Verbosity::Verbose } else { Verbosity::Normal };
        let task = event.task.as_ref().map_or("", |task| task.as_str());
        let role = self.row(event).map_or("", |row| row.role.as_str());
        let attempt = format!("  attempt {} ({})", event.attempt.unwrap_or(1), it.agent.name);
        self.console.mark(
            from,
            Mark::Start,
            &[(Paint::Plain, &format!("{role:<9}  ")), (Paint::Bold, task), (Paint::Dim, &attempt)],
        );
    }

    fn attempt_finished(&self, event: &Event, it: &AttemptFinished) {
        let task = event.task.as_ref().map_or("", |task| task.as_str());
        let (attempt, took) = (event.attempt.unwrap_or(1), words::millis(it.ms));
        let cut = if it.truncated { "; its output was cut at the cap" } else { "" };
        let left = match it.leaked {
            0 => String::new(),
            _ => format!("; {}", words::left_behind(it)),
        };
        match &it.outcome {
            AttemptOutcome::Ok(result) => {
                let line = format!("  {}  {took}{cut}{left}", words::said(result));
                let plain = cut.is_empty() && left.is_empty() && result.score.is_none() && result.verdict.is_none();
                let from = if plain { Verbosity::Verbose } else { Verbosity::Normal };
                self.console.mark(from, Mark::None, &[(Paint::Plain, task), (Paint::Dim, &line)]);
            }
            AttemptOutcome::Failed(failure) => {
                let line = format!("  attempt {attempt} failed: {}  {took}{cut}{left}", failure.class);
                self.console.mark(Verbosity::Quiet, Mark::Bad, &[(Paint::Bold, task), (Paint::Bad, &line)]);
                self.tail(&failure.detail);
            }
        }
    }

    fn check(&self, event: &Event, it: &CheckRun) {
        let row = self.summary.check(event.task.as_ref(), &it.check);
        let change = row.map_or_else(|| words::colour(it.outcome.status).to_owned(), words::change);
        let name = format!("{} {change}", it.check);
        let of = event.task.as_ref().map_or_else(String::new, |task| format!("  ({task})"));
        let took = format!("{of}  {}", words::millis(it.outcome.ms));
        let (from, mark, paint) = match (it.outcome.status, row.is_some_and(CheckRow::is_no_worse)) {
            (CheckStatus::Green, _) if event.task.is_some() => (Verbosity::Verbose, Mark::Good, Paint::Good),
            (CheckStatus::Green, _) => (Verbosity::Normal, Mark::Good, Paint::Good),
            (CheckStatus::Red, false) => (Verbosity::Quiet, Mark::Bad, Paint::Bad),
            (CheckStatus::Red | CheckStatus::Empty | CheckStatus::Missing, _) => {
                (Verbosity::Normal, Mark::Warn, Paint::Warn)
            }
        };
        self.console.mark(from, mark, &[(paint, &name), (Paint::Dim, &took)]);
        if it.outcome.status == CheckStatus::Red && from == Verbosity::Quiet {
            self.tail(&it.outcome.tail);
        }
    }

    fn succeeded(&self, event: &Event, verdict: Verdict) {
        let Some(row) = self.row(event) else { return self.step(event) };
        let checks: Vec<String> =
            self.summary.checks_of(&row.id).map(|check| format!("{} {}", check.name, words::change(check))).collect();
        let proof = if checks.is_empty() { words::meaning_of(row.role, verdict).to_owned() } else { checks.join(", ") };
        let (mark, paint, from) = match verdict {
            Verdict::Verified => (Mark::Good, Paint::Good, Verbosity::Normal),
            Verdict::RegressionOnly => (Mark::Good, Paint::Plain, Verbosity::Normal),
            Verdict::Unchecked | Verdict::Vacuous | Verdict::Inconclusive => {
                (Mark::Warn, Paint::Warn, Verbosity::Quiet)
            }
        };
        let proof = format!(": {proof}  {}", words::span(row.worked));
        self.console.mark(
            from,
            mark,
            &[
                (Paint::Bold, row.id.as_str()),
                (Paint::Plain, " "),
                (paint, words::verdict(verdict)),
                (Paint::Plain, &proof),
            ],
        );
    }

    fn failed(&self, event: &Event, class: FailureClass, detail: &str) {
        let task = event.task.as_ref().map_or("", |task| task.as_str());
        let why = format!("  failed: {class}: {}", text::printable(words::last_line(detail), 160));
        self.console.mark(Verbosity::Quiet, Mark::Bad, &[(Paint::Bold, task), (Paint::Bad, &why)]);
    }

    fn decided(&self, what: &str, by: &str, decision: Decision) {
        let line = format!("  {} by {by}", words::decision(decision));
        self.console.mark(Verbosity::Normal, Mark::None, &[(Paint::Plain, what), (Paint::Plain, &line)]);
    }

    fn problem(&self, what: &str, detail: &str) {
        self.console.mark(Verbosity::Quiet, Mark::Warn, &[(Paint::Warn, what), (Paint::Plain, detail)]);
    }

    /// An event that only `-v` shows, by its name.
    fn step(&self, event: &Event) {
        self.console.mark(Verbosity::Verbose, Mark::None, &[(Paint::Dim, event.kind.name())]);
    }

    fn tail(&self, detail: &str) {
        for line in words::last_lines(detail, TAIL) {
            self.console.mark(Verbosity::Quiet, Mark::None, &[(Paint::Dim, "  | "), (Paint::Plain, line)]);
        }
    }

    fn row(&self, event: &Event) -> Option<&crate::report::TaskRow> {
        event.task.as_ref().and_then(|task| self.summary.task(task))
    }
}

#[cfg(test)]
mod tests {
    use super::super::printer::tests::console;
    use super::super::{Options, Surroundings};
    use super::*;
    use crate::event::StopCause;
    use crate::report::Liveness;
    use crate::report::sample::Story;

    const GONE: Facts = Facts { liveness: Liveness::Gone, diff: None, called: String::new() };

    fn told(story: &Story, options: Options, around: &Surroundings) -> (String, String) {
        let (console, out, err) = console(options, around);
        let mut progress = Progress::new(console);
        for event in &story.events {
            progress.event(event).unwrap();
        }
        progress.close(&GONE);
        (out.read(), err.read())
    }

    #[test]
    fn a_run_reads_as_plain_lines() {
        let (out, err) = told(&Story::red_to_green(), Options::default(), &Surroundings::default());
        assert_eq!(out, "");
        insta::assert_snapshot!(err, @r#"
          run 20261121-093312-a1b2  Fix median
        ! sandbox: none. Agents and checks run with your own rights; do not run strangers' tickets.
          plan OP-20261121-093312-A1B2  2 tasks
        ▶ research   find  attempt 1 (builtin)
        ✓ find verified: a valid answer, and an unchanged tree  1.2s
        ▶ implement  fix  attempt 1 (builtin)
        ✓ fix verified: unit red → green  1.9s

        ✓ success (exit 0)
          “Fix median” (PROJ-7) became a plan of 2 tasks, by the template planner.
          2 of 2 tasks succeeded in 10.0s.
          What proves it: the check unit was red before the change and green after it.
          What remains: apply the change to your files.
          orchestra apply 20261121-093312-a1b2  # apply the change to your files
        "#);
    }

    #[test]
    fn a_failed_run_shows_the_red_check_and_what_to_type() {
        let (_, err) = told(&Story::red_stays(), Options::default(), &Surroundings::default());
        insta::assert_snapshot!(err, @r#"
          run 20261121-093312-a1b2  Fix median
        ! sandbox: none. Agents and checks run with your own rights; do not run strangers' tickets.
          plan OP-20261121-093312-A1B2  3 tasks
        ▶ research   find  attempt 1 (builtin)
        ✓ find verified: a valid answer, and an unchanged tree  1.2s
        ▶ implement  fix  attempt 1 (builtin)
        ✗ unit red → red  (fix)  700ms
            | test median ... FAILED
        ▶ implement  fix  attempt 2 (builtin)
        ✗ unit red → red  (fix)  700ms
            | test median ... FAILED
        ✗ fix  failed: rejected: test median ... FAILED
        ↷ judge  skipped: fix, which it depends on, did not succeed

        ✗ failed (exit 1)
          “Fix median” (PROJ-7) became a plan of 3 tasks, by the template planner.
          1 of 3 tasks succeeded, 1 failed, 1 skipped in 14.0s.
          Nothing proves it: the check unit is red after the change.
          Task fix failed, though its agent said done: rejected: test median ... FAILED.
          What remains: rerun what failed or was skipped; finished tasks are not run again.
          orchestra resume 20261121-093312-a1b2  # rerun what failed or was skipped; finished tasks are not run again
          orchestra resume 20261121-093312-a1b2 --explain  # see first what would run, and why
        "#);
    }

    #[test]
    fn what_strangers_say_cannot_steer_the_terminal() {
        let hostile = "a\u{1b}]0;x\u{7}\u{1b}[2J\u{202e}\rb\n✓ fix verified";
        let mut story = Story::opening(hostile, &[("a", crate::plan::Role::Test)]);
        story.start("a").breaks("a", FailureClass::Exited, hostile).fail("a", FailureClass::Exited, hostile);
        story.add(Some("a"), Kind::PolicyDenied { rule: hostile.to_owned(), paths: vec![hostile.to_owned()] });
        story.add(None, Kind::RunPaused { why: hostile.to_owned(), until: None, cause: PauseCause::Waiting });
        let (_, err) = told(&story, Options::default(), &Surroundings::default());
        assert!(!err.chars().any(|c| c != '\n' && (c.is_control() || c == '\u{202e}')), "{err:?}");
        assert!(!err.lines().any(|line| line.starts_with('✓')), "no line of theirs begins like ours:\n{err}");
    }

    #[test]
    fn a_dumb_terminal_gets_ascii() {
        let around = Surroundings { term: Some("dumb".to_owned()), ..Surroundings::default() };
        let (_, err) = told(&Story::red_to_green(), Options::default(), &around);
        assert!(err.is_ascii() && err.contains("ok fix verified: unit red -> green"), "{err}");
    }

    #[test]
    fn quiet_is_silent_about_success_and_not_about_failure() {
        let options = Options { verbosity: Verbosity::Quiet, ..Options::default() };
        assert_eq!(told(&Story::red_to_green(), options, &Surroundings::default()).1, "");
        let (_, err) = told(&Story::red_stays(), options, &Surroundings::default());
        assert!(err.contains("fix  failed: rejected") && err.contains("orchestra resume"), "{err}");
    }

    #[test]
    fn jsonl_is_the_events_as_the_journal_has_them() {
        let story = Story::red_stays();
        let options = Options { output: Output::Jsonl, ..Options::default() };
        let (out, _) = told(&story, options, &Surroundings::default());
        let read: Vec<Event> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(read, story.events);
    }

    #[test]
    fn every_kind_of_event_is_told_under_verbose() {
        let options = Options { verbosity: Verbosity::Verbose, ..Options::default() };
        let mut story = Story::opening("t", &[("a", crate::plan::Role::Test)]);
        for kind in [
            Kind::ApprovalRequested {},
            Kind::ApprovalDecided { by: "ann".to_owned(), decision: Decision::Approve },
            Kind::RunPaused { why: "quota".to_owned(), until: None, cause: PauseCause::Waiting },
            Kind::RunContinued {},
            Kind::PlanRejected { faults: vec!["$.tasks: a cycle".to_owned()] },
            Kind::RunStopped { why: StopCause::Signal(2) },
        ] {
            let before = told(&story, options, &Surroundings::default()).1.lines().count();
            story.add(None, kind);
            assert!(told(&story, options, &Surroundings::default()).1.lines().count() >= before);
        }
        let (_, err) = told(&story, options, &Surroundings::default());
        for said in [
            "the plan waits",
            "approved by ann",
            "paused: quota",
            "continued",
            "a cycle",
            "SIGINT",
            "stopped (exit 130)",
        ] {
            assert!(err.contains(said), "{said} in\n{err}");
        }
    }
}
