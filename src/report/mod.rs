//! PURE: what a run came to. [`Summary`] is a fold over the journal; everything shown of a run, as
//! JSON, Markdown or lines for a terminal, is made from it and from nothing else but [`Facts`].

mod drawing;
mod errors;
mod fold;
#[cfg(test)]
mod fuzz_tests;
mod hints;
mod json;
mod junit;
mod markdown;
mod measure;
mod next;
mod page;
mod revised;
mod rows;
#[cfg(test)]
pub(crate) mod sample;
mod standing;
mod status;
mod summary;
mod synthesis;
mod text;
pub(crate) mod words;
mod xml;

pub use errors::ErrorGroup;
pub use json::{REPORT_SCHEMA, Report, Step, schema};
pub use markdown::MarkdownError;
pub use measure::{Census, Metrics, UsageTotal};
pub use next::NextStep;
pub use revised::Narrative;
pub use rows::{
    ArtifactRow, ArtifactType, CheckRow, Claim, Concern, ConcernKind, DiffFile, DiffStat, Finding, Moment, Opinion,
    Pause, Session, TaskRow, TaskStatus,
};
pub use standing::{Facts, Liveness, Outcome, Standing};
pub use status::{BatchStatus, BatchTask, Budget, Current, Phase, PlanStatus, State, Status, TaskFailure, Used};
pub use summary::Summary;
pub use xml::XmlError;
