//! What to do when the system refuses a file: the same advice, whichever room was refused.

use std::error::Error;
use std::io::{self, ErrorKind};

use rustix::io::Errno;

use super::scarce::Scarce;
use crate::sys::fs::Cause;

/// What a user can do about the system's refusal that is behind this error, where there is one.
pub(super) fn advice(error: &(dyn Error + 'static)) -> Option<&'static str> {
    let mut next = Some(error);
    while let Some(error) = next {
        let refused = match error.downcast_ref::<Cause>() {
            Some(Cause::Io(refused)) => Some(refused),
            Some(Cause::IsFolder) => return Some("move away what stands in its place"),
            Some(Cause::TooLarge { .. } | Cause::NotText { .. }) | None => error.downcast_ref(),
        };
        if let Some(refused) = refused {
            return Some(what_helps(refused));
        }
        next = error.source();
    }
    None
}

fn what_helps(refused: &io::Error) -> &'static str {
    match refused.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "make room on that disk",
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            "give yourself the right to write there, or name another folder with `--runs-dir`"
        }
        ErrorKind::NotFound | ErrorKind::NotADirectory => {
            "make the folder that is named above; the one for temporary files is what TMPDIR names"
        }
        _ => match (Scarce::behind(refused), Errno::from_io_error(refused)) {
            (Some(short), _) => short.hint(),
            (None, Some(Errno::IO)) => "see that the disk is sound: `dmesg` tells what is wrong with it",
            (None, Some(_) | None) => "check that the disk has room and that you may write there",
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::StoreError;
    use crate::workspace::WorkspaceError;

    #[test]
    fn whichever_room_was_refused_the_advice_is_the_same() {
        let refused = |errno: Errno| io::Error::from(errno);
        let path = std::path::Path::new("/runs/x");
        for (errno, advised) in [
            (Errno::NOSPC, "room"),
            (Errno::IO, "dmesg"),
            (Errno::MFILE, "ulimit"),
            (Errno::ROFS, "right"),
            (Errno::NOENT, "TMPDIR"),
        ] {
            let file = || crate::sys::fs::FileError::writing(path, refused(errno));
            let system = WorkspaceError::System { action: "sync", path: path.to_path_buf(), source: refused(errno) };
            let errors: [&(dyn Error + 'static); 4] =
                [&file(), &WorkspaceError::File(file()), &StoreError::Unwritable(file()), &system];
            for error in errors {
                assert!(advice(error).is_some_and(|advice| advice.contains(advised)), "{error:?}");
            }
        }
        assert_eq!(advice(&WorkspaceError::Cancelled), None);
    }
}
