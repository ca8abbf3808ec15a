//! `run`: from what was typed to a finished run.

use std::sync::Arc;

use super::args::{RunArgs, Settings};
use super::asked::{Task, asked};
use super::junit::JunitFile;
use super::listen::Listener;
use super::{CliError, Exit, Session, already, drive, dry_run, equip, jobs};
use crate::config::{Jobs, Loaded};
use crate::dispatch::{self, Equipment, NewRun};
use crate::plan::Check;
use crate::ticket::Ticket;

/// Runs a ticket or a plan.
pub(super) async fn run(session: &Session, args: &RunArgs) -> Result<Exit, CliError> {
    if let (Some(outer), false) = (session.env.text("ORCHESTRA_RUN_ID"), args.nested) {
        return Err(CliError::usage(format!("this is run from within run {}", crate::text::printable(outer, 40)))
            .hint("a run in a run spends beside the outer one's limits; pass --nested if that is meant"));
    }
    session.looks_in(&args.runs);
    let loaded = session.config(args.settings())?;
    let task = asked(session, &loaded, args)?;
    let catalogue = equip::catalogue(&loaded)?;
    equip::known_checks(&task.plan, &catalogue)?;
    let mut equipment = equip::equipment(session, &loaded, &equip::roles_of(&task.plan))?;
    equipment.workspace.base_rev.clone_from(&args.ask.base);
    for note in &task.notes {
        session.console.note(note);
    }
    if args.dry_run {
        let shown = dry_run::show(session, &loaded, &task, &catalogue, &equipment)?;
        if let Some(why) = equip::nobody_implements(&loaded.config, &task.plan, brings_diff(&task.ticket)) {
            session.console.warn(&format!("without --dry-run it would be refused: {why}"));
        }
        if let Some(why) = equip::unknown_price(&loaded.config, &task.plan, &equip::first_terms(&loaded)) {
            session.console.warn(&format!("without --dry-run it would be refused: {why}"));
        }
        return Ok(shown);
    }
    if !args.plan_only {
        equip::someone_implements(&loaded.config, &task.plan, brings_diff(&task.ticket))?;
        equip::prices_are_known(&loaded.config, &task.plan, &equip::first_terms(&loaded))?;
        already::refuse_done(session, &loaded, &task, &equipment).await?;
    }
    Box::pin(begin(session, &loaded, args, task, catalogue, equipment)).await
}

async fn begin(
    session: &Session,
    loaded: &Loaded,
    args: &RunArgs,
    task: Task,
    catalogue: Vec<Check>,
    equipment: Equipment,
) -> Result<Exit, CliError> {
    let junit = JunitFile::asked(session, args.junit.as_deref())?;
    let mut terms = equip::first_terms(loaded);
    if loaded.config.run.jobs == Jobs::Auto {
        let plan = task.plan.clone().accept(&task.caps);
        let plan = plan.map_err(|faults| CliError::refused_plan("of this run", &faults))?;
        jobs::settle(session, &loaded.config, &mut terms, &plan);
    }
    let new = NewRun {
        runs: loaded.config.runs.dir.clone(),
        ticket: task.ticket,
        plan: task.plan,
        caps: task.caps,
        catalogue,
        config: loaded.config.to_yaml().map_err(|error| CliError::internal(&error))?,
        origins: loaded
            .origins
            .iter()
            .map(|(key, origin)| (key.clone(), origin.to_string()))
            .filter(|(_, origin)| origin != "default")
            .collect(),
        terms,
        plan_only: args.plan_only,
        trace: equip::trace_id(session)?,
    };
    let listener = Listener::start(&session.console, equipment.cancel.clone(), equipment.shown.subscribe());
    let opened = dispatch::begin(new, equipment).await.map_err(|error| {
        listener.explain(error.into(), || "the run had not begun, and nothing of it is left; start it again".to_owned())
    })?;
    drive::drive(session, opened, Arc::default(), listener, junit.as_ref()).await
}

/// Whether a ticket brings a diff that could be applied: one that only illustrates names no file.
fn brings_diff(ticket: &Ticket) -> bool {
    ticket.diffs.iter().any(|diff| !diff.files.is_empty())
}
