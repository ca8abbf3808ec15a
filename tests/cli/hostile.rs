//! What must be refused, or withstood: odd files, odd surroundings, and agents that reach for what is not theirs.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::scene::{Scene, shell};
use crate::world::{Output, World, run};

const TICKET: &str = "# Fix\n\n```diff\n--- a/a.txt\n+++ b/a.txt\n@@ -1 +1 @@\n-one\n+two\n```\n";

/// A project without git that a ticket with a diff fits.
fn world() -> World {
    let world = World::new();
    world.file("a.txt", "one\n");
    world.file("t.md", TICKET);
    world
}

/// Asserts that it was refused with `code`, quickly, and that nothing was left behind.
#[track_caller]
fn refused(world: &World, output: &Output, code: i32) {
    output.exits(code).quick();
    assert!(!world.project().join("runs").exists(), "a run was made: {output}");
    assert!(!world.project().join("../cache/orchestra").exists(), "a cache was made: {output}");
}

#[test]
fn a_cap_below_what_the_template_needs_is_the_users_mistake() {
    let world = world();
    let output = world.orchestra(["run", "t.md", "--max-tasks", "1"]);
    refused(&world, &output, 2);
    output.says("the most allowed is 1");
}

#[test]
fn no_name_at_all_is_an_empty_ticket() {
    let world = world();
    let output = world.orchestra(["run", ""]);
    refused(&world, &output, 2);
    output.says("is empty");
}

#[test]
fn a_pipe_is_refused_under_every_name_it_has() {
    let world = world();
    for args in [["run", "/dev/stdin"], ["run", "/proc/self/fd/0"], ["run", "/dev/zero"]] {
        let output = world.orchestra_with(args, b"# Fix\n");
        refused(&world, &output, 2);
        output.says("is a pipe, a socket or a device");
    }
}

#[test]
fn workspaces_never_lie_in_the_project_whatever_leads_there() {
    let world = world();
    let link = world.project().join("../link");
    symlink(world.project(), &link).unwrap();
    let mut command = world.command(["run", "t.md"]);
    command.env("XDG_CACHE_HOME", link.join("cache"));
    let output = run(command, &[]);
    refused(&world, &output, 2);
    output.says("workspaces would lie in the project itself");
}

#[test]
fn a_cache_that_cannot_be_made_shows_before_the_run_does() {
    let world = world();
    let mut command = world.command(["run", "t.md"]);
    command.env("XDG_CACHE_HOME", "/proc/nothing/here");
    let output = run(command, &[]);
    refused(&world, &output, 8);
    output.says("/proc/nothing/here");
}

#[test]
fn a_repository_that_is_broken_is_named() {
    let world = world();
    world.file(".git", "gitdir: /nowhere/at/all\n");
    let output = world.orchestra(["run", "t.md"]);
    refused(&world, &output, 2);
    output.says(".git cannot be used").says("git fsck");
}

#[test]
fn a_nul_in_the_configuration_is_refused_at_its_place() {
    let world = world();
    for config in ["runs: {dir: \"a\\0b\"}\n", "agents: {m: {command: {argv: [x], env: {A: \"c\\0\"}}}}\n"] {
        world.file("c.yaml", config);
        let output = world.orchestra(["run", "t.md", "--config", "c.yaml"]);
        refused(&world, &output, 2);
        output.says("c.yaml:1:").says("NUL");
    }
}

#[test]
fn a_write_past_the_limit_on_file_sizes_fails_like_a_full_disk() {
    let world = world();
    let mut command = std::process::Command::new("sh");
    let program = env!("CARGO_BIN_EXE_orchestra");
    command.args(["-c", &format!("ulimit -f 1; exec '{program}' run t.md")]);
    let like = world.command([""; 0]);
    command.env_clear().current_dir(world.project());
    command.envs(like.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let output = run(command, &[]);
    output.exits(8);
}

/// The only run directory.
fn only_run(runs: &Path) -> PathBuf {
    fs::canonicalize(runs.join("latest")).unwrap()
}

#[test]
fn a_folder_for_artifacts_that_became_a_link_is_not_followed() {
    for script in [
        r#"rm -rf "$ORCHESTRA_ARTIFACTS"; ln -s "$SECRETS" "$ORCHESTRA_ARTIFACTS"; echo done"#,
        r#"A="$(dirname "$ORCHESTRA_ARTIFACTS")"; mkdir "$SECRETS/artifacts"; echo s > "$SECRETS/artifacts/key";
           rm -rf "$A"; ln -s "$SECRETS" "$A"; echo done"#,
    ] {
        let scene = Scene::new();
        let secrets = scene.world.project().join("../state/secrets");
        fs::create_dir_all(&secrets).unwrap();
        fs::write(secrets.join("key"), "s").unwrap();
        let script = script.replace("$SECRETS", &fs::canonicalize(&secrets).unwrap().display().to_string());
        scene.shell("text", &script).plan(&[json!({"id": "one", "role": "implement"})]);
        let output = scene.run(&["--set", "verify.unchecked=allow"]);
        assert!(!output.stderr.contains("panicked"), "{output}");
        let kept = only_run(&scene.world.project().join("runs")).join("artifacts");
        assert!(!kept.join("one/key").exists(), "the link was followed: {output}");
    }
}

#[test]
fn a_runs_own_configuration_counts_only_as_it_was_written() {
    let scene = Scene::new();
    scene.plan(&[json!({"id": "one", "role": "research"})]);
    scene.run(&["--plan-only"]).exits(0);
    let config = only_run(&scene.world.project().join("runs")).join("config.yaml");
    let evil = shell("text", "touch \"$HOME/../state/pwned\"; echo done").to_string();
    fs::write(&config, evil).unwrap();
    scene.world.orchestra(["resume"]).exits(7).says("config.yaml was changed").says("--config");
    assert!(!scene.world.project().join("../state/pwned").exists());
}

#[test]
fn a_ticket_that_was_changed_in_the_run_is_not_worked_on() {
    let world = world();
    world.orchestra(["run", "t.md", "--plan-only"]).exits(0);
    fs::write(only_run(&world.project().join("runs")).join("ticket.md"), "# Another\n").unwrap();
    world.orchestra(["resume"]).exits(7).says("ticket.md was changed");
}

#[test]
fn a_run_without_its_repository_cannot_go_on() {
    let world = world();
    world.orchestra(["run", "t.md", "--plan-only"]).exits(0);
    fs::remove_dir_all(only_run(&world.project().join("runs")).join("shadow.git")).unwrap();
    world.orchestra(["resume"]).exits(7).says("shadow.git is missing");
}

#[test]
fn a_pipe_in_the_place_of_a_journal_holds_nobody_up() {
    let world = world();
    world.orchestra(["run", "t.md", "--plan-only"]).exits(0);
    let journal = only_run(&world.project().join("runs")).join("events.jsonl");
    fs::remove_file(&journal).unwrap();
    rustix::fs::mknodat(rustix::fs::CWD, &journal, rustix::fs::FileType::Fifo, rustix::fs::Mode::RWXU, 0).unwrap();
    world.orchestra(["runs", "show"]).exits(7).quick();
    world.orchestra(["runs", "list"]).exits(0);
}

#[test]
fn a_device_in_the_place_of_a_journal_is_named_and_not_read() {
    let world = world();
    world.orchestra(["run", "t.md", "--plan-only"]).exits(0);
    let journal = only_run(&world.project().join("runs")).join("events.jsonl");
    fs::remove_file(&journal).unwrap();
    symlink("/dev/zero", &journal).unwrap();
    for args in [&["runs", "show"][..], &["runs", "report"], &["resume"]] {
        world.orchestra(args).exits(7);
    }
    world.orchestra(["runs", "show"]).says("it is a pipe, a socket or a device");
    world.orchestra(["runs", "list"]).exits(0);
    world.orchestra(["runs", "clean", "--force", "--keep", "0"]).exits(0);
}

#[test]
fn a_record_of_applying_that_is_none_is_named_with_what_to_do() {
    let scene = Scene::new();
    scene.answers(&[json!({"task": "*", "writes": {"new.txt": "x"}, "summary": "Done."})]);
    scene.plan(&[json!({"id": "one"})]);
    scene.run(&["--set", "verify.unchecked=allow"]).exits(0);
    let record = only_run(&scene.world.project().join("runs")).join("apply.json");
    fs::write(&record, "").unwrap();
    scene.orchestra(["apply"]).exits(7).says("apply.json cannot be read").says("then remove that file");
    fs::remove_file(&record).unwrap();
    fs::create_dir(&record).unwrap();
    scene.orchestra(["apply"]).exits(8).says("it is a folder").says("move away what stands in its place");
}

#[test]
fn a_ticket_that_was_emptied_is_one_that_was_changed() {
    let world = world();
    world.orchestra(["run", "t.md", "--plan-only"]).exits(0);
    fs::write(only_run(&world.project().join("runs")).join("ticket.md"), "").unwrap();
    world.orchestra(["resume"]).exits(7).says("ticket.md was changed since the run began");
}

#[test]
fn an_agent_that_cuts_the_journal_ends_the_run_and_not_in_success() {
    for meddle in [r#": > "$R/events.jsonl""#, r#"echo x >> "$R/events.jsonl""#, r#"rm "$R/events.jsonl""#] {
        let scene = Scene::new();
        let up = r#"R="$ORCHESTRA_ARTIFACTS"; while [ ! -e "$R/events.jsonl" ]; do R="$(dirname "$R")"; done; "#;
        scene.shell("text", &format!("{up}{meddle}; echo done")).plan(&[json!({"id": "one", "role": "research"})]);
        scene.run(&[]).exits(7).says("was changed by someone else");
    }
}

#[test]
fn a_name_that_leads_nowhere_is_refused_with_what_to_do() {
    let world = world();
    symlink("circle.json", world.project().join("circle.json")).unwrap();
    for args in [["plan", "check", "circle.json"], ["plan", "graph", "circle.json"]] {
        world.orchestra(args).exits(2).says("circle.json").says("hint: check that it is what was meant");
    }
    let long = "x".repeat(300);
    world.orchestra(["runs", "list", "--runs-dir", &long]).exits(7).says("hint: see that you may read it");
}
