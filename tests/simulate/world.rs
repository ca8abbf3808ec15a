//! A scripted world: it does what `decide` asks for, in any order and at any pace, and the outcomes come from a script.
//! At every step `decide` is held against the naive reading.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use super::naive::Naive;
use super::plans::in_force;
use super::script::{Does, Setup, attempt_started, failure, finished, opened, run_id, task_id};
use super::words::in_words;
use crate::dispatch::{Identity, Wishes, survey};
use crate::event::{
    AttemptOutcome, Decision, Event, FORMAT, FailureClass, Kind, PauseCause, StopCause, TaskReused, TaskSucceeded,
    Verdict,
};
use crate::ids::{Digest, ObjectId, TaskId};
use crate::run::{Action, Busy, Probe, RunState, Status, decide};
use crate::time::{Span, Timestamp};

/// A step, or what is wrong with it.
pub type Sim<T = ()> = Result<T, String>;

/// Work that was begun and not answered yet.
#[derive(Debug, Clone, PartialEq)]
pub enum Begun {
    Attempt {
        task: usize,
        attempt: u32,
    },
    Check {
        task: Option<usize>,
        probes: Vec<Probe>,
    },
    Settle {
        task: usize,
        attempt: u32,
        verdict: Verdict,
    },
    Person {
        task: Option<usize>,
    },
    /// A planner is asked for another plan, for the how-manyth time.
    Planner {
        task: usize,
        number: u32,
    },
    /// A patch is parsed.
    Patch {
        task: usize,
        text: String,
    },
    /// A model is asked for words about the results.
    Words,
}

/// A run in progress.
#[derive(Clone)]
pub struct World {
    /// As the run began.
    pub first: Rc<Setup>,
    /// With the tasks of the plan in force.
    pub setup: Rc<Setup>,
    pub state: RunState,
    pub busy: Busy,
    pub journal: Vec<Rc<Event>>,
    pub begun: Vec<Begun>,
    pub now: Timestamp,
    /// When `decide` wants to be asked again.
    pub wake: Option<Timestamp>,
    /// Whether each decision is held against the naive reading.
    pub naive: bool,
    /// What each tree is the work of.
    pub(super) results: Rc<HashMap<ObjectId, Does>>,
    /// What each attempt claimed, where there are no trees to tell.
    pub(super) claims: BTreeMap<(usize, u32), Does>,
}

pub fn identity() -> Identity {
    Identity {
        ticket: Digest::of(b""),
        roles: BTreeMap::new(),
        agents: BTreeMap::new(),
        prompts: BTreeMap::new(),
        policy: Digest::of(b""),
    }
}

impl World {
    pub fn new(setup: &Setup) -> Self {
        let now = Timestamp::from_millis(1_000_000);
        let first = event(1, now, None, None, setup.started());
        let mut world = Self {
            state: RunState::begin(&first).unwrap(),
            busy: Busy { can_ask: setup.person.is_some(), ..Busy::default() },
            journal: vec![Rc::new(first)],
            begun: Vec::new(),
            now,
            wake: None,
            naive: true,
            results: Rc::default(),
            claims: BTreeMap::new(),
            first: Rc::new(setup.clone()),
            setup: Rc::new(setup.clone()),
        };
        world.append(None, None, setup.accepted()).unwrap();
        world
    }

    /// The process is killed with only the first `cut` events on disk, and another goes on.
    pub fn resumed(&self, cut: usize) -> Sim<Self> {
        let journal = self.journal[..cut].to_vec();
        let mut world = Self {
            state: RunState::fold(journal.iter().map(|event| &**event)).map_err(|error| error.to_string())?.unwrap(),
            busy: Busy { can_ask: self.setup.person.is_some(), ..Busy::default() },
            begun: Vec::new(),
            wake: None,
            setup: Rc::new(in_force(&self.first, journal.iter().map(|event| &**event))),
            now: if cut == self.journal.len() { self.now } else { journal[cut - 1].at },
            journal,
            ..self.clone()
        };
        if world.state.plan().is_none() {
            world.append(None, None, self.first.accepted())?;
        }
        let wishes = Wishes::default();
        let opening = opened(self.setup.terms());
        let found =
            survey(world.state.clone(), &identity(), &wishes, opening, world.now).map_err(|error| error.to_string())?;
        if !found.changed.is_empty() {
            return Err(format!("nothing was edited, and {:?} changed", found.changed));
        }
        if self.naive {
            let expected = Naive::of(&self.setup, &world.journal, &self.busy, world.now).opening();
            let found: Vec<String> = found.records[1..]
                .iter()
                .map(|Event { task, attempt, kind, .. }| {
                    in_words(&Action::Record { task: task.clone(), attempt: *attempt, kind: kind.clone() })
                })
                .collect();
            if found != expected {
                return Err(format!("a resume records {found:?}\nexpected {expected:?}"));
            }
        }
        if !found.nothing_to_do {
            for Event { task, attempt, kind, .. } in found.records {
                world.append(task, attempt, kind)?;
            }
        }
        Ok(world)
    }

    pub fn append(&mut self, task: Option<TaskId>, attempt: Option<u32>, kind: Kind) -> Sim {
        let event = event(self.state.seq + 1, self.now, task, attempt, kind);
        self.state.apply(&event).map_err(|error| error.to_string())?;
        let changed = matches!(event.kind, Kind::PlanRevised(_));
        self.journal.push(Rc::new(event));
        if changed {
            self.setup = Rc::new(in_force(&self.first, self.journal.iter().map(|event| &**event)));
        }
        Ok(())
    }

    /// Decides and begins what follows, until only answers and time can move the run.
    pub fn settle(&mut self) -> Sim {
        for _ in 0..1_000 {
            let actions = decide(&self.state, &self.busy, self.now);
            if actions != decide(&self.state, &self.busy, self.now) {
                return Err("the same question has two answers".to_owned());
            }
            if self.naive {
                let decided: Vec<String> = actions.iter().map(in_words).collect();
                let expected = Naive::of(&self.setup, &self.journal, &self.busy, self.now).next();
                if decided != expected {
                    return Err(format!("decided {decided:?}\nexpected {expected:?}"));
                }
            }
            let mut moved = false;
            self.wake = None;
            for action in actions {
                moved |= self.act(action)?;
            }
            if !moved {
                return Ok(());
            }
        }
        Err("the run never comes to rest".to_owned())
    }

    fn act(&mut self, action: Action) -> Sim<bool> {
        match action {
            Action::Record { task, attempt, kind } => self.append(task, attempt, kind)?,
            Action::Launch { task, attempt } => self.launch(task, attempt)?,
            Action::Verify { task, probes } => {
                match task {
                    Some(task) => drop(self.busy.tasks.insert(task)),
                    None => self.busy.verifying = true,
                }
                self.begun.push(Begun::Check { task: task.map(|task| task as usize), probes });
                return Ok(false);
            }
            Action::Settle { task, attempt, verdict } => {
                self.busy.tasks.insert(task);
                self.begun.push(Begun::Settle { task: task as usize, attempt, verdict });
                return Ok(false);
            }
            Action::Ask { task } => {
                self.busy.asking = true;
                self.begun.push(Begun::Person { task: task.map(|task| task as usize) });
                return Ok(false);
            }
            Action::Wait { until } => {
                self.wake = Some(until);
                return Ok(false);
            }
            Action::CancelAll { limit } => self.stop(StopCause::Limit(limit.to_owned()))?,
            Action::Replan { task, number } => {
                self.busy.asking = true;
                self.begun.push(Begun::Planner { task: task as usize, number });
                return Ok(false);
            }
            Action::ParsePatch { task, text } => {
                self.busy.asking = true;
                self.begun.push(Begun::Patch { task: task as usize, text });
                return Ok(false);
            }
            Action::Summarize => {
                self.busy.asking = true;
                self.begun.push(Begun::Words);
                return Ok(false);
            }
            other => return Err(format!("nothing in this world asks for {other:?}")),
        }
        Ok(true)
    }

    /// As the dispatcher launches: the result of an earlier attempt on the same inputs is taken.
    fn launch(&mut self, task: u32, attempt: u32) -> Sim {
        let key = identity().key(&self.state, task).unwrap().unwrap();
        let head = self.state.head().cloned();
        let rework = self.state.task(task).and_then(|task| task.rework.clone());
        if self.naive {
            let expected = Naive::of(&self.setup, &self.journal, &self.busy, self.now).told.rework(task as usize);
            if expected != rework.as_ref().map(|rework| rework.start.clone()) {
                return Err(format!("t{task} takes up {rework:?}\nexpected {expected:?}"));
            }
        }
        let done = self.state.task(task).filter(|_| rework.is_none()).and_then(|task| task.done.clone());
        let done = done.filter(|done| head.is_some() && done.key == key && done.input_tree == head);
        if let Some(done) = done {
            let reused = Box::new(TaskReused { from: done.attempt, key });
            return self.append(Some(task_id(task as usize)), None, Kind::TaskReused(reused));
        }
        self.append(Some(task_id(task as usize)), Some(attempt), attempt_started(head, key))?;
        self.begun.push(Begun::Attempt { task: task as usize, attempt });
        Ok(())
    }

    /// Ends what is at work, as a signal or a limit does: nothing more is decided.
    pub fn stop(&mut self, why: StopCause) -> Sim {
        for begun in std::mem::take(&mut self.begun) {
            if let Begun::Attempt { task, attempt } = begun {
                let kind = finished(failure(FailureClass::Interrupted, "the run was stopped"), None);
                self.append(Some(task_id(task)), Some(attempt), kind)?;
            }
        }
        self.wake = None;
        self.append(None, None, Kind::RunStopped { why })
    }

    /// Stands still for a while, with everything that is under way.
    pub fn suspend(&mut self, span: Span) -> Sim {
        let cause = PauseCause::Suspended;
        self.append(None, None, Kind::RunPaused { why: "a person".to_owned(), until: None, cause })?;
        self.now = self.now.after(span);
        self.settle()?;
        self.append(None, None, Kind::RunContinued {})
    }

    /// How many attempts of a task counted so far: interrupted ones do not.
    pub(super) fn counted(&self, task: usize) -> usize {
        let id = task_id(task);
        let own = self.journal.iter().filter(|event| event.task.as_ref() == Some(&id));
        let counts = own.filter(|event| match &event.kind {
            Kind::AttemptFinished(finished) => match &finished.outcome {
                AttemptOutcome::Ok(_) => true,
                AttemptOutcome::Failed(failure) => failure.class != FailureClass::Interrupted,
            },
            _ => false,
        });
        counts.count()
    }

    fn scripted(&self, task: usize) -> Does {
        let (nth, does) = (self.counted(task), &self.setup.tasks[task].does);
        match (does.get(nth), does.last()) {
            (Some(does), _) => *does,
            // What only asks to wait does not ask for ever.
            (None, None | Some(Does::Later(..))) => Does::Succeed,
            (None, Some(last)) => *last,
        }
    }

    /// Answers one piece of work that was begun, as the script says.
    pub fn answer(&mut self, which: usize) -> Sim {
        let does = match self.begun[which] {
            Begun::Attempt { task, .. } => self.scripted(task),
            Begun::Check { .. }
            | Begun::Settle { .. }
            | Begun::Person { .. }
            | Begun::Planner { .. }
            | Begun::Patch { .. }
            | Begun::Words => Does::Succeed,
        };
        self.answer_with(which, does, self.setup.person)
    }

    /// Answers one piece of work that was begun: an attempt does this, a person says that.
    pub fn answer_with(&mut self, which: usize, does: Does, said: Option<bool>) -> Sim {
        match self.begun.remove(which) {
            Begun::Attempt { task, attempt } => self.attempted(task, attempt, does),
            Begun::Check { task, probes } => {
                for probe in probes {
                    self.checked(task, &probe)?;
                }
                match task {
                    Some(task) => drop(self.busy.tasks.remove(&ordinal(task))),
                    None => self.busy.verifying = false,
                }
                Ok(())
            }
            Begun::Settle { task, attempt, verdict } => {
                let Some(Status::Checking { tree, .. }) =
                    self.state.task(ordinal(task)).map(|task| task.status.clone())
                else {
                    return Err(format!("t{task} is settled and was not checked"));
                };
                self.busy.tasks.remove(&ordinal(task));
                let succeeded = TaskSucceeded { commit: tree.clone(), tree, artifacts: Vec::new(), verdict };
                self.append(Some(task_id(task)), Some(attempt), Kind::TaskSucceeded(Box::new(succeeded)))
            }
            Begun::Planner { task, number } => self.planned(task, number),
            Begun::Patch { task, text } => self.patched(task, &text),
            Begun::Words => {
                self.busy.asking = false;
                self.append(None, None, Kind::SummaryWritten { text: Some("words".to_owned()), by: "m".to_owned() })
            }
            Begun::Person { task } => {
                self.busy.asking = false;
                let Some(said) = said else {
                    self.busy.can_ask = false;
                    return Ok(());
                };
                let decision = if said { Decision::Approve } else { Decision::Reject };
                let kind = Kind::ApprovalDecided { by: "p".to_owned(), decision };
                let held = task.and_then(|task| self.state.task(ordinal(task))?.held_attempt());
                self.append(task.map(task_id), held, kind)
            }
        }
    }

    /// Goes one of them: an answer, or, last, the time that is waited for.
    pub fn go(&mut self, way: usize) -> Sim {
        match self.wake {
            Some(wake) if way >= self.begun.len() => {
                self.now = self.now.max(wake);
                Ok(())
            }
            _ => self.answer(way),
        }
    }

    /// Runs to the end, going the way that `pick` chooses.
    pub fn finish(&mut self, mut pick: impl FnMut(usize) -> usize) -> Sim {
        for _ in 0..10_000 {
            self.settle()?;
            if self.is_over() {
                return Ok(());
            }
            if self.ways() == 0 {
                return Err(format!("nothing moves the run any more: {:?}", self.ends()));
            }
            let way = pick(self.ways());
            self.go(way)?;
        }
        Err("the run never ends".to_owned())
    }
}

pub(super) fn ordinal(task: usize) -> u32 {
    u32::try_from(task).unwrap()
}

pub fn event(seq: u64, at: Timestamp, task: Option<TaskId>, attempt: Option<u32>, kind: Kind) -> Event {
    Event { v: FORMAT, seq, at, run: run_id(), task, attempt, kind }
}
