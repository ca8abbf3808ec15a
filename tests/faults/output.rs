//! Standard output and standard error that take nothing: a full disk, or no file at all. Never a panic, and the right code.

use std::fs::File;
use std::process::{Command, Stdio};

use crate::rig::{Rig, WRITES_A_FILE};

/// What is wrong with the two streams, and how a shell says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Streams {
    /// Nothing.
    Fine,
    /// Standard output is a file on a full disk.
    FullOut,
    /// Standard error is.
    FullErr,
    /// Both are.
    BothFull,
    /// There is no standard output.
    ClosedOut,
    /// There is no stream at all, not even for input.
    AllClosed,
}

const BROKEN: [Streams; 5] =
    [Streams::FullOut, Streams::FullErr, Streams::BothFull, Streams::ClosedOut, Streams::AllClosed];

/// How a call ended, and what it said where that went.
struct Ended {
    code: i32,
    out: String,
    err: String,
}

/// Calls the program with such streams.
fn call(rig: &Rig, args: &[&str], streams: Streams) -> Ended {
    let call = rig.world.command(args);
    let redirection = match streams {
        Streams::Fine => "",
        Streams::FullOut => "> /dev/full",
        Streams::FullErr => "2> /dev/full",
        Streams::BothFull => "> /dev/full 2>&1",
        Streams::ClosedOut => ">&-",
        Streams::AllClosed => "<&- >&- 2>&-",
    };
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("exec \"$0\" \"$@\" {redirection}")]).arg(call.get_program()).args(call.get_args());
    rig.world.settle(&mut shell);
    let (out, err) = (rig.at("out"), rig.at("err"));
    let mut child = shell
        .stdin(Stdio::null())
        .stdout(File::create(&out).unwrap())
        .stderr(File::create(&err).unwrap())
        .spawn()
        .unwrap();
    let status = crate::rig::eventually(&format!("{args:?} ends"), || child.try_wait().unwrap());
    let text = |path| String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned();
    Ended { code: status.code().unwrap_or(-1), out: text(out), err: text(err) }
}

/// Asserts that a call ends as it should, given how it ends where its streams are fine.
#[track_caller]
fn ends_well(rig: &Rig, args: &[&str], streams: Streams, usual: &Ended) {
    let ended = call(rig, args, streams);
    let told = format!("{args:?} with {streams:?}: {}\n{}", ended.code, ended.err);
    assert!(!ended.err.contains("panicked"), "{told}");
    let loses_data = matches!(streams, Streams::FullOut | Streams::BothFull) && !usual.out.is_empty();
    // What went wrong before anything was to be said is worse than that nobody hears of it.
    let code = if loses_data && usual.code == 0 { 8 } else { usual.code };
    assert_eq!(ended.code, code, "{told}");
    if code == 8 && streams == Streams::FullOut {
        assert!(ended.err.contains("No space left on device"), "{told}");
    }
}

/// Commands that look at what is there and change nothing, with the run that they look at.
fn looks(run: &str) -> Vec<Vec<String>> {
    let lines = [
        "--help",
        "--version",
        "run --help",
        "runs list",
        "runs list --json",
        "runs show RUN",
        "runs show RUN --json",
        "runs report RUN",
        "runs report RUN --format junit",
        "runs report RUN --json",
        "runs diff RUN RUN",
        "runs diff RUN RUN --json",
        "runs clean --keep 0 --dry-run",
        "resume RUN",
        "resume RUN --json",
        "resume RUN --explain",
        "plan check ../plan.json",
        "plan check ../plan.json --json",
        "plan check absent.json",
        "plan check absent.json --json",
        "plan graph ../plan.json",
        "plan show ../plan.json",
        "config show",
        "config show --json",
        "config check ../orchestra.yaml",
        "config schema",
        "doctor",
        "doctor --json",
        "run ../ticket.md --plan ../plan.json --dry-run --config ../orchestra.yaml",
        "run ../ticket.md --plan ../plan.json --dry-run --config ../orchestra.yaml --json",
        "completions bash",
        "man",
        "no-such-command",
    ];
    lines.iter().map(|line| line.split(' ').map(|word| word.replace("RUN", run)).collect()).collect()
}

#[test]
fn whatever_looks_at_things_ends_well_with_streams_that_take_nothing() {
    let rig = Rig::new(&["a"], WRITES_A_FILE);
    rig.run().exits(0);
    let asked = looks(&rig.name());
    std::thread::scope(|scope| {
        // A file for what is said each, so that they can go side by side.
        for part in asked.chunks(asked.len().div_ceil(2)) {
            let own = Rig::new(&["a"], WRITES_A_FILE);
            own.run().exits(0);
            let (from, to) = (rig.name(), own.name());
            scope.spawn(move || {
                for words in part {
                    let words: Vec<String> = words.iter().map(|word| word.replace(&from, &to)).collect();
                    let args: Vec<&str> = words.iter().map(String::as_str).collect();
                    let usual = call(&own, &args, Streams::Fine);
                    for streams in BROKEN {
                        ends_well(&own, &args, streams, &usual);
                    }
                }
            });
        }
    });
}

#[test]
fn whatever_does_things_has_done_them_with_streams_that_take_nothing() {
    for form in ["text", "json", "jsonl"] {
        for streams in BROKEN {
            let rig = Rig::new(&["a"], WRITES_A_FILE);
            let args = [rig.run_args(), vec!["--plan-only".into(), "--output".into(), form.into()]].concat();
            let args: Vec<&str> = args.iter().map(String::as_str).collect();
            let prints = |code| Ended { code, out: "a plan".to_owned(), err: String::new() };
            ends_well(&rig, &args, streams, &prints(0));
            let name = rig.name();
            // As text, a run has nothing for standard output.
            let silent = form == "text";
            let run = Ended { out: if silent { String::new() } else { "a run".to_owned() }, ..prints(0) };
            ends_well(&rig, &["resume", &name, "--output", form], streams, &run);
            rig.journal_is_clean();
            assert_eq!(rig.succeeded().len(), 1, "{form}, {streams:?}: the work is done, whoever hears of it");
            ends_well(&rig, &["apply", &name, "--output", form], streams, &prints(0));
            assert!(rig.world.project().join("a.txt").exists(), "{form}, {streams:?}");
        }
    }
}
