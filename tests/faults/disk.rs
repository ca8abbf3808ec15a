//! A disk without room: said with path and reason, and once there is room again, finished.

use std::fs;
use std::process::{Command, Stdio};

use crate::rig::{Rig, WRITES_A_FILE, eventually};

/// Fills the disk of the runs, once, when its third task has done its work.
const FILLS_THE_DISK: &str = r#"
world=$(dirname "$LOG")
if [ "$ORCHESTRA_TASK_ID" = c ] && ! [ -e "$world/filled" ]; then
    touch "$world/filled"
    cat /dev/zero > "$world/project/runs/ballast" 2> /dev/null || true
fi
"#;

/// Whether mounts can be made here that nobody else sees.
fn can_mount() -> bool {
    let tried =
        Command::new("unshare").args(["-m", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]).stderr(Stdio::null()).status();
    let can = tried.is_ok_and(|status| status.success());
    if !can {
        eprintln!("SKIPPED: mounting needs root and `unshare`");
    }
    can
}

#[test]
fn a_full_disk_ends_a_run_with_8_and_room_finishes_it() {
    if !can_mount() {
        return;
    }
    let rig = Rig::new(&["a", "b", "c", "d"], &format!("{WRITES_A_FILE}{FILLS_THE_DISK}"));
    let runs = rig.world.project().join("runs");
    fs::create_dir(&runs).unwrap();
    let quoted = |args: &[String]| args.iter().map(|arg| format!("'{arg}'")).collect::<Vec<_>>().join(" ");
    let orchestra = env!("CARGO_BIN_EXE_orchestra");
    // All in one namespace of mounts, which ends with the shell.
    let steps = format!(
        "mount -t tmpfs -o size=4m tmpfs '{runs}'\n\
         '{orchestra}' {run} 2> '{first}'; echo $? >> '{codes}'\n\
         df '{runs}' >> '{first}'\n\
         rm -f '{runs}/ballast'\n\
         cp '{runs}'/2*/events.jsonl '{journal}'\n\
         '{orchestra}' resume 2> '{second}'; echo $? >> '{codes}'\n\
         cp -a '{runs}' '{kept}'\n",
        runs = runs.display(),
        run = quoted(&rig.run_args()),
        first = rig.at("first").display(),
        second = rig.at("second").display(),
        codes = rig.at("codes").display(),
        journal = rig.at("journal").display(),
        kept = rig.at("kept").display(),
    );
    let mut command = rig.world.command([""; 0]);
    let environment: Vec<_> =
        command.get_envs().filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned()))).collect();
    command = Command::new("unshare");
    command.args(["-m", "sh", "-c", &steps]).env_clear().envs(environment).current_dir(rig.world.project());
    let mut shell = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
    eventually("the end of it", || shell.try_wait().unwrap());
    let read = |name: &str| fs::read_to_string(rig.at(name)).unwrap_or_default();
    let (codes, first, second) = (read("codes"), read("first"), read("second"));
    assert_eq!(codes, "8\n0\n", "--- first\n{first}\n--- second\n{second}");
    assert!(first.contains("No space left on device"), "{first}");
    assert!(first.contains("/runs/2"), "the path is named: {first}");
    assert!(first.contains(" resume 2"), "{first}");
    assert!(!first.contains("panicked") && !second.contains("panicked"));
    for task in ["a", "b"] {
        assert_eq!(rig.starts()[task], 1, "finished work was kept: {:?}", rig.log());
    }
    assert!(read("journal").matches("task.succeeded").count() >= 2);
}
