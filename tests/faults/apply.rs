//! Bringing a change home: clean, dirty, conflicting, twice, and cut short.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;

use orchestra::ids::ObjectId;
use orchestra::time::Timestamp;
use orchestra::workspace::{Applied, ApplyOutcome, ApplyRequest, Options, WorkspaceMode, Workspaces, apply, settle};

use super::workspace::{World, files, put, run};

/// A run's result: one file edited, one added, one removed, one made executable.
async fn result(world: &World, options: Options) -> (Workspaces, ObjectId) {
    world.write("old.txt", "old\n");
    world.write("tool.sh", "#!/bin/sh\n");
    if world.project().join(".git").exists() {
        world.commit();
    }
    let spaces = world.workspaces(options).await;
    let folder = spaces.create(0).await.unwrap();
    put(&folder.join("src/lib.rs"), b"ONE\ntwo\nthree\nfour\nfive\n");
    put(&folder.join("new/deep/file.txt"), b"new\n");
    put(&folder.join(".github/workflows/ci.yml"), b"on: push\n");
    fs::remove_file(folder.join("old.txt")).unwrap();
    fs::set_permissions(folder.join("tool.sh"), fs::Permissions::from_mode(0o755)).unwrap();
    let tree = spaces.capture(0).await.unwrap();
    (spaces, tree)
}

async fn bring(world: &World, spaces: &Workspaces, tree: &ObjectId) -> ApplyOutcome {
    let request = ApplyRequest {
        shadow: spaces.shadow(),
        run: &run(),
        base: spaces.base(),
        result: tree,
        project: &world.project(),
        exclude: &[],
        record: &world.path("run/apply.json"),
        at: Timestamp::from_millis(1_795_253_592_000),
    };
    apply(&request).await.unwrap()
}

/// The same by someone who writes down what came of it.
async fn bring_and_settle(world: &World, spaces: &Workspaces, tree: &ObjectId) -> ApplyOutcome {
    let outcome = bring(world, spaces, tree).await;
    if let ApplyOutcome::Applied(_) = outcome {
        settle(&world.path("run/apply.json")).unwrap();
    }
    outcome
}

#[track_caller]
fn applied(outcome: ApplyOutcome) -> Applied {
    match outcome {
        ApplyOutcome::Applied(applied) => *applied,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_change_comes_home_with_a_backup_and_the_users_index_untouched() {
    let world = World::with_git();
    let (spaces, tree) = result(&world, world.options()).await;
    world.write("staged.txt", "s\n");
    world.git(&["add", "staged.txt"]);
    let index = world.git(&["ls-files", "--stage"]);
    let head = world.git(&["rev-parse", "HEAD"]);

    let change = applied(bring_and_settle(&world, &spaces, &tree).await);

    assert_eq!(world.git(&["ls-files", "--stage"]), index);
    assert_eq!(world.git(&["rev-parse", "HEAD"]), head);
    assert!(world.read("src/lib.rs").starts_with("ONE"));
    assert_eq!(world.read("new/deep/file.txt"), "new\n");
    assert!(!world.project().join("old.txt").exists());
    assert_ne!(fs::metadata(world.project().join("tool.sh")).unwrap().permissions().mode() & 0o100, 0);
    assert_eq!(change.running, [PathBuf::from(".github/workflows/ci.yml")]);
    assert_eq!(change.files.len(), 5);
    assert_eq!(world.git(&["show", &format!("{}:old.txt", change.backup)]), "old\n");
    assert_eq!(world.git(&["show", &format!("{}:staged.txt", change.backup)]), "s\n");
    assert!(matches!(bring_and_settle(&world, &spaces, &tree).await, ApplyOutcome::AlreadyApplied));
    assert!(!world.path("run/apply.json").exists());
}

#[tokio::test]
async fn a_dirty_tree_is_merged_and_a_conflict_changes_nothing() {
    let world = World::with_git();
    let (spaces, tree) = result(&world, world.options()).await;
    world.write("src/lib.rs", "one\ntwo\nthree\nfour\nFIVE\n");
    let mine = fs::Permissions::from_mode(0o600);
    fs::set_permissions(world.project().join("src/lib.rs"), mine).unwrap();
    applied(bring_and_settle(&world, &spaces, &tree).await);
    assert_eq!(world.read("src/lib.rs"), "ONE\ntwo\nthree\nfour\nFIVE\n");
    let mode = fs::metadata(world.project().join("src/lib.rs")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "a private file stays private");

    let world = World::with_git();
    let (spaces, tree) = result(&world, world.options()).await;
    world.write("src/lib.rs", "mine\ntwo\nthree\nfour\nfive\n");
    let before = files(&world.project());
    match bring_and_settle(&world, &spaces, &tree).await {
        ApplyOutcome::Conflicts(paths) => assert_eq!(paths, [PathBuf::from("src/lib.rs")]),
        other => panic!("{other:?}"),
    }
    assert_eq!(files(&world.project()), before);
}

#[tokio::test]
async fn without_git_the_backup_is_in_the_run() {
    let world = World::new();
    world.write("src/lib.rs", "one\ntwo\nthree\nfour\nfive\n");
    let (spaces, tree) = result(&world, Options { mode: WorkspaceMode::Copy, ..world.options() }).await;
    let change = applied(bring_and_settle(&world, &spaces, &tree).await);
    assert!(world.read("src/lib.rs").starts_with("ONE"));
    assert!(change.notes.iter().any(|note| note.contains("shadow.git")), "{:?}", change.notes);
    assert!(matches!(bring_and_settle(&world, &spaces, &tree).await, ApplyOutcome::AlreadyApplied));
}

#[tokio::test]
async fn what_no_snapshot_knows_is_never_overwritten_and_no_link_is_followed() {
    let world = World::with_git();
    let (spaces, _) = result(&world, world.options()).await;
    let folder = spaces.path(0);
    put(&folder.join(".gitignore"), b"");
    put(&folder.join("notes.log"), b"from the run\n");
    let tree = spaces.capture(0).await.unwrap();
    world.write("notes.log", "mine, and ignored\n");
    let outside = world.path("outside");
    fs::create_dir(&outside).unwrap();
    fs::create_dir(world.project().join("target")).unwrap();
    symlink(&outside, world.project().join("new")).unwrap();
    let before = files(&world.project());
    match bring_and_settle(&world, &spaces, &tree).await {
        ApplyOutcome::InTheWay(paths) => assert!(paths.contains(&PathBuf::from("notes.log")), "{paths:?}"),
        ApplyOutcome::Conflicts(paths) => assert!(!paths.is_empty()),
        other => panic!("{other:?}"),
    }
    assert_eq!(files(&world.project()), before);
    assert!(fs::read_dir(&outside).unwrap().next().is_none());
}

/// What a kill after the first file leaves: the record, one file new, one half-written beside its place.
fn cut_short(world: &World, spaces: &Workspaces, tree: &ObjectId) -> ObjectId {
    let before = spaces.base().clone();
    let record = format!(
        r#"{{"v":1,"run":"{}","project":"{}","before":"{before}","after":"{tree}"}}"#,
        run(),
        world.project().display()
    );
    put(&world.path("run/apply.json"), record.as_bytes());
    world.write("src/lib.rs", "ONE\ntwo\nthree\nfour\nfive\n");
    world.write("new/deep/file.txt", "new\n");
    before
}

#[tokio::test]
async fn an_apply_that_was_cut_short_is_finished_by_the_next() {
    let world = World::with_git();
    let (spaces, tree) = result(&world, world.options()).await;
    let before = cut_short(&world, &spaces, &tree);
    let change = applied(bring_and_settle(&world, &spaces, &tree).await);
    assert_eq!((change.before, change.after), (before, tree.clone()));
    assert!(!world.project().join("old.txt").exists());
    assert!(!world.path("run/apply.json").exists());
    assert!(matches!(bring_and_settle(&world, &spaces, &tree).await, ApplyOutcome::AlreadyApplied));
}

#[tokio::test]
async fn a_change_that_nobody_wrote_down_is_said_again() {
    let world = World::with_git();
    let (spaces, tree) = result(&world, world.options()).await;
    let first = applied(bring(&world, &spaces, &tree).await);
    let again = applied(bring_and_settle(&world, &spaces, &tree).await);
    assert_eq!((first.before, first.after), (again.before, again.after));
    assert!(matches!(bring(&world, &spaces, &tree).await, ApplyOutcome::AlreadyApplied));
}

#[tokio::test]
async fn an_edit_after_an_apply_was_cut_short_is_kept() {
    let world = World::with_git();
    let (spaces, tree) = result(&world, world.options()).await;
    cut_short(&world, &spaces, &tree);
    world.write("src/lib.rs", "ONE\ntwo\nthree\nfour\nmine\n");
    applied(bring_and_settle(&world, &spaces, &tree).await);
    assert_eq!(world.read("src/lib.rs"), "ONE\ntwo\nthree\nfour\nmine\n");
    assert!(!world.project().join("old.txt").exists());
}

#[tokio::test]
async fn a_record_of_a_newer_version_is_refused() {
    let world = World::with_git();
    let (spaces, tree) = result(&world, world.options()).await;
    put(&world.path("run/apply.json"), br#"{"v":2,"else":true}"#);
    let request = ApplyRequest {
        shadow: spaces.shadow(),
        run: &run(),
        base: spaces.base(),
        result: &tree,
        project: &world.project(),
        exclude: &[],
        record: &world.path("run/apply.json"),
        at: Timestamp::from_millis(0),
    };
    let error = apply(&request).await.unwrap_err().to_string();
    assert!(error.contains("newer version (format 2)"), "{error}");
}
