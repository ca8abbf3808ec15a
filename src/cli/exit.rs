//! The exit codes: a contract, told to users in `docs/exit-codes.md`.

use std::fmt;
use std::process::{ExitCode, Termination};

use crate::event::RunVerdict;
use crate::sys::signal::Signal;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Exit {
    /// It did what was asked; of a run: every task succeeded and is verified.
    Success = 0,
    /// The run finished; some task failed.
    Failed = 1,
    /// Usage, configuration, ticket or plan is wrong; nothing ran.
    Usage = 2,
    /// Work was done but is not verified.
    Unverified = 3,
    /// A budget is exhausted.
    Exhausted = 4,
    /// Denied by policy or by a person, or a person must decide.
    Denied = 5,
    /// An agent or a model could not be used.
    Unusable = 6,
    /// The state of the run cannot be used.
    State = 7,
    /// The records of the run cannot be written.
    Records = 8,
    /// Orchestra's own fault.
    Internal = 70,
    /// Ended by SIGHUP.
    Hangup = 129,
    /// Ended by SIGINT.
    Interrupt = 130,
    /// Ended by SIGTERM.
    Terminate = 143,
}

impl Exit {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::Success,
        Self::Failed,
        Self::Usage,
        Self::Unverified,
        Self::Exhausted,
        Self::Denied,
        Self::Unusable,
        Self::State,
        Self::Records,
        Self::Internal,
        Self::Hangup,
        Self::Interrupt,
        Self::Terminate,
    ];

    /// The number the shell sees.
    pub fn code(self) -> u8 {
        self as u8
    }

    /// The one with this number, as a journal tells it. A number that is none of ours is our own fault.
    pub fn from_code(code: u8) -> Self {
        Self::ALL.into_iter().find(|exit| exit.code() == code).unwrap_or(Self::Internal)
    }
}

impl From<Signal> for Exit {
    fn from(signal: Signal) -> Self {
        match signal {
            Signal::Hangup => Self::Hangup,
            Signal::Interrupt => Self::Interrupt,
            Signal::Terminate => Self::Terminate,
        }
    }
}

impl From<RunVerdict> for Exit {
    fn from(verdict: RunVerdict) -> Self {
        match verdict {
            RunVerdict::Success | RunVerdict::Planned => Self::Success,
            RunVerdict::Unverified => Self::Unverified,
            RunVerdict::Failed => Self::Failed,
            RunVerdict::Exhausted => Self::Exhausted,
            RunVerdict::Denied => Self::Denied,
            RunVerdict::Unusable => Self::Unusable,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

impl Termination for Exit {
    fn report(self) -> ExitCode {
        self.into()
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_leads_back_to_its_exit_and_a_foreign_one_to_our_fault() {
        for exit in Exit::ALL {
            assert_eq!(Exit::from_code(exit.code()), exit);
        }
        assert_eq!(Exit::from_code(101), Exit::Internal);
    }

    #[test]
    fn a_signal_adds_128() {
        for signal in [Signal::Hangup, Signal::Interrupt, Signal::Terminate] {
            assert_eq!(Exit::from(signal).code(), 128 + signal.number());
        }
    }
}
