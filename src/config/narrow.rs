//! A project file that was found, not named, came with the project: it may make a run tighter, never looser.

use std::path::{Path, PathBuf};

use super::node::Node;
use super::shape::{Layer, PlannerUse, Template, Unchecked, Unknown};
use crate::ids::AgentName;
use crate::store::SyncMode;
use crate::sys::fs;
use crate::time::Span;
use crate::workspace::WorkspaceMode;

/// What to do to have an ignored key count.
pub const TO_TRUST: &str = "pass --config FILE to use it";

/// A key of a discovered project file that was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ignored {
    /// The dotted key.
    pub key: String,
    /// The file.
    pub path: PathBuf,
    /// Its line; 0 if unknown.
    pub line: u64,
    /// Why, in words that follow "ignored:".
    pub why: &'static str,
}

const LOOSER: &str = "a project file may only lower it";
const COMMANDS: &str = "a project file may not bring commands";
const OUTSIDE: &str = "it leads out of the project";

/// Takes out of `layer`, read from `file` with the paths in it absolute, all that would loosen `weaker`, the layers
/// below it added up.
pub(super) fn narrow(layer: &mut Layer, weaker: &Layer, file: &Path, tree: &Node) -> Vec<Ignored> {
    let mut sieve = Sieve { file, tree, ignored: Vec::new() };
    sieve.sections(layer, weaker);
    sieve.numbers(layer, weaker);
    sieve.roles(layer, weaker);
    sieve.commands(layer);
    sieve.ignored.sort_by_key(|ignored| ignored.line);
    sieve.ignored
}

/// When a value loosens a weaker one, and what to say then.
type Rule<T> = (fn(&T, &T) -> bool, &'static str);

struct Sieve<'a> {
    file: &'a Path,
    tree: &'a Node,
    ignored: Vec<Ignored>,
}

impl Sieve<'_> {
    fn drop<T>(&mut self, value: &mut Option<T>, key: &str, why: &'static str) {
        if value.take().is_some() {
            self.note(key, why);
        }
    }

    fn note(&mut self, key: &str, why: &'static str) {
        let path: Vec<&str> = key.split('.').collect();
        // Names may hold dots; the line of the section is near enough then.
        let found = self.tree.at(&path).or_else(|| self.tree.at(&path[..1]));
        let line = found.map_or(0, |(name, _)| name.spot.line);
        self.ignored.push(Ignored { key: key.to_owned(), path: self.file.to_path_buf(), line, why });
    }

    /// Drops the value if `loosens` says so of it and the weaker one.
    fn unless<T>(&mut self, value: Option<&mut Option<T>>, weaker: Option<&T>, key: &str, (loosens, why): Rule<T>) {
        let (Some(value), Some(weaker)) = (value, weaker) else { return };
        if value.as_ref().is_some_and(|value| loosens(value, weaker)) {
            self.drop(value, key, why);
        }
    }

    /// Drops the value if it is greater than the weaker one.
    fn at_most<T: PartialOrd>(&mut self, value: Option<&mut Option<T>>, weaker: Option<&T>, key: &str) {
        self.unless(value, weaker, key, (|value, weaker| value > weaker, LOOSER));
    }

    fn sections(&mut self, layer: &mut Layer, weaker: &Layer) {
        let folder = self.file.parent().unwrap_or(Path::new("/")).to_path_buf();
        for (value, key) in [
            (layer.project.as_mut().map(|project| &mut project.root), "project.root"),
            (layer.runs.as_mut().map(|runs| &mut runs.dir), "runs.dir"),
        ] {
            if let Some(value) = value
                && value.as_ref().is_some_and(|path| !is_inside(path, &folder))
            {
                self.drop(value, key, OUTSIDE);
            }
        }
        if let Some(planner) = &mut layer.planner {
            let below = weaker.planner.as_ref();
            let uses = below.and_then(|planner| planner.r#use.as_ref());
            let picks = |new: &PlannerUse, old: &PlannerUse| may_cost(*new) > may_cost(*old);
            self.unless(
                Some(&mut planner.r#use),
                uses,
                "planner.use",
                (picks, "a project file may not pick a planner that may cost"),
            );
            if matches!(planner.template, Some(Template::File(_))) {
                self.drop(&mut planner.template, "planner.template", "a project file may not bring a workflow");
            }
            self.drop(&mut planner.model, "planner.model", "a project file may not pick who is paid");
            self.drop(
                &mut planner.context,
                "planner.context",
                "a project file may not pick what a provider gets to read",
            );
        }
        if let Some(prompts) = &mut layer.prompts {
            self.drop(&mut prompts.dir, "prompts.dir", "a project file may not say what agents are told");
        }
        let below = weaker.workspace.as_ref().and_then(|workspace| workspace.mode.as_ref());
        let bares = |new: &WorkspaceMode, old: &WorkspaceMode| *new == WorkspaceMode::InPlace && new != old;
        let mode = layer.workspace.as_mut().map(|workspace| &mut workspace.mode);
        self.unless(mode, below, "workspace.mode", (bares, "a project file may not give up the isolation"));

        let below = weaker.verify.as_ref().and_then(|verify| verify.unchecked.as_ref());
        let trusts = |new: &Unchecked, old: &Unchecked| *new == Unchecked::Allow && new != old;
        let unchecked = layer.verify.as_mut().map(|verify| &mut verify.unchecked);
        self.unless(unchecked, below, "verify.unchecked", (trusts, "a project file may not let unchecked work pass"));

        let below = weaker.journal.as_ref().and_then(|journal| journal.sync.as_ref());
        let risks = |new: &SyncMode, old: &SyncMode| *new == SyncMode::Process && new != old;
        let sync = layer.journal.as_mut().map(|journal| &mut journal.sync);
        self.unless(sync, below, "journal.sync", (risks, "a project file may not make the records less safe"));
    }

    fn numbers(&mut self, layer: &mut Layer, weaker: &Layer) {
        macro_rules! at_most {
            ($($section:ident . $field:ident),* $(,)?) => {$(
                self.at_most(
                    layer.$section.as_mut().map(|section| &mut section.$field),
                    weaker.$section.as_ref().and_then(|section| section.$field.as_ref()),
                    concat!(stringify!($section), ".", stringify!($field)),
                );
            )*};
        }
        let below = weaker.run.as_ref().and_then(|run| run.jobs.as_ref());
        let jobs = layer.run.as_mut().map(|run| &mut run.jobs);
        self.unless(jobs, below, "run.jobs", (|new, old| new.may_exceed(*old), LOOSER));
        at_most!(
            planner.max_tasks,
            planner.rounds,
            planner.max_replans,
            model.tries,
            model.connect_timeout,
            model.header_timeout,
            model.idle_timeout,
            model.total_timeout,
            review.reworks,
            run.continue_on_error,
            run.attempts,
            limits.run,
            limits.task,
            limits.idle,
            limits.launches,
            limits.output_bytes,
            limits.run_bytes,
            budget.usd,
            budget.tokens,
            budget.task_usd,
            budget.task_tokens,
            limits.quota_wait,
            limits.plan_tasks,
            limits.plan_bytes,
        );
        let below = weaker.budget.as_ref().and_then(|budget| budget.unknown.as_ref());
        let trusts = |new: &Unknown, old: &Unknown| *new == Unknown::Allow && new != old;
        let unknown = layer.budget.as_mut().map(|budget| &mut budget.unknown);
        self.unless(unknown, below, "budget.unknown", (trusts, "a project file may not let unknown costs pass"));
        let below = weaker.review.as_ref().and_then(|review| review.threshold.as_ref());
        let threshold = layer.review.as_mut().map(|review| &mut review.threshold);
        self.unless(threshold, below, "review.threshold", (|new, old| new < old, "a project file may only raise it"));
        let below = weaker.run.as_ref().and_then(|run| run.ask.as_ref());
        let ask = layer.run.as_mut().map(|run| &mut run.ask);
        self.unless(ask, below, "run.ask", (|new, old| new < old, "a project file may not ask less"));
        // Shorter waits press a service harder; longer ones are bounded by the limits.
        let presses: Rule<Span> = (|new, old| new < old, "a project file may not wait less");
        let below = weaker.run.as_ref();
        let first = layer.run.as_mut().map(|run| &mut run.backoff);
        self.unless(first, below.and_then(|run| run.backoff.as_ref()), "run.backoff", presses);
        let longest = layer.run.as_mut().map(|run| &mut run.max_backoff);
        self.unless(longest, below.and_then(|run| run.max_backoff.as_ref()), "run.max_backoff", presses);
    }

    /// A role may name an agent that someone else defined, not one that comes with the project.
    fn roles(&mut self, layer: &mut Layer, weaker: &Layer) {
        let Some(roles) = &mut layer.roles else { return };
        let brought = layer.agents.as_ref();
        let known = weaker.agents.as_ref();
        for (value, key) in [
            (&mut roles.research, "roles.research"),
            (&mut roles.implement, "roles.implement"),
            (&mut roles.test, "roles.test"),
            (&mut roles.review, "roles.review"),
        ] {
            let names = |agents: Option<&std::collections::BTreeMap<AgentName, _>>, name: &AgentName| {
                agents.is_some_and(|agents| agents.contains_key(name))
            };
            if value.as_ref().is_some_and(|name| names(brought, name) && !names(known, name)) {
                self.drop(value, key, "the agent it names came with the project");
            }
        }
    }

    fn commands(&mut self, layer: &mut Layer) {
        for name in layer.agents.take().unwrap_or_default().into_keys() {
            self.note(&format!("agents.{name}"), COMMANDS);
        }
        for name in layer.models.take().unwrap_or_default().into_keys() {
            self.note(
                &format!("models.{name}"),
                "a project file may not bring models: they are sent your code and your keys",
            );
        }
        if let Some(model) = &mut layer.model {
            self.drop(&mut model.record, "model.record", "a project file may not have requests recorded");
        }
        for name in layer.checks.take().unwrap_or_default().into_keys() {
            self.note(&format!("checks.{name}"), COMMANDS);
        }
        if let Some(workspace) = &mut layer.workspace {
            self.drop(&mut workspace.setup, "workspace.setup", COMMANDS);
            self.drop(&mut workspace.copy, "workspace.copy", "a project file may not hand on files that git ignores");
        }
        if let Some(verify) = &mut layer.verify {
            self.drop(&mut verify.pass_env, "verify.pass_env", "a project file may not hand on variables");
        }
    }
}

/// How far a planner may cost something: never, where a model is configured, always.
fn may_cost(planner: PlannerUse) -> u8 {
    match planner {
        PlannerUse::Template => 0,
        PlannerUse::Auto => 1,
        PlannerUse::Model => 2,
    }
}

/// Whether a path without `.` and `..` lies in `folder`, also when links in it are followed as far as it exists.
fn is_inside(path: &Path, folder: &Path) -> bool {
    let Ok(real_folder) = fs::canonical(folder) else { return false };
    let real = path.ancestors().find_map(|part| fs::canonical(part).ok());
    path.starts_with(folder) && real.is_some_and(|real| real.starts_with(&real_folder))
}
