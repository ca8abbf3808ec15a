//! The only spawner. Every command runs under a small supervisor: our own program started again, its own session, one
//! thread, a child subreaper, one command at a time, used again and again. We hand it argv, environment, folder and pipe
//! ends over a socket and read the pipes ourselves, so spawning costs the same whatever our size.
//!
//! **Invariant**: when [`Supervisors::run`] returns, nothing the command started is alive, daemons in sessions of their own
//! included: the supervisor inherits every orphan and goes on until the kernel says it has no children left. The same
//! holds when the future is dropped and when we are killed: the supervisor sees its socket close. A supervisor that is
//! killed itself fails its command, and what it left is killed from here, since we are a subreaper too.
//!
//! Deliberately absent: pipes to a child's stdin, `pre_exec`, shell strings, inherited environment.

mod attend;
mod collect;
mod command;
mod error;
mod gate;
mod guard;
mod live;
mod lookup;
mod orphans;
mod pace;
mod pool;
mod port;
mod slot;
mod supervisor;
mod tree;
mod wire;

pub use command::{Command, End, Exit, Output, Signal, Sink, Stdin, Straggler};
pub use error::ProcessError;
pub use gate::Gate;
pub use guard::wait_for_old_supervisors;
pub use lookup::find;
pub use pool::{Options, Stopwatch, Supervisors};
pub use supervisor::supervisor_entry;
pub use tree::is_job;
