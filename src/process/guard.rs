//! The guard file of a run. Its lock is shared by us and every supervisor through one open file, so it is free exactly when
//! all of them are gone: whoever resumes a killed run waits for that before touching what its trees may still be writing.

use std::os::fd::AsFd;
use std::path::Path;
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use super::error::ProcessError;
use crate::sys::{clock, fs};

const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// Waits until no supervisor of an earlier process holds the guard file at `path`; no file means there was none.
pub async fn wait_for_old_supervisors(path: &Path, timeout: Duration) -> Result<(), ProcessError> {
    let file = match fs::open(path) {
        Ok(file) => file,
        Err(error) if error.is_not_found() => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    let started = clock::monotonic();
    loop {
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            // Closing the file gives the lock back.
            Ok(()) => return Ok(()),
            Err(Errno::WOULDBLOCK | Errno::INTR) if started.elapsed() < timeout => tokio::time::sleep(LOOK_AGAIN).await,
            Err(Errno::WOULDBLOCK | Errno::INTR) => return Err(ProcessError::StillAlive { path: path.to_owned() }),
            Err(error) => return Err(ProcessError::system("lock the guard file")(error.into())),
        }
    }
}

/// Takes the shared lock that supervisors then hold with us.
pub(super) fn hold(guard: impl AsFd) -> Result<(), ProcessError> {
    flock(guard, FlockOperation::NonBlockingLockShared)
        .map_err(|error| ProcessError::system("lock the guard file")(error.into()))
}
