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
  orchestra runs clean --keep 10 --dry-run   what would be removed?";

const LIST_EXAMPLES: &str = "\
Examples:
  orchestra runs list
  orchestra runs list --ref PROJ-7           the runs of one ticket
  orchestra runs list --json

COST is in US dollars, or in tokens if no agent reported dollars; `-` means that none was reported,
and `+` that only some attempts reported theirs. TASKS is done/planned. Empty columns are left out.";

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
  orchestra runs clean                       only leftovers of removed runs
  orchestra runs clean --older-than 30d --dry-run
  orchestra runs clean --keep 20 --max-size 2G
  orchestra runs clean 20261121-0933

Removing a run removes its directory and its workspaces. If several of --older-than, --keep and
--max-size are given, a run must match all of them. A run that can be resumed, or whose records
cannot be read, is removed only with --force; a live run is never removed. The backups that `apply`
made in your git repository are kept unless --backups is given.";

/// List, show, compare and remove runs
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
    /// Show the state of a run, live or finished
    #[command(after_help = SHOW_EXAMPLES)]
    Show(RunName),
    /// Print a run's report
    #[command(after_help = REPORT_EXAMPLES)]
    Report {
        #[command(flatten)]
        run: RunName,
        /// Output format: md, json or junit
        #[arg(long, value_enum, value_name = "FORM", hide_possible_values = true)]
        format: Option<ReportFormat>,
    },
    /// Compare two runs: configuration, plan, outcomes, cost, patch
    #[command(after_help = DIFF_EXAMPLES)]
    Diff(DiffArgs),
    /// Remove runs, and leftovers of removed runs
    #[command(after_help = CLEAN_EXAMPLES)]
    Clean(Box<CleanArgs>),
}

/// List all runs, newest first
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Only the runs of the ticket with this key
    #[arg(long = "ref", value_name = "KEY")]
    pub reference: Option<String>,
    #[command(flatten)]
    pub runs: RunsDir,
}

/// Compare two runs: configuration, plan, outcomes, cost, patch
#[derive(Debug, Args)]
pub struct DiffArgs {
    /// The run to compare, by the start of its id
    #[arg(value_name = "A")]
    pub a: String,
    /// The run to compare it with
    #[arg(value_name = "B")]
    pub b: String,
    /// Show both patches of every file that differs
    #[arg(long)]
    pub patch: bool,
    #[command(flatten)]
    pub runs: RunsDir,
}

/// Remove runs, and leftovers of removed runs
#[derive(Debug, Default, Args)]
pub struct CleanArgs {
    /// The runs to remove, by the start of their ids
    #[arg(value_name = "RUN")]
    pub named: Vec<String>,
    #[command(flatten)]
    pub chosen: Chosen,
    /// Also remove runs that can be resumed, and those whose records cannot be read
    #[arg(long)]
    pub force: bool,
    /// Show what would be removed and its size, and remove nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Also remove the backups that `apply` made for these runs in your git repository
    #[arg(long)]
    pub backups: bool,
    #[command(flatten)]
    pub runs: RunsDir,
}

/// Which runs of this project `clean` is to look at, without naming them.
#[derive(Debug, Default, Clone, Args)]
pub struct Chosen {
    /// Remove runs that ended longer ago than this, such as 30d or 12h
    #[arg(long, value_name = "D", conflicts_with = "named")]
    pub older_than: Option<Span>,
    /// Remove all but the N newest runs
    #[arg(long, value_name = "N", conflicts_with = "named")]
    pub keep: Option<usize>,
    /// Remove the oldest runs until the rest take no more than this, such as 500M or 2G
    #[arg(long, value_name = "SIZE", conflicts_with = "named")]
    pub max_size: Option<Size>,
}

impl Chosen {
    /// Whether none is chosen.
    pub fn is_empty(&self) -> bool {
        self.older_than.is_none() && self.keep.is_none() && self.max_size.is_none()
    }
}

// Which run. No doc comment: it would take the place of what each command says of itself.
#[derive(Debug, Args)]
pub struct RunName {
    /// The run, by the start of its id [default: the newest run]
    #[arg(value_name = "RUN")]
    pub run: Option<String>,
    #[command(flatten)]
    pub runs: RunsDir,
}

// Where the runs are. No doc comment here either.
#[derive(Debug, Default, Clone, Args)]
pub struct RunsDir {
    /// The folder of the run directories [default: runs, in the project]
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
