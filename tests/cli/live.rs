//! The live region as somebody at a terminal sees it, and that it is nowhere else.

use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::pty::{Left, Terminal, is_region, is_sum};
use crate::scene::{Scene, merge, shell};
use crate::world::{self, eventually};

/// Everything a terminal could be misled by, and then text.
const HOSTILE: &str = r"\033[2J\033[H\033]0;title\007\033[?1049h\033[?25l\033[8m\302\23331m\033P1$r\033\\\342\200\256\b\b\a\013\016\377\376hostile\033[5;5H\r\n";

/// A scene whose tasks run a shell script: `gate` in it waits until the test opens the gate.
struct Stage {
    scene: Scene,
    gate: PathBuf,
}

impl Stage {
    fn new(script: &str) -> Self {
        let scene = Scene::bare();
        let gate = scene.world.project().parent().unwrap().join("gate");
        let gated = format!("gate() {{ while [ ! -e '{}' ]; do sleep 0.02; done; }}\n{script}", gate.display());
        let mut config = shell("text", &gated);
        merge(&mut config, json!({"workspace": {"mode": "in-place"}, "verify": {"unchecked": "allow"}}));
        scene.config(config).plan(&[json!({"id": "fix"})]);
        Self { scene, gate }
    }

    /// So many tasks that can run beside each other.
    fn tasks(&self, n: usize) -> &Self {
        let task = |n| json!({"id": format!("task-{n}"), "scope": {"write": [format!("d{n}/**")]}});
        self.scene.plan(&(0..n).map(task).collect::<Vec<Value>>());
        self
    }

    fn open(&self) {
        std::fs::write(&self.gate, "").unwrap();
    }

    fn command(&self, more: &[&str]) -> Command {
        self.scene.command(["run", "--plan", "plan.json"].iter().chain(more))
    }

    fn start(&self, more: &[&str], columns: u16, rows: u16) -> Terminal {
        Terminal::start(self.command(more), columns, rows)
    }
}

fn region(rows: &[String]) -> Vec<&String> {
    rows.iter().filter(|row| is_region(row)).collect()
}

#[test]
fn a_running_task_has_a_line_below_and_a_finished_one_stays_above() {
    let stage = Stage::new("echo \"compiling it\"; gate; echo done");
    let terminal = stage.start(&[], 80, 24);
    // A screen may be seen while it is drawn.
    let rows = terminal.until(|rows| rows.iter().any(|row| row.contains("compiling it")) && region(rows).len() == 2);
    let region = region(&rows);
    assert!(region[0].contains(" implement  fix  ") && region[0].contains("  1/2  compiling it"), "{region:?}");
    assert!(region[1].starts_with("  0/1 done · "), "{region:?}");
    // The time goes on without news.
    terminal.shows(" 1s  1/2  compiling it");
    stage.open();
    let left = terminal.end();
    left.exits(0).is_clean().says("! fix unchecked").says("✓ success (exit 0)");
    assert!(
        !left.lines.iter().any(|line| line.contains("attempt 1")),
        "what was drawn needs no line:\n{:?}",
        left.lines
    );
}

#[test]
fn failures_are_told_as_they_happen() {
    let stage = Stage::new("if [ $ORCHESTRA_TASK_ID = task-0 ]; then echo broken >&2; exit 3; fi; gate");
    let terminal = stage.tasks(2).start(&["--jobs", "2", "--continue-on-error"], 80, 24);
    // Above the region, which is drawn again below it.
    terminal.until(|rows| {
        let told = rows.iter().position(|row| row.contains("✗ task-0  failed: exited: broken"));
        told.is_some_and(|told| rows.iter().skip(told).any(|row| is_sum(row)))
    });
    terminal.shows("0/2 done · 1 failed");
    stage.open();
    terminal.end().exits(1).is_clean().says("! task-1 unchecked");
}

#[test]
fn where_nobody_looks_there_are_plain_lines() {
    let stage = Stage::new("echo hello");
    let plain = |name: &str, value: &str| {
        let mut command = stage.command(&[]);
        command.env(name, value);
        Terminal::start(command, 80, 24).end()
    };
    for left in [plain("TERM", "dumb"), plain("TERM", ""), plain("CI", "1")] {
        left.exits(0).says("fix  attempt 1 (sh)");
        let colours_only = left.raw.split('\u{1b}').skip(1).all(|rest| rest.starts_with('[') && rest.contains('m'));
        assert!(colours_only && !left.raw.contains("\u{1b}[J"), "{:?}", left.raw);
    }
    assert!(!plain("TERM", "dumb").raw.contains('\u{1b}') && !plain("CI", "1").raw.contains('\u{1b}'));
    for flags in [["--output", "json"], ["--output", "jsonl"], ["-q", "-q"]] {
        let flags = if flags[0] == "-q" { &flags[..1] } else { &flags[..] };
        let left = stage.start(flags, 80, 24).end();
        assert!(left.code == 0 && !left.raw.contains("\u{1b}[J") && !left.raw.contains("\u{1b}[?7"), "{:?}", left.raw);
    }
    let mut piped = stage.command(&[]);
    piped.env("TERM", "xterm-256color");
    let output = world::run(piped, &[]);
    output.exits(0).says("fix  attempt 1 (sh)");
    assert!(!output.stderr.contains('\u{1b}') && !output.stderr.contains('\r'), "{output}");
}

#[test]
fn without_colour_the_region_stays() {
    let stage = Stage::new("echo hello; gate");
    let colourless = |mut command: Command, name: &str| {
        command.env(name, "1");
        let terminal = Terminal::start(command, 80, 24);
        terminal.shows("hello");
        terminal
    };
    let both = [colourless(stage.command(&[]), "NO_COLOR"), colourless(stage.command(&["--color", "never"]), "X")];
    stage.open();
    for terminal in both {
        let left = terminal.end();
        left.exits(0).is_clean();
        assert!(!left.raw.contains("\u{1b}[0m"), "{:?}", left.raw);
    }
}

#[test]
fn what_an_agent_prints_never_reaches_the_terminal_raw() {
    let stage =
        Stage::new(&format!("printf '{HOSTILE}' >&2; printf '50%%\\r75%%\\r'; printf '{HOSTILE}'; gate; exit 7"));
    let terminal = stage.start(&["--set", "run.attempts=1"], 80, 24);
    terminal.shows("hostile");
    stage.open();
    terminal.end().exits(1).is_clean().says("✗ fix");
}

#[test]
fn wide_and_joined_characters_do_not_break_the_rows() {
    let stage = Stage::new(
        "while :; do printf '漢字テスト 👨\u{200d}👩\u{200d}👧 ❤\u{fe0f} e\u{301}\u{301}\u{301}\u{301}\u{301} 🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉 진행 중입니다 %s\\n' \"$n\"; n=x$n; [ -e stop ] && exit 0; sleep 0.03; done",
    );
    let terminal = stage.start(&[], 60, 12);
    let rows = terminal
        .until(|rows| rows.iter().any(|row| row.contains("漢字")) && rows.iter().any(|row| row.contains(" 2s ")));
    assert_eq!(region(&rows).len(), 2, "{rows:?}");
    stage.scene.world.file("stop", "");
    terminal.end().exits(0).is_clean();
}

#[test]
fn a_flood_of_output_neither_slows_the_run_nor_breaks_the_screen() {
    let stage = Stage::new("yes 'a line of a flood that goes on and on' | head -n 300000");
    let left = stage.start(&[], 80, 24).end();
    left.exits(0).is_clean().says("! fix unchecked");
    assert!(left.raw.len() < 200_000, "{} bytes were drawn", left.raw.len());
}

#[test]
fn twenty_columns_are_enough_and_one_does_no_harm() {
    let stage = Stage::new("printf 'a very long line that does not fit on any such screen\\n'; gate");
    stage.tasks(8);
    let terminal = stage.start(&["--jobs", "4"], 20, 10);
    let rows = terminal.until(|rows| region(rows).len() == 5);
    let begin = rows.iter().position(|row| is_region(row)).unwrap();
    assert!(rows[begin..].iter().all(|row| row.chars().count() < 20), "{rows:?}");
    assert!(region(&rows)[0].contains(" task-0 ") && region(&rows)[4].starts_with("  0/8 "), "{rows:?}");
    stage.open();
    terminal.end().exits(0).is_clean();
    for columns in [1, 2, 3, 8] {
        let left = stage.start(&["--jobs", "4"], columns, 5).end();
        assert_eq!(left.code, 0, "{columns} columns");
    }
}

#[test]
fn more_tasks_than_rows_are_counted() {
    let stage = Stage::new("gate");
    let terminal = stage.tasks(30).start(&["--jobs", "30"], 80, 12);
    let rows = terminal.shows("30 running");
    assert!(rows.iter().any(|row| row.trim() == "… and 27 more"), "{rows:?}");
    stage.open();
    terminal.end().exits(0).is_clean().says("! task-29 unchecked");
}

#[test]
fn a_resized_terminal_shows_one_region() {
    let stage = Stage::new("echo \"some words that a narrow screen has no room for\"; gate");
    let terminal = stage.tasks(3).start(&["--jobs", "3"], 100, 30);
    // When the first things have been said, only the seconds change.
    let said = |rows: &[String]| rows.iter().filter(|row| row.contains("1/2  some") && !row.contains(" 0s ")).count();
    terminal.until(|rows| region(rows).len() == 4 && said(rows) == 3);
    for (columns, rows) in [(60, 12), (25, 9), (120, 40), (80, 24)] {
        terminal.resize(columns, rows);
        let fits = |row: &&String| row.chars().count() < usize::from(columns);
        terminal.until(|rows| region(rows).len() == 4 && region(rows).iter().all(fits));
    }
    stage.open();
    terminal.end().exits(0).is_clean().says("! task-2 unchecked");
}

#[test]
fn a_terminal_that_takes_nothing_does_not_stop_the_run() {
    let stage = Stage::new("echo started; gate");
    // The loop of the run itself says things under -vv.
    let mut terminal = stage.tasks(3).start(&["-vv"], 80, 24);
    terminal.shows("started");
    // Ctrl-S, and then everything that is left of the run.
    terminal.types("\u{13}");
    stage.open();
    let journal = stage.scene.dir().join("events.jsonl");
    eventually("the end of the run, whatever the terminal does", || {
        std::fs::read_to_string(&journal).unwrap().contains("run.finished").then_some(())
    });
    assert!(terminal.is_running(), "its last words are not read yet");
    terminal.types("\u{11}");
    terminal.end().exits(0).is_clean().says("! task-0 unchecked").says("! task-2 unchecked").says("✓ success");
}

#[test]
fn a_question_has_the_terminal_for_itself() {
    let stage = Stage::new("echo at work; gate");
    let mut terminal = stage.start(&["--ask", "task"], 80, 24);
    terminal.shows("run this plan? [y/n]");
    terminal.types("y\n");
    let asked = terminal.shows("run task `fix`? [y/n]");
    let question = asked.iter().rposition(|row| row.contains("[y/n]")).unwrap();
    assert!(asked[question + 1..].iter().all(String::is_empty), "nothing is drawn below it: {asked:?}");
    assert_eq!(usize::from(terminal.cursor().0), question, "{asked:?}");
    terminal.types("perhaps\n");
    terminal.shows("neither yes nor no");
    terminal.types("y\n");
    terminal.shows("at work");
    stage.open();
    let left = terminal.end();
    left.exits(0).is_clean();
    let answer = left.raw.split("run task `fix`? [y/n] ").nth(1).unwrap().split('\n').next().unwrap();
    assert_eq!(answer, "perhaps\r", "nothing is drawn over what is typed");
}

#[test]
fn ctrl_c_leaves_a_clean_terminal_once_and_twice() {
    let stage = Stage::new("trap '' TERM INT; echo started; while :; do sleep 0.1; done");
    let once = Stage::new("echo started; gate");
    let terminal = once.start(&[], 80, 24);
    terminal.shows("started");
    terminal.signal(Signal::INT);
    terminal.end().exits(130).is_clean().says("orchestra resume");
    let terminal = stage.start(&[], 80, 24);
    terminal.shows("started");
    terminal.signal(Signal::INT);
    terminal.signal(Signal::INT);
    terminal.end().exits(130).is_clean();
}

#[test]
fn ctrl_z_clears_the_region_and_going_on_draws_it_again() {
    let stage = Stage::new("echo started; gate");
    // As a shell starts a job: only what somebody could continue is stopped.
    let mut job = stage.command(&[]);
    job.process_group(0);
    let terminal = Terminal::start(job, 80, 24);
    terminal.shows("started");
    terminal.signal(Signal::TSTP);
    terminal.is_suspended();
    let rows = terminal.until(|rows| region(rows).is_empty());
    assert!(rows.iter().any(|row| row.contains("run 20")), "the lines stay: {rows:?}");
    terminal.signal(Signal::CONT);
    terminal.until(|rows| region(rows).len() == 2);
    stage.open();
    terminal.end().exits(0).is_clean();
}

#[test]
fn a_stranger_ending_of_us_leaves_the_cursor_and_the_modes_alone() {
    let stage = Stage::new("echo started; gate");
    let terminal = stage.start(&[], 80, 24);
    terminal.shows("started");
    terminal.signal(Signal::KILL);
    let Left { raw, cursor_is_hidden, cursor, .. } = terminal.end();
    stage.open();
    assert!(!cursor_is_hidden && cursor.1 == 0);
    assert!(raw.rfind("\u{1b}[?7h") > raw.rfind("\u{1b}[?7l"), "wrapping is on");
}
