//! Commands and their trees: whatever a command does, nothing of it is left when its run returns.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use orchestra::policy::Limits;
use orchestra::process::{
    Command, End, Exit, Options, ProcessError, Signal, Sink, Stdin, Supervisors, wait_for_old_supervisors,
};
use tokio_util::sync::CancellationToken;

use crate::world::PATIENCE;

fn supervisors() -> Supervisors {
    Supervisors::start(Options { program: env!("CARGO_BIN_EXE_orchestra").into(), guard: None }).unwrap()
}

fn limits() -> Limits {
    let second = Duration::from_secs(1);
    Limits { wall: 300 * second, idle: 300 * second, grace: second / 2, ..Limits::default() }
}

fn sh(script: &str) -> Command {
    Command {
        argv: vec!["sh".into(), "-c".into(), script.into()],
        env: BTreeMap::from([("PATH".into(), "/usr/local/bin:/usr/bin:/bin".into())]),
        cwd: std::env::temp_dir(),
        stdin: Stdin::Null,
        stdout: Sink::Memory { cap: 1 << 16 },
        stderr: Sink::Memory { cap: 1 << 16 },
        limits: limits(),
    }
}

async fn run(command: Command) -> Result<Exit, ProcessError> {
    let pool = supervisors();
    let exit = pool.run(command, &CancellationToken::new()).await;
    pool.shutdown().await;
    exit
}

/// Waits for what another process does. Panics when it does not come.
async fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(started.elapsed() < PATIENCE, "{what} did not happen");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Whether a process is there and not merely waiting to be collected.
fn is_alive(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().next()).is_some_and(|state| state != "Z")
}

/// The pids a script wrote to a file, one a line, once there are `count`.
async fn pids(path: &Path, count: usize) -> Vec<u32> {
    eventually("the script's start", || {
        let text = fs::read_to_string(path).ok()?;
        let pids: Vec<u32> = text.lines().filter_map(|line| line.parse().ok()).collect();
        (pids.len() >= count && text.ends_with('\n')).then_some(pids)
    })
    .await
}

/// A script that ignores TERM, as does a grandchild in a session of its own; both write their pids.
fn stubborn(pids: &Path) -> String {
    format!(
        "trap '' TERM; setsid sh -c 'trap \"\" TERM; echo $$ >> {0}; while :; do sleep 1; done' & echo $$ >> {0}; while :; do sleep 1; done",
        pids.display()
    )
}

#[tokio::test]
async fn a_command_ends_with_its_code_and_its_output() {
    let exit = run(sh("echo out; echo err >&2; exit 7")).await.unwrap();
    assert_eq!(exit.end, End::Code(7));
    assert_eq!((exit.stdout.bytes.as_slice(), exit.stderr.bytes.as_slice()), (&b"out\n"[..], &b"err\n"[..]));
    assert_eq!((exit.stdout.total, exit.stdout.truncated, exit.leaked), (4, false, 0));
}

#[tokio::test]
async fn a_command_killed_by_a_signal_is_named_as_such() {
    for (name, number) in [("KILL", 9), ("SEGV", 11), ("XCPU", 24)] {
        // Whether a core is dumped is the machine's affair; here it is not to be.
        let End::Signal(signal) = run(sh(&format!("ulimit -c 0; kill -{name} $$"))).await.unwrap().end else {
            panic!()
        };
        assert_eq!((signal.number, signal.to_string()), (number, format!("SIG{name} (signal {number})")));
    }
    let dumped = Signal { number: 6, core: true };
    assert_eq!(dumped.to_string(), "SIGABRT (signal 6), core dumped");
}

#[tokio::test]
async fn one_supervisor_serves_many_commands_one_after_another() {
    let pool = supervisors();
    let mut parents = Vec::new();
    for _ in 0..20 {
        let exit = pool.run(sh("echo $PPID"), &CancellationToken::new()).await.unwrap();
        parents.push(exit.stdout.bytes);
    }
    parents.dedup();
    assert_eq!(parents.len(), 1);
    pool.shutdown().await;
}

#[tokio::test]
async fn commands_side_by_side_do_not_wait_for_each_other() {
    let dir = tempfile::tempdir().unwrap();
    let pool = supervisors();
    let cancel = CancellationToken::new();
    let fifo = dir.path().join("fifo");
    // Each end of a named pipe waits for the other to open it.
    rustix::fs::mkfifoat(rustix::fs::CWD, &fifo, rustix::fs::Mode::RWXU).unwrap();
    let reader = pool.run(sh(&format!("cat {}", fifo.display())), &cancel);
    let writer = pool.run(sh(&format!("echo met > {}", fifo.display())), &cancel);
    let (read, wrote) = tokio::join!(reader, writer);
    assert_eq!(read.unwrap().stdout.bytes, b"met\n");
    assert_eq!(wrote.unwrap().end, End::Code(0));
    pool.shutdown().await;
}

#[tokio::test]
async fn a_child_sees_only_its_own_environment_folder_and_descriptors() {
    let dir = tempfile::tempdir().unwrap();
    let mut command = sh("env | grep -v '^_=\\|^PWD=\\|^SHLVL=\\|^OLDPWD=' | sort; pwd; ls /proc/self/fd | wc -l; cat");
    command.env.insert("GIVEN".into(), "yes".into());
    command.cwd = fs::canonicalize(dir.path()).unwrap();
    let here = format!("{}\n", command.cwd.display());
    let output = String::from_utf8(run(command).await.unwrap().stdout.bytes).unwrap();
    // 0, 1, 2 and the one `ls` has on the folder itself; `cat` finds the end of its input at once.
    assert_eq!(output, format!("GIVEN=yes\nPATH=/usr/local/bin:/usr/bin:/bin\n{here}4\n"));
}

#[tokio::test]
async fn a_file_can_be_a_childs_input() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("message.json");
    fs::write(&path, "{}").unwrap();
    let exit = run(Command { stdin: Stdin::File(path), ..sh("cat") }).await.unwrap();
    assert_eq!(exit.stdout.bytes, b"{}");
}

#[tokio::test]
async fn a_missing_command_is_named_before_anything_starts() {
    let mut command = sh("");
    command.argv = vec!["no-such-tool".into()];
    let error = run(command).await.unwrap_err();
    assert!(matches!(error, ProcessError::NotFound { .. }));
    assert_eq!(error.to_string(), "command not found: no-such-tool");
}

#[tokio::test]
async fn a_command_the_kernel_refuses_leaves_the_supervisor_usable() {
    let dir = tempfile::tempdir().unwrap();
    let tool = dir.path().join("tool");
    fs::write(&tool, "#!/no/such/interpreter\n").unwrap();
    fs::set_permissions(&tool, fs::Permissions::from_mode(0o700)).unwrap();
    let pool = supervisors();
    let cancel = CancellationToken::new();
    for argv in [vec![tool.into_os_string()], vec!["sh".into(), "x".repeat(3 << 20).into()]] {
        let error = pool.run(Command { argv, ..sh("") }, &cancel).await.unwrap_err();
        assert!(matches!(error, ProcessError::NotStarted { .. }), "{error:?}");
    }
    assert_eq!(pool.run(sh("exit 0"), &cancel).await.unwrap().end, End::Code(0));
    pool.shutdown().await;
}

#[tokio::test]
async fn a_timeout_ends_a_tree_that_ignores_term_and_hides_in_its_own_session() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("pids");
    let mut command = sh(&stubborn(&file));
    command.limits.wall = Duration::from_secs(3);
    assert_eq!(run(command).await.unwrap().end, End::TimedOut);
    assert!(pids(&file, 2).await.into_iter().all(|pid| !is_alive(pid)));
}

#[tokio::test]
async fn a_silent_command_is_stalled_and_a_talking_one_is_not() {
    // It talks for longer than it may be silent.
    let mut command = sh("for i in 1 2 3 4 5 6 7 8 9; do echo $i; sleep 0.3; done; sleep 300");
    command.limits.idle = Duration::from_secs(2);
    let exit = run(command).await.unwrap();
    assert_eq!(exit.end, End::Stalled);
    assert_eq!(exit.stdout.bytes, b"1\n2\n3\n4\n5\n6\n7\n8\n9\n");
}

#[tokio::test]
async fn the_reason_for_a_signal_is_the_end_whatever_the_child_makes_of_it() {
    let cancel = CancellationToken::new();
    let pool = supervisors();
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("pids");
    let script = format!("trap 'echo saved; exit 0' TERM; echo $$ > {}; while :; do sleep 0.05; done", file.display());
    let mut command = sh(&script);
    command.limits.grace = PATIENCE;
    let (exit, ()) = tokio::join!(pool.run(command, &cancel), async {
        pids(&file, 1).await;
        cancel.cancel();
    });
    let exit = exit.unwrap();
    assert_eq!(exit.end, End::Cancelled);
    assert_eq!(exit.stdout.bytes, b"saved\n", "it was given the time to clean up");
    assert_eq!(pool.run(sh("exit 0"), &cancel).await.unwrap().end, End::Cancelled, "nothing starts any more");
    pool.shutdown().await;
}

#[tokio::test]
async fn in_a_hurry_there_is_no_grace() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("pids");
    let (pool, cancel) = (supervisors(), CancellationToken::new());
    let mut command = sh(&stubborn(&file));
    command.limits.grace = Duration::from_secs(3600);
    let (exit, children) = tokio::join!(pool.run(command, &cancel), async {
        let children = pids(&file, 2).await;
        cancel.cancel();
        pool.hurry();
        children
    });
    assert_eq!(exit.unwrap().end, End::Cancelled);
    assert!(children.into_iter().all(|pid| !is_alive(pid)));
    pool.shutdown().await;
}

#[tokio::test]
async fn what_a_finished_command_leaves_is_counted_and_killed() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("pids");
    // The daemon holds stdout open, ignores TERM and has a session of its own.
    let script = format!(
        "setsid sh -c 'trap \"\" TERM; echo $$ > {0}; while :; do sleep 1; done' & while ! [ -s {0} ]; do sleep 0.01; done; echo done",
        file.display()
    );
    let exit = run(sh(&script)).await.unwrap();
    assert_eq!((exit.end, exit.stdout.bytes.as_slice()), (End::Code(0), &b"done\n"[..]));
    // The daemon, and the `sleep` it waits for.
    assert!(matches!(exit.leaked, 1..=2), "{}", exit.leaked);
    let daemon = pids(&file, 1).await[0];
    assert!(exit.left.iter().any(|left| left.pid == daemon && left.name == "sh"), "{:?}", exit.left);
    assert!(pids(&file, 1).await.into_iter().all(|pid| !is_alive(pid)));
}

#[tokio::test]
async fn floods_on_both_streams_are_counted_and_clipped() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("stdout.log");
    let mut command = sh("head -c 30000000 /dev/zero >&2 & head -c 300000000 /dev/zero; wait");
    command.stdout = Sink::File { path: path.clone(), cap: 1 << 20, tail: 512, lines: None };
    let exit = run(command).await.unwrap();
    assert_eq!(exit.end, End::Code(0));
    assert_eq!((exit.stdout.total, exit.stderr.total), (300_000_000, 30_000_000));
    assert_eq!((exit.stdout.bytes.len(), exit.stderr.bytes.len()), (512, 1 << 16));
    assert!(exit.stdout.truncated && exit.stderr.truncated);
    let stored = fs::metadata(&path).unwrap();
    assert_eq!((stored.len(), stored.permissions().mode() & 0o777), (1 << 20, 0o600));
}

#[tokio::test]
async fn output_without_end_ends_the_command() {
    let mut command = sh("yes");
    command.limits.output_bytes = 1 << 20;
    let exit = run(command).await.unwrap();
    assert_eq!(exit.end, End::OutputCap);
    assert!(exit.stdout.total > 1 << 20);
}

#[tokio::test]
async fn output_that_cannot_be_stored_fails_with_the_path() {
    let mut command = sh("yes");
    command.stdout = Sink::File { path: "/dev/full".into(), cap: 1 << 20, tail: 0, lines: None };
    let error = run(command).await.unwrap_err();
    assert_eq!(error.to_string(), "cannot write /dev/full");
}

#[tokio::test]
async fn a_lost_supervisor_is_a_failure_and_what_it_left_is_killed() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("pids");
    let (pool, cancel) = (supervisors(), CancellationToken::new());
    let script = format!("echo $PPID >> {0}; {1}", file.display(), stubborn(&file));
    let (lost, left) = tokio::join!(pool.run(sh(&script), &cancel), async {
        let mut started = pids(&file, 3).await;
        let supervisor = i32::try_from(started.remove(0)).unwrap();
        let supervisor = rustix::process::Pid::from_raw(supervisor).unwrap();
        rustix::process::kill_process(supervisor, rustix::process::Signal::KILL).unwrap();
        started
    });
    assert!(matches!(lost, Err(ProcessError::SupervisorLost { .. })), "{lost:?}");
    assert!(left.into_iter().all(|pid| !is_alive(pid)));
    assert_eq!(pool.run(sh("exit 0"), &cancel).await.unwrap().end, End::Code(0), "the slot has a fresh supervisor");
    pool.shutdown().await;
}

#[tokio::test]
async fn dropping_a_run_ends_its_tree() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("pids");
    let (pool, cancel) = (supervisors(), CancellationToken::new());
    let children = tokio::select! {
        exit = pool.run(sh(&stubborn(&file)), &cancel) => panic!("{exit:?}"),
        children = pids(&file, 2) => children,
    };
    pool.shutdown().await;
    assert!(children.into_iter().all(|pid| !is_alive(pid)), "shutdown waits for dropped runs");
}

#[tokio::test]
async fn the_guard_is_free_only_when_the_trees_of_a_killed_run_are_gone() {
    let dir = tempfile::tempdir().unwrap();
    let (file, guard) = (dir.path().join("pids"), dir.path().join("guard"));
    let program = env!("CARGO_BIN_EXE_orchestra").into();
    let pool = Supervisors::start(Options { program, guard: Some(fs::File::create(&guard).unwrap().into()) }).unwrap();
    let cancel = CancellationToken::new();
    let mut command = sh(&stubborn(&file));
    command.limits.grace = Duration::from_millis(300);
    let children = tokio::select! {
        exit = pool.run(command, &cancel) => panic!("{exit:?}"),
        children = pids(&file, 2) => children,
    };
    let early = wait_for_old_supervisors(&guard, Duration::ZERO).await;
    assert!(matches!(early, Err(ProcessError::StillAlive { .. })), "{early:?}");
    // As when we are killed: our end of every socket and our copy of the guard are closed, and nobody is told anything.
    drop(pool);
    wait_for_old_supervisors(&guard, PATIENCE).await.unwrap();
    assert!(children.into_iter().all(|pid| !is_alive(pid)));
}

/// The state letter of a process: S sleeping, T stopped.
fn state(pid: u32) -> Option<char> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit(')').next()?.trim_start().chars().next()
}

#[tokio::test]
async fn a_pause_stops_the_tree_and_counts_towards_no_limit() {
    let dir = tempfile::tempdir().unwrap();
    let (file, go) = (dir.path().join("pids"), dir.path().join("go"));
    rustix::fs::mkfifoat(rustix::fs::CWD, &go, rustix::fs::Mode::RWXU).unwrap();
    let (pool, cancel) = (supervisors(), CancellationToken::new());
    let script =
        format!("setsid sh -c 'echo $$ >> {0}; read -r _ < {1}' & echo $$ >> {0}; wait", file.display(), go.display());
    let mut command = sh(&script);
    command.limits.wall = Duration::from_secs(5);
    let (exit, ()) = tokio::join!(pool.run(command, &cancel), async {
        let children = pids(&file, 2).await;
        pool.pause().await;
        eventually("the stop", || children.iter().all(|pid| state(*pid) == Some('T')).then_some(())).await;
        tokio::time::sleep(Duration::from_millis(5500)).await;
        pool.resume().await;
        fs::write(&go, "\n").unwrap();
    });
    let exit = exit.unwrap();
    assert_eq!(exit.end, End::Code(0));
    assert!(exit.wall < Duration::from_secs(5), "{:?}", exit.wall);
    pool.shutdown().await;
}

/// Where the driver below writes pids; without it, the driver does nothing.
const DRIVE: &str = "FAULTS_DRIVE";

#[tokio::test]
#[ignore = "the program that the next test kills"]
async fn drives_a_stubborn_tree() {
    let Some(file) = std::env::var_os(DRIVE) else { return };
    let mut command = sh(&stubborn(Path::new(&file)));
    command.limits.grace = Duration::from_millis(200);
    run(command).await.unwrap();
}

#[tokio::test]
async fn killing_us_leaves_nothing_alive() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("pids");
    let mut us = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "process::drives_a_stubborn_tree"])
        .env(DRIVE, &file)
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let children = pids(&file, 2).await;
    us.kill().unwrap();
    us.wait().unwrap();
    eventually("the end of the tree", || children.iter().all(|pid| !is_alive(*pid)).then_some(())).await;
}

#[tokio::test]
async fn the_kernel_is_offered_what_is_supervised_before_the_run_itself() {
    let score = |text: &[u8]| String::from_utf8_lossy(text).trim().parse::<i32>().unwrap();
    let exit = run(sh("cat /proc/self/oom_score_adj")).await.unwrap();
    let ours = score(&fs::read("/proc/self/oom_score_adj").unwrap());
    let theirs = score(&exit.stdout.bytes);
    assert!(theirs >= 500 && theirs >= ours, "{theirs}, ours {ours}");
}

#[tokio::test]
async fn a_command_that_begins_while_everything_stands_still_waits() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("pids");
    let (pool, cancel) = (supervisors(), CancellationToken::new());
    pool.pause().await;
    let script = format!("echo $$ > {}", file.display());
    let (exit, ()) = tokio::join!(pool.run(sh(&script), &cancel), async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert!(!file.exists(), "it has begun");
        pool.resume().await;
    });
    assert_eq!(exit.unwrap().end, End::Code(0));
    assert!(file.exists());
    // Whoever waits can still be told to stop.
    pool.pause().await;
    let (exit, ()) = tokio::join!(pool.run(sh("exit 0"), &cancel), async { cancel.cancel() });
    assert_eq!(exit.unwrap().end, End::Cancelled);
    pool.shutdown().await;
}
