//! The opening of every report: two to five sentences made from the facts alone.

use super::{CheckRow, Facts, Standing, Summary, TaskRow, TaskStatus, words};
use crate::event::{CheckStatus, RunVerdict};
use crate::text;

impl Summary {
    /// What was asked, what was done, what proves it, what failed, what remains: one sentence each, as far
    /// as there is something to say. They hold words of strangers, not yet escaped.
    pub fn synthesis(&self, facts: &Facts) -> Vec<String> {
        let mut sentences = vec![self.asked()];
        sentences.extend(self.done(facts));
        sentences.extend(self.proof());
        sentences.extend(self.failed());
        sentences.push(self.remains(facts));
        sentences
    }

    fn asked(&self) -> String {
        let ticket = self.reference().map_or(String::new(), |key| format!(" ({})", text::printable(key, 40)));
        let title = text::printable(self.title(), 160);
        let planner = match self.started().map_or("", |started| started.planned_by.as_str()) {
            "file" => "from a file".to_owned(),
            planner => format!("by the {} planner", text::printable(planner, 40)),
        };
        match self.plan() {
            Some(_) => {
                format!("“{title}”{ticket} became a plan of {}, {planner}.", words::count(self.tasks.len(), "task"))
            }
            None => format!("“{title}”{ticket} has no accepted plan yet."),
        }
    }

    fn done(&self, facts: &Facts) -> Option<String> {
        self.plan()?;
        if matches!(self.standing(facts.liveness), Standing::Finished(RunVerdict::Planned)) {
            return Some("Only the plan was asked for: no task was run.".to_owned());
        }
        let census = self.census();
        let mut parts = vec![format!("{} of {} succeeded", census.passed, words::count(census.planned, "task"))];
        for (n, what) in [
            (census.failed, "failed"),
            (census.skipped, "skipped"),
            (census.cancelled, "cancelled"),
            (census.replaced, "replaced by others"),
            (census.open, "not finished"),
        ] {
            if n > 0 {
                parts.push(format!("{n} {what}"));
            }
        }
        let over = match self.sessions.len() {
            0 | 1 => String::new(),
            n => format!(" over {n} processes"),
        };
        let change = facts.diff.as_ref().map_or_else(String::new, |diff| match diff.files.len() {
            0 => "; no file was changed".to_owned(),
            n => format!("; the change touches {} (+{} −{})", words::count(n, "file"), diff.added(), diff.removed()),
        });
        Some(format!("{} in {}{over}{change}.", parts.join(", "), words::span(self.elapsed())))
    }

    fn proof(&self) -> Option<String> {
        let turned: Vec<String> = names(self.checks.iter().filter(|row| turned_green(row)));
        if !turned.is_empty() {
            let (noun, was) = if turned.len() == 1 { ("check", "was") } else { ("checks", "were") };
            return Some(format!(
                "What proves it: the {noun} {} {was} red before the change and green after it.",
                words::list(&turned)
            ));
        }
        let green: Vec<String> = names(self.checks.iter().filter(|row| row.after.status == CheckStatus::Green));
        let replaced = |row: &&CheckRow| {
            let task = row.task.as_ref().and_then(|task| self.task(task));
            task.is_some_and(|task| task.status == TaskStatus::Replaced)
        };
        let red = self.checks.iter().filter(|row| row.after.status == CheckStatus::Red && !replaced(row));
        let red: Vec<String> = names(red);
        if !red.is_empty() {
            let (noun, is) = if red.len() == 1 { ("check", "is") } else { ("checks", "are") };
            return Some(format!("Nothing proves it: the {noun} {} {is} red after the change.", words::list(&red)));
        }
        if !green.is_empty() {
            return Some(format!(
                "What was green is green still ({}), but no check was red before the change, so none proves the work.",
                words::list(&green)
            ));
        }
        // Research and reviews are verified without a check; only a change wants one.
        let changed = self.tasks.iter().any(|task| !task.role.is_read_only() && task.status == TaskStatus::Succeeded);
        changed.then(|| "No check that orchestra ran proves any of it.".to_owned())
    }

    fn failed(&self) -> Option<String> {
        let failed: Vec<&TaskRow> = self.tasks.iter().filter(|task| task.status == TaskStatus::Failed).collect();
        let first = failed.first()?;
        let why = first.error.as_ref().map_or(String::new(), |(class, detail)| {
            format!(": {class}: {}", text::printable(words::last_line(detail), 160))
        });
        let claim = match first.claim {
            Some(super::Claim::Done) if first.opinion.is_none() => ", though its agent said done",
            Some(super::Claim::Done | super::Claim::Failed) | None => "",
        };
        let more = match failed.len() - 1 {
            0 => String::new(),
            n => format!(" (and {n} more)"),
        };
        Some(format!("Task {} failed{claim}{why}{more}.", first.id))
    }

    fn remains(&self, facts: &Facts) -> String {
        if let Some(onto) = self.applied.last() {
            return format!("The change was applied onto {}.", text::printable(&onto.path, 160));
        }
        let next = self.next_steps(facts).into_iter().next();
        let todo = next.map_or(String::new(), |next| format!(" What remains: {}.", next.why));
        match self.standing(facts.liveness) {
            Standing::Running => "It is still running.".to_owned(),
            Standing::Interrupted => format!("Its process died before the run ended.{todo}"),
            Standing::Stopped(cause) => format!("It stopped because {}.{todo}", self.why_stopped(&cause)),
            Standing::Finished(_) if todo.is_empty() => "Nothing remains to be done.".to_owned(),
            Standing::Finished(_) => todo.trim_start().to_owned(),
        }
    }
}

fn turned_green(row: &CheckRow) -> bool {
    row.after.status == CheckStatus::Green
        && row.before.as_ref().is_some_and(|before| before.status == CheckStatus::Red)
}

/// Names without repetition, in order, at most six.
fn names<'a>(rows: impl Iterator<Item = &'a CheckRow>) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for row in rows {
        if names.len() == 6 {
            break;
        }
        let name = row.name.to_string();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}
