//! Numbers of a run: census, rates, durations, and what was used.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Session, Summary, TaskStatus, words};
use crate::event::{Gauge, StopCause, Usage};
use crate::money::Usd;
use crate::time::Span;

/// How many tasks came to what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Census {
    /// Tasks in the plan.
    pub planned: u32,
    /// Tasks of which at least one attempt was begun.
    pub run: u32,
    /// Tasks that succeeded.
    pub passed: u32,
    /// Tasks that failed.
    pub failed: u32,
    /// Tasks that will not run.
    pub skipped: u32,
    /// Tasks that a person ended.
    pub cancelled: u32,
    /// Tasks that failed, and for whose sake the plan was changed.
    #[serde(default)]
    pub replaced: u32,
    /// Tasks that have not ended.
    pub open: u32,
    /// Of those that passed, how many took an earlier result.
    pub reused: u32,
    /// Of those that passed, how many no check speaks for.
    pub unverified: u32,
}

/// What was used; what is not known is missing, never zero.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct UsageTotal {
    /// Tokens read, by those that told.
    pub input_tokens: Option<u64>,
    /// Tokens written, by those that told.
    pub output_tokens: Option<u64>,
    /// Tokens read from a cache, by those that told.
    pub cache_read_tokens: Option<u64>,
    /// Tokens written to a cache, by those that told.
    pub cache_write_tokens: Option<u64>,
    /// US dollars, by those that told.
    pub usd: Option<Usd>,
    /// Attempts, and requests of a planner, that told something.
    pub told: u32,
    /// Attempts, and requests of a planner, that told nothing.
    pub silent: u32,
}

/// The numbers of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Metrics {
    /// How many tasks came to what.
    pub census: Census,
    /// Passed over passed and failed, 0 to 1; missing before a task has ended.
    pub success_rate: Option<f64>,
    /// Attempts begun, over all processes.
    pub attempts: u32,
    /// Wall time of all processes together, in milliseconds.
    pub elapsed_ms: u64,
    /// Measured time of all attempts and checks, in milliseconds.
    pub worked_ms: u64,
    /// The mean over the tasks that were run, in milliseconds.
    pub mean_task_ms: Option<u64>,
    /// What was used.
    pub usage: UsageTotal,
    /// Processes that worked on the run.
    pub processes: u32,
    /// Processes that ended without a word.
    pub interruptions: u32,
}

impl UsageTotal {
    /// What is known, without who told it.
    pub fn known(&self) -> Usage {
        Usage {
            input_tokens: self.input_tokens,
            output_tokens: self.output_tokens,
            cache_read_tokens: self.cache_read_tokens,
            cache_write_tokens: self.cache_write_tokens,
            usd: self.usd,
            partial: false,
        }
    }

    pub(super) fn add(&mut self, usage: &Usage) {
        if usage.is_unknown() {
            self.silent = self.silent.saturating_add(1);
            return;
        }
        self.told = self.told.saturating_add(1);
        let known = self.known().plus(*usage);
        *self = Self {
            input_tokens: known.input_tokens,
            output_tokens: known.output_tokens,
            cache_read_tokens: known.cache_read_tokens,
            cache_write_tokens: known.cache_write_tokens,
            usd: known.usd,
            told: self.told,
            silent: self.silent,
        };
    }
}

/// Wall time of all processes together.
pub(super) fn elapsed(sessions: &[Session]) -> Span {
    sessions.iter().fold(Span::ZERO, |sum, session| sum.plus(session.elapsed()))
}

impl Summary {
    /// How many tasks came to what.
    pub fn census(&self) -> Census {
        let mut census = Census::default();
        for task in &self.tasks {
            census.planned += 1;
            census.run += u32::from(task.attempts > 0);
            match task.status {
                TaskStatus::Succeeded => {
                    census.passed += 1;
                    census.reused += u32::from(task.reused);
                    census.unverified += u32::from(!task.verdict.is_some_and(crate::event::Verdict::is_verified));
                }
                TaskStatus::Failed => census.failed += 1,
                TaskStatus::Skipped => census.skipped += 1,
                TaskStatus::Cancelled => census.cancelled += 1,
                TaskStatus::Replaced => census.replaced += 1,
                TaskStatus::Pending | TaskStatus::Running | TaskStatus::Checking | TaskStatus::Interrupted => {
                    census.open += 1;
                }
            }
        }
        census
    }

    /// Each limit with what is used of it; nothing before the run began.
    pub fn gauges(&self) -> Vec<Gauge> {
        let of = |terms| self.ledger.gauges(terms, self.elapsed(), self.launches);
        self.terms.as_ref().map(of).unwrap_or_default()
    }

    /// Why the run ended early, with what was used of the limit that ended it.
    pub(crate) fn why_stopped(&self, cause: &StopCause) -> String {
        let why = words::stop(cause);
        let StopCause::Limit(key) = cause else { return why };
        match self.gauges().iter().find(|gauge| gauge.limit.key() == key) {
            Some(gauge) => format!("{why}: {}", words::gauge(gauge)),
            None => why,
        }
    }

    /// The numbers of the run. A process that is still at work is no interruption.
    pub fn metrics(&self, liveness: super::Liveness) -> Metrics {
        let census = self.census();
        let worked = self.tasks.iter().fold(Span::ZERO, |sum, task| sum.plus(task.worked)).as_millis();
        let ended = census.passed + census.failed;
        let silent = self.sessions.iter().filter(|session| !session.ended).count();
        let at_work = self.sessions.last().is_some_and(|last| !last.ended && liveness == super::Liveness::Live);
        Metrics {
            census,
            success_rate: (ended > 0).then(|| f64::from(census.passed) / f64::from(ended)),
            attempts: self.launches,
            elapsed_ms: self.elapsed().as_millis(),
            worked_ms: worked,
            mean_task_ms: worked.checked_div(u64::from(census.run)),
            usage: self.usage,
            processes: u32::try_from(self.sessions.len()).unwrap_or(u32::MAX),
            interruptions: u32::try_from(silent - usize::from(at_work)).unwrap_or(u32::MAX),
        }
    }
}
