//! The configuration taken apart: each room is handed its own options, and nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::planner::Planner;
use super::{CliError, Session};
use crate::agent::{Agents, Spec};
use crate::config::{Config, Jobs, Loaded, Origin, Template as TemplateChoice, Unchecked, Unknown};
use crate::dispatch::Equipment;
use crate::event::{Amount, Budget, Narrator, ReviewTerms, Terms, Untold};
use crate::ids::{AgentName, Digest, ModelName, TraceId};
use crate::model::{self, Models, Patience, Spec as ModelSpec};
use crate::plan::{Caps, Check, CheckRef, Draft, Role};
use crate::planner::Template;
use crate::policy::{Limits, Spends};
use crate::prompt::Facts;
use crate::repo;
use crate::sys::{fs, machine};
use crate::text::Redactor;
use crate::workspace::{self, WorkspaceMode};
use crate::{text, verify};

/// The most of a template file that is read.
const MAX_TEMPLATE: u64 = 1 << 20;

/// What both a new and a resumed run are equipped with. Only the agents of `roles` are looked at.
pub(super) fn equipment(
    session: &Session,
    loaded: &Loaded,
    roles: &BTreeSet<Role>,
    planner: &Planner,
) -> Result<Equipment, CliError> {
    let config = &loaded.config;
    // Another plan may have tasks of any role.
    let replans = *planner != Planner::Template && config.planner.max_replans > 0;
    let all = Role::ALL.into_iter().collect();
    let roles = if replans { &all } else { roles };
    let names: BTreeMap<Role, AgentName> = roles.iter().map(|role| (*role, config.agent_of(*role).clone())).collect();
    let agents = config.agents.iter().filter(|(name, _)| names.values().any(|used| used == *name));
    let specs = model_specs(config, &names, planner);
    let program = machine::own_program().map_err(|error| CliError::internal(&error))?;
    Ok(Equipment {
        program,
        sync: config.journal.sync,
        workspace: workspace_options(session, loaded)?,
        checks: verify::Options {
            timeout: config.limits.task,
            grace: Limits::default().grace,
            pass_env: config.verify.pass_env.clone(),
            redactor: redactor(session, config),
        },
        templates: super::prompts::templates(config)?,
        agents: agents.map(|(name, spec)| (name.clone(), spec.clone())).collect(),
        roles: names,
        policy: policy_digest(config)?,
        planning: None,
        keys: specs.values().filter_map(ModelSpec::key_variable).map(str::to_owned).collect(),
        patience: patience(config),
        facts: Facts::default(),
        models: model::build(&specs, &model_options(config), &session.env)?,
        env: session.env.clone(),
        cancel: CancellationToken::new(),
        shown: watch::Sender::default(),
    })
}

/// Takes the values of declared variables out of what checks print.
fn redactor(session: &Session, config: &Config) -> Redactor {
    let declared = config.agents.values().flat_map(Spec::secrets).chain(&config.verify.pass_env).map(String::as_str);
    let keys = config.models.values().filter_map(ModelSpec::key_variable);
    let found = declared.chain(keys).filter_map(|name| Some((name.to_owned(), session.env.text(name)?.to_owned())));
    Redactor::new(found)
}

/// The models that are asked: by the planner, and by the agents of these roles.
fn model_specs(
    config: &Config,
    roles: &BTreeMap<Role, AgentName>,
    planner: &Planner,
) -> BTreeMap<ModelName, ModelSpec> {
    let mut asked: BTreeSet<&str> = roles.values().filter_map(|name| asked_by(config, name)).collect();
    if let Planner::Model(name) = planner {
        asked.insert(name.as_str());
    }
    let specs = config.models.iter().filter(|(name, _)| asked.contains(name.as_str()));
    specs.map(|(name, spec)| (name.clone(), spec.clone())).collect()
}

/// The model that an agent asks, if it is one that does.
pub(super) fn asked_by<'a>(config: &'a Config, name: &AgentName) -> Option<&'a str> {
    match config.agents.get(name) {
        Some(Spec::Chat(chat)) => Some(chat.model.as_str()),
        None if name.as_str() == Agents::CHAT => Some(Agents::MODEL),
        Some(Spec::Builtin {} | Spec::Command(_) | Spec::Scripted(_)) | None => None,
    }
}

/// How long a request is tried.
fn patience(config: &Config) -> Patience {
    let usual = Patience::default();
    Patience { tries: config.model.tries, asked: usual.asked.max(config.limits.quota_wait), ..usual }
}

/// How models are asked.
pub(super) fn model_options(config: &Config) -> model::Options {
    let asking = &config.model;
    model::Options {
        record: asking.record.clone(),
        timeouts: model::Timeouts {
            connect: asking.connect_timeout,
            headers: asking.header_timeout,
            idle: asking.idle_timeout,
            total: asking.total_timeout,
        },
    }
}

/// The rules that children work under, as far as they can change what they do.
fn policy_digest(config: &Config) -> Result<Digest, CliError> {
    let rules = (&config.verify.pass_env, &config.workspace.setup, &config.workspace.copy);
    Digest::of_json(&rules).map_err(|error| CliError::internal(&error))
}

fn workspace_options(session: &Session, loaded: &Loaded) -> Result<workspace::Options, CliError> {
    let config = &loaded.config;
    let cache = fs::resolved(&cache_folder(session)).map_err(|error| CliError::unwritable(&error))?;
    if cache.starts_with(&loaded.project_root) {
        return Err(CliError::usage(format!(
            "workspaces would lie in the project itself, at {}, where tools search the folders above them",
            cache.display()
        ))
        .hint("point XDG_CACHE_HOME to a folder outside the project"));
    }
    Ok(workspace::Options {
        mode: config.workspace.mode,
        setup: config.workspace.setup.clone(),
        copy: config.workspace.copy.clone(),
        project: loaded.project_root.clone(),
        cache,
        base_rev: None,
        exclude: own_folders(config),
        pass_env: config.verify.pass_env.clone(),
    })
}

/// Folders that are ours and not the project's, wherever they lie: the runs, and what models were asked and answered.
pub(super) fn own_folders(config: &Config) -> Vec<PathBuf> {
    let replayed = config.models.values().filter_map(ModelSpec::recordings);
    let recorded = config.model.record.iter().map(PathBuf::as_path);
    let all = [config.runs.dir.as_path()].into_iter().chain(recorded).chain(replayed);
    all.map(Path::to_path_buf).collect()
}

/// `$XDG_CACHE_HOME/orchestra/work`, else below HOME, else below the system's folder for temporary files.
pub(super) fn cache_folder(session: &Session) -> PathBuf {
    let absolute = |name: &str| session.env.get(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let folder = absolute("XDG_CACHE_HOME")
        .or_else(|| absolute("HOME").map(|home| home.join(".cache")))
        .unwrap_or_else(machine::temp_dir);
    folder.join("orchestra").join("work")
}

/// The rules of the run, from the configuration. `is_set` says of a key whether somebody gave it its value: a budget that
/// nobody asked for is a net, and holds up nobody whose costs are unknown. Where `run.jobs` is `auto`, one task at a time
/// until [`super::jobs::settle`].
pub(super) fn terms(config: &Config, is_set: impl Fn(&str) -> bool) -> Terms {
    let untold = |keys: [&str; 2]| if keys.into_iter().any(&is_set) { Untold::Counts } else { Untold::Passes };
    let budget = Budget {
        run: Amount { usd: config.budget.usd, tokens: config.budget.tokens },
        attempt: Amount { usd: config.budget.task_usd, tokens: config.budget.task_tokens },
        untold_usd: untold(["budget.usd", "budget.task_usd"]),
        untold_tokens: untold(["budget.tokens", "budget.task_tokens"]),
    };
    let jobs = match config.run.jobs {
        Jobs::Count(jobs) => jobs,
        Jobs::Auto => 1,
    };
    Terms {
        jobs,
        jobs_why: None,
        continue_on_error: config.run.continue_on_error,
        attempts: config.run.attempts,
        backoff: config.run.backoff,
        max_backoff: config.run.max_backoff,
        ask: config.run.ask,
        allow_unchecked: config.verify.unchecked == Unchecked::Allow,
        plan_rounds: None,
        run_time: config.limits.run,
        task_time: config.limits.task,
        idle_time: config.limits.idle,
        launches: config.limits.launches,
        quota_wait: config.limits.quota_wait,
        in_place: config.workspace.mode == WorkspaceMode::InPlace,
        budget: Some(budget),
        run_bytes: Some(config.limits.run_bytes),
        output_bytes: Some(config.limits.output_bytes.into()),
        review: Some(ReviewTerms { threshold: config.review.threshold, reworks: config.review.reworks }),
        max_replans: 0,
        summary: Narrator::Template,
    }
}

/// The same for a run that begins.
pub(super) fn first_terms(loaded: &Loaded) -> Terms {
    terms(&loaded.config, |key| !matches!(loaded.origins.get(key), None | Some(Origin::Default)))
}

/// Refuses agents and models whose price nobody knows, where somebody set a budget of money that they could overrun unseen.
pub(super) fn prices_are_known(
    config: &Config,
    plan: Option<&Draft>,
    terms: &Terms,
    models: &Models,
) -> Result<(), CliError> {
    match unknown_price(config, plan, terms, models) {
        None => Ok(()),
        Some(Unpriced { why, hint }) => Err(CliError::usage(why).hint(hint)),
    }
}

/// Whose price is unknown, and what can be done about it.
pub(super) struct Unpriced {
    pub why: String,
    hint: String,
}

/// Says whose price is unknown, if that is in the way. `models` are those that are asked.
pub(super) fn unknown_price(config: &Config, plan: Option<&Draft>, terms: &Terms, models: &Models) -> Option<Unpriced> {
    let budget = terms.budget.as_ref()?;
    if budget.untold_usd == Untold::Passes || config.budget.unknown == Unknown::Allow {
        return None;
    }
    let (usd, share) =
        (budget.run.usd, "--set budget.unknown=allow lets it work, and counts each attempt as budget.task_usd");
    if let Some(known) = models.iter().find(|known| known.spends() == Spends::Untold) {
        return Some(Unpriced {
            why: format!("the budget is ${usd}, but nobody knows what the model `{}` costs", known.name),
            hint: format!("say it under `prices` of the model: docs/models.md; {share}"),
        });
    }
    let untold = |name: &AgentName| config.agents.get(name).is_some_and(|spec| spec.spends() == Spends::Untold);
    let role = roles_of(plan).into_iter().find(|role| untold(config.agent_of(*role)))?;
    Some(Unpriced {
        why: format!(
            "the budget is ${usd}, but agent `{}` ({role}) does not report what it costs",
            config.agent_of(role)
        ),
        hint: format!("{share}; an agent with `parser: json` can tell what it used: docs/agents.md"),
    })
}

/// How large a plan may be.
pub(super) fn caps(config: &Config) -> Caps {
    Caps { tasks: config.limits.plan_tasks as usize, bytes: config.limits.plan_bytes as usize }
}

/// The project's checks: those of the configuration, else those it is found to have.
pub(super) fn catalogue(loaded: &Loaded) -> Result<Vec<Check>, CliError> {
    let configured = loaded.config.checks();
    if !configured.is_empty() {
        return Ok(configured);
    }
    Ok(repo::checks(&loaded.project_root)?)
}

/// Every check that a plan names must be one that the project has.
pub(super) fn known_checks(plan: &Draft, catalogue: &[Check]) -> Result<(), CliError> {
    for (at, task) in plan.tasks.iter().enumerate() {
        for check in task.checks.iter().flatten() {
            let CheckRef::Named(name) = check else { continue };
            if catalogue.iter().any(|known| known.name == *name) {
                continue;
            }
            let known: Vec<&str> = catalogue.iter().map(|check| check.name.as_str()).collect();
            let hint = match known.as_slice() {
                [] => "the project has no checks; add one under `checks:` in the configuration".to_owned(),
                known => format!("the checks are: {}", known.join(", ")),
            };
            return Err(CliError::usage(format!("$.tasks[{at}].checks: there is no check `{name}`")).hint(hint));
        }
    }
    Ok(())
}

/// The template the planner fills.
pub(super) fn template(config: &Config) -> Result<Template, CliError> {
    match &config.planner.template {
        TemplateChoice::BuiltIn(workflow) => Ok(Template::embedded(*workflow)?),
        TemplateChoice::File(path) => {
            let read = fs::read_text(path, MAX_TEMPLATE).map_err(|error| CliError::unreadable(&error))?;
            Ok(Template::parse(&path.display().to_string(), &read)?)
        }
    }
}

/// The roles of a plan's tasks; of a plan that nobody has made yet, all of them.
pub(super) fn roles_of(plan: Option<&Draft>) -> BTreeSet<Role> {
    match plan {
        Some(plan) => plan.tasks.iter().map(|task| task.role).collect(),
        None => Role::ALL.into_iter().collect(),
    }
}

/// Says why nobody could do an implement task, if so: `builtin` only applies diffs, and the ticket brings none.
pub(super) fn nobody_implements(config: &Config, plan: Option<&Draft>, brings_diff: bool) -> Option<String> {
    let why = "`builtin` only applies diffs, and the ticket brings none";
    if brings_diff || config.agent_of(Role::Implement).as_str() != Agents::BUILTIN {
        return None;
    }
    let Some(plan) = plan else { return Some(format!("no agent can change the code as a plan would ask: {why}")) };
    let task = plan.tasks.iter().find(|task| task.role == Role::Implement)?;
    let title = text::printable(&task.title, 60);
    Some(format!("no agent can do task `{}` ({title}): {why}", task.id))
}

/// Refuses a run whose implement tasks nobody could do.
pub(super) fn someone_implements(config: &Config, plan: Option<&Draft>, brings_diff: bool) -> Result<(), CliError> {
    let Some(why) = nobody_implements(config, plan, brings_diff) else { return Ok(()) };
    Err(CliError::new(super::Exit::Unusable, why).hint(
        "bring a model (`models: {main: {anthropic: {model: NAME}}}` and `roles: {implement: chat}`; docs/models.md) \
         or an agent (`agents: {mine: {command: {argv: [TOOL, \"{message}\"]}}}` and `roles: {implement: mine}`) \
         in a file, and name it with --config; or put a ```diff block into the ticket. \
         --plan-only and --dry-run work without either",
    ))
}

/// The trace this run belongs to: that of our parent if it has one, by W3C Trace Context, else a new one.
pub(super) fn trace_id(session: &Session) -> Result<TraceId, CliError> {
    let parent = session.env.text("TRACEPARENT").and_then(|parent| parent.split('-').nth(1));
    if let Some(trace) = parent.and_then(|id| TraceId::new(id).ok()) {
        return Ok(trace);
    }
    let bytes = machine::random::<16>().map_err(|error| CliError::internal(&error))?;
    TraceId::new(&crate::ids::hex(&bytes)).map_err(|error| CliError::internal(&error))
}

/// What an agent is, in words for people.
pub(super) fn describe(config: &Config, name: &AgentName) -> String {
    match config.agents.get(name) {
        None if name.as_str() == Agents::CHAT => format!("chat: the model {}", Agents::MODEL),
        None | Some(Spec::Builtin {}) => "no model, no process".to_owned(),
        Some(Spec::Chat(chat)) => {
            format!("chat: the model {}, at most {}", chat.model, text::count(chat.turns, "turn"))
        }
        Some(Spec::Command(command)) => format!("command: {}", shown(&command.argv)),
        Some(Spec::Scripted(script)) => format!("scripted: {}", script.file.display()),
    }
}

/// An argv as people read it.
pub(super) fn shown(argv: &[String]) -> String {
    let quoted = argv.iter().map(|arg| {
        let needs = arg.contains(char::is_whitespace) || arg.is_empty();
        if needs { format!("{arg:?}") } else { arg.clone() }
    });
    text::printable(&quoted.collect::<Vec<_>>().join(" "), 500)
}
