//! What is to be done next, by a naive reading of the rules: sets and full scans, in words that can be compared with what
//! `decide` says.

#![expect(clippy::option_option, reason = "not asked, asked, answered; not paused, paused, paused until then")]

use super::script::{Setup, task_id};
use super::tale::{End, Fate, Luck, Seen, Stand, Told, is_long, luck};
use crate::event::{Decision, Event, Kind, Limit, PauseCause, SkipCause};
use crate::run::Busy;
use crate::time::{Span, Timestamp};

/// A reading of a journal at one moment.
pub struct Naive<'a> {
    pub told: Told<'a>,
    pub setup: &'a Setup,
    pub busy: &'a Busy,
    now: Timestamp,
    /// Where each task stands.
    pub stands: Vec<Stand>,
}

impl<'a> Naive<'a> {
    pub fn of(setup: &'a Setup, events: &'a [std::rc::Rc<Event>], busy: &'a Busy, now: Timestamp) -> Self {
        let told = Told { setup, events };
        let stands = (0..setup.tasks.len()).map(|task| told.stand(task)).collect();
        Self { told, setup, busy, now, stands }
    }

    /// What is to be done, in order.
    pub fn next(&self) -> Vec<String> {
        let last = self.told.places().rev().find(|(_, event)| !matches!(event.kind, Kind::ChangeApplied { .. }));
        if last.is_some_and(|(_, event)| matches!(event.kind, Kind::RunStopped { .. } | Kind::RunFinished { .. })) {
            return Vec::new();
        }
        if self.told.pauses().suspended.is_some() {
            return Vec::new();
        }
        let due = self.due();
        if !due.is_empty() {
            return due;
        }
        let mut next = self.proofs();
        if let Some(over) = self.out_of_time() {
            next.push(over);
            return next;
        }
        if let Some(consent) = self.plan_consent().or_else(|| self.pause()) {
            next.extend(consent);
            return next;
        }
        next.extend(self.launches());
        if next.is_empty() && self.is_idle() && !self.busy.verifying {
            next.extend(self.when_idle());
        }
        next.extend(self.wake());
        next
    }

    pub fn tasks(&self) -> std::ops::Range<usize> {
        0..self.setup.tasks.len()
    }

    pub fn over(&self, task: usize) -> Option<&End> {
        match &self.stands[task] {
            Stand::Over(end) => Some(end),
            _ => None,
        }
    }

    fn all_over(&self) -> bool {
        self.tasks().all(|task| self.over(task).is_some())
    }

    fn active(&self) -> Vec<usize> {
        let at_work = |task: &usize| {
            matches!(self.stands[*task], Stand::Running | Stand::Lost(_) | Stand::Unproved(_) | Stand::Proved(..))
        };
        self.tasks().filter(at_work).collect()
    }

    fn is_idle(&self) -> bool {
        self.active().is_empty()
    }

    /// The dependency for whose sake a task never runs.
    fn blocker(&self, task: usize) -> Option<usize> {
        let script = &self.setup.tasks[task];
        script.deps.iter().copied().find(|dep| match self.over(*dep) {
            Some(End::Failed(_) | End::Replaced) => !script.always,
            Some(End::Skipped(_) | End::Cancelled) => true,
            Some(End::Succeeded) | None => false,
        })
    }

    fn deps_over(&self, task: usize) -> bool {
        self.setup.tasks[task].deps.iter().all(|dep| self.over(*dep).is_some())
    }

    /// The first task that failed, by the order in which they failed.
    pub fn first_failure(&self) -> Option<usize> {
        let failed = |task: usize| {
            let since = self.told.of(task).into_iter();
            since.filter(|(_, event)| matches!(event.kind, Kind::TaskFailed { .. })).map(|(place, _)| place).next()
        };
        self.tasks().filter_map(|task| failed(task).map(|place| (place, task))).min().map(|(_, task)| task)
    }

    pub fn halted(&self) -> Option<usize> {
        self.first_failure().filter(|_| !self.setup.continue_on_error)
    }

    fn due(&self) -> Vec<String> {
        let mut due = Vec::new();
        for task in self.tasks() {
            if let Stand::Lost(number) = self.stands[task] {
                due.push(format!("lose t{task} attempt {number}"));
            }
        }
        for task in self.tasks() {
            let Stand::Exhausted(class) = self.stands[task] else { continue };
            if self.has_sent_back(task) {
                due.push(format!("reopen t{task}"));
            } else if self.send_back(task).is_none() && !self.may_replan(task) {
                due.push(format!("fail t{task}: {class}"));
            }
        }
        for task in self.tasks() {
            if !matches!(self.stands[task], Stand::Pending(_)) {
                continue;
            }
            let consent = self.told.consent(task);
            let deps = &self.setup.tasks[task].deps;
            // Its dependency was left out because the run stopped: so is it.
            let stopped = |dep: &usize| matches!(self.over(*dep), Some(End::Skipped(SkipCause::Stopped(_))));
            if self.halted().is_some() && deps.iter().any(stopped) {
                continue;
            }
            let blocker = self.blocker(task).filter(|_| self.deps_over(task) && consent != Some(None));
            let skip = match blocker {
                Some(dep) => format!("skip t{task}: dependency t{dep}"),
                None if consent == Some(Some(Decision::Reject)) => format!("skip t{task}: rejected"),
                None => continue,
            };
            // Others may follow from it.
            due.push(skip);
            break;
        }
        due.extend(self.warnings());
        due.extend(self.pause_due().map(|until| format!("pause until {until:?}")));
        due
    }

    /// Four fifths of a limit are used: said once for each.
    fn warnings(&self) -> Vec<String> {
        let launched = self.told.launched() as u64;
        let limits = [
            (Limit::RunTime, self.elapsed().as_millis(), self.setup.run_time.as_millis()),
            (Limit::Launches, launched, u64::from(self.setup.launches)),
        ];
        let warned = |limit| {
            let mut events = self.told.places();
            events.any(|(_, event)| matches!(&event.kind, Kind::BudgetWarned { limit: of, .. } if *of == limit))
        };
        let near =
            limits.into_iter().filter(|(limit, used, of)| used * 5 >= of * 4 && !warned(*limit) && !self.all_over());
        near.map(|(limit, used, of)| format!("warn {}: {used} of {of}", limit.key())).collect()
    }

    /// What another process records first: what its predecessor was at; and where the run had ended, that what did not
    /// succeed is done again, and what has not seen it.
    pub fn opening(&self) -> Vec<String> {
        let lost = self.tasks().filter_map(|task| match self.stands[task] {
            Stand::Lost(_) | Stand::Running => Some(format!("lose t{task} attempt {}", self.told.last_number(task))),
            _ => None,
        });
        let mut opening: Vec<String> = lost.collect();
        let newest = self.told.events.last().map(|event| &event.kind);
        if !matches!(newest, Some(Kind::RunStopped { .. } | Kind::RunFinished { .. })) {
            return opening;
        }
        let succeeded = |task: &usize| self.over(*task) == Some(&End::Succeeded);
        let stays = |task: &usize| matches!(self.over(*task), Some(End::Succeeded | End::Replaced));
        let again: Vec<usize> = self.tasks().filter(|task| self.over(*task).is_some() && !stays(task)).collect();
        opening.extend(again.iter().map(|task| format!("reopen t{task}")));
        let mut chain: Vec<usize> = self.tasks().filter(succeeded).collect();
        chain.sort_by_key(|task| self.kept(*task));
        let mut behind: Vec<usize> = Vec::new();
        for task in &chain {
            let deps = &self.setup.tasks[*task].deps;
            if deps.iter().any(|dep| !stays(dep) || behind.contains(dep)) {
                behind.push(*task);
            }
        }
        for task in behind.into_iter().rev() {
            if self.setup.tasks[task].review || chain.last() == Some(&task) {
                chain.retain(|other| *other != task);
                opening.push(format!("reopen t{task}"));
            }
        }
        opening
    }

    /// The place of a task's last success.
    pub fn kept(&self, task: usize) -> Option<usize> {
        let id = task_id(task);
        let own = self.told.places().filter(|(_, event)| event.task.as_ref() == Some(&id));
        let kept = own.filter(|(_, event)| matches!(event.kind, Kind::TaskSucceeded(_) | Kind::TaskReused(_)));
        kept.map(|(place, _)| place).next_back()
    }

    /// A quota that is used up, or a long wait, that came since the last pause.
    fn pause_due(&self) -> Option<Option<Timestamp>> {
        let paused = self.told.places().filter(|(_, event)| match event.kind {
            Kind::RunPaused { cause, .. } => cause == PauseCause::Waiting,
            _ => false,
        });
        let since = paused.map(|(place, _)| place).next_back().unwrap_or(0).max(self.told.opened_anew());
        let tries = self.tasks().flat_map(|task| self.told.tries(task).into_iter().map(move |one| (task, one)));
        let waits = tries.filter_map(|(task, one)| match self.told.fate(task, &one) {
            Fate::Bad(bad) if bad.known > since => {
                let at = self.told.events[bad.known].at;
                (luck(bad.class, false) == Luck::Wait || is_long(&bad, at)).then_some((bad.known, bad.retry_at))
            }
            _ => None,
        });
        waits.max_by_key(|(known, _)| *known).map(|(_, until)| until)
    }

    fn proofs(&self) -> Vec<String> {
        let mut next = Vec::new();
        for task in self.tasks().filter(|task| !self.busy.tasks.contains(&u32::try_from(*task).unwrap())) {
            match &self.stands[task] {
                Stand::Proved(number, verdict) => next.push(format!("settle t{task} attempt {number}: {verdict:?}")),
                Stand::Unproved(_) => {
                    let known = self.told.colour("unit", &Seen::Base, 0).is_some();
                    let base = if known { "" } else { " base unit" };
                    // The base may be all that was missing.
                    let own = if self.has_own(task) { "" } else { " result unit" };
                    next.push(format!("verify t{task}:{base}{own}"));
                }
                _ => {}
            }
        }
        next
    }

    fn has_own(&self, task: usize) -> bool {
        let Some(one) = self.told.tries(task).pop() else { return false };
        let Some(Kind::AttemptFinished(finished)) = one.to.map(|to| &self.told.events[to].kind) else { return false };
        self.told.colour("unit", &Seen::Task(task, one.number, finished.tree.clone()), one.from).is_some()
    }

    /// Wall time of all processes so far: every step from one event to the next, but for what lay between two processes, and
    /// while everything stood still.
    pub fn elapsed(&self) -> Span {
        let mut sum = 0;
        let (mut last, mut still) = (self.told.events[0].at, false);
        for (_, event) in self.told.places() {
            match event.kind {
                Kind::ChangeApplied { .. } => continue,
                Kind::RunOpened(_) => still = true,
                _ => {}
            }
            if !still {
                sum += event.at.as_millis() - last.as_millis();
            }
            last = event.at;
            still = match event.kind {
                Kind::RunPaused { cause: PauseCause::Suspended, .. } => true,
                Kind::RunContinued {} | Kind::RunOpened(_) => false,
                _ => still,
            };
        }
        if !still {
            sum += self.now.as_millis() - last.as_millis();
        }
        Span::from_millis(u64::try_from(sum).unwrap())
    }

    fn out_of_time(&self) -> Option<String> {
        if self.all_over() && !self.busy.verifying || self.elapsed() < self.setup.run_time {
            return None;
        }
        let asks = self.busy.asking && self.to_replan().is_some();
        let at_rest = self.is_idle() && self.busy.tasks.is_empty() && !self.busy.verifying && !asks;
        Some(if at_rest { "stop: limits.run" } else { "cancel: limits.run" }.to_owned())
    }

    fn plan_consent(&self) -> Option<Vec<String>> {
        let never = matches!(self.setup.ask, crate::event::Ask::Never);
        // A plan that was changed is agreed to anew.
        let revised = self.told.places().filter(|(_, event)| matches!(event.kind, Kind::PlanRevised(_)));
        let since = revised.map(|(place, _)| place).next_back().filter(|_| !never);
        let about_plan = self.told.places().filter(|(place, _)| since.is_none_or(|since| *place > since));
        let about_plan = about_plan.filter(|(_, event)| event.task.is_none());
        let mut said = about_plan.filter_map(|(_, event)| match event.kind {
            Kind::ApprovalRequested {} => Some(None),
            Kind::ApprovalDecided { decision, .. } => Some(Some(decision)),
            _ => None,
        });
        match said.next_back() {
            None if never || self.told.launched() > 0 && since.is_none() => None,
            None => Some(vec!["request plan".to_owned()]),
            Some(None) => Some(self.ask("plan")),
            Some(Some(Decision::Approve)) => None,
            Some(Some(Decision::Reject)) => Some(vec!["finish: denied 5".to_owned()]),
        }
    }

    fn ask(&self, what: &str) -> Vec<String> {
        match (self.busy.asking, self.busy.can_ask) {
            (true, _) => Vec::new(),
            (false, true) => vec![format!("ask {what}")],
            (false, false) => vec!["stop: approval".to_owned()],
        }
    }

    fn pause(&self) -> Option<Vec<String>> {
        let until = self.told.pauses().waiting?;
        let Some(at) = until else { return Some(self.stop_when_idle(until)) };
        if at <= self.now {
            return Some(vec!["continue".to_owned()]);
        }
        if at.since(self.now) <= self.setup.quota_wait {
            return Some(vec![format!("wait until {at:?}")]);
        }
        Some(self.stop_when_idle(until))
    }

    fn stop_when_idle(&self, until: Option<Timestamp>) -> Vec<String> {
        let at_rest = self.is_idle() && self.busy.tasks.is_empty();
        if at_rest { vec![format!("stop: quota until {until:?}")] } else { Vec::new() }
    }

    /// The most hops below a task.
    fn hops(&self, task: usize) -> usize {
        let below = self.tasks().filter(|other| self.setup.tasks[*other].deps.contains(&task));
        below.map(|other| self.hops(other) + 1).max().unwrap_or(0)
    }

    /// Tasks that may start but for the time, those with the most below them first.
    fn open(&self) -> Vec<(usize, Option<Timestamp>)> {
        let mut open: Vec<_> = self
            .tasks()
            .filter_map(|task| match self.stands[task] {
                Stand::Pending(from) => Some((task, from)),
                _ => None,
            })
            .filter(|(task, _)| self.deps_over(*task) && self.blocker(*task).is_none())
            .filter(|(task, _)| self.told.consent(*task) != Some(None))
            .collect();
        open.sort_by_key(|(task, _)| (std::cmp::Reverse(self.hops(*task)), *task));
        open
    }

    fn slots(&self) -> usize {
        let goes_back = self.tasks().any(|task| matches!(self.stands[task], Stand::Exhausted(_)));
        let blocked = self.halted().is_some() || self.busy.verifying || goes_back;
        if blocked { 0 } else { (self.setup.jobs as usize).saturating_sub(self.active().len()) }
    }

    /// In place, and where both only write to places of their own.
    fn may_share(&self, task: usize, other: usize) -> bool {
        let writes = |task: usize| (!self.setup.tasks[task].review).then_some(task - task % 3 / 2);
        self.setup.in_place && writes(task).is_some() && writes(other).is_some() && writes(task) != writes(other)
    }

    fn launches(&self) -> Vec<String> {
        let slots = self.slots();
        if slots == 0 {
            return Vec::new();
        }
        if self.setup.in_place && self.told.launched() == 0 {
            let needed = self.tasks().any(|task| !self.setup.tasks[task].review).then_some("unit");
            let needed = needed.into_iter().chain(self.setup.final_check.then_some("whole"));
            let missing: Vec<String> = needed
                .filter(|name| self.told.colour(name, &Seen::Base, 0).is_none())
                .map(|name| format!(" base {name}"))
                .collect();
            if !missing.is_empty() {
                return vec![format!("verify:{}", missing.concat())];
            }
        }
        let mut next = Vec::new();
        let mut begun = self.active();
        let full = begun.len() + slots;
        let mut left = (self.setup.launches as usize).saturating_sub(self.told.launched());
        for (task, from) in self.open() {
            if begun.len() == full {
                break;
            }
            if from.is_some_and(|from| from > self.now) {
                continue;
            }
            let asks =
                self.setup.tasks[task].approval || self.told.is_held(task) || self.setup.ask == crate::event::Ask::Task;
            if asks && self.told.consent(task).is_none() {
                let held = self.told.is_held(task).then(|| format!(" after attempt {}", self.told.last_number(task)));
                next.push(format!("request t{task}{}", held.unwrap_or_default()));
            } else if begun.iter().all(|other| self.may_share(task, *other)) {
                if left == 0 {
                    break;
                }
                left -= 1;
                begun.push(task);
                next.push(format!("launch t{task} attempt {}", self.told.last_number(task) + 1));
            }
        }
        next
    }

    /// The moment at which another task could begin.
    fn wake(&self) -> Option<String> {
        if self.slots() == 0 || self.setup.launches as usize <= self.told.launched() {
            return None;
        }
        let wakes = self.open().into_iter().filter_map(|(_, from)| from).filter(|from| *from > self.now);
        wakes.min().map(|at| format!("wait until {at:?}"))
    }

    fn when_idle(&self) -> Vec<String> {
        if self.all_over() {
            return self.conclude();
        }
        if let Some((review, (on_top, work))) =
            self.tasks().find_map(|task| self.send_back(task).map(|back| (task, back)))
        {
            let on_top = on_top.iter().map(|task| format!("reopen t{task}"));
            return on_top.chain([format!("send back t{work} by t{review}")]).collect();
        }
        if let Some(task) = self.to_replan() {
            return self.replan(task);
        }
        if let Some(first) = self.halted() {
            let pending = self.tasks().filter(|task| matches!(self.stands[*task], Stand::Pending(_)));
            return pending.map(|task| format!("skip t{task}: stopped t{first}")).collect();
        }
        let out = self.setup.launches as usize <= self.told.launched();
        let waits = !out && self.wake().is_some();
        let asked = self
            .tasks()
            .find(|task| matches!(self.stands[*task], Stand::Pending(_)) && self.told.consent(*task) == Some(None));
        match asked {
            // What can still be done without a person is done first.
            Some(_) if waits && !self.busy.can_ask => Vec::new(),
            Some(task) => self.ask(&format!("t{task}")),
            None if out => vec!["stop: limits.launches".to_owned()],
            None => Vec::new(),
        }
    }
}
