//! The flags that every command takes.

use std::path::PathBuf;

use clap::{ArgAction, Args};

use crate::console::{ColorChoice, Options, Output, Verbosity};

/// The flags that every command takes.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Everywhere")]
pub struct Globals {
    /// Work as if started in DIR
    #[arg(short = 'C', value_name = "DIR", global = true)]
    pub directory: Option<PathBuf>,
    /// Read this configuration file instead of looking for one
    #[arg(long, value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,
    /// Set one key of the configuration, such as run.jobs=2
    #[arg(short = 'c', long = "set", value_name = "KEY=VALUE", global = true)]
    pub set: Vec<String>,
    /// What stdout carries: text, json (one document) or jsonl (one object a line)
    #[arg(long, value_enum, hide_possible_values = true, value_name = "FORM", global = true, conflicts_with = "json")]
    output: Option<Output>,
    /// The same as --output json
    #[arg(long, global = true)]
    json: bool,
    /// Say more; twice and three times for even more
    #[arg(short, long, action = ArgAction::Count, global = true, conflicts_with = "quiet")]
    pub verbose: u8,
    /// Say only what went wrong
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// Colour what is said: auto, always or never
    #[arg(long, value_enum, value_name = "WHEN", default_value_t, hide_possible_values = true, global = true)]
    color: ColorChoice,
    /// Never ask; what needs an answer ends with exit code 5
    #[arg(long, global = true)]
    pub no_input: bool,
}

impl Globals {
    /// What these flags ask of the console.
    pub fn console(&self) -> Options {
        let verbosity = match (self.quiet, self.verbose) {
            (true, _) => Verbosity::Quiet,
            (false, 0) => Verbosity::Normal,
            (false, _) => Verbosity::Verbose,
        };
        let output = if self.json { Output::Json } else { self.output.unwrap_or_default() };
        Options { output, verbosity, color: self.color }
    }
}
