//! What can be typed. Flags become plain values here; what they mean is decided by the commands.

mod configure;
#[cfg(test)]
mod fuzz_tests;
mod globals;
mod jobs;
mod plan;
mod run;
mod runs;
mod settings;
mod setup;
mod shell;
mod size;
mod values;

use clap::{Parser, Subcommand};

pub use configure::{ConfigArgs, ConfigCommand};
pub use globals::Globals;
pub use plan::{GraphFormat, PlanArgs, PlanCaps, PlanCommand, PlanFile, PlanGraph};
pub use run::{ApplyArgs, Pace, ResumeArgs, RunArgs, TicketArgs};
pub use runs::{Chosen, CleanArgs, DiffArgs, ListArgs, ReportFormat, RunName, RunsArgs, RunsCommand, RunsDir};
pub use settings::Settings;
pub use setup::{AgentArgs, DoctorArgs, InitArgs};
pub use shell::{CompletionsArgs, ManArgs};
pub use values::{Allowance, ApprovalTarget, Ask, Decided, Fate, Raise};

const EXAMPLES: &str = "\
Examples:
  orchestra init                             write orchestra.yaml for this project
  orchestra run ticket.md                    plan it, run it, check it
  orchestra resume                           go on where it ended
  orchestra apply                            bring the change into your files
  orchestra plan check plan.json             is this plan sound?
  orchestra runs show                        how does the newest run stand?
  orchestra config show --origin             what counts, and who said so

Exit codes: 0 done and verified, 1 a task failed, 2 usage, 3 not verified, 4 budget, 5 denied,
6 agent or model, 7 state of the run, 8 records, 70 our own fault, 128+N signal N.";

/// Turns a ticket into a plan, runs it with coding agents, checks the work itself, and records everything
#[derive(Debug, Parser)]
#[command(name = "orchestra", version, after_help = EXAMPLES, disable_help_subcommand = true)]
pub struct Cli {
    #[command(flatten)]
    pub globals: Globals,
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub enum Command {
    /// Run a ticket, or a plan
    Run(Box<RunArgs>),
    /// Go on with a run where it ended
    Resume(Box<ResumeArgs>),
    /// Bring a run's change into your files
    Apply(ApplyArgs),
    /// Make a plan, check one, or show it
    Plan(PlanArgs),
    /// List runs, show one or its report, compare two, remove old ones
    Runs(RunsArgs),
    /// Show, check or describe the configuration
    Config(ConfigArgs),
    /// Write a configuration that fits the project
    Init(InitArgs),
    /// Look whether everything is there that a run needs
    Doctor(DoctorArgs),
    /// Work for another runner: one task message in, one result out
    Agent(AgentArgs),
    /// Print what a shell needs to complete commands
    Completions(CompletionsArgs),
    /// Print a manual page
    Man(ManArgs),
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_arguments_fit_together() {
        Cli::command().debug_assert();
        for args in [RunArgs::augment(), ResumeArgs::augment(), ApplyArgs::augment()] {
            args.debug_assert();
        }
    }

    trait Augment {
        fn augment() -> clap::Command;
    }

    impl<T: clap::Args> Augment for T {
        fn augment() -> clap::Command {
            T::augment_args(clap::Command::new("x"))
        }
    }

    #[test]
    fn every_command_shows_examples() {
        fn look(command: &clap::Command, path: &str) {
            for inner in command.get_subcommands() {
                let path = format!("{path} {}", inner.get_name());
                let shown = inner.get_after_help().map(ToString::to_string).unwrap_or_default();
                assert!(shown.contains("Examples:"), "{path} has no examples");
                let broken = shown.lines().find(|line| line.chars().count() > 100);
                assert_eq!(broken, None, "{path}: help is wrapped at 100 columns, examples too");
                look(inner, &path);
            }
        }
        let mut command = Cli::command();
        command.build();
        look(&command, "orchestra");
    }
}
