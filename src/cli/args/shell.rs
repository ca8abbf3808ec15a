//! `completions` and `man`: what a shell and a reader of manuals are given.

use std::path::PathBuf;

use clap::{Args, ValueHint};

const COMPLETIONS_EXAMPLES: &str = "\
Examples:
  orchestra completions bash > orchestra.bash        then: source ./orchestra.bash
  orchestra completions zsh > _orchestra             into a folder of $fpath
  orchestra completions fish > orchestra.fish        then: source orchestra.fish";

const MAN_EXAMPLES: &str = "\
Examples:
  orchestra man > orchestra.1                read it with: man -l orchestra.1
  orchestra man plan graph                   the page of one command
  orchestra man --out-dir man1               all pages, for packaging";

/// Print a shell completion script
#[derive(Debug, Args)]
#[command(after_help = COMPLETIONS_EXAMPLES)]
pub struct CompletionsArgs {
    /// The shell: bash, elvish, fish, powershell or zsh
    #[arg(value_name = "SHELL", value_enum, hide_possible_values = true)]
    pub shell: clap_complete::Shell,
}

/// Print a manual page
#[derive(Debug, Args)]
#[command(after_help = MAN_EXAMPLES)]
pub struct ManArgs {
    /// The command [default: orchestra itself]
    #[arg(value_name = "COMMAND")]
    pub command: Vec<String>,
    /// Write the pages of all commands into this folder, created if need be
    #[arg(long, value_name = "D", conflicts_with = "command", value_hint = ValueHint::DirPath)]
    pub out_dir: Option<PathBuf>,
}
