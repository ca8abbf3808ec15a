//! What the machine, or a limit set on us, has too little of: the same advice wherever it is found out.

use std::error::Error;
use std::io;

use rustix::io::Errno;

use crate::sys::fs::Cause;

/// Something there is not enough of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scarce {
    OpenFiles,
    Processes,
    Memory,
    FileSize,
}

impl Scarce {
    /// What was short, if an error or what caused it says so.
    pub(super) fn behind(error: &(dyn Error + 'static)) -> Option<Self> {
        let mut cause = Some(error);
        while let Some(error) = cause {
            let of_file = error.downcast_ref::<Cause>().and_then(|cause| match cause {
                Cause::Io(error) => Some(error),
                Cause::TooLarge { .. } | Cause::NotText { .. } | Cause::IsFolder => None,
            });
            let number = error.downcast_ref::<io::Error>().or(of_file).and_then(Errno::from_io_error);
            let short = match number {
                Some(Errno::MFILE | Errno::NFILE) => Some(Self::OpenFiles),
                Some(Errno::AGAIN) => Some(Self::Processes),
                Some(Errno::NOMEM) => Some(Self::Memory),
                Some(Errno::FBIG) => Some(Self::FileSize),
                Some(_) | None => None,
            };
            if short.is_some() {
                return short;
            }
            cause = error.source();
        }
        None
    }

    pub(super) fn hint(self) -> &'static str {
        match self {
            Self::OpenFiles => "more files must be open at a time than is allowed here: `ulimit -n 1024` allows more",
            Self::Processes => {
                "no further process or thread can be had here: end some, or allow more (`ulimit -u`, `ulimit -v`)"
            }
            Self::Memory => "there is no memory left for it: end something else, or allow more with `ulimit -v`",
            Self::FileSize => "a file became larger than is allowed here: `ulimit -f unlimited` allows it",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::error::CliError;
    use crate::cli::exit::Exit;
    use crate::process::ProcessError;

    #[test]
    fn what_is_short_is_found_behind_other_errors_and_no_advice_takes_its_place() {
        let source = io::Error::from(Errno::MFILE);
        let error = CliError::internal(&ProcessError::NoSupervisor { program: "/o".into(), source }).hint("report it");
        assert_eq!(error.exit(), Exit::Unusable);
        assert!(error.in_short().1.unwrap().contains("ulimit -n"), "{error:?}");
        let other = ProcessError::NoSupervisor { program: "/o".into(), source: Errno::NOENT.into() };
        assert_eq!(CliError::internal(&other).exit(), Exit::Internal);
    }
}
