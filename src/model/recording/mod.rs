//! Questions and answers kept in files, and a model that answers from them: so that a run which used a model can be done
//! again without it.

mod files;
mod record;
mod replay;
mod stable;
#[cfg(test)]
mod tests;

pub use files::RecordingError;
pub(super) use record::Tape;
pub(super) use replay::replayed;
