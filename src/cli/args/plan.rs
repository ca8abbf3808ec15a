//! `plan`: what is asked about a plan file.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum, value_parser};

use super::{RunArgs, RunsDir, TicketArgs};

const EXAMPLES: &str = "\
With a model that plans, `plan TICKET` asks it, and is paid for; `run --dry-run` sends nothing.

Examples:
  orchestra plan ticket.md                   the same as run --plan-only; `resume` runs it
  orchestra plan check plan.json             is it valid? all faults at once
  orchestra plan show plan.json              its tasks, batches and critical path
  orchestra plan graph plan.json             the dependency graph, as Mermaid";

const CHECK_EXAMPLES: &str = "\
Examples:
  orchestra plan check plan.json
  orchestra plan check --json - < plan.json   {\"tasks\": [...], \"repairs\": [], \"faults\": []}

Exit codes: 0 valid, 2 invalid.";

const SHOW_EXAMPLES: &str = "\
Examples:
  orchestra plan show plan.json
  orchestra plan show --json plan.json       normalised, as it would run";

const GRAPH_EXAMPLES: &str = "\
Examples:
  orchestra plan graph plan.json > plan.mmd
  orchestra plan graph --format dot plan.json | dot -Tsvg > plan.svg
  orchestra plan graph                         the newest run, with the state of each task
  orchestra plan graph --json 20261121-0933    nodes, edges, batches, critical path";

/// Make, check, show or draw a plan
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, arg_required_else_help = true)]
pub struct PlanArgs {
    #[command(subcommand)]
    pub command: Option<PlanCommand>,
    #[command(flatten)]
    pub ask: TicketArgs,
    #[command(flatten)]
    pub runs: RunsDir,
}

impl PlanArgs {
    /// The same asked of `run`.
    pub fn into_run(self) -> RunArgs {
        RunArgs { ask: self.ask, runs: self.runs, plan_only: true, ..RunArgs::default() }
    }

    /// Whether what only a ticket takes was given. Beside a command it means nothing; clap could say so, but would then
    /// refuse the flags of every command as well.
    pub fn asks_for_a_plan(&self) -> bool {
        let TicketArgs { ticket, message, reference, base, context } = &self.ask;
        let given = [ticket, message, reference, base].into_iter().any(Option::is_some) || !context.is_empty();
        given || self.runs.dir.is_some()
    }
}

/// What is asked about a plan.
#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub enum PlanCommand {
    /// Check that a plan is valid, and list every fault
    #[command(after_help = CHECK_EXAMPLES)]
    Check(PlanFile),
    /// Show the tasks, batches and critical path of a plan
    #[command(after_help = SHOW_EXAMPLES)]
    Show(PlanFile),
    /// Draw the dependency graph of a plan or a run
    #[command(after_help = GRAPH_EXAMPLES)]
    Graph(PlanGraph),
}

/// Draw the dependency graph of a plan or a run
#[derive(Debug, Args)]
pub struct PlanGraph {
    /// A plan file, `-` for standard input, or a run [default: the newest run]
    #[arg(value_name = "FILE|RUN")]
    pub what: Option<String>,
    /// Output format: mermaid, dot or json
    #[arg(long, value_enum, value_name = "FORM", hide_possible_values = true)]
    pub format: Option<GraphFormat>,
    #[command(flatten)]
    pub caps: PlanCaps,
    #[command(flatten)]
    pub runs: RunsDir,
}

/// What a graph is drawn in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum GraphFormat {
    /// Mermaid, for Markdown
    Mermaid,
    /// Graphviz
    Dot,
    /// JSON
    Json,
}

// A plan, and how large it may be. No doc comment: it would take the place of what each command says of itself.
#[derive(Debug, Args)]
pub struct PlanFile {
    /// A plan, a Taskmaster tasks.json (FILE#TAG selects a tag) or beads issues; `-` for standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    #[command(flatten)]
    pub caps: PlanCaps,
}

// How large a plan may be. No doc comment here either.
#[derive(Debug, Clone, Copy, Default, Args)]
pub struct PlanCaps {
    /// Maximum number of tasks in a plan
    #[arg(long, value_name = "N", value_parser = value_parser!(u32).range(1..))]
    pub max_tasks: Option<u32>,
    /// Maximum size of a plan in bytes
    #[arg(long, value_name = "N", value_parser = value_parser!(u32).range(1..))]
    pub max_bytes: Option<u32>,
}
