//! What every conversation about a run begins with, byte for byte, so that providers need to read it once.

use std::sync::Arc;

use minijinja::value::Serde;
use minijinja::{Value, context};

use super::asked::Asked;
use super::facts::Facts;
use super::files::{FACTS, SYSTEM, TICKET};
use super::templates::{PromptError, Templates};

/// The beginning of all conversations of a run, whether somebody plans, works, tests or reviews. Made once, before any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shared(Arc<[String]>);

impl Shared {
    /// What holds for all, then the ticket, then what is known of the project.
    pub fn new(templates: &Templates, asked: &Asked<'_>, facts: &Facts) -> Result<Self, PromptError> {
        let ticket = Value::from(Serde(*asked));
        let mut parts = vec![
            templates.fill(&[SYSTEM], &context! {})?,
            // Blocks are put together with nothing between them, or with a break: neither may glue two lines.
            templates.fill(&[TICKET], &context! { ticket })?,
        ];
        if !facts.is_empty() {
            let facts = Value::from(Serde(facts.clone()));
            parts.push(templates.fill(&[FACTS], &context! { facts })?);
        }
        Ok(Self(parts.into()))
    }

    /// Its parts in their order; after the last, a provider is told to keep it.
    pub fn parts(&self) -> impl ExactSizeIterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}
