//! Guards that can be left out on purpose, one at a time, and only in tests: the simulation must find each of them missing,
//! or nothing holds it. Outside tests the question is a constant, and nothing of it is left in the program.

/// A bug: what goes wrong where a guard is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bug {
    // state
    BeginsBeforeItsDependencies,
    RunsBelowASkip,
    ForgetsAlways,
    // fold
    LosesElapsedTime,
    CountsASuspension,
    LosesWhatWasRunning,
    LosesThePause,
    CountsInterruptions,
    ReusesAnAttemptNumber,
    ForgetsTheBreaker,
    NeverHolds,
    ForgetsTheFirstFailure,
    ForgetsWhoWaits,
    WakesAtOnce,
    AllowsOneMore,
    CountsOnAfterReopening,
    SettlesBeforeAllChecks,
    KeepsAnOldLastCheck,
    // rework
    TakesAnyScore,
    ForgetsTheReworkBound,
    RunsAReworkFromScratch,
    TakesBackWorkOfOthers,
    // replan
    PlansAroundARule,
    ForgetsTheReplanBound,
    ReplacesAStartedTask,
    ChangesThePlanUnasked,
    CountsAReplacedTask,
    SummarisesTwice,
    // decide
    IgnoresJobs,
    IgnoresPriority,
    IgnoresThePause,
    IgnoresTheTime,
    IgnoresTheLaunches,
    StopsInSpiteOfContinueOnError,
    BeginsAfterAFailure,
    AsksNobody,
    SharesAFolder,
    SleepsWhileOthersWork,
    NamesTheWrongCause,
    NeverWarns,
    // conclude, verdict, retry
    SkipsTheLastChecks,
    ForgetsARefusal,
    BelievesTheAgent,
    TakesDoubtForProof,
    ForgetsWhoseFault,
    TriesARefusedKey,
    // survey
    RunsASuccessAgain,
    KeepsFailuresClosed,
    TriesAgainAfterADeath,
    KeepsWhatWasOvertaken,
    TakesTheOvertakenForEdited,
}

#[cfg(not(test))]
pub(crate) const fn seeded(_: Bug) -> bool {
    false
}

#[cfg(test)]
pub(crate) use sown::{seeded, with};

#[cfg(test)]
mod sown {
    use std::cell::Cell;

    use super::Bug;

    thread_local! {
        // Every test has a thread of its own, so none sees another's bug.
        static SEEDED: Cell<Option<Bug>> = const { Cell::new(None) };
    }

    pub fn seeded(bug: Bug) -> bool {
        SEEDED.get() == Some(bug)
    }

    /// What comes of it when this guard is missing; a panic is an outcome, too.
    pub fn with<T>(bug: Bug, what: impl FnOnce() -> T) -> std::thread::Result<T> {
        SEEDED.set(Some(bug));
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(what));
        SEEDED.set(None);
        outcome
    }
}
