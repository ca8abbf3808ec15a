//! A run whose process is killed anywhere, and once more, comes to the same end as one that nothing disturbed, and leaves
//! the same journal.

use super::laws::keep;
use super::plans::Proposes;
use super::random::{live, try_all};
use super::script::{Does, Script, Setup, reviewed, setups};
use super::world::{Sim, World};
use crate::event::{Ask, AttemptOutcome, Event, FailureClass, Kind, Narrator, RunVerdict};
use crate::run::Phase;
use crate::store::{Journal, SyncMode};
use crate::time::{Span, Timestamp};

/// The journal without what a kill adds, and without what numbers and times it has: a line an event.
fn essence(world: &World) -> Vec<String> {
    let mut lost = std::collections::BTreeSet::new();
    for event in &world.journal {
        if interrupted(event) {
            lost.insert((event.task.clone(), event.attempt));
        }
    }
    let kept = world.journal.iter().filter(|event| {
        let killed = matches!(event.kind, Kind::AttemptStarted(_) | Kind::AttemptFinished(_))
            && lost.contains(&(event.task.clone(), event.attempt));
        !killed && !matches!(event.kind, Kind::RunOpened(_))
    });
    let lines = kept.map(|event| {
        let mut plain = Event { seq: 0, at: Timestamp::from_millis(0), attempt: None, ..Event::clone(event) };
        match &mut plain.kind {
            Kind::RunPaused { until, .. } => *until = None,
            Kind::AttemptFinished(finished) => {
                if let AttemptOutcome::Failed(failure) = &mut finished.outcome {
                    failure.retry_at = None;
                }
            }
            _ => {}
        }
        serde_json::to_string(&plain).unwrap()
    });
    lines.collect()
}

fn interrupted(event: &Event) -> bool {
    match &event.kind {
        Kind::AttemptFinished(finished) => match &finished.outcome {
            AttemptOutcome::Failed(failure) => failure.class == FailureClass::Interrupted,
            AttemptOutcome::Ok(_) => false,
        },
        _ => false,
    }
}

/// Resumed after so many events and gone on with, a run comes out as the whole one did.
fn comes_to_the_same(whole: &World, cut: usize, from: &World) -> Sim<World> {
    let told = |wrong: String, world: &World| format!("cut after {cut}: {wrong}\n{}", world.story());
    let mut resumed = from.resumed(cut).map_err(|wrong| told(wrong, from))?;
    let gone_on = resumed.finish(|_| 0).and_then(|()| keep(&resumed));
    gone_on.map_err(|wrong| told(wrong, &resumed))?;
    if resumed.ends() != whole.ends() || resumed.state.phase != whole.state.phase {
        let wrong =
            format!("{:?} {:?}\nbut {:?} {:?}", whole.state.phase, whole.ends(), resumed.state.phase, resumed.ends());
        return Err(told(wrong, &resumed));
    }
    let (mut before, mut after) = (essence(whole), essence(&resumed));
    // Side by side, what is done again takes another place among the rest; nothing is added to it and nothing missing.
    if whole.setup.jobs > 1 {
        before.sort_unstable();
        after.sort_unstable();
    }
    if before == after {
        return Ok(resumed);
    }
    let differs = before.iter().zip(&after).find(|(before, after)| before != after);
    Err(told(format!("another journal: {differs:#?} of {} and {} lines", before.len(), after.len()), &resumed))
}

/// Every cut of a run, and for each of them so many of a second one.
pub fn every_cut(setup: &Setup, seconds: usize) -> Sim {
    let mut whole = World::new(setup);
    whole.finish(|_| 0).map_err(|wrong| format!("{wrong}\n{}", whole.story()))?;
    for cut in 1..whole.journal.len() {
        let resumed = comes_to_the_same(&whole, cut, &whole)?;
        let step = (resumed.journal.len() - cut).div_ceil(seconds.max(1));
        for second in (cut + 1..resumed.journal.len()).step_by(step).take(seconds) {
            comes_to_the_same(&whole, second, &resumed)?;
        }
    }
    Ok(())
}

/// A run with failures of many kinds, with and without a second chance.
pub fn eventful() -> Setup {
    let tasks = vec![
        Script::new(&[], &[Does::Succeed]),
        Script::new(&[0], &[Does::Lie, Does::Succeed]),
        Script::new(&[0], &[Does::Fail(FailureClass::Auth)]),
        Script::new(&[1, 2], &[Does::Despair]).always(),
        Script::new(&[2], &[Does::Succeed]),
        Script { review: true, ..Script::new(&[1, 3], &[Does::Fail(FailureClass::Exited), Does::Succeed]) },
        Script { approval: true, ..Script::new(&[1], &[Does::Later(FailureClass::Quota, 90), Does::Spoil]) },
    ];
    // How long is waited is drawn anew for each attempt, and a lost one has taken a number.
    Setup { final_check: true, backoff: Span::ZERO, ..Setup::new(tasks) }
}

#[test]
fn every_cut_of_an_eventful_run_is_mended_by_one_resume_and_by_a_second() {
    every_cut(&eventful().continued(), 4).unwrap();
    every_cut(&eventful(), 4).unwrap();
    for jobs in [1, 3] {
        every_cut(&Setup { final_check: jobs == 1, ..eventful().continued().in_place(jobs) }, 2).unwrap();
    }
}

/// Two reviews that say no, of work with tests on top of it, until they agree or have said it often enough; and one of work
/// that others have built upon.
pub fn reviewed_runs() -> [Setup; 3] {
    let review = |deps: &[usize], does: &[Does]| Script { review: true, ..Script::new(deps, does) };
    let setup = |nos: usize| {
        let says = |nos: usize| [vec![Does::Object; nos], vec![Does::Doubt], vec![Does::Succeed]].concat();
        let tasks = vec![
            Script::new(&[], &[Does::Succeed]),
            Script::new(&[0], &[Does::Succeed, Does::Lie, Does::Succeed]),
            Script { test: true, ..Script::new(&[1], &[Does::Succeed]) },
            review(&[1, 2], &[Does::Succeed]),
            review(&[2, 3], &says(nos)),
            review(&[2, 4], &[Does::Doubt, Does::Succeed]),
            Script::new(&[5], &[Does::Succeed]),
        ];
        Setup { final_check: true, backoff: Span::ZERO, review: Some(reviewed(2)), ..Setup::new(tasks) }
    };
    let built_upon = vec![
        Script::new(&[], &[Does::Succeed]),
        Script::new(&[0], &[Does::Succeed]),
        review(&[0], &[Does::Object, Does::Succeed]),
    ];
    [setup(0), setup(5), Setup { backoff: Span::ZERO, ..Setup::new(built_upon) }]
}

#[test]
fn every_cut_of_a_run_whose_reviews_say_no_is_mended() {
    for (setup, verdict) in
        reviewed_runs().into_iter().zip([RunVerdict::Success, RunVerdict::Failed, RunVerdict::Failed])
    {
        let mut whole = World::new(&setup);
        whole.finish(|_| 0).unwrap();
        assert_eq!(whole.state.phase, Phase::Finished(verdict), "{}", whole.story());
        every_cut(&setup, 4).unwrap();
        every_cut(&Setup { final_check: false, ..setup.in_place(1) }, 2).unwrap();
    }
}

/// Plans that are changed for the sake of what failed: so that the run succeeds, and as often as they may without that.
pub fn replanned_runs() -> [Setup; 3] {
    let fails = || vec![Does::Fail(FailureClass::Exited)];
    let tasks = || {
        vec![
            Script::new(&[], &[Does::Succeed]),
            Script::new(&[0], &fails()),
            Script { approval: true, ..Script::new(&[1], &[Does::Succeed]) },
            Script { review: true, ..Script::new(&[1, 2], &[Does::Object, Does::Succeed]) },
        ]
    };
    let setup = |proposes: &[Proposes]| Setup {
        max_replans: 3,
        proposes: proposes.to_vec(),
        backoff: Span::ZERO,
        final_check: true,
        summary: Narrator::Model,
        ..Setup::new(tasks())
    };
    [
        setup(&[Proposes::Nothing, Proposes::Meddle, Proposes::Mend]),
        Setup { ask: Ask::Plan, ..setup(&[Proposes::Nonsense, Proposes::Drop]) },
        Setup { mends: fails(), ..setup(&[Proposes::Mend]) }.continued(),
    ]
}

#[test]
fn every_cut_of_a_run_whose_plan_is_changed_is_mended() {
    let verdicts = [RunVerdict::Success, RunVerdict::Success, RunVerdict::Failed];
    for (setup, verdict) in replanned_runs().into_iter().zip(verdicts) {
        let mut whole = World::new(&setup);
        whole.finish(|_| 0).unwrap_or_else(|wrong| panic!("{wrong}\n{}", whole.story()));
        assert_eq!(whole.state.phase, Phase::Finished(verdict), "{}", whole.story());
        every_cut(&setup, 4).unwrap();
        every_cut(&setup.in_place(1), 2).unwrap();
    }
}

#[test]
fn every_cut_of_a_run_that_succeeds_ends_in_success() {
    let tasks = (0..4).map(|n| Script::new(&(0..n).collect::<Vec<_>>(), &[Does::Lie, Does::Succeed])).collect();
    let setup = Setup { final_check: true, ..Setup::new(tasks) };
    let mut whole = World::new(&setup);
    whole.finish(|_| 0).unwrap();
    assert_eq!(whole.state.phase, Phase::Finished(RunVerdict::Success));
    every_cut(&setup, 4).unwrap();
}

#[test]
fn every_cut_of_random_runs_is_mended() {
    try_all(60, &setups(6), 30, |setup| every_cut(&undisturbed(setup), 1)).unwrap();
}

#[test]
#[ignore = "slow: just faults"]
fn every_cut_of_ten_thousand_random_runs_is_mended_and_every_second_cut() {
    try_all(10_000, &setups(7), 200, |setup| every_cut(&undisturbed(setup), 4)).unwrap();
}

/// Limits count what an interrupted attempt used, so that a kill is no way round them; here there are none.
pub fn undisturbed(setup: Setup) -> Setup {
    let jobs = if setup.continue_on_error { setup.jobs } else { 1 };
    let Setup { launches, run_time, takes, .. } = Setup::new(Vec::new());
    // Whose work was the last to be kept, and so what the last check sees, depends on the order.
    let final_check = setup.final_check && jobs == 1;
    // So does what lies on top of work that a review sends back.
    let review = setup.review.filter(|_| jobs == 1);
    // And what is at work beside an attempt that a quota ends comes to its end, or dies with its process.
    let quota_wait = if jobs == 1 { setup.quota_wait } else { Span::from_secs(10_000) };
    let max_replans = if jobs == 1 { setup.max_replans } else { 0 };
    let mut tasks = setup.tasks;
    for task in &mut tasks {
        task.asks = false;
    }
    Setup {
        tasks,
        jobs,
        launches,
        run_time,
        takes,
        final_check,
        backoff: Span::ZERO,
        review,
        max_replans,
        quota_wait,
        ..setup
    }
}

#[test]
fn a_journal_file_cut_at_every_byte_is_healed_and_comes_to_the_same_end() {
    let mut whole = World::new(&eventful());
    whole.finish(|_| 0).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.jsonl");
    let mut journal = Journal::create(&path, &path, SyncMode::Process).unwrap();
    for event in &whole.journal {
        journal.append(event).unwrap();
    }
    journal.close().unwrap();
    let bytes = crate::sys::fs::read(&path, u64::MAX).unwrap();
    let first = bytes.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    let mut known = None;
    for cut in first..bytes.len() {
        crate::sys::fs::write(&path, &bytes[..cut]).unwrap();
        let events = crate::store::read(&path).unwrap();
        let lines = bytes[..cut].split(|byte| *byte == b'\n').count() - 1;
        assert_eq!(events.len(), lines, "cut at byte {cut}");
        assert!(events.iter().zip(&whole.journal).all(|(read, written)| *read == **written), "cut at byte {cut}");
        if cut % 7 == 0 {
            let healed = Journal::open(&path, SyncMode::Process).unwrap();
            let torn = bytes[..cut].iter().rev().position(|byte| *byte == b'\n').unwrap();
            assert_eq!((healed.events.len(), healed.healed_bytes), (lines, torn as u64), "cut at byte {cut}");
            healed.journal.close().unwrap();
        }
        // What the same events come to was seen before.
        if known.replace(lines) != Some(lines) {
            comes_to_the_same(&whole, lines, &whole).unwrap();
        }
    }
}

#[test]
fn a_second_process_on_a_run_in_order_changes_nothing() {
    let (setup, fate) = (eventful(), super::random::Fate { picks: vec![0], accidents: false });
    let whole = live(&setup, &fate).unwrap();
    let mut again = whole.clone();
    for _ in 0..3 {
        again = again.resumed(again.journal.len()).unwrap();
        again.finish(|_| 0).unwrap();
        assert_eq!(again.state.phase, whole.state.phase);
    }
}
