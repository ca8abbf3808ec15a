//! JSON files for people: indented by two, keys in the order of their type, whole or not there.

use std::io;
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::StoreError;
use crate::sys::fs;

/// Writes `value` to `path`, atomically and durably. Two equal values give equal bytes.
pub fn write_json<T: Serialize + ?Sized>(path: &Path, value: &T) -> Result<(), StoreError> {
    let mut without_json = None;
    let written = fs::write_whole_by(path, |mut file| {
        serde_json::to_writer_pretty(&mut file, value).map_err(|error| {
            if error.is_io() {
                return io::Error::from(error);
            }
            without_json = Some(error);
            io::ErrorKind::InvalidData.into()
        })?;
        file.write_all(b"\n")
    });
    match without_json {
        Some(why) => Err(StoreError::Encode { path: path.to_path_buf(), why }),
        None => written.map_err(StoreError::Unwritable),
    }
}

/// Reads a JSON file of at most `cap` bytes.
pub fn read_json<T: DeserializeOwned>(path: &Path, cap: u64) -> Result<T, StoreError> {
    let bytes = fs::read(path, cap).map_err(StoreError::Unreadable)?;
    serde_json::from_slice(&bytes).map_err(|why| StoreError::Malformed { path: path.to_path_buf(), why })
}
