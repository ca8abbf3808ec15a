//! Where it ends: turns, time, money, habits, the model's window, and the wish to stop.

use super::rig::*;
use orchestra::model::{Again, Keep};
use orchestra::time::Timestamp;

#[tokio::test]
async fn a_model_that_never_finishes_is_ended_after_its_turns_and_warned_before() {
    let world = World {
        settings: ", turns: 4",
        after: |n| vec![call("search", &json!({"pattern": format!("x{n}")}))],
        ..World::new()
    };
    let done = world.implement(Vec::new()).await;
    let (class, detail) = done.failure();
    assert!(
        class == FailureClass::BudgetExhausted
            && detail.contains("after 4 turns")
            && detail.contains("agents.mine.chat.turns"),
        "{detail}"
    );
    assert_eq!(done.requests.len(), 4);
    let last = format!("{:?}", done.requests[3].turns.last().unwrap());
    assert!(last.contains("one turn left"), "{last}");
    assert!(!format!("{:?}", done.requests[2]).contains("one turn left"));
}

#[tokio::test]
async fn calls_that_make_no_sense_are_told_back_and_end_it_when_they_go_on() {
    let world = World::new();
    let steps = || {
        vec![
            Step::Says(vec![raw("read", "{\"path\": 7}")]),
            Step::Says(vec![raw("raed", "{}")]),
            Step::Says(vec![raw("edit", "not json")]),
        ]
    };
    let done = world.implement(steps()).await;
    let (class, detail) = done.failure();
    assert!(class == FailureClass::BadOutput && detail.contains("3 turns in a row"), "{detail}");
    let results = done.results();
    assert!(results[0].1 && results[0].0.contains("the argument `path`: invalid type: integer `7`"), "{results:?}");
    assert!(results[1].0.contains("did you mean `read`?"), "{results:?}");
    // One that makes sense in between, and it goes on.
    let [a, b, c] = steps().try_into().ok().unwrap();
    let done = world.implement(vec![a, b, calls("list", json!({})), c, finishes()]).await;
    assert_eq!(done.claim().summary, "All is done.");
}

#[tokio::test]
async fn the_same_call_over_and_over_and_answers_of_nothing_are_ended() {
    let same = World { after: |_| vec![call("read", &json!({"path": "src/a.txt"}))], ..World::new() };
    let done = same.implement(Vec::new()).await;
    assert!(
        done.failure().0 == FailureClass::BadOutput && done.failure().1.contains("same call"),
        "{:?}",
        done.failure()
    );
    assert_eq!(done.requests.len(), 5);
    let silent = World { after: |_| Vec::new(), ..World::new() };
    let done = silent.implement(Vec::new()).await;
    assert!(
        done.failure().0 == FailureClass::BadOutput && done.failure().1.contains("nothing in it"),
        "{:?}",
        done.failure()
    );
    assert!(done.requests.iter().all(|request| request.turns.len() == 1), "two turns of ours in a row are not sent");
}

#[tokio::test]
async fn a_model_that_is_silent_too_long_or_takes_too_long_is_ended() {
    let mut world = World::new();
    world.limits.idle = Duration::from_millis(200);
    let done = world.implement(vec![Step::Waits]).await;
    assert_eq!(done.failure().0, FailureClass::Stalled);
    assert!(done.outcome.usage.partial, "what it was asked may have cost something");
    world.limits = Limits { wall: Duration::from_millis(300), grace: Duration::from_millis(200), ..Limits::default() };
    for step in [Step::Waits, Step::Deaf] {
        assert_eq!(world.implement(vec![step]).await.failure().0, FailureClass::Timeout);
    }
    let done = world.implement(vec![calls("bash", json!({"command": "sleep 60"})), finishes()]).await;
    assert_eq!(done.failure().0, FailureClass::Timeout);
}

#[tokio::test]
async fn after_cancel_it_ends_whether_the_model_hears_it_or_not() {
    for step in [Step::Waits, Step::Deaf] {
        let world = World::new();
        let (done, ()) = tokio::join!(world.implement(vec![step]), async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            world.cancel.cancel();
        });
        assert_eq!(done.failure().0, FailureClass::Cancelled);
        assert!(done.outcome.usage.partial);
    }
    let world = World::new();
    world.cancel.cancel();
    let done = world.implement(vec![finishes()]).await;
    assert_eq!((done.failure().0, done.requests.len()), (FailureClass::Cancelled, 0));
    assert_eq!(done.outcome.usage, Usage::NOTHING);
}

#[tokio::test]
async fn a_command_that_goes_on_is_gone_after_cancel_with_all_it_started() {
    let world = World::new();
    let file = world.project().join("pids");
    let command = "trap '' TERM; setsid sh -c 'trap \"\" TERM; while :; do sleep 0.1; done' & echo $! >> pids; echo $$ >> pids; echo ready > ready; while :; do sleep 0.1; done";
    let (done, ()) = tokio::join!(world.implement(vec![calls("bash", json!({"command": command}))]), async {
        while !world.project().join("ready").exists() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        world.cancel.cancel();
    });
    assert_eq!(done.failure().0, FailureClass::Cancelled);
    let pids = fs::read_to_string(file).unwrap();
    assert_eq!(pids.lines().count(), 2);
    for pid in pids.lines() {
        let state = || fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        assert!(!state().contains(&format!("{pid} (sh)")) || state().contains(") Z"), "{}", state());
    }
    assert_eq!(fs::read_dir(world.root.path().join("tmp")).unwrap().count(), 0, "nothing temporary is left");
}

#[tokio::test]
async fn what_may_not_be_spent_is_not_asked_for() {
    let mut world = World::new();
    world.cap = Some(Amount { usd: Usd::from_micros(100), tokens: 1_000_000 });
    let done = world.implement(vec![finishes()]).await;
    let (class, detail) = done.failure();
    assert!(class == FailureClass::BudgetExhausted && detail.contains("does not allow another request"), "{detail}");
    assert_eq!((done.requests.len(), done.outcome.usage), (0, Usage::NOTHING));
    world.cap = Some(Amount { usd: Usd::from_micros(100_000_000), tokens: 5000 });
    let done = world.implement((0..50).map(|n| calls("search", json!({"pattern": n.to_string()}))).collect()).await;
    assert_eq!(done.failure().0, FailureClass::BudgetExhausted);
    assert!(done.outcome.usage.tokens().unwrap() <= 5000 && !done.requests.is_empty());
}

#[tokio::test]
async fn a_model_that_fails_fails_the_attempt_with_its_class_and_its_time() {
    let world = World::new();
    for class in [FailureClass::Auth, FailureClass::Quota, FailureClass::BadOutput, FailureClass::Transient] {
        let mut failed = ModelFailure::new(class, "the provider says no", Again::Never);
        let at = Timestamp::from_millis(1_800_000_000_000);
        failed.failure = failed.failure.not_before(at);
        failed.request_id = Some("req_17".to_owned());
        let done = world.implement(vec![Step::Fails(failed)]).await;
        let AttemptOutcome::Failed(failure) = &done.outcome.outcome else { panic!() };
        assert_eq!((failure.class, failure.retry_at), (class, Some(at)));
        assert_eq!(failure.detail, "the model `main`: the provider says no (request req_17)");
        let nothing = matches!(class, FailureClass::Auth | FailureClass::Quota);
        assert_eq!((done.outcome.usage == Usage::NOTHING, done.outcome.usage.partial), (nothing, !nothing));
    }
    assert!(world.read("attempt/transcript.jsonl").contains("\"failed\":{\"class\":\"transient\""));
}

/// A big answer of a tool each time: what is sent is bounded by the model's window, whatever the number of turns.
#[tokio::test]
async fn two_hundred_turns_keep_what_is_sent_and_kept_within_the_window() {
    let mut world = World { settings: ", turns: 250", context_tokens: 30_000, ..World::new() };
    world.after = |n| match n {
        200 => vec![call("finish", &json!({"status": "done", "summary": "At last."}))],
        n => vec![call("read", &json!({"path": "src/big.txt", "offset": n, "limit": 100}))],
    };
    fs::write(world.project().join("src/big.txt"), "a line of a large file\n".repeat(3000)).unwrap();
    let done = world.implement(Vec::new()).await;
    assert_eq!(done.claim().summary, "At last.");
    assert_eq!(done.requests.len(), 200);
    let most = done.requests.iter().map(Request::tokens).max().unwrap();
    assert!(most <= 29_000, "{most}");
    let first = &done.requests[0].turns[0];
    assert!(done.requests.iter().all(|request| request.turns[0] == *first && request.keep == Keep::Cached));
    // Much goes at once: most requests begin like the one before, so that what a provider keeps is of use.
    let alike = done.requests.windows(2).filter(|pair| pair[1].turns.starts_with(&pair[0].turns)).count();
    assert!(alike > 150, "{alike}");
    let last = done.results();
    assert!(last[0].0.contains("bytes were dropped to make room") && last[198].0.contains("a line of a large file"));
    assert!(fs::metadata(world.root.path().join("attempt/transcript.jsonl")).unwrap().len() <= 4 << 20);
}

#[tokio::test]
async fn a_window_that_is_too_small_for_the_task_is_named() {
    let world = World { context_tokens: 1500, ..World::new() };
    let done = world.implement(vec![finishes()]).await;
    let (class, detail) = done.failure();
    assert!(class == FailureClass::BadOutput && detail.contains("and 500 fit"), "{detail}");
    assert_eq!(done.requests.len(), 0);
}
