//! From a JSON value to the parts of a draft, field by field. A wrong value becomes a fault and a harmless
//! stand-in, so that the rest is judged too.

use std::fmt::Display;
use std::str::FromStr;

use super::fault::{Fault, quoted};
use super::fields::{self, Field, Fields};
use super::gathered::Gathered;
use super::json::Json;
use super::model::{
    Check, CheckKind, CheckRef, Expect, Goal, OnInterrupt, PlanBase, Role, RunIf, Scope, Task, TaskLimits, TicketRef,
};
use super::repair::{Repair, RepairKind};
use crate::ids::TaskId;

/// What was found on the way.
#[derive(Default)]
pub(super) struct Walk {
    pub(super) faults: Gathered,
    pub(super) repairs: Vec<Repair>,
}

/// A value with its path.
pub(super) type At = (String, Json);

impl Walk {
    pub(super) fn fault(&mut self, path: impl Into<String>, message: impl Into<String>) {
        self.faults.push(Fault::new(path, message));
    }

    pub(super) fn repair(&mut self, kind: RepairKind, path: impl Into<String>, note: impl Into<String>) {
        self.repairs.push(Repair { kind, path: path.into(), place: None, note: note.into() });
    }

    pub(super) fn expected(&mut self, path: &str, what: &str, found: &Json) {
        self.fault(path, format!("expected {what}, found {}", found.kind()));
    }

    pub(super) fn fields(&mut self, (path, json): At, known: &'static [Field]) -> Option<Fields> {
        match json {
            Json::Object(entries) => Some(Fields::of(path, entries, known, &mut self.faults, &mut self.repairs)),
            other => {
                self.expected(&path, "an object", &other);
                None
            }
        }
    }

    pub(super) fn text(&mut self, at: Option<At>) -> Option<String> {
        match at? {
            (_, Json::Text(text)) => Some(text),
            (path, other) => {
                self.expected(&path, "text", &other);
                None
            }
        }
    }

    pub(super) fn list(&mut self, at: Option<At>) -> Vec<At> {
        match at {
            None => Vec::new(),
            Some((path, Json::List(items))) => {
                items.into_iter().enumerate().map(|(i, item)| (format!("{path}[{i}]"), item)).collect()
            }
            Some((path, other)) => {
                self.expected(&path, "a list", &other);
                Vec::new()
            }
        }
    }

    fn texts(&mut self, at: Option<At>) -> Vec<String> {
        self.list(at).into_iter().filter_map(|item| self.text(Some(item))).collect()
    }

    /// A text that is read by its type's own rules.
    pub(super) fn parsed<T>(&mut self, at: Option<At>) -> Option<T>
    where
        T: FromStr,
        T::Err: Display,
    {
        let path = at.as_ref().map(|(path, _)| path.clone())?;
        let text = self.text(at)?;
        match text.parse() {
            Ok(value) => Some(value),
            Err(error) => {
                self.fault(path, error.to_string());
                None
            }
        }
    }

    /// An id as text; a whole number is taken as its digits.
    pub(super) fn id_text(&mut self, at: Option<At>) -> Option<String> {
        match at? {
            (path, Json::Number(digits)) if digits.bytes().all(|b| b.is_ascii_digit()) => {
                self.repair(
                    RepairKind::NumberAsId,
                    path,
                    format!("the number {digits} was taken as the id `{digits}`"),
                );
                Some(digits)
            }
            (_, Json::Text(text)) => Some(text),
            (path, other) => {
                self.expected(&path, "an id as text", &other);
                None
            }
        }
    }

    pub(super) fn id(&mut self, at: Option<At>) -> Option<TaskId> {
        let path = at.as_ref().map(|(path, _)| path.clone())?;
        let text = self.id_text(at)?;
        match TaskId::new(&text) {
            Ok(id) => Some(id),
            Err(error) => {
                self.fault(path, error.to_string());
                None
            }
        }
    }

    pub(super) fn ids(&mut self, at: Option<At>) -> Vec<TaskId> {
        self.list(at).into_iter().filter_map(|item| self.id(Some(item))).collect()
    }

    fn flag(&mut self, at: Option<At>) -> bool {
        match at {
            None => false,
            Some((_, Json::Bool(value))) => value,
            Some((path, other)) => {
                self.expected(&path, "true or false", &other);
                false
            }
        }
    }

    fn count(&mut self, at: Option<At>) -> Option<u32> {
        match at? {
            (path, Json::Number(digits)) => {
                let count = digits.parse().ok();
                if count.is_none() {
                    self.fault(path, format!("expected a whole number from 1, found {}", quoted(&digits)));
                }
                count
            }
            (path, other) => {
                self.expected(&path, "a whole number", &other);
                None
            }
        }
    }

    /// One of a closed set of words.
    pub(super) fn choice<T: Copy>(&mut self, at: Option<At>, words: &[(&str, T)]) -> Option<T> {
        let path = at.as_ref().map(|(path, _)| path.clone())?;
        let text = self.text(at)?;
        let found = words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
        if found.is_none() {
            let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            self.fault(path, format!("expected one of {}, found {}", known.join(", "), quoted(&text)));
        }
        found
    }

    fn role(&mut self, at: Option<At>, missing: String) -> Option<Role> {
        let Some((path, json)) = at else {
            self.fault(missing, "the role is missing; it is one of research, implement, test, review");
            return None;
        };
        let Json::Text(text) = json else {
            self.expected(&path, "a role as text", &json);
            return None;
        };
        if let Some(role) = Role::ALL.into_iter().find(|role| role.as_str() == text) {
            return Some(role);
        }
        let role = match text.trim().to_ascii_lowercase().as_str() {
            "research" | "analysis" => Role::Research,
            "implement" | "implementation" | "code" => Role::Implement,
            "test" | "verify" => Role::Test,
            "review" => Role::Review,
            _ => {
                self.fault(path, format!("expected one of research, implement, test, review, found {}", quoted(&text)));
                return None;
            }
        };
        self.repair(RepairKind::RoleName, path, format!("{} was read as the role {role}", quoted(&text)));
        Some(role)
    }

    pub(super) fn goal(&mut self, at: Option<At>) -> Goal {
        match at {
            None => Goal::default(),
            Some((path, Json::Text(summary))) => {
                self.repair(RepairKind::GoalAsText, path, RepairKind::GoalAsText.note());
                Goal { summary, success_criteria: Vec::new() }
            }
            Some(at) => self.fields(at, fields::GOAL).map_or_else(Goal::default, |mut goal| Goal {
                summary: self.text(goal.take("summary")).unwrap_or_default(),
                success_criteria: self.texts(goal.take("success_criteria")),
            }),
        }
    }

    pub(super) fn ticket(&mut self, at: Option<At>) -> Option<TicketRef> {
        let mut ticket = self.fields(at?, fields::TICKET)?;
        let reference = self.text(ticket.take("ref"));
        let text = self.text(ticket.take("text"));
        let digest = self.required(&mut ticket, "digest")?;
        Some(TicketRef { reference, digest, text })
    }

    pub(super) fn base(&mut self, at: Option<At>) -> Option<PlanBase> {
        let mut base = self.fields(at?, fields::BASE)?;
        let commit = self.text(base.take("commit"));
        let tree = self.required(&mut base, "tree")?;
        Some(PlanBase { tree, commit })
    }

    fn required<T>(&mut self, fields: &mut Fields, name: &str) -> Option<T>
    where
        T: FromStr,
        T::Err: Display,
    {
        let at = fields.take(name);
        if at.is_none() {
            self.fault(fields.at(name), format!("`{name}` is missing"));
        }
        self.parsed(at)
    }

    /// A task; none when it has no usable id, which is a fault. Its other fields are judged all the same.
    pub(super) fn task(&mut self, at: At) -> Option<Task> {
        let mut task = self.fields(at, fields::TASK)?;
        let id = task.take("id");
        if id.is_none() {
            self.fault(task.at("id"), "the task has no id");
        }
        let id = self.id(id);
        if let Some((path, _)) = task.take("tasks") {
            let fault = Fault::new(path, "a task cannot hold tasks");
            self.faults.push(fault.hint("put them in the plan's `tasks` and order them by depends_on"));
        }
        let title = self.task_title(&mut task, id.as_ref());
        let missing = task.at("role");
        let role = self.role(task.take("role"), missing);
        let run_if = [("success", RunIf::Success), ("always", RunIf::Always)];
        let on_interrupt = [("rerun", OnInterrupt::Rerun), ("ask", OnInterrupt::Ask)];
        let instructions = self.text(task.take("instructions")).unwrap_or_default();
        let depends_on = self.ids(task.take("depends_on"));
        let scope = self.scope(&mut task);
        let checks = task.take("checks").map(|at| self.checks(at));
        let artifacts = self.texts(task.take("artifacts"));
        let approval = self.flag(task.take("approval"));
        let run_if = self.choice(task.take("run_if"), &run_if).unwrap_or_default();
        let on_interrupt = self.choice(task.take("on_interrupt"), &on_interrupt).unwrap_or_default();
        let limits = self.limits(task.take("limits"));
        // A wrong role is a fault by now, so what stands in for it is never run.
        let role = role.unwrap_or(Role::Implement);
        let id = id?;
        Some(Task {
            id,
            title,
            role,
            instructions,
            depends_on,
            scope,
            checks,
            artifacts,
            approval,
            run_if,
            on_interrupt,
            limits,
        })
    }

    fn task_title(&mut self, task: &mut Fields, id: Option<&TaskId>) -> String {
        let id = id.map(TaskId::to_string).unwrap_or_default();
        let title = task.take("title");
        if title.is_none() {
            self.repair(RepairKind::Filled, task.at("title"), "the title was taken from the id");
        }
        // A wrong one is a fault by now, so what stands in for it is never shown.
        self.text(title).unwrap_or(id)
    }

    fn scope(&mut self, task: &mut Fields) -> Scope {
        let mut scope = Scope::default();
        if let Some(mut fields) = task.take("scope").and_then(|at| self.fields(at, fields::SCOPE)) {
            scope.read = self.texts(fields.take("read"));
            scope.write = self.texts(fields.take("write"));
            scope.constraints = self.texts(fields.take("constraints"));
        }
        for (name, own, list) in
            [("files_read", "scope.read", &mut scope.read), ("files_write", "scope.write", &mut scope.write)]
        {
            let Some(at) = task.take(name) else { continue };
            let path = at.0.clone();
            if list.is_empty() {
                self.repair(RepairKind::Alias, path, format!("`{name}` was read as `{own}`"));
                *list = self.texts(Some(at));
            } else {
                self.fault(path, format!("`{name}` and `{own}` are the same field"));
            }
        }
        scope
    }

    fn checks(&mut self, at: At) -> Vec<CheckRef> {
        self.list(Some(at)).into_iter().filter_map(|item| self.check(item)).collect()
    }

    fn check(&mut self, at: At) -> Option<CheckRef> {
        if let (path, Json::Text(_)) = &at {
            let path = path.clone();
            let before = self.faults.len();
            let name = self.parsed(Some(at));
            if let Some(fault) = self.faults.since(before).first_mut() {
                *fault = Fault::new(path, fault.message.clone())
                    .hint("a check is a name, or {\"name\": …, \"run\": [program, argument, …]}");
            }
            return name.map(CheckRef::Named);
        }
        let mut check = self.fields(at, fields::CHECK)?;
        let name = self.required(&mut check, "name");
        let run = check.take("run");
        if run.is_none() {
            self.fault(check.at("run"), "`run` is missing: the program and its arguments as a list");
        }
        let run = self.texts(run);
        let timeout = self.parsed(check.take("timeout"));
        let expect = self.choice(check.take("expect"), &[("keep", Expect::Keep), ("change", Expect::Change)]);
        let kind = self.choice(check.take("kind"), &[("suite", CheckKind::Suite), ("build", CheckKind::Build)]);
        let (expect, kind) = (expect.unwrap_or_default(), kind.unwrap_or_default());
        Some(CheckRef::Own(Check { name: name?, run, timeout, expect, kind }))
    }

    fn limits(&mut self, at: Option<At>) -> TaskLimits {
        let Some(mut limits) = at.and_then(|at| self.fields(at, fields::LIMITS)) else { return TaskLimits::default() };
        TaskLimits {
            time: self.parsed(limits.take("time")),
            idle: self.parsed(limits.take("idle")),
            attempts: self.count(limits.take("attempts")),
        }
    }
}
