//! Reading, always with a cap: a file that someone else wrote never decides how much memory we use.
#![expect(clippy::disallowed_methods, reason = "this is the wrapper around the file system")]

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::fs::OFlags;

use super::error::{At, Cause, FileError};

/// The bytes of a file of at most `cap` bytes. The cap holds while reading, so it also bounds pipes, devices and files
/// that grow.
pub fn read(path: &Path, cap: u64) -> Result<Vec<u8>, FileError> {
    let (file, length) = open_regular(path)?;
    let mut bytes = Vec::with_capacity(usize::try_from(length.min(cap)).unwrap_or(0));
    file.take(cap.saturating_add(1)).read_to_end(&mut bytes).at("read", path)?;
    if bytes.len() as u64 > cap {
        return Err(FileError::new("read", path, Cause::TooLarge { cap }));
    }
    Ok(bytes)
}

/// The first bytes of a file, at most so many: enough to see what it is.
pub fn read_head(path: &Path, most: u64) -> Result<Vec<u8>, FileError> {
    let mut bytes = Vec::new();
    open(path)?.take(most).read_to_end(&mut bytes).at("read", path)?;
    Ok(bytes)
}

/// Like [`read`], for files that must be UTF-8.
pub fn read_text(path: &Path, cap: u64) -> Result<String, FileError> {
    String::from_utf8(read(path, cap)?)
        .map_err(|error| FileError::new("read", path, Cause::NotText { valid: error.utf8_error().valid_up_to() }))
}

/// Opens a file for reading that has an end, and says how long it is: no folder, and no pipe, socket or device, which
/// may give bytes for ever.
pub fn open_regular(path: &Path) -> Result<(File, u64), FileError> {
    let file = open(path)?;
    let meta = file.metadata().at("read", path)?;
    if meta.is_dir() {
        return Err(FileError::new("read", path, Cause::IsFolder));
    }
    if !meta.is_file() {
        let special = io::Error::new(io::ErrorKind::InvalidInput, "it is a pipe, a socket or a device");
        return Err(FileError::new("read", path, special));
    }
    Ok((file, meta.len()))
}

/// Opens a file for reading.
pub fn open(path: &Path) -> Result<File, FileError> {
    // A pipe in the place of a file would keep us waiting for its writer; for files this flag means nothing.
    let flags = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or_default();
    OpenOptions::new().read(true).custom_flags(flags).open(path).at("open", path)
}
