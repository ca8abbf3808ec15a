//! The run directory: the journal that is the truth of a run, and the files beside it.
//!
//! Invariant: nothing here decides anything about a run. It keeps what it is given, gives back exactly that, and
//! refuses what it cannot vouch for, naming the file and the line.

mod artifacts;
mod beneath;
mod committer;
mod error;
mod files;
#[cfg(test)]
mod fuzz_tests;
mod journal;
mod latest;
mod layout;
mod left;
mod line;
mod list;
mod lock;
mod manifest;
mod pieces;
mod read;
mod remove;
mod staged;
mod tally;
#[cfg(test)]
mod tests;
mod unfinished;
mod wanted;
mod whole;

pub use artifacts::{Caps, Collect, Collected, Refused, collect, collect_within, is_nothing_left};
pub use error::{Damage, StoreError, StoreErrorKind};
pub use files::{read_json, write_json};
pub use journal::{Durable, Journal, Opened, SyncMode, wait_durable};
pub use latest::mend_latest;
pub use layout::RunDir;
pub use left::{Left, check_kept, left};
pub use list::{Began, RunEntry, Standing, latest, list, resolve};
pub use lock::{Holder, Lock, Owner, owner};
pub use manifest::{Manifest, ManifestEntry, write_manifest};
pub use read::{Reader, read};
pub use remove::{Aside, Claimed, leftovers, remove_leftover};
pub use staged::{Published, Staged};
pub use tally::{Tally, tally};
pub use unfinished::remove_unfinished;
