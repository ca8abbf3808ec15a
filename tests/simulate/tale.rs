//! What a journal tells of one task, read naively: every question is answered by going through all events again. Shares
//! no code with `src/run`, but for the draw of a wait, which is a hash.

#![expect(clippy::option_option, reason = "not asked, asked, answered; not paused, paused, paused until then")]

use super::script::{Setup, task_id};
use crate::event::{AttemptOutcome, CheckStatus, Decision, Event, FailureClass, Kind, PauseCause, SkipCause, Verdict};
use crate::ids::ObjectId;
use crate::message::{ResultStatus, ReviewVerdict, TaskResult};
use crate::run::Backoff;
use crate::time::{Span, Timestamp};

/// A journal and the rules it was written under.
#[derive(Clone, Copy)]
pub struct Told<'a> {
    pub setup: &'a Setup,
    pub events: &'a [std::rc::Rc<Event>],
}

/// What a run waits for.
#[derive(Debug, Default)]
pub struct Pauses {
    pub suspended: Option<usize>,
    pub waiting: Option<Option<Timestamp>>,
}

/// One attempt.
#[derive(Debug, Clone)]
pub struct Try {
    pub number: u32,
    /// Where it was started and where it ended, as places in the journal.
    pub from: usize,
    pub to: Option<usize>,
}

/// How a task is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    Succeeded,
    Failed(FailureClass),
    /// The plan was changed for its sake.
    Replaced,
    Skipped(SkipCause),
    Cancelled,
}

/// What has become of an attempt.
#[derive(Debug, Clone, PartialEq)]
pub enum Fate {
    Running,
    /// Its process died with it.
    Lost,
    /// A check is missing.
    Unproved,
    Good(Verdict),
    Bad(Bad),
}

#[derive(Debug, Clone, PartialEq)]
pub struct Bad {
    pub class: FailureClass,
    pub words: String,
    pub retry_at: Option<Timestamp>,
    /// The place in the journal from which this was known.
    pub known: usize,
}

/// What a task waits for, or does.
#[derive(Debug, Clone, PartialEq)]
pub enum Stand {
    Over(End),
    Running,
    Lost(u32),
    Unproved(u32),
    Proved(u32, Verdict),
    Exhausted(FailureClass),
    /// It may start, from then on.
    Pending(Option<Timestamp>),
}

impl<'a> Told<'a> {
    pub fn places(self) -> impl DoubleEndedIterator<Item = (usize, &'a Event)> + ExactSizeIterator {
        self.events.iter().enumerate().map(|(place, event)| (place, &**event))
    }

    /// The events of a task, from where it was last opened.
    pub fn of(self, task: usize) -> Vec<(usize, &'a Event)> {
        let id = task_id(task);
        // Or since another task took its place, of which nothing holds that was said before.
        let from = self.places().rposition(|(_, event)| match &event.kind {
            Kind::TaskReopened { .. } => event.task.as_ref() == Some(&id),
            Kind::PlanRevised(revised) => revised.patch.replace.iter().any(|task| task.id == id),
            _ => false,
        });
        let since = self.places().skip(from.map_or(0, |from| from + 1));
        since.filter(|(_, event)| event.task.as_ref() == Some(&id)).collect()
    }

    /// Where this process began to write.
    pub fn session(self) -> usize {
        self.places()
            .filter(|(_, event)| matches!(event.kind, Kind::RunOpened(_)))
            .map(|(place, _)| place)
            .next_back()
            .unwrap_or(0)
    }

    /// Where a run that had ended was last opened again: what was put off until then is forgotten.
    pub fn opened_anew(self) -> usize {
        let pairs = self.events.iter().zip(self.events.iter().skip(1)).enumerate();
        let anew = pairs.filter(|(_, (last, event))| {
            matches!(last.kind, Kind::RunStopped { .. } | Kind::RunFinished { .. })
                && matches!(event.kind, Kind::RunOpened(_))
        });
        anew.map(|(place, _)| place + 1).next_back().unwrap_or(0)
    }

    /// What the run waits for: a time, or a person who suspended it. Of the two the suspension ends first, at the latest with
    /// its process; a wait only with a run that is opened anew.
    pub fn pauses(self) -> Pauses {
        let mut pauses = Pauses::default();
        for (place, event) in self.places() {
            match event.kind {
                Kind::RunPaused { cause: PauseCause::Suspended, .. } => pauses.suspended = Some(place),
                Kind::RunPaused { cause: PauseCause::Waiting, until, .. } => pauses.waiting = Some(until),
                Kind::RunContinued {} if pauses.suspended.is_some() => pauses.suspended = None,
                Kind::RunContinued {} => pauses.waiting = None,
                Kind::RunOpened(_) if place == self.opened_anew() => pauses = Pauses::default(),
                Kind::RunOpened(_) => pauses.suspended = None,
                _ => {}
            }
        }
        pauses
    }

    pub fn launched(self) -> usize {
        self.places().filter(|(_, event)| matches!(event.kind, Kind::AttemptStarted(_))).count()
    }

    /// The highest number that an attempt of this task ever had.
    pub fn last_number(self, task: usize) -> u32 {
        let id = task_id(task);
        let own = self.places().filter(|(_, event)| event.task.as_ref() == Some(&id));
        own.filter_map(|(_, event)| event.attempt).max().unwrap_or(0)
    }

    pub fn tries(self, task: usize) -> Vec<Try> {
        let mut tries: Vec<Try> = Vec::new();
        for (place, event) in self.of(task) {
            match event.kind {
                Kind::AttemptStarted(_) => {
                    tries.push(Try { number: event.attempt.unwrap_or(0), from: place, to: None });
                }
                Kind::AttemptFinished(_) => {
                    if let Some(last) = tries.last_mut() {
                        last.to = Some(place);
                    }
                }
                _ => {}
            }
        }
        tries
    }

    pub fn end(self, task: usize) -> Option<End> {
        self.of(task).into_iter().find_map(|(_, event)| match &event.kind {
            Kind::TaskSucceeded(_) | Kind::TaskReused(_) => Some(End::Succeeded),
            Kind::TaskFailed { class, .. } => Some(End::Failed(*class)),
            Kind::TaskSkipped { cause } => Some(End::Skipped(cause.clone())),
            Kind::TaskCancelled { .. } => Some(End::Cancelled),
            Kind::PlanRevised(_) => Some(End::Replaced),
            _ => None,
        })
    }

    /// Where a person was last asked about a task, and what they said: nothing counts that was said before it was held.
    pub fn consent(self, task: usize) -> Option<Option<Decision>> {
        let since = if self.is_held(task) { self.last_interruption(task) } else { 0 };
        let events = self.of(task);
        let mut said =
            events.into_iter().filter(|(place, _)| *place >= since).filter_map(|(_, event)| match event.kind {
                Kind::ApprovalRequested {} => Some(None),
                Kind::ApprovalDecided { decision, .. } => Some(Some(decision)),
                _ => None,
            });
        said.next_back()
    }

    fn last_interruption(self, task: usize) -> usize {
        self.tries(task).iter().filter_map(|one| one.to).next_back().unwrap_or(0)
    }

    /// Whether a person must decide over it: five interruptions in a row, or one where the task asks at once. Only agreeing
    /// ends that, and not that the task is opened again.
    pub fn is_held(self, task: usize) -> bool {
        let id = task_id(task);
        let most = if self.setup.tasks[task].asks { 1 } else { 5 };
        let (mut row, mut held) = (0, false);
        for (_, event) in self.places().filter(|(_, event)| event.task.as_ref() == Some(&id)) {
            match &event.kind {
                Kind::AttemptFinished(finished) => match &finished.outcome {
                    AttemptOutcome::Failed(failure) if luck(failure.class, false) == Luck::Free => row += 1,
                    AttemptOutcome::Failed(_) | AttemptOutcome::Ok(_) => row = 0,
                },
                Kind::ApprovalDecided { decision: Decision::Approve, .. } => (row, held) = (0, false),
                Kind::TaskReopened { .. } => row = 0,
                _ => {}
            }
            held |= row >= most;
        }
        held
    }

    /// The colour of a check on a tree, and from which place in the journal it was known. In place, what was seen since
    /// `from` counts.
    pub fn colour(self, name: &str, of: &Seen, from: usize) -> Option<(usize, CheckStatus)> {
        let base = self.setup.base();
        let mut found = self.places().filter_map(|(place, event)| {
            let (run, about) = match &event.kind {
                Kind::BaseChecked(run) => (run, Seen::Base),
                Kind::CheckFinished(run) => match &event.task {
                    Some(task) => (run, Seen::Task(task.as_str()[1..].parse().ok()?, event.attempt?, None)),
                    None => (run, Seen::Whole(None)),
                },
                _ => return None,
            };
            let same = match (of, &run.tree) {
                (Seen::Task(_, _, Some(wanted)) | Seen::Whole(Some(wanted)), Some(tree)) => wanted == tree,
                (Seen::Base, Some(tree)) => base.as_ref() == Some(tree),
                (Seen::Base, None) => about == Seen::Base,
                (wanted, None) => *wanted == about && place >= from,
                _ => false,
            };
            (same && run.check.as_str() == name).then_some((place, run.outcome.status))
        });
        found.next_back()
    }

    pub fn fate(self, task: usize, one: &Try) -> Fate {
        let Some(to) = one.to else {
            return if one.from < self.session() { Fate::Lost } else { Fate::Running };
        };
        let Kind::AttemptFinished(finished) = &self.events[to].kind else { return Fate::Running };
        let claim = match &finished.outcome {
            AttemptOutcome::Ok(claim) => claim,
            AttemptOutcome::Failed(failure) => {
                let (class, retry_at) = (failure.class, failure.retry_at);
                return Fate::Bad(Bad { class, words: failure.detail.clone(), retry_at, known: to });
            }
        };
        let bad = |class, words: &str, known| Fate::Bad(Bad { class, words: words.to_owned(), retry_at: None, known });
        if self.setup.tasks[task].review {
            return match claim.status {
                _ if self.is_a_no(claim) => bad(FailureClass::Reported, "no", to),
                ResultStatus::Done => Fate::Good(Verdict::Verified),
                ResultStatus::Failed => bad(FailureClass::Reported, "said", to),
            };
        }
        let before = self.colour("unit", &Seen::Base, 0);
        let after = self.colour("unit", &Seen::Task(task, one.number, finished.tree.clone()), one.from);
        let (Some((base, before)), Some((own, after))) = (before, after) else { return Fate::Unproved };
        // The outcome is known from the last of the three on.
        let first = self.places().position(|(place, event)| match &event.kind {
            Kind::BaseChecked(run) => place <= base && run.check.as_str() == "unit",
            _ => false,
        });
        let known = to.max(own).max(first.unwrap_or(base));
        match (before, after, claim.status) {
            (_, CheckStatus::Red, _) => bad(FailureClass::Rejected, "red", known),
            (CheckStatus::Red, _, _) => Fate::Good(Verdict::Verified),
            (_, _, ResultStatus::Failed) => bad(FailureClass::Reported, "said", known),
            (_, _, ResultStatus::Done) => Fate::Good(Verdict::Vacuous),
        }
    }

    /// Whether a review's claim is a no by its verdict or its score.
    fn is_a_no(self, claim: &TaskResult) -> bool {
        let Some(terms) = self.setup.review else { return false };
        claim.verdict == Some(ReviewVerdict::RequestChanges) || claim.score.is_some_and(|score| score < terms.threshold)
    }

    /// Where a review gave the no with which its last attempt ended, if it did.
    pub fn no(self, review: usize) -> Option<usize> {
        let to = self.tries(review).pop().filter(|_| self.setup.tasks[review].review)?.to?;
        let Kind::AttemptFinished(finished) = &self.events[to].kind else { return None };
        match &finished.outcome {
            AttemptOutcome::Ok(claim) if self.is_a_no(claim) => Some(to),
            AttemptOutcome::Ok(_) | AttemptOutcome::Failed(_) => None,
        }
    }

    /// The places at which a review sent work back, since it was last opened after it had not succeeded.
    pub fn reworks(self, review: usize) -> Vec<usize> {
        let id = task_id(review);
        let (mut places, mut unsuccessful) = (Vec::new(), false);
        for (place, event) in self.places() {
            let own = event.task.as_ref() == Some(&id);
            match &event.kind {
                Kind::TaskReopened { sent_back_by: Some(by), .. } if *by == id => places.push(place),
                Kind::TaskReopened { .. } if own && unsuccessful => places.clear(),
                Kind::TaskFailed { .. } | Kind::TaskSkipped { .. } | Kind::TaskCancelled { .. } if own => {
                    unsuccessful = true;
                }
                Kind::TaskSucceeded(_) | Kind::TaskReused(_) | Kind::AttemptStarted(_) if own => unsuccessful = false,
                _ => {}
            }
        }
        places
    }

    /// Whether a task's work was sent back, and where the next attempt starts from then.
    pub fn rework(self, task: usize) -> Option<Option<ObjectId>> {
        let id = task_id(task);
        let own = || self.places().filter(|(_, event)| event.task.as_ref() == Some(&id));
        let opened = own().rfind(|(_, event)| matches!(event.kind, Kind::TaskReopened { .. }));
        let (place, _) =
            opened.filter(|(_, event)| matches!(&event.kind, Kind::TaskReopened { sent_back_by: Some(_), .. }))?;
        let mut trees = own().filter(|(at, _)| *at < place).filter_map(|(_, event)| match &event.kind {
            Kind::TaskSucceeded(done) => Some(done.tree.clone()),
            _ => None,
        });
        trees.next_back()
    }

    pub fn stand(self, task: usize) -> Stand {
        if let Some(end) = self.end(task) {
            return Stand::Over(end);
        }
        let (mut counted, mut before, mut from) = (0, None, None);
        for one in self.tries(task) {
            let bad = match self.fate(task, &one) {
                Fate::Running => return Stand::Running,
                Fate::Lost => return Stand::Lost(one.number),
                Fate::Unproved => return Stand::Unproved(one.number),
                Fate::Good(verdict) => return Stand::Proved(one.number, verdict),
                Fate::Bad(bad) => bad,
            };
            let at = self.events[bad.known].at;
            match luck(bad.class, self.setup.tasks[task].review) {
                Luck::None => return Stand::Exhausted(bad.class),
                Luck::Free => from = None,
                Luck::Wait => from = bad.retry_at,
                Luck::Counted if is_long(&bad, at) => from = bad.retry_at,
                Luck::Counted => {
                    counted += 1;
                    let words = Some((bad.class, bad.words));
                    if counted >= self.setup.attempts || before == words {
                        return Stand::Exhausted(bad.class);
                    }
                    before = words;
                    from = Some(self.wait(task, counted, one.number, at).max(bad.retry_at.unwrap_or(at)));
                }
            }
        }
        Stand::Pending(from)
    }

    /// The end of a wait that was drawn; it stays under its ceiling, which doubles.
    fn wait(self, task: usize, counted: u32, number: u32, at: Timestamp) -> Timestamp {
        let terms = self.setup.terms();
        let draw = Backoff { first: terms.backoff, max: terms.max_backoff };
        let wait = draw.after(counted, &self.events[0].run, &task_id(task), number);
        let ceiling = (0..counted.saturating_sub(1)).fold(terms.backoff.as_millis(), |wait, _| wait * 2);
        assert!(wait <= Span::from_millis(ceiling) && wait <= terms.max_backoff, "a wait of {wait:?} for {counted}");
        at.after(wait)
    }
}

/// What a check was run on: the base, what an attempt of a task made, or the whole; where there are trees, that tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    Base,
    Task(usize, u32, Option<ObjectId>),
    Whole(Option<ObjectId>),
}

/// A rate limit for more than a minute is as good as a quota.
pub fn is_long(bad: &Bad, at: Timestamp) -> bool {
    let until = bad.retry_at.map_or(0, Timestamp::as_millis);
    bad.class == FailureClass::RateLimited && until - at.as_millis() > 60_000
}

/// What is left to try after a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Luck {
    Counted,
    Free,
    Wait,
    None,
}

pub fn luck(class: FailureClass, review: bool) -> Luck {
    match class.as_str() {
        "interrupted" | "cancelled" => Luck::Free,
        "quota" => Luck::Wait,
        "auth" | "policy-denied" | "budget-exhausted" | "unusable" => Luck::None,
        "reported" if review => Luck::None,
        _ => Luck::Counted,
    }
}
