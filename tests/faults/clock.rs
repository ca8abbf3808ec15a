//! A wall clock that is set while a run goes on: nothing of it is counted by that clock.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::rig::{Rig, WRITES_A_FILE};

/// Sets the clock by as many seconds as a file says, from the moment the file is there.
const SHIM: &str = r#"
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
int clock_gettime(clockid_t id, struct timespec *at) {
    int result = (int)syscall(SYS_clock_gettime, id, at);
    const char *path = getenv("CLOCK_JUMP");
    FILE *file = result == 0 && id == CLOCK_REALTIME && path ? fopen(path, "r") : NULL;
    long by = 0;
    if (file) {
        if (fscanf(file, "%ld", &by) == 1) at->tv_sec += by;
        fclose(file);
    }
    return result;
}
"#;

/// The shim as a library; `None` where no compiler is.
fn shim(rig: &Rig) -> Option<PathBuf> {
    let (source, library) = (rig.at("jump.c"), rig.at("jump.so"));
    fs::write(&source, SHIM).unwrap();
    let made = Command::new("cc").args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).arg(&source).status();
    if made.is_ok_and(|status| status.success()) {
        return Some(library);
    }
    eprintln!("SKIPPED: setting the clock of one program needs `cc`");
    None
}

#[test]
fn a_clock_that_is_set_back_or_forward_changes_no_duration_and_uses_up_no_limit() {
    for by in [-400 * 86_400, 400 * 86_400] {
        let rig = Rig::new(&["a", "b"], &format!("[ -e \"$LOG.jump\" ] || echo {by} > \"$LOG.jump\"\n{WRITES_A_FILE}"));
        let Some(library) = shim(&rig) else { return };
        let mut command = rig.world.command(rig.run_args());
        command.env("LD_PRELOAD", &library).env("CLOCK_JUMP", rig.at("log.jump"));
        rig.spawn(command).end().exits(0);
        rig.journal_is_clean();
        let at: Vec<String> = rig.events().iter().map(|event| event["at"].as_str().unwrap().to_owned()).collect();
        assert!(at.is_sorted(), "{at:?}");
        // The same day, or the next one at midnight.
        let parse = |text: &String| text.parse::<orchestra::time::Timestamp>().unwrap();
        let took = parse(at.last().unwrap()).since(parse(&at[0]));
        assert!(took.as_millis() < 3_600_000, "{took}");
        let ms = rig.event("attempt.finished", Some("a"))["data"]["ms"].as_u64().unwrap();
        assert!(ms < 3_600_000, "{ms}");

        // A later process, by a clock that is far behind the journal's, or far ahead: no negative time, and no more of it.
        let mut show = rig.world.command(["resume", &rig.name()]);
        show.env("LD_PRELOAD", &library).env("CLOCK_JUMP", rig.at("log.jump"));
        rig.spawn(show).end().exits(0);
    }
}

#[test]
fn a_resume_by_a_clock_that_was_set_back_goes_on_and_no_duration_is_negative() {
    let rig =
        Rig::new(&["a", "b"], "if [ $ORCHESTRA_TASK_ID = b ]; then exit 3; fi\necho x > $ORCHESTRA_TASK_ID.txt\n")
            .with(&["run.attempts=1"]);
    let Some(library) = shim(&rig) else { return };
    rig.run().exits(1);
    fs::write(rig.at("log.jump"), "-40000000").unwrap();
    rig.script(WRITES_A_FILE);
    let mut resume = rig.world.command(["resume", &rig.name()]);
    resume.env("LD_PRELOAD", &library).env("CLOCK_JUMP", rig.at("log.jump"));
    rig.spawn(resume).end().exits(0);
    rig.journal_is_clean();
    let report: serde_json::Value = serde_json::from_slice(&fs::read(rig.dir().join("report.json")).unwrap()).unwrap();
    assert!(report["metrics"]["elapsed_ms"].as_u64().unwrap() < 3_600_000, "{}", report["metrics"]);
}
