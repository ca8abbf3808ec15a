//! PURE: what is going on as rows for a screen of a given size.

use super::super::fit::{Fitted, columns, fit};
use super::board::{Board, Doing, Row};
use super::terminal::Size;
use crate::console::style::{Paint, Style};
use crate::report::{UsageTotal, words};
use crate::time::{Span, Timestamp};

/// A screen narrower than this shows tasks by name and time alone, and counts by their signs.
const NARROW: usize = 48;
/// From this width on there is room for a column of roles.
const ROLES: usize = 60;
/// From this width on there is room for a column of agents.
const AGENTS: usize = 120;
/// Columns of the longest role, and of a time.
const ROLE: usize = 9;
const TIME: usize = 6;
/// Columns between two columns.
const GAP: usize = 2;
/// Fewer columns than this are no room for words.
const WORDS: usize = 8;

/// Everything there is to show.
#[derive(Debug)]
pub(in super::super) struct Scene<'a> {
    pub board: &'a Board,
    /// How long all processes of the run have worked on it.
    pub elapsed: Span,
    pub usage: &'a UsageTotal,
    pub now: Timestamp,
    pub style: Style,
}

/// The rows, from top to bottom: an empty one, what is at work, and the sum of it all. Each is a column narrower than the
/// screen, and together they leave room above them.
pub(in super::super) fn frame(scene: &Scene<'_>, size: Size) -> Vec<String> {
    let width = size.columns.saturating_sub(1);
    if width == 0 || size.rows == 0 {
        return Vec::new();
    }
    let room = (size.rows / 2).max(size.rows.saturating_sub(2).min(6)).max(1);
    let gap = usize::from(room >= 4);
    let shown = shown(scene.board.rows.len(), room - 1 - gap);
    let mut rows = vec![String::new(); gap];
    let layout = Layout::of(scene, &scene.board.rows[..shown], width);
    rows.extend(scene.board.rows[..shown].iter().map(|row| layout.row(scene, row)));
    let hidden = scene.board.rows.len() - shown;
    if hidden > 0 && room - 1 - gap > shown {
        let mut line = Line::new(scene.style, width);
        line.put(Paint::Dim, &format!("  {} and {hidden} more", scene.style.plain("…")));
        rows.push(line.out);
    }
    rows.push(sum(scene, width));
    rows
}

/// How many of so many fit: one row is left to say how many do not.
fn shown(rows: usize, room: usize) -> usize {
    if rows <= room { rows } else { room.saturating_sub(1).max(room.min(1)) }
}

/// The widths of the columns, the same for all rows.
struct Layout {
    width: usize,
    name: usize,
    attempt: usize,
    agent: usize,
}

impl Layout {
    fn of(scene: &Scene<'_>, rows: &[Row], width: usize) -> Self {
        let widest = |column: fn(&Row) -> String| rows.iter().map(|row| columns(&column(row))).max().unwrap_or(0);
        let most = if width < NARROW { width.saturating_sub(2 + 1 + TIME).max(1) } else { width * 3 / 10 };
        let name = widest(name).min(most);
        let name = if width < NARROW && scene.style.unicode { name } else { name.max(1) };
        Self {
            width,
            name,
            attempt: if width < NARROW { 0 } else { widest(attempt) },
            agent: if width < AGENTS { 0 } else { widest(|row| row.agent.clone()).min(24) },
        }
    }

    fn row(&self, scene: &Scene<'_>, row: &Row) -> String {
        let mut line = Line::new(scene.style, self.width);
        let worked = scene.now.since(row.since);
        line.put(Paint::Good, spinner(worked, scene.style));
        line.put(Paint::Plain, " ");
        if self.width >= ROLES {
            line.column(Paint::Plain, row.role, ROLE, GAP);
        }
        line.column(Paint::Bold, &name(row), self.name, 1);
        line.put(Paint::Plain, &format!("{:>TIME$}", clock(worked)));
        if self.attempt > 0 {
            line.gap();
            line.column(Paint::Dim, &attempt(row), self.attempt, 0);
        }
        if self.agent > 0 {
            line.gap();
            line.column(Paint::Dim, &row.agent, self.agent, 0);
        }
        if line.left >= GAP + WORDS {
            line.gap();
            let (paint, words) = words_of(row);
            line.put(paint, &words);
        }
        line.out.truncate(line.out.trim_end().len());
        line.out
    }
}

fn name(row: &Row) -> String {
    row.task.as_ref().map_or_else(|| "the run".to_owned(), |task| task.as_str().to_owned())
}

fn attempt(row: &Row) -> String {
    row.attempt.map_or_else(String::new, |(attempt, of)| format!("{attempt}/{of}"))
}

fn words_of(row: &Row) -> (Paint, String) {
    match &row.doing {
        Doing::Checking(check) => (Paint::Plain, format!("checking {check}")),
        Doing::CheckingBase(check) => (Paint::Plain, format!("checking {check} on what it starts from")),
        Doing::Asking(model) => (Paint::Plain, format!("asking {model}")),
        Doing::Settling => (Paint::Plain, "keeping what it made".to_owned()),
        Doing::Preparing => (Paint::Plain, "preparing its workspace".to_owned()),
        Doing::Working if row.said.is_empty() => (Paint::Plain, "working".to_owned()),
        Doing::Working => (Paint::Dim, row.said.clone()),
    }
}

/// How the run stands, as much of it as there is room for; the first things are the most important.
fn sum(scene: &Scene<'_>, width: usize) -> String {
    let mut line = Line::new(scene.style, width);
    let counts = scene.board.counts;
    let short = width < NARROW;
    let (bad, skip, between) = match (short, scene.style.unicode) {
        (true, true) => ("✗", "↷", " "),
        (true, false) => ("x", "-", " "),
        (false, true) => ("", "", " · "),
        (false, false) => ("", "", ", "),
    };
    let amount = |n: u32, sign: &str, word: &str| if short { format!("{sign}{n}") } else { format!("{n} {word}") };
    let mut pieces = Vec::new();
    if let Some(paused) = &scene.board.paused {
        pieces.push((Paint::Warn, if short { "paused".to_owned() } else { paused.clone() }));
    }
    let done = format!("{}/{}", counts.passed, counts.planned);
    if counts.planned > 0 {
        pieces.push((Paint::Bold, if short { done } else { done + " done" }));
    }
    if counts.failed > 0 {
        pieces.push((Paint::Bad, amount(counts.failed, bad, "failed")));
    }
    if counts.skipped > 0 {
        pieces.push((Paint::Warn, amount(counts.skipped, skip, "skipped")));
    }
    let running = scene.board.rows.iter().filter(|row| row.task.is_some()).count();
    if running > 1 && !short {
        pieces.push((Paint::Plain, format!("{running} running")));
    }
    if !scene.board.retries.is_empty() && !short {
        pieces.push((Paint::Plain, format!("{} to try again", scene.board.retries.len())));
    }
    pieces.push((Paint::Plain, clock(scene.elapsed)));
    pieces.extend(spent(scene.usage).map(|spent| (Paint::Plain, spent)));
    line.put(Paint::Plain, if width < ROLE { "" } else { "  " });
    let mut first = true;
    for (paint, piece) in pieces {
        let needed = columns(&piece) + if first { 0 } else { columns(between) };
        if first || needed <= line.left {
            line.put(Paint::Dim, if first { "" } else { between });
            line.put(paint, &piece);
            first = false;
        }
    }
    line.out
}

/// What was used, where somebody told.
fn spent(usage: &UsageTotal) -> Option<String> {
    if let Some(usd) = usage.usd {
        return Some(words::dollars(usd));
    }
    let tokens = usage.known().tokens()?;
    Some(format!("{} {}", words::short(tokens), if tokens == 1 { "token" } else { "tokens" }))
}

/// A time to the second: `7s`, `2m03s`, `1h02m`, `123h`.
fn clock(span: Span) -> String {
    let seconds = span.as_millis() / 1_000;
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3_600 => format!("{}m{:02}s", seconds / 60, seconds % 60),
        3_600..360_000 => format!("{}h{:02}m", seconds / 3_600, seconds / 60 % 60),
        _ => format!("{}h", seconds / 3_600),
    }
}

/// It turns once a second: enough to see that we are alive, and little for a slow line.
fn spinner(worked: Span, style: Style) -> &'static str {
    const FINE: [&str; 10] = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
    const PLAIN: [&str; 4] = ["|", "/", "-", "\\"];
    let signs: &[&str] = if style.unicode { &FINE } else { &PLAIN };
    let turn = usize::try_from(worked.as_millis() / 1_000).unwrap_or(0);
    signs[turn % signs.len()]
}

/// A row that grows to the right until it is full.
struct Line {
    style: Style,
    out: String,
    left: usize,
}

impl Line {
    fn new(style: Style, width: usize) -> Self {
        Self { style, out: String::new(), left: width }
    }

    fn put(&mut self, paint: Paint, text: &str) {
        self.column(paint, text, self.left.min(columns(text)), 0);
    }

    fn gap(&mut self) {
        self.put(Paint::Plain, &" ".repeat(GAP));
    }

    /// `text` in a column of `width`, and `gap` spaces after it.
    fn column(&mut self, paint: Paint, text: &str, width: usize, gap: usize) {
        let cut = if self.style.unicode { '…' } else { '~' };
        let clean = if self.style.unicode { text.to_owned() } else { ascii(&self.style.plain(text)) };
        let Fitted { text, columns } = fit(&clean, width.min(self.left), cut);
        self.style.paint(&mut self.out, paint, &text);
        self.left -= columns;
        let pad = (width - columns + gap).min(self.left);
        self.out.push_str(&" ".repeat(pad));
        self.left -= pad;
    }
}

/// A terminal without UTF-8 shows each byte of what is beyond ASCII as a column of its own.
fn ascii(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii() { c } else { '?' }).collect()
}
