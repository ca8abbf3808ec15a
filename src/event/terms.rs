//! The rules a run goes by, as recorded at its start: the fold and the decisions read these, never a config.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Budget, Limit, Untold};
use crate::message::Score;
use crate::money::Usd;
use crate::time::Span;

/// The rules of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// Most tasks at a time.
    pub jobs: u32,
    /// What decided that number, where nobody said it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jobs_why: Option<String>,
    /// Whether tasks that do not depend on a failed one still run.
    pub continue_on_error: bool,
    /// Most attempts per task.
    pub attempts: u32,
    /// The wait before the second attempt, at most; it doubles from there.
    pub backoff: Span,
    /// The longest such wait.
    pub max_backoff: Span,
    /// When a person is asked, beyond what the plan says.
    pub ask: Ask,
    /// Whether a task without any check may count as done.
    pub allow_unchecked: bool,
    /// Most times that the planner's model proposes a plan; missing where no model plans.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan_rounds: Option<u32>,
    /// Wall time of the run, over all its processes.
    pub run_time: Span,
    /// Wall time of one attempt.
    pub task_time: Span,
    /// Longest silence of one attempt.
    pub idle_time: Span,
    /// Most launches of agents, over all processes of the run.
    pub launches: u32,
    /// How long to wait for a quota to come back.
    pub quota_wait: Span,
    /// Whether attempts can be rolled back: not so in place.
    pub in_place: bool,
    /// What may be spent; missing where an older build began the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget: Option<Budget>,
    /// Most bytes written to the run directory; missing where an older build began the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_bytes: Option<u64>,
    /// Most bytes of an attempt's output that are kept, of each stream; missing where an older build began the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_bytes: Option<u64>,
    /// What a review's answer does; missing where an older build began the run: then only its `status` counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review: Option<ReviewTerms>,
    /// Most changes of the plan for the sake of tasks that failed.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub max_replans: u32,
    /// Who puts the run's results together.
    #[serde(default, skip_serializing_if = "Narrator::is_template")]
    pub summary: Narrator,
}

/// What a review's answer does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewTerms {
    /// A score below it is a no.
    pub threshold: Score,
    /// How often each review may send work back.
    pub reworks: u32,
}

/// Who puts a run's results together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Narrator {
    /// A plain template.
    #[default]
    Template,
    /// A language model, whose words stand beside those of the template.
    Model,
}

impl Narrator {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
    fn is_template(&self) -> bool {
        *self == Self::Template
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// Whether a later process was given a limit of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    /// This process was told what it is.
    Now,
    /// A variable says so, which counts if it did not say the same when the run began.
    Perhaps,
    /// Nobody said anything new.
    Before,
}

impl Terms {
    /// What is held to this limit; nothing where there is none.
    pub fn limit(&self, limit: Limit) -> Option<u64> {
        match limit {
            Limit::RunTime => Some(self.run_time.as_millis()),
            Limit::Launches => Some(self.launches.into()),
            Limit::RunBytes => self.run_bytes,
            Limit::Usd => self.budget.map(|budget| budget.run.usd.as_micros()),
            Limit::Tokens => self.budget.map(|budget| budget.run.tokens),
        }
    }

    /// Sets a limit, in its own unit, as far as its unit goes.
    pub fn set_limit(&mut self, limit: Limit, to: u64) {
        match (limit, &mut self.budget) {
            (Limit::RunTime, _) => self.run_time = Span::from_millis(to),
            (Limit::Launches, _) => self.launches = u32::try_from(to).unwrap_or(u32::MAX),
            (Limit::RunBytes, _) => self.run_bytes = Some(to),
            (Limit::Usd, Some(budget)) => budget.run.usd = Usd::from_micros(to),
            (Limit::Tokens, Some(budget)) => budget.run.tokens = to,
            (Limit::Usd | Limit::Tokens, None) => {}
        }
    }

    /// Adds to a limit, as far as its unit goes. A net that is built in stays one: what is typed to go on must not refuse
    /// what had worked so far.
    pub fn raise(&mut self, limit: Limit, by: u64) {
        if let Some(before) = self.limit(limit) {
            self.set_limit(limit, before.saturating_add(by));
        }
    }

    /// Takes over from the process before, `before`, the limits that nobody gave this one; `first` are those that the run
    /// began with.
    pub fn keep(&mut self, before: &Self, first: &Self, said: impl Fn(Limit) -> Said) {
        for limit in Limit::ALL {
            let stays = match said(limit) {
                Said::Now => false,
                Said::Perhaps => self.limit(limit) == first.limit(limit),
                Said::Before => true,
            };
            if let Some(kept) = before.limit(limit).filter(|_| stays) {
                self.set_limit(limit, kept);
            }
        }
        if let (Some(now), Some(before)) = (&mut self.budget, &before.budget) {
            // Once somebody asked for a budget it is kept.
            for (now, before) in
                [(&mut now.untold_usd, before.untold_usd), (&mut now.untold_tokens, before.untold_tokens)]
            {
                if before == Untold::Counts {
                    *now = before;
                }
            }
        }
    }
}

/// When a person is asked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Ask {
    /// Only where the plan demands it.
    #[default]
    Never,
    /// Before the plan is run.
    Plan,
    /// Before the plan, and before every task.
    Task,
}

/// How children are confined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Sandbox {
    /// Not at all: they run with the user's own rights.
    None,
}

#[cfg(test)]
mod tests {
    use super::super::samples::terms;
    use super::*;

    #[test]
    fn a_limit_stays_what_an_earlier_process_was_given_until_somebody_says_otherwise() {
        let first = terms();
        let before = Terms { launches: 300, run_time: Span::from_secs(60), ..first.clone() };
        let now = |launches, said: fn(Limit) -> Said| {
            let mut now = Terms { launches, ..first.clone() };
            now.keep(&before, &first, said);
            (now.launches, now.run_time)
        };
        assert_eq!(now(200, |_| Said::Before), (300, Span::from_secs(60)));
        assert_eq!(now(10, |_| Said::Now), (10, first.run_time));
        assert_eq!(now(first.launches, |_| Said::Perhaps).0, 300, "a variable that always said so says nothing new");
        assert_eq!(now(250, |_| Said::Perhaps).0, 250, "one that says something else now does");
    }

    #[test]
    fn a_budget_that_was_asked_for_once_is_kept_from_then_on() {
        let net = |usd, tokens| {
            let budget = terms().budget.map(|budget| Budget { untold_usd: usd, untold_tokens: tokens, ..budget });
            Terms { budget, ..terms() }
        };
        let mut now = net(Untold::Passes, Untold::Passes);
        now.keep(&net(Untold::Passes, Untold::Counts), &terms(), |_| Said::Before);
        assert_eq!(
            now.budget.map(|budget| (budget.untold_usd, budget.untold_tokens)),
            Some((Untold::Passes, Untold::Counts))
        );
        now.raise(Limit::Usd, 1);
        assert_eq!(now.budget.map(|budget| budget.untold_usd), Some(Untold::Passes), "more of a net is a net");
        assert_eq!(now.limit(Limit::Usd), terms().limit(Limit::Usd).map(|usd| usd + 1));
    }

    #[test]
    fn a_limit_that_is_raised_again_and_again_stays_one_that_reads_back() {
        let mut terms = terms();
        for limit in Limit::ALL.into_iter().chain(Limit::ALL) {
            terms.raise(limit, u64::MAX);
            let json = serde_json::to_string(&terms).unwrap();
            assert_eq!(serde_json::from_str::<Terms>(&json).unwrap(), terms, "{limit:?}");
        }
        assert_eq!((terms.launches, terms.run_time), (u32::MAX, Span::MAX));
    }

    #[test]
    fn a_run_of_a_build_without_budgets_gets_those_of_the_configuration() {
        let old = Terms { budget: None, run_bytes: None, ..terms() };
        let mut now = terms();
        now.keep(&old, &old, |_| Said::Before);
        assert_eq!(now, terms());
    }
}
