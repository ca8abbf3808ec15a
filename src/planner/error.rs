//! Why no plan could be made.

use crate::plan::Faults;

/// What is wrong with a template, or with the plan it gave. Templates are named as the user named them.
#[derive(Debug, thiserror::Error)]
pub enum PlannerError {
    /// Our own fault.
    #[error("the template engine does not take our settings")]
    Engine {
        /// Which.
        #[source]
        source: minijinja::Error,
    },
    /// Not the YAML of a template.
    #[error("the template {template} cannot be read (line {line}, column {column})")]
    Syntax {
        /// Which.
        template: String,
        /// Where, counted from 1.
        line: u64,
        /// Where, counted from 1.
        column: u64,
        /// What the reader says.
        #[source]
        source: Box<serde_yaml::Error>,
    },
    /// It does not fit together.
    #[error("the template {template} is unsound: {why}")]
    Unsound {
        /// Which.
        template: String,
        /// What is wrong.
        why: String,
    },
    /// One of its texts is no template, or names what does not exist.
    #[error("the {field} of step `{step}` in the template {template} cannot be filled in")]
    Text {
        /// Which.
        template: String,
        /// Which step.
        step: String,
        /// `title` or `instructions`.
        field: &'static str,
        /// What and where.
        #[source]
        source: minijinja::Error,
    },
    /// The filled template is no sound plan.
    #[error("the template {template} gives an unsound plan")]
    Refused {
        /// Which.
        template: String,
        /// All that is wrong with it.
        #[source]
        source: Faults,
    },
}
