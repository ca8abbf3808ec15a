//! What a list says of a run beyond how it stands: how many tasks are done, and what was used.
//!
//! Every line of the journal is vouched for, but of most only the name of the event is looked at, so that hundreds of
//! runs are counted in the time it takes to read them.

use serde::Deserialize;
use std::collections::HashSet;
use std::io::{BufRead, BufReader, Read};

use super::line::{self, Envelope, Fault};
use super::read::MAX_LINE;
use super::{RunDir, StoreError};
use crate::event::{FORMAT, Usage};
use crate::ids::TaskId;
use crate::sys::fs;

/// The numbers of a run.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tally {
    /// Tasks in the newest plan, without those that were replaced; none before there is one.
    pub tasks: Option<usize>,
    /// Those that succeeded.
    pub done: usize,
    /// What was used, by those that told; what nobody told is missing, never zero.
    pub usage: Usage,
    /// Attempts, and requests of a planner, that told nothing.
    pub silent: u32,
    /// Whether its change was brought into someone's files, and nothing was worked on since.
    pub applied: bool,
}

/// Counts the journal of a run. It may be growing.
pub fn tally(dir: &RunDir) -> Result<Tally, StoreError> {
    let path = dir.journal();
    let (file, _) = fs::open_regular(&path).map_err(|error| StoreError::opened(Some(dir.root()), error))?;
    let mut input = BufReader::with_capacity(64 * 1024, file);
    let mut count = Count::default();
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        let line = (&mut input).take(MAX_LINE).read_until(b'\n', &mut buffer);
        let length = line.map_err(|error| StoreError::read("read", &path, error))? as u64;
        let Some(record) = buffer.strip_suffix(b"\n") else {
            // It is still being written, or was cut short; one that is too long is named by the one place that judges.
            if length == MAX_LINE {
                super::read(&path)?;
            }
            break;
        };
        match count.take(record) {
            Ok(()) => {}
            Err(Fault::Newer(found)) => return Err(StoreError::Newer { path, found, supported: FORMAT }),
            // Whether that is damage, and where, is for the one place that judges it.
            Err(Fault::Damage(_)) => {
                super::read(&path)?;
                break;
            }
        }
    }
    Ok(count.tally())
}

#[derive(Debug, Default)]
struct Count {
    planned: Option<HashSet<TaskId>>,
    done: HashSet<TaskId>,
    usage: Usage,
    silent: u32,
    applied: bool,
}

#[derive(Deserialize)]
struct Accepted {
    plan: Planned,
}

#[derive(Deserialize)]
struct Planned {
    tasks: Vec<Named>,
}

#[derive(Deserialize)]
struct Named {
    id: TaskId,
}

#[derive(Deserialize)]
struct Revised {
    patch: Patch,
}

#[derive(Deserialize)]
struct Patch {
    #[serde(default)]
    add: Vec<Named>,
    #[serde(default)]
    remove: Vec<TaskId>,
}

/// What an attempt used, or a request that is none.
#[derive(Deserialize)]
struct Used {
    #[serde(default, alias = "used")]
    usage: Usage,
}

/// What an event says that is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fact {
    /// Which format the journal has.
    Begun,
    Planned,
    Revised,
    Used,
    Done,
    /// Work on a task goes on, or came to nothing.
    Undone,
    Applied,
}

/// The events that are counted. Of a plan that is proposed the request tells what it used.
const FACTS: [(&str, Fact); 13] = [
    ("run.started", Fact::Begun),
    ("plan.accepted", Fact::Planned),
    ("plan.revised", Fact::Revised),
    ("attempt.finished", Fact::Used),
    ("budget.settled", Fact::Used),
    ("task.succeeded", Fact::Done),
    ("task.reused", Fact::Done),
    ("attempt.started", Fact::Undone),
    ("task.failed", Fact::Undone),
    ("task.skipped", Fact::Undone),
    ("task.cancelled", Fact::Undone),
    ("task.reopened", Fact::Undone),
    ("change.applied", Fact::Applied),
];

fn fact(name: &[u8]) -> Option<Fact> {
    FACTS.iter().find(|(counted, _)| counted.as_bytes() == name).map(|(_, fact)| *fact)
}

impl Count {
    fn take(&mut self, record: &[u8]) -> Result<(), Fault> {
        if !line::is_sound(record) {
            return Err(Fault::Damage(super::Damage::Checksum));
        }
        match line::kind(record) {
            Some(name) if fact(name).is_none() => Ok(()),
            Some(_) | None => self.count(&line::envelope(record)?),
        }
    }

    fn count(&mut self, event: &Envelope<'_>) -> Result<(), Fault> {
        let broken = |error| Fault::Damage(super::Damage::Content(error));
        match fact(event.kind.as_bytes()) {
            Some(Fact::Used) => {
                let used: Used = serde_json::from_str(event.data.get()).map_err(broken)?;
                self.used(used.usage);
            }
            Some(Fact::Planned) => {
                let accepted: Accepted = serde_json::from_str(event.data.get()).map_err(broken)?;
                self.planned = Some(accepted.plan.tasks.into_iter().map(|task| task.id).collect());
            }
            Some(Fact::Revised) => {
                let revised: Revised = serde_json::from_str(event.data.get()).map_err(broken)?;
                let planned = self.planned.get_or_insert_default();
                planned.extend(revised.patch.add.into_iter().map(|task| task.id));
                // The one that was given up is done by others, or by nobody.
                for gone in revised.patch.remove.iter().chain(&event.task) {
                    planned.remove(gone);
                }
            }
            Some(Fact::Done) => self.done.extend(event.task.clone()),
            Some(Fact::Undone) => {
                self.applied = false;
                if let Some(task) = &event.task {
                    self.done.remove(task);
                }
            }
            Some(Fact::Applied) => self.applied = true,
            Some(Fact::Begun) | None => {}
        }
        Ok(())
    }

    fn used(&mut self, usage: Usage) {
        if usage.is_unknown() {
            self.silent = self.silent.saturating_add(1);
        } else {
            self.usage = self.usage.plus(usage);
        }
    }

    fn tally(self) -> Tally {
        let planned = self.planned;
        let done = self.done.iter().filter(|task| planned.as_ref().is_some_and(|planned| planned.contains(*task)));
        Tally {
            done: done.count(),
            tasks: planned.map(|planned| planned.len()),
            usage: self.usage,
            silent: self.silent,
            applied: self.applied,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::event::{AttemptFinished, AttemptOutcome, Event, Kind, PlanRevised, RunVerdict, samples};
    use crate::money::Usd;
    use crate::plan::{PlanPatch, Task};
    use crate::store::{Staged, SyncMode};
    use crate::time::Timestamp;

    /// A run with these events, each with the task it is about.
    fn run(runs: &Path, kinds: Vec<(Option<TaskId>, Kind)>) -> RunDir {
        let staged = Staged::begin(runs, Timestamp::from_millis(0)).unwrap();
        let mut journal = staged.journal(SyncMode::Process).unwrap();
        let first = (None, samples::run_started());
        for (seq, (task, kind)) in (1..).zip(std::iter::once(first).chain(kinds)) {
            journal.append(&Event { run: staged.run().clone(), task, ..samples::event(seq, kind) }).unwrap();
        }
        journal.close().unwrap();
        staged.publish().unwrap().dir
    }

    fn attempt(usage: Usage) -> Kind {
        let outcome = AttemptOutcome::Failed(crate::event::Failure::new(crate::event::FailureClass::Exited, "x"));
        Kind::AttemptFinished(Box::new(AttemptFinished { outcome, usage, ..AttemptFinished::lost() }))
    }

    fn sample(name: &str) -> Kind {
        samples::every_kind().into_iter().map(|event| event.kind).find(|kind| kind.name() == name).unwrap()
    }

    #[test]
    fn tasks_are_done_until_they_are_reopened_and_usage_that_nobody_told_is_unknown() {
        let temp = tempfile::tempdir().unwrap();
        let accepted = sample("plan.accepted");
        let Kind::PlanAccepted(it) = &accepted else { panic!("another kind") };
        let (tasks, first) = (it.plan.tasks.len(), it.plan.tasks[0].id.clone());
        let succeeded = || (Some(first.clone()), sample("task.succeeded"));
        let known = Usage { usd: Some(Usd::from_micros(250_000)), input_tokens: Some(7), ..Usage::default() };

        let begun = run(temp.path(), Vec::new());
        assert_eq!(tally(&begun).unwrap(), Tally::default());
        let silent = run(temp.path(), vec![(None, accepted.clone()), (None, attempt(Usage::default())), succeeded()]);
        let found = tally(&silent).unwrap();
        assert_eq!((found.tasks, found.done, found.usage, found.silent), (Some(tasks), 1, Usage::default(), 1));
        let finished = Kind::RunFinished { verdict: RunVerdict::Success, exit: 0 };
        let mut told = vec![(None, accepted), (None, attempt(known)), (None, attempt(known)), succeeded()];
        told.extend([(None, finished), (None, sample("change.applied"))]);
        let found = tally(&run(temp.path(), told.clone())).unwrap();
        assert_eq!(
            (found.usage.usd, found.usage.input_tokens, found.usage.output_tokens),
            (Some(Usd::from_micros(500_000)), Some(14), None)
        );
        assert!(found.applied);
        told.push((Some(first), Kind::reopened("it changed")));
        let found = tally(&run(temp.path(), told)).unwrap();
        assert_eq!((found.done, found.applied), (0, false));
    }

    #[test]
    fn a_plan_that_was_changed_is_counted_as_it_is_now() {
        let temp = tempfile::tempdir().unwrap();
        let accepted = sample("plan.accepted");
        let Kind::PlanAccepted(it) = &accepted else { panic!("another kind") };
        let (tasks, first) = (it.plan.tasks.len(), it.plan.tasks[0].clone());
        let mut patch = PlanPatch::new("why");
        patch.add = ["x", "y"].map(|id| Task { id: TaskId::new(id).unwrap(), ..first.clone() }).to_vec();
        let revised = Kind::PlanRevised(Box::new(PlanRevised::new(2, patch)));
        let told = vec![(None, accepted), (Some(first.id), revised)];
        assert_eq!(tally(&run(temp.path(), told)).unwrap().tasks, Some(tasks + 1), "two for one");
    }

    #[test]
    fn what_a_planner_asked_for_counts_once() {
        let temp = tempfile::tempdir().unwrap();
        let usage = Usage { usd: Some(Usd::from_micros(7)), ..Usage::default() };
        let settled = |used| (None, Kind::BudgetSettled { id: 1, used });
        let proposed = (None, Kind::PlanProposed { round: 1, text: "{}".to_owned(), usage });
        let found = tally(&run(temp.path(), vec![settled(usage), proposed, settled(Usage::default())])).unwrap();
        assert_eq!((found.usage, found.silent), (usage, 1));
    }

    #[test]
    fn every_event_that_is_counted_is_one_that_there_is() {
        let names: HashSet<_> = samples::every_kind().into_iter().map(|event| event.kind.name()).collect();
        assert!(FACTS.iter().all(|(name, _)| names.contains(name)), "{FACTS:?}");
    }

    #[test]
    fn a_line_that_was_cut_short_is_left_out_and_damage_before_it_is_named() {
        let temp = tempfile::tempdir().unwrap();
        let dir = run(temp.path(), vec![(None, sample("plan.accepted")), (None, sample("run.paused"))]);
        let whole = fs::read(&dir.journal(), 1 << 20).unwrap();
        let before = tally(&dir).unwrap();
        fs::write(&dir.journal(), &[&whole[..], b"{\"v\":1,\"se"].concat()).unwrap();
        assert_eq!(tally(&dir).unwrap(), before);
        let mut damaged = whole;
        damaged[40] ^= 1;
        fs::write(&dir.journal(), &damaged).unwrap();
        assert!(matches!(tally(&dir), Err(StoreError::Damaged { line: 1, .. })));
    }

    #[test]
    fn the_name_of_every_event_is_found_without_reading_it() {
        for kind in samples::every_kind().into_iter().map(|event| event.kind) {
            let name = kind.name();
            let record = line::encode(&samples::event(1, kind)).unwrap();
            assert_eq!(line::kind(&record), Some(name.as_bytes()));
        }
    }
}
