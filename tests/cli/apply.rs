//! `apply`: a run's change comes into the user's files whole, or not at all.

use serde_json::json;

use crate::scene::{Scene, appears};

/// A finished run that changed one file and made another.
fn changed() -> Scene {
    let scene = Scene::new();
    scene.answers(&[json!({
        "task": "*", "writes": {"README.md": "A better project.\n", "src/new.txt": "new\n"}, "summary": "Done."
    })]);
    scene.plan(&[json!({"id": "fix", "checks": [appears("src/new.txt")]})]);
    scene.run(&[]).exits(0);
    scene
}

fn read(scene: &Scene, path: &str) -> String {
    std::fs::read_to_string(scene.world.project().join(path)).unwrap()
}

#[test]
fn a_change_is_brought_home_once() {
    let scene = changed();
    let output = scene.orchestra(["apply"]);
    assert_eq!(output.exits(0).stdout, "M README.md\nA src/new.txt\n");
    assert_eq!(
        (read(&scene, "README.md"), read(&scene, "src/new.txt")),
        ("A better project.\n".into(), "new\n".into())
    );
    // What was there before is kept, and nothing was committed.
    let run = scene.runs()[0].clone();
    let kept = scene.git(&["show", &format!("refs/orchestra/backup/{run}:README.md")]);
    assert_eq!(kept, "A project.\n");
    assert_eq!(scene.git(&["rev-list", "--count", "HEAD"]), "1\n");
    assert_eq!(scene.events("change.applied").len(), 1);
    let tree = scene.tree();
    scene.orchestra(["apply", &run]).exits(0).says("already");
    assert_eq!(scene.tree(), tree);
    // What was said then to bring it back does.
    let restore = format!("restore --source=refs/orchestra/backup/{run} -- .");
    output.says(&format!("`git {restore}`"));
    scene.git(&restore.split(' ').collect::<Vec<_>>());
    assert_eq!(read(&scene, "README.md"), "A project.\n");
}

#[test]
fn the_users_own_changes_elsewhere_are_kept() {
    let scene = changed();
    scene.world.file("mine.txt", "mine\n");
    scene.orchestra(["apply"]).exits(0);
    assert_eq!(read(&scene, "mine.txt"), "mine\n");
    assert_eq!(read(&scene, "README.md"), "A better project.\n");
}

#[test]
fn a_conflict_changes_nothing_and_names_the_files() {
    let scene = changed();
    scene.world.file("README.md", "My own words.\n");
    let before = scene.tree();
    scene.orchestra(["apply"]).exits(7).says("README.md").says("nothing was changed").says("hint:");
    assert_eq!(scene.tree(), before);
    scene.world.file("README.md", "A project.\n");
    scene.world.file("src/new.txt", "in the way\n");
    let before = scene.tree();
    scene.orchestra(["apply"]).exits(7).says("src/new.txt");
    assert_eq!(scene.tree(), before);
    std::fs::remove_file(scene.world.project().join("src/new.txt")).unwrap();
    scene.orchestra(["apply"]).exits(0);
}

#[test]
fn a_change_can_go_into_a_copy() {
    let scene = changed();
    let before = scene.tree();
    scene.world.file("../copy/README.md", "A project.\n");
    let document = scene.orchestra(["apply", "--onto", "../copy", "--json"]).exits(0).json();
    assert_eq!(document["files"], json!(["README.md", "src/new.txt"]));
    assert_eq!(read(&scene, "../copy/README.md"), "A better project.\n");
    assert_eq!(scene.tree(), before);
}

#[test]
fn what_runs_by_itself_is_pointed_out() {
    let scene = Scene::new();
    scene.answers(&[json!({
        "task": "*", "writes": {".envrc": "echo hi\n", ".github/workflows/ci.yml": "on: push\n"}, "summary": "Done."
    })]);
    scene.plan(&[json!({"id": "fix", "checks": [appears(".github/workflows/ci.yml")]})]);
    scene.run(&[]).exits(0);
    scene.orchestra(["apply"]).exits(0).says(".envrc runs by itself").says("ci.yml runs by itself");
}

#[test]
fn a_change_that_nothing_proved_is_applied_only_with_a_warning() {
    let scene = Scene::new();
    scene.answers(&[json!({"task": "*", "writes": {"a.txt": "x"}, "summary": "Done."})]).plan(&[json!({"id": "fix"})]);
    scene.run(&[]).exits(3);
    scene.orchestra(["apply"]).exits(0).says("not verified");
}

#[test]
fn a_run_that_changed_nothing_has_nothing_to_apply() {
    let scene = Scene::new();
    scene.orchestra(["apply"]).exits(7).says("no run");
    scene.plan(&[json!({"id": "look", "role": "research"})]);
    scene.run(&[]).exits(0);
    let run = scene.runs()[0].clone();
    scene.orchestra(["apply", &run]).exits(0).says("nothing to apply");
}
