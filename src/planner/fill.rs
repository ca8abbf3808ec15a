//! Fills a template from a ticket.

use minijinja::{Environment, Value, context};

use super::PlannerError;
use super::pieces::{Piece, pieces};
use super::slug::Slugs;
use super::template::{Each, Step, Template, environment};
use crate::ids::{PlanId, TaskId};
use crate::plan::{
    Caps, Draft, Fault, Faults, Goal, PLAN_SCHEMA, Plan, PlanBase, Scope, Task, TaskLimits, TicketRef, is_sound_glob,
};
use crate::text::{clip, printable};
use crate::ticket::Ticket;
use crate::time::Timestamp;

/// Most characters of a title.
const TITLE: usize = 100;
/// Most bytes of instructions; a plan takes a little more.
const INSTRUCTIONS: usize = 60 << 10;
/// Most files a task is pointed at.
const PATHS: usize = 50;

/// What a plan is made with: this room has neither clock nor chance.
#[derive(Debug, Clone)]
pub struct Made {
    /// Its id.
    pub plan_id: PlanId,
    /// When.
    pub created_at: Timestamp,
    /// What it was made against.
    pub base: Option<PlanBase>,
    /// Most tasks; work beyond them goes into the last task of its step. At least one task per step is made.
    pub max_tasks: usize,
}

/// A plan, and what its reader should know about how it came about.
#[derive(Debug, Clone)]
pub struct Planned {
    /// The plan.
    pub plan: Plan,
    /// Sentences for people.
    pub notes: Vec<String>,
}

/// Fills `template` from `ticket`. The same input gives the same plan.
///
/// Work items become tasks in the ticket's order; one without open items gives one task per step. Text of the ticket
/// is put in as data and never expanded.
pub fn from_template(template: &Template, ticket: &Ticket, made: Made) -> Result<Planned, PlannerError> {
    let mut fill = Fill {
        template,
        ticket,
        env: environment()?,
        ticket_value: ticket_value(ticket),
        slugs: Slugs::default(),
        tasks: Vec::new(),
        notes: Vec::new(),
    };
    let work = fill.work(made.max_tasks);
    // Single tasks bear the step's own id, so these are taken before any title can claim one.
    for step in template.steps() {
        fill.slug(step.id.as_str(), "step")?;
    }
    let mut ends: Vec<(&TaskId, Vec<TaskId>)> = Vec::new();
    for step in template.steps() {
        let before: Vec<TaskId> =
            ends.iter().filter(|(id, _)| step.after.contains(id)).flat_map(|(_, ends)| ends.iter().cloned()).collect();
        let last = match step.each {
            Each::Item if !work.is_empty() => fill.group(step, &work, &before)?,
            Each::Item | Each::Ticket => fill.single(step, before)?,
        };
        ends.push((&step.id, last));
    }
    let Fill { tasks, notes, .. } = fill;
    let title = printable(ticket.title.trim(), TITLE);
    let draft = Draft {
        schema: PLAN_SCHEMA.to_owned(),
        plan_id: made.plan_id,
        title: title.clone(),
        goal: Goal { summary: title, success_criteria: ticket.acceptance.clone() },
        created_at: made.created_at,
        ticket: Some(TicketRef {
            reference: ticket.key.clone(),
            digest: ticket.digest.clone(),
            text: Some(ticket.text.clone()),
        }),
        base: made.base,
        planned_by: Some("template".to_owned()),
        tasks,
        batches: Vec::new(),
    };
    match draft.accept(&Caps::default()) {
        Ok(plan) => Ok(Planned { plan, notes }),
        Err(source) => Err(PlannerError::Refused { template: template.name().to_owned(), source }),
    }
}

struct Fill<'a> {
    template: &'a Template,
    ticket: &'a Ticket,
    env: Environment<'static>,
    ticket_value: Value,
    slugs: Slugs,
    tasks: Vec<Task>,
    notes: Vec<String>,
}

impl Fill<'_> {
    /// The pieces of work, as many as the cap leaves room for.
    fn work(&mut self, max_tasks: usize) -> Vec<Piece> {
        let mut work = pieces(&self.ticket.items);
        let groups = self.template.steps().iter().filter(|step| step.each == Each::Item).count().max(1);
        let singles = self.template.steps().iter().filter(|step| step.each == Each::Ticket).count();
        let room = (max_tasks.saturating_sub(singles) / groups).max(1);
        if work.len() > room {
            let note = format!(
                "the ticket lists {} open items; the last {} are one task, because a plan has at most {max_tasks} tasks",
                work.len(),
                work.len() + 1 - room,
            );
            self.notes.push(note);
            let rest = work.split_off(room - 1);
            work.push(merged(rest, room - 1));
        }
        work
    }

    fn slug(&mut self, text: &str, fallback: &str) -> Result<TaskId, PlannerError> {
        self.slugs.make(text, fallback).map_err(|error| PlannerError::Refused {
            template: self.template.name().to_owned(),
            source: Faults::from(Fault::new("$.tasks", error.to_string())),
        })
    }

    /// The one task of a step.
    fn single(&mut self, step: &Step, before: Vec<TaskId>) -> Result<Vec<TaskId>, PlannerError> {
        let values = context! { ticket => &self.ticket_value };
        let title = self.render(step, "title", &step.title, &values)?;
        let instructions = self.render(step, "instructions", &step.instructions, &values)?;
        let read = globs(self.ticket.paths.iter());
        self.tasks.push(task(step, step.id.clone(), &title, instructions, before, read));
        Ok(vec![step.id.clone()])
    }

    /// A task for each piece; returns those that none of the others waits for.
    fn group(&mut self, step: &Step, work: &[Piece], before: &[TaskId]) -> Result<Vec<TaskId>, PlannerError> {
        let mut ids: Vec<TaskId> = Vec::with_capacity(work.len());
        let mut is_last = vec![true; work.len()];
        for (i, piece) in work.iter().enumerate() {
            let id = self.slug(&piece.text, &format!("{}-{}", step.id, i + 1))?;
            let item = context! {
                text => &piece.text,
                context => &piece.context,
                details => &piece.details,
                number => i + 1, count => work.len(),
            };
            let values = context! { ticket => &self.ticket_value, item };
            let instructions = self.render(step, "instructions", &step.instructions, &values)?;
            let mut deps = before.to_vec();
            if !piece.after.is_empty() {
                deps = piece.after.iter().filter_map(|&n| ids.get(n).cloned()).collect();
            }
            for &n in &piece.after {
                is_last[n] = false;
            }
            let read = globs(self.ticket.paths.iter().filter(|path| piece.mentions(path)));
            self.tasks.push(task(step, id.clone(), &piece.text, instructions, deps, read));
            ids.push(id);
        }
        Ok(ids.into_iter().zip(is_last).filter_map(|(id, last)| last.then_some(id)).collect())
    }

    fn render(&self, step: &Step, field: &'static str, text: &str, values: &Value) -> Result<String, PlannerError> {
        let filled =
            self.env.render_str(text, values).map_err(|source| self.template.text_error(step, field, source))?;
        Ok(match clip(&filled, INSTRUCTIONS) {
            whole if whole.len() == filled.len() => filled,
            cut => format!("{cut}\n[cut here; the rest is in the ticket]"),
        })
    }
}

impl Piece {
    fn mentions(&self, path: &str) -> bool {
        [&self.text].into_iter().chain(&self.context).chain(&self.details).any(|line| line.contains(path))
    }
}

/// The pieces beyond the cap as one; `kept` stand before it.
fn merged(rest: Vec<Piece>, kept: usize) -> Piece {
    let mut after: Vec<usize> = rest.iter().flat_map(|piece| &piece.after).copied().filter(|&n| n < kept).collect();
    after.sort_unstable();
    after.dedup();
    let text = format!("The remaining {} items", rest.len());
    let mut details = Vec::new();
    for piece in rest {
        details.push(format!("- {}", piece.text));
        details.extend(piece.details.iter().map(|line| format!("  {line}")));
    }
    Piece { text, context: Vec::new(), details, after }
}

fn task(
    step: &Step,
    id: TaskId,
    title: &str,
    instructions: String,
    depends_on: Vec<TaskId>,
    read: Vec<String>,
) -> Task {
    Task {
        id,
        title: printable(title.trim(), TITLE),
        role: step.role,
        instructions,
        depends_on,
        scope: Scope { read, write: step.write.clone(), constraints: step.constraints.clone() },
        checks: None,
        artifacts: step.artifacts.clone(),
        approval: false,
        run_if: step.run_if,
        on_interrupt: step.on_interrupt,
        limits: TaskLimits::default(),
    }
}

/// The paths that a plan may name, as globs that mean just them. A ticket may name files anywhere.
fn globs<'a>(paths: impl Iterator<Item = &'a String>) -> Vec<String> {
    paths
        .filter(|path| is_sound_glob(path))
        .map(|path| globset::escape(path))
        .filter(|glob| is_sound_glob(glob))
        .take(PATHS)
        .collect()
}

fn ticket_value(ticket: &Ticket) -> Value {
    let lines = |list: &[String]| list.iter().map(|line| printable(line, 300)).collect::<Vec<_>>();
    context! {
        title => printable(ticket.title.trim(), 300),
        key => &ticket.key,
        labels => lines(&ticket.labels),
        acceptance => lines(&ticket.acceptance),
        paths => lines(&ticket.paths[..ticket.paths.len().min(PATHS)]),
        identifiers => lines(&ticket.identifiers[..ticket.identifiers.len().min(PATHS)]),
        diffs => ticket.diffs.len(),
    }
}
