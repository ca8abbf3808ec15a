//! Where a run happens: kinds of workspaces and projects, and places where none can be.

use serde_json::json;

use crate::scene::{Scene, appears, git};

/// A scene whose agent writes `fix.txt`, which a check looks for.
fn fixing(scene: Scene) -> Scene {
    scene.answers(&[json!({"task": "*", "writes": {"fix.txt": "fixed\n"}, "summary": "Done."})]);
    scene.plan(&[json!({"id": "fix", "checks": [appears("fix.txt")]})]);
    scene
}

#[test]
fn every_kind_of_workspace_holds_the_work() {
    for mode in ["worktree", "copy"] {
        let scene = fixing(Scene::new());
        let before = (scene.tree(), scene.git(&["status", "--porcelain"]));
        scene.run(&["--set", &format!("workspace.mode={mode}")]).exits(0);
        assert_eq!(scene.events("workspace.created")[0].1["kind"], mode);
        assert_eq!((scene.tree(), scene.git(&["status", "--porcelain"])), before);
        assert!(scene.text("changes.patch").contains("+fixed"));
    }
}

#[test]
fn in_place_changes_the_users_own_files_and_says_what_that_means() {
    let scene = fixing(Scene::new());
    scene.run(&["--set", "workspace.mode=in-place"]).exits(0).says("own folder");
    assert_eq!(std::fs::read_to_string(scene.world.project().join("fix.txt")).unwrap(), "fixed\n");
    assert!(scene.text("report.md").contains("in place"), "the report says so");
}

#[test]
fn in_place_a_failed_task_is_said_to_start_from_the_files_as_they_are() {
    let scene = Scene::new();
    scene.shell("text", "cat >/dev/null; exit 7").plan(&[json!({"id": "fix"})]);
    scene.run(&["--set", "workspace.mode=in-place"]).exits(1);
    let output = scene.resume(&["--explain"]);
    assert!(output.exits(0).stdout.contains("from the files as they are"), "{}", output.stdout);
}

#[test]
fn a_project_without_git_is_copied() {
    let scene = fixing(Scene::bare());
    scene.run(&[]).exits(0);
    assert_eq!(scene.events("workspace.created")[0].1["kind"], "copy");
    assert!(scene.text("changes.patch").contains("+fixed") && !scene.world.project().join(".git").exists());
    scene.run(&["--set", "workspace.mode=worktree"]).exits(2).says("git");
}

#[test]
fn what_is_not_committed_is_part_of_the_work_and_the_index_stays_as_it_was() {
    let scene = fixing(Scene::new());
    scene.world.file("README.md", "Changed, not committed.\n");
    scene.world.file("new.txt", "New.\n");
    scene.git(&["add", "new.txt"]);
    scene.world.file("new.txt", "New, and changed since.\n");
    let seen = json!({"name": "seen", "run": ["grep", "-rq", "changed since", "new.txt"], "expect": "keep"});
    scene.plan(&[json!({"id": "fix", "checks": [appears("fix.txt"), seen]})]);
    let before = scene.git(&["status", "--porcelain=v2"]);
    scene.run(&[]).exits(0).says("not committed");
    assert_eq!(scene.git(&["status", "--porcelain=v2"]), before);
    assert!(!scene.text("changes.patch").contains("new.txt"));
    // From a commit, what is not committed plays no part.
    scene.run(&["--base", "HEAD"]).exits(0).says("seen red → red");
}

#[test]
fn a_project_in_a_folder_of_a_repository_keeps_to_its_folder() {
    let scene = Scene::bare();
    scene.world.file("other/a.txt", "beside\n");
    for name in ["README.md", "orchestra.yaml", "answers.json"] {
        let content = std::fs::read(scene.world.project().join(name)).unwrap();
        scene.world.file(&format!("part/{name}"), content);
        std::fs::remove_file(scene.world.project().join(name)).unwrap();
    }
    scene.git(&["init", "-q"]);
    scene.commit("the beginning");
    let answers =
        json!({"version": 1, "answers": [{"task": "*", "writes": {"fix.txt": "fixed\n"}, "summary": "Done."}]});
    scene.world.file("part/answers.json", answers.to_string());
    scene.world.file(
        "part/plan.json",
        crate::scene::plan(&[json!({"id": "fix", "checks": [appears("fix.txt")]})]).to_string(),
    );
    let part = scene.world.project().join("part");
    scene.world.orchestra(["-C", "part", "run", "--plan", "plan.json", "--config", "orchestra.yaml"]).exits(0);
    let patch = std::fs::read_to_string(part.join("runs/latest/changes.patch")).unwrap();
    assert!(patch.contains("fix.txt") && !patch.contains("other/"), "{patch}");
    scene.world.orchestra(["-C", "part", "apply"]).exits(0);
    assert_eq!(std::fs::read_to_string(part.join("fix.txt")).unwrap(), "fixed\n");
    assert!(!scene.world.project().join("fix.txt").exists());
}

#[test]
fn a_bare_repository_is_no_project() {
    let scene = Scene::bare();
    let bare = scene.world.project().join("bare.git");
    git(&scene.world.project(), &["init", "-q", "--bare", "bare.git"]);
    let before = crate::scene::files(&bare);
    scene
        .world
        .orchestra(["-C", "bare.git", "run", "-m", "Mend it.", "--plan-only"])
        .exits(2)
        .says("bare")
        .says("hint:");
    assert!(crate::scene::files(&bare) == before, "something was left behind");
}

#[test]
fn without_git_installed_nothing_is_begun() {
    let scene = fixing(Scene::new());
    let empty = scene.world.project().join("empty");
    std::fs::create_dir(&empty).unwrap();
    let mut command = scene.command(["run", "--plan", "plan.json"]);
    command.env("PATH", &empty);
    let output = crate::world::run(command, &[]);
    assert!([2, 6].contains(&output.code), "{output}");
    output.says("git").says("hint:");
    assert!(!scene.world.project().join("runs").exists());
}

#[test]
fn a_place_for_runs_that_cannot_be_written_is_named() {
    let scene = fixing(Scene::new());
    scene.world.file("taken", "a file\n");
    scene.run(&["--runs-dir", "taken"]).exits(8).says("taken").says("hint:");
    let output = scene.run(&["--runs-dir", "/proc/nowhere/runs"]);
    assert!([2, 8].contains(&output.code), "{output}");
    output.says("/proc/nowhere");
    assert!(!scene.world.project().join("runs").exists());
}

#[test]
fn setup_makes_the_workspace_fit_and_its_failure_is_told() {
    let scene = Scene::new();
    scene.world.file(".gitignore", "/runs/\n/plan.json\n/answers.json\n/orchestra.yaml\n.env\nbuilt.txt\n");
    scene.world.file(".env", "LOCAL=1\n");
    scene.commit("ignore more");
    let check = json!({"name": "fit", "run": ["sh", "-c", "test -f fix.txt && test -f built.txt && test -f .env"], "expect": "change"});
    scene.answers(&[json!({"task": "*", "writes": {"fix.txt": "x"}, "summary": "Done."})]);
    scene.plan(&[json!({"id": "fix", "checks": [check]})]);
    scene.config(json!({"workspace": {"setup": [["touch", "built.txt"]], "copy": [".env"]}}));
    scene.run(&[]).exits(0);
    assert!(!scene.text("changes.patch").contains("built.txt") && !scene.text("changes.patch").contains(".env"));
    scene.config(json!({"workspace": {"setup": [["sh", "-c", "echo no network here >&2; exit 9"]]}}));
    scene.run(&[]).exits(6).says("no network here");
}

#[test]
fn nothing_is_left_in_the_cache_of_a_run_that_ended_well() {
    let scene = fixing(Scene::new());
    scene.run(&[]).exits(0);
    let work = scene.world.project().join("../cache/orchestra/work");
    let left: Vec<_> = crate::scene::files(&work).into_keys().collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn repositories_of_every_shape_are_worked_on_and_get_their_change() {
    type Make = fn(&Scene);
    let shapes: [(&str, Make); 4] = [
        ("without a commit", |scene| drop(scene.git(&["init", "-q"]))),
        ("with sha256", |scene| drop(scene.git(&["init", "-q", "--object-format=sha256"]))),
        ("with another repository in it", |scene| {
            scene.git(&["init", "-q"]);
            scene.world.file("inner/a.txt", "a\n");
            git(&scene.world.project().join("inner"), &["init", "-q"]);
        }),
        ("with names that are hard to write", |scene| {
            use std::os::unix::ffi::OsStrExt as _;
            scene.git(&["init", "-q"]);
            for name in [&b"new\nline"[..], b"\xff\xfe", b"-rf", b"sp ace \xc3\xbc", b":(glob)*"] {
                std::fs::write(scene.world.project().join(std::ffi::OsStr::from_bytes(name)), "x").unwrap();
            }
            std::os::unix::fs::symlink("/etc/passwd", scene.world.project().join("link")).unwrap();
            scene.commit("hard names");
        }),
    ];
    for (shape, make) in shapes {
        let scene = fixing(Scene::bare());
        make(&scene);
        let before = scene.tree();
        scene.run(&[]).exits(0);
        assert_eq!(scene.tree(), before, "{shape}");
        scene.orchestra(["apply"]).exits(0);
        let after = scene.tree();
        let new: Vec<_> = after.keys().filter(|path| !before.contains_key(*path)).collect();
        assert_eq!(new, [std::path::Path::new("fix.txt")], "{shape}");
        assert!(before.iter().all(|(path, content)| after.get(path) == Some(content)), "{shape}");
    }
}

#[test]
fn a_linked_worktree_is_a_project_of_its_own() {
    let scene = fixing(Scene::new());
    let linked = scene.world.project().with_file_name("linked");
    scene.git(&["worktree", "add", "-q", linked.to_str().unwrap()]);
    for name in ["orchestra.yaml", "answers.json", "plan.json"] {
        std::fs::copy(scene.world.project().join(name), linked.join(name)).unwrap();
    }
    let before = scene.tree();
    scene.world.orchestra(["-C", "../linked", "run", "--plan", "plan.json", "--config", "orchestra.yaml"]).exits(0);
    scene.world.orchestra(["-C", "../linked", "apply"]).exits(0);
    assert_eq!(std::fs::read_to_string(linked.join("fix.txt")).unwrap(), "fixed\n");
    assert_eq!(scene.tree(), before);
}

#[test]
fn a_run_kept_elsewhere_is_found_by_what_it_says_to_type_next() {
    let scene = Scene::new();
    scene.shell("text", "cat >/dev/null; exit 7").plan(&[json!({"id": "fix"})]);
    let run = scene.run(&["--runs-dir", "else where"]);
    run.exits(1).says(" --config orchestra.yaml --runs-dir 'else where'");
    scene.orchestra(["resume", "--runs-dir", "else where"]).exits(1).says("--runs-dir 'else where'");
    let shown = scene.orchestra(["runs", "show", "--runs-dir", "else where"]);
    assert!(shown.exits(0).stdout.contains("--runs-dir 'else where'"), "{shown}");
}
