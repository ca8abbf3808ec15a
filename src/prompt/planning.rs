//! What a planner is told after the shared beginning: to plan, to plan again, to change a plan, to say what became of it.

use minijinja::value::Serde;
use minijinja::{Value, context};
use serde::Serialize;

use super::examples::examples;
use super::files::{AGAIN, PLAN, REVISE, RULES, SUMMARY};
use super::templates::{PromptError, Templates};

/// What a plan is held to, as far as its author must know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rules {
    /// Most tasks.
    pub max_tasks: usize,
    /// The names of the checks that a task may name.
    pub checks: Vec<String>,
}

/// A plan that is under way, and the task that was given up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Revise {
    /// Which task.
    pub given_up: String,
    /// Why.
    pub why: String,
    /// The tasks of the plan, as JSON.
    pub tasks: String,
    /// How each stands.
    pub progress: Vec<Progress>,
}

/// How a task stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Progress {
    /// Which.
    pub id: String,
    /// In words: `succeeded`, `not started`.
    pub state: String,
    /// What is known of it: its summary, or why it failed. Text of others; may be empty.
    pub note: String,
}

/// The part that asks for a plan.
pub fn plan(templates: &Templates, rules: &Rules) -> Result<String, PromptError> {
    let pairs: Vec<Value> = examples(templates).into_iter().map(|pair| Value::from(Serde(pair))).collect();
    templates.fill(&[PLAN], &context! { plan => plan_value(templates, rules)?, examples => pairs })
}

/// The part that asks for a changed plan.
pub fn revise(templates: &Templates, rules: &Rules, revise: &Revise) -> Result<String, PromptError> {
    let revise = Value::from(Serde(revise.clone()));
    templates.fill(&[REVISE], &context! { plan => plan_value(templates, rules)?, revise })
}

/// The part that asks for the same once more; `what` is what could not be taken, and `faults` all that is wrong with it.
pub fn again(templates: &Templates, what: &str, faults: &[String]) -> Result<String, PromptError> {
    let faults = Value::from(Serde(faults.to_vec()));
    templates.fill(&[AGAIN], &context! { again => context! { what, faults } })
}

/// The part that asks what became of the work; `outcome` is all that is known of it.
pub fn summary(templates: &Templates, outcome: &str) -> Result<String, PromptError> {
    templates.fill(&[SUMMARY], &context! { summary => context! { outcome } })
}

/// What a template sees as `plan`. The rules are one text for all who write plans, from a template of their own.
fn plan_value(templates: &Templates, rules: &Rules) -> Result<Value, PromptError> {
    let Rules { max_tasks, checks } = rules;
    let checks = Value::from(Serde(checks.clone()));
    let rules = templates.fill(&[RULES], &context! { plan => context! { max_tasks, checks => checks.clone() } })?;
    Ok(context! { max_tasks, checks, rules })
}
