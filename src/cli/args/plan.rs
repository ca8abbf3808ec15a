//! `plan`: what is asked about a plan file.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, value_parser};

const EXAMPLES: &str = "\
Examples:
  orchestra plan check plan.json             is it sound? all faults at once
  orchestra plan show plan.json              its tasks, batches and critical path";

const CHECK_EXAMPLES: &str = "\
Examples:
  orchestra plan check plan.json
  orchestra plan check --json - < plan.json  {\"tasks\": [...], \"repairs\": [], \"faults\": []}

Exit codes: 0 sound, 2 not.";

const SHOW_EXAMPLES: &str = "\
Examples:
  orchestra plan show plan.json
  orchestra plan show --json plan.json       normalised: what would be run";

/// `plan`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct PlanArgs {
    #[command(subcommand)]
    pub command: PlanCommand,
}

/// What is asked about a plan.
#[derive(Debug, Subcommand)]
pub enum PlanCommand {
    /// Say whether a plan is sound, and name every fault
    #[command(after_help = CHECK_EXAMPLES)]
    Check(PlanFile),
    /// Show a plan: tasks, batches, critical path
    #[command(after_help = SHOW_EXAMPLES)]
    Show(PlanFile),
}

/// A plan, and how large it may be.
#[derive(Debug, Args)]
pub struct PlanFile {
    /// The plan; `-` reads standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    #[command(flatten)]
    pub caps: PlanCaps,
}

/// How large a plan may be.
#[derive(Debug, Clone, Copy, Default, Args)]
pub struct PlanCaps {
    /// Most tasks a plan may have
    #[arg(long, value_name = "N", value_parser = value_parser!(u32).range(1..))]
    pub max_tasks: Option<u32>,
    /// Most bytes a plan may have
    #[arg(long, value_name = "N", value_parser = value_parser!(u32).range(1..))]
    pub max_bytes: Option<u32>,
}

impl PlanFile {
    /// Whether standard input is meant.
    pub fn is_stdin(&self) -> bool {
        self.file == Path::new("-")
    }
}
