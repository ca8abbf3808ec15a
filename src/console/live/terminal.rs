//! The terminal on stderr: how large it is, and whether it is ours to draw on.

use rustix::{process, stdio, termios};

/// Columns and rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct Size {
    pub columns: usize,
    pub rows: usize,
}

/// What is asked of a terminal, again and again: it is resized, and we are put into the background.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Terminal {
    pub size: fn() -> Size,
    pub is_ours: fn() -> bool,
}

impl Terminal {
    /// That of this process.
    pub const STDERR: Self = Self { size, is_ours };
}

/// Asked anew each time instead of on SIGWINCH: it costs one call, and no signal can be missed.
fn size() -> Size {
    match termios::tcgetwinsize(stdio::stderr()) {
        Ok(size) if size.ws_col > 0 && size.ws_row > 0 => {
            Size { columns: usize::from(size.ws_col), rows: usize::from(size.ws_row) }
        }
        // A serial line knows no size.
        Ok(_) | Err(_) => Size { columns: 80, rows: 24 },
    }
}

/// A job in the background may say lines, but it may not draw where another program draws.
fn is_ours() -> bool {
    // A terminal that does not control us has no background.
    termios::tcgetpgrp(stdio::stderr()).map_or(true, |group| group == process::getpgrp())
}
