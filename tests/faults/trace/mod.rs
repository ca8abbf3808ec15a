//! The program under trace: which of its system calls change a disk, and what becomes of it when one of them fails or is
//! its last.
//!
//! By ptrace and not by a preloaded library, because part of the program calls the kernel without a library between.

mod change;
mod fault;
mod regs;
mod tracer;

pub use change::{Change, Deed};
pub use fault::{Fault, Lasts, Moment, Short, Victim};
pub use tracer::{Follow, Traced, can_trace, stopped, trace};
