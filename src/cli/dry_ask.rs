//! `run --dry-run` where a model would plan: the request that it would get, and the most that it could cost.

use serde::Serialize;

use super::asked::Task;
use super::{CliError, Exit, Session, equip, jobs};
use crate::config::Loaded;
use crate::console::Output;
use crate::dispatch::Planning;
use crate::event::{Amount, Budget, Sandbox, Terms};
use crate::model::{Block, Part, Request, Turn};
use crate::money::Usd;
use crate::text;
use crate::workspace::WorkspaceMode;

/// What a dry run prints as JSON.
#[derive(Serialize)]
struct Preview<'a> {
    dry_run: bool,
    project: String,
    workspace: WorkspaceMode,
    sandbox: Sandbox,
    planned_by: String,
    terms: &'a Terms,
    /// Guessed on the safe side: input and output together.
    most_tokens: u64,
    /// Missing where nobody knows the model's price.
    most_usd: Option<Usd>,
    request: &'a Request,
}

/// Shows what a model would be asked.
pub(super) fn show(session: &Session, loaded: &Loaded, task: &Task, planning: &Planning) -> Result<Exit, CliError> {
    let request = planning.planner.request(&[])?;
    let Amount { usd, tokens } = planning.known.most(&request);
    let mut terms = equip::first_terms(loaded);
    jobs::settle(session, &loaded.config, &mut terms, None);
    let preview = Preview {
        dry_run: true,
        project: loaded.project_root.display().to_string(),
        workspace: loaded.config.workspace.mode,
        sandbox: Sandbox::None,
        planned_by: planning.planned_by(),
        terms: &terms,
        most_tokens: tokens,
        most_usd: planning.known.prices.map(|_| usd),
        request: &request,
    };
    match session.console.output() {
        Output::Json | Output::Jsonl => session.document(&preview)?,
        Output::Text => {
            for line in lines(&preview, &task.ticket.title) {
                session.console.line(&line);
            }
        }
    }
    Ok(Exit::Success)
}

fn lines(preview: &Preview<'_>, title: &str) -> Vec<String> {
    let cost = preview.most_usd.map_or_else(|| "an unknown price".to_owned(), |usd| format!("${usd}"));
    let mut lines = vec![
        format!("{}: planned by {}", text::printable(title, 80), preview.planned_by),
        format!("project {}", preview.project),
        format!("the first request: at most {} tokens, {cost}", preview.most_tokens),
    ];
    if let Some(Budget { run, .. }) = &preview.terms.budget {
        lines.push(format!("budget: ${} and {} tokens", run.usd, run.tokens));
    }
    let ours = preview.request.turns.iter().flat_map(|turn| match turn {
        Turn::User(parts) => parts.as_slice(),
        Turn::Model(_) => &[],
    });
    let asked = ours.filter_map(|part| match part {
        Part::Text(block) => Some(block),
        Part::ToolResult(_) => None,
    });
    for Block { text, .. } in preview.request.system.iter().chain(asked) {
        lines.push(String::new());
        lines.extend(text.lines().map(|line| text::printable(line, 2000)));
    }
    lines.push(String::new());
    lines.push("dry run: nothing was sent, nothing was started, and nothing was written".to_owned());
    lines
}
