//! A reader who does not read holds up what is said to him, and neither a signal nor the work.

use std::io::PipeReader;
use std::process::{Child, Command, ExitStatus, Stdio};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use serde_json::json;

use crate::scene::Scene;
use crate::world::eventually;

/// Prints more than the pipe takes.
const CHATTY: &str = "echo $$ > pid; seq 20000 >&2; exec sleep 600";
/// Answers with more than the pipe takes.
const LONG: &str = r#"printf '{"status":"done","output":"%09000d"}' 0"#;

/// The smallest pipe there is.
fn pipe() -> (PipeReader, Stdio) {
    let (reader, writer) = std::io::pipe().unwrap();
    rustix::pipe::fcntl_setpipe_size(&writer, 4096).unwrap();
    (reader, writer.into())
}

/// Waits until there is something to read.
#[track_caller]
fn says_something(reader: &PipeReader) {
    eventually("the first words", || (rustix::io::ioctl_fionread(reader).unwrap() > 0).then_some(()));
}

/// Sends SIGTERM, and waits for the end.
#[track_caller]
fn terminated(child: &mut Child) -> ExitStatus {
    kill_process(Pid::from_child(child), Signal::TERM).unwrap();
    eventually("the end that a signal asks for", || child.try_wait().unwrap())
}

/// A scene whose agent runs this, and a command for a message of its task.
fn worker(script: &str) -> (Scene, Command) {
    let scene = Scene::new();
    scene.shell("json", r#"echo '{"status":"done"}'"#).plan(&[json!({"id": "a", "role": "research", "checks": []})]);
    scene.run(&[]).exits(0);
    let message = scene.world.file("message.json", scene.message("1-a", 1).to_string());
    scene.shell("json", script);
    let mut command = scene.world.command(["agent", "research", "--config", "orchestra.yaml"]);
    command.stdin(std::fs::File::open(message).unwrap());
    (scene, command)
}

#[test]
fn what_nobody_reads_keeps_no_worker_from_ending_its_agent() {
    let (scene, mut command) = worker(CHATTY);
    let (reader, stderr) = pipe();
    let mut child = command.stdout(Stdio::null()).stderr(stderr).spawn().unwrap();
    let file = scene.world.project().join("pid");
    let agent = eventually("the agent", || {
        let pid = std::fs::read_to_string(&file).ok()?;
        Pid::from_raw(pid.strip_suffix('\n')?.parse().ok()?)
    });
    says_something(&reader);
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    eventually("the agent's end", || test_kill_process(agent).is_err().then_some(()));
    assert_eq!(terminated(&mut child).code(), Some(143));
}

#[test]
fn a_result_that_nobody_reads_keeps_no_worker_alive() {
    let (_scene, mut command) = worker(LONG);
    let (reader, stdout) = pipe();
    let mut child = command.stdout(stdout).stderr(Stdio::null()).spawn().unwrap();
    says_something(&reader);
    assert_eq!(terminated(&mut child).code(), Some(143));
}

#[test]
fn findings_that_nobody_reads_do_not_keep_doctor_alive() {
    let scene = Scene::new();
    let config = format!("agents.far={{command: {{argv: [{}]}}}}", "x".repeat(3000));
    let args = ["doctor", "--json", "--set", &config, "--set", "roles.implement=far"];
    let said = scene.world.orchestra(args).stdout;
    assert!(said.len() > 4096, "more than the pipe takes: {said}");
    let (reader, stdout) = pipe();
    let mut child = scene.world.command(args).stdout(stdout).stderr(Stdio::null()).spawn().unwrap();
    says_something(&reader);
    assert_eq!(terminated(&mut child).code(), Some(143));
}
