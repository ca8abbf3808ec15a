//! Bringing a run's change into the user's tree: merged in the object database, then written so that a kill at any moment
//! can be made good.

mod backup;
mod intent;
mod merge;
mod onto;
mod risky;
mod write;

pub use backup::{backup_of, remove_backup};
pub use onto::{Applied, ApplyOutcome, ApplyRequest, apply, settle};
pub use risky::runs_by_itself;
