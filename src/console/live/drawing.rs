//! A run being drawn: from its beginning to its drop, however that comes about.

use super::{Board, Doing, Scene};
use crate::console::Console;
use crate::event::Event;
use crate::ids::TaskId;
use crate::report::{Summary, TaskStatus};
use crate::time::Timestamp;

/// Has the terminal until it is dropped; then nothing of it is left there.
#[derive(Debug)]
pub(in super::super) struct Drawing {
    console: Console,
    board: Board,
}

impl Drawing {
    /// Begins after these events; nothing where nothing can be drawn.
    pub fn begin(console: &Console, before: &[Event], summary: &Summary) -> Option<Self> {
        let begun = console.begin_drawing();
        begun.then(|| Self { console: console.clone(), board: Board::after(before, summary) })
    }

    pub fn event(&mut self, event: &Event, before: Option<TaskStatus>, summary: &Summary) {
        self.board.event(event, before, summary);
    }

    pub fn glimpse(&mut self, task: Option<&TaskId>, doing: Doing, at: Timestamp, summary: &Summary) {
        self.board.glimpse(task, doing, at, summary);
    }

    pub fn heard(&mut self, task: &TaskId, line: String) {
        self.board.heard(task, line);
    }

    /// Draws how things stand now; where that looks as it did, nothing is written.
    pub fn draw(&mut self, summary: &Summary, now: Timestamp) {
        self.board.look();
        self.console.draw(&Scene {
            board: &self.board,
            elapsed: summary.elapsed_until(now),
            usage: summary.usage(),
            now,
            style: self.console.stderr_style(),
        });
    }
}

impl Drop for Drawing {
    fn drop(&mut self) {
        self.console.end_drawing();
    }
}
