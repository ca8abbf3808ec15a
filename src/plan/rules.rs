//! What must hold of a task by itself: its texts, globs, checks and limits.

use std::borrow::Cow;
use std::collections::HashMap;

use globset::GlobBuilder;

use super::fault::{Fault, quoted};
use super::gathered::Gathered;
use super::model::{Check, CheckRef, Task, TaskLimits};
use crate::ids::CheckName;
use crate::text::{clean, printable};
use crate::time::Span;

/// Most characters of a title; a longer one is cut.
pub(super) const TITLE: usize = 200;
/// Most bytes of a task's instructions.
const INSTRUCTIONS: usize = 64 << 10;
/// Most bytes of a glob.
const GLOB: usize = 1024;
/// Most bytes of the globs of one list: all of them become one machine, which may not be too large either.
const GLOBS: usize = 64 << 10;
/// Alternatives within alternatives: what takes a glob apart at the end of a task has a limit of its own, far above this.
const NESTED: usize = 8;

/// Tidies every task and reports what is wrong with it.
pub(super) fn check_tasks(tasks: &mut [Task], faults: &mut Gathered) {
    let mut own: HashMap<CheckName, (Check, usize)> = HashMap::new();
    for (i, task) in tasks.iter_mut().enumerate() {
        check_texts(i, task, faults);
        check_globs(i, task, faults);
        check_limits(i, &task.limits, faults);
        check_checks(i, task, &mut own, faults);
    }
}

fn check_texts(i: usize, task: &mut Task, faults: &mut Gathered) {
    let title = task.title.trim();
    if title.is_empty() {
        faults
            .push(Fault::new(format!("$.tasks[{i}].title"), format!("task {} has no title", quoted(task.id.as_str()))));
    } else if title.len() != task.title.len() || title.len() > TITLE || needs_cleaning(title) {
        task.title = printable(title, TITLE);
    }
    if task.instructions.len() > INSTRUCTIONS {
        let message =
            format!("the instructions have {} bytes; the most allowed is {INSTRUCTIONS}", task.instructions.len());
        faults.push(
            Fault::new(format!("$.tasks[{i}].instructions"), message)
                .hint("split the task, or put the detail in a file"),
        );
    }
}

fn needs_cleaning(text: &str) -> bool {
    text.contains(['\n', '\t']) || is_hostile(text)
}

/// Whether `text` holds a control or an invisible mark.
fn is_hostile(text: &str) -> bool {
    matches!(clean(text), Cow::Owned(_))
}

fn check_globs(i: usize, task: &mut Task, faults: &mut Gathered) {
    let lists = [
        ("scope.read", &mut task.scope.read),
        ("scope.write", &mut task.scope.write),
        ("artifacts", &mut task.artifacts),
    ];
    for (field, globs) in lists {
        let bytes: usize = globs.iter().map(String::len).sum();
        if bytes > GLOBS {
            let message = format!("the globs have {bytes} bytes together; the most allowed is {GLOBS}");
            let fault = Fault::new(format!("$.tasks[{i}].{field}"), message);
            faults.push(fault.hint("name folders instead of files"));
            continue;
        }
        for (k, glob) in globs.iter_mut().enumerate() {
            tidy_glob(glob);
            if let Err(why) = check_glob(glob) {
                let message = format!("{} {why}", quoted(glob));
                faults.push(
                    Fault::new(format!("$.tasks[{i}].{field}[{k}]"), message)
                        .hint("globs are relative to the project, like src/**/*.rs"),
                );
            }
        }
    }
    if task.role.is_read_only() && !task.scope.write.is_empty() {
        let message = format!("a {} task leaves the tree as it was, so it may not write", task.role);
        faults.push(
            Fault::new(format!("$.tasks[{i}].scope.write"), message).hint("remove it, or give the task another role"),
        );
    }
}

/// `./src` means `src`, and a folder with its slash means all that is in it.
fn tidy_glob(glob: &mut String) {
    while let Some(rest) = glob.strip_prefix("./") {
        *glob = rest.to_owned();
    }
    if glob.len() > 1 && glob.ends_with('/') {
        glob.push_str("**");
    }
}

fn check_glob(glob: &str) -> Result<(), Cow<'static, str>> {
    if glob.trim().is_empty() {
        return Err("is empty".into());
    }
    if glob.len() > GLOB {
        return Err(format!("is longer than {GLOB} bytes").into());
    }
    if is_hostile(glob) || glob.contains(['\n', '\t']) {
        return Err("holds a control or invisible character".into());
    }
    let drive = glob.as_bytes().get(1) == Some(&b':') && glob.as_bytes()[0].is_ascii_alphabetic();
    if glob.starts_with(['/', '\\', '~']) || drive {
        return Err("is an absolute path".into());
    }
    // Alternatives and classes could assemble `..` or a leading `/` out of harmless pieces.
    if glob.split(['/', '\\', '{', '}', ',', '[', ']']).any(|part| part == "..")
        || glob.contains("{/")
        || glob.contains(",/")
    {
        return Err("leads out of the project".into());
    }
    // Without classes, alternatives and escapes there is nothing that could be malformed.
    if !glob.contains(['[', ']', '{', '}', '\\']) {
        return Ok(());
    }
    if nesting(glob) > NESTED {
        return Err(format!("has alternatives nested deeper than {NESTED} levels").into());
    }
    match GlobBuilder::new(glob).literal_separator(true).build() {
        Ok(_) => Ok(()),
        Err(error) => Err(format!("is not a glob: {}", printable(&error.kind().to_string(), 120)).into()),
    }
}

/// How deep its braces are nested; those in classes or behind a backslash count too, which does no harm.
fn nesting(glob: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    for byte in glob.bytes() {
        match byte {
            b'{' => depth += 1,
            b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

fn check_limits(i: usize, limits: &TaskLimits, faults: &mut Gathered) {
    if limits.attempts == Some(0) {
        faults.push(Fault::new(format!("$.tasks[{i}].limits.attempts"), "a task has at least 1 attempt"));
    }
    for (field, span) in [("time", limits.time), ("idle", limits.idle)] {
        if span == Some(Span::ZERO) {
            faults.push(Fault::new(format!("$.tasks[{i}].limits.{field}"), "it must be more than 0s"));
        }
    }
}

fn check_checks(i: usize, task: &mut Task, own: &mut HashMap<CheckName, (Check, usize)>, faults: &mut Gathered) {
    for (k, check) in task.checks.iter().flatten().enumerate() {
        let CheckRef::Own(check) = check else {
            // Whether a named check exists is known only with config and project at hand.
            continue;
        };
        let path = |field: &str| format!("$.tasks[{i}].checks[{k}]{field}");
        if check.run.is_empty() {
            let fault = Fault::new(path(".run"), "it has no command");
            faults.push(fault.hint("give program and arguments as a list"));
        } else if check.run[0].trim().is_empty() {
            faults.push(Fault::new(path(".run[0]"), "the program is empty"));
        }
        if let Some(n) = check.run.iter().position(|argument| argument.contains('\0')) {
            faults.push(Fault::new(path(&format!(".run[{n}]")), "an argument cannot hold a NUL character"));
        }
        if check.timeout == Some(Span::ZERO) {
            faults.push(Fault::new(path(".timeout"), "it must be more than 0s"));
        }
        match own.get(&check.name) {
            Some((first, at)) if first != check => faults.push(
                Fault::new(path(".name"), format!("{} already means another check", quoted(check.name.as_str())))
                    .hint(format!("it is first used in $.tasks[{at}]")),
            ),
            Some(_) => {}
            None => {
                own.insert(check.name.clone(), (check.clone(), i));
            }
        }
    }
}

/// Whether a plan may name `glob`: it is valid, relative, and stays inside the project.
pub fn is_sound_glob(glob: &str) -> bool {
    check_glob(glob).is_ok()
}
