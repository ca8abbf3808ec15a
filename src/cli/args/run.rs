//! `run`, `resume` and `apply`: what is asked of a run.

use std::path::PathBuf;

use clap::Args;

use super::jobs::Jobs;
use super::plan::PlanCaps;
use super::runs::RunsDir;
use super::values::{NoRaise, more_money, more_time, more_tokens, some_time, whole_money, whole_number};
use super::{Allowance, ApprovalTarget, Ask, Fate, Raise};
use crate::event::Limit;
use crate::money::Usd;
use crate::time::Span;

const RUN_EXAMPLES: &str = "\
Examples:
  orchestra run ticket.md
  orchestra run -m 'Fix the off-by-one in median()' --plan-only
  gh issue view 7 --json number,title,body,url,labels | orchestra run -
  orchestra run --plan plan.json --continue-on-error --jobs auto
  orchestra run ticket.md --no-input --junit junit.xml

Exit codes: 0 done and verified, 1 a task failed, 2 nothing ran, 3 not verified, 4 budget,
5 denied or to be decided, 6 no usable agent or model. 1 and 3 to 6 can be resumed.";

const RESUME_EXAMPLES: &str = "\
Examples:
  orchestra resume                           the newest unfinished run
  orchestra resume 20261121-0933 --explain   what would run, and why
  orchestra resume --approve plan
  orchestra resume --decide deploy=rerun     its interrupted attempt had no effect yet
  orchestra resume --timeout +30m            half an hour more than it had
  orchestra resume --budget-usd +5           and five dollars more";

const APPLY_EXAMPLES: &str = "\
Examples:
  orchestra apply                            the newest finished run
  orchestra apply 20261121-0933
  orchestra apply --onto ../a-copy           leave the project alone";

/// `run`, and `plan TICKET`.
#[derive(Debug, Default, Args)]
#[command(after_help = RUN_EXAMPLES)]
pub struct RunArgs {
    #[command(flatten)]
    pub ask: TicketArgs,
    /// Make the plan, write and print it, and stop; `resume` carries it out
    #[arg(long, conflicts_with = "dry_run")]
    pub plan_only: bool,
    /// Show what would be done; call no agent and no model
    #[arg(long)]
    pub dry_run: bool,
    /// Carry out this plan file, Taskmaster tasks.json or beads issues, or the plan of that run
    #[arg(long, value_name = "FILE|RUN")]
    pub plan: Option<String>,
    #[command(flatten)]
    pub caps: PlanCaps,
    #[command(flatten)]
    pub pace: Pace,
    /// When to ask before work begins: plan, task or never
    #[arg(long = "ask", value_enum, value_name = "WHEN", hide_possible_values = true)]
    pub ask_before: Option<Ask>,
    /// Longest the whole run may take, such as 90s, 10m or 1h30m
    #[arg(long, value_name = "D", value_parser = some_time, allow_hyphen_values = true)]
    pub timeout: Option<Span>,
    /// Longest one attempt at a task may take
    #[arg(long, value_name = "D", value_parser = some_time, allow_hyphen_values = true)]
    pub task_timeout: Option<Span>,
    /// Most US dollars that the run may use
    #[arg(long, value_name = "X", value_parser = whole_money, allow_hyphen_values = true, alias = "max-budget-usd")]
    pub budget_usd: Option<Usd>,
    /// Most tokens that the run may use
    #[arg(long, value_name = "N", value_parser = whole_number, allow_hyphen_values = true)]
    pub budget_tokens: Option<u64>,
    /// Write the results of all tasks and checks to FILE as well, as JUnit XML for CI
    #[arg(long, value_name = "FILE", conflicts_with = "dry_run")]
    pub junit: Option<PathBuf>,
    /// Start although this is run from within a run of orchestra
    #[arg(long)]
    pub nested: bool,
    #[command(flatten)]
    pub runs: RunsDir,
}

/// What is to be done, and against what.
#[derive(Debug, Default, Args)]
pub struct TicketArgs {
    /// A file, `-` for standard input, or text with a space in it
    #[arg(value_name = "TICKET", conflicts_with = "message")]
    pub ticket: Option<String>,
    /// The ticket's text itself
    #[arg(short, long, value_name = "TEXT", allow_hyphen_values = true)]
    pub message: Option<String>,
    /// The ticket's key in your tracker, kept in journal and report
    #[arg(long = "ref", value_name = "KEY")]
    pub reference: Option<String>,
    /// Work from this commit instead of the files as they are
    #[arg(long, value_name = "REV")]
    pub base: Option<String>,
}

/// How a run goes on.
#[derive(Debug, Default, Args)]
pub struct Pace {
    /// Most tasks at the same time, or `auto`; those that share a workspace run one after the other all the same
    #[arg(short, long, value_name = "N|auto")]
    pub jobs: Option<Jobs>,
    /// Go on with what does not depend on a failed task
    #[arg(long, aliases = ["keep-going", "no-fail-fast"])]
    pub continue_on_error: bool,
}

/// `resume`.
#[derive(Debug, Default, Args)]
#[command(after_help = RESUME_EXAMPLES)]
pub struct ResumeArgs {
    /// The run, by the beginning of its id; the newest unfinished one when left out
    #[arg(value_name = "RUN")]
    pub run: Option<String>,
    /// Show what would run, and why; run nothing
    #[arg(long)]
    pub explain: bool,
    /// Run finished tasks again where plan or configuration changed under them
    #[arg(long)]
    pub accept_changed: bool,
    /// Approve what waits for a decision
    #[arg(long, value_name = "TASK|plan")]
    pub approve: Vec<ApprovalTarget>,
    /// Reject what waits for a decision
    #[arg(long, value_name = "TASK|plan")]
    pub reject: Vec<ApprovalTarget>,
    /// Run a task whose attempt was interrupted again, or leave it out
    #[arg(long, value_name = "TASK=rerun|skip")]
    pub decide: Vec<Fate>,
    /// Go on with this plan instead of the run's own
    #[arg(long, value_name = "FILE")]
    pub plan: Option<PathBuf>,
    #[command(flatten)]
    pub caps: PlanCaps,
    #[command(flatten)]
    pub pace: Pace,
    /// Longest the whole run may take; +D adds to what it had
    #[arg(long, value_name = "[+]D", value_parser = more_time, allow_hyphen_values = true)]
    pub timeout: Option<Allowance<Span>>,
    /// Most US dollars that the run may use; +X adds to what it had
    #[arg(long, value_name = "[+]X", value_parser = more_money, allow_hyphen_values = true, alias = "max-budget-usd")]
    pub budget_usd: Option<Allowance<Usd>>,
    /// Most tokens that the run may use; +N adds to what it had
    #[arg(long, value_name = "[+]N", value_parser = more_tokens, allow_hyphen_values = true)]
    pub budget_tokens: Option<Allowance<u64>>,
    /// What `--set` adds to limits: taken out of the settings, which only set
    #[arg(skip)]
    pub raises: Vec<Raise>,
    /// Write the results of all tasks and checks to FILE as well, as JUnit XML for CI
    #[arg(long, value_name = "FILE", conflicts_with = "explain")]
    pub junit: Option<PathBuf>,
    #[command(flatten)]
    pub runs: RunsDir,
}

impl ResumeArgs {
    /// Takes `limits.launches=+10` and its like out of what `--set` was given.
    pub fn take_raises(&mut self, sets: &mut Vec<String>) -> Result<(), (String, NoRaise)> {
        let mut left = Vec::new();
        for set in sets.drain(..) {
            match Raise::of_set(&set) {
                None => left.push(set),
                Some(Ok(raise)) => self.raises.push(raise),
                Some(Err(why)) => return Err((set, why)),
            }
        }
        *sets = left;
        Ok(())
    }

    /// All that is added to limits, by flags of their own and by settings.
    pub fn added(&self) -> Vec<Raise> {
        fn by<T: Copy>(asked: Option<Allowance<T>>, limit: Limit, amount: impl Fn(T) -> u64) -> Option<Raise> {
            match asked {
                Some(Allowance::Add(more)) => Some(Raise { limit, by: amount(more) }),
                Some(Allowance::Set(_)) | None => None,
            }
        }
        let flags = [
            by(self.timeout, Limit::RunTime, Span::as_millis),
            by(self.budget_usd, Limit::Usd, Usd::as_micros),
            by(self.budget_tokens, Limit::Tokens, |tokens| tokens),
        ];
        flags.into_iter().flatten().chain(self.raises.iter().copied()).collect()
    }
}

/// `apply`.
#[derive(Debug, Default, Args)]
#[command(after_help = APPLY_EXAMPLES)]
pub struct ApplyArgs {
    /// The run, by the beginning of its id; the newest finished one when left out
    #[arg(value_name = "RUN")]
    pub run: Option<String>,
    /// Bring it into this folder instead of the project
    #[arg(long, value_name = "DIR")]
    pub onto: Option<PathBuf>,
    #[command(flatten)]
    pub runs: RunsDir,
}
