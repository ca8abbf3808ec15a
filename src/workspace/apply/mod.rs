//! Bringing a run's change into the user's tree: merged in the object database, then written so that a kill at any moment
//! can be made good.

mod intent;
mod merge;
mod onto;
mod risky;
mod write;

pub use onto::{Applied, ApplyOutcome, ApplyRequest, apply, settle};
pub use risky::runs_by_itself;
