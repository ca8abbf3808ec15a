//! Faults of the configuration, each with its place underlined.

use miette::{Diagnostic, SourceSpan};

use super::{CliError, Flaw};
use crate::config::{ConfigErrors, Fault, Origin};

/// Characters of a line that are shown.
const WIDTH: usize = 100;

impl From<ConfigErrors> for CliError {
    fn from(errors: ConfigErrors) -> Self {
        let count = errors.faults().len();
        let found = if count == 1 { "a fault".to_owned() } else { format!("{count} faults") };
        Self::usage(format!("the configuration has {found}"))
            .flaws(errors.faults().iter().map(Flaw::from))
            .hint("`orchestra config show --origin` shows every key and where its value comes from")
    }
}

impl From<&Fault> for Flaw {
    fn from(fault: &Fault) -> Self {
        let is_file = fault.origin.file().is_some();
        let known = |n: u64| (is_file && n > 0).then_some(n);
        Self {
            path: fault.key.clone(),
            source: Some(source(&fault.origin)),
            line: known(fault.spot.line),
            column: known(fault.spot.column),
            message: fault.message.clone(),
            hint: fault.hint.clone(),
            excerpt: excerpt(fault),
        }
    }
}

fn source(origin: &Origin) -> String {
    match origin.file() {
        Some(path) => path.display().to_string(),
        None => origin.to_string(),
    }
}

/// The line of a fault with the place underlined. Nothing but ASCII around what the file holds, so that it reads the
/// same everywhere.
fn excerpt(fault: &Fault) -> Option<String> {
    let source = fault.source_code()?;
    let label = fault.labels()?.next()?;
    // The start alone: a span over several lines is shown by its first. Without a line of context its beginning is cut.
    let contents = source.read_span(&SourceSpan::from((label.offset(), 0)), 1, 1).ok()?;
    let text = std::str::from_utf8(contents.data()).ok()?;
    let at = label.offset().checked_sub(contents.span().offset())?;
    let above = text.get(..at)?;
    let begins = above.rfind('\n').map_or(0, |end| end + 1);
    let line = text[begins..].lines().next()?;
    let before = above[begins..].chars().count();
    let marked = line.chars().skip(before).count().min(label.len()).max(1);
    // Of a long line, the part around the place.
    let from = before.saturating_sub(WIDTH / 2);
    let shown: String = line.chars().skip(from).take(WIDTH).map(|c| if c == '\t' { ' ' } else { c }).collect();
    let (left, marked) = (before - from, marked.min(WIDTH.saturating_sub(before - from)).max(1));
    let number = (contents.line() + above.matches('\n').count() + 1).to_string();
    let margin = " ".repeat(number.len());
    Some(format!("    {number} | {shown}\n    {margin} | {}{}\n", " ".repeat(left), "^".repeat(marked)))
}
