//! Frames as they are, row by row.

use super::super::fit::columns;
use super::board::{Board, Counts, Doing, Row};
use super::frame::{Scene, frame};
use super::terminal::Size;
use crate::console::style::Style;
use crate::ids::{CheckName, TaskId};
use crate::money::Usd;
use crate::report::UsageTotal;
use crate::time::{Span, Timestamp};

const PLAIN: Style = Style { colour: false, unicode: true };
const HOSTILE: &str = "\u{1b}[2J\u{1b}]0;x\u{7}a\u{202e}b\u{9b}31mc\0\u{8}\u{7f} 漢字 👨\u{200d}👩\u{200d}👧 e\u{301}";

fn now() -> Timestamp {
    Timestamp::from_millis(1_795_253_592_000)
}

fn row(name: &str, seconds: i64, doing: Doing, said: &str) -> Row {
    Row {
        task: Some(TaskId::new(name).unwrap()),
        role: "implement",
        agent: "mine".to_owned(),
        attempt: Some((1, 2)),
        since: Timestamp::from_millis(now().as_millis() - 1000 * seconds),
        doing,
        said: crate::text::bare(said),
        heard: None,
    }
}

fn board() -> Board {
    let check = CheckName::new("unit").unwrap();
    let mut review = row("look-closely-at-everything-that-was-changed", 0, Doing::Preparing, "");
    (review.role, review.attempt, review.agent) = ("review", Some((2, 2)), "critic".to_owned());
    Board {
        rows: vec![
            row(
                "fix-median",
                12,
                Doing::Working,
                "step 3 of 12: compiling crate number 3 with everything that it needs",
            ),
            row("call-it", 63, Doing::Working, "テスト 1 … 🎉🎉🎉 e\u{301}"),
            row("mend", 3723, Doing::Checking(check), "never shown"),
            review,
        ],
        counts: Counts { planned: 9, passed: 3, failed: 1, skipped: 2 },
        ..Board::default()
    }
}

fn drawn(board: &Board, style: Style, columns: usize, rows: usize) -> Vec<String> {
    let usage = UsageTotal { usd: Some(Usd::from_micros(421_000)), told: 2, ..UsageTotal::default() };
    let scene = Scene { board, elapsed: Span::from_secs(3750), usage: &usage, now: now(), style };
    frame(&scene, Size { columns, rows })
}

fn shown(board: &Board, columns: usize, rows: usize) -> Vec<String> {
    drawn(board, PLAIN, columns, rows)
}

#[test]
fn at_80_columns_each_task_has_a_line_and_the_run_one() {
    assert_eq!(
        shown(&board(), 80, 24),
        [
            "",
            "⠹ implement  fix-median                 12s  1/2  step 3 of 12: compiling crat…",
            "⠸ implement  call-it                  1m03s  1/2  テスト 1 … 🎉🎉🎉 e\u{301}",
            "⠸ implement  mend                     1h02m  1/2  checking unit",
            "⠋ review     look-closely-at-everyt…     0s  2/2  preparing its workspace",
            "  3/9 done · 1 failed · 2 skipped · 4 running · 1h02m · $0.42",
        ]
    );
}

#[test]
fn at_200_columns_the_room_is_used() {
    assert_eq!(
        shown(&board(), 200, 50),
        [
            "",
            "⠹ implement  fix-median                                     12s  1/2  mine    step 3 of 12: compiling crate number 3 with everything that it needs",
            "⠸ implement  call-it                                      1m03s  1/2  mine    テスト 1 … 🎉🎉🎉 e\u{301}",
            "⠸ implement  mend                                         1h02m  1/2  mine    checking unit",
            "⠋ review     look-closely-at-everything-that-was-changed     0s  2/2  critic  preparing its workspace",
            "  3/9 done · 1 failed · 2 skipped · 4 running · 1h02m · $0.42",
        ]
    );
}

#[test]
fn at_20_columns_there_are_names_and_times() {
    assert_eq!(
        shown(&board(), 20, 10),
        [
            "",
            "⠹ fix-median    12s",
            "⠸ call-it     1m03s",
            "⠸ mend        1h02m",
            "⠋ look-clos…     0s",
            "  3/9 ✗1 ↷2 1h02m",
        ]
    );
}

#[test]
fn without_tasks_there_is_the_sum_alone() {
    assert_eq!(shown(&Board::default(), 80, 24), ["", "  1h02m · $0.42"]);
    let paused = Board { paused: Some("paused until 2026-11-21 10:00:00 UTC: quota".to_owned()), ..board() };
    let paused = Board { rows: Vec::new(), retries: [TaskId::new("a").unwrap()].into(), ..paused };
    assert_eq!(
        shown(&paused, 100, 24),
        ["", "  paused until 2026-11-21 10:00:00 UTC: quota · 3/9 done · 1 failed · 2 skipped · 1 to try again"]
    );
}

#[test]
fn of_a_hundred_tasks_the_oldest_are_shown_and_the_others_counted() {
    let rows = (0..100).map(|n| row(&format!("task-{n}"), 100 - n, Doing::Working, "")).collect();
    let many = Board { rows, ..board() };
    assert_eq!(
        shown(&many, 80, 10),
        [
            "",
            "⠋ implement  task-0  1m40s  1/2  working",
            "⠏ implement  task-1  1m39s  1/2  working",
            "⠇ implement  task-2  1m38s  1/2  working",
            "  … and 97 more",
            "  3/9 done · 1 failed · 2 skipped · 100 running · 1h02m · $0.42",
        ]
    );
    for rows in 0..60 {
        let drawn = drawn(&many, PLAIN, 80, rows);
        assert!(drawn.len() <= rows.saturating_sub(2).max(rows.min(1)), "{} of {rows}", drawn.len());
    }
}

#[test]
fn no_row_is_ever_wider_than_the_screen_less_a_column() {
    let mut board = board();
    board.rows.push(row("evil", 5, Doing::Working, &HOSTILE.repeat(20)));
    board.rows.push(row(&"x".repeat(60), 999_999_999, Doing::Working, &"👨\u{200d}👩\u{200d}👧❤\u{fe0f}".repeat(90)));
    board.paused = Some(crate::text::bare(HOSTILE));
    for unicode in [true, false] {
        for width in 0..210 {
            for row in drawn(&board, Style { colour: false, unicode }, width, 40) {
                assert!(columns(&row) < width.max(1), "{width}: {row:?}");
                assert!(unicode || row.is_ascii(), "{row:?}");
                assert!(!row.chars().any(|c| c.is_control() || c == '\u{202e}'), "{row:?}");
            }
        }
    }
}

#[test]
fn colour_changes_nothing_but_colour() {
    let style = Style { colour: true, unicode: true };
    for width in [1, 7, 20, 80, 200] {
        let coloured: Vec<String> =
            drawn(&board(), style, width, 24).iter().map(|row| crate::text::bare(row)).collect();
        let plain: Vec<String> =
            drawn(&board(), PLAIN, width, 24).iter().map(|row| row.trim_end().to_owned()).collect();
        assert_eq!(coloured, plain);
    }
    assert!(drawn(&board(), style, 80, 24).concat().contains("\u{1b}[31m1 failed\u{1b}[0m"));
    assert!(!drawn(&board(), PLAIN, 80, 24).concat().contains('\u{1b}'));
}

#[test]
fn where_only_ascii_is_spoken_only_ascii_is_drawn() {
    assert_eq!(
        drawn(&board(), Style { colour: false, unicode: false }, 80, 24),
        [
            "",
            "| implement  fix-median                 12s  1/2  step 3 of 12: compiling crat~",
            r"\ implement  call-it                  1m03s  1/2  ??? 1 ... ??? e?",
            r"\ implement  mend                     1h02m  1/2  checking unit",
            "| review     look-closely-at-everyt~     0s  2/2  preparing its workspace",
            "  3/9 done, 1 failed, 2 skipped, 4 running, 1h02m, $0.42",
        ]
    );
}
