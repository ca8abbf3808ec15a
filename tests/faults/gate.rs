//! A command behind a gate: handed over, and started only when what it must not outrun is safe.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use orchestra::policy::Limits;
use orchestra::process::{Command, End, Gate, Options, Sink, Stdin, Supervisors};
use tokio_util::sync::CancellationToken;

fn supervisors() -> Supervisors {
    Supervisors::start(Options { program: env!("CARGO_BIN_EXE_orchestra").into(), guard: None }).unwrap()
}

fn sh(script: &str, cwd: &Path) -> Command {
    Command {
        argv: vec!["sh".into(), "-c".into(), script.into()],
        env: BTreeMap::from([("PATH".into(), "/usr/local/bin:/usr/bin:/bin".into())]),
        cwd: cwd.to_owned(),
        stdin: Stdin::Null,
        stdout: Sink::Memory { cap: 1 << 16 },
        stderr: Sink::Memory { cap: 1 << 16 },
        limits: Limits { wall: Duration::from_secs(300), ..Limits::default() },
    }
}

#[tokio::test]
async fn a_command_starts_when_its_gate_opens_and_not_before() {
    let dir = tempfile::tempdir().unwrap();
    let (pool, cancel, gate) = (supervisors(), CancellationToken::new(), Gate::shut());
    let begun = dir.path().join("begun");
    let held = pool.run_behind(&gate, sh("touch begun; echo ran", dir.path()), &cancel);
    let opens = async {
        // Another command, begun after it, is over long before.
        pool.run(sh("sleep 0.3", dir.path()), &cancel).await.unwrap();
        assert!(!begun.exists(), "it did not wait");
        let gate = gate.clone();
        std::thread::spawn(move || gate.open()).join().unwrap();
    };
    let (exit, ()) = tokio::join!(held, opens);
    let exit = exit.unwrap();
    assert_eq!((exit.end, exit.stdout.bytes.as_slice(), begun.exists()), (End::Code(0), &b"ran\n"[..], true));
    // The gate stays open, and the supervisor takes the next command.
    let again = pool.run_behind(&gate, sh("exit 7", dir.path()), &cancel).await.unwrap();
    assert_eq!(again.end, End::Code(7));
    pool.shutdown().await;
}

#[tokio::test]
async fn a_command_that_is_ended_behind_its_gate_never_starts() {
    let dir = tempfile::tempdir().unwrap();
    let (pool, cancel, gate) = (supervisors(), CancellationToken::new(), Gate::shut());
    let held = pool.run_behind(&gate, sh("touch begun", dir.path()), &cancel);
    let ends = async {
        pool.run(sh("sleep 0.1", dir.path()), &CancellationToken::new()).await.unwrap();
        cancel.cancel();
    };
    let (exit, ()) = tokio::join!(held, ends);
    assert_eq!(exit.unwrap().end, End::Cancelled);
    gate.open();
    // Whatever was still to come for the supervisor has come by the end of its next command.
    assert_eq!(pool.run(sh("exit 7", dir.path()), &CancellationToken::new()).await.unwrap().end, End::Code(7));
    pool.shutdown().await;
    assert!(!dir.path().join("begun").exists());
}

#[tokio::test]
async fn a_gate_lets_no_other_command_of_the_same_supervisor_through() {
    let dir = tempfile::tempdir().unwrap();
    let (pool, first, second) = (supervisors(), Gate::shut(), Gate::shut());
    let (ended, cancel) = (CancellationToken::new(), CancellationToken::new());
    let held = pool.run_behind(&first, sh("exit 1", dir.path()), &ended);
    let ends = async {
        pool.run(sh("sleep 0.1", dir.path()), &cancel).await.unwrap();
        ended.cancel();
    };
    assert_eq!(tokio::join!(held, ends).0.unwrap().end, End::Cancelled);
    // The supervisor that was given back last is the next to be taken: the one that held the first command back.
    let held = pool.run_behind(&second, sh("touch begun", dir.path()), &cancel);
    let opens = async {
        pool.run(sh("sleep 0.1", dir.path()), &cancel).await.unwrap();
        first.open();
        pool.run(sh("sleep 0.3", dir.path()), &cancel).await.unwrap();
        assert!(!dir.path().join("begun").exists(), "its own gate is shut");
        second.open();
    };
    let (exit, ()) = tokio::join!(held, opens);
    assert_eq!((exit.unwrap().end, dir.path().join("begun").exists()), (End::Code(0), true));
    pool.shutdown().await;
}

#[tokio::test]
async fn a_command_whose_starter_is_gone_never_starts() {
    let dir = tempfile::tempdir().unwrap();
    let (pool, cancel, gate) = (supervisors(), CancellationToken::new(), Gate::shut());
    {
        let held = pool.run_behind(&gate, sh("touch begun", dir.path()), &cancel);
        let other = pool.run(sh("sleep 0.1", dir.path()), &cancel);
        tokio::select! {
            biased;
            _ = held => panic!("it did not wait"),
            other = other => drop(other.unwrap()),
        }
    }
    gate.open();
    pool.shutdown().await;
    assert!(!dir.path().join("begun").exists());
}
