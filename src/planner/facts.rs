//! What is told of a project to who plans and works in it: in a fixed order, within a fixed room, and the same text for the
//! same files on every machine.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::share::shares;
use crate::plan::Check;
use crate::prompt::{CheckFact, Facts, FileFact};
use crate::repo::{self, Files, Hit, ProjectFile, ProjectText, Query, Reason, RepoError, looks_secret};
use crate::text::printable;
use crate::ticket::Ticket;

/// Most tokens of what is found in a project. All tasks of a run are told it with every request.
const TOKENS: usize = 8_000;
/// Bytes of a token, guessed as requests are measured.
const TOKEN: usize = 3;
/// Bytes that stand around each text: its path, why it is here, the fence.
const AROUND: usize = 100;
/// Most files of code that are shown.
const SHOWN: usize = 8;
/// Most bytes of one file, whatever room there is.
const FILE: usize = 24 << 10;
/// What projects say of themselves, by the beginnings of names at the root, in lower case.
const DOCUMENTS: [&str; 4] = ["agents.md", "claude.md", "contributing", "readme"];

/// Where to look, and how much may be told.
#[derive(Debug, Clone)]
pub struct Look<'a> {
    /// The project's folder.
    pub root: &'a Path,
    /// Folders that are no part of it: absolute.
    pub exclude: &'a [PathBuf],
    /// The checks that can be run.
    pub checks: &'a [Check],
    /// Files that the user wants to be known, whole.
    pub context: Vec<ProjectText>,
    /// Most tokens that the model takes, what is asked and what is answered together.
    pub window: u64,
}

/// Why a project cannot be told of.
#[derive(Debug, thiserror::Error)]
pub enum FactsError {
    /// It cannot be looked at.
    #[error(transparent)]
    Repo(#[from] RepoError),
    /// More files are to be known than the model can take.
    #[error("the files given as context have about {tokens} tokens together; the most for this model is {most}")]
    TooMuch {
        /// How many.
        tokens: usize,
        /// Half of what the model takes.
        most: usize,
    },
    /// A file that is to be known looks as if it held secrets.
    #[error("`{path}` looks as if it held secrets, and what is context is sent to the model")]
    Secret {
        /// Which.
        path: String,
    },
}

/// Looks at the project of a ticket.
///
/// Of a tenth of a page or of a million files, no more is told than there is room for: the files as a list, what the project
/// says of itself, the files that the ticket is about. Each has its fair share. Context comes on top of that, and whole.
pub fn facts(ticket: &Ticket, look: Look<'_>) -> Result<Facts, FactsError> {
    let Look { root, exclude, checks, context, window } = look;
    let window = usize::try_from(window).unwrap_or(usize::MAX);
    let context = checked(context, window)?;
    let mut files = Files::list(root)?.without(exclude);
    files.retain(|path| !looks_secret(path));
    let known: HashSet<&str> = context.iter().map(|file| file.path.as_str()).collect();
    let documents: Vec<&ProjectFile> = documents(&files).filter(|file| !known.contains(file.path.as_str())).collect();
    let query = Query::new(&ticket.paths, &ticket.identifiers, &ticket.prose());
    let mut hits = if query.is_empty() { Vec::new() } else { repo::search(&files, &query, 2 * SHOWN).hits };
    hits.retain(|hit| !known.contains(hit.path.as_str()) && !documents.iter().any(|file| file.path == hit.path));
    hits.truncate(SHOWN);

    let room = TOKENS.min(window / 4).saturating_mul(TOKEN);
    let paths = || files.iter().map(|file| file.path.as_str());
    let about = pieces(&files, &hits);
    let wanted = [
        (repo::outline(paths(), room).text.len() + AROUND, 1),
        (documents.iter().map(|file| size(file)).sum(), 1),
        (about.iter().map(|piece| piece.text.len() + AROUND).sum(), 2),
    ];
    let given = shares(&wanted, room);
    let outline = repo::outline(paths(), given[0]);
    let languages = repo::languages(&files);
    Ok(Facts {
        languages: languages.iter().take(6).map(|share| format!("{} ({} files)", share.name, share.files)).collect(),
        tree: outline.text,
        tree_left: outline.left,
        checks: checks.iter().map(|check| check_fact(check, root)).collect(),
        context,
        documents: beginnings(&files, &documents, given[1]),
        files: clipped(about, given[2]),
    })
}

/// What the user wants to be known is told whole, or the user is told that it cannot be.
fn checked(context: Vec<ProjectText>, window: usize) -> Result<Vec<FileFact>, FactsError> {
    if let Some(secret) = context.iter().find(|file| looks_secret(&file.path)) {
        return Err(FactsError::Secret { path: printable(&secret.path, 200) });
    }
    let tokens = context.iter().map(|file| file.text.len() + AROUND).sum::<usize>() / TOKEN;
    if tokens > window / 2 {
        return Err(FactsError::TooMuch { tokens, most: window / 2 });
    }
    let mut seen = HashSet::new();
    let once = context.into_iter().filter(|file| seen.insert((file.path.clone(), file.text.clone())));
    Ok(once.map(|file| FileFact { path: file.path, why: String::new(), text: file.text, cut: file.cut }).collect())
}

/// Documents at the root, in the order of their kinds.
fn documents(files: &Files) -> impl Iterator<Item = &ProjectFile> {
    let is_document = |file: &&ProjectFile, kind: &str| {
        let name = file.path.to_ascii_lowercase();
        let ending = name.strip_prefix(kind);
        ending.is_some_and(|ending| matches!(ending, "" | ".md" | ".rst" | ".txt" | ".adoc"))
    };
    // What lies in a folder has a `/` in the place of the ending.
    DOCUMENTS.into_iter().flat_map(move |kind| files.iter().filter(move |file| is_document(file, kind)))
}

fn size(file: &ProjectFile) -> usize {
    usize::try_from(file.size).unwrap_or(usize::MAX).min(FILE).saturating_add(AROUND)
}

/// The beginnings of documents, each with its fair share.
fn beginnings(files: &Files, documents: &[&ProjectFile], room: usize) -> Vec<FileFact> {
    let wanted: Vec<(usize, usize)> = documents.iter().map(|file| (size(file), 1)).collect();
    let given = shares(&wanted, room);
    let read = documents.iter().zip(given).filter_map(|(file, given)| {
        let read = files.beginning(file, given.saturating_sub(AROUND))?;
        let ProjectText { path, text, cut } = read;
        (!text.trim().is_empty()).then_some(FileFact { path, why: String::new(), text, cut })
    });
    read.collect()
}

/// Files that the ticket is about: of those it names the text, of others the lines that tell.
fn pieces(files: &Files, hits: &[Hit]) -> Vec<FileFact> {
    let piece = |hit: &Hit| {
        let reason = hit.reasons.first()?;
        let why = reason.to_string();
        match reason {
            Reason::Named(_) | Reason::Namesake(_) | Reason::Defines(_) | Reason::Mentions(..) => {}
            // Words say something about where to look, and too little to be paid for with every request.
            Reason::InFolder(_) | Reason::Words(_) | Reason::PathWords(_) => return None,
        }
        if matches!(reason, Reason::Named(_)) {
            let file = files.iter().find(|file| file.path == hit.path)?;
            let ProjectText { path, text, cut } = files.beginning(file, FILE)?;
            return (!text.trim().is_empty()).then_some(FileFact { path, why, text, cut });
        }
        let lines: Vec<String> = hit.lines.iter().map(|line| format!("{:>5}: {}\n", line.number, line.text)).collect();
        let why = format!("{why}; some of its lines");
        (!lines.is_empty()).then(|| FileFact { path: hit.path.clone(), why, text: lines.concat(), cut: false })
    };
    hits.iter().filter_map(piece).collect()
}

/// The same with whole lines of each, as many as its fair share allows.
fn clipped(pieces: Vec<FileFact>, room: usize) -> Vec<FileFact> {
    let wanted: Vec<(usize, usize)> = pieces.iter().map(|piece| (piece.text.len() + AROUND, 1)).collect();
    let given = shares(&wanted, room);
    let clip = |(mut piece, given): (FileFact, usize)| {
        let room = given.saturating_sub(AROUND);
        if piece.text.len() > room {
            let kept = crate::text::clip(&piece.text, room);
            let end = kept.rfind('\n').map_or(0, |end| end + 1);
            piece.text.truncate(end);
            piece.cut = true;
        }
        (!piece.text.is_empty()).then_some(piece)
    };
    pieces.into_iter().zip(given).filter_map(clip).collect()
}

/// A check's command; a folder of this machine in it is the project's, or none of the model's business.
fn check_fact(check: &Check, root: &Path) -> CheckFact {
    let root = root.to_string_lossy();
    let words: Vec<String> = check.run.iter().map(|word| word.replace(root.as_ref(), ".")).collect();
    CheckFact { name: check.name.to_string(), run: printable(&words.join(" "), 200) }
}
