//! `plan check` and `plan show`: whether a plan is sound, and what it says.

use super::args::{PlanFile, Settings, TicketArgs};
use super::equip;
use super::error::CliError;
use super::exit::Exit;
use super::input::{self, Unread};
use super::session::Session;
use crate::graph::{Graph, batch_name};
use crate::ids::PlanId;
use crate::plan::{self, Checked, Defaults, Fault, Faults, Plan, PlanText, Repair, RepairKind, RunIf};
use crate::report::words;
use crate::sys::{clock, fs, machine};

/// Tasks named in the one line about the critical path.
const NAMED: usize = 8;
/// Repairs that are told one by one.
const TOLD: usize = 40;

/// `plan check FILE|-`.
pub fn check(session: &Session, asked: &PlanFile) -> Result<Exit, CliError> {
    let mut look = look(session, asked)?;
    if session.is_for_programs() {
        session.document(&look.found.said())?;
    }
    let repairs = std::mem::take(&mut look.found.repairs);
    let plan = look.sound()?;
    if !session.is_for_programs() {
        let graph = graph(&plan)?;
        for note in notes(&repairs) {
            session.console.note(&note);
        }
        session.console.line(&format!(
            "ok: {}, {}, critical path {}",
            words::count(graph.len(), "task"),
            words::count(graph.batches().len(), "batch"),
            path(&plan, &graph)
        ));
    }
    // The process ends here. To take a large plan apart again, text by text, would cost a tenth of all the time.
    std::mem::forget(plan);
    Ok(Exit::Success)
}

/// `plan show FILE|-`.
pub fn show(session: &Session, asked: &PlanFile) -> Result<Exit, CliError> {
    let plan = look(session, asked)?.sound()?;
    session.document(&plan)?;
    if !session.is_for_programs() {
        for line in lines(&plan)? {
            session.console.line(&line);
        }
    }
    Ok(Exit::Success)
}

/// The plan that `asked` names, which must be sound.
pub fn sound(session: &Session, asked: &PlanFile) -> Result<Plan, CliError> {
    look(session, asked)?.sound()
}

/// `plan TICKET` takes any file's name, so a mistyped `check` looks like one.
pub fn not_a_mistyped_command(session: &Session, asked: &TicketArgs) -> Result<(), CliError> {
    let Some(word) = &asked.ticket else { return Ok(()) };
    let near = ["check", "show", "graph"]
        .into_iter()
        .find(|known| (1..=2).contains(&strsim::damerau_levenshtein(word, known)));
    match near {
        Some(near) if matches!(fs::kind(&session.folder.join(word)), Ok(None)) => {
            let message = format!("there is neither a command nor a file `{word}`");
            Err(CliError::usage(message).hint(format!("did you mean `plan {near} FILE`?")))
        }
        Some(_) | None => Ok(()),
    }
}

/// A plan as lines for people.
pub fn lines(plan: &Plan) -> Result<Vec<String>, CliError> {
    let graph = graph(plan)?;
    let mut out = vec![plan.title.clone(), format!("plan {}", plan.plan_id)];
    if !plan.goal.summary.is_empty() && plan.goal.summary != plan.title {
        out.extend(plan.goal.summary.lines().map(str::to_owned));
    }
    out.extend(plan.goal.success_criteria.iter().map(|criterion| format!("  - {criterion}")));
    for (index, batch) in graph.batches().iter().enumerate() {
        out.push(String::new());
        let together = if batch.len() > 1 { ", independent" } else { "" };
        out.push(format!("{}  {}{together}", batch_name(index), words::count(batch.len(), "task")));
        for task in batch.iter().filter_map(|&task| plan.tasks.get(task as usize)) {
            out.push(format!("  {}  [{}]  {}", task.id, task.role, task.title));
            if !task.depends_on.is_empty() {
                let names: Vec<&str> = task.depends_on.iter().map(crate::ids::TaskId::as_str).collect();
                out.push(format!("      after {}", names.join(", ")));
            }
            if !task.scope.write.is_empty() {
                out.push(format!("      writes {}", task.scope.write.join(", ")));
            }
            if task.approval {
                out.push("      waits for approval".to_owned());
            }
            if task.run_if == RunIf::Always {
                out.push("      runs also after a failure, with --continue-on-error".to_owned());
            }
        }
    }
    out.push(String::new());
    out.push(format!("critical path: {}", path(plan, &graph)));
    Ok(out)
}

/// What was mended or left out, as lines for people: the first of many. What may be left out and has its default is
/// no news to them.
pub fn notes(repairs: &[Repair]) -> Vec<String> {
    let news: Vec<&Repair> = repairs.iter().filter(|repair| repair.kind != RepairKind::Filled).collect();
    let mut notes: Vec<String> = news.iter().take(TOLD).map(ToString::to_string).collect();
    if news.len() > TOLD {
        notes.push(format!("… and {} more; `orchestra plan check --json` names all", news.len() - TOLD));
    }
    notes
}

/// What a plan gets that its text does not bring.
pub fn defaults() -> Result<Defaults, CliError> {
    let salt = machine::random().map_err(|error| CliError::new(Exit::Internal, "no random bytes").because(&error))?;
    let now = clock::now();
    Ok(Defaults { plan_id: PlanId::at(now, u16::from_le_bytes(salt)), created_at: now })
}

/// What there is to say about the plan `asked` for; the plan itself only if it is sound.
struct Look {
    name: String,
    found: Checked,
}

fn look(session: &Session, asked: &PlanFile) -> Result<Look, CliError> {
    let caps = equip::caps(&session.config_for_limits(asked.caps.settings())?.config);
    let (file, part) = input::part(session, &asked.file)?;
    match input::read(session, &file, caps.bytes as u64) {
        Ok(input) => {
            let source = PlanText { text: &input.text, part: part.as_deref() };
            let read = plan::read(source, &caps, &defaults()?);
            // Before the plan is judged, which takes memory of its own.
            drop(input.text);
            Ok(Look { name: input.name, found: Checked::of(read, &caps) })
        }
        Err(Unread::Unfit { name, why, hint }) => {
            let faults = Faults::from(Fault::new("$", why).hint(hint));
            Ok(Look { name, found: faults.into() })
        }
        Err(Unread::Error(error)) => Err(error),
    }
}

impl Look {
    fn sound(self) -> Result<Plan, CliError> {
        match (self.found.plan, Faults::found(self.found.faults)) {
            (Some(plan), _) => Ok(plan),
            (None, Some(faults)) => Err(CliError::refused_plan(&self.name, &faults)),
            (None, None) => Err(CliError::new(Exit::Internal, "a plan was refused without a fault")),
        }
    }
}

fn graph(plan: &Plan) -> Result<Graph, CliError> {
    Graph::of(plan).map_err(|error| CliError::internal(&error))
}

fn path(plan: &Plan, graph: &Graph) -> String {
    let path = graph.critical_path();
    let mut names: Vec<&str> =
        path.iter().filter_map(|&task| Some(plan.tasks.get(task as usize)?.id.as_str())).collect();
    let more = names.len().saturating_sub(NAMED);
    if more > 1 {
        let last = names.pop().unwrap_or_default();
        names.truncate(NAMED - 1);
        return format!("{} → … → {last} ({} tasks)", names.join(" → "), path.len());
    }
    names.join(" → ")
}
