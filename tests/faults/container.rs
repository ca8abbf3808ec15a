//! A process namespace of its own, as containers and CI runners give: the leader of our session is not in it.

use std::process::{Command, Stdio};

use crate::rig::{Rig, WRITES_A_FILE};

/// The call, as the first program of a new process namespace; `None` where that is not allowed.
fn contained(rig: &Rig, args: &[String]) -> Option<Command> {
    let flags = ["--pid", "--fork", "--mount-proc"];
    let tried = Command::new("unshare").args(flags).arg("true").stderr(Stdio::null()).status();
    if !tried.is_ok_and(|status| status.success()) {
        eprintln!("SKIPPED: a process namespace needs root and `unshare`");
        return None;
    }
    let call = rig.world.command(args);
    let mut command = Command::new("unshare");
    command.args(flags).arg(call.get_program()).args(call.get_args()).env_clear();
    command.envs(call.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.current_dir(rig.world.project());
    Some(command)
}

#[test]
fn a_run_in_a_process_namespace_of_its_own_ends_as_elsewhere() {
    let rig = Rig::new(&["a", "b"], WRITES_A_FILE);
    let Some(command) = contained(&rig, &rig.run_args()) else { return };
    rig.spawn(command).end().exits(0);

    let rig = Rig::new(&["a"], "exit 3");
    let Some(command) = contained(&rig, &rig.run_args()) else { return };
    rig.spawn(command).end().exits(1);
}
