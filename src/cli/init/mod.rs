//! `init`: a short configuration that fits the project, and its runs kept out of version control.

mod exclude;
mod file;
mod write;

pub(super) use exclude::ANY_RUN;
pub(super) use write::init;
