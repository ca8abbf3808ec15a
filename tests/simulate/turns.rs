//! Tasks that failed for good and are not given up: what a review's no and another plan may do, and what they may not.

use super::pairs::{accepted, apply, attempt, begin, check_run, event, setup, started, succeeded};
use super::script::{Does, a_no, claim, failure, finished, plan_accepted, run_id, task_id, tree};
use crate::event::{CheckStatus, Event, FORMAT, FailureClass, Kind, PlanRevised, TaskReused, Usage};
use crate::ids::Digest;
use crate::message::ResultStatus;
use crate::plan::{PlanPatch, Role};
use crate::run::RunState;
use crate::time::Timestamp;

/// Task 0 is to be given up, and the plan may be changed for its sake.
pub fn given_up() -> RunState {
    let Kind::RunStarted(mut started) = started(false) else { panic!("a run starts") };
    started.terms.max_replans = 1;
    started.terms.attempts = 1;
    let kind = Kind::RunStarted(started);
    let event =
        Event { v: FORMAT, seq: 1, at: Timestamp::from_millis(0), run: run_id(), task: None, attempt: None, kind };
    let mut state = RunState::begin(&event).unwrap();
    apply(&mut state, None, None, accepted(1));
    let head = state.head().cloned();
    apply(&mut state, Some(0), Some(1), attempt(head));
    apply(&mut state, Some(0), Some(1), finished(failure(FailureClass::Exited, "no"), None));
    state
}

#[test]
fn a_plan_is_changed_once_for_each_that_was_asked_for_and_touches_nothing_that_was_begun() {
    let refuses = |state: &RunState, kind: Kind| {
        let mut after = state.clone();
        assert!(after.apply(&event(state, Some(task_id(0)), None, kind)).is_err());
        assert_eq!(format!("{after:?}"), format!("{state:?}"));
    };
    let revised = |revision, change: fn(&mut PlanPatch)| {
        let mut patch = PlanPatch::new("why");
        change(&mut patch);
        Kind::PlanRevised(Box::new(PlanRevised::new(revision, patch)))
    };
    let state = given_up();
    refuses(&state, revised(3, |patch| patch.remove = vec![task_id(1)]));
    refuses(&state, revised(2, |patch| patch.remove = vec![task_id(0)]));
    refuses(&state, revised(2, |_| {}));
    refuses(&state, Kind::PlanProposed { round: 2, text: String::new(), usage: Usage::default() });
    let mut asked = state.clone();
    apply(&mut asked, Some(0), None, Kind::PlanProposed { round: 1, text: "x".to_owned(), usage: Usage::default() });
    refuses(&asked, Kind::PlanProposed { round: 1, text: String::new(), usage: Usage::default() });
    apply(&mut asked, Some(0), None, Kind::PlanRejected { faults: vec!["f".to_owned()] });
    assert_eq!((asked.replans.used, asked.replans.rejected[0].text.as_str()), (1, "x"));
    assert_eq!(asked.to_replan(), None, "it was asked for as often as may be");
    refuses(&asked, revised(2, |patch| patch.remove = vec![task_id(1)]));
    let mut changed = state;
    apply(&mut changed, Some(0), None, revised(2, |patch| patch.remove = vec![task_id(1)]));
    assert_eq!((changed.tasks().len(), changed.revision()), (1, 2));
    refuses(&changed, Kind::reopened("again"));
}

/// Task 0 is a review that said no, and its no has sent the work of task 1 back.
pub fn sent_back() -> RunState {
    let mut state = refused();
    apply(&mut state, Some(1), None, back(0));
    state
}

/// Task 0 is a review of task 1, and said no.
fn refused() -> RunState {
    let mut state = begin(false);
    let mut plan = setup().plan().into_draft();
    plan.tasks[0].role = Role::Review;
    (plan.tasks[0].depends_on, plan.tasks[0].checks) = (vec![task_id(1)], None);
    let plan = plan.accept(&crate::plan::Caps::NONE).unwrap();
    apply(&mut state, None, None, Kind::PlanAccepted(Box::new(plan_accepted(plan, 1))));
    apply(&mut state, Some(1), Some(1), attempt(Some(tree("base"))));
    apply(&mut state, Some(1), Some(1), finished(claim(ResultStatus::Done), Some(tree("a"))));
    apply(&mut state, None, None, Kind::BaseChecked(Box::new(check_run(tree("base"), CheckStatus::Red))));
    let green = Kind::CheckFinished(Box::new(check_run(tree("a"), CheckStatus::Green)));
    apply(&mut state, Some(1), Some(1), green);
    apply(&mut state, Some(1), Some(1), succeeded());
    apply(&mut state, Some(0), Some(1), attempt(Some(tree("a"))));
    apply(&mut state, Some(0), Some(1), finished(a_no(Does::Object), Some(tree("a"))));
    state
}

/// The review `by` sends work back.
fn back(by: usize) -> Kind {
    Kind::TaskReopened { why: "w".to_owned(), sent_back_by: Some(task_id(by)) }
}

#[test]
fn work_goes_back_only_by_a_review_of_it_that_said_no_once_and_is_not_taken_as_it_was() {
    let state = refused();
    let refuses = |state: &RunState, task: usize, kind: Kind| {
        let mut after = state.clone();
        assert!(after.apply(&event(state, Some(task_id(task)), None, kind)).is_err());
        assert_eq!(format!("{after:?}"), format!("{state:?}"));
    };
    refuses(&state, 0, back(0));
    refuses(&state, 1, back(1));
    refuses(&state, 0, Kind::reopened("before its work is done again"));
    let mut state = sent_back();
    refuses(&state, 1, back(0));
    apply(&mut state, Some(0), None, Kind::reopened("w"));
    refuses(&state, 1, Kind::TaskReused(Box::new(TaskReused { from: 1, key: Digest::of(b"key") })));
    let review = state.task(0).unwrap();
    assert_eq!((review.reworks, review.refusal.as_ref().unwrap().summary.as_str()), (1, "no"));
    assert_eq!(state.task(1).unwrap().rework.as_ref().unwrap().start, Some(tree("a")));
    assert_eq!(state.head(), Some(&tree("base")), "what it is held against stays what it was");
}
