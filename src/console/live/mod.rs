//! The live region: while a run goes on, the bottom of a terminal shows what is being done, and the lines of what is
//! done scroll above it.
//!
//! [`Board`] folds events and glimpses into what is going on, [`frame`] makes rows of it, [`Region`] the bytes that put
//! them on the screen, and a thread of its own writes them: a terminal that takes nothing (Ctrl-S) holds up nobody.
//!
//! Invariants: no row is wider than the screen, and never more of them than it has; the cursor is never hidden and no
//! mode of the terminal is left changed, so that there is nothing to restore when we are killed.

mod board;
mod drawing;
mod frame;
#[cfg(test)]
mod frame_tests;
mod region;
mod terminal;
mod writer;

use board::Board;
pub use board::Doing;
pub(super) use drawing::Drawing;
pub(super) use frame::{Scene, frame};
#[cfg(test)]
pub(super) use terminal::Size;
pub(super) use terminal::Terminal;
pub(super) use writer::{Stream, Writer};
