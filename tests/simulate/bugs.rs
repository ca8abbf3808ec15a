//! Every guard is left out once, and the simulation must find it missing: what it does not find missing, nothing holds.

use super::cuts::{eventful, every_cut, replanned_runs, reviewed_runs, undisturbed};
use super::orders::{Mishaps, every_shape};
use super::random::{comes_out, fates, try_all};
use super::script::{Does, Setup, setups};
use super::world::Sim;
use crate::event::FailureClass;
use crate::run::seeded::{Bug, with};

const ALL: [Bug; 51] = [
    Bug::BeginsBeforeItsDependencies,
    Bug::RunsBelowASkip,
    Bug::ForgetsAlways,
    Bug::LosesElapsedTime,
    Bug::CountsASuspension,
    Bug::LosesWhatWasRunning,
    Bug::LosesThePause,
    Bug::CountsInterruptions,
    Bug::ReusesAnAttemptNumber,
    Bug::ForgetsTheBreaker,
    Bug::NeverHolds,
    Bug::ForgetsTheFirstFailure,
    Bug::ForgetsWhoWaits,
    Bug::WakesAtOnce,
    Bug::AllowsOneMore,
    Bug::CountsOnAfterReopening,
    Bug::SettlesBeforeAllChecks,
    Bug::KeepsAnOldLastCheck,
    Bug::TakesAnyScore,
    Bug::ForgetsTheReworkBound,
    Bug::RunsAReworkFromScratch,
    Bug::TakesBackWorkOfOthers,
    Bug::PlansAroundARule,
    Bug::ForgetsTheReplanBound,
    Bug::ReplacesAStartedTask,
    Bug::ChangesThePlanUnasked,
    Bug::CountsAReplacedTask,
    Bug::SummarisesTwice,
    Bug::IgnoresJobs,
    Bug::IgnoresPriority,
    Bug::IgnoresThePause,
    Bug::IgnoresTheTime,
    Bug::IgnoresTheLaunches,
    Bug::StopsInSpiteOfContinueOnError,
    Bug::BeginsAfterAFailure,
    Bug::AsksNobody,
    Bug::SharesAFolder,
    Bug::SleepsWhileOthersWork,
    Bug::NamesTheWrongCause,
    Bug::NeverWarns,
    Bug::SkipsTheLastChecks,
    Bug::ForgetsARefusal,
    Bug::BelievesTheAgent,
    Bug::TakesDoubtForProof,
    Bug::ForgetsWhoseFault,
    Bug::TriesARefusedKey,
    Bug::RunsASuccessAgain,
    Bug::KeepsFailuresClosed,
    Bug::TriesAgainAfterADeath,
    Bug::KeepsWhatWasOvertaken,
    Bug::TakesTheOvertakenForEdited,
];

/// A search for bugs, smaller than the tests that look for them for good.
struct Hunt {
    name: &'static str,
    search: fn() -> Sim,
}

const HUNTS: [Hunt; 4] = [
    Hunt { name: "cases", search: super::cases::last_check_again },
    Hunt {
        name: "random",
        search: || try_all(400, &(setups(6), fates()), 0, |(setup, fate)| comes_out(&setup, &fate)),
    },
    Hunt {
        name: "cuts",
        search: || {
            every_cut(&eventful(), 0)?;
            replanned_runs().iter().try_for_each(|setup| every_cut(setup, 0))?;
            reviewed_runs().iter().try_for_each(|setup| every_cut(setup, 0))?;
            try_all(40, &setups(5), 0, |setup: Setup| every_cut(&undisturbed(setup), 0))
        },
    },
    Hunt {
        name: "orders",
        search: || {
            let outcomes = [Does::Succeed, Does::Lie, Does::Fail(FailureClass::Auth)];
            every_shape(3, &outcomes, Mishaps::NONE, |setup| setup)?;
            every_shape(2, &outcomes, Mishaps { kills: 1, stops: 1 }, |setup| setup.in_place(2)).map(drop)
        },
    },
];

/// Whether a hunt finds this bug. A panic is a find, too.
fn finds(hunt: &Hunt, bug: Bug) -> bool {
    !matches!(with(bug, hunt.search), Ok(Ok(())))
}

#[test]
fn every_guard_that_is_left_out_is_missed() {
    let unseen: Vec<Bug> = ALL.into_iter().filter(|bug| !HUNTS.iter().any(|hunt| finds(hunt, *bug))).collect();
    assert!(unseen.is_empty(), "nothing holds these guards: {unseen:?}");
}

#[test]
fn no_hunt_finds_a_bug_where_there_is_none() {
    for hunt in HUNTS {
        (hunt.search)().unwrap_or_else(|wrong| panic!("{}: {wrong}", hunt.name));
    }
}

#[test]
#[ignore = "slow: just faults"]
fn each_hunt_finds_bugs_of_its_own() {
    for hunt in HUNTS {
        let seen: Vec<Bug> = ALL.into_iter().filter(|bug| finds(&hunt, *bug)).collect();
        assert!(!seen.is_empty(), "{} finds nothing", hunt.name);
    }
}
