//! `runs`: what is asked about runs that have been.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

const EXAMPLES: &str = "\
Examples:
  orchestra runs list
  orchestra runs show                        the newest run
  orchestra runs report 20261121-0933 > report.md";

const LIST_EXAMPLES: &str = "\
Examples:
  orchestra runs list
  orchestra runs list --json";

const SHOW_EXAMPLES: &str = "\
Examples:
  orchestra runs show                        the newest run
  orchestra runs show 20261121-0933
  orchestra runs show --json latest";

const REPORT_EXAMPLES: &str = "\
Examples:
  orchestra runs report > report.md
  orchestra runs report 20261121-0933 --format json";

/// `runs`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct RunsArgs {
    #[command(subcommand)]
    pub command: RunsCommand,
}

/// What is asked about runs.
#[derive(Debug, Subcommand)]
pub enum RunsCommand {
    /// List all runs, newest first
    #[command(after_help = LIST_EXAMPLES)]
    List(RunsDir),
    /// Show how a run stands
    #[command(after_help = SHOW_EXAMPLES)]
    Show(RunName),
    /// Print a run's report
    #[command(after_help = REPORT_EXAMPLES)]
    Report {
        #[command(flatten)]
        run: RunName,
        /// What the report is rendered as: md or json
        #[arg(long, value_enum, value_name = "FORM", hide_possible_values = true)]
        format: Option<ReportFormat>,
    },
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
}
