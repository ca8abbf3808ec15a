//! Templates to text: what an agent or a model is told, from `config/prompts/`.
//!
//! A prompt begins with what all tasks of a run share, byte for byte, so that providers cache it; the task's own part
//! comes last. It holds no run id, no time, no limit and no absolute path: the same work gives the same prompt.
//! Everything from outside is put in as data. It is never expanded as a template, and stands in a fence longer than any
//! inside it.

mod asked;
mod examples;
mod facts;
mod files;
mod filters;
mod identity;
mod planning;
mod render;
mod shared;
mod templates;

#[cfg(test)]
mod tests;

pub use asked::Asked;
pub use examples::{Example, examples};
pub use facts::{CheckFact, Facts, FileFact};
pub use planning::{Progress, Revise, Rules, again, plan, revise, summary};
pub use render::{render, task};
pub use shared::Shared;
pub use templates::{PromptError, Templates};
