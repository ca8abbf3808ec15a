//! `runs`: what is asked about runs that have been.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::size::Size;
use crate::time::Span;

const EXAMPLES: &str = "\
Examples:
  orchestra runs list
  orchestra runs show                        the newest run
  orchestra runs report 20261121-0933 > report.md
  orchestra runs diff 20261121-0933 20261121-1015
  orchestra runs clean --keep 10 --dry-run   what would go?";

const LIST_EXAMPLES: &str = "\
Examples:
  orchestra runs list
  orchestra runs list --ref PROJ-7           those of one ticket
  orchestra runs list --json

COST is dollars where agents told them, else tokens; `-` where nobody told, and a `+` where only
some did. TASKS are those that are done, of those in the plan. An empty column is left out.";

const SHOW_EXAMPLES: &str = "\
Examples:
  orchestra runs show                        the newest run
  orchestra runs show 20261121-0933
  orchestra runs show --json latest";

const REPORT_EXAMPLES: &str = "\
Examples:
  orchestra runs report > report.md
  orchestra runs report 20261121-0933 --format json
  orchestra runs report --format junit > junit.xml";

const DIFF_EXAMPLES: &str = "\
Examples:
  orchestra runs diff 20261121-0933 20261121-1015
  orchestra runs diff 20261121-0933 latest --patch
  orchestra runs diff 20261121-0933 latest --json";

const CLEAN_EXAMPLES: &str = "\
Examples:
  orchestra runs clean                       leftovers only: never a run
  orchestra runs clean --older-than 30d --dry-run
  orchestra runs clean --keep 20 --max-size 2G
  orchestra runs clean 20261121-0933

A run goes with its directory and its workspaces. With several of --older-than, --keep and
--max-size, it goes only if each of them lets it go. A run that can be resumed, or whose records
cannot be read, goes only with --force; one that a process works on never goes. The backup that
`apply` left in your git repository stays, unless --backups is given.";

/// `runs`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct RunsArgs {
    #[command(subcommand)]
    pub command: RunsCommand,
}

/// What is asked about runs.
#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub enum RunsCommand {
    /// List all runs, newest first
    #[command(after_help = LIST_EXAMPLES)]
    List(ListArgs),
    /// Show how a run stands, also while it goes on
    #[command(after_help = SHOW_EXAMPLES)]
    Show(RunName),
    /// Print a run's report
    #[command(after_help = REPORT_EXAMPLES)]
    Report {
        #[command(flatten)]
        run: RunName,
        /// What the report is rendered as: md, json or junit
        #[arg(long, value_enum, value_name = "FORM", hide_possible_values = true)]
        format: Option<ReportFormat>,
    },
    /// Show in what two runs differ: settings, plan, outcomes, cost, patch
    #[command(after_help = DIFF_EXAMPLES)]
    Diff(DiffArgs),
    /// Remove runs, and what removed ones left behind
    #[command(after_help = CLEAN_EXAMPLES)]
    Clean(Box<CleanArgs>),
}

/// `runs list`.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Only runs of the ticket with this key
    #[arg(long = "ref", value_name = "KEY")]
    pub reference: Option<String>,
    #[command(flatten)]
    pub runs: RunsDir,
}

/// `runs diff`.
#[derive(Debug, Args)]
pub struct DiffArgs {
    /// The run to compare, by the beginning of its id
    #[arg(value_name = "A")]
    pub a: String,
    /// The run to compare it with
    #[arg(value_name = "B")]
    pub b: String,
    /// Show both patches of every file in which they differ
    #[arg(long)]
    pub patch: bool,
    #[command(flatten)]
    pub runs: RunsDir,
}

/// `runs clean`.
#[derive(Debug, Default, Args)]
pub struct CleanArgs {
    /// Runs to remove, by the beginning of their ids
    #[arg(value_name = "RUN")]
    pub named: Vec<String>,
    #[command(flatten)]
    pub chosen: Chosen,
    /// Also remove runs that can be resumed, and those whose records cannot be read
    #[arg(long)]
    pub force: bool,
    /// Only show what would go, and how large it is
    #[arg(long)]
    pub dry_run: bool,
    /// Also remove the backups that `apply` made in your git repository for these runs
    #[arg(long)]
    pub backups: bool,
    #[command(flatten)]
    pub runs: RunsDir,
}

/// Which runs of this project `clean` is to look at, without naming them.
#[derive(Debug, Default, Clone, Args)]
pub struct Chosen {
    /// Runs that ended longer ago than this, such as 30d or 12h
    #[arg(long, value_name = "D", conflicts_with = "named")]
    pub older_than: Option<Span>,
    /// All but the N newest
    #[arg(long, value_name = "N", conflicts_with = "named")]
    pub keep: Option<usize>,
    /// The oldest, until all together are no larger than this, such as 500M or 2G
    #[arg(long, value_name = "SIZE", conflicts_with = "named")]
    pub max_size: Option<Size>,
}

impl Chosen {
    /// Whether none is chosen.
    pub fn is_empty(&self) -> bool {
        self.older_than.is_none() && self.keep.is_none() && self.max_size.is_none()
    }
}

/// Which run.
#[derive(Debug, Args)]
pub struct RunName {
    /// The run, by the beginning of its id; the newest when left out
    #[arg(value_name = "RUN")]
    pub run: Option<String>,
    #[command(flatten)]
    pub runs: RunsDir,
}

/// Where the runs are.
#[derive(Debug, Default, Clone, Args)]
pub struct RunsDir {
    /// Where the runs are
    #[arg(long = "runs-dir", value_name = "D")]
    pub dir: Option<PathBuf>,
}

/// What a report is rendered as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    /// Markdown
    Md,
    /// JSON
    Json,
    /// JUnit XML, for CI
    Junit,
}
