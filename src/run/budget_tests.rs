//! The ledger, driven through the fold: what is set aside fits, what is not told counts, whatever the order.

use proptest::prelude::*;

use super::{Action, Busy, Ledger, RoleSpends, RunState, decide};
use crate::event::samples::{event, every_kind, run_started, terms};
use crate::event::{Amount, Ask, Budget, Event, Gauge, Kind, Limit, Purpose, StopCause, Terms, Untold, Usage};
use crate::ids::TaskId;
use crate::money::Usd;
use crate::plan::{Caps, Role, Scope, Task};
use crate::policy::Spends;
use crate::time::Span;

fn amount(micros: u64, tokens: u64) -> Amount {
    Amount { usd: Usd::from_micros(micros), tokens }
}

fn budget(untold: Untold) -> Budget {
    Budget { run: amount(1_000, 100), attempt: amount(300, 30), untold_usd: untold, untold_tokens: untold }
}

fn rules(untold: Untold) -> Terms {
    Terms { budget: Some(budget(untold)), ..terms() }
}

fn used(micros: u64, tokens: u64) -> Usage {
    let usd = Some(Usd::from_micros(micros));
    Usage { usd, input_tokens: Some(tokens), output_tokens: Some(0), ..Usage::default() }
}

fn sample(name: &str) -> Kind {
    every_kind().into_iter().find(|event| event.kind.name() == name).unwrap().kind
}

/// `attempt.started` of a task and attempt, with this set aside.
fn started(task: usize, attempt: u32, aside: Amount) -> Event {
    let Kind::AttemptStarted(mut started) = sample("attempt.started") else { panic!("no attempt") };
    started.budget = aside;
    let kind = Kind::AttemptStarted(started);
    Event { task: Some(id(task)), attempt: Some(attempt), ..event(2, kind) }
}

fn finished(task: usize, attempt: u32, usage: Usage) -> Event {
    let Kind::AttemptFinished(mut finished) = sample("attempt.finished") else { panic!("no attempt") };
    finished.usage = usage;
    let kind = Kind::AttemptFinished(finished);
    Event { task: Some(id(task)), attempt: Some(attempt), ..event(3, kind) }
}

fn id(task: usize) -> TaskId {
    TaskId::new(&format!("t{task}")).unwrap()
}

#[test]
fn what_is_told_is_settled_and_what_is_not_counts_in_full() {
    let mut ledger = Ledger::default();
    let budget = budget(Untold::Counts);
    let offer = ledger.offer(&budget, Spends::Tells, Amount::NONE).unwrap();
    assert_eq!((offer.aside, offer.cap), (amount(300, 30), amount(300, 30)));
    ledger.take(&started(0, 1, offer.aside));
    assert_eq!((ledger.used(), ledger.aside(), ledger.left(&budget)), (Amount::NONE, offer.aside, amount(700, 70)));
    ledger.take(&finished(0, 1, used(10, 5)));
    assert_eq!((ledger.used(), ledger.aside()), (amount(10, 5), Amount::NONE));
    ledger.take(&started(0, 2, offer.aside));
    ledger.take(&finished(0, 2, Usage::default()));
    assert_eq!(ledger.used(), amount(310, 35), "nobody told, so it may have been all of it");
    ledger.take(&started(0, 3, offer.aside));
    ledger.take(&finished(0, 3, Usage { partial: true, ..used(20, 1) }));
    assert_eq!(ledger.used(), amount(610, 65), "what is told before the end is the least it was");
    ledger.take(&started(0, 4, offer.aside));
    ledger.take(&finished(0, 4, Usage { input_tokens: Some(40), ..Usage::default() }));
    assert_eq!(ledger.used(), amount(910, 105), "one direction alone is the least it was");
    assert_eq!(ledger.offer(&budget, Spends::Tells, Amount::NONE), Err(Limit::Tokens));
}

#[test]
fn where_nobody_asked_for_a_budget_only_what_is_told_counts() {
    let mut ledger = Ledger::default();
    let budget = budget(Untold::Passes);
    for attempt in 1..100 {
        let offer = ledger.offer(&budget, Spends::Untold, Amount::NONE).unwrap();
        assert_eq!((offer.aside, offer.cap), (Amount::NONE, amount(300, 30)));
        ledger.take(&started(0, attempt, offer.aside));
        ledger.take(&finished(0, attempt, Usage::default()));
    }
    ledger.take(&finished(0, 100, used(999, 99)));
    let last = ledger.offer(&budget, Spends::Tells, Amount::NONE).unwrap();
    assert_eq!(last.cap, amount(1, 1), "it may have what is left");
    ledger.take(&finished(0, 101, used(1, 0)));
    assert_eq!(ledger.offer(&budget, Spends::Tells, Amount::NONE), Err(Limit::Usd));
    assert!(ledger.offer(&budget, Spends::Nothing, Amount::NONE).is_ok(), "what costs nothing goes on");
}

#[test]
fn a_request_of_a_process_that_died_counts_in_full_and_is_settled_once() {
    let mut state = RunState::begin(&event(1, run_started())).unwrap();
    state.terms = rules(Untold::Counts);
    let mut seq = 1;
    let mut apply = |state: &mut RunState, kind: Kind| {
        let taken = state.apply(&event(seq + 1, kind));
        seq += u64::from(taken.is_ok());
        taken
    };
    let reserve = |id, amount| Kind::BudgetReserved { id, r#for: Purpose::Plan(1), amount };
    apply(&mut state, reserve(1, amount(400, 40))).unwrap();
    apply(&mut state, Kind::BudgetSettled { id: 1, used: used(7, 7) }).unwrap();
    assert!(apply(&mut state, Kind::BudgetSettled { id: 1, used: used(7, 7) }).is_err());
    assert!(apply(&mut state, reserve(1, amount(1, 1))).is_err(), "a number is used once");
    assert!(apply(&mut state, reserve(2, amount(994, 1))).is_err(), "it does not fit");
    apply(&mut state, reserve(2, amount(993, 93))).unwrap();
    let Kind::RunOpened(mut opened) = sample("run.opened") else { panic!("no opening") };
    opened.terms = rules(Untold::Counts);
    apply(&mut state, Kind::RunOpened(opened)).unwrap();
    assert_eq!((state.ledger.used(), state.ledger.aside()), (amount(1_000, 100), Amount::NONE));
    assert!(apply(&mut state, Kind::BudgetSettled { id: 2, used: used(0, 0) }).is_err());
}

#[test]
fn a_limit_is_warned_of_once_until_it_is_raised() {
    let mut state = RunState::begin(&event(1, run_started())).unwrap();
    let warned = Kind::BudgetWarned { limit: Limit::Tokens, used: 4, of: 5 };
    state.apply(&event(2, warned.clone())).unwrap();
    assert!(state.apply(&event(3, warned.clone())).is_err());
    state.apply(&event(3, Kind::BudgetWarned { limit: Limit::Usd, used: 4, of: 5 })).unwrap();
    let raised = |from, to| Kind::BudgetRaised { limit: Limit::Tokens, from, to, by: "me".to_owned() };
    assert!(state.apply(&event(4, raised(5, 5))).is_err());
    state.apply(&event(4, raised(5, 6))).unwrap();
    state.apply(&event(5, warned)).unwrap();
    assert!(state.ledger.has_warned(Limit::Tokens) && state.ledger.has_warned(Limit::Usd));
}

#[test]
fn what_spends_nothing_goes_on_behind_however_many_there_is_not_enough_for() {
    let mut state = RunState::begin(&event(1, run_started())).unwrap();
    state.terms = Terms { ask: Ask::Never, ..rules(Untold::Counts) };
    state.plan_only = false;
    let Kind::PlanAccepted(mut accepted) = sample("plan.accepted") else { panic!("no plan") };
    let mut draft = accepted.plan.into_draft();
    let task = |n: usize, first: &Task| Task {
        id: id(n),
        role: if n < 100 { Role::Implement } else { Role::Research },
        depends_on: Vec::new(),
        scope: Scope::default(),
        approval: false,
        ..first.clone()
    };
    draft.tasks = (0..=100).map(|n| task(n, &draft.tasks[0])).collect();
    draft.batches.clear();
    accepted.plan = draft.accept(&Caps::default()).unwrap();
    state.apply(&event(2, Kind::PlanAccepted(accepted))).unwrap();
    let all = Kind::BudgetReserved { id: 1, r#for: Purpose::Plan(1), amount: amount(1_000, 100) };
    state.apply(&event(3, all)).unwrap();
    let spends = RoleSpends { implement: Spends::Tells, ..RoleSpends::default() };
    let busy = Busy { spends, ..Busy::default() };
    let now = event(4, Kind::RunContinued {}).at;
    for limit in [Limit::Usd, Limit::Tokens] {
        state.apply(&event(state.seq + 1, Kind::BudgetWarned { limit, used: 1, of: 1 })).unwrap();
    }
    assert_eq!(decide(&state, &busy, now), [Action::Launch { task: 100, attempt: 1 }]);
    let free = Busy { spends: RoleSpends { research: Spends::Tells, ..spends }, ..Busy::default() };
    let stop = Kind::RunStopped { why: StopCause::Limit(Limit::Usd.key().to_owned()) };
    assert_eq!(decide(&state, &free, now), [Action::Record { task: None, attempt: None, kind: stop }]);
}

#[test]
fn what_was_written_is_counted_with_what_tasks_left() {
    let mut ledger = Ledger::default();
    for kind in every_kind() {
        ledger.take(&kind);
    }
    let attempts = every_kind().iter().filter(|event| event.kind.name() == "attempt.finished").count() as u64;
    let successes = every_kind().iter().filter(|event| event.kind.name() == "task.succeeded").count() as u64;
    assert_eq!(ledger.bytes(), attempts * 812 + successes * 3);
    let terms = Terms { run_bytes: Some(10_000), ..rules(Untold::Counts) };
    let gauges = ledger.gauges(&terms, Span::from_secs(1), 3);
    assert_eq!(gauges.iter().map(|gauge| gauge.limit).collect::<Vec<_>>(), Limit::ALL);
    assert_eq!(gauges[2], Gauge { limit: Limit::RunBytes, used: ledger.bytes(), of: 10_000 });
}

/// One step of many attempts side by side.
#[derive(Debug, Clone)]
enum Step {
    Start {
        spends: Spends,
    },
    /// The n-th of those under way ends.
    End {
        which: usize,
        usage: Usage,
    },
    /// The process dies, and a later one ends what was under way.
    Die,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let number = || prop_oneof![Just(None), (0_u64..400).prop_map(Some), Just(Some(u64::MAX))];
    let usage = (number(), number(), number(), any::<bool>()).prop_map(|(usd, read, written, partial)| Usage {
        usd: usd.map(Usd::from_micros),
        input_tokens: read,
        output_tokens: written,
        partial,
        ..Usage::default()
    });
    let spends = prop_oneof![Just(Spends::Nothing), Just(Spends::Tells), Just(Spends::Untold)];
    let step = prop_oneof![
        4 => spends.prop_map(|spends| Step::Start { spends }),
        4 => (any::<usize>(), usage).prop_map(|(which, usage)| Step::End { which, usage }),
        1 => Just(Step::Die),
    ];
    proptest::collection::vec(step, 0..60)
}

proptest! {
    /// Whatever is begun and ends in whatever order: when something is begun, all that was used and set aside is within
    /// the budget; nothing is ever set aside for nobody; and what was told is never forgotten.
    #[test]
    fn nothing_is_begun_that_the_budget_does_not_cover(steps in steps(), strict in any::<bool>()) {
        let terms = rules(if strict { Untold::Counts } else { Untold::Passes });
        let budget = terms.budget.unwrap();
        let mut ledger = Ledger::default();
        let mut under_way: Vec<(usize, Amount)> = Vec::new();
        for (n, step) in steps.into_iter().enumerate() {
            let before = ledger.used();
            match step {
                Step::Start { spends } => {
                    let Ok(offer) = ledger.offer(&budget, spends, Amount::NONE) else { continue };
                    let begun = started(n, 1, offer.aside);
                    prop_assert!(ledger.check(&begun, &terms).is_ok());
                    ledger.take(&begun);
                    let spent = ledger.used().plus(ledger.aside());
                    if !offer.aside.is_none() {
                        prop_assert_eq!(spent.min(budget.run), spent, "more is promised than there is");
                    }
                    under_way.push((n, offer.aside));
                }
                Step::End { which, usage } => {
                    if under_way.is_empty() {
                        continue;
                    }
                    let (task, aside) = under_way.remove(which % under_way.len());
                    ledger.take(&finished(task, 1, usage));
                    let least = Amount {
                        usd: usage.usd.unwrap_or(aside.usd),
                        tokens: usage.tokens().unwrap_or(aside.tokens),
                    };
                    prop_assert_eq!(before.plus(least).min(ledger.used()), before.plus(least), "some of it is lost");
                }
                Step::Die => {
                    let open = under_way.drain(..).fold(before, |sum, (task, aside)| {
                        ledger.take(&finished(task, 1, Usage::default()));
                        sum.plus(aside)
                    });
                    prop_assert_eq!((ledger.used(), ledger.aside()), (open, Amount::NONE));
                }
            }
            prop_assert_eq!(before.min(ledger.used()), before, "what was used is never less");
            let aside = under_way.iter().fold(Amount::NONE, |sum, (_, aside)| sum.plus(*aside));
            prop_assert_eq!(ledger.aside(), aside);
        }
    }
}
