//! Who plans, the template or a model, and what a model is given to plan with.

use super::{CliError, Session, asked, equip, plan_check};
use crate::config::{Config, Loaded, PlannerUse};
use crate::dispatch::{Equipment, Planning, planned_by};
use crate::event::{Narrator, Terms};
use crate::ids::ModelName;
use crate::plan::{Caps, Check};
use crate::planner::{self, Brief, Look, Made, ModelPlanner};
use crate::prompt::{Asked, Facts, Shared};
use crate::repo;
use crate::text;
use crate::ticket::Ticket;

/// The model that plans where nothing names one.
const MAIN: &str = "main";

/// Who plans.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Planner {
    /// The template.
    Template,
    /// This model.
    Model(ModelName),
}

/// Chooses who plans. A model that costs something is never taken in CI unless it was named for it.
pub(super) fn choose(session: &Session, config: &Config) -> Result<Planner, CliError> {
    let main = || config.models.keys().find(|name| name.as_str() == MAIN).cloned();
    match config.planner.r#use {
        PlannerUse::Template => Ok(Planner::Template),
        PlannerUse::Model => match config.planner.model.clone().or_else(main) {
            Some(name) => Ok(Planner::Model(known(config, name)?)),
            None => Err(CliError::usage("`planner.use` is `model`, and there is no model to plan with").hint(
                "name one with planner.model, and describe it under `models:`; \
                 `orchestra config show` shows what is in force, docs/models.md how a model is brought",
            )),
        },
        PlannerUse::Auto => match (config.planner.model.clone(), main()) {
            (Some(name), _) => Ok(Planner::Model(known(config, name)?)),
            (None, Some(_)) if session.env.get("CI").is_some() => {
                session.console.note(
                    "planning with the template: in CI a model plans only where planner.model or planner.use names it",
                );
                Ok(Planner::Template)
            }
            (None, Some(name)) => Ok(Planner::Model(name)),
            (None, None) => Ok(Planner::Template),
        },
    }
}

fn known(config: &Config, name: ModelName) -> Result<ModelName, CliError> {
    if config.models.contains_key(&name) {
        return Ok(name);
    }
    let names: Vec<&str> = config.models.keys().map(ModelName::as_str).collect();
    let hint = match names.as_slice() {
        [] => "describe it under `models:`: docs/models.md".to_owned(),
        names => format!("the models are: {}", names.join(", ")),
    };
    Err(CliError::usage(format!("planner.model: there is no model `{name}`")).hint(hint))
}

impl Planner {
    /// What of the terms is only of use with a model that plans.
    pub(super) fn settle(&self, config: &Config, terms: &mut Terms) {
        match self {
            Self::Template => {}
            Self::Model(_) => {
                terms.plan_rounds = Some(config.planner.rounds.saturating_add(1));
                terms.max_replans = config.planner.max_replans;
                terms.summary = Narrator::Model;
            }
        }
    }

    /// Says which model plans, who pays for it, and how much it may be, before it is asked for the first time.
    pub(super) fn announce(&self, session: &Session, config: &Config) {
        let Self::Model(name) = self else { return };
        let Some(spec) = config.models.get(name) else { return };
        let what = spec.service().map_or_else(String::new, |service| format!(" {}", service.model));
        let pays = spec.key_variable().map_or_else(String::new, |key| format!("; the account of {key} pays"));
        session.console.note(&format!(
            "model `{name}` plans ({}{}){pays}; the run may use ${} and {} tokens",
            spec.provider(),
            text::printable(&what, 80),
            config.budget.usd,
            config.budget.tokens
        ));
    }
}

/// What a plan is made for, and held to.
pub(super) struct Wanted<'a> {
    pub ticket: &'a Ticket,
    pub catalogue: &'a [Check],
    pub caps: Caps,
}

/// What models are told of the project; nothing where none is asked.
pub(super) fn facts(
    session: &Session,
    loaded: &Loaded,
    wanted: &Wanted<'_>,
    equipment: &Equipment,
) -> Result<Facts, CliError> {
    let (root, config) = (&loaded.project_root, &loaded.config);
    let Some(window) = equipment.models.smallest_window() else {
        if !config.planner.context.is_empty() {
            session.console.warn("--context and planner.context have no effect: no model plans or works in this run");
        }
        return Ok(Facts::default());
    };
    let named = config.planner.context.iter().map(|file| repo::named_text(root, file));
    let context = named.collect::<Result<Vec<_>, _>>();
    let context = context.map_err(|error| {
        CliError::unreadable(&error)
            .hint("context is a text file of at most 256 KiB; see --context and planner.context")
    })?;
    let mut exclude = equip::own_folders(config);
    // Who is asked, and where, is nothing that a model has to know; and a replay names another.
    exclude.extend(loaded.file.clone());
    Ok(planner::facts(wanted.ticket, Look { root, exclude: &exclude, checks: wanted.catalogue, context, window })?)
}

/// The planner that asks a model, where one plans.
pub(super) fn planning(
    loaded: &Loaded,
    planner: &Planner,
    wanted: &Wanted<'_>,
    equipment: &Equipment,
) -> Result<Option<Planning>, CliError> {
    let Planner::Model(name) = planner else { return Ok(None) };
    let known = equipment.models.get(name).map_err(|error| CliError::usage(error.to_string()))?.clone();
    let (config, templates) = (&loaded.config, &equipment.templates);
    let shared = Shared::new(templates, &Asked::from(wanted.ticket), &equipment.facts)?;
    let defaults = plan_check::defaults()?;
    let brief = Brief {
        shared,
        templates: templates.clone(),
        ticket: asked::reference(wanted.ticket),
        checks: wanted.catalogue.iter().map(|check| check.name.clone()).collect(),
        made: Made {
            plan_id: defaults.plan_id,
            created_at: defaults.created_at,
            base: None,
            max_tasks: (config.planner.max_tasks as usize).min(wanted.caps.tasks),
        },
        caps: wanted.caps,
        planned_by: planned_by(name),
        max_output_tokens: known.max_output_tokens,
    };
    let planner = ModelPlanner::new(brief)?;
    let catalogue = wanted.catalogue.to_vec();
    Ok(Some(Planning { planner, known, patience: equipment.patience, catalogue, caps: wanted.caps }))
}
