//! What is in a project: files, languages, detected checks, ranked search.
//!
//! All of it reads and nothing writes, no link is followed, and every answer is the same for the same tree:
//! sorted, capped, and without regard to clock, user or machine.

mod detect;
mod error;
mod files;
mod ignored;
mod languages;
mod outline;
mod query;
#[cfg(test)]
mod real_tests;
mod scan;
mod score;
mod search;
mod secrets;
mod texts;

pub use detect::{Detected, ProjectKind, checks, detect};
pub use error::RepoError;
pub use files::{Files, ProjectFile};
pub use ignored::{ignore_rule, is_ignored, repository};
pub use languages::{LanguageShare, languages};
pub use outline::{Outline, outline};
pub use query::Query;
pub use search::{Found, Hit, Line, Reason, search};
pub use secrets::looks_secret;
pub use texts::{ProjectText, named_text};
