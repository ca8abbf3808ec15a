//! From what was typed to a ticket and a sound plan, before anything is made.

use std::path::Path;

use super::args::RunArgs;
use super::planner::Planner;
use super::{CliError, Session, equip, input};
use crate::config::Loaded;
use crate::plan::{self, Caps, Draft, Plan, PlanText, TicketRef};
use crate::planner::{Made, from_template};
use crate::store;
use crate::sys::fs;
use crate::ticket::{Asked, Source, Ticket};

/// What is to be run.
pub(super) struct Task {
    pub ticket: Ticket,
    /// The plan; none where a model is to be asked for one.
    pub plan: Option<Draft>,
    pub caps: Caps,
    /// Sentences for the user.
    pub notes: Vec<String>,
}

/// Reads the ticket, and reads or makes the plan; one that a model is to make comes later.
pub(super) fn asked(session: &Session, loaded: &Loaded, args: &RunArgs, planner: &Planner) -> Result<Task, CliError> {
    let caps = equip::caps(&loaded.config);
    let ticket = ticket(session, args)?;
    let mut task = if let Some(named) = &args.plan {
        of_file(session, loaded, named, ticket, caps)?
    } else {
        let ticket = ticket.ok_or_else(|| {
            CliError::usage("no ticket was given")
                .hint("name a file, `-` for standard input, or `-m TEXT`; or a finished plan with --plan FILE")
        })?;
        match planner {
            Planner::Template => of_template(loaded, ticket, caps)?,
            Planner::Model(_) => Task { ticket, plan: None, caps, notes: Vec::new() },
        }
    };
    if let Some(key) = &args.ask.reference {
        task.ticket = task.ticket.with_key(key);
    }
    if let Some(plan) = &mut task.plan {
        plan.ticket = Some(reference(&task.ticket));
    }
    Ok(task)
}

/// A ticket as plans name it.
pub(super) fn reference(ticket: &Ticket) -> TicketRef {
    TicketRef { reference: ticket.key.clone(), digest: ticket.digest.clone(), text: Some(ticket.text.clone()) }
}

fn ticket(session: &Session, args: &RunArgs) -> Result<Option<Ticket>, CliError> {
    let asked = match (&args.ask.ticket, &args.ask.message) {
        (_, Some(text)) => Asked::Message(text),
        (Some(argument), None) => Asked::Argument(argument),
        (None, None) => return Ok(None),
    };
    Ok(Some(Ticket::load(asked, &session.folder, &mut std::io::stdin().lock())?))
}

/// Fills the template.
pub(super) fn of_template(loaded: &Loaded, ticket: Ticket, caps: Caps) -> Result<Task, CliError> {
    let template = equip::template(&loaded.config)?;
    let defaults = super::plan_check::defaults()?;
    let made = Made {
        plan_id: defaults.plan_id,
        created_at: defaults.created_at,
        base: None,
        max_tasks: (loaded.config.planner.max_tasks as usize).min(caps.tasks),
    };
    let planned = from_template(&template, &ticket, made)?;
    let plan = planned.plan.into_draft();
    // Its workflow alone can be more than the caps allow.
    plan.clone().accept(&caps).map_err(|faults| CliError::refused_plan("of the template", &faults))?;
    Ok(Task { ticket, plan: Some(plan), caps, notes: planned.notes })
}

fn of_file(
    session: &Session,
    loaded: &Loaded,
    named: &str,
    ticket: Option<Ticket>,
    caps: Caps,
) -> Result<Task, CliError> {
    let (plan, mut notes) = read_plan(session, loaded, named, &caps)?;
    let plan = plan.into_draft();
    let launches = loaded.config.limits.launches;
    if plan.tasks.len() > launches as usize {
        notes.push(format!(
            "the plan has {} tasks, and a run stops after {launches} launches, to be resumed: \
             --set limits.launches=N allows more",
            plan.tasks.len()
        ));
    }
    let ticket = match (ticket, &plan.ticket) {
        (Some(ticket), _) => ticket,
        (None, Some(TicketRef { text: Some(text), reference, .. })) => {
            // The plan's file is JSON; the ticket in it is what it is.
            let ticket = Ticket::parse(text, Source::Text)?;
            match reference {
                Some(key) => ticket.with_key(key),
                None => ticket,
            }
        }
        (None, _) => {
            let goal = if plan.goal.summary.trim().is_empty() { &plan.title } else { &plan.goal.summary };
            Ticket::parse(&format!("# {}\n\n{goal}\n", plan.title), Source::Text)?
        }
    };
    Ok(Task { ticket, plan: Some(plan), caps, notes })
}

/// A plan from a file, from standard input, or of a run.
pub(super) fn read_plan(
    session: &Session,
    loaded: &Loaded,
    named: &str,
    caps: &Caps,
) -> Result<(Plan, Vec<String>), CliError> {
    let (file, part) = input::part(session, Path::new(named))?;
    let path = match file.to_str() {
        Some("-") | None => file,
        Some(named) => plan_path(session, loaded, named)?,
    };
    let text = input::read(session, &path, caps.bytes as u64)?.text;
    let defaults = super::plan_check::defaults()?;
    let parsed = plan::read(PlanText { text: &text, part: part.as_deref() }, caps, &defaults)
        .map_err(|faults| CliError::refused_plan(named, &faults))?;
    let (plan, repairs) = parsed.accept(caps).map_err(|faults| CliError::refused_plan(named, &faults))?;
    Ok((plan, super::plan_check::notes(&repairs)))
}

/// A file, if there is one of that name, else the plan of the run of that name.
fn plan_path(session: &Session, loaded: &Loaded, named: &str) -> Result<std::path::PathBuf, CliError> {
    let path = session.path(Path::new(named));
    let is_there = fs::kind(&path).map_err(|error| CliError::unreadable(&error))?.is_some();
    if is_there || named.contains(['/', '.']) {
        return Ok(path);
    }
    Ok(store::resolve(&loaded.config.runs.dir, named)?.dir.plan())
}
