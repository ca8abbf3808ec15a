//! `init`, `doctor` and `agent`: setting a project up, looking whether it can work, and being a worker for others.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, value_parser};

use crate::plan::Role;

const INIT_EXAMPLES: &str = "\
Examples:
  orchestra init                             write orchestra.yaml for the project in this folder
  orchestra init --print                     print it, write nothing
  orchestra init ../other --force            overwrite that of another project

Exit codes: 0 written, 2 there is a configuration already.";

const DOCTOR_EXAMPLES: &str = "\
Examples:
  orchestra doctor                           git, agents, checks, keys, folders, kernel
  orchestra doctor --json                    the same, for programs
  orchestra doctor --config orchestra.yaml   with the agents and checks of this file

Exit codes: 0 ready to run, 2 the configuration prevents a run, 6 the machine does.";

const AGENT_EXAMPLES: &str = "\
Reads one task message from stdin, makes one attempt with the agent that `roles` names, and prints
one result on stdout. No checks are run: whoever sent the message judges the work.

Examples:
  orchestra agent implement < implement.json > result.json
  orchestra agent research --artifacts out --logs logs < research.json
  orchestra agent review --change change.patch < review.json

The message is a JSON object with \"schema\": \"orchestra.message/v1\". The result is one line of JSON
with \"schema\": \"orchestra.result/v1\". Every attempt of a run leaves its message in runs/RUN/tasks/.

Exit codes: 0 the agent says it is done, 1 it failed, 2 the message or the configuration is wrong,
4 a limit was reached, 5 denied, 6 agent unavailable, 8 files cannot be written, 128+N signal N.";

/// Write an orchestra.yaml that fits the project
#[derive(Debug, Args)]
#[command(after_help = INIT_EXAMPLES)]
pub struct InitArgs {
    /// The folder of the project, created if need be [default: this folder]
    #[arg(value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// Overwrite an existing configuration
    #[arg(long)]
    pub force: bool,
    /// Print what would be written, and write nothing
    #[arg(long)]
    pub print: bool,
}

/// Check that this machine and project have what a run needs
#[derive(Debug, Args)]
#[command(after_help = DOCTOR_EXAMPLES)]
pub struct DoctorArgs;

/// Run one task for another runner: a message in, a result out
#[derive(Debug, Args)]
#[command(after_help = AGENT_EXAMPLES)]
pub struct AgentArgs {
    /// The role that the message asks for
    #[arg(value_name = "ROLE", value_parser = roles())]
    pub role: Role,
    /// Keep the artifacts of the agent in DIR
    #[arg(long, value_name = "DIR")]
    pub artifacts: Option<PathBuf>,
    /// Folder of the files from earlier tasks, under the paths that the message names
    #[arg(long, value_name = "DIR")]
    pub inputs: Option<PathBuf>,
    /// Keep the message, prompt, output and result of the attempt in DIR
    #[arg(long, value_name = "DIR")]
    pub logs: Option<PathBuf>,
    /// The number of this attempt at the task, from 1
    #[arg(long, value_name = "N", value_parser = value_parser!(u32).range(1..))]
    pub attempt: Option<u32>,
    /// The change to review, as `git diff` prints it
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
