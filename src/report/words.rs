//! How amounts, colours and causes are said, the same in every rendering.

use crate::event::{
    AttemptFinished, CheckStatus, Decision, Gauge, Limit, Purpose, SkipCause, StopCause, Usage, Verdict,
};
use crate::message::TaskResult;
use crate::money::Usd;
use crate::plan::Role;
pub(crate) use crate::text::count;
use crate::time::{Span, Timestamp};

use super::{CheckRow, Opinion, TaskRow, TaskStatus, UsageTotal};

/// What an agent says of its work, with its judgement over it, where it is a review's.
pub fn said(result: &TaskResult) -> String {
    let says = if result.status.is_done() { "says done" } else { "says it failed" };
    Opinion::of(result).map_or_else(|| says.to_owned(), |opinion| format!("{says}: {}", opinion.words()))
}

/// What an attempt left behind, and who it was.
pub fn left_behind(it: &AttemptFinished) -> String {
    let named: Vec<String> = it.left.iter().map(|left| format!("{} ({})", left.name, left.pid)).collect();
    let which = if named.is_empty() { String::new() } else { format!(": {}", named.join(", ")) };
    let more = if !named.is_empty() && (named.len() as u64) < u64::from(it.leaked) { ", …" } else { "" };
    format!("{} left behind, and ended by us{which}{more}", count(it.leaked, "process"))
}

/// A span as people say it: `340ms`, `1.2s`, `2m03s`, `1h02m`.
pub(crate) fn span(span: Span) -> String {
    let ms = span.as_millis();
    match ms {
        0..1_000 => format!("{ms}ms"),
        1_000..60_000 => format!("{}.{}s", ms / 1_000, ms % 1_000 / 100),
        60_000..3_600_000 => format!("{}m{:02}s", ms / 60_000, ms / 1_000 % 60),
        _ => format!("{}h{:02}m", ms / 3_600_000, ms / 60_000 % 60),
    }
}

/// Milliseconds, as [`span`] says them.
pub(crate) fn millis(ms: u64) -> String {
    span(Span::from_millis(ms))
}

/// A point in time to the second: `2026-11-21 09:33:12`, UTC.
pub(crate) fn time(at: Timestamp) -> String {
    let text = at.to_string();
    format!("{} {}", text.get(..10).unwrap_or_default(), text.get(11..19).unwrap_or_default())
}

/// The last `n` lines that are not empty.
pub(crate) fn last_lines(text: &str, n: usize) -> Vec<&str> {
    let mut lines: Vec<&str> = text.lines().rev().filter(|line| !line.trim().is_empty()).take(n).collect();
    lines.reverse();
    lines
}

/// The last line that is not empty, without its indent: where tools say what went wrong.
pub(crate) fn last_line(text: &str) -> &str {
    last_lines(text, 1).first().map_or("", |line| line.trim())
}

/// An amount of bytes: `812 B`, `1.4 KiB`.
pub(crate) fn bytes(bytes: u64) -> String {
    let mut unit = "B";
    let mut tenths = bytes.saturating_mul(10);
    for next in ["KiB", "MiB", "GiB", "TiB"] {
        if tenths < 10_240 {
            break;
        }
        tenths /= 1024;
        unit = next;
    }
    if unit == "B" { format!("{bytes} B") } else { format!("{}.{} {unit}", tenths / 10, tenths % 10) }
}

/// Dollars, with two digits behind the point; a little is never shown as nothing.
pub(crate) fn dollars(usd: Usd) -> String {
    let cents = usd.as_micros().saturating_add(5_000) / 10_000;
    if usd > Usd::ZERO && usd < Usd::from_micros(10_000) {
        "<$0.01".to_owned()
    } else {
        format!("${}.{:02}", cents / 100, cents % 100)
    }
}

/// Tokens in both directions, as far as anyone told.
pub(crate) fn tokens(usage: &UsageTotal) -> String {
    let known = |amount: Option<u64>| amount.map_or_else(|| "unknown".to_owned(), |n| n.to_string());
    match (usage.input_tokens, usage.output_tokens) {
        (None, None) => "unknown".to_owned(),
        (read, written) => format!("{} read, {} written", known(read), known(written)),
    }
}

/// A number where there is little room: `812`, `3.4k`, `1.2M`.
pub(crate) fn short(n: u64) -> String {
    match n {
        0..1_000 => n.to_string(),
        1_000..1_000_000 => format!("{}.{}k", n / 1_000, n % 1_000 / 100),
        _ => format!("{}.{}M", n / 1_000_000, n % 1_000_000 / 100_000),
    }
}

/// `a`, `a and b`, `a, b and c`.
pub(crate) fn list(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [only] => only.clone(),
        [rest @ .., last] => format!("{} and {last}", rest.join(", ")),
    }
}

/// A check's colour.
pub(crate) fn colour(status: CheckStatus) -> &'static str {
    match status {
        CheckStatus::Green => "green",
        CheckStatus::Red => "red",
        CheckStatus::Empty => "no tests",
        CheckStatus::Missing => "tool missing",
    }
}

/// `red → green`; only the last where the check did not run on the base.
pub(crate) fn change(row: &CheckRow) -> String {
    let after = colour(row.after.status);
    match &row.before {
        Some(before) => format!("{} → {after}", colour(before.status)),
        None => after.to_owned(),
    }
}

/// What was proved of a succeeded task.
pub(crate) fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Verified => "verified",
        Verdict::RegressionOnly => "regression only",
        Verdict::Unchecked => "unchecked",
        Verdict::Vacuous => "vacuous",
        Verdict::Inconclusive => "inconclusive",
    }
}

/// What a verdict short of `verified` means.
pub(crate) fn meaning(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Verified => "the checks prove the work",
        Verdict::RegressionOnly => "nothing was broken; no check proves that the work itself was done",
        Verdict::Unchecked => "there was no check",
        Verdict::Vacuous => "a check that should prove the change was green before it",
        Verdict::Inconclusive => {
            "the checks could not decide: they are red as they were before, a tool is missing, or no test ran"
        }
    }
}

/// The same for a task without a check of its own.
pub(crate) fn meaning_of(role: Role, verdict: Verdict) -> &'static str {
    if verdict == Verdict::Verified && role.is_read_only() {
        "a valid answer, and an unchanged tree"
    } else {
        meaning(verdict)
    }
}

/// What stands in the column beside the agent's claim.
pub(crate) fn verified(row: &TaskRow) -> &'static str {
    match (row.verdict, row.status) {
        (Some(known), _) => verdict(known),
        (None, TaskStatus::Failed | TaskStatus::Replaced) => "no",
        (
            None,
            TaskStatus::Pending
            | TaskStatus::Running
            | TaskStatus::Checking
            | TaskStatus::Interrupted
            | TaskStatus::Succeeded
            | TaskStatus::Skipped
            | TaskStatus::Cancelled,
        ) => "—",
    }
}

/// Why a task never ran.
pub(crate) fn skip(cause: &SkipCause) -> String {
    match cause {
        SkipCause::Dependency(task) => format!("{task}, which it depends on, did not succeed"),
        SkipCause::Stopped(task) => format!("{task} failed, and the run does not continue on errors"),
        SkipCause::Rejected => "a person refused it".to_owned(),
    }
}

/// What a person decided.
pub(crate) fn decision(decision: Decision) -> &'static str {
    match decision {
        Decision::Approve => "approved",
        Decision::Reject => "rejected",
    }
}

/// What is used of a limit: `2.0s of 2.0s`, `$5.20 of $5.00`.
pub(crate) fn gauge(gauge: &Gauge) -> String {
    let shown = |amount: u64| match gauge.limit {
        Limit::RunTime => millis(amount),
        Limit::Launches | Limit::Tokens => amount.to_string(),
        Limit::RunBytes => bytes(amount),
        Limit::Usd => format!("${}", Usd::from_micros(amount)),
    };
    format!("{} of {}", shown(gauge.used), shown(gauge.of))
}

/// What a limit is about.
pub(crate) fn limit(limit: Limit) -> &'static str {
    match limit {
        Limit::RunTime => "wall time",
        Limit::Launches => "launches",
        Limit::RunBytes => "run directory",
        Limit::Usd => "money",
        Limit::Tokens => "tokens",
    }
}

/// What a request is for.
pub(crate) fn purpose(purpose: Purpose) -> String {
    match purpose {
        Purpose::Plan(1) => "a plan".to_owned(),
        Purpose::Plan(round) => format!("a better plan (round {round})"),
        Purpose::Revision(_) => "another way".to_owned(),
        Purpose::Summary => "a summary".to_owned(),
    }
}

/// What was used, as far as it was told.
pub(crate) fn usage(usage: &Usage) -> String {
    match (usage.usd, usage.tokens()) {
        (Some(usd), Some(tokens)) => format!("${usd} and {tokens} tokens"),
        (Some(usd), None) => format!("${usd}"),
        (None, Some(tokens)) => format!("{tokens} tokens, at an unknown price"),
        (None, None) => "an unknown amount".to_owned(),
    }
}

/// Why a run ended early.
pub(crate) fn stop(cause: &StopCause) -> String {
    match cause {
        StopCause::Signal(1) => "it was hung up (SIGHUP)".to_owned(),
        StopCause::Signal(2) => "it was interrupted (SIGINT)".to_owned(),
        StopCause::Signal(15) => "it was terminated (SIGTERM)".to_owned(),
        StopCause::Signal(number) => format!("it was ended by signal {number}"),
        StopCause::Limit(name) => format!("the limit {name} is used up"),
        StopCause::Approval => "a person must decide".to_owned(),
        StopCause::Quota(Some(until)) => format!("a quota is used up until {} UTC", time(*until)),
        StopCause::Quota(None) => "a quota is used up".to_owned(),
        StopCause::Model(failure) => format!("the planner's model could not be used: {}", failure.detail),
        StopCause::NoPlan => "no sound plan was proposed".to_owned(),
        StopCause::Short(shortage) => shortage.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_short() {
        for (ms, said) in [(0, "0ms"), (999, "999ms"), (1_290, "1.2s"), (123_000, "2m03s"), (3_725_000, "1h02m")] {
            assert_eq!(millis(ms), said);
        }
        for (n, said) in [(0, "0 B"), (1023, "1023 B"), (1434, "1.4 KiB"), (5 << 30, "5.0 GiB")] {
            assert_eq!(bytes(n), said);
        }
        assert!(bytes(u64::MAX).ends_with("TiB"));
        assert_eq!(list(&["a".into(), "b".into(), "c".into()]), "a, b and c");
    }
}
