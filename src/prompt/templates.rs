//! The templates: those built in, or the user's in their place. What is wrong with one is said before any work starts.

use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment, UndefinedBehavior};

use super::files::{FILES, File, Holds};
use super::{examples, filters};
use crate::plan::Faults;

/// The prompt templates of a run, parsed and found to name only what there is.
#[derive(Debug, Clone)]
pub struct Templates {
    env: Environment<'static>,
    sources: Vec<(&'static File, String)>,
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
    /// An example is no plan that would be taken.
    #[error("the example {name} is no sound plan")]
    Example {
        /// Its file name.
        name: &'static str,
        /// All that is wrong with it.
        #[source]
        source: Faults,
    },
    /// No prompt is made from a file with this name.
    #[error("no prompt is made from a file named `{name}`{}", did_you_mean(.meant.as_deref()))]
    NoSuchFile {
        /// The name, clean for a terminal.
        name: String,
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
    /// The names of all files that prompts are made from, relative to their folder: those that another folder may replace.
    pub fn names() -> impl Iterator<Item = &'static str> {
        FILES.iter().map(|file| file.name)
    }

    /// The file that `name` is the name of.
    pub fn named(name: &str) -> Result<&'static str, PromptError> {
        let known: Vec<String> = Self::names().map(str::to_owned).collect();
        Self::names().find(|own| *own == name).ok_or_else(|| PromptError::NoSuchFile {
            name: crate::text::printable(name, 200),
            meant: nearest(name, &known),
        })
    }

    /// The built-in files, each replaced by the text that `own` gives for its name.
    pub fn with(mut own: impl FnMut(&'static str) -> Option<String>) -> Result<Self, PromptError> {
        let mut env = Environment::new();
        env.set_undefined_behavior(UndefinedBehavior::Strict);
        env.set_syntax(block_lines_vanish().map_err(|source| PromptError::Engine { source })?);
        env.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
        env.add_filter("fence", |text: &str| filters::fence(text));
        env.add_filter("line", |text: &str| filters::line(text));
        let sources: Vec<_> =
            FILES.iter().map(|file| (file, own(file.name).unwrap_or_else(|| file.text.to_owned()))).collect();
        for (file, text) in &sources {
            if matches!(file.holds, Holds::Template(_)) {
                let added = env.add_template_owned(file.name, text.clone());
                added.map_err(|source| PromptError::Syntax { name: file.name, source })?;
            }
        }
        let templates = Self { env, sources };
        templates.check_names()?;
        examples::check(&templates)?;
        Ok(templates)
    }

    /// The built-in templates.
    pub fn built_in() -> Result<Self, PromptError> {
        Self::with(|_| None)
    }

    /// The files that are not as they are built in.
    pub(super) fn own(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let own = self.sources.iter().filter(|(file, text)| file.text != text);
        own.map(|(file, text)| (file.name, text.as_str()))
    }

    /// The text of a file that is taken as it is.
    pub(super) fn text(&self, name: &str) -> &str {
        self.sources.iter().find(|(file, _)| file.name == name).map_or("", |(_, text)| text)
    }

    /// Several templates filled in, one after the other.
    pub(super) fn fill(&self, names: &[&'static str], values: &minijinja::Value) -> Result<String, PromptError> {
        let mut filled = String::new();
        for &name in names {
            let render = |template: minijinja::Template<'_, '_>| template.render(values);
            let text = self.env.get_template(name).and_then(render);
            filled.push_str(&text.map_err(|source| PromptError::Render { name, source })?);
        }
        Ok(filled)
    }

    fn check_names(&self) -> Result<(), PromptError> {
        for (file, _) in &self.sources {
            let Holds::Template(values) = file.holds else { continue };
            let known: Vec<String> = values.iter().flat_map(|value| value.names()).collect();
            let name = file.name;
            let template = self.env.get_template(name).map_err(|source| PromptError::Syntax { name, source })?;
            let mut used: Vec<String> = template.undeclared_variables(true).into_iter().collect();
            used.sort();
            if let Some(variable) = used.into_iter().find(|variable| !is_known(variable, &known)) {
                return Err(PromptError::Unknown { name, meant: nearest(&variable, &known), variable });
            }
        }
        Ok(())
    }
}

/// A line with nothing but a `{% … %}` leaves nothing behind, and no line loses its end.
fn block_lines_vanish() -> Result<SyntaxConfig, minijinja::Error> {
    SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true).build()
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
    fn an_example_that_would_not_be_taken_is_refused_and_an_empty_one_left_out() {
        let error = with("examples/bug.plan.json", r#"{"title": "T", "tasks": []}"#).unwrap_err();
        assert!(matches!(&error, PromptError::Example { name: "examples/bug.plan.json", .. }), "{error}");
        assert!(with("examples/bug.plan.json", "").is_ok());
    }

    #[test]
    fn a_file_that_nothing_is_made_from_is_named_with_what_was_meant() {
        assert_eq!(Templates::named("plan.md.j2").unwrap(), "plan.md.j2");
        let error = Templates::named("plan.md.j").unwrap_err();
        assert_eq!(error.to_string(), "no prompt is made from a file named `plan.md.j`; did you mean `plan.md.j2`?");
    }

    #[test]
    fn a_misspelt_name_is_refused_before_any_work_with_what_was_meant() {
        let error = with("test.md.j2", "{{ task.titel }}").unwrap_err();
        assert_eq!(
            error.to_string(),
            "the prompt template test.md.j2 uses `task.titel`, which does not exist; did you mean `task.title`?"
        );
        assert!(matches!(with("preamble.md.j2", "{{ task.title }}"), Err(PromptError::Unknown { .. })));
        assert!(matches!(with("system.md.j2", "{{ ticket.title }}"), Err(PromptError::Unknown { .. })));
        assert!(matches!(with("task.md.j2", "{% if %}"), Err(PromptError::Syntax { .. })));
    }
}
