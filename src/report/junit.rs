//! `junit.xml`: a run as CI systems read test results. `docs/reports.md` holds the mapping for users.
//!
//! Invariant: a run that ended with 0 has no failure and no error, and one that ended otherwise has at least one.
//! What the work did wrong is a failure; what kept the work from being judged is an error; what says nothing either way
//! is skipped.

use super::xml::{Xml, XmlError};
use super::{CheckRow, Facts, Liveness, Outcome, Standing, Summary, TaskRow, TaskStatus, words};
use crate::event::{CheckStatus, FailureClass, SkipCause, Verdict};
use crate::run::{Proof, prove};
use crate::time::Span;

/// How one case ended.
enum Ending {
    Passed,
    Skipped(Why),
    Failed(Why),
    Errored(Why),
}

/// Why a case did not pass.
struct Why {
    /// A word from a closed list: programs tell cases apart by it.
    kind: &'static str,
    /// One line for people.
    message: String,
    /// What was seen; may be empty.
    seen: String,
}

/// One test case.
struct Case {
    class: &'static str,
    name: String,
    time: Span,
    ending: Ending,
    /// What it said; may be empty.
    output: String,
}

/// What decides over a case beside its own row.
#[derive(Clone, Copy)]
struct Around {
    liveness: Liveness,
    /// `verify.unchecked: allow`.
    allows_unchecked: bool,
    /// The run ended with 0: whatever is left open was made good by its last checks.
    run_succeeded: bool,
}

/// The counts of a suite.
#[derive(Default)]
struct Counts {
    failures: usize,
    errors: usize,
    skipped: usize,
}

impl Summary {
    /// The report for CI: one suite, with a case for every task and every check.
    pub fn junit(&self, facts: &Facts) -> Result<String, XmlError> {
        let mut cases = self.cases(self.around(facts));
        if let Some(case) = self.run_case(facts, &cases) {
            cases.insert(0, case);
        }
        let counts = Counts::of(&cases);
        let (tests, failures, errors) =
            (cases.len().to_string(), counts.failures.to_string(), counts.errors.to_string());
        let (skipped, time) = (counts.skipped.to_string(), seconds(self.elapsed()));
        let title = match self.title() {
            "" => "run",
            title => title,
        };
        let started = self.first_at().to_string();
        let id = self.run().map(ToString::to_string).unwrap_or_default();
        let totals = [("tests", &*tests), ("failures", &*failures), ("errors", &*errors), ("time", &*time)];
        let mut xml = Xml::new()?;
        xml.open("testsuites", &[[("name", "orchestra")].as_slice(), &totals].concat())?;
        let suite = [("name", title), ("id", &id), ("timestamp", &started), ("skipped", &skipped)];
        xml.open("testsuite", &[suite.as_slice(), &totals].concat())?;
        xml.open("properties", &[])?;
        for (name, value) in self.properties(facts) {
            xml.empty("property", &[("name", name), ("value", &value)])?;
        }
        xml.close("properties")?;
        for case in &cases {
            case.write(&mut xml)?;
        }
        xml.text("system-out", &[], &self.synthesis(facts).join("\n"))?;
        xml.close("testsuite")?;
        xml.close("testsuites")?;
        xml.finish()
    }

    fn properties(&self, facts: &Facts) -> Vec<(&'static str, String)> {
        let started = self.started();
        let known = [
            ("orchestra.run", self.run().map(ToString::to_string)),
            ("orchestra.verdict", Some(self.standing(facts.liveness).outcome().to_string())),
            ("orchestra.exit_code", self.exit_code().map(|code| code.to_string())),
            ("orchestra.plan", self.plan().map(|plan| plan.id.to_string())),
            ("orchestra.ticket", self.reference().map(str::to_owned)),
            ("orchestra.trace", started.map(|started| started.trace_id.to_string())),
            ("orchestra.version", started.map(|started| started.versions.orchestra.clone())),
        ];
        known.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }

    fn around(&self, facts: &Facts) -> Around {
        Around {
            liveness: facts.liveness,
            allows_unchecked: self.terms.as_ref().is_some_and(|terms| terms.allow_unchecked),
            run_succeeded: self.exit_code() == Some(0),
        }
    }

    /// Each task, its checks behind it; then the checks of the run as a whole.
    fn cases(&self, around: Around) -> Vec<Case> {
        let mut cases = Vec::new();
        for task in self.tasks() {
            cases.push(task_case(task, around));
            cases.extend(self.checks_of(&task.id).map(|check| check_case(check, Some(task), around)));
        }
        let of_run = self.checks().iter().filter(|check| check.task.is_none());
        cases.extend(of_run.map(|check| check_case(check, None, around)));
        cases
    }

    /// The run itself, where it did not end well and no task or check says so, or where it never came to its end.
    fn run_case(&self, facts: &Facts, cases: &[Case]) -> Option<Case> {
        let standing = self.standing(facts.liveness);
        let outcome = standing.outcome();
        let why = || Why {
            kind: outcome.as_str(),
            message: match &standing {
                Standing::Running => "the run is not finished yet".to_owned(),
                Standing::Interrupted => "its process ended before the run did".to_owned(),
                Standing::Stopped(cause) => format!("the run was stopped: {}", self.why_stopped(cause)),
                Standing::Finished(verdict) => format!("the run ended: {verdict}"),
            },
            seen: String::new(),
        };
        let is_told = cases.iter().any(|case| matches!(case.ending, Ending::Failed(_) | Ending::Errored(_)));
        let ending = match outcome {
            Outcome::Running => Ending::Skipped(why()),
            Outcome::Stopped | Outcome::Interrupted => Ending::Errored(why()),
            Outcome::Success | Outcome::Planned if cases.is_empty() => Ending::Passed,
            Outcome::Success | Outcome::Planned => return None,
            _ if is_told => return None,
            Outcome::Exhausted | Outcome::Unusable => Ending::Errored(why()),
            Outcome::Unverified | Outcome::Failed | Outcome::Denied => Ending::Failed(why()),
        };
        Some(Case {
            class: "orchestra.run",
            name: "run".to_owned(),
            time: self.elapsed(),
            ending,
            output: String::new(),
        })
    }
}

impl Counts {
    fn of(cases: &[Case]) -> Self {
        let mut counts = Self::default();
        for case in cases {
            match case.ending {
                Ending::Passed => {}
                Ending::Skipped(_) => counts.skipped += 1,
                Ending::Failed(_) => counts.failures += 1,
                Ending::Errored(_) => counts.errors += 1,
            }
        }
        counts
    }
}

impl Case {
    fn write(&self, xml: &mut Xml) -> Result<(), XmlError> {
        let ended = match &self.ending {
            Ending::Passed => None,
            Ending::Skipped(why) => Some(("skipped", why)),
            Ending::Failed(why) => Some(("failure", why)),
            Ending::Errored(why) => Some(("error", why)),
        };
        let time = seconds(self.time);
        let named = [("classname", self.class), ("name", &self.name), ("time", &time)];
        if ended.is_none() && self.output.is_empty() {
            return xml.empty("testcase", &named);
        }
        xml.open("testcase", &named)?;
        if let Some((element, why)) = ended {
            xml.text(element, &[("type", why.kind), ("message", &why.message)], &why.seen)?;
        }
        if !self.output.is_empty() {
            xml.text("system-out", &[], &self.output)?;
        }
        xml.close("testcase")
    }
}

fn task_case(row: &TaskRow, around: Around) -> Case {
    Case {
        class: "orchestra.task",
        name: row.id.to_string(),
        time: row.worked,
        ending: task_ending(row, around),
        output: said(row),
    }
}

fn task_ending(row: &TaskRow, around: Around) -> Ending {
    let why = |kind, message: &str| Why { kind, message: message.to_owned(), seen: String::new() };
    match row.seen(around.liveness) {
        TaskStatus::Succeeded => match row.verdict {
            None | Some(Verdict::Verified | Verdict::RegressionOnly) => Ending::Passed,
            Some(Verdict::Unchecked) if around.allows_unchecked => Ending::Passed,
            Some(verdict @ (Verdict::Unchecked | Verdict::Vacuous | Verdict::Inconclusive)) => {
                let why = why(verdict.as_str(), &format!("not verified: {}", words::meaning(verdict)));
                if around.run_succeeded { Ending::Skipped(why) } else { Ending::Failed(why) }
            }
        },
        TaskStatus::Failed => {
            let (class, detail) = row.error.clone().unwrap_or((FailureClass::Exited, String::new()));
            let message = format!("{class}: {}", words::last_line(&detail));
            let why = Why { kind: class.as_str(), message, seen: detail };
            if is_of_the_work(class) { Ending::Failed(why) } else { Ending::Errored(why) }
        }
        TaskStatus::Interrupted => Ending::Errored(why("interrupted", "its process ended before its work did")),
        TaskStatus::Skipped => Ending::Skipped(match &row.skipped {
            Some(cause @ (SkipCause::Dependency(_) | SkipCause::Stopped(_) | SkipCause::Rejected)) => {
                why("skipped", &words::skip(cause))
            }
            None => why("skipped", "it was not run"),
        }),
        TaskStatus::Cancelled => Ending::Skipped(why("cancelled", "a person ended it")),
        TaskStatus::Replaced => {
            let (class, detail) = row.error.clone().unwrap_or((FailureClass::Exited, String::new()));
            let message = format!("it failed ({class}), and the plan was changed for its sake");
            Ending::Skipped(Why { kind: "replaced", message, seen: detail })
        }
        TaskStatus::Pending => Ending::Skipped(why("not-run", "it has not been run")),
        TaskStatus::Running | TaskStatus::Checking => Ending::Skipped(why("running", "it is being worked on")),
    }
}

/// Whether the work itself is at fault, and not what it was done with.
fn is_of_the_work(class: FailureClass) -> bool {
    match class {
        FailureClass::Rejected | FailureClass::Reported | FailureClass::PolicyDenied => true,
        FailureClass::Transient
        | FailureClass::RateLimited
        | FailureClass::Quota
        | FailureClass::Auth
        | FailureClass::Timeout
        | FailureClass::Stalled
        | FailureClass::BadOutput
        | FailureClass::Exited
        | FailureClass::Interrupted
        | FailureClass::BudgetExhausted
        | FailureClass::Cancelled
        | FailureClass::Unusable => false,
    }
}

/// What there is to know of a task beside how it ended.
fn said(row: &TaskRow) -> String {
    let mut lines = vec![row.title.clone()];
    let by = row.agent.as_ref().map_or_else(String::new, |agent| format!(" by {}", agent.name));
    let tries = if row.attempts == 0 { "not begun".to_owned() } else { words::count(row.attempts, "attempt") };
    let reused = if row.reused { ", an earlier result" } else { "" };
    lines.push(format!("{}{by}, {tries}{reused}", row.role));
    if let Some(claim) = row.claim {
        lines.push(format!("The agent says: {}. {}", claim.as_str(), row.summary.trim()));
    }
    if let Some(verdict) = row.verdict {
        lines.push(format!("{}: {}", words::verdict(verdict), words::meaning_of(row.role, verdict)));
    }
    lines.join("\n")
}

fn check_case(row: &CheckRow, task: Option<&TaskRow>, around: Around) -> Case {
    let name = task.map_or_else(|| row.name.to_string(), |task| format!("{}: {}", task.id, row.name));
    let why = |kind, says: &str| Why {
        kind,
        message: if says.is_empty() { words::change(row) } else { format!("{}: {says}", words::change(row)) },
        seen: row.after.tail.clone(),
    };
    let stands = around.run_succeeded
        || task.is_some_and(|task| matches!(task.status, TaskStatus::Succeeded | TaskStatus::Replaced));
    let ending = match proof(row) {
        Proof::Fixed | Proof::Kept => Ending::Passed,
        Proof::Vacuous => Ending::Skipped(why("vacuous", "it should prove the change, and was green before it")),
        Proof::StillRed => Ending::Skipped(why("inconclusive", "as it was before the change")),
        Proof::Silent => Ending::Skipped(why("inconclusive", "it could not run")),
        // Of an earlier attempt, or not what the task was held to: what was judged after it counts.
        Proof::Broken if stands => Ending::Skipped(why("inconclusive", "it did not decide over the task")),
        Proof::Broken => Ending::Failed(why("red", words::last_line(&row.after.tail))),
    };
    let output = match ending {
        Ending::Passed => row.after.tail.clone(),
        Ending::Skipped(_) | Ending::Failed(_) | Ending::Errored(_) => failing(row),
    };
    Case { class: "orchestra.check", name, time: Span::from_millis(row.after.ms), ending, output }
}

fn proof(row: &CheckRow) -> Proof {
    match (&row.before, row.after.status) {
        (Some(before), _) => prove(row.expect.unwrap_or_default(), before, &row.after),
        (None, CheckStatus::Green) => Proof::Kept,
        (None, CheckStatus::Red) => Proof::Broken,
        (None, CheckStatus::Empty | CheckStatus::Missing) => Proof::Silent,
    }
}

fn failing(row: &CheckRow) -> String {
    let names = row.after.failing.as_deref().unwrap_or_default();
    if names.is_empty() { String::new() } else { format!("failing tests:\n{}", names.join("\n")) }
}

/// Seconds with three digits behind the point, which every reader takes.
fn seconds(span: Span) -> String {
    let ms = span.as_millis();
    format!("{}.{:03}", ms / 1000, ms % 1000)
}

#[cfg(test)]
mod tests {
    use super::super::sample::{Story, check_run, terms};
    use super::*;
    use crate::event::{Kind, RunOpened, RunVerdict, StopCause};
    use crate::plan::Role;

    const GONE: Facts = Facts { liveness: Liveness::Gone, diff: None, called: String::new() };

    fn junit(story: &Story) -> String {
        Summary::of(&story.events).junit(&GONE).unwrap()
    }

    /// The case of this name, with all that stands in it.
    #[track_caller]
    fn case(document: &str, name: &str) -> String {
        let cases: Vec<&str> = document.split("<testcase ").skip(1).collect();
        let found = cases.iter().find(|case| case.contains(&format!("name=\"{name}\"")));
        found.unwrap_or_else(|| panic!("no case {name} in\n{document}")).split("</testcase>").next().unwrap().to_owned()
    }

    #[test]
    fn a_run_that_went_well_has_nothing_but_passed_cases() {
        insta::assert_snapshot!(junit(&Story::red_to_green()), @r#"
        <?xml version="1.0" encoding="UTF-8"?>
        <testsuites name="orchestra" tests="3" failures="0" errors="0" time="10.000">
          <testsuite name="Fix median" id="20261121-093312-a1b2" timestamp="2026-11-21T09:33:13.000Z" skipped="0" tests="3" failures="0" errors="0" time="10.000">
            <properties>
              <property name="orchestra.run" value="20261121-093312-a1b2"/>
              <property name="orchestra.verdict" value="success"/>
              <property name="orchestra.exit_code" value="0"/>
              <property name="orchestra.plan" value="OP-20261121-093312-A1B2"/>
              <property name="orchestra.ticket" value="PROJ-7"/>
              <property name="orchestra.trace" value="0af7651916cd43dd8448eb211c80319c"/>
              <property name="orchestra.version" value="0.1.0"/>
            </properties>
            <testcase classname="orchestra.task" name="find" time="1.200">
              <system-out>Title of find
        research by builtin, 1 attempt
        The agent says: done. It is in src/lib.rs.
        verified: a valid answer, and an unchanged tree</system-out>
            </testcase>
            <testcase classname="orchestra.task" name="fix" time="1.900">
              <system-out>Title of fix
        implement by builtin, 1 attempt
        The agent says: done. Sorted first.
        verified: the checks prove the work</system-out>
            </testcase>
            <testcase classname="orchestra.check" name="fix: unit" time="0.700"/>
            <system-out>“Fix median” (PROJ-7) became a plan of 2 tasks, by the template planner.
        2 of 2 tasks succeeded in 10.0s.
        What proves it: the check unit was red before the change and green after it.
        What remains: apply the change to your files.</system-out>
          </testsuite>
        </testsuites>
        "#);
    }

    #[test]
    fn red_checks_are_failures_and_what_never_ran_is_skipped() {
        insta::assert_snapshot!(junit(&Story::red_stays()), @r#"
        <?xml version="1.0" encoding="UTF-8"?>
        <testsuites name="orchestra" tests="4" failures="2" errors="0" time="14.000">
          <testsuite name="Fix median" id="20261121-093312-a1b2" timestamp="2026-11-21T09:33:13.000Z" skipped="1" tests="4" failures="2" errors="0" time="14.000">
            <properties>
              <property name="orchestra.run" value="20261121-093312-a1b2"/>
              <property name="orchestra.verdict" value="failed"/>
              <property name="orchestra.exit_code" value="1"/>
              <property name="orchestra.plan" value="OP-20261121-093312-A1B2"/>
              <property name="orchestra.ticket" value="PROJ-7"/>
              <property name="orchestra.trace" value="0af7651916cd43dd8448eb211c80319c"/>
              <property name="orchestra.version" value="0.1.0"/>
            </properties>
            <testcase classname="orchestra.task" name="find" time="1.200">
              <system-out>Title of find
        research by builtin, 1 attempt
        The agent says: done. Found.
        verified: a valid answer, and an unchanged tree</system-out>
            </testcase>
            <testcase classname="orchestra.task" name="fix" time="3.800">
              <failure type="rejected" message="rejected: test median ... FAILED">unit is red
        test median ... FAILED</failure>
              <system-out>Title of fix
        implement by builtin, 2 attempts
        The agent says: done. Done!</system-out>
            </testcase>
            <testcase classname="orchestra.check" name="fix: unit" time="0.700">
              <failure type="red" message="red → red: test median ... FAILED">test median ... FAILED
        </failure>
            </testcase>
            <testcase classname="orchestra.task" name="judge" time="0.000">
              <skipped type="skipped" message="fix, which it depends on, did not succeed"/>
              <system-out>Title of judge
        review, not begun</system-out>
            </testcase>
            <system-out>“Fix median” (PROJ-7) became a plan of 3 tasks, by the template planner.
        1 of 3 tasks succeeded, 1 failed, 1 skipped in 14.0s.
        Nothing proves it: the check unit is red after the change.
        Task fix failed, though its agent said done: rejected: test median ... FAILED.
        What remains: rerun what failed or was skipped; finished tasks are not run again.</system-out>
          </testsuite>
        </testsuites>
        "#);
    }

    #[test]
    fn what_the_work_did_is_a_failure_and_what_kept_it_from_being_judged_is_an_error() {
        for class in FailureClass::ALL {
            let mut story = Story::opening("t", &[("a", Role::Implement)]);
            story.start("a").breaks("a", class, "x").fail("a", class, "x").end(RunVerdict::Failed);
            let document = junit(&story);
            let failures = ["rejected", "reported", "policy-denied"].contains(&class.as_str());
            let element = if failures { "failure" } else { "error" };
            assert!(case(&document, "a").contains(&format!("<{element} type=\"{class}\"")), "{document}");
            assert!(document.contains("tests=\"1\""), "the run has no case of its own: {document}");
        }
    }

    #[test]
    fn the_document_for_users_has_every_failure_class_as_the_code_has_it() {
        let document = include_str!("../../docs/reports.md");
        let table = document.split("| failure class | element |").nth(1).unwrap();
        for class in FailureClass::ALL {
            let element = if is_of_the_work(class) { "failure" } else { "error" };
            assert!(table.contains(&format!("| `{class}` | `{element}` |\n")), "{class}");
        }
    }

    #[test]
    fn a_task_that_is_not_verified_is_told_apart_and_fails() {
        for verdict in Verdict::ALL {
            let mut story = Story::opening("t", &[("a", Role::Implement)]);
            story.start("a").says("a", "Done.").succeed("a", verdict).end(RunVerdict::Unverified);
            let case = case(&junit(&story), "a");
            let failed = case.contains(&format!("<failure type=\"{verdict}\" message=\"not verified: "));
            assert_eq!(failed, !verdict.is_verified(), "{case}");
        }
    }

    #[test]
    fn an_unchecked_task_passes_where_that_is_allowed() {
        let mut story = Story::opening("t", &[("a", Role::Implement)]);
        let terms = crate::event::Terms { allow_unchecked: true, ..terms() };
        let opened =
            RunOpened { pid: 9, boot: None, version: "0.1.0".to_owned(), healed_bytes: 0, identity: None, terms };
        story.add(None, Kind::RunOpened(Box::new(opened)));
        story.start("a").says("a", "Done.").succeed("a", Verdict::Unchecked).end(RunVerdict::Success);
        assert!(junit(&story).contains("failures=\"0\" errors=\"0\""), "{}", junit(&story));
    }

    #[test]
    fn a_check_that_proves_nothing_is_skipped_and_says_why() {
        let table = [
            (CheckStatus::Red, CheckStatus::Green, "passed"),
            (CheckStatus::Green, CheckStatus::Green, "vacuous"),
            (CheckStatus::Missing, CheckStatus::Missing, "inconclusive"),
            (CheckStatus::Red, CheckStatus::Red, "red"),
        ];
        for (before, after, kind) in table {
            let mut story = Story::opening("t", &[("a", Role::Implement)]);
            story.base("unit", before).start("a").says("a", "Done.").check("a", "unit", after);
            story.fail("a", FailureClass::Rejected, "x").end(RunVerdict::Unverified);
            let case = case(&junit(&story), "a: unit");
            let element = if kind == "red" { "failure" } else { "skipped" };
            let told = case.contains(&format!("<{element} type=\"{kind}\""));
            assert_eq!(told, kind != "passed", "{before:?} {after:?}: {case}");
        }
    }

    #[test]
    fn a_run_that_was_made_good_in_the_end_has_no_failure() {
        let mut story = Story::opening("t", &[("a", Role::Implement)]);
        story.base("unit", CheckStatus::Red).start("a").says("a", "One half.").check("a", "unit", CheckStatus::Red);
        story.succeed("a", Verdict::Inconclusive);
        story.add(None, Kind::CheckFinished(Box::new(check_run("unit", CheckStatus::Green))));
        story.end(RunVerdict::Success);
        let document = junit(&story);
        assert!(document.contains("failures=\"0\" errors=\"0\""), "{document}");
        assert!(case(&document, "a").contains("<skipped type=\"inconclusive\""), "{document}");
        assert!(case(&document, "unit").contains("classname=\"orchestra.check\""), "{document}");
    }

    #[test]
    fn a_run_that_was_stopped_or_killed_is_an_error_whatever_its_tasks_came_to() {
        let mut story = Story::opening("t", &[("a", Role::Implement), ("b", Role::Test)]);
        story.start("a").says("a", "Done.").succeed("a", Verdict::Verified);
        let killed = junit(&story);
        assert!(case(&killed, "run").contains("<error type=\"interrupted\""), "{killed}");
        assert!(case(&killed, "b").contains("<skipped type=\"not-run\""), "{killed}");
        story.add(None, Kind::RunStopped { why: StopCause::Limit("limits.run".to_owned()) });
        let stopped = junit(&story);
        assert!(case(&stopped, "run").contains("the limit limits.run is used up"), "{stopped}");
        assert!(stopped.contains("name=\"orchestra.exit_code\" value=\"4\""), "{stopped}");
    }

    #[test]
    fn a_run_that_failed_before_it_had_a_task_is_no_empty_report() {
        let document = Summary::default().junit(&GONE).unwrap();
        assert!(case(&document, "run").contains("<error type=\"interrupted\""), "{document}");
        let mut refused = Story::default();
        refused.end(RunVerdict::Denied);
        assert!(case(&junit(&refused), "run").contains("<failure type=\"denied\""));
    }

    #[test]
    fn strangers_can_neither_break_the_document_nor_add_a_case() {
        const HOSTILE: &str = "]]> </testcase><testcase name=\"x\"> & \u{0}\u{1b}[2J\u{202e}\u{fffe}\r\n\"'";
        let mut story = Story::opening(HOSTILE, &[("a", Role::Implement)]);
        story.start("a").says("a", HOSTILE).start("a").breaks("a", FailureClass::Exited, HOSTILE);
        story.fail("a", FailureClass::Exited, HOSTILE).end(RunVerdict::Failed);
        let document = junit(&story);
        assert_eq!(document.matches("<testcase").count(), 1, "{document}");
        let forbidden = |c: char| c.is_control() && c != '\n' || ['\u{202e}', '\u{fffe}'].contains(&c);
        assert!(!document.contains(forbidden), "{document:?}");
        assert!(document.contains("]]&gt; &lt;/testcase&gt;"), "{document}");
    }
}
