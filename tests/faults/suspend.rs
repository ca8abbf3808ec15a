//! Ctrl-Z and `fg`: whatever a run has at work stands still with it, goes on with it, and ends with it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::time::Duration;

use rustix::process::Signal;
use serde_json::Value;

use crate::pty::Terminal;
use crate::rig::{GONE_WITHIN, Going, Rig, WRITES_A_FILE, eventually};
use crate::signals::{STUBBORN, resumes};

/// Works until a file is there, beside a child in a session of its own that does the same.
const WAITS: &str = r#"
setsid sh -c ': > "$0.child"; while ! [ -e "$0" ]; do sleep 0.05; done' "$LOG.go" &
while ! [ -e "$LOG.go.child" ]; do sleep 0.01; done
echo "start $ORCHESTRA_TASK_ID $ORCHESTRA_ATTEMPT" >> "$LOG"
while ! [ -e "$LOG.go" ]; do sleep 0.05; done
echo "$ORCHESTRA_TASK_ID" > "$ORCHESTRA_TASK_ID.txt"
wait
"#;

/// Starts a run as a shell starts a job: somebody is there who could continue it.
fn as_a_job(rig: &Rig, mut command: Command) -> Going {
    command.process_group(0);
    rig.spawn(command)
}

/// Suspends a run, and waits until it stands still, and with it everything that `marks` are found in.
#[track_caller]
fn suspend(rig: &Rig, run: &Going, marks: &[&str]) {
    run.signal(Signal::TSTP);
    // It stops itself last, with all that is to be on record there.
    eventually("the run is stopped", || (state(run.child.id()) == Some('T')).then_some(()));
    stands_still(rig, marks);
}

/// Waits until everything of this world does nothing, supervisors apart.
#[track_caller]
fn stands_still(rig: &Rig, marks: &[&str]) {
    // A parent waits in the kernel while its child is stopped between vfork and exec.
    let stopped = |process: &(u32, String)| state(process.0).is_none_or(|state| "TtDZX".contains(state));
    eventually("everything stands still", || {
        let mut all = processes(rig);
        all.retain(|(_, line)| !line.contains("__supervise") && !line.starts_with("sh -i"));
        let found = marks.iter().all(|mark| all.iter().any(|(_, line)| line.contains(mark)));
        (found && all.iter().all(stopped)).then_some(())
    });
}

/// Number and command line of everything that lives of this world, and of the run itself.
fn processes(rig: &Rig) -> Vec<(u32, String)> {
    let parts = |line: String| {
        let (path, rest) = line.split_once(": ")?;
        Some((path.rsplit('/').next()?.parse().ok()?, rest.to_owned()))
    };
    rig.alive().into_iter().filter_map(parts).collect()
}

/// The state letter of a process: S sleeping, T stopped.
fn state(pid: u32) -> Option<char> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit(')').next()?.trim_start().chars().next()
}

fn kinds(rig: &Rig) -> Vec<String> {
    rig.events().iter().map(|event| event["kind"].as_str().unwrap().to_owned()).collect()
}

fn go(rig: &Rig) {
    fs::write(rig.at("log.go"), "").unwrap();
}

#[test]
fn a_suspended_run_stands_still_with_its_children_and_uses_no_time_of_any_limit() {
    let rig = Rig::new(&["a"], WAITS).with(&["limits.run=12s", "limits.task=10s", "limits.idle=10s", "run.attempts=1"]);
    let run = as_a_job(&rig, rig.world.command(rig.run_args()));
    rig.logged("start");
    suspend(&rig, &run, &["log.go"]);
    let paused = rig.events().pop().unwrap();
    assert_eq!((&paused["kind"], &paused["data"]["cause"]), (&"run.paused".into(), &"suspended".into()));
    std::thread::sleep(Duration::from_secs(13));
    assert_eq!(rig.events().pop().unwrap(), paused, "nothing happens meanwhile");
    let used = |rig: &Rig| {
        let shown = rig.world.orchestra(["runs", "show", &rig.name(), "--json"]);
        shown.json()["budget"]["time_ms"]["used"].as_u64().unwrap()
    };
    assert!(used(&rig) < 12_000, "{}", used(&rig));
    go(&rig);
    run.signal(Signal::CONT);
    run.end().exits(0);
    assert!(kinds(&rig).contains(&"run.continued".to_owned()), "{:?}", kinds(&rig));
    let ms = rig.event("attempt.finished", Some("a"))["data"]["ms"].as_u64().unwrap();
    assert!(ms < 10_000, "{ms}");
    let report: Value = serde_json::from_slice(&fs::read(rig.dir().join("report.json")).unwrap()).unwrap();
    assert!(report["metrics"]["elapsed_ms"].as_u64().unwrap() < 12_000, "{}", report["metrics"]);
    let process = &report["processes"][0];
    assert!(process["suspended_ms"].as_u64().is_some_and(|ms| ms >= 13_000), "{process}");
    assert!(rig.alive().is_empty(), "{:#?}", rig.alive());
}

#[test]
fn a_suspended_run_that_is_killed_leaves_nothing_stopped_behind() {
    let rig = Rig::new(&["a", "b"], STUBBORN);
    let run = as_a_job(&rig, rig.world.command(rig.run_args()));
    rig.logged("start");
    suspend(&rig, &run, &["agent.sh"]);
    run.kill();
    rig.is_gone_within(GONE_WITHIN);
    resumes(&rig);
}

#[test]
fn a_signal_to_a_suspended_run_ends_it_when_it_goes_on() {
    let rig = Rig::new(&["a", "b"], WAITS);
    let run = as_a_job(&rig, rig.world.command(rig.run_args()));
    rig.logged("start");
    suspend(&rig, &run, &["log.go"]);
    run.signal(Signal::TERM);
    run.signal(Signal::CONT);
    run.end().exits(143).says(&format!("resume {}", rig.name()));
    assert!(rig.alive().is_empty(), "{:#?}", rig.alive());
    resumes(&rig);
}

#[test]
fn a_run_is_suspended_and_continued_as_often_as_one_likes() {
    let rig = Rig::new(&["a"], WAITS);
    let run = as_a_job(&rig, rig.world.command(rig.run_args()));
    rig.logged("start");
    for times in 1..=3 {
        suspend(&rig, &run, &["log.go"]);
        run.signal(Signal::CONT);
        let continued = || kinds(&rig).iter().filter(|kind| *kind == "run.continued").count();
        eventually("it goes on", || (continued() == times).then_some(()));
    }
    go(&rig);
    run.end().exits(0);
    rig.journal_is_clean();
}

#[test]
fn checks_stand_still_too() {
    let rig = Rig::new(&["a"], WRITES_A_FILE);
    let check = rig.at("check.sh");
    let log = rig.at("log").display().to_string();
    fs::write(
        &check,
        format!("echo 'check x 1' >> {log}; while ! [ -e {log}.go ]; do sleep 0.05; done; test -e a.txt"),
    )
    .unwrap();
    let plan = fs::read_to_string(rig.at("plan.json")).unwrap();
    let plan = plan.replacen(r#"["test","-e","a.txt"]"#, &format!(r#"["sh","{}"]"#, check.display()), 1);
    fs::write(rig.at("plan.json"), plan).unwrap();
    let run = as_a_job(&rig, rig.world.command(rig.run_args()));
    rig.logged("check");
    suspend(&rig, &run, &["check.sh"]);
    go(&rig);
    run.signal(Signal::CONT);
    run.end().exits(0);
    rig.journal_is_clean();
}

#[test]
fn set_up_commands_stand_still_too() {
    let rig = Rig::new(&["a"], WRITES_A_FILE);
    let (setup, log) = (rig.at("setup.sh"), rig.at("log").display().to_string());
    fs::write(&setup, format!("echo 'setup x 1' >> {log}; while ! [ -e {log}.go ]; do sleep 0.05; done")).unwrap();
    let rig = rig.with(&[&format!("workspace.setup=[[sh, {}]]", setup.display())]);
    let run = as_a_job(&rig, rig.world.command(rig.run_args()));
    rig.logged("setup");
    suspend(&rig, &run, &["setup.sh"]);
    go(&rig);
    run.signal(Signal::CONT);
    run.end().exits(0);
    rig.journal_is_clean();
}

#[test]
fn git_stands_still_too_when_the_run_has_not_begun() {
    let rig = Rig::new(&["a"], WRITES_A_FILE);
    let (bin, log) = (rig.at("bin"), rig.at("log").display().to_string());
    fs::create_dir(&bin).unwrap();
    let waits = format!("echo 'git x 1' >> {log}; while ! [ -e {log}.go ]; do sleep 0.05; done");
    let script =
        format!("#!/bin/sh\ncase \" $* \" in *' write-tree '*) {waits};; esac\nPATH=${{PATH#*:}} exec git \"$@\"\n");
    fs::write(bin.join("git"), script).unwrap();
    fs::set_permissions(bin.join("git"), fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = rig.world.command(rig.run_args());
    command.env("PATH", format!("{}:{}", bin.display(), std::env::var("PATH").unwrap()));
    let run = as_a_job(&rig, command);
    rig.logged("git");
    suspend(&rig, &run, &["write-tree"]);
    assert!(rig.events().is_empty());
    go(&rig);
    run.signal(Signal::CONT);
    run.end().exits(0);
    rig.journal_is_clean();
}

#[test]
fn nobody_is_stopped_who_could_not_be_continued() {
    let rig = Rig::new(&["a"], WAITS);
    // The leader of a session has no shell above it: Ctrl-Z would freeze it for good.
    let call = rig.world.command(rig.run_args());
    let mut command = Command::new("setsid");
    command.arg("--wait").arg(call.get_program()).args(call.get_args()).env_clear();
    command.envs(call.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.current_dir(rig.world.project()).process_group(0);
    let run = rig.spawn(command);
    rig.logged("start");
    let leader = processes(&rig).into_iter().find(|(pid, line)| line.contains("ticket.md") && is_session_leader(*pid));
    let leader = rustix::process::Pid::from_raw(i32::try_from(leader.unwrap().0).unwrap()).unwrap();
    rustix::process::kill_process(leader, Signal::TSTP).unwrap();
    // Had it been taken, it would have been on record before anything else.
    go(&rig);
    run.end().exits(0);
    assert!(!kinds(&rig).contains(&"run.paused".to_owned()), "{:?}", kinds(&rig));
}

fn is_session_leader(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().nth(3)) == Some(&pid.to_string())
}

/// A shell with a run as its job, on a terminal of its own.
fn shell(rig: &Rig) -> Terminal {
    let call = rig.world.command([""; 0]);
    let mut command = Command::new("setsid");
    command.args(["--ctty", "sh", "-i"]).env_clear();
    command.envs(call.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.env("PS1", "ready> ").current_dir(rig.world.project());
    let mut terminal = Terminal::start(command, 200, 50);
    terminal.shows("ready>");
    let words: Vec<_> = rig.run_args().iter().map(|arg| format!("'{arg}'")).collect();
    terminal.types(&format!("'{}' {}; echo code=$?\n", env!("CARGO_BIN_EXE_orchestra"), words.join(" ")));
    rig.logged("start");
    terminal
}

#[test]
fn in_a_shell_ctrl_z_gives_the_terminal_back_and_fg_goes_on() {
    let rig = Rig::new(&["a"], WAITS);
    let mut terminal = shell(&rig);
    terminal.types("\x1a");
    terminal.shows("Stopped");
    let paused = rig.event("run.paused", None);
    assert_eq!(paused["data"]["cause"], "suspended");
    stands_still(&rig, &["agent.sh"]);
    go(&rig);
    terminal.types("fg; echo code=$?\n");
    rig.event("run.continued", None);
    terminal.shows("code=0");
    terminal.types("exit\n");
    terminal.end();
    assert!(rig.alive().is_empty(), "{:#?}", rig.alive());
    rig.journal_is_clean();
}

#[test]
fn in_a_shell_one_ctrl_c_ends_gracefully_and_two_at_once() {
    let told = STUBBORN.replacen("trap ''", r#"trap 'echo "term x 1" >> "$LOG"'"#, 1);
    for (times, script) in [(1, WAITS), (2, &told)] {
        let rig = Rig::new(&["a", "b"], script);
        let mut terminal = shell(&rig);
        terminal.types("\x03");
        if times == 2 {
            rig.logged("term");
            terminal.types("\x03");
        }
        terminal.shows("code=130");
        terminal.types("exit\n");
        let left = terminal.end();
        left.says(&format!("resume {}", rig.name()));
        assert!(rig.alive().is_empty(), "{:#?}", rig.alive());
        resumes(&rig);
    }
}
