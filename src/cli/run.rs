//! `run`: from what was typed to a finished run.

use std::sync::Arc;

use super::args::{RunArgs, Settings};
use super::asked::{Task, asked};
use super::junit::JunitFile;
use super::listen::Listener;
use super::planner::{Planner, Wanted};
use super::{CliError, Exit, Session, already, drive, dry_ask, dry_run, equip, jobs, planner};
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
    let mut loaded = session.config(args.settings())?;
    loaded.config.planner.context.extend(args.ask.context.iter().map(|file| session.path(file)));
    let planner = planner::choose(session, &loaded.config)?;
    let task = asked(session, &loaded, args, &planner)?;
    let catalogue = equip::catalogue(&loaded)?;
    if let Some(plan) = &task.plan {
        equip::known_checks(plan, &catalogue)?;
    }
    let plan = task.plan.as_ref();
    let mut equipment = equip::equipment(session, &loaded, &equip::roles_of(plan), &planner)?;
    let wanted = Wanted { ticket: &task.ticket, catalogue: &catalogue, caps: task.caps };
    equipment.facts = planner::facts(session, &loaded, &wanted, &equipment)?;
    equipment.planning = planner::planning(&loaded, &planner, &wanted, &equipment)?;
    equipment.workspace.base_rev.clone_from(&args.ask.base);
    for note in &task.notes {
        session.console.note(note);
    }
    if args.dry_run {
        let shown = match (plan, &equipment.planning) {
            (Some(plan), _) => dry_run::show(session, &loaded, &task, plan, &catalogue, &equipment)?,
            (None, Some(planning)) => dry_ask::show(session, &loaded, &task, planning)?,
            (None, None) => return Err(dispatch::DispatchError::NoPlan.into()),
        };
        if let Some(why) = equip::nobody_implements(&loaded.config, plan, brings_diff(&task.ticket)) {
            session.console.warn(&format!("without --dry-run it would be refused: {why}"));
        }
        let terms = equip::first_terms(&loaded);
        if let Some(unpriced) = equip::unknown_price(&loaded.config, plan, &terms, &equipment.models) {
            session.console.warn(&format!("without --dry-run it would be refused: {}", unpriced.why));
        }
        return Ok(shown);
    }
    // Also where only a plan is wanted: a model that makes it may cost something.
    if !args.plan_only || plan.is_none() {
        equip::prices_are_known(&loaded.config, plan, &equip::first_terms(&loaded), &equipment.models)?;
    }
    if !args.plan_only {
        equip::someone_implements(&loaded.config, plan, brings_diff(&task.ticket))?;
        already::refuse_done(session, &loaded, &task, &equipment).await?;
    }
    Box::pin(begin(session, &loaded, args, (task, planner), catalogue, equipment)).await
}

async fn begin(
    session: &Session,
    loaded: &Loaded,
    args: &RunArgs,
    (task, planner): (Task, Planner),
    catalogue: Vec<Check>,
    equipment: Equipment,
) -> Result<Exit, CliError> {
    let junit = JunitFile::asked(session, args.junit.as_deref())?;
    let mut terms = equip::first_terms(loaded);
    planner.settle(&loaded.config, &mut terms);
    planner.announce(session, &loaded.config);
    if loaded.config.run.jobs == Jobs::Auto {
        let plan = task.plan.clone().map(|plan| plan.accept(&task.caps)).transpose();
        let plan = plan.map_err(|faults| CliError::refused_plan("of this run", &faults))?;
        jobs::settle(session, &loaded.config, &mut terms, plan.as_ref());
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
