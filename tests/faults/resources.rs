//! What a machine may have too little of: said by name, with what helps, and never a hang.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::process::{Command, Stdio};

use crate::rig::{GONE_WITHIN, Rig, WRITES_A_FILE};
use crate::world::Output;

/// A run under these limits of prlimit(1).
fn limited(rig: &Rig, limits: &[String]) -> Output {
    rig.spawn(wrapped(rig, "prlimit", &[limits, &["--".to_owned()]].concat())).end()
}

/// The call that starts a run, by way of another program.
fn wrapped(rig: &Rig, by: &str, args: &[String]) -> Command {
    let call = rig.world.command(rig.run_args());
    let mut command = Command::new(by);
    command.args(args).arg(call.get_program()).args(call.get_args()).env_clear();
    command.envs(call.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.current_dir(rig.world.project());
    command
}

/// Ends well, or with a documented code and the advice that helps; never a panic, and nothing is left.
#[track_caller]
fn ends_well_or_says(rig: &Rig, output: &Output, advice: &str, under: &str) {
    assert!(
        !output.stderr.contains("panicked") && !output.stderr.contains("orchestra failed at"),
        "{under}: {output:?}"
    );
    if output.code != 0 {
        assert!(matches!(output.code, 1 | 6 | 8), "{under}: {output:?}");
        assert!(output.stderr.contains(advice), "{under}: {output:?}");
    }
    rig.is_gone_within(GONE_WITHIN);
}

#[test]
fn too_few_open_files_are_named_with_what_helps() {
    let mut refused = 0;
    for files in [6, 8, 9, 10, 11, 12, 13, 14, 15, 16, 18, 20, 24] {
        let rig = Rig::new(&["a"], WRITES_A_FILE);
        let output = limited(&rig, &[format!("--nofile={files}:{files}")]);
        ends_well_or_says(&rig, &output, "ulimit -n", &format!("{files} files"));
        refused += u32::from(output.code != 0);
    }
    assert!(refused > 3, "the limits were none");
}

#[test]
fn a_limit_on_file_sizes_is_named_with_what_helps_and_without_it_the_run_is_finished() {
    // Whichever file comes to its end first: the journal, the plan, what is kept of an attempt.
    for bytes in [300, 700, 1500, 2200, 3000, 4096] {
        let rig = Rig::new(&["a", "b", "c", "d"], WRITES_A_FILE);
        let output = limited(&rig, &[format!("--fsize={bytes}:{bytes}")]);
        assert_ne!(output.code, 0, "{bytes} bytes");
        ends_well_or_says(&rig, &output, "ulimit -f", &format!("{bytes} bytes"));
        if rig.find_dir().is_some() {
            rig.resume().exits(0);
            rig.journal_is_clean();
        }
    }
}

/// A user of nobody's, so that no other process counts towards its limits; `None` where that cannot be had.
fn as_nobody(rig: &Rig, number: u32, limits: &[String]) -> Option<Command> {
    let user = 61_000 + number;
    let top = rig.at("");
    let mut all = vec![top.clone()];
    while let Some(path) = all.pop() {
        if chown(&path, Some(user), Some(user)).is_err() {
            eprintln!("SKIPPED: another user's processes need root");
            return None;
        }
        if path.is_dir() {
            all.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        }
    }
    fs::set_permissions(&top, fs::Permissions::from_mode(0o755)).unwrap();
    let become_it: Vec<String> = ["--reuid", &user.to_string(), "--regid", &user.to_string(), "--clear-groups"]
        .map(str::to_owned)
        .into_iter()
        .chain(["--inh-caps=-all".to_owned(), "--bounding-set=-all".to_owned()])
        .collect();
    let can_run = Command::new("setpriv")
        .args(&become_it)
        .args([env!("CARGO_BIN_EXE_orchestra"), "--version"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    if !can_run.is_ok_and(|status| status.success()) {
        eprintln!("SKIPPED: another user may not run what was built, or there is no `setpriv`");
        return None;
    }
    let with = [&become_it[..], &["prlimit".to_owned()], limits, &["--".to_owned()]].concat();
    Some(wrapped(rig, "setpriv", &with))
}

#[test]
fn too_few_processes_are_named_with_what_helps_and_never_waited_for() {
    let mut refused = 0;
    for processes in [1, 2, 4, 6, 8, 10, 12, 14, 17, 20, 40] {
        let rig = Rig::new(&["a"], WRITES_A_FILE).with(&["run.attempts=1"]);
        let limit = format!("--nproc={processes}:{processes}");
        let Some(command) = as_nobody(&rig, processes, &[limit]) else { return };
        let output = rig.spawn(command).end();
        // An agent that cannot start a child of its own says so itself.
        let advice = if output.code == 1 { "fork" } else { "ulimit -u" };
        ends_well_or_says(&rig, &output, advice, &format!("{processes} processes"));
        refused += u32::from(output.code != 0);
    }
    assert!(refused > 2, "the limits were none");
}

#[test]
fn a_fork_bomb_in_a_task_fails_the_task_and_the_run_lives() {
    let bomb =
        "echo \"start $ORCHESTRA_TASK_ID $ORCHESTRA_ATTEMPT\" >> \"$LOG\"\nbomb() { bomb | bomb & }\nbomb\nsleep 300\n";
    let rig = Rig::new(&["a", "b"], bomb).with(&["limits.task=3s", "run.attempts=1"]);
    let Some(command) = as_nobody(&rig, 500, &["--nproc=150:150".to_owned()]) else { return };
    let output = rig.spawn(command).end();
    assert!(matches!(output.code, 1 | 6), "{output:?}");
    assert!(!output.stderr.contains("orchestra failed at"), "{output:?}");
    rig.is_gone_within(GONE_WITHIN);
    assert_eq!(
        rig.event("attempt.finished", Some("a"))["data"]["outcome"]["failed"]["detail"].as_str().map(str::is_empty),
        Some(false)
    );
    rig.script(WRITES_A_FILE);
    rig.resume().exits(0);
    rig.journal_is_clean();
}

#[test]
fn a_task_that_wants_more_memory_than_there_is_fails_and_the_run_lives() {
    // `tail` keeps a line until it ends.
    let greedy = "ulimit -v 400000\ntail /dev/zero\n";
    let rig = Rig::new(&["a"], greedy).with(&["run.attempts=1"]);
    rig.run().exits(1);
    let detail = rig.event("attempt.finished", Some("a"))["data"]["outcome"]["failed"]["detail"].to_string();
    assert!(detail.contains("memory") || detail.contains("SIG"), "{detail}");
    assert!(rig.alive().is_empty(), "{:#?}", rig.alive());
    rig.script(WRITES_A_FILE);
    rig.resume().exits(0);
    rig.journal_is_clean();
}

#[test]
fn an_ignore_file_that_is_a_pipe_is_named_and_not_waited_for() {
    let rig = Rig::new(&["a"], WRITES_A_FILE);
    let pipe = rig.world.project().join(".gitignore");
    rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::RWXU).unwrap();
    let output = rig.go(&["init"]).end();
    output.exits(2).says(".gitignore");
    fs::remove_file(&pipe).unwrap();
    fs::create_dir(rig.world.project().join("sub")).unwrap();
    let below = rig.world.project().join("sub/.gitignore");
    rustix::fs::mkfifoat(rustix::fs::CWD, &below, rustix::fs::Mode::RWXU).unwrap();
    rig.go(&["init"]).end().exits(0);
    // git would wait for the one that writes to it.
    rig.start().end().exits(2).says("sub/.gitignore is a pipe").says("remove it");
    fs::rename(&below, &pipe).unwrap();
    rig.start().end().exits(2).says("project/.gitignore is a pipe");
    fs::remove_file(&pipe).unwrap();
    rig.script("mkdir -p deep\nmkfifo deep/.gitignore\n");
    rig.start().end().exits(3).says("deep/.gitignore is a pipe");
}
