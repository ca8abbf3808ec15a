//! What models cannot do, and whose fault that is.

use super::CliError;
use crate::cli::exit::Exit;
use crate::model::{Blame, ModelError};

impl From<ModelError> for CliError {
    fn from(error: ModelError) -> Self {
        let exit = match error.blame() {
            Blame::Config => Exit::Usage,
            Blame::Keys => Exit::Unusable,
            Blame::Disk => Exit::Records,
        };
        Self::of(exit, &error).hint(error.hint())
    }
}
