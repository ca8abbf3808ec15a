//! The shape of a template file, and what must hold of one.

use std::collections::HashSet;

use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment, UndefinedBehavior};
use serde::Deserialize;

use super::{PlannerError, Workflow};
use crate::ids::TaskId;
use crate::plan::{OnInterrupt, Role, RunIf};

/// Most tasks of a plan that is made from a template, unless the config says otherwise.
pub const DEFAULT_MAX_TASKS: usize = 20;

/// A workflow to be filled from a ticket. Sound: it has a step, ids are unique, `after` names earlier steps, and all
/// texts can be read as templates.
#[derive(Debug, Clone)]
pub struct Template {
    name: String,
    steps: Vec<Step>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: u32,
    steps: Vec<Step>,
}

/// One step. `config/templates/default.yaml` says what each field means.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Step {
    pub(super) id: TaskId,
    pub(super) role: Role,
    #[serde(default)]
    pub(super) each: Each,
    #[serde(default)]
    pub(super) after: Vec<TaskId>,
    pub(super) title: String,
    #[serde(default)]
    pub(super) instructions: String,
    #[serde(default)]
    pub(super) constraints: Vec<String>,
    #[serde(default)]
    pub(super) write: Vec<String>,
    #[serde(default)]
    pub(super) artifacts: Vec<String>,
    #[serde(default)]
    pub(super) run_if: RunIf,
    #[serde(default)]
    pub(super) on_interrupt: OnInterrupt,
}

/// How many tasks a step becomes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Each {
    /// One.
    #[default]
    Ticket,
    /// One for each open work item.
    Item,
}

impl Template {
    /// One that is built in.
    pub fn embedded(workflow: Workflow) -> Result<Self, PlannerError> {
        Self::parse(workflow.as_str(), workflow.text())
    }

    /// Reads the text of a template file; `name` is how errors call it.
    pub fn parse(name: &str, text: &str) -> Result<Self, PlannerError> {
        let options = serde_yaml::options! {
            budget: serde_yaml::budget! { max_nodes: 20_000, max_aliases: 50, max_documents: 1 },
        };
        let file: File = serde_yaml::from_str_with_options(text, options).map_err(|source| {
            let place = source.location();
            PlannerError::Syntax {
                template: name.to_owned(),
                line: place.as_ref().map_or(1, serde_yaml::Location::line),
                column: place.as_ref().map_or(1, serde_yaml::Location::column),
                source: Box::new(source),
            }
        })?;
        let unsound = |why: String| PlannerError::Unsound { template: name.to_owned(), why };
        if file.version != 1 {
            return Err(unsound(format!("it is version {}; this build reads version 1", file.version)));
        }
        if file.steps.is_empty() {
            return Err(unsound("it has no steps".to_owned()));
        }
        let mut seen = HashSet::new();
        for step in &file.steps {
            if let Some(id) = step.after.iter().find(|id| !seen.contains(*id)) {
                return Err(unsound(format!("step `{}` comes after `{id}`, which is no earlier step", step.id)));
            }
            if !seen.insert(&step.id) {
                return Err(unsound(format!("two steps have the id `{}`", step.id)));
            }
        }
        let template = Self { name: name.to_owned(), steps: file.steps };
        let env = environment()?;
        for step in &template.steps {
            for (field, text) in [("title", &step.title), ("instructions", &step.instructions)] {
                env.template_from_str(text).map_err(|source| template.text_error(step, field, source))?;
            }
        }
        Ok(template)
    }

    /// How errors and people call it.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn steps(&self) -> &[Step] {
        &self.steps
    }

    pub(super) fn text_error(&self, step: &Step, field: &'static str, source: minijinja::Error) -> PlannerError {
        PlannerError::Text { template: self.name.clone(), step: step.id.to_string(), field, source }
    }
}

/// Where templates are filled in: a name that does not exist is an error, and a line of only a tag leaves no line.
pub(super) fn environment() -> Result<Environment<'static>, PlannerError> {
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
    let mut env = Environment::new();
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    env.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    env.set_syntax(syntax.map_err(|source| PlannerError::Engine { source })?);
    Ok(env)
}
