//! PURE but for reading the project: which files the ticket is about, best first.

use std::path::Path;

use crate::message::{Finding, ResultStatus, Severity, TaskMessage, TaskResult};
use crate::repo::{Files, Found, Hit, Query, RepoError, search};
use crate::text;

/// Files that are reported.
const MAX_FILES: usize = 12;
/// Files that the summary names.
const MAX_NAMED: usize = 5;

/// What was found, and the notes that the tasks after this one can read.
pub(super) struct Research {
    pub(super) result: TaskResult,
    pub(super) notes: String,
}

/// Searches the workspace for what the ticket and the task name.
pub(super) fn research(message: &TaskMessage, workspace: &Path) -> Result<Research, RepoError> {
    let files = Files::list(workspace)?;
    let ticket = &message.ticket;
    let prose = format!("{}\n{}\n{}\n{}", ticket.title, message.title, message.instructions, ticket.text);
    let found = search(&files, &Query::new(&ticket.paths, &ticket.identifiers, &prose), MAX_FILES);
    let findings = found.hits.iter().map(finding).collect();
    let summary = summary(&found, &ticket.paths, &files);
    let notes = notes(message, &summary, &found);
    Ok(Research {
        result: TaskResult { status: ResultStatus::Done, summary, findings, ..TaskResult::default() },
        notes,
    })
}

/// One finding per file, at its most telling line.
fn finding(hit: &Hit) -> Finding {
    let reasons: Vec<String> = hit.reasons.iter().map(ToString::to_string).collect();
    let line = hit.lines.first().and_then(|line| u32::try_from(line.number).ok());
    Finding { file: Some(hit.path.clone()), line, severity: Severity::Info, text: reasons.join("; ") }
}

fn summary(found: &Found, named: &[String], files: &Files) -> String {
    let looked = format!("Looked at {} files.", files.len());
    if found.hits.is_empty() {
        return format!("{looked} None of them fits what the ticket names.");
    }
    let best: Vec<String> = found.hits.iter().take(MAX_NAMED).map(place).collect();
    let missing: Vec<&str> = named
        .iter()
        .map(String::as_str)
        .filter(|path| !files.iter().any(|file| file.path == *path || file.path.ends_with(&format!("/{path}"))))
        .collect();
    let missing = if missing.is_empty() {
        String::new()
    } else {
        format!(" Named in the ticket but not there: {}.", text::printable(&missing.join(", "), 300))
    };
    format!("{looked} The ticket seems to be about {}.{missing}", best.join(", "))
}

fn place(hit: &Hit) -> String {
    match hit.lines.first() {
        Some(line) => format!("{}:{}", hit.path, line.number),
        None => hit.path.clone(),
    }
}

fn notes(message: &TaskMessage, summary: &str, found: &Found) -> String {
    let mut notes = format!(
        "# What the ticket is about: {}\n\n{}\n",
        text::markdown(&message.ticket.title),
        text::markdown(summary)
    );
    for hit in &found.hits {
        let reasons: Vec<String> = hit.reasons.iter().map(ToString::to_string).collect();
        notes.push_str("\n## ");
        notes.push_str(&text::markdown(&hit.path));
        notes.push_str("\n\n");
        notes.push_str(&text::markdown(&reasons.join("; ")));
        notes.push('\n');
        if !hit.lines.is_empty() {
            let lines: Vec<String> =
                hit.lines.iter().map(|line| format!("{:>5}  {}", line.number, line.text)).collect();
            notes.push('\n');
            notes.push_str(&text::markdown_block(&lines.join("\n"), "text"));
        }
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::sample;
    use crate::sys::fs;

    #[test]
    fn the_file_that_the_ticket_names_comes_first_with_its_line() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dirs(&folder.path().join("src")).unwrap();
        fs::write(&folder.path().join("src/other.rs"), b"pub fn mean() {}\n").unwrap();
        fs::write(&folder.path().join("src/stats.rs"), b"//! Numbers.\n\npub fn median() {}\n").unwrap();
        let research = research(&sample::message(), folder.path()).unwrap();
        let first = &research.result.findings[0];
        assert_eq!((first.file.as_deref(), first.line), (Some("src/stats.rs"), Some(3)));
        assert!(research.result.summary.contains("src/stats.rs:3"), "{}", research.result.summary);
        assert!(research.notes.contains("pub fn median() {}"), "{}", research.notes);
    }

    #[test]
    fn a_named_file_that_is_not_there_is_said() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(&folder.path().join("median.rs"), b"fn median() {}\n").unwrap();
        let summary = research(&sample::message(), folder.path()).unwrap().result.summary;
        assert!(summary.ends_with("Named in the ticket but not there: src/stats.rs."), "{summary}");
    }
}
