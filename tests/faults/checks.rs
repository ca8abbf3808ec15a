//! Checks as real commands: on the tree they are given and no other, and never red because we ended them.

use std::time::Duration;

use orchestra::event::{CheckOutcome, CheckStatus, Ended};
use orchestra::ids::{CheckName, ObjectId};
use orchestra::plan::{Check, CheckKind, Expect};
use orchestra::text::Redactor;
use orchestra::time::Span;
use orchestra::verify::{Checker, Options, VerifyError};
use orchestra::workspace::{Space, Workspaces};
use tokio_util::sync::CancellationToken;

use super::workspace::{World, put, tools};

fn options() -> Options {
    let redactor = Redactor::new([("TOKEN".to_owned(), "s3cret-value".to_owned())]);
    Options { timeout: Span::from_secs(300), grace: Duration::from_millis(300), pass_env: Vec::new(), redactor }
}

fn check(argv: &[&str]) -> Check {
    Check {
        name: CheckName::new("unit").unwrap(),
        run: argv.iter().map(ToString::to_string).collect(),
        timeout: None,
        expect: Expect::Keep,
        kind: CheckKind::Suite,
    }
}

fn sh(script: &str) -> Check {
    check(&["sh", "-c", script])
}

async fn isolated(world: &World) -> (Workspaces, Checker) {
    let spaces = world.workspaces(world.options()).await;
    let space = Space::Isolated(Box::new(spaces.clone()));
    (spaces, Checker::new(options(), &space, &tools()))
}

async fn run(checker: &Checker, check: &Check, tree: &ObjectId) -> CheckOutcome {
    checker.run(check, Some(tree), &CancellationToken::new()).await.unwrap()
}

#[tokio::test]
async fn a_check_sees_the_tree_it_is_given_and_what_earlier_checks_built() {
    let world = World::with_git();
    let (spaces, checker) = isolated(&world).await;
    let folder = spaces.create(0).await.unwrap();
    put(&folder.join("fixed"), b"");
    let fixed = spaces.capture(0).await.unwrap();
    // The agent's own folder goes on changing; the check does not see it.
    put(&folder.join("fixed"), b"changed after");
    let script = sh(
        "mkdir -p target && echo x >> target/runs && cat target/runs && touch left-over && test -e fixed -a ! -s fixed",
    );
    assert_eq!(run(&checker, &script, spaces.base()).await.status, CheckStatus::Red);
    let green = run(&checker, &script, &fixed).await;
    assert_eq!((green.status, green.tail.as_str()), (CheckStatus::Green, "x\nx"));
    assert_eq!(run(&checker, &sh("test ! -e left-over"), &fixed).await.status, CheckStatus::Green);
}

#[tokio::test]
async fn a_missing_tool_a_failure_and_no_tests_are_told_apart() {
    let world = World::with_git();
    let (spaces, checker) = isolated(&world).await;
    let base = spaces.base();
    let missing = run(&checker, &check(&["no-such-tool-at-all"]), base).await;
    assert_eq!((missing.status, missing.exit), (CheckStatus::Missing, None));
    assert_eq!(run(&checker, &sh("no-such-tool-at-all"), base).await.status, CheckStatus::Missing);
    let red = run(&checker, &sh("printf 'ok 1 - a\\nnot ok 2 - b\\n1..2\\n'; exit 1"), base).await;
    assert_eq!((red.status, red.exit), (CheckStatus::Red, Some(Ended::Code(1))));
    assert_eq!((red.failing, red.tests), (Some(vec!["b".to_owned()]), Some(2)));
    assert_eq!(run(&checker, &sh("echo '# tests 0'"), base).await.status, CheckStatus::Empty);
    let killed = run(&checker, &sh("kill -SEGV $$"), base).await;
    assert_eq!((killed.status, killed.exit), (CheckStatus::Red, Some(Ended::Signal(11))));
}

#[tokio::test]
async fn a_check_that_takes_too_long_is_red_and_one_that_we_cancel_is_nothing() {
    let world = World::with_git();
    let (spaces, checker) = isolated(&world).await;
    let slow = Check { timeout: Some(Span::from_millis(300)), ..sh("sleep 600") };
    let red = run(&checker, &slow, spaces.base()).await;
    assert_eq!((red.status, red.exit), (CheckStatus::Red, Some(Ended::TimedOut)));
    let (cancel, endless) = (CancellationToken::new(), sh("sleep 600"));
    let (outcome, ()) = tokio::join!(checker.run(&endless, Some(spaces.base()), &cancel), async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        cancel.cancel();
    });
    assert!(matches!(outcome, Err(VerifyError::Cancelled)), "{outcome:?}");
}

#[tokio::test]
async fn checks_side_by_side_have_folders_of_their_own() {
    let world = World::with_git();
    let (spaces, checker) = isolated(&world).await;
    let meet = sh("test ! -e here && touch here && sleep 0.2 && pwd");
    let (a, b) = tokio::join!(run(&checker, &meet, spaces.base()), run(&checker, &meet, spaces.base()));
    assert_eq!((a.status, b.status), (CheckStatus::Green, CheckStatus::Green));
    assert_ne!(a.tail, b.tail);
}

#[tokio::test]
async fn output_is_clipped_clean_and_without_secrets() {
    let world = World::with_git();
    let (spaces, checker) = isolated(&world).await;
    let loud =
        sh("yes line | head -n 200000; printf '\\033[31mred\\033[0m s3cret-value\\n'; env | grep -c ORCHESTRA; exit 1");
    let outcome = run(&checker, &loud, spaces.base()).await;
    assert!(outcome.tail.len() <= 2048 && outcome.tail.ends_with("red [TOKEN]\n0"), "{}", outcome.tail);
}

#[tokio::test]
async fn in_place_a_check_runs_in_the_project() {
    let world = World::with_git();
    let checker = Checker::new(options(), &Space::InPlace(world.project()), &tools());
    let outcome = checker.run(&sh("pwd"), None, &CancellationToken::new()).await.unwrap();
    assert_eq!(outcome.tail, world.project().display().to_string());
    let tree = ObjectId::new(&"1".repeat(40)).unwrap();
    let refused = checker.run(&sh("pwd"), Some(&tree), &CancellationToken::new()).await;
    assert!(matches!(refused, Err(VerifyError::NoFolder(_))), "{refused:?}");
}
