//! A run in the words of a page: every amount said, nothing escaped yet. Markdown and the terminal show
//! the same page, so that they cannot tell two stories.

use serde::Serialize;

use super::drawing::PlanPicture;
use super::{CheckRow, Facts, Liveness, Metrics, Moment, NextStep, Standing, Summary, TaskRow, words};
use crate::event::{CheckStatus, Sandbox};
use crate::plan::Expect;
use crate::text;

/// Most lines of a timeline or a diff; the rest is in the journal and in the patch.
const MAX_LINES: usize = 200;

#[derive(Debug, Serialize)]
pub(super) struct Page {
    pub(super) title: String,
    pub(super) verdict: String,
    pub(super) synthesis: String,
    pub(super) narrative: Option<Words>,
    pub(super) facts: Vec<Pair>,
    pub(super) picture: Option<PlanPicture>,
    pub(super) census: String,
    pub(super) tasks: Vec<TaskLine>,
    pub(super) checks: Vec<CheckLine>,
    pub(super) diff: Option<Diff>,
    pub(super) artifacts: Vec<ArtifactLine>,
    pub(super) review: Option<Review>,
    pub(super) errors: Vec<ErrorLine>,
    pub(super) concerns: Vec<ConcernLine>,
    pub(super) timeline: Vec<MomentLine>,
    pub(super) metrics: Vec<Pair>,
    pub(super) warning: String,
    pub(super) next: String,
}

/// A model's words about the results.
#[derive(Debug, Serialize)]
pub(super) struct Words {
    pub(super) by: String,
    pub(super) lines: Vec<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct Pair {
    pub(super) label: &'static str,
    pub(super) value: String,
}

#[derive(Debug, Serialize)]
pub(super) struct TaskLine {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) role: &'static str,
    pub(super) agent: String,
    pub(super) status: String,
    pub(super) claimed: String,
    pub(super) verified: &'static str,
    pub(super) attempts: u32,
    pub(super) time: String,
    pub(super) said: String,
    pub(super) note: String,
}

#[derive(Debug, Serialize)]
pub(super) struct CheckLine {
    pub(super) name: String,
    pub(super) of: String,
    pub(super) change: String,
    pub(super) detail: String,
    pub(super) tail: String,
}

#[derive(Debug, Serialize)]
pub(super) struct Diff {
    pub(super) files: Vec<DiffLine>,
    pub(super) more: usize,
}

#[derive(Debug, Serialize)]
pub(super) struct DiffLine {
    pub(super) path: String,
    pub(super) added: u64,
    pub(super) removed: u64,
}

#[derive(Debug, Serialize)]
pub(super) struct ArtifactLine {
    pub(super) path: String,
    pub(super) kind: &'static str,
    pub(super) size: String,
    pub(super) sha256: String,
    pub(super) task: String,
    pub(super) attempt: u32,
}

#[derive(Debug, Serialize)]
pub(super) struct Review {
    pub(super) task: String,
    pub(super) status: String,
    pub(super) summary: String,
    pub(super) findings: Vec<FindingLine>,
}

#[derive(Debug, Serialize)]
pub(super) struct FindingLine {
    pub(super) severity: String,
    pub(super) place: String,
    pub(super) text: String,
}

#[derive(Debug, Serialize)]
pub(super) struct ErrorLine {
    pub(super) class: &'static str,
    pub(super) count: String,
    pub(super) tasks: String,
    pub(super) detail: String,
}

#[derive(Debug, Serialize)]
pub(super) struct ConcernLine {
    pub(super) kind: &'static str,
    pub(super) task: String,
    pub(super) text: String,
}

#[derive(Debug, Serialize)]
pub(super) struct MomentLine {
    pub(super) at: String,
    pub(super) task: String,
    pub(super) what: String,
}

impl Page {
    pub(super) fn of(summary: &Summary, facts: &Facts) -> Self {
        let standing = summary.standing(facts.liveness);
        let metrics = summary.metrics(facts.liveness);
        Self {
            title: match summary.title() {
                "" => "Run".to_owned(),
                title => text::printable(title, 160),
            },
            verdict: standing.outcome().to_string(),
            synthesis: summary.synthesis(facts).join(" "),
            narrative: summary.narrative().map(narrative),
            facts: particulars(summary, &standing),
            picture: summary.report_picture(facts),
            census: census(&metrics),
            tasks: summary.tasks().iter().map(|row| task_line(row, facts.liveness)).collect(),
            checks: summary.checks().iter().map(check_line).collect(),
            diff: facts.diff.as_ref().map(|diff| Diff {
                more: diff.files.len().saturating_sub(MAX_LINES),
                files: diff.files.iter().take(MAX_LINES).map(diff_line).collect(),
            }),
            artifacts: summary.artifacts().map(artifact_line).collect(),
            review: summary.final_review().map(review),
            errors: summary.errors().iter().map(error_line).collect(),
            concerns: summary.concerns().iter().map(concern_line).collect(),
            timeline: timeline(summary.timeline()),
            metrics: numbers(&metrics),
            warning: warning(summary),
            next: commands(&summary.next_steps(facts)),
        }
    }
}

fn narrative(it: &super::Narrative) -> Words {
    let lines = it.text.lines().map(|line| text::printable(line.trim(), 2000)).filter(|line| !line.is_empty());
    Words { by: text::printable(&it.by, 80), lines: lines.collect() }
}

fn particulars(summary: &Summary, standing: &Standing) -> Vec<Pair> {
    let mut pairs = Vec::new();
    let mut say = |label, value: String| pairs.push(Pair { label, value });
    let exit = summary.exit_code().map_or(String::new(), |code| format!(" (exit {code})"));
    let why = match standing {
        Standing::Stopped(cause) => format!(": {}", summary.why_stopped(cause)),
        Standing::Running | Standing::Interrupted | Standing::Finished(_) => String::new(),
    };
    say("verdict", format!("{}{why}{exit}", standing.outcome()));
    if let Some(run) = summary.run() {
        say("run", run.to_string());
    }
    if let Some(key) = summary.reference() {
        say("ticket", text::printable(key, 80));
    }
    if let Some(plan) = summary.plan() {
        let by = plan.planned_by.as_deref().or(summary.started().map(|started| started.planned_by.as_str()));
        let by = by.map_or(String::new(), |by| format!(", by {}", text::printable(by, 40)));
        let revision = if plan.revision > 1 { format!(", revision {}", plan.revision) } else { String::new() };
        say("plan", format!("{}{by}{revision}", plan.id));
        if !plan.goal.summary.is_empty() {
            say("goal", text::printable(&plan.goal.summary, 300));
        }
    }
    if let Some(started) = summary.started() {
        if let Some(commit) = &started.base.commit {
            say("base", text::printable(commit, 64));
        }
        say("trace", started.trace_id.to_string());
        say("began", format!("{} UTC", words::time(summary.first_at())));
        say("last recorded", format!("{} UTC", words::time(summary.last_at())));
    }
    for onto in summary.applied() {
        say("applied onto", text::printable(&onto.path, 200));
    }
    pairs
}

fn census(metrics: &Metrics) -> String {
    let census = &metrics.census;
    let parts = [
        (census.planned, "planned"),
        (census.run, "run"),
        (census.passed, "passed"),
        (census.failed, "failed"),
        (census.skipped, "skipped"),
        (census.reused, "reused"),
        (census.unverified, "unverified"),
    ];
    let mut said: Vec<String> = parts.iter().map(|(n, what)| format!("{n} {what}")).collect();
    for (n, what) in [(census.cancelled, "cancelled"), (census.replaced, "replaced"), (census.open, "not finished")] {
        if n > 0 {
            said.push(format!("{n} {what}"));
        }
    }
    said.join(", ")
}

fn task_line(row: &TaskRow, liveness: Liveness) -> TaskLine {
    let mut notes = Vec::new();
    if let Some(cause) = &row.skipped {
        notes.push(format!("skipped: {}", words::skip(cause)));
    }
    if let Some((class, detail)) = &row.error {
        notes.push(format!("{class}: {}", text::printable(words::last_line(detail), 300)));
    }
    if let Some(verdict) = row.verdict.filter(|verdict| *verdict != crate::event::Verdict::Verified) {
        notes.push(format!("{}: {}", words::verdict(verdict), words::meaning(verdict)));
    }
    let reused = if row.reused { " (reused)" } else { "" };
    TaskLine {
        id: row.id.to_string(),
        title: text::printable(&row.title, 160),
        role: row.role.as_str(),
        agent: row.agent.as_ref().map_or_else(|| "—".to_owned(), |agent| agent.name.to_string()),
        status: format!("{}{reused}", row.seen(liveness).as_str()),
        claimed: match (row.opinion, row.claim) {
            (Some(opinion), _) => opinion.words(),
            (None, claim) => claim.map_or("—", super::Claim::as_str).to_owned(),
        },
        verified: words::verified(row),
        attempts: row.attempts,
        time: if row.attempts == 0 { "—".to_owned() } else { words::span(row.worked) },
        said: text::printable(&row.summary, 500),
        note: notes.join("; "),
    }
}

fn check_line(row: &CheckRow) -> CheckLine {
    let failing = row.after.failing.as_ref().filter(|failing| !failing.is_empty());
    let expect = row.expect.map(|expect| match expect {
        Expect::Change => "must turn green",
        Expect::Keep => "must stay green",
    });
    let details = [
        row.after.tests.map(|tests| words::count(tests, "test")),
        failing.map(|failing| format!("{} failing", failing.len())),
        Some(words::millis(row.after.ms)),
        expect.map(str::to_owned),
    ];
    let detail = details.into_iter().flatten().fold(String::new(), |said, detail| said + ", " + &detail);
    let green = row.after.status == CheckStatus::Green;
    CheckLine {
        name: row.name.to_string(),
        of: row.task.as_ref().map_or_else(|| "the run".to_owned(), ToString::to_string),
        change: words::change(row),
        detail,
        tail: if green { String::new() } else { row.after.tail.clone() },
    }
}

fn diff_line(file: &super::DiffFile) -> DiffLine {
    DiffLine { path: text::printable(&file.path, 300), added: file.added, removed: file.removed }
}

fn artifact_line(row: &super::ArtifactRow) -> ArtifactLine {
    ArtifactLine {
        path: text::printable(&row.path, 300),
        kind: row.kind.as_str(),
        size: words::bytes(row.size),
        sha256: row.sha256.to_string(),
        task: row.task.to_string(),
        attempt: row.attempt,
    }
}

fn review(row: &TaskRow) -> Review {
    let place = |finding: &super::Finding| match (&finding.file, finding.line) {
        (Some(file), Some(line)) => format!("{}:{line}", text::printable(file, 200)),
        (Some(file), None) => text::printable(file, 200),
        (None, _) => String::new(),
    };
    Review {
        task: row.id.to_string(),
        status: match row.opinion {
            Some(opinion) => format!("{} ({})", row.status.as_str(), opinion.words()),
            None => row.status.as_str().to_owned(),
        },
        summary: text::printable(&row.summary, 1000),
        findings: row
            .findings
            .iter()
            .map(|finding| FindingLine {
                severity: finding.severity.clone(),
                place: place(finding),
                text: text::printable(&finding.text, 500),
            })
            .collect(),
    }
}

fn error_line(group: &super::ErrorGroup) -> ErrorLine {
    let mut tasks: Vec<String> = group.tasks.iter().take(10).map(ToString::to_string).collect();
    if group.tasks.len() > 10 {
        tasks.push(format!("{} more", group.tasks.len() - 10));
    }
    ErrorLine {
        class: group.class.as_str(),
        count: words::count(group.count, "failure"),
        tasks: words::list(&tasks),
        detail: group.detail.clone(),
    }
}

fn concern_line(concern: &super::Concern) -> ConcernLine {
    ConcernLine {
        kind: concern.kind.as_str(),
        task: concern.task.as_ref().map_or_else(String::new, ToString::to_string),
        text: text::printable(&concern.text, 500),
    }
}

/// All of it, or its two ends with a word on what lies between.
fn timeline(moments: &[Moment]) -> Vec<MomentLine> {
    let line = |moment: &Moment| MomentLine {
        at: words::time(moment.at),
        task: match (&moment.task, moment.attempt) {
            (Some(task), Some(attempt)) if attempt > 1 => format!("{task}, attempt {attempt}"),
            (Some(task), _) => task.to_string(),
            (None, _) => "—".to_owned(),
        },
        what: text::printable(&moment.what, 300),
    };
    if moments.len() <= MAX_LINES {
        return moments.iter().map(line).collect();
    }
    let half = MAX_LINES / 2;
    let what = format!("{} more, in events.jsonl", moments.len() - MAX_LINES);
    let mut lines: Vec<MomentLine> = moments[..half].iter().map(line).collect();
    lines.push(MomentLine { at: "…".to_owned(), task: "…".to_owned(), what });
    lines.extend(moments[moments.len() - half..].iter().map(line));
    lines
}

fn numbers(metrics: &Metrics) -> Vec<Pair> {
    let mut pairs = Vec::new();
    let mut say = |label, value: String| pairs.push(Pair { label, value });
    let ended = metrics.census.passed + metrics.census.failed;
    // In whole numbers: a rate of 99.6 % must not be rounded up to all.
    if let Some(rate) = (metrics.census.passed * 100).checked_div(ended) {
        say("success rate", format!("{rate} % ({} of {ended})", metrics.census.passed));
    }
    say("attempts", metrics.attempts.to_string());
    say("wall time", words::millis(metrics.elapsed_ms));
    say("time in attempts and checks", words::millis(metrics.worked_ms));
    if let Some(mean) = metrics.mean_task_ms {
        say("mean per task", words::millis(mean));
    }
    say("processes", format!("{}, {} cut off", metrics.processes, metrics.interruptions));
    let usage = &metrics.usage;
    let attempts = usage.told + usage.silent;
    if usage.told > 0 {
        say("tokens", words::tokens(usage));
        say("cost", usage.usd.map_or_else(|| "unknown".to_owned(), |usd| format!("{usd} USD")));
        say("usage reported by", format!("{} of {attempts} attempts and planning rounds", usage.told));
    } else if attempts > 0 {
        say("tokens and cost", format!("unknown: none of {attempts} attempts and planning rounds reported it"));
    }
    pairs
}

fn warning(summary: &Summary) -> String {
    let Some(started) = summary.started() else { return String::new() };
    let confined = match started.sandbox {
        Sandbox::None => "none. Agents and checks ran with your own rights; do not run strangers' tickets.",
    };
    let place = if started.terms.in_place {
        " They worked in place, in your own files: no snapshot, no rollback, no proof of what was changed."
    } else {
        ""
    };
    format!("{confined}{place}")
}

/// One command a line, each with what it does behind a `#`.
fn commands(steps: &[NextStep]) -> String {
    let width = steps.iter().map(|step| step.command.chars().count()).max().unwrap_or(0);
    let lines: Vec<String> = steps.iter().map(|step| format!("{:width$}  # {}", step.command, step.why)).collect();
    lines.join("\n")
}
