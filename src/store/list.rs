//! The runs of a folder: what each is and how it stands, from the first line and the end of its journal.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::line::{self, Fault};
use super::{Owner, Reader, RunDir, StoreError, owner};
use crate::event::{Event, Kind, RunVerdict, StopCause};
use crate::ids::RunId;
use crate::sys::fs;
use crate::time::Timestamp;

/// One run, as far as a list needs it.
#[derive(Debug)]
pub struct RunEntry {
    /// Its id.
    pub run: RunId,
    /// Where it is.
    pub dir: RunDir,
    /// How it stands.
    pub standing: Standing,
    /// What it began with; missing when its journal cannot be read.
    pub began: Option<Began>,
}

/// What a run began with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Began {
    /// One line for people. Untrusted text.
    pub title: String,
    /// The ticket's key, where it has one.
    pub reference: Option<String>,
    /// The project's root.
    pub project: String,
    /// When.
    pub at: Timestamp,
}

/// How a run stands. Running means that its lock is held, whatever its journal says.
#[derive(Debug)]
pub enum Standing {
    /// A live process works on it.
    Live {
        /// The process, once it has said so.
        pid: Option<u32>,
    },
    /// It ended.
    Finished {
        /// What it came to.
        verdict: RunVerdict,
        /// Its exit code.
        exit: u8,
        /// When.
        at: Timestamp,
    },
    /// It ended early, and said why.
    Stopped {
        /// Why.
        why: StopCause,
        /// When.
        at: Timestamp,
    },
    /// It ended without a word.
    Interrupted {
        /// When it was last heard of.
        at: Timestamp,
    },
    /// Its records cannot be used.
    Unreadable(StoreError),
}

impl Standing {
    /// Whether `resume` has something to do: it ended, but not well.
    pub fn is_unfinished(&self) -> bool {
        match self {
            Self::Finished { verdict, .. } => *verdict != RunVerdict::Success,
            Self::Stopped { .. } | Self::Interrupted { .. } => true,
            Self::Live { .. } | Self::Unreadable(_) => false,
        }
    }

    /// When the run was last heard of; not known while it runs, and of records that cannot be read.
    pub fn ended_at(&self) -> Option<Timestamp> {
        match self {
            Self::Finished { at, .. } | Self::Stopped { at, .. } | Self::Interrupted { at } => Some(*at),
            Self::Live { .. } | Self::Unreadable(_) => None,
        }
    }
}

/// All runs in the folder `runs`, newest first. A folder that is not there holds none; what is no run is left out.
pub fn list(runs: &Path) -> Result<Vec<RunEntry>, StoreError> {
    // One that is removed while we look is not there.
    let gone = |entry: &RunEntry| matches!(entry.standing, Standing::Unreadable(StoreError::Gone { .. }));
    Ok(ids(runs)?.into_iter().map(|run| entry(runs, run)).filter(|entry| !gone(entry)).collect())
}

/// The newest run that fits. Older ones than that are not looked at.
pub fn latest(runs: &Path, fits: impl Fn(&RunEntry) -> bool) -> Result<Option<RunEntry>, StoreError> {
    Ok(ids(runs)?.into_iter().map(|run| entry(runs, run)).find(fits))
}

/// The one run that `given` names: the beginning of its id, `latest`, or the path of its directory.
pub fn resolve(runs: &Path, given: &str) -> Result<RunEntry, StoreError> {
    if given.contains('/') {
        return by_path(Path::new(given));
    }
    let known = ids(runs)?;
    let fitting: Vec<RunId> = match given {
        "latest" => known.iter().take(1).cloned().collect(),
        "" => Vec::new(),
        _ => known.iter().filter(|run| run.as_str().starts_with(given)).cloned().collect(),
    };
    match <[RunId; 1]>::try_from(fitting) {
        Ok([run]) => Ok(entry(runs, run)),
        Err(none) if none.is_empty() => Err(StoreError::NoSuchRun {
            runs: runs.to_path_buf(),
            given: given.to_owned(),
            nearest: nearest(given, &known),
        }),
        Err(candidates) => Err(StoreError::Ambiguous { runs: runs.to_path_buf(), given: given.to_owned(), candidates }),
    }
}

fn by_path(given: &Path) -> Result<RunEntry, StoreError> {
    let not_a_run = |_| StoreError::NotARun { path: given.to_path_buf() };
    // Through `latest`, and out of `runs/x/.`.
    let path = fs::canonical(given).map_err(not_a_run)?;
    let run = path.file_name().and_then(|name| name.to_str()).and_then(|name| RunId::new(name).ok());
    match (run, path.parent()) {
        (Some(run), Some(runs)) if path.is_dir() => Ok(entry(runs, run)),
        _ => Err(StoreError::NotARun { path: given.to_path_buf() }),
    }
}

/// The ids of all runs in a folder, newest first. They sort by time; those of the same second by their first event.
pub(super) fn ids(runs: &Path) -> Result<Vec<RunId>, StoreError> {
    match fs::kind(runs).map_err(StoreError::Unreadable)? {
        None => return Ok(Vec::new()),
        Some(_) if !runs.is_dir() => return Err(StoreError::NotAFolder { path: runs.to_path_buf() }),
        Some(_) => {}
    }
    let entries = fs::list(runs).map_err(StoreError::Unreadable)?;
    let folders = entries.iter().rev().filter(|entry| entry.kind == fs::Kind::Folder);
    let mut ids: Vec<RunId> = folders.filter_map(|entry| RunId::new(entry.name.to_str()?).ok()).collect();
    for same in ids.chunk_by_mut(|a, b| a.second() == b.second()).filter(|same| same.len() > 1) {
        same.sort_by_cached_key(|run| std::cmp::Reverse(begun(&RunDir::at(runs.join(run.as_str())))));
    }
    Ok(ids)
}

/// When a run began; the beginning of time for one whose journal cannot be read.
fn begun(dir: &RunDir) -> Timestamp {
    let first = Reader::open(&dir.journal()).ok().and_then(|mut events| events.next()?.ok());
    first.map_or_else(Timestamp::default, |event| event.at)
}

fn entry(runs: &Path, run: RunId) -> RunEntry {
    let dir = RunDir::at(runs.join(run.as_str()));
    match look(&dir) {
        Ok((began, standing)) => RunEntry { run, dir, standing, began: Some(began) },
        Err(error) => RunEntry { run, dir, standing: Standing::Unreadable(error), began: None },
    }
}

fn look(dir: &RunDir) -> Result<(Began, Standing), StoreError> {
    let path = dir.journal();
    // Before the journal: what ended in between is then at worst shown as live, never a live one as interrupted.
    let owner = owner(dir)?;
    let began = began(dir)?;
    let standing = match owner {
        Owner::Process(holder) => Standing::Live { pid: Some(holder.pid) },
        Owner::Unnamed => Standing::Live { pid: None },
        Owner::Nobody => last_word(&path)?,
    };
    Ok((began, standing))
}

fn began(dir: &RunDir) -> Result<Began, StoreError> {
    let path = dir.journal();
    let first = Reader::open(&path)?.next().unwrap_or(Err(StoreError::Empty { path }))?;
    match first.kind {
        Kind::RunStarted(started) => {
            Ok(Began { title: started.title, reference: started.reference, project: started.project, at: first.at })
        }
        _ => Err(StoreError::NotARun { path: dir.root().to_path_buf() }),
    }
}

/// How a run stands whose lock the caller holds.
pub(super) fn stands(dir: &RunDir) -> Standing {
    began(dir).and_then(|_| last_word(&dir.journal())).unwrap_or_else(Standing::Unreadable)
}

/// How the journal of a run that nobody owns ends.
fn last_word(path: &Path) -> Result<Standing, StoreError> {
    /// Nearly always enough; a longer last line makes it grow.
    const WINDOW: u64 = 16 * 1024;
    let (mut file, size) = fs::open_regular(path).map_err(|error| StoreError::opened(path.parent(), error))?;
    let mut window = WINDOW;
    loop {
        let from = size.saturating_sub(window);
        let bytes = tail(&mut file, from).map_err(|error| StoreError::read("read", path, error))?;
        if let Some(standing) = judge(path, &bytes, from)? {
            return Ok(standing);
        }
        if from == 0 {
            return Err(StoreError::Empty { path: path.to_path_buf() });
        }
        window = window.saturating_mul(16);
    }
}

fn tail(file: &mut File, from: u64) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(from))?;
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// What the last whole lines say; `None` if they are not in these bytes, which begin at `from`.
fn judge(path: &Path, bytes: &[u8], from: u64) -> Result<Option<Standing>, StoreError> {
    let mut lines: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').collect();
    // After the last line break: nothing, or a line that was cut short.
    lines.pop();
    if from > 0 && !lines.is_empty() {
        // Its beginning is not here.
        lines.remove(0);
    }
    for (back, text) in lines.iter().rev().enumerate() {
        match line::decode(text) {
            Ok(event) => {
                if let Some(standing) = verdict(event) {
                    return Ok(Some(standing));
                }
            }
            Err(Fault::Newer(found)) => return Err(newer(path, found)),
            // Only the last line may be broken.
            Err(Fault::Damage(_)) if back == 0 => {}
            // Reading it all names the line.
            Err(Fault::Damage(_)) => {
                return match super::read(path) {
                    Err(error) => Err(error),
                    Ok(_) => Ok(None),
                };
            }
        }
    }
    Ok(None)
}

/// How a run stands whose last event is this; `None` for one that says nothing about it.
fn verdict(event: Event) -> Option<Standing> {
    match event.kind {
        Kind::RunFinished { verdict, exit } => Some(Standing::Finished { verdict, exit, at: event.at }),
        Kind::RunStopped { why } => Some(Standing::Stopped { why, at: event.at }),
        // It comes after the end, and changes nothing about it.
        Kind::ChangeApplied { .. } => None,
        _ => Some(Standing::Interrupted { at: event.at }),
    }
}

fn newer(path: &Path, found: u32) -> StoreError {
    StoreError::Newer { path: PathBuf::from(path), found, supported: crate::event::FORMAT }
}

/// The run that was perhaps meant: one that has `given` inside, or begins nearly so.
fn nearest(given: &str, known: &[RunId]) -> Option<RunId> {
    const SHORTEST: usize = 4;
    if !given.is_ascii() || given.len() < SHORTEST {
        return None;
    }
    let distance = |run: &&RunId| {
        let id = run.as_str();
        let beginning = &id[..given.len().min(id.len())];
        if id.contains(given) { 0 } else { strsim::levenshtein(given, beginning) }
    };
    known.iter().min_by_key(distance).filter(|run| distance(run) <= given.len() / 4).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{AppliedOnto, samples};
    use crate::ids::ObjectId;
    use crate::store::{Lock, Staged, SyncMode};

    /// A run in `runs` whose journal has these kinds after its first event. Its lock is given back.
    fn make(runs: &Path, at: i64, kinds: Vec<Kind>) -> RunId {
        let staged = Staged::begin(runs, Timestamp::from_millis(at)).unwrap();
        let mut journal = staged.journal(SyncMode::Process).unwrap();
        for (seq, kind) in (1..).zip(std::iter::once(samples::run_started()).chain(kinds)) {
            let event = Event { run: staged.run().clone(), ..samples::event(seq, kind) };
            journal.append(&event).unwrap();
        }
        journal.close().unwrap();
        let run = staged.run().clone();
        staged.publish().unwrap();
        run
    }

    fn finished() -> Kind {
        Kind::RunFinished { verdict: RunVerdict::Success, exit: 0 }
    }

    fn applied() -> Kind {
        let tree = ObjectId::new(&"a".repeat(40)).unwrap();
        Kind::ChangeApplied {
            onto: AppliedOnto { path: "/p".to_owned(), before: tree.clone(), after: tree, run: None },
        }
    }

    #[test]
    fn runs_are_listed_newest_first_with_how_they_stand() {
        let temp = tempfile::tempdir().unwrap();
        let runs = temp.path();
        let oldest = make(runs, 0, vec![finished(), applied()]);
        let long = Kind::reopened("x".repeat(100_000));
        make(runs, 1000, vec![long, Kind::RunStopped { why: StopCause::Signal(2) }, applied()]);
        make(runs, 2000, vec![Kind::reopened("x".repeat(100_000))]);
        let broken = make(runs, 3000, vec![]);
        fs::write(&runs.join(broken.as_str()).join("events.jsonl"), b"what\nis this\n").unwrap();
        let live = make(runs, 4000, vec![]);
        let _lock = Lock::take(&RunDir::at(runs.join(live.as_str())), Timestamp::from_millis(0)).unwrap();
        fs::write(&runs.join("README.md"), b"foreign").unwrap();
        fs::create_dir(&runs.join("foreign")).unwrap();

        let found = list(runs).unwrap();
        let standings: Vec<_> = found.iter().map(|entry| &entry.standing).collect();
        match standings.as_slice() {
            [
                Standing::Live { pid: Some(_) },
                Standing::Unreadable(StoreError::Damaged { line: 1, .. }),
                Standing::Interrupted { .. },
                Standing::Stopped { why: StopCause::Signal(2), .. },
                Standing::Finished { verdict: RunVerdict::Success, exit: 0, .. },
            ] => {}
            other => panic!("{other:#?}"),
        }
        assert_eq!(found[4].run, oldest);
        assert_eq!(found[4].began.as_ref().unwrap().reference.as_deref(), Some("ABC-1"));
        let unfinished = latest(runs, |entry| entry.standing.is_unfinished()).unwrap().unwrap();
        assert!(matches!(unfinished.standing, Standing::Interrupted { .. }));
    }

    #[test]
    fn a_run_is_found_by_any_beginning_that_is_its_own() {
        let temp = tempfile::tempdir().unwrap();
        let runs = temp.path();
        let first = make(runs, 0, vec![]);
        let second = make(runs, 86_400_000, vec![]);
        assert_eq!(resolve(runs, "19700102").unwrap().run, second);
        assert_eq!(resolve(runs, "latest").unwrap().run, second);
        assert_eq!(resolve(runs, first.as_str()).unwrap().run, first);
        let path = runs.join(first.as_str());
        assert_eq!(resolve(Path::new("/nowhere"), path.to_str().unwrap()).unwrap().run, first);
        match resolve(runs, "1970").unwrap_err() {
            StoreError::Ambiguous { candidates, .. } => assert_eq!(candidates, [second.clone(), first]),
            other => panic!("{other}"),
        }
        match resolve(runs, "19700112").unwrap_err() {
            StoreError::NoSuchRun { nearest, .. } => assert_eq!(nearest, Some(second)),
            other => panic!("{other}"),
        }
        for none in ["", "zzzzzzzzzzzz", "é"] {
            assert!(matches!(resolve(runs, none), Err(StoreError::NoSuchRun { nearest: None, .. })), "{none}");
        }
        assert!(matches!(resolve(runs, "./nothing"), Err(StoreError::NotARun { .. })));
    }

    #[test]
    fn a_folder_that_is_not_there_has_no_runs_and_a_file_is_refused() {
        let temp = tempfile::tempdir().unwrap();
        assert!(list(&temp.path().join("absent")).unwrap().is_empty());
        let file = temp.path().join("runs");
        fs::write(&file, b"").unwrap();
        assert!(matches!(list(&file), Err(StoreError::NotAFolder { .. })));
    }
}
