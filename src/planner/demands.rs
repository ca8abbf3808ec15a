//! What is demanded of a model's plan beyond what holds of every plan. Each fault is a sentence that the model can act on.

use std::collections::{BTreeSet, HashMap};

use crate::ids::CheckName;
use crate::plan::{CheckRef, Fault, Plan, Role, Task};
use crate::text::printable;

/// What is wrong with one task; `at` is its place.
///
/// - It says what is to be done.
/// - Who implements may write what the task names, and never the whole project.
/// - Checks are named out of `known`: a command that a model brings would be run by us, outside of every sandbox.
pub(super) fn of_task(at: &str, task: &Task, known: &BTreeSet<CheckName>, faults: &mut Vec<Fault>) {
    let id = &task.id;
    if task.instructions.trim().is_empty() {
        let fault = Fault::new(format!("{at}.instructions"), format!("task `{id}` has no instructions"));
        faults.push(fault.hint("say what is to be done, where, and how one sees that it is done"));
    }
    if task.role == Role::Implement && task.scope.write.is_empty() {
        let fault = Fault::new(format!("{at}.scope.write"), format!("task `{id}` does not say what it may change"));
        faults.push(fault.hint("name the files or folders, new ones included"));
    }
    for (k, glob) in task.scope.write.iter().enumerate().filter(|(_, glob)| is_everything(glob)) {
        let glob = printable(glob, 80);
        let fault =
            Fault::new(format!("{at}.scope.write[{k}]"), format!("`{glob}` lets task `{id}` change everything"));
        faults.push(fault.hint("name the files or folders that it needs"));
    }
    for (k, check) in task.checks.iter().flatten().enumerate() {
        let place = format!("{at}.checks[{k}]");
        match check {
            CheckRef::Named(name) if known.contains(name) => {}
            CheckRef::Named(name) => {
                faults.push(Fault::new(place, format!("there is no check `{name}`")).hint(those(known)));
            }
            CheckRef::Own(check) => {
                let message = format!("`{}` is a check of its own, and a plan like this names checks only", check.name);
                faults.push(Fault::new(place, message).hint(those(known)));
            }
        }
    }
}

/// What is changed is tested or reviewed: after every task that `is_judged` and implements comes one that does so.
pub(super) fn of_order(plan: &Plan, is_judged: impl Fn(&Task) -> bool, faults: &mut Vec<Fault>) {
    let ordinals: HashMap<_, _> = plan.tasks.iter().enumerate().map(|(i, task)| (&task.id, i)).collect();
    let mut is_looked_at = vec![false; plan.tasks.len()];
    let looks = |task: &Task| matches!(task.role, Role::Test | Role::Review);
    let mut next: Vec<&Task> = plan.tasks.iter().filter(|task| looks(task)).collect();
    while let Some(task) = next.pop() {
        for dep in task.depends_on.iter().filter_map(|id| ordinals.get(id)) {
            if !std::mem::replace(&mut is_looked_at[*dep], true) {
                next.push(&plan.tasks[*dep]);
            }
        }
    }
    for (i, task) in plan.tasks.iter().enumerate().filter(|(_, task)| task.role == Role::Implement && is_judged(task)) {
        if !is_looked_at[i] {
            let message = format!("nothing tests or reviews what task `{}` changes", task.id);
            let fault = Fault::new(format!("$.tasks[{i}]"), message);
            faults.push(fault.hint("add a `test` or `review` task that depends on it, directly or further on"));
        }
    }
}

/// Whether a glob takes in the whole project.
fn is_everything(glob: &str) -> bool {
    glob.split('/').all(|part| matches!(part, "" | "." | "*" | "**" | "*.*"))
}

fn those(known: &BTreeSet<CheckName>) -> String {
    if known.is_empty() {
        return "the project has none: leave `checks` empty".to_owned();
    }
    let names: Vec<&str> = known.iter().map(CheckName::as_str).collect();
    format!("take one of {}, or leave `checks` empty", names.join(", "))
}
