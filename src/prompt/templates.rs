//! The templates: those built in, or the user's in their place. What is wrong with one is said before any work starts.

use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment, UndefinedBehavior};

use super::filters;
use crate::ids::Digest;
use crate::plan::Role;

const PREAMBLE: &str = "preamble.md.j2";
const TASK: &str = "task.md.j2";

const BUILT_IN: [(&str, &str); 6] = [
    (PREAMBLE, include_str!("../../config/prompts/preamble.md.j2")),
    (TASK, include_str!("../../config/prompts/task.md.j2")),
    ("research.md.j2", include_str!("../../config/prompts/research.md.j2")),
    ("implement.md.j2", include_str!("../../config/prompts/implement.md.j2")),
    ("test.md.j2", include_str!("../../config/prompts/test.md.j2")),
    ("review.md.j2", include_str!("../../config/prompts/review.md.j2")),
];

/// What a template may name. The preamble sees the ticket only: it is the same for all tasks.
const TICKET_FIELDS: [&str; 6] = ["ref", "title", "text", "acceptance", "paths", "identifiers"];
const TASK_FIELDS: [&str; 11] = [
    "id",
    "role",
    "title",
    "instructions",
    "constraints",
    "dependencies",
    "scope",
    "checks",
    "artifacts",
    "previous_failure",
    "review",
];

/// The prompt templates of a run, parsed and found to name only what there is.
#[derive(Debug, Clone)]
pub struct Templates {
    env: Environment<'static>,
    sources: Vec<(&'static str, String)>,
}

/// What is wrong with a template, or with its use.
#[derive(Debug, thiserror::Error)]
pub enum PromptError {
    /// Our own fault.
    #[error("the template engine does not take our settings")]
    Engine {
        /// Which.
        #[source]
        source: minijinja::Error,
    },
    /// It is no template.
    #[error("the prompt template {name} cannot be read as a template")]
    Syntax {
        /// Its file name.
        name: &'static str,
        /// What and in which line.
        #[source]
        source: minijinja::Error,
    },
    /// It names something that does not exist.
    #[error("the prompt template {name} uses `{variable}`, which does not exist{}", did_you_mean(.meant.as_deref()))]
    Unknown {
        /// Its file name.
        name: &'static str,
        /// What it names.
        variable: String,
        /// What was probably meant.
        meant: Option<String>,
    },
    /// It could not be filled in.
    #[error("the prompt template {name} cannot be filled in")]
    Render {
        /// Its file name.
        name: &'static str,
        /// What and in which line.
        #[source]
        source: minijinja::Error,
    },
}

impl Templates {
    /// The file names of all templates: those a folder may override.
    pub fn names() -> impl Iterator<Item = &'static str> {
        BUILT_IN.iter().map(|(name, _)| *name)
    }

    /// The built-in templates, each replaced by the text that `own` gives for its name.
    pub fn with(mut own: impl FnMut(&'static str) -> Option<String>) -> Result<Self, PromptError> {
        let mut env = Environment::new();
        env.set_undefined_behavior(UndefinedBehavior::Strict);
        env.set_syntax(block_lines_vanish().map_err(|source| PromptError::Engine { source })?);
        env.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
        env.add_filter("fence", |text: &str| filters::fence(text));
        env.add_filter("line", |text: &str| filters::line(text));
        let sources: Vec<_> =
            BUILT_IN.iter().map(|(name, text)| (*name, own(name).unwrap_or_else(|| (*text).to_owned()))).collect();
        for (name, text) in &sources {
            env.add_template_owned(*name, text.clone()).map_err(|source| PromptError::Syntax { name, source })?;
        }
        let templates = Self { env, sources };
        templates.check_names()?;
        Ok(templates)
    }

    /// The built-in templates.
    pub fn built_in() -> Result<Self, PromptError> {
        Self::with(|_| None)
    }

    /// Of all text that a prompt for `role` is made from: part of what identifies a task's work.
    pub fn digest(&self, role: Role) -> Digest {
        let used = [PREAMBLE, role_template(role), TASK];
        let mut all = String::new();
        for (name, text) in self.sources.iter().filter(|(name, _)| used.contains(name)) {
            // The length keeps two neighbours from trading text without a trace.
            all.extend([name, " ", &text.len().to_string(), "\n", text]);
        }
        Digest::of(all.as_bytes())
    }

    pub(super) fn preamble(&self, ticket: &minijinja::Value) -> Result<String, PromptError> {
        self.fill(PREAMBLE, ticket)
    }

    /// What the role asks for, then what the task brings.
    pub(super) fn task(&self, role: Role, values: &minijinja::Value) -> Result<String, PromptError> {
        Ok(self.fill(role_template(role), values)? + &self.fill(TASK, values)?)
    }

    fn fill(&self, name: &'static str, values: &minijinja::Value) -> Result<String, PromptError> {
        self.env
            .get_template(name)
            .and_then(|template| template.render(values))
            .map_err(|source| PromptError::Render { name, source })
    }

    fn check_names(&self) -> Result<(), PromptError> {
        let ticket = TICKET_FIELDS.iter().map(|field| format!("ticket.{field}"));
        let task = TASK_FIELDS.iter().map(|field| format!("task.{field}"));
        let (ticket, both): (Vec<_>, Vec<_>) = (ticket.clone().collect(), ticket.chain(task).collect());
        for (name, _) in &self.sources {
            let known = if *name == PREAMBLE { &ticket } else { &both };
            let template = self.env.get_template(name).map_err(|source| PromptError::Syntax { name, source })?;
            let mut used: Vec<String> = template.undeclared_variables(true).into_iter().collect();
            used.sort();
            if let Some(variable) = used.into_iter().find(|variable| !is_known(variable, known)) {
                return Err(PromptError::Unknown { name, meant: nearest(&variable, known), variable });
            }
        }
        Ok(())
    }
}

/// A line with nothing but a `{% … %}` leaves nothing behind, and no line loses its end.
fn block_lines_vanish() -> Result<SyntaxConfig, minijinja::Error> {
    SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true).build()
}

fn role_template(role: Role) -> &'static str {
    match role {
        Role::Research => "research.md.j2",
        Role::Implement => "implement.md.j2",
        Role::Test => "test.md.j2",
        Role::Review => "review.md.j2",
    }
}

/// `task` alone, a known field, or something within one.
fn is_known(variable: &str, known: &[String]) -> bool {
    known.iter().any(|field| {
        variable == field
            || variable.strip_prefix(field.as_str()).is_some_and(|rest| rest.starts_with('.'))
            || field.strip_prefix(variable).is_some_and(|rest| rest.starts_with('.'))
    })
}

fn nearest(variable: &str, known: &[String]) -> Option<String> {
    let mut best: Vec<_> = known.iter().map(|field| (strsim::osa_distance(variable, field), field)).collect();
    best.sort();
    best.first().filter(|(distance, _)| *distance <= 3).map(|(_, field)| (*field).clone())
}

fn did_you_mean(meant: Option<&str>) -> String {
    meant.map(|meant| format!("; did you mean `{meant}`?")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: &str, text: &str) -> Result<Templates, PromptError> {
        Templates::with(|candidate| (candidate == name).then(|| text.to_owned()))
    }

    #[test]
    fn a_template_of_ones_own_changes_the_digest_of_the_roles_that_use_it() {
        let (plain, own) = (Templates::built_in().unwrap(), with("review.md.j2", "Be kind.").unwrap());
        assert_ne!(plain.digest(Role::Review), own.digest(Role::Review));
        assert_eq!(plain.digest(Role::Test), own.digest(Role::Test));
        let preamble = with("preamble.md.j2", "Hello.").unwrap();
        assert!(Role::ALL.into_iter().all(|role| preamble.digest(role) != plain.digest(role)));
    }

    #[test]
    fn a_misspelt_name_is_refused_before_any_work_with_what_was_meant() {
        let error = with("test.md.j2", "{{ task.titel }}").unwrap_err();
        assert_eq!(
            error.to_string(),
            "the prompt template test.md.j2 uses `task.titel`, which does not exist; did you mean `task.title`?"
        );
        assert!(matches!(with("preamble.md.j2", "{{ task.title }}"), Err(PromptError::Unknown { .. })));
        assert!(matches!(with("task.md.j2", "{% if %}"), Err(PromptError::Syntax { .. })));
    }
}
