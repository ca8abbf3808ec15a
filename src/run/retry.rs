//! Whether a failed attempt is followed by another, and when.

use std::hash::{Hash, Hasher};

use super::seeded::{Bug, seeded};
use crate::event::FailureClass;
use crate::ids::{RunId, TaskId};
use crate::plan::Role;
use crate::time::Span;

/// What a failure leaves open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chance {
    /// Another attempt may help; this one counts.
    Again,
    /// Another attempt follows in any case; this one does not count.
    Free,
    /// The whole run waits; this attempt does not count.
    Pause,
    /// No other attempt would help.
    Never,
}

/// The one place that says which failures may be tried again, and by a task of which role.
pub fn chance(role: Role, class: FailureClass) -> Chance {
    match class {
        // A reviewer who says no has done the work. Asked again until the answer is yes, a review would be worth nothing.
        FailureClass::Reported if role == Role::Review => Chance::Never,
        FailureClass::Auth if seeded(Bug::TriesARefusedKey) => Chance::Again,
        FailureClass::Transient
        | FailureClass::RateLimited
        | FailureClass::Timeout
        | FailureClass::Stalled
        | FailureClass::BadOutput
        | FailureClass::Exited
        | FailureClass::Reported
        | FailureClass::Rejected => Chance::Again,
        FailureClass::Interrupted | FailureClass::Cancelled => Chance::Free,
        FailureClass::Quota => Chance::Pause,
        FailureClass::Auth | FailureClass::PolicyDenied | FailureClass::BudgetExhausted | FailureClass::Unusable => {
            Chance::Never
        }
    }
}

/// Exponential backoff with full jitter: the wait is drawn from zero to `first` · 2ⁿ, at most `max`.
/// Source: M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
/// The draw is a hash of run, task and attempt, so that the same run always waits the same.
#[derive(Debug, Clone, Copy)]
pub struct Backoff {
    /// The most before the second attempt.
    pub first: Span,
    /// The most ever.
    pub max: Span,
}

impl Backoff {
    /// The wait after the `counted`-th attempt that counts (from 1).
    pub fn after(self, counted: u32, run: &RunId, task: &TaskId, attempt: u32) -> Span {
        let factor = 1_u64.checked_shl(counted.saturating_sub(1)).unwrap_or(u64::MAX);
        let ceiling = self.first.as_millis().saturating_mul(factor).min(self.max.as_millis());
        let mut hash = Fnv(0xcbf2_9ce4_8422_2325);
        (run.as_str(), task.as_str(), attempt).hash(&mut hash);
        Span::from_millis(if ceiling == 0 { 0 } else { mix(hash.finish()) % (ceiling + 1) })
    }
}

/// FNV-1a: unlike the standard hasher its value is the same in every build.
struct Fnv(u64);

impl Hasher for Fnv {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    fn finish(&self) -> u64 {
        self.0
    }
}

/// Spreads the high bits over the low ones, which FNV leaves weak.
fn mix(x: u64) -> u64 {
    let x = (x ^ (x >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    x ^ (x >> 33)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_grows_stays_bounded_and_is_the_same_every_time() {
        let backoff = Backoff { first: Span::from_secs(1), max: Span::from_secs(60) };
        let run = RunId::new("20261121-093312-a1b2").unwrap();
        let task = TaskId::new("t").unwrap();
        for counted in 1..40 {
            let wait = backoff.after(counted, &run, &task, counted);
            assert!(wait <= Span::from_secs(60) && wait.as_millis() <= 1000 << counted.min(20).saturating_sub(1));
            assert_eq!(wait, backoff.after(counted, &run, &task, counted));
        }
        let waits: std::collections::HashSet<_> = (0..20).map(|n| backoff.after(9, &run, &task, n)).collect();
        assert!(waits.len() > 10, "jitter spreads: {waits:?}");
        assert_eq!(Backoff { first: Span::ZERO, max: Span::ZERO }.after(3, &run, &task, 1), Span::ZERO);
    }

    #[test]
    fn what_a_person_or_a_crash_ended_never_counts() {
        for role in Role::ALL {
            assert_eq!(chance(role, FailureClass::Interrupted), Chance::Free);
            assert_eq!(chance(role, FailureClass::Cancelled), Chance::Free);
            assert_eq!(chance(role, FailureClass::Auth), Chance::Never);
        }
    }

    #[test]
    fn a_reviewers_no_is_final_and_its_crash_is_not() {
        assert_eq!(chance(Role::Review, FailureClass::Reported), Chance::Never);
        assert_eq!(chance(Role::Review, FailureClass::Exited), Chance::Again);
        assert_eq!(chance(Role::Implement, FailureClass::Reported), Chance::Again);
    }
}
