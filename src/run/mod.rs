//! PURE: a run as a fold over its events ([`RunState::apply`]), and the decisions that follow from it
//! ([`decide`]). Live running, resume and every view use this one transition function.

mod action;
mod again;
mod budget;
#[cfg(test)]
mod budget_tests;
mod checks;
mod conclude;
mod decide;
mod fold;
mod fold_task;
mod jobs;
mod key;
mod keyed;
mod replan;
mod retry;
mod rework;
pub(crate) mod seeded;
mod state;
mod task;
mod verdict;

pub use action::{Action, Busy, Place, Probe, RoleSpends};
pub use budget::{Ledger, Offer};
pub use checks::{Proof, check_identity, checks_of, prove};
pub use decide::decide;
pub use jobs::{Chosen, Means, choose_jobs};
pub use key::{DependencyPart, KEY_VERSION, KeyParts};
pub use replan::Replans;
pub use retry::{Backoff, Chance, chance};
pub use rework::SendBack;
pub use state::{Illegal, Narrative, Phase, Rejected, RunState};
pub use task::{Consent, Done, Rework, Status, TaskState};
pub use verdict::{Judgement, RunEnds, judge, run_verdict};
