//! The flags that every command takes.

use std::path::PathBuf;

use clap::{ArgAction, Args};

use crate::console::{ColorChoice, Options, Output, Verbosity};

/// The flags that every command takes.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Global options")]
pub struct Globals {
    /// Run as if started in DIR
    #[arg(short = 'C', value_name = "DIR", global = true)]
    pub directory: Option<PathBuf>,
    /// Use this configuration file, and trust it, instead of searching for one
    #[arg(long, value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,
    /// Override one configuration key, such as run.jobs=2; repeatable
    #[arg(short = 'c', long = "set", value_name = "KEY=VALUE", global = true)]
    pub set: Vec<String>,
    /// Format of stdout: text, json (one document) or jsonl (one object per line)
    #[arg(long, value_enum, hide_possible_values = true, value_name = "FORM", global = true, conflicts_with = "json")]
    output: Option<Output>,
    /// The same as --output json
    #[arg(long, global = true)]
    json: bool,
    /// Print more; -vv and -vvv print even more
    #[arg(short, long, action = ArgAction::Count, global = true, conflicts_with = "quiet")]
    pub verbose: u8,
    /// Print only warnings and errors
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// When to use colour: auto, always or never
    #[arg(long, value_enum, value_name = "WHEN", default_value_t, hide_possible_values = true, global = true)]
    color: ColorChoice,
    /// Never prompt; a question that needs an answer ends the run with exit code 5
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
