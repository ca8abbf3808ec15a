//! The agents: those that the configuration names, those that are installed, and the keys they may need.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;

use super::finding::{Area, Blame, Finding};
use super::probe::Probe;
use crate::agent::{Agents, Context, Fault, Spec};
use crate::cli::{CliError, Session, equip, known};
use crate::config::Loaded;
use crate::ids::AgentName;
use crate::model::{self, Models};
use crate::plan::Role;
use crate::process::Supervisors;
use crate::prompt::Templates;
use crate::text::printable;

/// Variables that hold keys of services which agents use.
const KEYS: [&str; 14] = [
    "ANTHROPIC_API_KEY",
    "AZURE_OPENAI_API_KEY",
    "CLAUDE_CODE_OAUTH_TOKEN",
    "COPILOT_GITHUB_TOKEN",
    "DEEPSEEK_API_KEY",
    "GEMINI_API_KEY",
    "GH_TOKEN",
    "GITHUB_TOKEN",
    "GOOGLE_API_KEY",
    "GROQ_API_KEY",
    "MISTRAL_API_KEY",
    "OPENAI_API_KEY",
    "OPENROUTER_API_KEY",
    "XAI_API_KEY",
];

/// Coding agents that are known by name, each with its version. Only these are asked: what another program makes of
/// `--version` nobody knows.
pub(super) async fn installed(probe: &Probe) -> Vec<Finding> {
    let found = known::agents_on_path(&probe.env, probe.folder.path());
    if found.is_empty() {
        return vec![Finding::note(Area::Agents, format!("none of {} is installed", known::AGENTS.join(", ")))];
    }
    let asked = found.iter().map(|(name, path)| async move {
        let version = probe.ask(path, "--version").await.unwrap_or_else(|| "version unknown".to_owned());
        Finding::note(Area::Agents, format!("{name} is installed: {version}, at {}", path.display()))
    });
    join_all(asked).await
}

/// The agents that the configuration names, and who does which role.
pub(super) fn configured(session: &Session, loaded: &Loaded, supervisors: Option<&Supervisors>) -> Vec<Finding> {
    let config = &loaded.config;
    let mut roles: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for role in Role::ALL {
        roles.entry(config.agent_of(role).as_str()).or_default().push(role.as_str());
    }
    let mut found = Vec::new();
    if let Some(builtin) = roles.get(Agents::BUILTIN) {
        found.push(Finding::ok(Area::Agents, format!("builtin does {}: no model, no process", builtin.join(", "))));
        if builtin.contains(&Role::Implement.as_str()) {
            found.push(Finding::warning(
                Area::Agents,
                "no agent writes code: builtin only applies diffs that a ticket brings",
                "bring a model (docs/models.md) or an agent (docs/agents.md), and give it the role under `roles`, in a file for --config",
            ));
        }
    }
    // Without them it was told already that nothing can be started.
    let Some(supervisors) = supervisors else { return found };
    // A test of theirs holds that they can be read.
    let Ok(templates) = Templates::built_in() else { return found };
    let context = Context {
        supervisors: supervisors.clone(),
        env: session.env.clone(),
        project: loaded.project_root.clone(),
        models: models(session, loaded),
        patience: model::Patience::default(),
        facts: crate::prompt::Facts::default(),
        templates,
    };
    if let Some(roles) = roles.get(Agents::CHAT).filter(|_| !config.agents.contains_key(Agents::CHAT)) {
        let says = format!("{} does {}: the model {}", Agents::CHAT, roles.join(", "), Agents::MODEL);
        found.push(Finding::ok(Area::Agents, says));
    }
    let usable_model = |name: &AgentName| {
        equip::asked_by(config, name)
            .is_none_or(|model| context.models.iter().any(|known| known.name.as_str() == model))
    };
    for (name, spec) in config.agents.iter().filter(|(name, _)| usable_model(name)) {
        let does = roles.get(name.as_str()).map(|roles| roles.join(", "));
        found.push(usable(name, spec, does.as_deref(), &context, loaded));
        found.extend(does.and_then(|_| lacking(session, name, spec)));
    }
    found
}

/// The models that could be asked. Nothing is sent, and why one could not be is said where models are looked at.
fn models(session: &Session, loaded: &Loaded) -> Models {
    let options = model::Options { record: None, ..equip::model_options(&loaded.config) };
    let built = loaded.config.models.iter().filter_map(|(name, spec)| {
        let one = BTreeMap::from([(name.clone(), spec.clone())]);
        model::build(&one, &options, &session.env).ok()?.get(name).ok().cloned()
    });
    built.collect()
}

/// Whether an agent could be started, as a run finds out before its first task.
fn usable(name: &AgentName, spec: &Spec, does: Option<&str>, context: &Context, loaded: &Loaded) -> Finding {
    match (Agents::build(&BTreeMap::from([(name.clone(), spec.clone())]), context), does) {
        (Ok(_), does) => {
            let does = does.map_or_else(|| "has no role".to_owned(), |roles| format!("does {roles}"));
            Finding::ok(Area::Agents, format!("{name} {does}: {}", equip::describe(&loaded.config, name)))
        }
        (Err(error), does) => {
            let (blame, hint) = match error.fault() {
                Fault::Config => (Blame::Config, error.hint()),
                Fault::Machine => (Blame::Machine, error.hint()),
            };
            let (says, _) = CliError::from(error).in_short();
            match does {
                Some(roles) => Finding::problem(Area::Agents, blame, format!("{says} (it does {roles})"), hint),
                None => Finding::warning(Area::Agents, says, hint),
            }
        }
    }
}

/// Variables that an agent is to be given and that are not there.
fn lacking(session: &Session, name: &AgentName, spec: &Spec) -> Option<Finding> {
    let missing: Vec<String> =
        spec.secrets().iter().filter(|key| session.env.get(key).is_none()).map(|key| printable(key, 80)).collect();
    if missing.is_empty() {
        return None;
    }
    let says = format!("{name} is to be given {}, and nothing is set under that name", missing.join(", "));
    Some(Finding::warning(Area::Keys, says, "set it in the shell that calls orchestra, or take it out of `pass_env`"))
}

/// The names of keys that are set. Their values are looked at for what a copied one often has too much, and never shown.
pub(super) fn keys(session: &Session, loaded: Option<&Loaded>) -> Vec<Finding> {
    let named = loaded.iter().flat_map(|loaded| loaded.config.agents.values()).flat_map(Spec::secrets);
    let named = named.chain(loaded.iter().flat_map(|loaded| &loaded.config.verify.pass_env));
    let known: BTreeSet<&str> = KEYS.into_iter().chain(named.map(String::as_str)).collect();
    let set: Vec<&str> = known.into_iter().filter(|name| session.env.get(name).is_some()).collect();
    if set.is_empty() {
        return vec![Finding::note(Area::Keys, "no key that is known by its name is set")];
    }
    let shown = set.iter().map(|name| printable(name, 80)).collect::<Vec<_>>().join(", ");
    let mut found =
        vec![Finding::ok(Area::Keys, format!("set, and seen by those alone whose `pass_env` names them: {shown}"))];
    found.extend(set.into_iter().filter(|name| is_copied_badly(session, name)).map(|name| {
        let says = format!("{} begins or ends with white space", printable(name, 80));
        Finding::warning(Area::Keys, says, "set it again without; services refuse such a key")
    }));
    found
}

fn is_copied_badly(session: &Session, name: &str) -> bool {
    session.env.text(name).is_some_and(|value| value.trim() != value)
}
