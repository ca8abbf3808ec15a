//! `runs clean`: what goes, what stays, and what is said of it. And `runs/latest`, which is mended on the way.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::scene::{Scene, files, merge, shell, text};
use crate::world::{Output, run as call};

/// A project with a plan of one task, whose runs need no check.
fn scene() -> Scene {
    let scene = Scene::new();
    scene.plan(&[json!({"id": "a", "checks": []})]);
    scene
}

/// Makes a run with this agent, and gives its id.
fn made(scene: &Scene, script: &str) -> String {
    let mut config = shell("text", script);
    merge(&mut config, json!({"verify": {"unchecked": "allow"}, "run": {"attempts": 1}}));
    scene.config(config);
    let output = scene.run(&["-q"]);
    assert!(matches!(output.code, 0 | 1), "{output}");
    let newest = std::fs::read_dir(runs(scene)).unwrap().map(|entry| entry.unwrap());
    let newest = newest.filter(|entry| entry.file_name().as_encoded_bytes().starts_with(b"20"));
    let newest = newest.max_by_key(|entry| entry.path().join("ticket.md").metadata().unwrap().modified().unwrap());
    newest.unwrap().file_name().into_string().unwrap()
}

fn succeeded(scene: &Scene) -> String {
    made(scene, "date +%s%N > made.txt")
}

fn failed(scene: &Scene) -> String {
    made(scene, "exit 3")
}

fn runs(scene: &Scene) -> PathBuf {
    scene.world.project().join("runs")
}

/// Where workspaces are.
fn cache(scene: &Scene) -> PathBuf {
    scene.world.project().parent().unwrap().join("cache/orchestra/work")
}

fn clean(scene: &Scene, args: &[&str]) -> Output {
    scene.world.orchestra(["runs", "clean"].iter().chain(args))
}

/// The runs that a clean-up says it removed.
fn removed(output: &Output) -> BTreeSet<String> {
    output.json()["removed"].as_array().unwrap().iter().map(|row| text(&row["run"])).collect()
}

fn set(names: &[&String]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).clone()).collect()
}

fn listed(scene: &Scene) -> BTreeSet<String> {
    let list = scene.world.orchestra(["runs", "list", "--json"]).exits(0).json();
    list["runs"].as_array().unwrap().iter().map(|row| text(&row["run"])).collect()
}

#[test]
fn without_a_selector_leftovers_go_and_no_run_does() {
    let scene = scene();
    let (gone, kept) = (failed(&scene), failed(&scene));
    assert!(
        cache(&scene).join(&gone).is_dir() && cache(&scene).join(&kept).is_dir(),
        "failed runs keep their workspaces"
    );
    // As people remove runs who do not know of the workspaces; and a removal that was cut short.
    std::fs::remove_dir_all(runs(&scene).join(&gone)).unwrap();
    let cut = succeeded(&scene);
    std::fs::rename(runs(&scene).join(&cut), runs(&scene).join(format!(".trash-{cut}"))).unwrap();
    assert_eq!(listed(&scene), set(&[&kept]));

    let output = clean(&scene, &[]);
    output.exits(0).says("2 leftovers").says("no run was meant");
    assert!(output.stdout.contains("workspaces of a run that is gone"), "{output}");
    assert!(output.stdout.contains("a run whose removal was cut short"), "{output}");
    assert_eq!(listed(&scene), set(&[&kept]));
    assert!(cache(&scene).join(&kept).is_dir() && !cache(&scene).join(&gone).exists());
    assert!(!runs(&scene).join(format!(".trash-{cut}")).exists());
    clean(&scene, &[]).exits(0).says("nothing to remove");
}

#[test]
fn the_workspaces_of_runs_kept_elsewhere_are_not_judged() {
    let scene = scene();
    let run = failed(&scene);
    // For those who look from another project, and for those whose runs lie elsewhere, it is not there.
    scene.world.file("other/readme", "");
    scene.world.orchestra(["-C", "other", "runs", "clean"]).exits(0).says("nothing to remove");
    std::fs::rename(runs(&scene), scene.world.project().join("away")).unwrap();
    clean(&scene, &["--runs-dir", "elsewhere"]).exits(0).says("nothing to remove");
    assert!(cache(&scene).join(&run).is_dir());
}

#[test]
fn of_the_chosen_runs_those_go_that_are_done() {
    let scene = scene();
    let (resumable, old, new) = (failed(&scene), succeeded(&scene), succeeded(&scene));
    let output = clean(&scene, &["--keep", "1"]);
    output.exits(0).says("1 run kept, which can be resumed").says(&resumable).says("--force");
    assert!(output.stdout.starts_with(&format!("removed {old}  success, ")), "{output}");
    assert_eq!(listed(&scene), set(&[&resumable, &new]));

    clean(&scene, &["--older-than", "1d"]).exits(0).says("nothing to remove");
    clean(&scene, &["--max-size", "1T"]).exits(0).says("nothing to remove");
    // Each of them has to let a run go.
    clean(&scene, &["--older-than", "0s", "--keep", "2"]).exits(0).says("nothing to remove");
    let forced = clean(&scene, &["--max-size", "0", "--force", "--json"]);
    assert_eq!(removed(forced.exits(0)), set(&[&resumable, &new]));
    assert!(listed(&scene).is_empty());
    assert!(std::fs::read_dir(cache(&scene)).unwrap().next().is_none(), "workspaces go with their runs");
    assert!(std::fs::symlink_metadata(runs(&scene).join("latest")).is_err(), "there is no newest run any more");
}

#[test]
fn a_size_is_kept_by_the_oldest_going_first_and_no_more_than_needed() {
    let scene = scene();
    let (a, b, c) = (succeeded(&scene), succeeded(&scene), succeeded(&scene));
    let all = clean(&scene, &["--keep", "0", "--dry-run", "--json"]).exits(0).json();
    let total = all["freed_bytes"].as_u64().unwrap();
    let output = clean(&scene, &["--max-size", &(total - 1).to_string(), "--json"]);
    assert_eq!(removed(output.exits(0)), set(&[&a]));
    assert_eq!(listed(&scene), set(&[&b, &c]));
}

#[test]
fn a_dry_run_tells_exactly_what_goes_and_changes_nothing() {
    let scene = scene();
    let (resumable, done) = (failed(&scene), succeeded(&scene));
    std::fs::create_dir(runs(&scene).join(".trash-20200101-000000-aaaa")).unwrap();
    let root = scene.world.project().parent().unwrap().to_owned();
    let before = files(&root);
    let preview = clean(&scene, &["--keep", "0", "--force", "--dry-run", "--json"]).exits(0).json();
    let said = clean(&scene, &["--keep", "0", "--force", "--dry-run"]);
    assert!(said.exits(0).says("would free").stdout.lines().all(|line| line.starts_with("would remove ")), "{said}");
    assert_eq!(files(&root), before);
    let real = clean(&scene, &["--keep", "0", "--force", "--json"]).exits(0).json();
    assert_eq!((&preview["dry_run"], &real["dry_run"]), (&json!(true), &json!(false)));
    let names = |document: &Value| -> BTreeSet<String> {
        document["removed"].as_array().unwrap().iter().map(|row| text(&row["run"])).collect()
    };
    assert_eq!(names(&preview), set(&[&resumable, &done]));
    for part in ["removed", "leftovers", "kept", "backups"] {
        // How long ago is the same to the second at best, and is not in it.
        assert_eq!(preview[part].as_array().unwrap().len(), real[part].as_array().unwrap().len(), "{part}");
    }
    assert_eq!(names(&preview), names(&real));
}

#[test]
fn a_named_run_goes_or_nothing_does() {
    let scene = scene();
    let (resumable, done) = (failed(&scene), succeeded(&scene));
    let refused = clean(&scene, &[&done, &resumable]);
    refused.exits(7).says("nothing was removed").says(&format!("{resumable} can be resumed")).says("hint: --force");
    clean(&scene, &[&done, "20200101"]).exits(2).says("begins with `20200101`");
    assert_eq!(listed(&scene), set(&[&resumable, &done]));
    clean(&scene, &[&done, "--keep", "3"]).exits(2);
    let output = clean(&scene, &[&done, "latest"]);
    assert!(output.exits(0).stdout.contains("never applied"), "{output}");
    assert_eq!(std::fs::read_link(runs(&scene).join("latest")).unwrap(), Path::new(&resumable));
    clean(&scene, &[&resumable, "--force"]).exits(0).says("freed");
    assert!(listed(&scene).is_empty());
}

#[test]
fn nothing_foreign_goes_and_no_link_is_followed() {
    let scene = scene();
    let run = succeeded(&scene);
    let outside = scene.world.file("outside/kept.txt", "mine");
    let link = |to: &Path, at: PathBuf| std::os::unix::fs::symlink(to, at).unwrap();
    link(outside.parent().unwrap(), runs(&scene).join(&run).join("artifacts-link"));
    // What looks like a run and is a link; what looks like a leftover and is a file.
    link(outside.parent().unwrap(), runs(&scene).join("20200101-000000-aaaa"));
    link(outside.parent().unwrap(), runs(&scene).join(".trash-20200101-000000-bbbb"));
    scene.world.file("runs/.trash-20200101-000000-cccc", "mine");
    scene.world.file("runs/mine/notes.txt", "mine");
    scene.world.file("runs/README.md", "mine");
    clean(&scene, &["--keep", "0", "--force"]).exits(0);
    assert!(listed(&scene).is_empty());
    assert_eq!(std::fs::read_to_string(&outside).unwrap(), "mine");
    let left: Vec<String> = std::fs::read_dir(runs(&scene))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    for name in
        ["20200101-000000-aaaa", ".trash-20200101-000000-bbbb", ".trash-20200101-000000-cccc", "mine", "README.md"]
    {
        assert!(left.iter().any(|found| found == name), "{name} is gone: {left:?}");
    }
}

#[test]
fn folders_that_may_not_be_written_to_go_too() {
    use std::os::unix::fs::PermissionsExt;
    let scene = scene();
    // As caches of modules are.
    let run = made(&scene, "mkdir -p cache/mod && echo x > cache/mod/file && chmod 500 cache/mod cache; exit 3");
    let artifacts = runs(&scene).join(&run).join("artifacts/locked");
    std::fs::create_dir_all(&artifacts).unwrap();
    std::fs::write(artifacts.join("file"), "x").unwrap();
    std::fs::set_permissions(&artifacts, std::fs::Permissions::from_mode(0o500)).unwrap();
    clean(&scene, &[&run, "--force"]).exits(0);
    assert!(!runs(&scene).join(&run).exists() && !cache(&scene).join(&run).exists());
}

#[test]
fn the_backup_of_an_apply_stays_unless_it_is_asked_for() {
    let scene = scene();
    let backups = || scene.git(&["for-each-ref", "--format=%(refname)", "refs/orchestra"]);
    let (first, second) = (succeeded(&scene), succeeded(&scene));
    for run in [&first, &second] {
        std::fs::remove_file(scene.world.project().join("made.txt")).ok();
        scene.orchestra(["apply", run]).exits(0);
    }
    let name = |run: &str| format!("refs/orchestra/backup/{run}");
    clean(&scene, &[&first]).exits(0);
    assert!(backups().contains(&name(&first)), "the way back is the user's");
    let preview = clean(&scene, &[&second, "--backups", "--dry-run", "--json"]).exits(0).json();
    assert_eq!(preview["backups"], json!([name(&second)]));
    assert!(backups().contains(&name(&second)));
    clean(&scene, &[&second, "--backups"]).exits(0).says("1 backup");
    assert_eq!(backups().trim(), name(&first));
}

#[test]
fn the_runs_of_another_project_are_never_chosen() {
    let scene = scene();
    let run = succeeded(&scene);
    scene.world.file("other/readme", "");
    let there = ["-C", "other", "runs", "clean", "--runs-dir", "../runs"];
    scene.world.orchestra(there.iter().chain(&["--keep", "0", "--force"])).exits(0).says("nothing to remove");
    assert_eq!(listed(&scene), set(&[&run]));
    scene.world.orchestra(there.iter().chain(&[run.as_str()])).exits(0);
    assert!(listed(&scene).is_empty(), "named, it is meant");
}

#[test]
fn it_works_without_a_home_and_without_any_run() {
    let scene = scene();
    let lost = |args: &[&str]| {
        let mut command = scene.world.command(["runs", "clean"].iter().chain(args));
        for name in ["HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"] {
            command.env_remove(name);
        }
        call(command, &[])
    };
    lost(&["--keep", "0"]).exits(0).says("nothing to remove");
    assert!(!runs(&scene).exists(), "looking leaves nothing behind");
    let run = succeeded(&scene);
    lost(&[&run]).exits(0);
    assert!(listed(&scene).is_empty());
}

#[test]
fn a_size_or_a_span_that_is_none_is_refused() {
    let scene = Scene::bare();
    for args in [["--max-size", "2X"], ["--older-than", "30"], ["--keep", "few"]] {
        clean(&scene, &args).exits(2).says(args[0]);
    }
    scene.world.file("runs", "a file");
    clean(&scene, &["--keep", "0"]).exits(8).says("should be the folder for runs");
}

#[test]
fn latest_is_relative_and_mended_by_a_run_a_resume_and_a_removal() {
    let scene = scene();
    let link = runs(&scene).join("latest");
    let leads_to = || std::fs::read_link(&link).unwrap().into_os_string().into_string().unwrap();
    let first = failed(&scene);
    assert_eq!(leads_to(), first);
    let second = succeeded(&scene);
    assert_eq!(leads_to(), second);
    std::fs::remove_file(&link).unwrap();
    scene.world.orchestra(["resume", &first]);
    assert_eq!(leads_to(), second, "the newest, whichever was resumed");
    clean(&scene, &[&second]).exits(0);
    assert_eq!(leads_to(), first);
}

#[test]
fn what_stands_in_the_place_of_latest_is_never_overwritten() {
    let scene = scene();
    scene.world.file("runs/latest", "mine");
    let run = succeeded(&scene);
    assert_eq!(scene.world.read("runs/latest"), "mine");
    clean(&scene, &[&run]).exits(0).says("is not a link");
    assert_eq!(scene.world.read("runs/latest"), "mine");
}
