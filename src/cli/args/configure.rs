//! `config`: what is asked about the configuration.

use std::path::PathBuf;

use clap::{Args, Subcommand};

const EXAMPLES: &str = "\
Examples:
  orchestra config show --origin             what counts, and who said so
  orchestra config check orchestra.yaml
  orchestra config schema > orchestra.schema.json";

const SHOW_EXAMPLES: &str = "\
Examples:
  orchestra config show
  orchestra config show --origin
  orchestra config show --set run.jobs=2 --json";

const CHECK_EXAMPLES: &str = "\
Examples:
  orchestra config check                     all layers, as a run would find them
  orchestra config check orchestra.yaml

Exit codes: 0 sound, 2 not.";

const SCHEMA_EXAMPLES: &str = "\
Examples:
  orchestra config schema > orchestra.schema.json
  # and as the first line of orchestra.yaml:
  # yaml-language-server: $schema=orchestra.schema.json";

/// `config`.
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
    /// Show the configuration that counts
    #[command(after_help = SHOW_EXAMPLES)]
    Show {
        /// Say of each value where it came from
        #[arg(long)]
        origin: bool,
    },
    /// Say whether the configuration is sound, and name every fault
    #[command(after_help = CHECK_EXAMPLES)]
    Check {
        /// The file; the same as --config
        #[arg(value_name = "FILE", conflicts_with = "config")]
        file: Option<PathBuf>,
    },
    /// Print the JSON schema of a configuration file, for editors
    #[command(after_help = SCHEMA_EXAMPLES)]
    Schema,
}
