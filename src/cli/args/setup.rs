//! `init`, `doctor` and `agent`: setting a project up, looking whether it can work, and being a worker for others.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, value_parser};

use crate::plan::Role;

const INIT_EXAMPLES: &str = "\
Examples:
  orchestra init                             write orchestra.yaml for the project in this folder
  orchestra init --print                     only show it
  orchestra init ../other --force            write it anew for another project

Exit codes: 0 written, 2 there is a configuration already.";

const DOCTOR_EXAMPLES: &str = "\
Examples:
  orchestra doctor                           is everything there that a run needs?
  orchestra doctor --json                    the same for programs
  orchestra doctor --config orchestra.yaml   with the agents and checks that this file names

Exit codes: 0 nothing stands in the way of a run, 2 the configuration does, 6 the machine does.";

const AGENT_EXAMPLES: &str = "\
Examples:
  orchestra agent implement < implement.json > result.json
  orchestra agent research --artifacts out --logs logs < research.json
  orchestra agent review --change change.patch < review.json

A task message is an object with \"schema\": \"orchestra.message/v1\"; the one result is an object
on one line with \"schema\": \"orchestra.result/v1\". The message of an attempt of a run is in
its directory.

Exit codes: 0 the agent says that it is done, 1 it failed, 2 the message or the configuration is
wrong, 4 a limit, 5 denied, 6 the agent cannot be used, 8 its files cannot be written,
128+N signal N.";

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

/// `doctor`.
#[derive(Debug, Args)]
#[command(after_help = DOCTOR_EXAMPLES)]
pub struct DoctorArgs;

/// `agent`.
#[derive(Debug, Args)]
#[command(after_help = AGENT_EXAMPLES)]
pub struct AgentArgs {
    /// What kind of work the message asks for
    #[arg(value_name = "ROLE", value_parser = roles())]
    pub role: Role,
    /// Keep here what the agent leaves as artifacts
    #[arg(long, value_name = "DIR")]
    pub artifacts: Option<PathBuf>,
    /// The files that earlier tasks left, under the paths that the message names
    #[arg(long, value_name = "DIR")]
    pub inputs: Option<PathBuf>,
    /// Keep here the attempt's own files: message, prompt, output, result
    #[arg(long, value_name = "DIR")]
    pub logs: Option<PathBuf>,
    /// Which attempt of the task this is, counted from 1
    #[arg(long, value_name = "N", value_parser = value_parser!(u32).range(1..))]
    pub attempt: Option<u32>,
    /// The change that a review is about, as `git diff` prints it
    #[arg(long, value_name = "FILE")]
    pub change: Option<PathBuf>,
}

/// The roles, as values that a shell can complete.
fn roles() -> impl TypedValueParser<Value = Role> {
    PossibleValuesParser::new(Role::ALL.map(Role::as_str)).try_map(|word| role(&word))
}

fn role(word: &str) -> Result<Role, String> {
    Role::ALL.into_iter().find(|role| role.as_str() == word).ok_or_else(|| {
        let names = Role::ALL.map(Role::as_str);
        format!("the roles are {}", names.join(", "))
    })
}
