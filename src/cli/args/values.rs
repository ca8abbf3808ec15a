//! The values that flags take, read and nothing more.

use std::fmt;
use std::str::FromStr;

use clap::ValueEnum;

use crate::event::Limit;
use crate::ids::{InvalidId, TaskId};
use crate::money::{MoneyError, Usd};
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
pub enum Allowance<T> {
    /// The limit is this.
    Set(T),
    /// This much more than it was.
    Add(T),
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

/// Why a text is no amount that work can be paid with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoAmount {
    /// None at all.
    #[error("it must be more than 0")]
    Zero,
    /// What only a resume can do.
    #[error("only `orchestra resume` adds to a budget; give the whole of it")]
    Added,
    /// No money.
    #[error(transparent)]
    NotMoney(#[from] MoneyError),
    /// No whole number.
    #[error("`{}` is not a whole number like 2000000", crate::text::printable(.0, 40))]
    NotANumber(String),
}

/// A span of time that is not zero.
pub(super) fn some_time(text: &str) -> Result<Span, NoTime> {
    let span = text.parse()?;
    if span == Span::ZERO { Err(NoTime::Zero) } else { Ok(span) }
}

/// An amount of money that is not nothing.
pub(super) fn some_money(text: &str) -> Result<Usd, NoAmount> {
    match text.parse()? {
        Usd::ZERO => Err(NoAmount::Zero),
        usd => Ok(usd),
    }
}

/// A number of tokens, launches or bytes that is not zero.
pub(super) fn some_number(text: &str) -> Result<u64, NoAmount> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse().ok().filter(|_| digits) {
        Some(0) => Err(NoAmount::Zero),
        Some(number) => Ok(number),
        None => Err(NoAmount::NotANumber(text.to_owned())),
    }
}

/// For a run, which has nothing yet that could be added to.
pub(super) fn whole_money(text: &str) -> Result<Usd, NoAmount> {
    if text.starts_with('+') { Err(NoAmount::Added) } else { some_money(text) }
}

/// The same of tokens.
pub(super) fn whole_number(text: &str) -> Result<u64, NoAmount> {
    if text.starts_with('+') { Err(NoAmount::Added) } else { some_number(text) }
}

/// The same for a resume, of a length of time.
pub(super) fn more_time(text: &str) -> Result<Allowance<Span>, NoTime> {
    allowance(text, some_time)
}

/// Of money.
pub(super) fn more_money(text: &str) -> Result<Allowance<Usd>, NoAmount> {
    allowance(text, some_money)
}

/// Of tokens.
pub(super) fn more_tokens(text: &str) -> Result<Allowance<u64>, NoAmount> {
    allowance(text, some_number)
}

fn allowance<T, E>(text: &str, read: impl Fn(&str) -> Result<T, E>) -> Result<Allowance<T>, E> {
    match text.strip_prefix('+') {
        Some(more) => read(more).map(Allowance::Add),
        None => read(text).map(Allowance::Set),
    }
}

/// How much a resume adds to a limit, in the limit's unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Raise {
    /// Which.
    pub limit: Limit,
    /// How much.
    pub by: u64,
}

/// Why nothing can be added.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoRaise {
    /// No length of time.
    #[error(transparent)]
    Time(#[from] NoTime),
    /// No amount.
    #[error(transparent)]
    Amount(#[from] NoAmount),
}

impl Raise {
    /// `limits.launches=+10`, as `--set` says it. Nothing for what adds to no limit.
    pub(super) fn of_set(set: &str) -> Option<Result<Self, NoRaise>> {
        let (key, value) = set.split_once('=')?;
        let (limit, more) = (Limit::of_key(key.trim())?, value.strip_prefix('+')?);
        let by = || match limit {
            Limit::RunTime => Ok(some_time(more)?.as_millis()),
            Limit::Usd => Ok(some_money(more)?.as_micros()),
            Limit::Launches | Limit::RunBytes | Limit::Tokens => Ok(some_number(more)?),
        };
        Some(by().map(|by| Self { limit, by }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plus_adds_and_anything_else_sets() {
        assert_eq!(more_time("+30m"), Ok(Allowance::Add(Span::from_secs(1800))));
        assert_eq!(more_time("2h"), Ok(Allowance::Set(Span::from_secs(7200))));
        assert_eq!(more_money("+2.50"), Ok(Allowance::Add(Usd::from_micros(2_500_000))));
        assert_eq!(more_tokens("7"), Ok(Allowance::Set(7)));
        for bad in ["", "+", "++1", "-5m", "-5", "NaN", "inf", "0", "0s", "+0", "5 dollars", "9223372036854775808s"] {
            assert!(more_time(bad).is_err(), "{bad}");
            assert!(more_money(bad).is_err(), "{bad}");
            assert!(more_tokens(bad).is_err(), "{bad}");
        }
        assert_eq!(whole_money("+5"), Err(NoAmount::Added));
        assert_eq!(whole_number("+5"), Err(NoAmount::Added));
    }

    #[test]
    fn a_setting_with_a_plus_adds_to_the_limits_that_can_be_raised() {
        let raise = |set| Raise::of_set(set).and_then(Result::ok).map(|raise| (raise.limit, raise.by));
        assert_eq!(raise("limits.launches=+10"), Some((Limit::Launches, 10)));
        assert_eq!(raise("limits.run=+1m"), Some((Limit::RunTime, 60_000)));
        assert_eq!(raise("budget.usd=+0.5"), Some((Limit::Usd, 500_000)));
        assert_eq!(raise("limits.run_bytes=+1"), Some((Limit::RunBytes, 1)));
        assert_eq!(Raise::of_set("limits.launches=10"), None);
        assert_eq!(Raise::of_set("run.jobs=+1"), None);
        for bad in ["limits.launches=+", "limits.launches=+0", "limits.launches=+x", "budget.usd=+NaN", "limits.run=+5"]
        {
            assert!(matches!(Raise::of_set(bad), Some(Err(_))), "{bad}");
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
