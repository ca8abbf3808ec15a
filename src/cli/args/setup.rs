//! `init`: setting a project up.

use std::path::PathBuf;

use clap::Args;

const INIT_EXAMPLES: &str = "\
Examples:
  orchestra init                             write orchestra.yaml for the project in this folder
  orchestra init --print                     only show it
  orchestra init ../other --force            write it anew for another project

Exit codes: 0 written, 2 there is a configuration already.";

/// `init`.
#[derive(Debug, Args)]
#[command(after_help = INIT_EXAMPLES)]
pub struct InitArgs {
    /// The project's folder, made if it is not there; left out, this one
    #[arg(value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// Write over a configuration that is there
    #[arg(long)]
    pub force: bool,
    /// Show what would be written, and write nothing
    #[arg(long)]
    pub print: bool,
}
