//! What a type alone cannot say: commands that hold a program, names of variables, files inside the project, and no
//! secret anywhere.

use super::decode::meant;
use super::fault::Fault;
use super::node::{Node, Source, Value};
use super::shape::{Config, Layer, PlannerUse};
use crate::agent::Spec;
use crate::ids::{AgentName, ModelName};
use crate::model::Spec as ModelSpec;
use crate::plan::Role;

/// The agent that is always there.
pub(super) const BUILTIN: &str = "builtin";
/// The agent that is always there where there is a model for it.
const CHAT: &str = "chat";

/// Everything in one layer that breaks a rule.
pub(super) fn faults(layer: &Layer, tree: &Node, source: &Source) -> Vec<Fault> {
    let mut rules = Rules { tree, source, faults: Vec::new() };
    for (name, agent) in layer.agents.iter().flatten() {
        rules.agent(name, agent);
    }
    for (name, model) in layer.models.iter().flatten() {
        rules.model(name, model);
    }
    for (name, check) in layer.checks.iter().flatten() {
        if let Some(argv) = &check.run {
            rules.argv(argv, &["checks", name.as_str(), "run"]);
        }
    }
    if let Some(workspace) = &layer.workspace {
        for argv in workspace.setup.iter().flatten() {
            rules.argv(argv, &["workspace", "setup"]);
        }
        for path in workspace.copy.iter().flatten().filter(|path| !is_inside(path)) {
            let path = crate::text::printable(path, 80);
            rules.add(&["workspace", "copy"], format!("`{path}` is not a path inside the project"), None);
        }
    }
    for name in layer.verify.iter().flat_map(|verify| verify.pass_env.iter().flatten()) {
        rules.variable(name, &["verify", "pass_env"]);
    }
    let mut unfit = Vec::new();
    nuls(tree, &mut unfit);
    rules.faults.extend(unfit.iter().map(|node| Fault::new(source, node.spot, "this text holds a NUL character")));
    rules.faults
}

/// Everything in the whole that breaks a rule: roles without an agent, a planner without its model.
pub(super) fn faults_of_whole(config: &Config, blame: impl Fn(&str) -> Fault) -> Vec<Fault> {
    let mut faults = roles_without_agent(config, &blame);
    faults.extend(planner_without_model(config, &blame));
    faults.extend(agents_without_model(config, &blame));
    faults
}

/// Agents that are models, and the model that each of them asks. `chat` is one without being named, once a role names it.
fn agents_without_model(config: &Config, blame: impl Fn(&str) -> Fault) -> Vec<Fault> {
    let known: Vec<&str> = config.models.keys().map(ModelName::as_str).collect();
    let named = config.agents.iter().filter_map(|(name, spec)| match spec {
        Spec::Chat(chat) => Some((format!("agents.{name}.chat.model"), chat.model.as_str())),
        Spec::Builtin {} | Spec::Command(_) | Spec::Scripted(_) => None,
    });
    let role = Role::ALL.into_iter().find(|role| config.agent_of(*role).as_str() == CHAT);
    let own = role.filter(|_| !config.agents.contains_key(CHAT)).map(|role| (format!("roles.{role}"), MAIN));
    let lacking = named.chain(own).filter(|(_, model)| !known.contains(model));
    lacking
        .map(|(key, model)| {
            let hint = match known.as_slice() {
                [] => "put it under `models`; docs/models.md shows how".to_owned(),
                known => meant(model, known),
            };
            blame(&key).saying(format!("there is no model `{model}`")).hinting(Some(hint))
        })
        .collect()
}

/// The name under which a model plans that nobody named.
pub(super) const MAIN: &str = "main";

fn planner_without_model(config: &Config, blame: impl Fn(&str) -> Fault) -> Option<Fault> {
    let known: Vec<&str> = config.models.keys().map(ModelName::as_str).collect();
    match (&config.planner.model, config.planner.r#use) {
        (Some(name), _) if known.contains(&name.as_str()) => None,
        (Some(name), _) => {
            let hint = match known.as_slice() {
                [] => "put it under `models`; docs/models.md shows how".to_owned(),
                known => meant(name.as_str(), known),
            };
            let said = blame("planner.model").saying(format!("there is no model `{name}`"));
            Some(said.hinting(Some(hint)))
        }
        (None, PlannerUse::Model) if !known.contains(&MAIN) => {
            let said = blame("planner.use").saying("there is no model to plan with".to_owned());
            Some(said.hinting(Some(
                "name one under `planner.model`, or call one `main` under `models`; docs/models.md shows how",
            )))
        }
        (None, PlannerUse::Auto | PlannerUse::Template | PlannerUse::Model) => None,
    }
}

fn roles_without_agent(config: &Config, blame: impl Fn(&str) -> Fault) -> Vec<Fault> {
    let mut known: Vec<&str> = vec![BUILTIN, CHAT];
    known.extend(config.agents.keys().map(AgentName::as_str));
    let unknown = |role: &Role| !known.contains(&config.agent_of(*role).as_str());
    Role::ALL
        .iter()
        .filter(|role| unknown(role))
        .map(|role| {
            let name = config.agent_of(*role).as_str();
            let said = blame(&format!("roles.{role}")).saying(format!("there is no agent `{name}`"));
            said.hinting(Some(meant(name, &known)))
        })
        .collect()
}

struct Rules<'a> {
    tree: &'a Node,
    source: &'a Source,
    faults: Vec<Fault>,
}

impl Rules<'_> {
    fn add(&mut self, path: &[&str], message: String, hint: Option<&str>) {
        let spot = self.tree.at(path).map(|(key, _)| key.spot).unwrap_or_default();
        self.faults.push(Fault::new(self.source, spot, message).under(path.join(".")).hinting(hint));
    }

    fn agent(&mut self, name: &AgentName, agent: &Spec) {
        let path = ["agents", name.as_str()];
        if name.as_str() == BUILTIN {
            self.add(&path, "`builtin` is the agent that is always there".to_owned(), Some("take another name"));
        }
        if name.as_str() == CHAT && !matches!(agent, Spec::Chat(_)) {
            self.add(&path, "`chat` is the agent that asks a model".to_owned(), Some("take another name"));
        }
        match agent {
            Spec::Command(command) => {
                self.argv(&command.argv, &["agents", name.as_str(), "command", "argv"]);
                for variable in command.env.keys() {
                    self.variable(variable, &["agents", name.as_str(), "command", "env"]);
                }
                for variable in &command.pass_env {
                    self.variable(variable, &["agents", name.as_str(), "command", "pass_env"]);
                }
            }
            Spec::Chat(chat) => {
                if let Some((key, why)) = chat.unfit() {
                    let path = ["agents", name.as_str(), "chat"].into_iter().chain(key.split('.')).collect::<Vec<_>>();
                    self.add(&path, why, None);
                }
                for variable in chat.env.keys() {
                    self.variable(variable, &["agents", name.as_str(), "chat", "env"]);
                }
                for variable in &chat.pass_env {
                    self.variable(variable, &["agents", name.as_str(), "chat", "pass_env"]);
                }
            }
            Spec::Builtin {} | Spec::Scripted(_) => {}
        }
    }

    fn model(&mut self, name: &ModelName, model: &ModelSpec) {
        let Some(service) = model.service() else { return };
        let path = ["models", name.as_str(), model.provider()];
        if let Some(variable) = &service.api_key_env {
            self.variable(variable, &[&path[..], &["api_key_env"]].concat());
        }
        for (header, value) in &service.headers {
            let path = [&path[..], &["headers", header]].concat();
            match header_fault(header, value) {
                None => {}
                Some((message, hint)) => self.add(&path, message, hint),
            }
        }
    }

    fn argv(&mut self, argv: &[String], path: &[&str]) {
        let hint = Some("write a list: the program, then its arguments, as in [cargo, test]");
        if argv.first().is_none_or(|program| program.trim().is_empty()) {
            self.add(path, "there is no program to run".to_owned(), hint);
        }
    }

    fn variable(&mut self, name: &str, path: &[&str]) {
        let letters = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if name.is_empty() || !name.chars().all(letters) || name.starts_with(|c: char| c.is_ascii_digit()) {
            // Who gives the value in the place of the name must not see it in a log.
            let shown =
                if is_secret(name) { "this".to_owned() } else { format!("`{}`", crate::text::printable(name, 40)) };
            let hint = Some("give the name alone; the value stays in the environment");
            self.add(path, format!("{shown} is not the name of an environment variable"), hint);
        }
    }
}

/// Headers that hold keys, which are never stored, and headers that the client sets itself.
const KEYS: [&str; 6] = ["authorization", "proxy-authorization", "x-api-key", "api-key", "x-goog-api-key", "cookie"];
const OURS: [&str; 8] =
    ["host", "content-length", "content-type", "transfer-encoding", "connection", "te", "upgrade", "accept-encoding"];

/// What is wrong with a header, and what to do about it.
fn header_fault(name: &str, value: &str) -> Option<(String, Option<&'static str>)> {
    let shown = crate::text::printable(name, 60);
    let lower = name.to_ascii_lowercase();
    // RFC 9110, section 5.6.2.
    let token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    if name.is_empty() || !name.chars().all(token) {
        return Some((format!("`{shown}` is not the name of a header"), None));
    }
    if KEYS.contains(&lower.as_str()) {
        let hint = "leave the key in the environment, and name its variable under `api_key_env`";
        return Some((format!("`{shown}` holds a key, and keys are never stored"), Some(hint)));
    }
    if OURS.contains(&lower.as_str()) {
        return Some((format!("`{shown}` is set for every request by itself"), Some("leave it out")));
    }
    if !value.chars().all(|c| c == '\t' || (' '..='~').contains(&c)) {
        return Some((format!("the value of `{shown}` holds characters that no header can"), Some("use plain ASCII")));
    }
    None
}

fn is_inside(path: &str) -> bool {
    use std::path::{Component, Path};
    !path.is_empty()
        && Path::new(path).components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir))
}

/// Every text with a NUL character, which no argument, variable or path can hold.
fn nuls<'a>(node: &'a Node, found: &mut Vec<&'a Node>) {
    match &node.value {
        Value::Text(text) if text.contains('\0') => found.push(node),
        Value::List(items) => items.iter().for_each(|item| nuls(item, found)),
        Value::Map(entries) => entries.iter().for_each(|(_, value)| nuls(value, found)),
        Value::Text(_) | Value::Null | Value::Bool(_) | Value::Int(..) | Value::Float(..) => {}
    }
}

/// Every value that looks like a secret. Neither it nor its line is shown.
pub(super) fn secrets(tree: &Node, source: &Source) -> Vec<Fault> {
    let mut found = Vec::new();
    look_for_secrets(tree, String::new(), &mut |key, node| {
        let fault = Fault::new(source, node.spot, "this looks like a secret, and secrets are never stored");
        let hint =
            "leave it in the environment, and name its variable: `api_key_env` of a model, `pass_env` of an agent";
        found.push(fault.under(key).hinting(Some(hint)).unshown());
    });
    found
}

fn look_for_secrets(node: &Node, key: String, report: &mut impl FnMut(String, &Node)) {
    match &node.value {
        Value::Text(text) if is_secret(text) => report(key, node),
        Value::List(items) => {
            for (index, item) in items.iter().enumerate() {
                look_for_secrets(item, format!("{key}[{index}]"), report);
            }
        }
        Value::Map(entries) => {
            for (name, value) in entries {
                let dot = if key.is_empty() { "" } else { "." };
                look_for_secrets(value, format!("{key}{dot}{}", name.name), report);
            }
        }
        Value::Text(_) | Value::Null | Value::Bool(_) | Value::Int(..) | Value::Float(..) => {}
    }
}

/// How keys of well-known services begin.
const PREFIXES: [&str; 15] = [
    "sk-",
    "sk_live_",
    "rk_live_",
    "ghp_",
    "gho_",
    "ghu_",
    "ghs_",
    "ghr_",
    "github_pat_",
    "glpat-",
    "AKIA",
    "ASIA",
    "AIza",
    "xoxb-",
    "hf_",
];

fn is_secret(text: &str) -> bool {
    let token = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let long = |word: &str| word.len() >= 16 && word.chars().any(|c| c.is_ascii_digit());
    text.contains("-----BEGIN") && text.contains("PRIVATE KEY")
        || text.split(|c| !token(c)).any(|word| long(word) && PREFIXES.iter().any(|prefix| word.starts_with(prefix)))
}
