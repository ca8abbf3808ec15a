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
Plans the ticket, runs its tasks with the configured agents, runs your checks before and after, and
writes a report. The work happens in a workspace: your files stay as they are until `apply`.

A model plans if you brought one (`models` in a file for --config): --plan-only then asks it, and is
paid for; --dry-run shows the first request and its highest price, and sends nothing.

Examples:
  orchestra run ticket.md
  orchestra run -m 'Fix the off-by-one in median()' --plan-only
  gh issue view 7 --json number,title,body,url,labels | orchestra run -
  orchestra run --plan plan.json --continue-on-error --jobs auto
  orchestra run ticket.md --no-input --junit junit.xml

Exit codes: 0 done and verified, 1 a task failed, 2 nothing ran, 3 not verified, 4 limit reached,
5 denied or needs a decision, 6 agent or model unavailable. 1 and 3 to 6 can be
resumed; so can a run that ended with 2 because a model made no sound plan.";

const RESUME_EXAMPLES: &str = "\
Tasks that succeeded are not run again. Limits and budgets count over all processes of the run.

Examples:
  orchestra resume                           the newest unfinished run
  orchestra resume 20261121-0933 --explain   what would run, and why
  orchestra resume --approve plan
  orchestra resume --decide deploy=rerun     its interrupted attempt had no effect
  orchestra resume --timeout +30m            half an hour more
  orchestra resume --budget-usd +5           five dollars more";

const APPLY_EXAMPLES: &str = "\
If your files have changed since the run began, the change is merged. The state before is kept as a
git ref.

Examples:
  orchestra apply                            the newest finished run
  orchestra apply 20261121-0933
  orchestra apply --onto ../a-copy           leave the project untouched";

/// Run a ticket or a plan
#[derive(Debug, Default, Args)]
#[command(after_help = RUN_EXAMPLES)]
pub struct RunArgs {
    #[command(flatten)]
    pub ask: TicketArgs,
    /// Write and print the plan, then stop; `resume` runs it
    #[arg(long, conflicts_with = "dry_run")]
    pub plan_only: bool,
    /// Show what would run; start and write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Run this plan file, Taskmaster tasks.json or beads issues, or the plan of an earlier run
    #[arg(long, value_name = "FILE|RUN")]
    pub plan: Option<String>,
    #[command(flatten)]
    pub caps: PlanCaps,
    #[command(flatten)]
    pub pace: Pace,
    /// When to ask for approval: plan, task (the plan and each task) or never
    #[arg(long = "ask", value_enum, value_name = "WHEN", hide_possible_values = true)]
    pub ask_before: Option<Ask>,
    /// Time limit of the whole run, such as 90s, 10m or 1h30m
    #[arg(long, value_name = "D", value_parser = some_time, allow_hyphen_values = true)]
    pub timeout: Option<Span>,
    /// Time limit of one attempt at a task
    #[arg(long, value_name = "D", value_parser = some_time, allow_hyphen_values = true)]
    pub task_timeout: Option<Span>,
    /// Budget of the run in US dollars
    #[arg(long, value_name = "X", value_parser = whole_money, allow_hyphen_values = true, alias = "max-budget-usd")]
    pub budget_usd: Option<Usd>,
    /// Budget of the run in tokens
    #[arg(long, value_name = "N", value_parser = whole_number, allow_hyphen_values = true)]
    pub budget_tokens: Option<u64>,
    /// Also write the results of all tasks and checks to FILE, as JUnit XML for CI
    #[arg(long, value_name = "FILE", conflicts_with = "dry_run")]
    pub junit: Option<PathBuf>,
    /// Allow a run to be started from within another run
    #[arg(long)]
    pub nested: bool,
    #[command(flatten)]
    pub runs: RunsDir,
}

/// What is to be done, and against what.
#[derive(Debug, Default, Args)]
pub struct TicketArgs {
    /// A file, `-` for standard input, or the text itself if it contains a space
    #[arg(value_name = "TICKET", conflicts_with = "message")]
    pub ticket: Option<String>,
    /// The text of the ticket
    #[arg(short, long, value_name = "TEXT", allow_hyphen_values = true)]
    pub message: Option<String>,
    /// The ticket's key in your tracker, for the journal and the report
    #[arg(long = "ref", value_name = "KEY")]
    pub reference: Option<String>,
    /// Start from this commit instead of the files as they are
    #[arg(long, value_name = "REV")]
    pub base: Option<String>,
    /// A file that is sent whole to a model, before it plans and works; may be given several times
    #[arg(long, value_name = "FILE")]
    pub context: Vec<PathBuf>,
}

/// How a run goes on.
#[derive(Debug, Default, Args)]
pub struct Pace {
    /// Maximum number of tasks at a time, or `auto`; tasks that share a workspace always run one by one
    #[arg(short, long, value_name = "N|auto")]
    pub jobs: Option<Jobs>,
    /// After a failure, still run the tasks that do not depend on it
    #[arg(long, aliases = ["keep-going", "no-fail-fast"])]
    pub continue_on_error: bool,
}

/// Continue a run that failed, was stopped or was killed
#[derive(Debug, Default, Args)]
#[command(after_help = RESUME_EXAMPLES)]
pub struct ResumeArgs {
    /// The run, by the start of its id [default: the newest unfinished run]
    #[arg(value_name = "RUN")]
    pub run: Option<String>,
    /// Show what would run and why, and run nothing
    #[arg(long)]
    pub explain: bool,
    /// Accept that the plan or configuration changed, and rerun the finished tasks it affects
    #[arg(long)]
    pub accept_changed: bool,
    /// Approve the plan or a task that waits for approval
    #[arg(long, value_name = "TASK|plan")]
    pub approve: Vec<ApprovalTarget>,
    /// Reject the plan or a task that waits for approval
    #[arg(long, value_name = "TASK|plan")]
    pub reject: Vec<ApprovalTarget>,
    /// Decide about a held task, whose last attempt was interrupted: run it again, or skip it
    #[arg(long, value_name = "TASK=rerun|skip")]
    pub decide: Vec<Fate>,
    /// Continue with this plan instead of the run's own
    #[arg(long, value_name = "FILE")]
    pub plan: Option<PathBuf>,
    #[command(flatten)]
    pub caps: PlanCaps,
    #[command(flatten)]
    pub pace: Pace,
    /// Time limit of the whole run; +D adds to the current limit
    #[arg(long, value_name = "[+]D", value_parser = more_time, allow_hyphen_values = true)]
    pub timeout: Option<Allowance<Span>>,
    /// Budget of the run in US dollars; +X adds to the current budget
    #[arg(long, value_name = "[+]X", value_parser = more_money, allow_hyphen_values = true, alias = "max-budget-usd")]
    pub budget_usd: Option<Allowance<Usd>>,
    /// Budget of the run in tokens; +N adds to the current budget
    #[arg(long, value_name = "[+]N", value_parser = more_tokens, allow_hyphen_values = true)]
    pub budget_tokens: Option<Allowance<u64>>,
    /// What `--set` adds to limits: taken out of the settings, which only set
    #[arg(skip)]
    pub raises: Vec<Raise>,
    /// Also write the results of all tasks and checks to FILE, as JUnit XML for CI
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

/// Apply a run's change to your files
#[derive(Debug, Default, Args)]
#[command(after_help = APPLY_EXAMPLES)]
pub struct ApplyArgs {
    /// The run, by the start of its id [default: the newest finished run]
    #[arg(value_name = "RUN")]
    pub run: Option<String>,
    /// Apply to this folder instead of the project
    #[arg(long, value_name = "DIR")]
    pub onto: Option<PathBuf>,
    #[command(flatten)]
    pub runs: RunsDir,
}
