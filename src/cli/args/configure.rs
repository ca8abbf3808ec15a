//! `config`: what is asked about the configuration.

use std::path::PathBuf;

use clap::{Args, Subcommand};

const EXAMPLES: &str = "\
Examples:
  orchestra config show --origin             the effective settings, and their sources
  orchestra config check orchestra.yaml
  orchestra config schema > orchestra.schema.json";

const SHOW_EXAMPLES: &str = "\
Examples:
  orchestra config show
  orchestra config show --origin
  orchestra config show --set run.jobs=2 --json";

const CHECK_EXAMPLES: &str = "\
Examples:
  orchestra config check                     all layers, as a run would read them
  orchestra config check orchestra.yaml

Exit codes: 0 valid, 2 invalid.";

const SCHEMA_EXAMPLES: &str = "\
Examples:
  orchestra config schema > orchestra.schema.json
  # and as the first line of orchestra.yaml:
  # yaml-language-server: $schema=orchestra.schema.json";

/// Show or check the configuration, or print its schema
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct ConfigArgs {
    #[command(subcommand)]
    pub command: ConfigCommand,
}

/// What is asked about the configuration.
#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub enum ConfigCommand {
    /// Show the effective configuration
    #[command(after_help = SHOW_EXAMPLES)]
    Show {
        /// Show where each value comes from
        #[arg(long)]
        origin: bool,
    },
    /// Check that the configuration is valid, and list every fault
    #[command(after_help = CHECK_EXAMPLES)]
    Check {
        /// The file to check; the same as --config
        #[arg(value_name = "FILE", conflicts_with = "config")]
        file: Option<PathBuf>,
    },
    /// Print the JSON schema of a configuration file, for editors
    #[command(after_help = SCHEMA_EXAMPLES)]
    Schema,
}
