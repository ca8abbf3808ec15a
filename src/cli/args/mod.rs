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
  orchestra run ticket.md                    plan it, run it, verify it, report
  orchestra resume                           continue where the last run stopped
  orchestra apply                            apply the change to your files
  orchestra plan check plan.json             is this plan valid?
  orchestra runs show                        the state of the newest run
  orchestra config show --origin             the effective settings, and their sources

Exit codes: 0 done and verified, 1 a task failed, 2 wrong usage or configuration, 3 not verified,
4 a limit was reached, 5 denied or needs a decision, 6 agent or model unavailable, 7 run state
unusable, 8 records cannot be written, 70 a bug in orchestra, 128+N ended by signal N.";

/// Turns a ticket into a plan, runs it with coding agents, verifies the work with your checks, and journals every step
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
    /// Run a ticket or a plan
    Run(Box<RunArgs>),
    /// Continue a run that failed, was stopped or was killed
    Resume(Box<ResumeArgs>),
    /// Apply a run's change to your files
    Apply(ApplyArgs),
    /// Make, check, show or draw a plan
    Plan(PlanArgs),
    /// List, show, compare and remove runs
    Runs(RunsArgs),
    /// Show or check the configuration, or print its schema
    Config(ConfigArgs),
    /// Write an orchestra.yaml that fits the project
    Init(InitArgs),
    /// Check that this machine and project have what a run needs
    Doctor(DoctorArgs),
    /// Run one task for another runner: a message in, a result out
    Agent(AgentArgs),
    /// Print a shell completion script
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

    /// Arguments that are read late (`defer`) lay what their own type says of itself over what the list of commands says.
    #[test]
    fn the_help_of_a_command_begins_with_what_the_list_of_commands_says_of_it() {
        fn look<T: Subcommand>(built: &clap::Command) {
            let listed = T::augment_subcommands(clap::Command::new("x"));
            for command in listed.get_subcommands() {
                let name = command.get_name();
                let says = command.get_about().map(ToString::to_string);
                let Some(built) = built.find_subcommand(name) else { panic!("{name} is not there") };
                assert!(says.is_some(), "{name}");
                assert_eq!(built.get_about().map(ToString::to_string), says, "{name}");
                assert!(built.get_long_about().is_none(), "{name}: one would spread every flag over three lines");
            }
        }
        fn inner<T: Subcommand>(root: &clap::Command, name: &str) {
            let Some(command) = root.find_subcommand(name) else { panic!("{name} is not there") };
            look::<T>(command);
        }
        let mut root = Cli::command();
        root.build();
        look::<Command>(&root);
        inner::<PlanCommand>(&root, "plan");
        inner::<RunsCommand>(&root, "runs");
        inner::<ConfigCommand>(&root, "config");
    }
}
