//! `run --dry-run`: what would be done, without doing any of it.

use serde::Serialize;

use super::asked::Task;
use super::equip::{describe, shown};
use super::{CliError, Exit, Session};
use crate::config::Loaded;
use crate::console::Output;
use crate::dispatch::Equipment;
use crate::event::{Budget, Terms};
use crate::graph::{Graph, batch_name};
use crate::ids::{AgentName, TaskId};
use crate::plan::{Check, Draft, Role};
use crate::report::words;
use crate::run::checks_of;
use crate::text;

/// What a dry run prints as JSON.
#[derive(Serialize)]
struct Preview<'a> {
    dry_run: bool,
    project: String,
    workspace: crate::workspace::WorkspaceMode,
    sandbox: crate::event::Sandbox,
    planned_by: &'a str,
    terms: &'a Terms,
    tasks: Vec<TaskPreview<'a>>,
    plan: &'a Draft,
}

#[derive(Serialize)]
struct TaskPreview<'a> {
    id: &'a TaskId,
    title: &'a str,
    role: Role,
    batch: String,
    depends_on: &'a [TaskId],
    agent: &'a AgentName,
    does: String,
    checks: Vec<CheckPreview>,
    approval: bool,
}

#[derive(Serialize)]
struct CheckPreview {
    name: crate::ids::CheckName,
    run: Vec<String>,
    expect: crate::plan::Expect,
}

/// Shows what a run would do.
pub(super) fn show(
    session: &Session,
    loaded: &Loaded,
    task: &Task,
    plan: &Draft,
    catalogue: &[Check],
    equipment: &Equipment,
) -> Result<Exit, CliError> {
    // The agents are found, as before a run, and not used.
    equipment.make_agents(&equipment.supervisors(None)?)?;
    let plan = plan.clone().accept(&task.caps).map_err(|faults| CliError::refused_plan("of this run", &faults))?;
    let graph = Graph::of(&plan).map_err(|error| CliError::internal(&error))?;
    let mut batches = vec![String::new(); plan.tasks.len()];
    for (at, batch) in graph.batches().into_iter().enumerate() {
        for ordinal in batch {
            batches[ordinal as usize] = batch_name(at);
        }
    }
    let config = &loaded.config;
    let mut terms = super::equip::first_terms(loaded);
    super::jobs::settle(session, config, &mut terms, Some(&plan));
    let tasks = plan.tasks.iter().zip(batches).map(|(task, batch)| {
        let agent = config.agent_of(task.role);
        let checks = checks_of(task, catalogue);
        TaskPreview {
            id: &task.id,
            title: &task.title,
            role: task.role,
            batch,
            depends_on: &task.depends_on,
            agent,
            does: describe(config, agent),
            checks: checks
                .into_iter()
                .map(|check| CheckPreview { name: check.name, run: check.run, expect: check.expect })
                .collect(),
            approval: task.approval,
        }
    });
    let preview = Preview {
        dry_run: true,
        project: loaded.project_root.display().to_string(),
        workspace: config.workspace.mode,
        sandbox: crate::event::Sandbox::None,
        planned_by: plan.planned_by.as_deref().unwrap_or("file"),
        terms: &terms,
        tasks: tasks.collect(),
        plan: &plan,
    };
    match session.console.output() {
        Output::Json | Output::Jsonl => session.document(&preview)?,
        Output::Text => {
            for line in lines(&preview) {
                session.console.line(&line);
            }
        }
    }
    Ok(Exit::Success)
}

fn lines(preview: &Preview<'_>) -> Vec<String> {
    let title = text::printable(&preview.plan.title, 80);
    let mut lines = vec![
        format!("{title}: {}, planned by {}", words::count(preview.tasks.len(), "task"), preview.planned_by),
        format!("project {}", preview.project),
        format!(
            "limits: run {}, task {}, silence {}, {}, {} per task",
            preview.terms.run_time,
            preview.terms.task_time,
            preview.terms.idle_time,
            words::count(preview.terms.launches, "launch"),
            words::count(preview.terms.attempts, "attempt")
        ),
    ];
    if let Some(Budget { run, attempt, .. }) = &preview.terms.budget {
        lines.push(format!(
            "budget: ${} and {} tokens; an attempt ${} and {} tokens",
            run.usd, run.tokens, attempt.usd, attempt.tokens
        ));
    }
    for task in &preview.tasks {
        lines.push(String::new());
        lines.push(format!("{} {} ({}) {}", task.batch, task.id, task.role, text::printable(task.title, 80)));
        if !task.depends_on.is_empty() {
            let names: Vec<&str> = task.depends_on.iter().map(TaskId::as_str).collect();
            lines.push(format!("   after  {}", names.join(", ")));
        }
        lines.push(format!("   agent  {} ({})", task.agent, task.does));
        for check in &task.checks {
            let expect = match check.expect {
                crate::plan::Expect::Change => "must turn from red to green",
                crate::plan::Expect::Keep => "must not get worse",
            };
            lines.push(format!("   check  {}: {} ({expect})", check.name, shown(&check.run)));
        }
        if task.approval {
            lines.push("   asks   a person before it starts".to_owned());
        }
    }
    lines.push(String::new());
    lines.push("dry run: nothing was started, and nothing was written".to_owned());
    lines
}
