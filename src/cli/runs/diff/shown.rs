//! A difference for people, and for programs.

use serde_json::{Value, json};

use super::Difference;
use super::patch::FilePatch;
use super::settings::Setting;
use super::side::{Numbers, TaskSide};
use crate::report::words;
use crate::text::printable;

/// Characters of a value, and of a title.
const VALUE: usize = 60;

impl Difference {
    /// Everything that differs, and in a word, what does not.
    pub(super) fn lines(&self) -> Vec<String> {
        let mut out = vec![head("A", &self.a), head("B", &self.b)];
        if self.a.ticket_sha != self.b.ticket_sha {
            out.push("they were not given the same ticket".to_owned());
        }
        section(&mut out, "config", self.settings.iter().map(setting).collect());
        section(&mut out, "plan", self.plan_lines());
        section(&mut out, "tasks", self.task_lines());
        section(&mut out, "patch", self.patch_lines());
        section(&mut out, "numbers", numbers(&self.a, &self.b));
        out
    }

    /// The same for programs.
    pub(super) fn json(&self, with_patch: bool) -> Value {
        json!({
            "a": self.a,
            "b": self.b,
            "config": self.settings,
            "plan": self.plan,
            "tasks": self.tasks,
            "patch": self.patch.json(with_patch),
        })
    }

    fn plan_lines(&self) -> Vec<String> {
        let plan = &self.plan;
        if plan.is_empty() {
            return Vec::new();
        }
        let mut lines: Vec<String> = Vec::new();
        if !plan.fields.is_empty() {
            lines.push(format!("~ the plan itself: {}", plan.fields.join(", ")));
        }
        lines.extend(plan.removed.iter().map(|task| format!("- {task}")));
        lines.extend(plan.added.iter().map(|task| format!("+ {task}")));
        lines.extend(plan.changed.iter().map(|task| format!("~ {}: {}", task.id, task.fields.join(", "))));
        lines
    }

    fn task_lines(&self) -> Vec<String> {
        let differing = self.tasks.iter().filter(|pair| !pair.is_same());
        differing.map(|pair| format!("{}: {} → {}", pair.id, task(pair.a.as_ref()), task(pair.b.as_ref()))).collect()
    }

    fn patch_lines(&self) -> Vec<String> {
        let patch = &self.patch;
        if patch.is_empty() {
            return Vec::new();
        }
        let mut lines: Vec<String> = Vec::new();
        lines.extend(patch.only_a.iter().map(|file| format!("only in A: {} ({})", name(file), size(file))));
        lines.extend(patch.only_b.iter().map(|file| format!("only in B: {} ({})", name(file), size(file))));
        let both = |(a, b): &(FilePatch, FilePatch)| format!("differs: {} ({} → {})", name(a), size(a), size(b));
        lines.extend(patch.differs.iter().map(both));
        if !patch.same.is_empty() {
            lines.push(format!("the same in {}", words::count(patch.same.len(), "file")));
        }
        lines
    }
}

fn head(name: &str, of: &Numbers) -> String {
    let exit = of.exit_code.map_or_else(String::new, |code| format!(" (exit {code})"));
    let reference = of.reference.as_ref().map_or_else(String::new, |key| format!("{}  ", printable(key, 40)));
    format!("{name}  {}  {}{exit}  {reference}{}", of.run, of.verdict, printable(&of.title, VALUE))
}

/// A heading with its lines; in one line, where there is nothing to tell.
fn section(out: &mut Vec<String>, title: &str, lines: Vec<String>) {
    out.push(String::new());
    if lines.is_empty() {
        out.push(format!("{title}: the same"));
        return;
    }
    out.push(title.to_owned());
    out.extend(lines.into_iter().map(|line| format!("  {line}")));
}

fn setting(it: &Setting) -> String {
    let value = |value: &Option<Value>| {
        value.as_ref().map_or_else(|| "not set".to_owned(), |value| printable(&plain(value), VALUE))
    };
    format!("{}: {} → {}", printable(&it.key, 120), value(&it.a), value(&it.b))
}

/// A text without its quotes, anything else as JSON.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn task(side: Option<&TaskSide>) -> String {
    let Some(side) = side else { return "not there".to_owned() };
    let verdict = side.verdict.map_or_else(String::new, |verdict| format!(", {}", words::verdict(verdict)));
    let attempts = words::count(side.attempts, "attempt");
    format!("{}{verdict}, {attempts}, {}", side.status.as_str(), words::millis(side.duration_ms))
}

fn name(file: &FilePatch) -> String {
    printable(&file.path, 200)
}

fn size(file: &FilePatch) -> String {
    format!("+{} −{}", file.added, file.removed)
}

fn numbers(a: &Numbers, b: &Numbers) -> Vec<String> {
    let said = |of: &Numbers| {
        [
            ("tasks that succeeded", format!("{} of {}", of.passed, of.tasks)),
            ("attempts", of.attempts.to_string()),
            ("wall time", words::millis(of.elapsed_ms)),
            ("time in attempts and checks", words::millis(of.worked_ms)),
            ("tokens", words::tokens(&of.usage)),
            ("cost", of.usage.usd.map_or_else(|| "unknown".to_owned(), words::dollars)),
        ]
    };
    let pairs = said(a).into_iter().zip(said(b));
    pairs.map(|((label, a), (_, b))| format!("{label:<30}{}", if a == b { a } else { format!("{a} → {b}") })).collect()
}
