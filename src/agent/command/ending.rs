//! PURE: how a process ended, as the run sees it. Exit code 0 is the only end that lets an answer count.

use crate::event::{Ended, Failure, FailureClass, Usage};
use crate::process::{End, ProcessError};

use super::super::records::chain;

/// The end for the journal, and the failure it is, if it is one. `seen` is the end of what the process printed.
pub(super) fn judge(end: End, seen: &str) -> (Option<Ended>, Option<Failure>) {
    let said = |what: String| if seen.is_empty() { what } else { format!("{what}\n{seen}") };
    let (ended, class, what) = match end {
        End::Code(0) => return (Some(Ended::Code(0)), None),
        End::Code(code) => (Some(Ended::Code(code)), FailureClass::Exited, format!("it ended with exit code {code}")),
        End::Signal(signal) => {
            (Some(Ended::Signal(signal.number)), FailureClass::Exited, format!("it was killed by {signal}"))
        }
        End::TimedOut => (Some(Ended::TimedOut), FailureClass::Timeout, "it took longer than it may".to_owned()),
        End::Stalled => (Some(Ended::Stalled), FailureClass::Stalled, "it was silent longer than it may be".to_owned()),
        End::Cancelled => (Some(Ended::Cancelled), FailureClass::Cancelled, "it was asked to stop".to_owned()),
        End::OutputCap => (None, FailureClass::BudgetExhausted, "it printed more than it may".to_owned()),
    };
    (ended, Some(Failure::new(class, &said(what))))
}

/// A command that did not even run.
pub(in crate::agent) fn not_run(error: &ProcessError) -> Failure {
    let class = match error {
        ProcessError::SupervisorLost { .. } => FailureClass::Exited,
        ProcessError::Empty
        | ProcessError::NotFound { .. }
        | ProcessError::NotExecutable { .. }
        | ProcessError::NoFolder { .. }
        | ProcessError::NotStarted { .. }
        | ProcessError::NoSupervisor { .. }
        | ProcessError::ShutDown
        | ProcessError::File(_)
        | ProcessError::System { .. }
        | ProcessError::StillAlive { .. } => FailureClass::Unusable,
    };
    Failure::new(class, &chain(error))
}

/// What it used all the same: nothing, where it is certain that it was never started.
pub(super) fn used_by(error: &ProcessError) -> Usage {
    match error {
        ProcessError::Empty
        | ProcessError::NotFound { .. }
        | ProcessError::NotExecutable { .. }
        | ProcessError::NoFolder { .. }
        | ProcessError::NotStarted { .. }
        | ProcessError::NoSupervisor { .. } => Usage::NOTHING,
        ProcessError::SupervisorLost { .. }
        | ProcessError::ShutDown
        | ProcessError::File(_)
        | ProcessError::System { .. }
        | ProcessError::StillAlive { .. } => Usage::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::Signal;

    #[test]
    fn only_code_zero_is_no_failure() {
        assert_eq!(judge(End::Code(0), "x"), (Some(Ended::Code(0)), None));
        for (end, class) in [
            (End::Code(3), FailureClass::Exited),
            (End::Signal(Signal { number: 9, core: false }), FailureClass::Exited),
            (End::TimedOut, FailureClass::Timeout),
            (End::Stalled, FailureClass::Stalled),
            (End::Cancelled, FailureClass::Cancelled),
            (End::OutputCap, FailureClass::BudgetExhausted),
        ] {
            let failure = judge(end, "the end").1.unwrap();
            assert_eq!(failure.class, class);
            assert!(failure.detail.ends_with("the end"));
        }
    }
}
