//! A terminal with somebody in front of it: the program runs on a pseudo-terminal, and what it writes becomes a screen.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{Read, Write};
use std::num::NonZero;
use std::os::unix::ffi::OsStrExt;
use std::process::{Child, Command};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::Instant;

use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use crate::world::PATIENCE;

/// A program on a terminal, while it runs.
pub struct Terminal {
    child: Child,
    keys: File,
    shared: Arc<Shared>,
    reader: JoinHandle<()>,
}

/// What is left on the terminal after the program's end.
pub struct Left {
    pub code: i32,
    /// Everything that was written.
    pub raw: String,
    /// All lines, those that scrolled away too, without the empty ones at the end.
    pub lines: Vec<String>,
    /// Where the cursor is: row and column.
    pub cursor: (u16, u16),
    pub cursor_is_hidden: bool,
}

struct Shared {
    seen: Mutex<Seen>,
    changed: Condvar,
}

struct Seen {
    raw: Vec<u8>,
    /// What was written when it was resized: the screen says nothing before something new is.
    old: usize,
    parser: vt100::Parser,
}

impl Terminal {
    /// Starts `command` on a terminal of this size, which understands what terminals understand today.
    pub fn start(mut command: Command, columns: u16, rows: u16) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap();
        tcsetwinsize(&master, winsize(columns, rows)).unwrap();
        let flags = rustix::fs::OFlags::RDWR | rustix::fs::OFlags::NOCTTY | rustix::fs::OFlags::CLOEXEC;
        let slave = rustix::fs::open(OsStr::from_bytes(name.as_bytes()), flags, rustix::fs::Mode::empty()).unwrap();
        let slave = File::from(slave);
        let stream = || slave.try_clone().unwrap();
        if !command.get_envs().any(|(name, _)| name == "TERM") {
            command.env("TERM", "xterm-256color");
        }
        let child = command.stdin(stream()).stdout(stream()).stderr(stream()).spawn().unwrap();
        // The command holds the streams too: as long as it does, the terminal never ends.
        drop((command, slave));
        let parser = vt100::Parser::new(NonZero::new(rows).unwrap(), NonZero::new(columns).unwrap(), 10_000);
        let seen = Mutex::new(Seen { raw: Vec::new(), old: 0, parser });
        let shared = Arc::new(Shared { seen, changed: Condvar::new() });
        let keys = File::from(master);
        let (mut screen, looks) = (keys.try_clone().unwrap(), Arc::clone(&shared));
        let reader = std::thread::spawn(move || {
            let mut chunk = [0; 4096];
            // It fails when nobody has the other end any more.
            while let Ok(read @ 1..) = screen.read(&mut chunk) {
                let mut seen = looks.seen.lock().unwrap();
                seen.raw.extend_from_slice(&chunk[..read]);
                seen.parser.process(&chunk[..read]);
                looks.changed.notify_all();
            }
        });
        Self { child, keys, shared, reader }
    }

    /// Waits until the screen is as it is wanted, and gives its rows.
    #[track_caller]
    pub fn until(&self, wanted: impl Fn(&[String]) -> bool) -> Vec<String> {
        let deadline = Instant::now() + PATIENCE;
        let mut seen = self.shared.seen.lock().unwrap();
        loop {
            let rows = rows(&seen.parser);
            if seen.raw.len() > seen.old && wanted(&rows) {
                return rows;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "never seen; the screen is\n{}\n", rows.join("\n"));
            seen = self.shared.changed.wait_timeout(seen, left).unwrap().0;
        }
    }

    /// Waits until some row of the screen holds `text`.
    #[track_caller]
    pub fn shows(&self, text: &str) -> Vec<String> {
        self.until(|rows| rows.iter().any(|row| row.contains(text)))
    }

    /// Where the cursor is: row and column.
    pub fn cursor(&self) -> (u16, u16) {
        self.shared.seen.lock().unwrap().parser.screen().cursor_position()
    }

    pub fn types(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
    }

    pub fn resize(&self, columns: u16, rows: u16) {
        let mut seen = self.shared.seen.lock().unwrap();
        seen.old = seen.raw.len();
        seen.parser.set_size(NonZero::new(rows).unwrap(), NonZero::new(columns).unwrap());
        tcsetwinsize(&self.keys, winsize(columns, rows)).unwrap();
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits until the program is stopped, as by Ctrl-Z.
    pub fn is_suspended(&self) {
        let (_, status) = waitpid(Some(Pid::from_child(&self.child)), WaitOptions::UNTRACED).unwrap().unwrap();
        assert!(status.stopped(), "{status:?}");
    }

    /// Whether it has not ended yet.
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Waits for the end of the program.
    #[track_caller]
    pub fn end(mut self) -> Left {
        let pid = Pid::from_child(&self.child);
        let (done, ended) = std::sync::mpsc::channel::<()>();
        let watch = std::thread::spawn(move || {
            if ended.recv_timeout(PATIENCE) == Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
                let _ = kill_process(pid, Signal::KILL);
            }
        });
        let code = self.child.wait().unwrap().code().unwrap_or(-1);
        drop(done);
        watch.join().unwrap();
        self.reader.join().unwrap();
        let mut seen = self.shared.seen.lock().unwrap();
        let raw = String::from_utf8(seen.raw.clone()).unwrap();
        let screen = seen.parser.screen();
        let (cursor, cursor_is_hidden) = (screen.cursor_position(), screen.hide_cursor());
        let mut lines = Vec::new();
        for above in (1..=seen.parser.screen().scrollback_len()).rev() {
            seen.parser.screen_mut().set_scrollback(above);
            lines.extend(rows(&seen.parser).into_iter().next());
        }
        seen.parser.screen_mut().set_scrollback(0);
        lines.extend(rows(&seen.parser));
        while lines.last().is_some_and(String::is_empty) {
            lines.pop();
        }
        Left { code, raw, lines, cursor, cursor_is_hidden }
    }
}

impl Left {
    /// Asserts the exit code, and that the terminal is as a shell wants it: nothing of the region left, the cursor
    /// visible and at the beginning of the line below the last.
    #[track_caller]
    pub fn exits(&self, code: i32) -> &Self {
        assert_eq!(self.code, code, "{}", self.lines.join("\n"));
        let region: Vec<&String> = self.lines.iter().filter(|line| is_region(line)).collect();
        assert!(region.is_empty(), "left behind: {region:?} in\n{}", self.lines.join("\n"));
        assert!(!self.cursor_is_hidden && self.cursor.1 == 0, "{:?}", self.cursor);
        // Wrapping is on again, and nothing else was ever switched.
        let modes: Vec<&str> = self.raw.split("\u{1b}[?").skip(1).map(|rest| &rest[..2]).collect();
        assert!(modes.chunks(2).all(|pair| pair == ["7l", "7h"]), "{modes:?}");
        self
    }

    #[track_caller]
    pub fn says(&self, text: &str) -> &Self {
        assert!(self.lines.iter().any(|line| line.contains(text)), "no {text:?} in\n{}", self.lines.join("\n"));
        self
    }

    /// Asserts that the only controls written are line ends, colours, and those that draw the region.
    #[track_caller]
    pub fn is_clean(&self) -> &Self {
        let mut rest = self.raw.as_str();
        while let Some(place) = rest.find(|c: char| c.is_control() && c != '\n' && c != '\r' || c == '\u{202e}') {
            let sequence = rest[place..].strip_prefix("\u{1b}[");
            let sequence = sequence.unwrap_or_else(|| panic!("a stray control: {:?}", clip(&rest[place..])));
            let end = sequence.find(|c: char| c.is_ascii_alphabetic()).unwrap();
            let (numbers, kind) = (&sequence[..end], &sequence[end..=end]);
            let is_number = !numbers.is_empty() && numbers.chars().all(|c| c.is_ascii_digit());
            let ours = match kind {
                "J" | "K" => numbers.is_empty(),
                "A" | "m" => is_number,
                "h" | "l" => numbers == "?7",
                _ => false,
            };
            assert!(ours, "not ours: {:?}", clip(&rest[place..]));
            rest = &sequence[end + 1..];
        }
        self
    }
}

/// Whether a row is one of the region's: it begins with a turning sign, or sums the run up.
pub fn is_region(row: &str) -> bool {
    row.starts_with(|c| "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏".contains(c)) || is_sum(row)
}

/// Whether a row sums the run up, in words or in signs.
pub fn is_sum(row: &str) -> bool {
    let first = row.trim_start().split(' ').next().unwrap_or("");
    let (done, of) = first.split_once('/').unwrap_or_default();
    row.starts_with("  ") && done.parse::<u32>().is_ok() && of.parse::<u32>().is_ok()
}

fn rows(parser: &vt100::Parser) -> Vec<String> {
    let columns = parser.screen().size().1;
    parser.screen().rows(0, columns.get()).map(|row| row.trim_end().to_owned()).collect()
}

fn clip(text: &str) -> String {
    text.chars().take(40).collect()
}

fn winsize(columns: u16, rows: u16) -> Winsize {
    Winsize { ws_col: columns, ws_row: rows, ws_xpixel: 0, ws_ypixel: 0 }
}
