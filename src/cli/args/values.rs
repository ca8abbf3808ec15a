//! The values that flags take, read and nothing more.

use std::fmt;
use std::str::FromStr;

use clap::ValueEnum;

use crate::ids::{InvalidId, TaskId};
use crate::time::{Span, TimeError};

/// When a person is asked before work begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Ask {
    /// Before the plan is carried out
    Plan,
    /// Before each task
    Task,
    /// Only where the plan says so
    Never,
}

/// What a plan's or a task's approval is for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ApprovalTarget {
    /// The plan as a whole.
    Plan,
    /// One task of it.
    Task(TaskId),
}

impl ApprovalTarget {
    /// The task; none for the plan.
    pub fn task(&self) -> Option<&TaskId> {
        match self {
            Self::Plan => None,
            Self::Task(task) => Some(task),
        }
    }
}

impl FromStr for ApprovalTarget {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        if text == "plan" { Ok(Self::Plan) } else { TaskId::new(text).map(Self::Task) }
    }
}

impl fmt::Display for ApprovalTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plan => f.write_str("plan"),
            Self::Task(task) => task.fmt(f),
        }
    }
}

/// What becomes of a task whose attempt was interrupted, as in `deploy=skip`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fate {
    /// The task.
    pub task: TaskId,
    /// What becomes of it.
    pub decided: Decided,
}

/// What a person decides over an interrupted attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decided {
    /// The task runs again.
    Rerun,
    /// It is left out.
    Skip,
}

/// Why a text is no [`Fate`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoFate {
    /// Neither of the two words, or none at all.
    #[error("write TASK=rerun or TASK=skip")]
    Form,
    /// What stands before the `=` is no task's id.
    #[error(transparent)]
    Task(#[from] InvalidId),
}

impl FromStr for Fate {
    type Err = NoFate;

    fn from_str(text: &str) -> Result<Self, NoFate> {
        let (task, decided) = text.split_once('=').ok_or(NoFate::Form)?;
        let decided = match decided {
            "rerun" => Decided::Rerun,
            "skip" => Decided::Skip,
            _ => return Err(NoFate::Form),
        };
        Ok(Self { task: TaskId::new(task)?, decided })
    }
}

/// How a resume changes a limit: `2h` sets it, `+30m` adds to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Allowance {
    /// The limit is this.
    Set(Span),
    /// This much more than it was.
    Add(Span),
}

impl FromStr for Allowance {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        match text.strip_prefix('+') {
            Some(more) => more.parse().map(Self::Add),
            None => text.parse().map(Self::Set),
        }
    }
}

/// Why a text is no length of time that work fits into.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoTime {
    /// None at all.
    #[error("it must be longer than 0s")]
    Zero,
    /// No span.
    #[error(transparent)]
    NotASpan(#[from] TimeError),
}

/// A span of time that is not zero.
pub(super) fn some_time(text: &str) -> Result<Span, NoTime> {
    let span = text.parse()?;
    if span == Span::ZERO { Err(NoTime::Zero) } else { Ok(span) }
}

/// The same for a resume.
pub(super) fn allowance(text: &str) -> Result<Allowance, NoTime> {
    match text.parse()? {
        Allowance::Set(Span::ZERO) | Allowance::Add(Span::ZERO) => Err(NoTime::Zero),
        allowance => Ok(allowance),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plus_adds_and_anything_else_sets() {
        assert_eq!("+30m".parse(), Ok(Allowance::Add(Span::from_secs(1800))));
        assert_eq!("2h".parse(), Ok(Allowance::Set(Span::from_secs(7200))));
        for bad in ["", "+", "-5m", "NaN", "inf", "0", "0s", "9223372036854775808s"] {
            assert!(allowance(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_fate_is_a_task_and_one_of_two_words() {
        let task = TaskId::new("deploy").unwrap();
        assert_eq!("deploy=rerun".parse(), Ok(Fate { task: task.clone(), decided: Decided::Rerun }));
        assert_eq!("deploy=skip".parse(), Ok(Fate { task, decided: Decided::Skip }));
        for bad in ["", "deploy", "deploy=", "deploy=Skip", "=skip", "../x=skip", "deploy=skip=rerun"] {
            assert!(bad.parse::<Fate>().is_err(), "{bad}");
        }
    }

    #[test]
    fn an_approval_is_for_the_plan_or_for_a_task() {
        assert_eq!("plan".parse(), Ok(ApprovalTarget::Plan));
        assert_eq!("fix-1".parse(), Ok(ApprovalTarget::Task(TaskId::new("fix-1").unwrap())));
        assert!("../x".parse::<ApprovalTarget>().is_err());
    }
}
