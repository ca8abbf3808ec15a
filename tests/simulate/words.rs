//! What `decide` says, in the words of the naive reading.

use crate::event::{AttemptOutcome, FailureClass, Kind, SkipCause, StopCause};
use crate::ids::TaskId;
use crate::run::{Action, Place, Probe};

/// An action in the words of the naive reading.
pub fn in_words(action: &Action) -> String {
    let probed = |probes: &[Probe]| {
        let words = probes.iter().map(|probe| match probe.place {
            Place::Base(_) => format!(" base {}", probe.check.name),
            Place::Result(_) => format!(" result {}", probe.check.name),
        });
        words.collect::<String>()
    };
    match action {
        Action::Launch { task, attempt } => format!("launch t{task} attempt {attempt}"),
        Action::Verify { task: Some(task), probes } => format!("verify t{task}:{}", probed(probes)),
        Action::Verify { task: None, probes } => format!("verify:{}", probed(probes)),
        Action::Settle { task, attempt, verdict } => format!("settle t{task} attempt {attempt}: {verdict:?}"),
        Action::Ask { task: Some(task) } => format!("ask t{task}"),
        Action::Ask { task: None } => "ask plan".to_owned(),
        Action::Wait { until } => format!("wait until {until:?}"),
        Action::CancelAll { limit } => format!("cancel: {limit}"),
        Action::Replan { task, number } => format!("replan t{task} number {number}"),
        Action::ParsePatch { task, text } => format!("parse t{task}: {text}"),
        Action::Summarize => "summarize".to_owned(),
        Action::Propose { .. } | Action::Parse { .. } => "plan".to_owned(),
        Action::Record { task, attempt, kind } => {
            recorded(task.as_ref().map_or("plan", TaskId::as_str), attempt.unwrap_or(0), kind)
        }
    }
}

fn recorded(task: &str, attempt: u32, kind: &Kind) -> String {
    match kind {
        Kind::AttemptFinished(finished) => match &finished.outcome {
            AttemptOutcome::Failed(failure) if failure.class == FailureClass::Interrupted => {
                format!("lose {task} attempt {attempt}")
            }
            outcome => format!("end {task} attempt {attempt}: {outcome:?}"),
        },
        Kind::TaskFailed { class, .. } => format!("fail {task}: {class}"),
        Kind::TaskSkipped { cause } => match cause {
            SkipCause::Dependency(dep) => format!("skip {task}: dependency {dep}"),
            SkipCause::Stopped(by) => format!("skip {task}: stopped {by}"),
            SkipCause::Rejected => format!("skip {task}: rejected"),
        },
        Kind::ApprovalRequested {} if attempt > 0 => format!("request {task} after attempt {attempt}"),
        Kind::ApprovalRequested {} => format!("request {task}"),
        Kind::RunPaused { until, .. } => format!("pause until {until:?}"),
        Kind::RunContinued {} => "continue".to_owned(),
        Kind::RunStopped { why } => match why {
            StopCause::Signal(signal) => format!("stop: signal {signal}"),
            StopCause::Limit(limit) => format!("stop: {limit}"),
            StopCause::Approval => "stop: approval".to_owned(),
            StopCause::Quota(until) => format!("stop: quota until {until:?}"),
            StopCause::Model(failure) => format!("stop: model {}", failure.class),
            StopCause::NoPlan => "stop: no plan".to_owned(),
            StopCause::Short(shortage) => format!("stop: {shortage}"),
        },
        Kind::RunFinished { verdict, exit } => format!("finish: {} {exit}", verdict.as_str()),
        Kind::TaskReopened { sent_back_by: Some(by), .. } => format!("send back {task} by {by}"),
        Kind::TaskReopened { .. } => format!("reopen {task}"),
        Kind::BudgetWarned { limit, used, of } => format!("warn {}: {used} of {of}", limit.key()),
        kind => format!("record {} {task}", kind.name()),
    }
}
