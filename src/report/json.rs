//! `orchestra.report/v1`: the report for machines. `config/report.schema.json` is made from these types.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    ArtifactRow, CheckRow, Claim, Concern, DiffStat, ErrorGroup, Facts, Finding, Liveness, Metrics, Narrative,
    NextStep, Opinion, Outcome, Session, Summary, TaskRow, TaskStatus, words,
};
use crate::event::{CheckOutcome, FailureClass, Gauge, Sandbox, Usage, Verdict};
use crate::ids::{CheckName, PlanId, RunId, TaskId, TraceId};
use crate::plan::{Expect, Role};
use crate::time::Timestamp;

/// The value of a report's `schema` field.
pub const REPORT_SCHEMA: &str = "orchestra.report/v1";

/// What a run came to. Every field is always there; what is not known is null.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Report {
    /// Always `orchestra.report/v1`.
    pub schema: String,
    /// Whether every task succeeded and is verified.
    pub success: bool,
    /// How the run stands.
    pub verdict: Outcome,
    /// Why it ended early, where it did.
    pub stopped: Option<String>,
    /// What it ended with; null while it runs, and after a kill.
    pub exit_code: Option<u8>,
    /// The run.
    pub run: Option<RunId>,
    /// The newest accepted plan.
    pub plan_id: Option<PlanId>,
    /// What was asked.
    pub ticket: Ticket,
    /// The results in two to five sentences.
    pub synthesis: Vec<String>,
    /// What a model wrote about the results, which nothing has checked; null where none did.
    pub narrative: Option<Narrative>,
    /// Which planner made the plan.
    pub planned_by: Option<String>,
    /// How children were confined.
    pub sandbox: Option<Sandbox>,
    /// Ties journal, trace and children together.
    pub trace_id: Option<TraceId>,
    /// When the run began.
    pub started_at: Option<Timestamp>,
    /// When the last thing was recorded.
    pub ended_at: Option<Timestamp>,
    /// The tasks, in the plan's order.
    pub steps: Vec<Step>,
    /// The checks, before the work and after it.
    pub checks: Vec<CheckLine>,
    /// Files that succeeded tasks left.
    pub artifacts: Vec<ArtifactRow>,
    /// What the last review said.
    pub final_review: Option<FinalReview>,
    /// The change, file by file; null where there are no trees to compare.
    pub diff: Option<DiffStat>,
    /// The numbers.
    pub metrics: Metrics,
    /// Each limit of the run, with what is used of it.
    pub limits: Vec<Gauge>,
    /// Failures, grouped.
    pub errors: Vec<ErrorGroup>,
    /// What a reader should know that is no failure by itself.
    pub concerns: Vec<Concern>,
    /// The processes that worked on it.
    pub processes: Vec<Session>,
    /// Where the change was brought.
    pub applied: Vec<String>,
    /// What to type next, the likeliest first.
    pub next: Vec<NextStep>,
}

/// What was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Ticket {
    /// Its key or number in the tracker it came from.
    #[serde(rename = "ref")]
    pub reference: Option<String>,
    /// One line for people.
    pub title: String,
}

/// One task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Step {
    /// Its id in the plan.
    pub id: TaskId,
    /// One line for people.
    pub title: String,
    /// What kind of work it is.
    pub role: Role,
    /// What it waited for.
    pub depends_on: Vec<TaskId>,
    /// Who did it, as the config names it; null before it ran.
    pub agent: Option<String>,
    /// The model that agent uses, where that is known.
    pub model: Option<String>,
    /// How far it is.
    pub status: TaskStatus,
    /// What the agent said.
    pub claim: Option<Claim>,
    /// What it found of the work, where it is a review that says so.
    pub opinion: Option<Opinion>,
    /// What the checks proved.
    pub verdict: Option<Verdict>,
    /// Whether an earlier result was taken instead of working again.
    pub reused: bool,
    /// When its first attempt started.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// Attempts begun.
    pub attempts: u32,
    /// Measured time of its attempts and checks.
    pub duration_ms: u64,
    /// The agent's sentence or two.
    pub summary: Option<String>,
    /// The agent's answer, clipped; its summary where it gave no other.
    pub output: Option<String>,
    /// What the agent noticed.
    pub findings: Vec<Finding>,
    /// Why it failed.
    pub error: Option<StepError>,
    /// Why it never ran.
    pub skipped: Option<String>,
    /// What it used, by its agent's account.
    pub usage: Usage,
}

/// Why a task failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StepError {
    /// What kind of failure.
    pub class: FailureClass,
    /// What was seen.
    pub detail: String,
}

/// One check, before the work and after it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CheckLine {
    /// Its name.
    pub name: CheckName,
    /// The task it judged; null for the run as a whole.
    pub task: Option<TaskId>,
    /// The attempt it judged.
    pub attempt: Option<u32>,
    /// What it is to prove.
    pub expect: Option<Expect>,
    /// `red → green`, in words.
    pub change: String,
    /// On the base, where it ran there.
    pub before: Option<CheckOutcome>,
    /// On the result.
    pub after: CheckOutcome,
}

/// What the last review said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FinalReview {
    /// The review task.
    pub task: TaskId,
    /// How it ended.
    pub status: TaskStatus,
    /// What the agent said of its work.
    pub claim: Option<Claim>,
    /// What it found of the work, where it says so.
    pub opinion: Option<Opinion>,
    /// Its sentence or two.
    pub summary: String,
    /// What it noticed.
    pub findings: Vec<Finding>,
}

/// The JSON schema of a report, indented by two, with a newline at its end.
pub fn schema() -> String {
    // As it is written, not as it may be read: a field that may be null is there all the same.
    let settings = schemars::generate::SchemaSettings::draft2020_12().for_serialize();
    let value = settings.into_generator().into_root_schema_for::<Report>().to_value();
    format!("{value:#}\n")
}

impl Report {
    /// The report of a run.
    pub fn of(summary: &Summary, facts: &Facts) -> Self {
        let standing = summary.standing(facts.liveness);
        let started = summary.started();
        let verdict = standing.outcome();
        Self {
            schema: REPORT_SCHEMA.to_owned(),
            success: verdict == Outcome::Success,
            verdict,
            stopped: summary.stopped.as_ref().map(|cause| summary.why_stopped(cause)),
            exit_code: summary.exit_code(),
            run: summary.run().cloned(),
            plan_id: summary.plan().map(|plan| plan.id.clone()),
            ticket: Ticket { reference: summary.reference().map(str::to_owned), title: summary.title().to_owned() },
            synthesis: summary.synthesis(facts),
            narrative: summary.narrative().cloned(),
            planned_by: started.map(|started| started.planned_by.clone()),
            sandbox: started.map(|started| started.sandbox),
            trace_id: started.map(|started| started.trace_id.clone()),
            started_at: summary.run().map(|_| summary.first_at()),
            ended_at: summary.run().map(|_| summary.last_at()),
            steps: summary.tasks().iter().map(|row| step(row, facts.liveness)).collect(),
            checks: summary.checks().iter().map(check_line).collect(),
            artifacts: summary.artifacts().cloned().collect(),
            final_review: summary.final_review().map(final_review),
            diff: facts.diff.clone(),
            metrics: summary.metrics(facts.liveness),
            limits: summary.gauges(),
            errors: summary.errors().to_vec(),
            concerns: summary.concerns().to_vec(),
            processes: summary.sessions().to_vec(),
            applied: summary.applied().iter().map(|onto| onto.path.clone()).collect(),
            next: summary.next_steps(facts),
        }
    }
}

fn step(row: &TaskRow, liveness: Liveness) -> Step {
    let said = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    Step {
        id: row.id.clone(),
        title: row.title.clone(),
        role: row.role,
        depends_on: row.depends_on.clone(),
        agent: row.agent.as_ref().map(|agent| agent.name.to_string()),
        model: row.agent.as_ref().and_then(|agent| agent.model.clone()),
        status: row.seen(liveness),
        claim: row.claim,
        opinion: row.opinion,
        verdict: row.verdict,
        reused: row.reused,
        started_at: row.started_at,
        ended_at: row.ended_at,
        attempts: row.attempts,
        duration_ms: row.worked.as_millis(),
        summary: said(&row.summary),
        output: said(&row.output).or_else(|| said(&row.summary)),
        findings: row.findings.clone(),
        error: row.error.as_ref().map(|(class, detail)| StepError { class: *class, detail: detail.clone() }),
        skipped: row.skipped.as_ref().map(words::skip),
        usage: row.usage,
    }
}

fn check_line(row: &CheckRow) -> CheckLine {
    CheckLine {
        name: row.name.clone(),
        task: row.task.clone(),
        attempt: row.attempt,
        expect: row.expect,
        change: words::change(row),
        before: row.before.clone(),
        after: row.after.clone(),
    }
}

fn final_review(row: &TaskRow) -> FinalReview {
    FinalReview {
        task: row.id.clone(),
        status: row.status,
        claim: row.claim,
        opinion: row.opinion,
        summary: row.summary.clone(),
        findings: row.findings.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::Story;
    use super::*;

    /// With `UPDATE_SCHEMAS` set the committed file is written anew.
    #[test]
    fn the_committed_schema_is_the_one_the_types_make() {
        const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/config/report.schema.json");
        if option_env!("UPDATE_SCHEMAS").is_some() {
            crate::sys::fs::write(PATH.as_ref(), schema().as_bytes()).unwrap();
        }
        let committed = include_str!("../../config/report.schema.json");
        assert!(schema() == committed, "config/report.schema.json is stale: UPDATE_SCHEMAS=1 cargo test schema");
    }

    #[test]
    fn a_report_survives_write_and_read() {
        for story in [Story::red_to_green(), Story::red_stays(), Story::default()] {
            let facts = Facts { liveness: Liveness::Gone, diff: Some(DiffStat::default()), called: String::new() };
            let report = Report::of(&Summary::of(&story.events), &facts);
            let text = serde_json::to_string_pretty(&report).unwrap();
            assert_eq!(serde_json::from_str::<Report>(&text).unwrap(), report);
        }
    }

    #[test]
    fn every_field_is_there_also_when_nothing_is_known() {
        let facts = Facts { liveness: Liveness::Gone, diff: None, called: String::new() };
        let value = serde_json::to_value(Report::of(&Summary::default(), &facts)).unwrap();
        for field in ["success", "verdict", "exit_code", "plan_id", "steps", "artifacts", "final_review", "errors"] {
            assert!(value.get(field).is_some(), "{field}");
        }
        assert_eq!(value["success"], false);
    }

    #[test]
    fn a_failed_run_says_so_in_every_place() {
        let facts = Facts { liveness: Liveness::Gone, diff: None, called: String::new() };
        let report = Report::of(&Summary::of(&Story::red_stays().events), &facts);
        assert!(!report.success);
        assert_eq!((report.verdict, report.exit_code), (Outcome::Failed, Some(1)));
        assert_eq!(report.steps[1].error.as_ref().unwrap().class, FailureClass::Rejected);
        assert!(report.steps[1].started_at < report.steps[1].ended_at);
        assert_eq!(report.steps[2].skipped.as_deref(), Some("fix, which it depends on, did not succeed"));
    }
}
