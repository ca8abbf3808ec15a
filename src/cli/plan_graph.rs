//! `plan graph`: who waits for whom, drawn; of a run with how each task stands.

use std::path::PathBuf;

use super::args::{GraphFormat, PlanFile, PlanGraph};
use super::error::CliError;
use super::exit::Exit;
use super::plan_check;
use super::runs::summary;
use super::session::Session;
use super::which::which;
use crate::console::Output;
use crate::graph::Drawing;
use crate::store::RunEntry;
use crate::sys::fs;

/// Beyond these, viewers of Mermaid show an error instead of a picture, unless they are configured otherwise.
const MERMAID_EDGES: usize = 500;
const MERMAID_BYTES: usize = 50_000;

/// `plan graph [FILE|RUN]`.
pub fn graph(session: &Session, asked: &PlanGraph) -> Result<Exit, CliError> {
    let format = format(session.console.output(), asked.format)?;
    match target(session, asked)? {
        Target::File(file) => {
            let plan = plan_check::sound(session, &PlanFile { file, caps: asked.caps })?;
            let drawing = Drawing::of(&plan).map_err(|error| CliError::internal(&error))?;
            let subject = Subject { plan_id: plan.plan_id.as_str(), title: &plan.title, run: None };
            show(session, format, &drawing, &subject)
        }
        Target::Run(entry) => {
            let run = entry.run.to_string();
            let (summary, liveness) = summary(entry)?;
            let (Some(plan), Some(drawing)) = (summary.plan(), summary.drawing(liveness)) else {
                let hint = format!("`orchestra resume {run}{}` makes one", session.called());
                return Err(CliError::usage(format!("run {run} has no plan yet")).hint(hint));
            };
            let subject = Subject { plan_id: plan.id.as_str(), title: &plan.title, run: Some(&run) };
            show(session, format, &drawing, &subject)
        }
    }
}

/// Where the graph is.
enum Target {
    File(PathBuf),
    Run(RunEntry),
}

/// What the graph is of.
struct Subject<'a> {
    plan_id: &'a str,
    title: &'a str,
    run: Option<&'a str>,
}

/// `--output` decides what stdout is; `--format` only how a text is rendered.
fn format(output: Output, asked: Option<GraphFormat>) -> Result<GraphFormat, CliError> {
    match (output, asked) {
        (Output::Text, asked) => Ok(asked.unwrap_or(GraphFormat::Mermaid)),
        (Output::Json | Output::Jsonl, None | Some(GraphFormat::Json)) => Ok(GraphFormat::Json),
        (Output::Json | Output::Jsonl, Some(GraphFormat::Mermaid | GraphFormat::Dot)) => {
            Err(CliError::usage("a drawing is no JSON document").hint("leave out --json or --format"))
        }
    }
}

/// A file, if there is one of that name; a folder is a run's; else the run of that name.
fn target(session: &Session, asked: &PlanGraph) -> Result<Target, CliError> {
    let run = |named: Option<&str>| which(session, &asked.runs, named).map(Target::Run);
    let Some(named) = asked.what.as_deref() else { return run(None) };
    if named == "-" {
        return Ok(Target::File(PathBuf::from(named)));
    }
    let path = session.folder.join(named);
    match fs::target_kind(&path).map_err(|error| CliError::unreadable(&error))? {
        Some(fs::Kind::Folder) => run(Some(&path.to_string_lossy())),
        Some(fs::Kind::File | fs::Kind::Link | fs::Kind::Special) => Ok(Target::File(PathBuf::from(named))),
        None if named.contains(['/', '.']) => Ok(Target::File(PathBuf::from(named))),
        None => run(Some(named)),
    }
}

fn show(session: &Session, format: GraphFormat, drawing: &Drawing<'_>, of: &Subject<'_>) -> Result<Exit, CliError> {
    match format {
        GraphFormat::Json => session.json(&drawing.document(of.plan_id, of.title, of.run))?,
        GraphFormat::Dot => session.console.data(&drawing.picture().dot(of.title)),
        GraphFormat::Mermaid => {
            let text = drawing.picture().mermaid();
            if drawing.edges() > MERMAID_EDGES || text.len() > MERMAID_BYTES {
                session.console.warn(&format!(
                    "most viewers of Mermaid refuse more than {MERMAID_EDGES} arrows or {MERMAID_BYTES} characters, and \
                     this has {} and {}; --format dot has no such limit",
                    drawing.edges(),
                    text.len()
                ));
            }
            session.console.data(&text);
        }
    }
    Ok(Exit::Success)
}
