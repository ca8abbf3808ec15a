//! JSON files for people: indented by two, keys in the order of their type, whole or not there.

use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::StoreError;
use crate::sys::fs;

/// Writes `value` to `path`, atomically and durably. Two equal values give equal bytes.
pub fn write_json<T: Serialize + ?Sized>(path: &Path, value: &T) -> Result<(), StoreError> {
    let mut bytes =
        serde_json::to_vec_pretty(value).map_err(|why| StoreError::Encode { path: path.to_path_buf(), why })?;
    bytes.push(b'\n');
    fs::write_whole(path, &bytes).map_err(StoreError::Unwritable)
}

/// Reads a JSON file of at most `cap` bytes.
pub fn read_json<T: DeserializeOwned>(path: &Path, cap: u64) -> Result<T, StoreError> {
    let bytes = fs::read(path, cap).map_err(StoreError::Unreadable)?;
    serde_json::from_slice(&bytes).map_err(|why| StoreError::Malformed { path: path.to_path_buf(), why })
}
